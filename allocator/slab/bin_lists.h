/* A bin: all slabs of one class in one shard.
 *
 * Slabs with free regions stand in lists by fullness; a fill takes from the fullest, so that
 * nearly empty slabs drain.  Full slabs are on no list: a free finds them by address.  At
 * most one slab without any object out is in reserve, others go back to the pages.
 *
 * All fields, the lists and the descriptors of the bin's slabs belong to the bin's lock (rank
 * BIN), but for three that are also atomic: `filled`, which the purger reads to pass by,
 * `contended`, which those count whose try failed, and `hole_age`, which the purger sets. */
#ifndef ASH_SLAB_BIN_LISTS_H
#define ASH_SLAB_BIN_LISTS_H

#include <stdbool.h>
#include <stddef.h>
#include "meta/size_class.h"
#include "os/mutex.h"
#include "page/heap.h"
#include "util/assert.h"
#include "util/atomic.h"
#include "util/list.h"

#define ASH_BIN_LISTS 8

/* Under the lock, of bin and slabs:
 *   bit i of `filled` is set  <=>  list[i] is not empty
 *   a slab stands on list[i]  <=>  nfree > 0, and it is not detached
 *                              =>  fullness == i == nfree * 7 / regions, rounded down
 *   empty_slabs  ==  slabs on the last list
 *   nslabs       ==  slabs on the lists, full ones, and detached ones
 *   regions_out  ==  nslabs * regions of a slab - nfree of all slabs
 *   uncarved     ==  regions of all slabs that were never handed out, nfree having them, too
 *   taken >= regions_out,  made >= nslabs */
struct ash_bin {
	struct ash_mutex lock;
	uint16_t filled;      /* bit i: list i is not empty; read without the lock, too */
	uint16_t empty_slabs; /* on a list, with no region out */
	uint32_t nslabs;      /* read without the lock, too */
	uint32_t uncarved;    /* regions of its slabs that were never handed out */
	uint64_t regions_out; /* handed out and not given back */
	uint64_t taken;       /* handed out, ever */
	uint64_t fills;       /* calls that took some, ever, */
	uint64_t flushes;     /* and that gave some back */
	uint32_t hole_age;    /* epochs without a take after which a slab's holes are purged */
	uint32_t holes;       /* pages purged in the present interval */
	uint32_t detached;    /* slabs that are detached */
	uint32_t group;       /* regions in a row that a fill takes whole, 1, 2 or 4; constant.
				 Above 1 as long as little lies idle in others */
	struct ash_list list[ASH_BIN_LISTS]; /* 0 = fewest free regions */
	uint64_t made;                       /* slabs, ever */
	uint64_t contended;                  /* try-locks that failed; atomic */
	uint64_t used_up;                    /* slabs whose last free region was taken, ever */
	uint64_t waits; /* calls that found the lock taken and waited for it */
} __attribute__((aligned(ASH_CACHE_LINE)));

/* The equations; caller holds the lock.  The first looks at the lists' first slabs and the
 * empty ones, the second at all. */
bool ash_bin_is_valid(const struct ash_bin *bin);
bool ash_bin_lists_are_valid(const struct ash_bin *bin);

/* What follows is for who holds the lock and moves slabs. */

/* A slab with every region free goes to the last list. */
ASH_INLINE unsigned ash_bin_fullness(const struct ash_run *slab)
{
	return (unsigned)(slab->nfree * (ASH_BIN_LISTS - 1)) / slab->regions;
}

/* After each change. */
ASH_INLINE void ash_bin_check(const struct ash_bin *bin)
{
	ash_assert_internal(ash_bin_is_valid(bin));
	ash_assert_walk(ash_bin_lists_are_valid(bin), bin->nslabs);
}

static inline void ash_bin_unlink(struct ash_bin *bin, struct ash_run *slab)
{
	ash_assert(slab->fullness < ASH_BIN_LISTS && bin->filled >> slab->fullness & 1);
	ash_list_remove(&slab->link);
	if (ash_list_empty(&bin->list[slab->fullness]))
		ash_store_relaxed(&bin->filled,
				  (uint16_t)(bin->filled & ~(1u << slab->fullness)));
}

static inline void ash_bin_link(struct ash_bin *bin, struct ash_run *slab)
{
	unsigned i = ash_bin_fullness(slab);

	ash_assert(slab->nfree > 0 && !slab->detached);
	slab->fullness = (uint8_t)i;
	ash_list_push_front(&bin->list[i], &slab->link);
	ash_store_relaxed(&bin->filled, (uint16_t)(bin->filled | 1u << i));
}

/* The slab, which is on no list, is about to be taken down. */
static inline void ash_bin_leave(struct ash_bin *bin, const struct ash_run *slab)
{
	ash_owned_add(&bin->nslabs, UINT32_MAX); /* one less */
	bin->uncarved -= (uint32_t)slab->regions - slab->bump;
}

#endif
