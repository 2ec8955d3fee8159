/* What is known of every granule (16 KiB) of a hugeblock (2 MiB), kept away from the
 * memory that it describes.
 *
 * A run is a sequence of granules of one hugeblock in one use: a slab, a large allocation,
 * or free.  The descriptor of its first granule speaks for the run; those behind say INNER
 * and how far back the head lies. */
#ifndef ASH_META_DESCRIPTOR_H
#define ASH_META_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "meta/size_class.h"
#include "util/assert.h"
#include "util/atomic.h"
#include "util/compiler.h"
#include "util/list.h"

#define ASH_HUGE_SHIFT 21
#define ASH_HUGE ((size_t)1 << ASH_HUGE_SHIFT)
#define ASH_HUGE_GRANULES (ASH_HUGE / ASH_GRANULE)

/* So many hold `bytes`. */
ASH_INLINE size_t ash_granules_of(size_t bytes)
{
	return (bytes >> ASH_GRANULE_SHIFT) + ((bytes & (ASH_GRANULE - 1)) != 0);
}

struct ash_bitmap_extension {
	uint64_t word[ASH_BITMAP_WORDS - ASH_BITMAP_NEAR];
};

enum ash_run_state {
	ASH_RUN_FREE,
	ASH_RUN_SLAB,
	ASH_RUN_LARGE,
	ASH_RUN_INNER,
	ASH_RUN_WAITING, /* large, freed, and in a thread's run cache (cache/runs.h) */
};

/* Why a large run cannot wait; bits.  Changed under the page lock. */
enum ash_busy {
	ASH_BUSY_ROOM = 1, /* it has room behind it, in which it is to grow, and others may */
	ASH_BUSY_TAIL = 2, /* its tail is just being purged */
};

/* One granule.  In a head of a run in use, slab or large, waiting or not:
 *   run[index] of the hugeblock is the head itself, and address is that of granule `index`
 *   0 < granules, and the run ends within the hugeblock
 *   the i-th descriptor behind the head, i < granules, is INNER, with head == i
 * In a slab's head:
 *   nfree == (regions - bump) + set bits in the bitmap
 *   bit i of `summary` is set  <=>  bitmap word i is not 0 (a set bit is a free region)
 *   on a list of its bin       <=>  nfree > 0, unless it is being made, taken down or purged
 *   a page in `purged` holds no byte of a region that is out
 *   size, reciprocal, regions and granules are those of the class
 * Fields of a slab in use belong to its bin's lock; state, head, index, granules and address
 * change only while the run is nobody's or is being handed over.  A large run's state goes from
 * LARGE to WAITING by a compare-and-swap, without the page lock.  Of a large run ROOM is set in
 * `busy` where `nfree` is not 0. */
struct ash_run {
	struct ash_list link; /* bin: slabs with free regions; waiting: `next` of the cache's */
	uintptr_t address;    /* of its first byte */
	uint8_t state;        /* enum ash_run_state */
	union {
		uint8_t class; /* slab */
		/* Large: bits of enum ash_busy.  It may begin to wait where there is none, by
		 * one compare-and-swap over both. */
		uint8_t busy;
	};
	uint8_t head; /* granules back to the head; 0 in the head itself */
	uint8_t granules;
	uint8_t shard; /* slab */
	uint8_t seen;  /* slab: regions that were out, ASH_SEEN_MOST = as many or more, when a
			  walk last looked for its holes, and ASH_SEEN_ALL where none were left
			  then; 0 = something was taken since, or never.
			  Large: whether its bit in `tails` is set */
	uint16_t regions; /* slab */
	uint16_t nfree;   /* slab; large: granules of room that it was given and did not take */
	uint16_t bump;    /* slab: regions below were carved */
	uint16_t summary; /* slab */
	uint8_t fullness; /* slab: index of the bin's list it is on */
	uint8_t index;    /* granules of the hugeblock before it */
	uint32_t size;    /* slab: of a region; large: usable bytes */
	uint32_t reciprocal; /* slab: see ash_region_index */
	uint32_t stamp;      /* slab: epoch in which a region was last taken; large: the fork of
				`purged` */
	uint8_t detached;    /* slab: off its bin's lists while holes are purged */
	uint8_t collapses;   /* slab: the block's when `purged` was last right */
	uint16_t run_clock; /* slab: the heap's clock / 64 (MiB) when a region was last taken */
	uint64_t purged;    /* slab: OS pages that were given back and not touched since; large:
			       granules that a relative may share since fork `stamp`; after a
			       later one all may be shared.  Its owner's */
};

