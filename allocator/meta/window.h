/* The window: the range of addresses in which hugeblocks lie, and the two maps over it.
 *
 * The window is chosen at boot but not reserved; only its maps are.  One has a byte for each
 * granule: the stack to which free gives the small objects in it, or 0 where no thread cache
 * may take what lies there.  The other has a pointer for each hugeblock, to its descriptor.
 * Both read as zero where nothing was made. */
#ifndef ASH_META_WINDOW_H
#define ASH_META_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "meta/descriptor.h"
#include "util/atomic.h"
#include "util/compiler.h"

/* All globals that the fast paths read, in one line; constant after boot.  Before it
 * `limit` is 0 and every pointer is far.  After it:
 *   length == nblocks * 2 MiB == limit * 16, and not 0
 *   base is a multiple of 2 MiB above 4 GiB, and base + length does not wrap
 *   both maps are there; blocks[i] is NULL or the hugeblock whose number is i */
struct ash_window {
	uintptr_t base;
	uintptr_t limit;
	uint8_t *stacks; /* per granule, where free puts its objects; written by whoever makes
			  * or takes down the slab */
	struct ash_hugeblock **blocks;
	uint32_t nblocks;
	uintptr_t length; /* in bytes */
	/* What the forms of free compare with, the calls that are defined to end in another by
	 * its public name (front/front.h): the limit, without safety checks the length, or 0
	 * where that call may be somebody else's. */
	uintptr_t forms;
#ifndef ASH_SAFETY_CHECKS
	/* And of the forms that know the size: one more than the most that they may take
	 * without a look, for the second stacks and for all; or 0 as above. */
	size_t forms_given, forms_small;
#endif
};

extern struct ash_window ash_window ASH_CACHE_ALIGNED ASH_HIDDEN;

/* The same fields under names of their own: the compiler then addresses each by itself, where
 * it would load the structure's address first, an instruction more in every free. */
extern const uintptr_t ash_window_base ASH_HIDDEN, ash_window_limit ASH_HIDDEN;
extern const uintptr_t ash_window_length ASH_HIDDEN;
extern uint8_t *const ash_window_stacks ASH_HIDDEN;
extern const uintptr_t ash_window_forms ASH_HIDDEN;
#ifndef ASH_SAFETY_CHECKS
extern const size_t ash_window_forms_given ASH_HIDDEN, ash_window_forms_small ASH_HIDDEN;
#endif

/* Chooses the window and maps the tables.  `largest` bounds its length in bytes (0 = by the
 * machine's memory).  False where there is not even room for a small one. */
bool ash_window_init(uint64_t largest);

/* Whether the forms of free may serve by themselves; at first they may not. */
void ash_window_let_forms(bool serve);

/* The equations above, but for the blocks'. */
bool ash_window_is_valid(void);

/* Makes the maps over `count` hugeblocks from `first` writable.  False on failure. */
bool ash_window_open(uint32_t first, uint32_t count);

/* Distance from the window's base in units of 16 bytes, rotated so that a misaligned pointer
 * becomes a huge number: one compare with `limit` rejects it and what lies outside. */
ASH_INLINE uintptr_t ash_window_unit(const void *p)
{
	uintptr_t distance = (uintptr_t)p - ash_window_base;

	return distance >> 4 | distance << 60;
}

ASH_INLINE bool ash_window_holds(const void *p)
{
	return (uintptr_t)p - ash_window.base < ash_window.length;
}

/* The stack that free gives the object to (meta/size_class.h); 0 where there is no slab. */
ASH_INLINE unsigned ash_window_stack(uintptr_t unit)
{
	return ash_load_relaxed(&ash_window_stacks[unit >> (ASH_GRANULE_SHIFT - 4)]);
}

/* Number of the granule that holds p; p lies in the window. */
ASH_INLINE uint32_t ash_granule_number(const void *p)
{
	ash_assert(ash_window_holds(p));
	return (uint32_t)(((uintptr_t)p - ash_window.base) >> ASH_GRANULE_SHIFT);
}

