/* What the program wants of its threads' caches: whether there are any, of which sizes, and how
 * much they hold. */
#ifndef ASH_FRONT_TCACHE_SETTINGS_H
#define ASH_FRONT_TCACHE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "cache/thread.h"
#include "conf/parse.h"
#include "front/capacity.h"

/* Off, every call goes straight to the slabs (`checks:full`, `tcache:false`). */
extern bool ash_tcache_enabled;

/* Takes over the option tcache_ncached_max. */
void ash_tcache_settings_init(void);

/* Granules that may wait in the thread's run cache, at most. */
ASH_INLINE uint32_t ash_tcache_most_runs(const struct ash_thread *t)
{
	return ash_tcache_enabled ? ash_capacity_runs(t) : 0;
}

/* Whether this thread may have magazines.  Setting is false where it has no record for want of
 * memory; where it has ended (destructors), what was set is read, and it has none. */
bool ash_tcache_is_enabled(void);
bool ash_tcache_set_enabled(bool enabled);
/* Largest objects that they hold, in bytes; rounded up to a class, at most ASH_SMALL_MAX, 0 =
 * none. Kept while they are not enabled. */
size_t ash_tcache_max(void);
bool ash_tcache_set_max(size_t bytes);

/* Objects that its magazines of the class hold at most; 0 = it has none for it.  The second
 * says so by ranges of sizes that can be read (ash_parse_range), none of which is looked at
 * behind one that cannot; false where it has no record. */
unsigned ash_tcache_most(unsigned class);
bool ash_tcache_set_most(struct ash_span ranges);

#endif
