/* Under `checks:on`, which objects are with the program: two bits for each 16 bytes of heap,
 * out of line, found by the address alone.
 *
 * Set by malloc when it hands an object out and cleared by free, so a pointer that is freed and
 * not out is told at the call, whatever happened in between and whichever thread it comes
 * from.  Slabs know less: they count an object as out that lies in a magazine. */
#ifndef ASH_CACHE_HANDED_H
#define ASH_CACHE_HANDED_H

#include <stddef.h>
#include <stdint.h>
#include "meta/window.h"
#include "util/atomic.h"
#include "util/compiler.h"

enum ash_handed {
	ASH_HANDED_NEVER, /* at this address no object ever began */
	ASH_HANDED_BACK,
	ASH_HANDED_OUT,
	ASH_HANDED_UNKNOWN, /* there was no memory for the block's bits */
};

#define ASH_HANDED_STEP_SHIFT 4 /* an object starts at a multiple of 16 */
#define ASH_HANDED_PER_WORD 32
/* Of the two bits: whether it is out, and whether one ever was. */
#define ASH_HANDED_BIT_OUT 1u
#define ASH_HANDED_BIT_EVER 2u

/* The bits of a block of whose objects nothing is known. */
extern uint64_t ash_handed_unknown[] ASH_HIDDEN;

/* Makes the block's bits, and marks p, as below. */
void ash_handed_out_first(const void *p);

ASH_INLINE uint64_t *ash_handed_word(uint64_t *bits, const void *p)
{
	return &bits[((uintptr_t)p & (ASH_HUGE - 1)) /
		     (ASH_HANDED_PER_WORD << ASH_HANDED_STEP_SHIFT)];
}

ASH_INLINE unsigned ash_handed_shift(const void *p)
{
	return (unsigned)((uintptr_t)p >> ASH_HANDED_STEP_SHIFT) % ASH_HANDED_PER_WORD * 2;
}

ASH_INLINE uint64_t *ash_handed_bits(const void *p)
{
	struct ash_hugeblock *block = ash_block_at(p);

	return block != NULL ? ash_load_acquire(&block->handed) : NULL;
}

/* p is an object, about to be given to the program.  May allocate: call without a lock. */
ASH_INLINE void ash_handed_out(const void *p)
{
	uint64_t *bits = ash_handed_bits(p);

	if (ASH_LIKELY(bits != NULL && bits != ash_handed_unknown))
		ash_or_relaxed(ash_handed_word(bits, p),
			       (uint64_t)(ASH_HANDED_BIT_OUT | ASH_HANDED_BIT_EVER)
				       << ash_handed_shift(p));
	else
		ash_handed_out_first(p);
}

/* Whether p, aligned to 16, was an object that is out; it no longer is.  Of
 * two threads at once one is told so. */
ASH_INLINE bool ash_handed_take_back(const void *p)
{
	uint64_t *bits = ash_handed_bits(p), bit;

	if (ASH_UNLIKELY(bits == NULL || bits == ash_handed_unknown))
		return false;
	bit = (uint64_t)ASH_HANDED_BIT_OUT << ash_handed_shift(p);
	return (ash_and_relaxed(ash_handed_word(bits, p), ~bit) & bit) != 0;
}

/* What p is, aligned to 16. */
enum ash_handed ash_handed_state(const void *p);

#endif
