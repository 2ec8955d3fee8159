#include "test/support/unit.h"

#include "meta/far_table.h"
#include "os/os.h"
#include "util/prng.h"

#define ENTRIES 4000

static struct ash_far made(unsigned i)
{
	/* Distances that collide in the low bits. */
	uintptr_t at = ((uintptr_t)i + 1) << 21;

	return (struct ash_far){.address = at,
				.usable = i % ash_os_page + 1,
				.mapping = at - ash_os_page,
				.mapped = 2 * ash_os_page};
}

/* Inserts and removes at random against an array that says what must be there. */
static void random_operations(void **state)
{
	static unsigned char there[ENTRIES];
	struct ash_prng prng = ash_prng_seeded(7);
	size_t count = 0, n, bytes;
	struct ash_far e;

	(void)state;
	for (unsigned round = 0; round < 60000; round++) {
		unsigned i = (unsigned)ash_prng_below(&prng, ENTRIES);
		struct ash_far want = made(i);

		if (there[i]) {
			assert_true(ash_far_find((void *)want.address, &e));
			assert_int_equal(e.usable, want.usable);
			assert_true(ash_far_remove((void *)want.address, &e));
			assert_int_equal(e.mapping, want.mapping);
			there[i] = 0;
			count--;
		} else {
			assert_false(ash_far_find((void *)want.address, &e));
			assert_false(ash_far_remove((void *)want.address, &e));
			assert_true(ash_far_insert(&want));
			there[i] = 1;
			count++;
		}
	}
	for (unsigned i = 0; i < ENTRIES; i++)
		assert_int_equal(ash_far_find((void *)made(i).address, &e), there[i]);
	ash_far_totals(&n, &bytes);
	assert_int_equal(n, count);
	assert_int_equal(bytes, count * 2 * ash_os_page);
	for (unsigned i = 0; i < ENTRIES; i++)
		if (there[i])
			assert_true(ash_far_remove((void *)made(i).address, &e));
	ash_far_totals(&n, &bytes);
	assert_int_equal(n, 0);
	assert_int_equal(bytes, 0);
}

static void detached_entries_keep_their_place(void **state)
{
	struct ash_far a = made(1), e;
	size_t n, bytes;

	(void)state;
	assert_true(ash_far_insert(&a));
	assert_true(ash_far_detach((void *)a.address, &e));
	assert_false(ash_far_find((void *)a.address, &e));
	a.address = a.mapping = made(2).address;
	a.mapped = ash_os_page;
	ash_far_attach(&a, e.mapped);
	assert_true(ash_far_covering((char *)a.address + ash_os_page - 1, &e));
	assert_false(ash_far_covering((char *)a.address + ash_os_page, &e));
	ash_far_totals(&n, &bytes);
	assert_int_equal(n, 1);
	assert_int_equal(bytes, ash_os_page);
	assert_true(ash_far_remove((void *)a.address, &e));
}

/* The table cannot grow, then it can. */
static bool refuse_mmap(enum ash_os_call call)
{
	return call == ASH_OS_MMAP;
}

static void no_memory_for_the_table(void **state)
{
	unsigned inserted = 0;
	struct ash_far e;

	(void)state;
	ash_store_relaxed(&ash_os_fault_hook, refuse_mmap);
	for (unsigned i = 0; i < 2 * ENTRIES; i++) {
		e = made(i);
		if (!ash_far_insert(&e))
			break;
		inserted++;
	}
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	assert_true(inserted > 0 && inserted < 2 * ENTRIES);
	e = made(inserted);
	assert_true(ash_far_insert(&e));
	for (unsigned i = 0; i <= inserted; i++)
		assert_true(ash_far_remove((void *)made(i).address, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations),
		cmocka_unit_test(detached_entries_keep_their_place),
		cmocka_unit_test(no_memory_for_the_table),
	};

	ash_os_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
