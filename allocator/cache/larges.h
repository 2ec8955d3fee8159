/* How many large objects came and went, ever, by size (meta/large_size.h).
 *
 * Counted where the program gets one and gives it back, whatever kept it in between.  One that
 * changes its size in its place goes and comes, so that of each size nmalloc - ndalloc are
 * there. */
#ifndef ASH_CACHE_LARGES_H
#define ASH_CACHE_LARGES_H

#include <stdbool.h>
#include <stdint.h>
#include "meta/large_size.h"
#include "util/atomic.h"

/* Threads of different shards seldom share a line. */
#define ASH_LARGES_STRIPES 16u
struct ash_larges {
	struct ash_large_count of[ASH_LARGE_SIZES] ASH_CACHE_ALIGNED; /* atomic */
};
extern struct ash_larges ash_larges[ASH_LARGES_STRIPES] ASH_HIDDEN;

ASH_INLINE void ash_larges_count(unsigned shard, bool taken, size_t usable)
{
	struct ash_large_count *n =
		&ash_larges[shard % ASH_LARGES_STRIPES].of[ash_large_size_above(usable)];

	ash_add_relaxed(taken ? &n->nmalloc : &n->ndalloc, 1);
}

/* Sums: by size, nmalloc >= ndalloc; and over all sizes. */
void ash_larges_read(struct ash_large_count of[ASH_LARGE_SIZES]);
struct ash_large_count ash_larges_sum(void);

#endif
