/* The early heap, and boot that is re-entered at each of its calls to the kernel. */
#include "test/support/unit.h"

#include <pthread.h>
#include <string.h>

#include <ashlar/ashlar.h>

#include "front/boot.h"
#include "front/object.h"
#include "meta/early.h"
#include "meta/size_class.h"
#include "os/fault.h"
#include "os/os.h"
#include "util/compiler.h"

#define KEPT 40

/* --- while the process starts ----------------------------------------------------------- */

static struct {
	unsigned char *block;
	size_t size;
} kept[KEPT];
static unsigned kept_count, calls, wrong;

static void expect(bool right)
{
	wrong += !right;
}

static bool all_bytes(const unsigned char *p, size_t size, int byte)
{
	for (size_t i = 0; i < size; i++)
		if (p[i] != byte)
			return false;
	return true;
}

/* Every form once, and one block that stays. */
static void allocate(unsigned n)
{
	size_t size = 1 + n * 37 % 200;
	unsigned char *p = ASH_API(malloc)(size), *grown;
	unsigned char *zeroed = ASH_API(calloc)(n + 1, 24);
	void *aligned = ASH_API(aligned_alloc)(256, 700), *also = NULL;
	unsigned char *large = ASH_API(malloc)(90000 + n);

	expect(p != NULL && zeroed != NULL && aligned != NULL && large != NULL);
	expect(ASH_API(posix_memalign)(&also, 64, 10) == 0 && (uintptr_t)also % 64 == 0);
	expect((uintptr_t)aligned % 256 == 0 && all_bytes(zeroed, (n + 1) * 24, 0));
	memset(zeroed, 0xff, (n + 1) * 24);
	memset(large, 1, 90000 + n);
	memset(p, (int)n, size);
	expect(ASH_API(malloc_usable_size)(p) >= size);
	grown = ASH_API(realloc)(p, 5 * size);
	expect(grown != NULL && all_bytes(grown, size, (int)n));
	memset(grown, (int)n, 5 * size);
	if (kept_count < KEPT) {
		kept[kept_count].block = grown;
		kept[kept_count++].size = 5 * size;
	} else {
		ASH_API(free)(grown);
	}
	ASH_API(free)(zeroed);
	ASH_API(free)(large);
	ASH_API(free)(also);
	ASH_API(free)(aligned);
	ASH_API(free)(NULL);
}

static bool reenter(enum ash_os_call call)
{
	static bool inside; /* the early heap asks for memory, too */

	(void)call;
	if (ash_boot_is_mine() && !inside) {
		inside = true;
		allocate(calls++ % 200);
		inside = false;
	}
	return false;
}

/* Before the library's own constructor: of equal priority it comes later in the link. */
__attribute__((constructor(101))) static void hook_boot(void)
{
	ash_store_relaxed(&ash_os_fault_hook, reenter);
}

static void boot_is_reentered(void **state)
{
	struct ash_object object;

	(void)state;
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	assert_true(calls > 10);
	assert_int_equal(wrong, 0);
	assert_true(kept_count > 10);
	for (unsigned i = 0; i < kept_count; i++) {
		unsigned char *p = kept[i].block;
		size_t size = kept[i].size, usable = ASH_API(malloc_usable_size)(p);

		assert_int_equal(ash_object_of(p).kind, ASH_OBJECT_EARLY);
		assert_true(usable >= size);
		assert_true(all_bytes(p, size, (int)i));
		memset(p, (int)i, usable);
		p = ASH_API(realloc)(p, i % 3 == 0 ? usable + 1 : size / 2 + 1);
		assert_non_null(p);
		assert_true(all_bytes(p, size / 2 + 1, (int)i));
		if (i % 3 == 0)
			assert_int_not_equal(ash_object_of(p).kind, ASH_OBJECT_EARLY);
		if (i % 2 == 0)
			ASH_API(free)(p);
		else
			ASH_API(free_sized)(p, i % 3 == 0 ? usable + 1 : size / 2 + 1);
	}
#ifdef ASH_SAFETY_CHECKS
	object = ash_object_of(kept[0].block);
	assert_int_equal(object.kind, ASH_OBJECT_FREED);
#endif
	object = ash_object_of(kept[1].block + 16);
	assert_int_equal(object.kind, ASH_OBJECT_NONE);
}