ASH_INLINE struct ash_hugeblock *ash_block_of_granule(uint32_t number)
{
	ash_assert(number / ASH_HUGE_GRANULES < ash_window.nblocks);
	return ash_load_acquire(&ash_window.blocks[number / ASH_HUGE_GRANULES]);
}

/* Descriptor of the run's head for p in the window; NULL where there is no hugeblock.  A
 * pointer of the program's may be wrong: what it leads to is checked by the caller. */
static inline struct ash_run *ash_run_of(const void *p)
{
	uint32_t number = ash_granule_number(p);
	struct ash_hugeblock *block = ash_block_of_granule(number);
	struct ash_run *run;

	if (block == NULL)
		return NULL;
	run = &block->run[number % ASH_HUGE_GRANULES];
	if (ash_load_relaxed(&run->state) == ASH_RUN_INNER) {
		unsigned back = ash_load_relaxed(&run->head);

		/* A wild pointer may race with the making of the run. */
		if (back > number % ASH_HUGE_GRANULES)
			return NULL;
		run -= back;
	}
	return run;
}

/* Asks the cache for what ash_run_of and the slab's bitmap will be read from; p is an object.
 */
ASH_INLINE void ash_run_prefetch(const void *p)
{
	uint32_t number = ash_granule_number(p), at = number % ASH_HUGE_GRANULES;
	const struct ash_hugeblock *block = ash_block_of_granule(number);

	if (ASH_UNLIKELY(block == NULL)) /* freed twice, and the block gone meanwhile */
		return;
	__builtin_prefetch(&block->run[at], 1);
	__builtin_prefetch(&block->bitmap[at], 1);
}

/* Distance of p from the start of its slab; p lies in a granule whose stack in the map is not
 * 0, which has a hugeblock and, unless p is wild, a slab. */
ASH_INLINE size_t ash_slab_offset(const void *p)
{
	size_t distance = (uintptr_t)p - ash_window_base;
	const struct ash_hugeblock *block =
		ash_load_relaxed(&ash_window.blocks[distance >> ASH_HUGE_SHIFT]);
	size_t granule = distance >> ASH_GRANULE_SHIFT;
	size_t head = ash_load_relaxed(&block->run[granule % ASH_HUGE_GRANULES].head);

	return distance - ((granule - head) << ASH_GRANULE_SHIFT);
}

ASH_INLINE char *ash_run_address(const struct ash_run *run)
{
	return (char *)ash_window.base + ((uintptr_t)run->number << ASH_GRANULE_SHIFT);
}

/* The first words of a slab's bitmap, ASH_BITMAP_NEAR, which is all of it from 64 bytes on.
 * Descriptors and bitmaps are two tables of the same hugeblock: from one to the other it is an
 * addition, where the window's table would be another load. */
ASH_INLINE uint64_t *ash_run_bitmap_near(const struct ash_run *run)
{
	const struct ash_hugeblock *block = NULL;
	size_t further = sizeof(block->bitmap[0]) - sizeof(*run);

	return (uint64_t *)((uintptr_t)run + offsetof(struct ash_hugeblock, bitmap) -
			    offsetof(struct ash_hugeblock, run) +
			    run->number % ASH_HUGE_GRANULES * further);
}

/* Word w of the bitmap of the slab whose head this is. */
ASH_INLINE uint64_t *ash_run_bitmap_word(const struct ash_run *run, size_t w)
{
	struct ash_bitmap_extension *extension;

	if (ASH_LIKELY(w < ASH_BITMAP_NEAR))
		return ash_run_bitmap_near(run) + w;
	ash_assert(w < ASH_BITMAP_WORDS);
	extension = ash_block_of_granule(run->number)->extension;
	return &extension[run->number % ASH_HUGE_GRANULES].word[w - ASH_BITMAP_NEAR];
}

#endif
