/* How many large objects came and went, ever, by size (meta/large_size.h).
 *
 * Counted where the program gets one and gives it back, whatever kept it in between.  One that
 * changes its size in its place goes and comes, so that of each size nmalloc - ndalloc are
 * there.
 *
 * Each thread counts in its record, which outlives it and goes on with its next thread: no
 * instruction that others wait for.  Sizes that are rare, and who has no record, count in
 * common. */
#ifndef ASH_CACHE_LARGES_H
#define ASH_CACHE_LARGES_H

#include <stdbool.h>
#include <stddef.h>
#include "cache/thread.h"
#include "meta/large_size.h"
#include "util/assert.h"
#include "util/atomic.h"
#include "util/compiler.h"

/* The first so many sizes stand in the records. */
extern struct ash_large_count ash_larges_common[ASH_LARGE_SIZES] ASH_HIDDEN; /* atomic */

/* By the owner of the record.  Who sees that one went is to see that it came. */
ASH_INLINE void ash_larges_count_own(struct ash_thread *t, bool taken, unsigned size)
{
	ash_owned_count64(taken ? &t->larges[size].nmalloc : &t->larges[size].ndalloc, 1);
}

/* The same of a run, of so many usable bytes. */
ASH_INLINE void ash_larges_count_run(struct ash_thread *t, bool taken, size_t usable)
{
	ash_assert(usable > 0 && usable <= ASH_LARGE_BY_8K_MAX);
	ash_larges_count_own(t, taken, ash_large_size_by_8k[(usable - 1) / ASH_LARGE_BY_8K]);
}

/* The thread took a large object of so many usable bytes, or gave one back. */
ASH_INLINE void ash_larges_count(bool taken, size_t usable)
{
	struct ash_thread *t = ash_tls.thread;
	unsigned size = ash_large_size_above(usable);

	if (ASH_LIKELY(t != NULL && size < ASH_LARGE_FREQUENT))
		ash_larges_count_own(t, taken, size);
	else
		ash_add_acq_rel(taken ? &ash_larges_common[size].nmalloc
				      : &ash_larges_common[size].ndalloc,
				1);
}

/* Sums: by size, nmalloc >= ndalloc; and over all sizes.  Under the THREADS lock. */
void ash_larges_read(struct ash_large_count of[ASH_LARGE_SIZES]);
struct ash_large_count ash_larges_sum(void);

#endif
