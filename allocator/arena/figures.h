/* What is counted of an arena, and what else its users and its insides have in common. */
#ifndef ASH_ARENA_FIGURES_H
#define ASH_ARENA_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASH_ARENA_NAME 32 /* bytes, with the NUL */

enum ash_arena_decay { ASH_DECAY_DIRTY, ASH_DECAY_MUZZY };

/* So many fit into 64 bits of ns. */
static inline bool ash_arena_is_decay(int64_t ms)
{
	return ms >= -1 && ms <= INT64_MAX / 1000000;
}

/* Bytes unless said otherwise.
 *
 *   small + large <= active;  active + dirty + muzzy + pinned <= mapped;  what is retained is
 * in none */
struct ash_arena_stats {
	unsigned threads; /* bound */
	uint64_t uptime_ns;
	size_t small, large; /* allocated */
	size_t active;       /* of extents in use */
	size_t dirty, muzzy; /* free, and may hold memory; may be taken by the kernel */
	size_t retained;     /* addresses without memory */
	size_t pinned;       /* free, and its hooks said that its memory stays; in `mapped` */
	size_t mapped;       /* of all extents but retained ones */
	size_t metadata;     /* descriptors and the arena itself */
	uint64_t small_nmalloc, small_ndalloc, large_nmalloc, large_ndalloc; /* objects, ever */
	uint64_t dirty_npurge, dirty_nmadvise, dirty_purged; /* passes, calls, pages, ever */
	uint64_t muzzy_npurge, muzzy_nmadvise, muzzy_purged;
	uint64_t lock_ops, lock_waits; /* of its lock: taken, and found taken */
};

struct ash_arena_bin_stats {
	uint64_t nmalloc, ndalloc, nslabs; /* ever */
	uint64_t nfills, nflushes;         /* calls that took some, or gave some back; ever */
	uint64_t nreslabs;                 /* slabs that were used up, ever */
	size_t curregs, curslabs, nonfull_slabs;
};

enum ash_arena_free { ASH_FREE_DIRTY, ASH_FREE_MUZZY, ASH_FREE_RETAINED, ASH_FREE_PINNED };
#define ASH_ARENA_FREE_KINDS 4
#define ASH_EXTENT_BUCKETS 64

/* Free extents by their length. */
struct ash_arena_extent_stats {
	size_t count[ASH_ARENA_FREE_KINDS], bytes[ASH_ARENA_FREE_KINDS];
};

/* Adds what was ever counted, without what there is at present. */
static inline void ash_arena_add_ever(struct ash_arena_stats *sum,
				      const struct ash_arena_stats *c)
{
	sum->small_nmalloc += c->small_nmalloc;
	sum->small_ndalloc += c->small_ndalloc;
	sum->large_nmalloc += c->large_nmalloc;
	sum->large_ndalloc += c->large_ndalloc;
	sum->dirty_npurge += c->dirty_npurge;
	sum->dirty_nmadvise += c->dirty_nmadvise;
	sum->dirty_purged += c->dirty_purged;
	sum->muzzy_npurge += c->muzzy_npurge;
	sum->muzzy_nmadvise += c->muzzy_nmadvise;
	sum->muzzy_purged += c->muzzy_purged;
	sum->lock_ops += c->lock_ops;
	sum->lock_waits += c->lock_waits;
}

#endif
