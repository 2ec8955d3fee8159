/* mallctl: reading, writing and doing by name or by the numbers of a name, with jemalloc's
 * protocol.
 *
 * Errors, in the order in which they are looked for:
 *   ENOENT  there is no such name, or it is only the beginning of one
 *   EPERM   read of what can only be written, write of what can only be read, either of what is
 *           only done
 *   EINVAL  newlen is not the width of the type, nothing was done; or *oldlenp is not, then as
 *           much as fits of the value was copied, *oldlenp tells how much, and nothing was set;
 *           what makes something makes nothing, and *oldlenp is 0
 *   EFAULT  the value is none that can be taken, or there is no arena of this number now
 *   EAGAIN  there is no memory for it, or the thread is just ending */
#ifndef ASH_CTL_CTL_H
#define ASH_CTL_CTL_H

#include <stddef.h>
#include "ctl/row.h"

int ash_ctl(const char *name, void *oldp, size_t *oldlenp, const void *newp, size_t newlen);
int ash_ctl_name_to_mib(const char *name, size_t *mib, size_t *depth);
int ash_ctl_by_mib(const size_t *mib, size_t depth, void *oldp, size_t *oldlenp,
		   const void *newp, size_t newlen);

/* The value of a row that can be read; its errors. */
int ash_ctl_get(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *value);

#endif
