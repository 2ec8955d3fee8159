#include "test/unit.h"

#include <stdlib.h>
#include <string.h>

#include "api/front.h"

/* The sanitizers' own realloc is not in the way: these are the functions behind the names. */

static uint64_t grow(size_t from, size_t to, size_t step)
{
	uint64_t before = ash_realloc_copied;
	char *p = ash_realloc(NULL, from);

	assert_non_null(p);
	for (size_t size = from; size <= to; size += step) {
		p = ash_realloc(p, size);
		assert_non_null(p);
		p[0] = 1;
	}
	assert_int_equal(p[0], 1);
	ash_front_free(p);
	return ash_realloc_copied - before;
}

/* One buffer in small steps to 1 GiB: what is copied on the way is a few MiB. */
static void steps_of_a_page(void **state)
{
	(void)state;
#ifdef __SANITIZE_THREAD__
	assert_true(grow(1, (size_t)8 << 20, 4096) <= (size_t)1 << 30); /* its mremap copies */
#else
	assert_true(grow(1, (size_t)1 << 30, 4096) <= (size_t)4 << 20);
#endif
}

/* The same in a heap full of holes that are too small. */
static void steps_in_an_aged_heap(void **state)
{
	enum { N = 2000 };
	static void *p[N];

	(void)state;
	for (unsigned i = 0; i < N; i++)
		p[i] = ash_front_malloc(33000 + i * 37 % 60000);
	for (unsigned i = 0; i < N; i += 2)
		ash_front_free(p[i]);
	assert_true(grow(1, (size_t)1 << 20, 4096) <= (size_t)3 << 20);
	assert_true(grow(1, (size_t)1 << 20, 4096) <= (size_t)3 << 20);
	for (unsigned i = 1; i < N; i += 2)
		ash_front_free(p[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_of_a_page),
		cmocka_unit_test(steps_in_an_aged_heap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
