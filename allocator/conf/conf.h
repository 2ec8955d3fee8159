/* Options, read once at boot from the environment.
 *
 * Sources, the later one wins: MALLOC_CONF, then ASHLAR_CONF; each a list
 * "key:value,key:value".  A process that changed its privileges (setuid) reads neither.  An
 * unknown key or a bad value costs one line on stderr and changes nothing; with
 * abort_conf:true it also aborts, but for keys that begin with experimental_.  An option of
 * jemalloc's that means nothing here costs a line under confirm_conf alone. */
#ifndef ASH_CONF_CONF_H
#define ASH_CONF_CONF_H

#include "conf/options.h"

#define ASH_CONF_NAME "ASHLAR_CONF"

/* Written by ash_conf_init, then only read. */
extern struct ash_conf ash_conf;

/* Reads the sources into ash_conf.  Allocates nothing. */
void ash_conf_init(void);

/* Parses one source into *conf; `source` names it in messages.  Returns the number of pairs
 * that were refused. */
unsigned ash_conf_parse(struct ash_conf *conf, const char *text, const char *source);

/* What confirm_conf says of one source: its text, NULL where there is none, and which of its
 * options mean nothing here. */
void ash_conf_tell(const char *text, const char *source);

#endif