/* --- the heap alone --------------------------------------------------------------------- */

static void blocks_are_apart_and_aligned(void **state)
{
	unsigned char *block[60];
	size_t usable;

	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		size_t align = (size_t)1 << i % 14, size = i * i * 7;

		block[i] = ash_early_alloc(size, align);
		assert_non_null(block[i]);
		assert_int_equal((uintptr_t)block[i] % (align > 16 ? align : 16), 0);
		assert_int_equal(ash_early_look(block[i], &usable), ASH_EARLY_OUT);
		assert_true(usable >= size);
		memset(block[i], (int)i, usable);
	}
	for (unsigned i = 0; i < 60; i++) {
		assert_int_equal(ash_early_look(block[i], &usable), ASH_EARLY_OUT);
		assert_true(all_bytes(block[i], usable, (int)i));
		assert_true(ash_early_free(block[i], i % 2 == 0));
	}
}

static void larger_ones_are_mapped(void **state)
{
	size_t usable, size = (size_t)3 << 20;
	unsigned char *p = ash_early_alloc(size, 16), *q;

	(void)state;
	assert_non_null(p);
	memset(p, 5, size);
	assert_int_equal(ash_early_look(p, &usable), ASH_EARLY_OUT);
	assert_true(ash_early_free(p, true));
	q = ash_early_alloc(size, 16); /* in its place */
	assert_ptr_equal(p, q);
	assert_true(ash_early_free(q, true));
	assert_null(ash_early_alloc(PTRDIFF_MAX, 16));
	assert_null(ash_early_alloc(16, (size_t)1 << 62));
	ash_store_relaxed(&ash_os_fault_hook, NULL);
}

static void a_block_is_freed_once(void **state)
{
	void *p = ash_early_alloc(100, 16);
	size_t usable;

	(void)state;
	assert_true(ash_early_free(p, false));
	assert_int_equal(ash_early_look(p, &usable), ASH_EARLY_FREED);
	assert_false(ash_early_free(p, false));
	assert_int_equal(ash_early_look((char *)p + 16, &usable), ASH_EARLY_NONE);
	assert_int_equal(ash_early_look((char *)p + 1, &usable), ASH_EARLY_NONE);
	assert_int_equal(ash_early_look((char *)p - 16, &usable), ASH_EARLY_NONE);
	assert_int_equal(ash_early_look(&usable, &usable), ASH_EARLY_NONE);
	assert_false(ash_early_free(&usable, false));
}

static void *sized_frees(void *unused)
{
	void *block[100];

	for (unsigned i = 0; i < 100; i++)
		block[i] = ash_early_alloc(48, 16);
	for (unsigned i = 0; i < 30; i++) /* then there is a magazine */
		ASH_API(free)(ASH_API(malloc)(48));
	for (unsigned i = 0; i < 100; i++)
		ASH_API(free_sized)(block[i], 48);
	for (unsigned i = 0; i < 30; i++) {
		void *p = ASH_API(malloc)(48), *q = ASH_API(malloc)(48);

		expect(p != NULL && q != NULL && p != q);
		memset(p, 1, 48);
		memset(q, 2, 48);
		ASH_API(free)(p);
		ASH_API(free_sized)(q, 48);
	}
	return unused;
}

/* Without safety checks a sized free takes the block for a small object of its size: it goes
 * through magazines, and must not reach the slabs, at the latest when the thread ends. */
static void sized_frees_of_early_blocks(void **state)
{
	pthread_t thread;

	(void)state;
	wrong = 0;
	assert_int_equal(pthread_create(&thread, NULL, sized_frees, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boot_is_reentered),
		cmocka_unit_test(sized_frees_of_early_blocks),
		cmocka_unit_test(blocks_are_apart_and_aligned),
		cmocka_unit_test(larger_ones_are_mapped),
		cmocka_unit_test(a_block_is_freed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
