/* Runs: sequences of granules inside one hugeblock, handed out, taken back and merged. */
#ifndef ASH_PAGE_RUN_H
#define ASH_PAGE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include "page/heap.h"
#include "util/assert.h"
#include "util/atomic.h"
#include "util/compiler.h"

#define ASH_RUN_MOST \
	(ASH_HUGE_GRANULES / 2) /* granules: 1 MiB; above that mappings of their own */

/* A run of `granules` (at most ASH_HUGE_GRANULES) whose address is a multiple of `align`
 * granules (a power of two, at most ASH_HUGE_GRANULES), its descriptor in `state`.
 * *zeroed (where not NULL) tells whether its memory was never used.  NULL with ENOMEM.
 * May map memory: call without a lock. */
struct ash_run *ash_run_alloc(struct ash_heap *heap, unsigned granules, unsigned align,
			      enum ash_run_state state, bool *zeroed);

/* The same where `room` granules are free from its start (more than `granules`, at most
 * ASH_HUGE_GRANULES), so that it can grow in place; the room stays anybody's.  Where the
 * machine cannot give so many, or other runs have as much room as there may be (2 MiB or a 32nd
 * of what is in use), without; always from a multiple of one granule. */
struct ash_run *ash_run_alloc_room(struct ash_heap *heap, unsigned granules, unsigned room,
				   enum ash_run_state state);

/* Takes the run back; its memory is no longer the caller's. */
void ash_run_free(struct ash_heap *heap, struct ash_run *run);
/* The same for a slab of which the granules in `purged`, as bits from its first, went back to
 * the kernel whole: they are free as if never handed out, unless the block was made a huge page
 * since run->collapses was taken. */
void ash_run_free_purged(struct ash_heap *heap, struct ash_run *run, unsigned purged);
/* The same for a large allocation; false where it is none (any more): of two threads that free
 * it at once one finds it gone. */
bool ash_run_free_large(struct ash_heap *heap, struct ash_run *run);

/* Clears the first `bytes` of a large run, whole OS pages.  Those that a relative may share
 * since a fork go back to the kernel: to write to them would copy each, whether the program
 * uses it or not.  That is done once after each fork; what the program has written to is
 * nobody else's.  Keeps errno. */
void ash_run_clear(struct ash_run *run, size_t bytes);

/* The end of a large run that was used before may hold memory beyond its size. */
void ash_run_note_tail(struct ash_heap *heap, struct ash_run *run);

/* `state` and `busy` (which has bits, or has not) as one number. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ASH_RUN_AT_EASE(state) ((uint16_t)(state))
#else
#define ASH_RUN_AT_EASE(state) ((uint16_t)((state) << 8))
#endif
static_assert(offsetof(struct ash_run, busy) == offsetof(struct ash_run, state) + 1 &&
		      offsetof(struct ash_run, state) % 2 == 0,
	      "both are changed at once");

/* A large run that is freed may wait for its next use instead, which takes no lock and leaves
 * all that the page layer knows of it as it was: it counts as in use.  False where it may not,
 * or is no large run (any more): of two threads that free it at once one finds it gone.  Of any
 * descriptor. */
ASH_INLINE bool ash_run_begin_waiting(struct ash_run *run)
{
	uint16_t large = ASH_RUN_AT_EASE(ASH_RUN_LARGE);

	return ash_cas_seq_cst((uint16_t *)(void *)&run->state, &large,
			       ASH_RUN_AT_EASE(ASH_RUN_WAITING));
}

/* A waiting run goes back after all. */
void ash_run_free_waiting(struct ash_heap *heap, struct ash_run *run);

/* It is in use again, by `bytes` of it; its memory is as it was left.  Where its tail is not
 * known of, its end may hold memory beyond that: ash_run_note_tail. */
ASH_INLINE void ash_run_end_waiting(struct ash_run *run, size_t bytes)
{
	ash_assert(ash_load_relaxed(&run->state) == ASH_RUN_WAITING && run->nfree == 0);
	ash_assert(bytes <= (size_t)run->granules << ASH_GRANULE_SHIFT);
	/* Who looks for a tail sees a large run and its new size, or none. */
	ash_store_relaxed(&run->size, (uint32_t)bytes);
	ash_store_release(&run->state, (uint8_t)ASH_RUN_LARGE);
}

ASH_INLINE bool ash_run_has_tail(const struct ash_run *run)
{
	return ash_load_relaxed(&run->seen) != 0;
}

/* Changes the length in place, also to the one it has, where its size did.  Growing takes free
 * granules behind the run; false where they are not free, or where the run's tail is just being
 * purged. */
bool ash_run_resize(struct ash_heap *heap, struct ash_run *run, unsigned granules);

/* Takes the block's first bit of `tails`: the run, which until ash_run_tail_end neither goes
 * away nor changes its length; NULL where there is none.  Both under the page lock. */
struct ash_run *ash_run_tail_begin(struct ash_hugeblock *block);
void ash_run_tail_end(struct ash_heap *heap, struct ash_run *run);

#endif
