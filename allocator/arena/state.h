/* What is known of one arena: its extents, its bins, its counts.
 *
 * An extent is a range of addresses that came from the arena's hooks, or a part of one.  In use
 * it is a slab or one large allocation; free it is dirty, muzzy or retained; and while it
 * changes from one to the other it is in transit: on no list, and its fields belong to whoever
 * took it off one.  So hooks are called with no lock held.
 *
 * Descriptors of extents and arenas are never given back, only used again: whoever finds one by
 * an address locks its arena and looks again. */
#ifndef ASH_ARENA_STATE_H
#define ASH_ARENA_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena/figures.h"
#include "arena/hooks.h"
#include "meta/large_size.h"
#include "meta/size_class.h"
#include "os/mutex.h"
#include "os/os.h"
#include "util/list.h"

enum ash_extent_state {
	ASH_EXTENT_DIRTY = ASH_FREE_DIRTY, /* free, with what was written to it */
	ASH_EXTENT_MUZZY = ASH_FREE_MUZZY, /* free, and the kernel may take its memory */
	/* Free, without memory as far as the hooks could do that. */
	ASH_EXTENT_RETAINED = ASH_FREE_RETAINED,
	ASH_EXTENT_PINNED = ASH_FREE_PINNED, /* free, of memory that the hooks said stays */
	ASH_EXTENT_TRANSIT,
	ASH_EXTENT_SLAB,
	ASH_EXTENT_LARGE,
};
#define ASH_EXTENT_KINDS ASH_ARENA_FREE_KINDS /* of free ones: the states below TRANSIT */

/* Sizes and addresses are multiples of ash_extent_unit().  In a slab:
 *   nfree == (regions - bump) + set bits in the bitmap (a set bit is a free region)
 *   on the list of its bin  <=>  nfree > 0 */
struct ash_extent {
	struct ash_list link;    /* free: a bucket; slab: its bin's list */
	struct ash_list age;     /* free: its kind, oldest first; in use: all that are */
	struct ash_arena *arena; /* atomic */
	uintptr_t address;
	size_t bytes;
	size_t usable;     /* large: bytes, in whole OS pages */
	uint64_t since_ns; /* free: when it became so */
	uint8_t state;     /* enum ash_extent_state; atomic */
	uint8_t class;     /* slab */
	bool committed;
	bool zeroed;      /* reads as zero */
	bool pinned;      /* the hooks that it came from said that its memory stays */
	uint16_t regions; /* slab */
	bool held;        /* counted as memory that the process holds */
	uint16_t nfree, bump;
	uint64_t bitmap[ASH_BITMAP_WORDS];
};

/* Free extents of one kind.  bit b of `filled`  <=>  bucket b is not empty.
 *   in_bucket[b] == length of bucket b;  their sum == count */
struct ash_free_extents {
	struct ash_list age;
	size_t count;
	uint64_t filled;
	struct ash_list bucket[ASH_EXTENT_BUCKETS];
	uint32_t in_bucket[ASH_EXTENT_BUCKETS];
	size_t bytes_in[ASH_EXTENT_BUCKETS];
};

struct ash_arena_bin {
	struct ash_list slabs; /* with a free region */
	struct ash_arena_bin_stats counts;
};

/* What was so when statistics were last taken, by class and by length.  Made then, for an arena
 * that has a body. */
struct ash_arena_told {
	struct ash_arena_bin_stats bin[ASH_CLASSES];
	struct ash_large_count larges[ASH_LARGE_SIZES];
	struct ash_arena_extent_stats extents[ASH_EXTENT_BUCKETS];
};

/* What an arena needs once something is allocated in it. */
struct ash_arena_body {
	struct ash_list in_use; /* extents, by `age` */
	struct ash_free_extents free[ASH_EXTENT_KINDS];
	struct ash_arena_bin bin[ASH_CLASSES];
	struct ash_large_count larges[ASH_LARGE_SIZES]; /* their sums are in counts */
};

/* Under its lock but where something else is said. */
struct ash_arena {
	struct ash_mutex lock;
	unsigned index;              /* constant */
	struct ash_arena_body *body; /* NULL until it is needed; set once */
	const extent_hooks_t *hooks; /* atomic */
	uint64_t born_ns;
	int64_t decay_ms[2]; /* by enum ash_arena_decay; atomic */
	size_t extents;      /* atomic */
	size_t grow;         /* bytes that the hooks are asked for next, at least */
	size_t grow_most;    /* of these (arena.<i>.retain_grow_limit); atomic */
	size_t oversize;     /* free extents of so many bytes go at once; 0 = none; atomic */
	/* The last time that the hooks were asked; atomic. */
	bool refuses_to_split, refuses_to_commit;
	bool alive;               /* changes under the lock of the table of arenas; atomic */
	unsigned threads;         /* bound; the same */
	uint32_t visitors;        /* ash_arena_visit; the same */
	struct ash_arena *unused; /* next one whose number is free; the same */
	char name[ASH_ARENA_NAME];
	struct ash_arena_stats counts;
	/* As of the last look at all arenas; `by_size` is NULL before it found a body. */
	struct ash_arena_stats told;
	struct ash_arena_told *by_size;
	bool untold; /* there was no memory for it */
};

/* What extents are multiples of. */
ASH_INLINE size_t ash_extent_unit(void)
{
	return ash_os_page > ASH_GRANULE ? ash_os_page : ASH_GRANULE;
}

ASH_INLINE enum ash_extent_state ash_extent_state(const struct ash_extent *e)
{
	return (enum ash_extent_state)ash_load_relaxed(&e->state);
}

/* How deep this thread is in hooks: what they allocate comes from the heap. */
extern __thread uint32_t ash_hooks_depth ASH_HIDDEN;

ASH_INLINE void ash_arena_lock(struct ash_arena *arena)
{
	if (ASH_UNLIKELY(!ash_mutex_try_lock(&arena->lock))) {
		ash_mutex_lock(&arena->lock);
		arena->counts.lock_waits++;
	}
	arena->counts.lock_ops++;
}

ASH_INLINE void ash_arena_unlock(struct ash_arena *arena)
{
	ash_mutex_unlock(&arena->lock);
}

#endif
