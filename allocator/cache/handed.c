#include "cache/handed.h"

#include <errno.h>

#include "meta/base.h"

#define WORDS (ASH_HUGE / (ASH_HANDED_PER_WORD << ASH_HANDED_STEP_SHIFT))

/* (Of such a block some objects are out already, so it stays so for good.) */
uint64_t ash_handed_unknown[1];

void ash_handed_out_first(const void *p)
{
	struct ash_hugeblock *block = ash_block_at(p);
	uint64_t *none = NULL, *bits;
	int saved = errno;

	if (ash_load_acquire(&block->handed) == ash_handed_unknown)
		return;
	bits = ash_base_alloc(WORDS * sizeof(*bits), ASH_CACHE_LINE);
	errno = saved;
	/* Of two threads at once the second one's bits are left over. */
	ash_cas_acq_rel(&block->handed, &none, bits != NULL ? bits : ash_handed_unknown);
	if (ash_load_acquire(&block->handed) != ash_handed_unknown)
		ash_handed_out(p);
}

enum ash_handed ash_handed_state(const void *p)
{
	uint64_t *bits = ash_handed_bits(p), word;

	if (bits == NULL)
		return ASH_HANDED_NEVER;
	if (bits == ash_handed_unknown)
		return ASH_HANDED_UNKNOWN;
	word = ash_load_relaxed(ash_handed_word(bits, p)) >> ash_handed_shift(p);
	if (word & ASH_HANDED_BIT_OUT)
		return ASH_HANDED_OUT;
	return word & ASH_HANDED_BIT_EVER ? ASH_HANDED_BACK : ASH_HANDED_NEVER;
}
