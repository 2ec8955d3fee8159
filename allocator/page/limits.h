/* Bounds that the user sets: how much memory the allocator may hold, and how much of it may lie
 * idle.
 *
 * Held is what may be backed by memory: granules in use or dirty, without the pages given back
 * inside slabs, mappings, cached ones too, and metadata.  A request is charged before memory is
 * taken for it, so the hard limit holds however many threads ask at a time. */
#ifndef ASH_PAGE_LIMITS_H
#define ASH_PAGE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "util/atomic.h"
#include "util/compiler.h"

#define ASH_NO_LIMIT SIZE_MAX

/* Bytes; ASH_NO_LIMIT = none.  Atomic: they may be set while others work. */
struct ash_limits {
	size_t hard;      /* more is refused with ENOMEM */
	size_t soft;      /* above it everything dirty goes, and the callback is called */
	size_t dirty_max; /* free memory that may stay resident */
	bool pressure;    /* memory is short around us: as above the soft limit */
};
extern struct ash_limits ash_limits ASH_HIDDEN;

size_t ash_limits_held(void);

/* Set where the soft limit was crossed: the program has to be told of it, under no lock, by
 * whoever exchanges it for 0. */
extern uint32_t ash_limits_crossed ASH_HIDDEN;

/* Set by a thread while it tells the program: what the program takes and frees just then is
 * nothing to be told of, and neither a crossing nor a decline. */
extern __thread bool ash_limits_telling ASH_HIDDEN;

/* Bytes that caches above the pages hold and can do without; set at boot, NULL = none. */
extern size_t (*ash_limits_cached_hook)(void);

/* Bytes up to the hard limit; ASH_NO_LIMIT where there is none. */
size_t ash_limits_room(void);

bool ash_limits_charge_slow(size_t bytes);
void ash_limits_settle_slow(size_t bytes);

/* Whether `bytes` more may be taken; they count as held until settled, when what was taken
 * counts itself.  False with ENOMEM beyond the hard limit.  Needs no lock, and none may be held
 * that is needed to count (they are all read without). */
ASH_INLINE bool ash_limits_charge(size_t bytes, size_t *charged)
{
	*charged = 0;
	if (ASH_LIKELY((ash_load_relaxed(&ash_limits.hard) &
			ash_load_relaxed(&ash_limits.soft)) == ASH_NO_LIMIT))
		return true;
	if (!ash_limits_charge_slow(bytes))
		return false;
	*charged = bytes;
	return true;
}

ASH_INLINE void ash_limits_settle(size_t charged)
{
	if (ASH_UNLIKELY(charged != 0))
		ash_limits_settle_slow(charged);
}

/* In a forked child. */
void ash_limits_after_fork(void);

/* Free memory that may stay resident now: nothing under pressure or above the soft limit, else
 * dirty_max. */
size_t ash_limits_dirty_bound(void);

/* Whether more is dirty than that.  In every slow path of free. */
bool ash_limits_dirty_exceeded(void);

/* Pages inside slabs that were given back (more) or came into use again (less). */
void ash_limits_count_holes(long pages);
size_t ash_limits_hole_bytes(void);

#endif
