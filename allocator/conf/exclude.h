/* Which programs are left to another's malloc: the administrator's list of their names, for a
 * machine on which /etc/ld.so.preload loads this library into every program.
 *
 * A pattern a line, in which * stands for any characters and ? for one.  With a / in it it is
 * compared with whole paths, else with what stands behind their last /: the path that the
 * program was started by (a script's is its own) and that of the file that runs (a script's is
 * its interpreter).  Blanks around a line, empty lines and lines that begin with # count
 * nothing. */
#ifndef ASH_CONF_EXCLUDE_H
#define ASH_CONF_EXCLUDE_H

#include <stddef.h>

/* Where the list is: below the sysconfdir of configure.  Tests have one of their own. */
extern const char *ash_exclude_path;

/* The most that is read of it, in bytes. */
#define ASH_EXCLUDE_MOST ((size_t)16 << 10)

/* Number of the first line of the list that names such a program, 0 where none does.  Either
 * path may be NULL. */
unsigned ash_exclude_line(const char *list, const char *started, const char *file);

/* The same of this process and the list on the disk. */
unsigned ash_exclude_this(void);

#endif