#define ASH_SEEN_MOST 127u
#define ASH_SEEN_ALL 128u

static_assert(sizeof(struct ash_run) == 64, "one cache line per granule");

/* The equations of a run in use, but for those of a slab (ash_slab_is_valid); by whoever holds
 * the run. */
bool ash_descriptor_is_valid(const struct ash_run *head);

/* Why a block's free granules keep their memory: bits of ash_hugeblock.keep. */
enum ash_keep {
	ASH_KEEP_HUGE = 1,    /* it is one huge page and well used */
	ASH_KEEP_REFUSED = 2, /* the kernel did not take them (mlock) */
	ASH_KEEP_POOL = 4,    /* it is one page of the hugetlb pool: goes back whole; as long as
				 the block is mapped */
};

/* What the kernel was told of one block, because of what is in it. */
enum ash_advice {
	ASH_ADVICE_NONE,
	ASH_ADVICE_HUGE,  /* to make it a huge page */
	ASH_ADVICE_SMALL, /* and then not to */
};

/* The same where the kernel makes huge pages by itself. */
enum ash_told {
	ASH_TOLD_NOTHING,
	ASH_TOLD_SPARSE, /* to make none of it */
	ASH_TOLD_ANEW,   /* and then to make one again */
};

/* One hugeblock.  Its descriptor is never given back; where it is unmapped, the descriptor may
 * be used for another one at another address.  Under the page lock, between changes:
 *   nused + missing == set bits in `used`
 *   the last `missing` granules have bits in `used` and none in `touched`
 *   longest == the longest run of clear bits in `used`
 *   muzzy   is within touched and not used, and 0 where `keep` is not
 *   tails   is within `used`; a block that keeps memory may be off the list by `tailed`
 *   keep & REFUSED  =>  on the list of such blocks, by `dirty`
 *   by `dense` on the list of well used blocks, of those with the mark of a fork, or of the
 *   pool's empty ones, or on none */
struct ash_hugeblock {
	struct ash_list link;   /* packing: blocks of equal longest free run */
	struct ash_list dirty;  /* purge: blocks with dirty granules, oldest first */
	struct ash_list lazy;   /* purge: blocks with muzzy ones */
	struct ash_list dense;  /* hugify: well used blocks, oldest first; of the pool: empty
				   ones */
	struct ash_list tailed; /* tails: blocks with bits in `tails`, oldest first */
	uint64_t used[2];       /* granule in a run, just being purged, or missing */
	uint64_t touched[2];    /* granule was handed out since it was last known to be zero */
	uint64_t muzzy[2];      /* free and touched, and the kernel may take it: not dirty */
	uint64_t held[2];       /* granule was part of a run at some time */
	uint64_t tails[2]; /* head of a large run whose end beyond its size may hold memory */
	struct ash_bitmap_extension *extension; /* by granule */
	uintptr_t address;                      /* of its first byte */
	struct ash_hugeblock *older; /* the one whose descriptor was made before; constant */
	uint16_t longest;            /* longest run of free granules */
	uint16_t nused;              /* set bits in used, but for missing granules */
	uint32_t tails_epoch;        /* when the last such bit was set */
	uint32_t dense_epoch; /* when the block was first seen on the list, or is to be tried
				 again; 0 = not seen yet.  Of an empty one on no such list: when
				 it last changed */
	uint32_t filled_fork; /* ash_relatives_forks when it was empty and began to fill, */
	uint32_t huge_fork;   /* and when it was made a huge page */
	uint8_t keep;         /* enum ash_keep */
	uint8_t collapses;    /* counts them: after one, holes that were purged are resident */
	uint8_t sparse; /* pages inside it were given back since it was empty, and with them
			   what the kernel added to its first touch (a huge page) */
	uint8_t told;   /* enum ash_told */
	/* Under `checks:on`, what of the block is with the program (cache/handed.h), else NULL;
	 * set once. */
	uint64_t *handed;
	/* Granule was handed out since fork `own_fork`: what a relative shared of it the
	 * program has written to by now, or will.  Void once there was another fork. */
	uint64_t own[2];
	uint32_t own_fork;
	uint8_t missing; /* granules at the end that are not mapped: see struct ash_growing;
			    written under the lock of rank grow, too */
	uint8_t advice;  /* enum ash_advice; atomic */
	uint8_t pad[18];
	struct ash_run run[ASH_HUGE_GRANULES];
	/* Slabs' bitmaps, by the granule of the head: their first four words. */
	uint64_t bitmap[ASH_HUGE_GRANULES][ASH_BITMAP_NEAR];
};

