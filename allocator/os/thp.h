/* Huge pages: what the kernel allows and does.  Errors as in os.h. */
#ifndef ASH_OS_THP_H
#define ASH_OS_THP_H

#include <stdbool.h>
#include <stddef.h>

/* For what memory the machine makes huge pages, by sysfs: none, also where the kernel has no
 * such setting; what it is advised to; any, without being asked. */
enum ash_os_thp_policy { ASH_OS_THP_NEVER, ASH_OS_THP_ADVISED, ASH_OS_THP_ALWAYS };
enum ash_os_thp_policy ash_os_thp_policy(void);

/* Whether a machine of this policy may give this process huge pages of `size` bytes for private
 * memory: PR_SET_THP_DISABLE does not say no, either, and the hardware has that size. */
bool ash_os_thp_allowed(size_t size, enum ash_os_thp_policy policy);
/* Whether PR_SET_THP_DISABLE says no, now: a system call other than memory's. */
bool ash_os_thp_disabled(void);

/* Makes the range, one huge page, one now; its content stays.  False with EINVAL where the
 * kernel (before 6.1) does not know how, where this range cannot be one (a page of it is locked
 * or protected otherwise, and so a mapping of its own), or where the process may have none;
 * else for want of memory. */
bool ash_os_collapse(void *address, size_t size);
/* Whether the kernel knows how; `address` is any of a page. */
bool ash_os_can_collapse(void *address);

/* Advice to make huge pages of the range by itself, or never to.  The range may become a
 * mapping of its own. */
bool ash_os_advise_huge(void *address, size_t size, bool huge);

/* Fresh zeroed memory at exactly this address, of the pool of pages of 2^shift bytes that the
 * administrator set aside (hugetlb); `size` in whole ones, which are the caller's from now on.
 * False with ENOMEM where the pool has not so many left, EINVAL where there is none, EEXIST
 * where something lies there.  Such memory is given back by ash_os_unmap alone and in whole
 * pages: the kernel takes ash_os_purge of a part, and does nothing. */
bool ash_os_map_pool_at(void *address, size_t size, unsigned shift);

/* Tests stage a pool: called in place of the kernel.  NULL in production. */
extern bool (*ash_os_pool_hook)(void *address, size_t size);

/* OS pages of the range that are in memory; 0 where that cannot be told.  At most 512. */
unsigned ash_os_resident(void *address, size_t size);

#endif
