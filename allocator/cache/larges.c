#include "cache/larges.h"

struct ash_larges ash_larges[ASH_LARGES_STRIPES];

/* What went is read first: what came while we looked is told of, and what goes after it is not.
 */
static struct ash_large_count of_size(unsigned i)
{
	struct ash_large_count sum = {0, 0};

	for (unsigned s = 0; s < ASH_LARGES_STRIPES; s++)
		sum.ndalloc += ash_load_acquire(&ash_larges[s].of[i].ndalloc);
	for (unsigned s = 0; s < ASH_LARGES_STRIPES; s++)
		sum.nmalloc += ash_load_relaxed(&ash_larges[s].of[i].nmalloc);
	return sum;
}

void ash_larges_read(struct ash_large_count of[ASH_LARGE_SIZES])
{
	for (unsigned i = 0; i < ASH_LARGE_SIZES; i++)
		of[i] = of_size(i);
}

struct ash_large_count ash_larges_sum(void)
{
	struct ash_large_count sum = {0, 0};

	for (unsigned i = 0; i < ASH_LARGE_SIZES; i++) {
		struct ash_large_count n = of_size(i);

		sum.nmalloc += n.nmalloc;
		sum.ndalloc += n.ndalloc;
	}
	return sum;
}
