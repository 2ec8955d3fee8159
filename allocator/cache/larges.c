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

static uint64_t gone(const struct ash_large_count of[], unsigned sizes)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < sizes; i++)
		n += ash_load_acquire(&of[i].ndalloc);
	return n;
}

static uint64_t come(const struct ash_large_count of[], unsigned sizes)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < sizes; i++)
		n += ash_load_relaxed(&of[i].nmalloc);
	return n;
}

static void sum_gone(struct ash_thread *t, void *sum)
{
	((struct ash_large_count *)sum)->ndalloc += gone(t->larges, ASH_LARGE_FREQUENT);
}

static void sum_come(struct ash_thread *t, void *sum)
{
	((struct ash_large_count *)sum)->nmalloc += come(t->larges, ASH_LARGE_FREQUENT);
}

/* In the same order, and without a table by size: it is for small stacks. */
struct ash_large_count ash_larges_sum(void)
{
	struct ash_large_count sum = {.ndalloc = gone(ash_larges_common, ASH_LARGE_SIZES)};

	ash_thread_each_record(sum_gone, &sum);
	sum.nmalloc = come(ash_larges_common, ASH_LARGE_SIZES);
	ash_thread_each_record(sum_come, &sum);
	return sum;
}
