#include "cache/larges.h"

struct ash_large_count ash_larges_common[ASH_LARGE_SIZES];

/* What went is read first: what came while we looked is told of, and what goes after it is not.
 */
static void add_gone(struct ash_thread *t, void *of)
{
	struct ash_large_count *sum = of;

	for (unsigned i = 0; i < ASH_LARGE_FREQUENT; i++)
		sum[i].ndalloc += ash_load_acquire(&t->larges[i].ndalloc);
}

static void add_come(struct ash_thread *t, void *of)
{
	struct ash_large_count *sum = of;

	for (unsigned i = 0; i < ASH_LARGE_FREQUENT; i++)
		sum[i].nmalloc += ash_load_relaxed(&t->larges[i].nmalloc);
}

void ash_larges_read(struct ash_large_count of[ASH_LARGE_SIZES])
{
	for (unsigned i = 0; i < ASH_LARGE_SIZES; i++)
		of[i].ndalloc = ash_load_acquire(&ash_larges_common[i].ndalloc);
	ash_thread_each_record(add_gone, of);
	for (unsigned i = 0; i < ASH_LARGE_SIZES; i++)
		of[i].nmalloc = ash_load_relaxed(&ash_larges_common[i].nmalloc);
	ash_thread_each_record(add_come, of);
}

struct ash_large_count ash_larges_sum(void)
{
	struct ash_large_count of[ASH_LARGE_SIZES], sum = {0, 0};

	ash_larges_read(of);
	for (unsigned i = 0; i < ASH_LARGE_SIZES; i++) {
		sum.nmalloc += of[i].nmalloc;
		sum.ndalloc += of[i].ndalloc;
	}
	return sum;
}
