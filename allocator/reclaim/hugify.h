/* Huge pages, block by block.
 *
 * A hugeblock becomes a huge page when it has been well used for a second: 7/8 of its granules
 * taken, and 15/16 of its memory resident already, so that the rest costs little.  Small and
 * young heaps never have any, and a thread's first objects do not cost 2 MiB.  The kernel is
 * asked to do it at once (MADV_COLLAPSE, which leaves the mapping whole); one that does not
 * know how is given advice, for few blocks.  Blocks whose use falls below a half are broken up
 * again by the purge of what is free in them.
 *
 * Source: the policy of Temeraire (Hunter et al., OSDI 2021), by collapsing instead of starting
 * from whole huge pages. */
#ifndef ASH_PAGE_HUGIFY_H
#define ASH_PAGE_HUGIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ash_thp {
	ASH_THP_DEFAULT, /* as above, where the machine does not say never */
	ASH_THP_ALWAYS,  /* every block from the start */
	ASH_THP_NEVER,   /* none, also where the machine says always */
	ASH_THP_NONE,    /* none by us; the machine may make some */
};

/* Reads what the machine allows.  Once, at boot. */
void ash_hugify_init(enum ash_thp mode);

/* Other bounds than those above, at boot: bytes of a block in use from which on it is well used
 * (clipped to a granule and 2 MiB), and for how many ms. */
void ash_hugify_set_threshold(uint64_t bytes);
void ash_hugify_set_delay_ms(uint64_t ms);

/* Blocks were mapped: gives them the advice that the mode asks for. */
void ash_hugify_mapped(void *address, size_t size);

/* Makes up to `most` blocks huge pages, each some 0.3 ms of work.  Returns whether some are
 * left, or will be old enough soon.  One thread at a time, under no lock. */
bool ash_hugify_step(uint32_t epoch, unsigned most);

/* Whether less than half of the block is in use, counting the objects in its slabs; without any
 * lock, roughly. */
struct ash_hugeblock;
bool ash_hugify_is_half_empty(const struct ash_hugeblock *block);

/* The memory of holes in the block is about to go although it is a huge page. */
void ash_hugify_break(struct ash_hugeblock *block);

/* Blocks made huge pages so far. */
uint64_t ash_hugify_count(void);

#endif
