#include "test/support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "front/front.h"

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

/* The same to 1 MiB while others allocate: for each granule that it grows by, one more run that
 * could lie right behind it.  Without room 6.7 MiB are copied. */
static void steps_with_neighbours(void **state)
{
	enum { STEPS = 255 };
	uint64_t before = ash_realloc_copied;
	char *p = ash_realloc(NULL, 4096);
	void *other[STEPS / 4 + 1];

	(void)state;
	for (unsigned i = 0; i <= STEPS / 4; i++) {
		for (unsigned k = i * 4; k < i * 4 + 4; k++) {
			p = ash_realloc(p, (k + 1) * 4096u);
			assert_non_null(p);
		}
		other[i] = ash_front_malloc(132000);
	}
	for (unsigned i = 0; i <= STEPS / 4; i++)
		ash_front_free(other[i]);
	ash_front_free(p);
	assert_true(ash_realloc_copied - before <= (size_t)5 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_of_a_page),
		cmocka_unit_test(steps_with_neighbours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
