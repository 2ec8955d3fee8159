/* Options, read once at boot.
 *
 * Sources, the later one wins: the list of programs that are left to another's malloc
 * (conf/exclude.h), which says off:true of those it names; the string of configure's
 * --with-malloc-conf; the one that the program defines as malloc_conf; what the symbolic link
 * /etc/malloc.conf leads to; the environment's MALLOC_CONF, then its ASHLAR_CONF; and the
 * program's malloc_conf_2_conf_harder.  Each but the first is a list "key:value,key:value".
 * A process that changed its privileges (setuid) reads neither link nor environment.  An
 * unknown key or a bad value costs one line on stderr and changes nothing; with abort_conf:true
 * it also aborts, but for keys that begin with experimental_.  An option of jemalloc's that
 * means nothing here, and an unknown one that begins so, cost a line under confirm_conf alone.
 */
#ifndef ASH_CONF_CONF_H
#define ASH_CONF_CONF_H

#include "conf/options.h"
#include "util/compiler.h"

#define ASH_CONF_NAME "ASHLAR_CONF"

/* Written by ash_conf_init, then only read. */
extern struct ash_conf ash_conf;
/* What holds where no source says otherwise. */
extern const struct ash_conf ash_conf_defaults;

enum ash_conf_source {
	ASH_CONF_BUILT_IN,
	ASH_CONF_GLOBAL,
	ASH_CONF_LINK,
	ASH_CONF_ENVIRONMENT,
	ASH_CONF_OWN_ENVIRONMENT,
	ASH_CONF_GLOBAL_HARDER,
	ASH_CONF_SOURCES
};

/* What that source held, NULL where there was none. */
const char *ash_conf_given(enum ash_conf_source source);

/* The link's path, and the string that was built in; tests have some of their own. */
extern const char *ash_conf_link, *ash_conf_built_in;

/* Reads the sources into ash_conf.  Allocates nothing. */
void ash_conf_init(void);

/* Parses one source into *conf; `source` names it in messages.  Returns the number of pairs
 * that were refused. */
unsigned ash_conf_parse(struct ash_conf *conf, const char *text, const char *source);

/* One line on stderr of what cannot be done as the program wants it, options apart; with
 * abort:true it aborts. */
void ash_conf_warn(const char *format, ...) ASH_PRINTF(1, 2);

/* What confirm_conf says of one source: its text, NULL where there is none, and which of its
 * options mean nothing here, or are unknown and passed over. */
void ash_conf_tell(const char *text, const char *source);

#endif
