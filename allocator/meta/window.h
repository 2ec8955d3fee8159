/* The window: the range of addresses in which hugeblocks lie as far as there is room for them,
 * and the two maps over it.
 *
 * The window is chosen at boot but not reserved; only its maps are.  One has a byte for each
 * granule: the class of the small objects in it, or 0 where no thread cache
 * may take what lies there.  The other has a pointer for each hugeblock, to its descriptor.
 * Both read as zero where nothing was made.
 *
 * It is a preference, not a promise: others may map what they like there.  What finds no place
 * in the window goes to the annex (meta/annex.h). */
#ifndef ASH_META_WINDOW_H
#define ASH_META_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "meta/annex.h"
#include "meta/descriptor.h"
#include "util/atomic.h"
#include "util/compiler.h"

/* All globals that the fast paths read, in one line; constant after boot.  Before it
 * `limit` is 0 and every pointer is far.  After it:
 *   length == nblocks * 2 MiB == limit * 16, and not 0
 *   base is a multiple of 2 MiB above 4 GiB, and base + length does not wrap
 *   both maps are there
 *   blocks[i] is NULL, the hugeblock at base + i * 2 MiB, or `ash_block_elsewhere` */
struct ash_window {
	uintptr_t base;
	uintptr_t limit;
	uint8_t *classes; /* per granule, where free puts its objects; written by whoever makes
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
	 * without a look; or 0 as above. */
	size_t forms_small;
#endif
};

extern struct ash_window ash_window ASH_CACHE_ALIGNED ASH_HIDDEN;

/* The same fields under names of their own: the compiler then addresses each by itself, where
 * it would load the structure's address first, an instruction more in every free. */
extern const uintptr_t ash_window_base ASH_HIDDEN, ash_window_limit ASH_HIDDEN;
extern const uintptr_t ash_window_length ASH_HIDDEN;
extern uint8_t *const ash_window_classes ASH_HIDDEN;
extern const uintptr_t ash_window_forms ASH_HIDDEN;
#ifndef ASH_SAFETY_CHECKS
extern const size_t ash_window_forms_small ASH_HIDDEN;
#endif

/* Chooses the window and maps the tables.  `largest` bounds its length in bytes (0 = by the
 * machine's memory).  False where there is not even room for the maps of a small one. */
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

/* What stands in the table, or in the annex' tree, where a hugeblock was whose descriptor
 * serves at another address now: all its granules are free.  An entry that was made never
 * becomes NULL again, so that who looks up an object which was freed twice finds a descriptor.
 */
extern struct ash_hugeblock ash_block_elsewhere ASH_HIDDEN;

/* Makes what is needed for entries of `count` hugeblocks from `address` on, in the window or
 * outside.  False on failure. */
bool ash_block_open(uintptr_t address, uint32_t count);
/* Makes the entry.  One caller at a time. */
void ash_block_set(uintptr_t address, struct ash_hugeblock *block);

/* The class of the object; 0 where there is no slab. */
ASH_INLINE unsigned ash_window_class(uintptr_t unit)
{
	return ash_load_relaxed(&ash_window_classes[unit >> (ASH_GRANULE_SHIFT - 4)]);
}

/* Number of the granule of the window that holds p; p lies in it. */
ASH_INLINE uint32_t ash_granule_number(const void *p)
{
	ash_assert(ash_window_holds(p));
	return (uint32_t)(((uintptr_t)p - ash_window.base) >> ASH_GRANULE_SHIFT);
}

/* The hugeblock whose place p lies in, in the window or in the annex; NULL where there never
 * was one.  It may be unmapped by now. */
ASH_INLINE struct ash_hugeblock *ash_block_at(const void *p)
{
	uintptr_t distance = (uintptr_t)p - ash_window_base;

	if (ASH_UNLIKELY(distance >= ash_window_length))
		return ash_annex_block(p);
	return ash_load_acquire(&ash_window.blocks[distance >> ASH_HUGE_SHIFT]);
}

/* Descriptor of the run's head for p; NULL where there never was a hugeblock.  A pointer of the
 * program's may be wrong: what it leads to is checked by the caller. */
static inline struct ash_run *ash_run_of(const void *p)
{
	struct ash_hugeblock *block = ash_block_at(p);

	return block == NULL ? NULL : ash_block_run(block, p);
}

/* Asks the cache for the descriptor of the granule that p, an object, lies in, and for the
 * bitmap of the slab that begins there, if one does; returns the descriptor, or NULL where
 * there never was a hugeblock. */
ASH_INLINE struct ash_run *ash_run_prefetch(const void *p)
{
	unsigned at = (uintptr_t)p >> ASH_GRANULE_SHIFT & (ASH_HUGE_GRANULES - 1);
	struct ash_hugeblock *block = ash_block_at(p);

	if (ASH_UNLIKELY(block == NULL))
		return NULL;
	__builtin_prefetch(&block->run[at], 1);
	__builtin_prefetch(&block->bitmap[at], 1);
	return &block->run[at];
}

/* The same for the head where it is another granule's: `at` is what that returned. */
ASH_INLINE void ash_run_prefetch_head(const struct ash_run *at, const void *p)
{
	unsigned granule = (uintptr_t)p >> ASH_GRANULE_SHIFT & (ASH_HUGE_GRANULES - 1);
	const struct ash_hugeblock *block;
	unsigned back;

	if (ash_load_relaxed(&at->state) != ASH_RUN_INNER)
		return;
	back = ash_load_relaxed(&at->head);
	block = (const struct ash_hugeblock *)((uintptr_t)(at - granule) -
					       offsetof(struct ash_hugeblock, run));
	__builtin_prefetch(at - back, 1);
	__builtin_prefetch(block->bitmap[granule] - back * ASH_BITMAP_NEAR, 1);
}

/* Distance of p from the start of its slab; p lies in a granule whose class in the map is not
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

#endif