static_assert(offsetof(struct ash_hugeblock, run) % 64 == 0,
	      "descriptors are lines of their own");

/* Descriptor of the head of the run in the block that p lies in.  NULL where it is just being
 * made, which only a wild pointer can lead to. */
static inline struct ash_run *ash_block_run(struct ash_hugeblock *block, const void *p)
{
	unsigned at = (uintptr_t)p >> ASH_GRANULE_SHIFT & (ASH_HUGE_GRANULES - 1);
	struct ash_run *run = &block->run[at];

	if (ash_load_relaxed(&run->state) == ASH_RUN_INNER) {
		unsigned back = ash_load_relaxed(&run->head);

		if (back > at)
			return NULL;
		run -= back;
	}
	return run;
}

/* Descriptor of the head of the run whose granule `at` describes, which is in use. */
ASH_INLINE struct ash_run *ash_run_head(struct ash_run *at)
{
	return ASH_LIKELY(ash_load_relaxed(&at->state) != ASH_RUN_INNER)
		       ? at
		       : at - ash_load_relaxed(&at->head);
}

/* The descriptor of the granule that begins at p, in the same block: shifted once, for a
 * descriptor is as long as a granule's address has bits to spare. */
ASH_INLINE struct ash_run *ash_block_run_beginning(struct ash_hugeblock *block, const void *p)
{
	size_t at = (uintptr_t)p / (ASH_GRANULE / sizeof(struct ash_run));

	ash_assert((uintptr_t)p % ASH_GRANULE == 0);
	return (struct ash_run *)(void *)((char *)block->run +
					  at % (ASH_HUGE_GRANULES * sizeof(struct ash_run)));
}

/* The hugeblock of a run; `run` is its head. */
ASH_INLINE struct ash_hugeblock *ash_run_block(const struct ash_run *run)
{
	return (struct ash_hugeblock *)((uintptr_t)(run - run->index) -
					offsetof(struct ash_hugeblock, run));
}

ASH_INLINE char *ash_run_address(const struct ash_run *run)
{
	return (char *)run->address;
}

/* The first words of a slab's bitmap, ASH_BITMAP_NEAR, which is all of it from 64 bytes on.
 * Descriptors and bitmaps are two tables of the same hugeblock: from one to the other it is an
 * addition. */
ASH_INLINE uint64_t *ash_run_bitmap_near(const struct ash_run *run)
{
	const struct ash_hugeblock *block = NULL;
	size_t further = sizeof(block->bitmap[0]) - sizeof(*run);

	return (uint64_t *)((uintptr_t)run + offsetof(struct ash_hugeblock, bitmap) -
			    offsetof(struct ash_hugeblock, run) + run->index * further);
}

/* Word w of the bitmap of the slab whose head this is. */
ASH_INLINE uint64_t *ash_run_bitmap_word(const struct ash_run *run, size_t w)
{
	if (ASH_LIKELY(w < ASH_BITMAP_NEAR))
		return ash_run_bitmap_near(run) + w;
	ash_assert(w < ASH_BITMAP_WORDS);
	return &ash_run_block(run)->extension[run->index].word[w - ASH_BITMAP_NEAR];
}

#endif
