#include "test/support/unit.h"

#include <string.h>

#include "page/account.h"
#include "page/heap.h"
#include "page/mapping.h"
#include "page/mapping_clear.h"
#include "page/mapping_turns.h"
#include "test/support/give_mapping.h"
#include "test/support/layers.h"
#include "test/support/resident.h"
#include "util/bits.h"

#define MIB ((size_t)1 << 20)

/* What went for want of room and is asked for again within a span may wait from then on, until
 * nothing had its turn for a span; never more than the most. */
static void buffers_take_turns(void **state)
{
	struct ash_turns turns = {.most = 100};

	(void)state;
	ash_turns_gone(&turns, 70, 1000, 10);
	assert_int_equal(ash_turns_bytes(&turns, 1000, 10), 0);
	ash_turns_missed(&turns, 40, 1010, 10);
	assert_int_equal(ash_turns_bytes(&turns, 1010, 10), 40);
	ash_turns_missed(&turns, 40, 1010, 10);
	assert_int_equal(ash_turns_bytes(&turns, 1010, 10), 70);
	ash_turns_served(&turns, 1020);
	assert_int_equal(ash_turns_bytes(&turns, 1030, 10), 70);
	assert_int_equal(ash_turns_bytes(&turns, 1031, 10), 0);
	/* Too late: it begins anew. */
	ash_turns_gone(&turns, 70, 2000, 10);
	ash_turns_missed(&turns, 70, 2011, 10);
	assert_int_equal(ash_turns_bytes(&turns, 2011, 10), 0);
	ash_turns_gone(&turns, 1000, 3000, 10);
	ash_turns_missed(&turns, 1000, 3000, 10);
	assert_int_equal(ash_turns_bytes(&turns, 3000, 10), 100);
}

/* A program of one thread, any call of which may be its last. */
static void begin_alone(void)
{
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	ash_heap.mappings.turns = (struct ash_turns){.most = 64 * MIB, .at_once = true};
}

static void end_alone(void)
{
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	assert_int_equal(ash_account_cached(&ash_heap), 0);
	ash_heap.mappings.turns = (struct ash_turns){0};
}

/* A program of one thread may fall silent after each free: what is freed for the first time
 * goes, what comes back in each frame stays. */
static void a_buffer_in_each_frame(void **state)
{
	void *p = NULL;

	(void)state;
	begin_alone();
	for (unsigned frame = 0; frame < 4; frame++) {
		void *before = p;

		p = ash_mapping_alloc(&ash_heap, 50 * MIB, 16, false);
		assert_non_null(p);
		if (frame > 1)
			assert_ptr_equal(p, before);
		give_mapping(p);
		assert_int_equal(ash_account_cached(&ash_heap), frame > 0 ? 50 * MIB : 0);
	}
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	/* More than the most is never kept. */
	for (unsigned frame = 0; frame < 4; frame++) {
		p = ash_mapping_alloc(&ash_heap, 80 * MIB, 16, false);
		give_mapping(p);
		assert_int_equal(ash_account_cached(&ash_heap), 0);
	}
	end_alone();
}

static char *take_zeroed(size_t bytes)
{
	char *p = ash_mapping_alloc(&ash_heap, bytes, 16, true);

	assert_non_null(p);
	return p;
}

static void check_zero(const char *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (p[i] != 0)
			fail_msg("byte %zu is not zero", i);
}

/* Frames with a zeroed buffer, which does not lose its memory from the third on. */
static void zeroed_frames(unsigned frames, size_t bytes)
{
	for (unsigned frame = 0; frame < frames; frame++) {
		char *p = take_zeroed(bytes);

		assert_int_equal(resident(p, bytes), frame > 1 ? bytes / ash_os_page : 0);
		check_zero(p, bytes);
		memset(p, 7, bytes);
		give_mapping(p);
	}
}

/* A zeroed buffer in each frame does not lose its memory, from its second turn in the cache on
 * at the latest. */
static void a_zeroed_buffer_in_each_frame(void **state)
{
	size_t bytes = 20 * MIB + 3 * ash_os_page;

	(void)state;
	begin_alone();
	zeroed_frames(5, bytes);
	end_alone();
	/* Where there was room from the start nothing was missed: the first one goes. */
	zeroed_frames(4, bytes);
	clock_advance_ms(1001); /* and after a span, too */
	assert_int_equal(resident(take_zeroed(bytes), bytes), 0);
	clock_advance_ms(1001);
}

/* Only what was written is: a buffer of which little is used does not become resident, however
 * often it is asked for. */
static void sparse_buffers_stay_sparse(void **state)
{
	enum { MIBS = 20 };
	const size_t bytes = MIBS * MIB;

	(void)state;
	begin_alone();
	for (unsigned frame = 0; frame < 6; frame++) {
		char *p = take_zeroed(bytes);

		assert_int_equal(resident(p, bytes), 0);
		for (size_t at = 0; at < bytes; at += MIB / 2)
			p[at] = 1;
		give_mapping(p);
	}
	/* Was it dense once, it is what it was for one turn. */
	for (unsigned frame = 0; frame < 3; frame++) {
		char *p = take_zeroed(bytes);

		assert_int_equal(resident(p, bytes), frame == 1 ? bytes / ash_os_page : 0);
		check_zero(p, bytes);
		if (frame == 0)
			memset(p, 7, bytes);
		else
			p[bytes / 2] = 1;
		give_mapping(p);
	}
	end_alone();
}

static char *looked_at;
static unsigned looks; /* at pages that held nothing, before the first went */

static bool count_looks(enum ash_os_call call)
{
	if (call == ASH_OS_MADVISE && looks == 0)
		looks = resident(looked_at, 100 * MIB);
	return false;
}

/* That a long buffer is sparse is found by few looks, each of which is a fault. */
static void few_looks_at_what_is_sparse(void **state)
{
	size_t purged = 0;

	(void)state;
	looked_at = ash_os_map(100 * MIB, 0);
	assert_non_null(looked_at);
	ash_store_relaxed(&ash_os_fault_hook, count_looks);
	assert_true(ash_mapping_clear((uintptr_t)looked_at, 100 * MIB, &purged));
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	assert_in_range(looks, 1, 20);
	assert_int_equal(purged, 100 * MIB);
	ash_os_unmap(looked_at, 100 * MIB);
}

/* Part by part. */
static void parts_that_were_written_stay(void **state)
{
	/* A bit for each MiB, from the lowest on. */
	static const unsigned patterns[] = {0x0,  0x1,  0x7,  0xff, 0xfe,
					    0x55, 0xaa, 0xc3, 0x9d, 0xf0};
	const size_t bytes = 8 * MIB;
	char *p = ash_os_map(bytes, 0);
	size_t purged;

	(void)state;
	assert_non_null(p);
	for (unsigned n = 0; n < sizeof(patterns) / sizeof(patterns[0]); n++) {
		size_t written = 0;

		for (unsigned i = 0; i < 8; i++) {
			if ((patterns[n] >> i & 1) != 0)
				memset(p + i * MIB, 7, MIB);
			else
				memset(p + i * MIB + 100 * ash_os_page, 7, 20 * ash_os_page);
			written += (patterns[n] >> i & 1) * MIB;
		}
		purged = 0;
		assert_true(ash_mapping_clear((uintptr_t)p, bytes, &purged));
		assert_int_equal(resident(p, bytes), written / ash_os_page);
		assert_int_equal(purged, bytes - written);
		check_zero(p, bytes);
		assert_true(ash_os_purge(p, bytes));
	}
	/* A range of a page is a part, too. */
	memset(p, 7, ash_os_page);
	purged = 0;
	assert_true(ash_mapping_clear((uintptr_t)p, ash_os_page, &purged));
	assert_int_equal(resident(p, ash_os_page), 1);
	assert_int_equal(purged, 0);
	check_zero(p, ash_os_page);
	ash_os_unmap(p, bytes);
}

/* What served is longer, or grown: zero as far as was asked, and the end waits as any. */
static void zeroed_buffers_of_changing_length(void **state)
{
	static const size_t length[] = {20, 12, 20, 5, 9, 30, 20};

	(void)state;
	begin_alone();
	for (unsigned frame = 0; frame < 30; frame++) {
		size_t bytes = length[frame % 7] * MIB;
		char *p = take_zeroed(bytes);
		struct ash_far entry;

		check_zero(p, bytes);
		assert_true(ash_far_find(p, &entry));
		assert_in_range(entry.mapped, bytes, 2 * bytes);
		memset(p, 7, entry.mapped);
		give_mapping(p);
	}
	end_alone();
}

static bool refuse_purge(enum ash_os_call call)
{
	return call == ASH_OS_MADVISE;
}

/* Memory that the kernel does not take (mlock) is no obstacle. */
static void a_refused_purge_of_a_part(void **state)
{
	char *p;

	(void)state;
	begin_alone();
	for (unsigned frame = 0; frame < 2; frame++) {
		p = take_zeroed(20 * MIB);
		memset(p, 7, 10 * MIB + 1);
		give_mapping(p);
	}
	ash_store_relaxed(&ash_os_fault_hook, refuse_purge);
	p = take_zeroed(20 * MIB);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	check_zero(p, 20 * MIB);
	give_mapping(p);
	end_alone();
}

static unsigned remaps; /* by which a mapping grows */

static bool count_remaps(enum ash_os_call call)
{
	remaps += call == ASH_OS_MREMAP;
	return false;
}

/* What grows into its length each frame takes turns as what is asked for at once: from the
 * third frame on it grows into what lies behind it. */
static void a_growing_buffer_in_each_frame(void **state)
{
	const size_t most = 50 * MIB;
	struct ash_far entry;

	(void)state;
	begin_alone();
	ash_store_relaxed(&ash_os_fault_hook, count_remaps);
	for (unsigned frame = 0; frame < 4; frame++) {
		size_t bytes = 2 * MIB;
		char *p = ash_mapping_alloc(&ash_heap, bytes, 16, false);

		assert_non_null(p);
		remaps = 0;
		while (bytes < most) {
			memset(p, 7, bytes);
			bytes += bytes / 4;
			bytes = bytes < most ? ash_align_up(bytes, ash_os_page) : most;
			assert_true(ash_far_detach(p, &entry));
			p = ash_mapping_resize(&ash_heap, &entry, bytes);
			assert_non_null(p);
			assert_int_equal(p[0], 7);
		}
		if (frame > 1) {
			assert_int_equal(remaps, 0);
			assert_int_equal(resident(p, most), most / ash_os_page);
		} else {
			assert_in_range(remaps, 10, 20);
		}
		memset(p, 7, most);
		give_mapping(p);
		assert_int_equal(ash_account_cached(&ash_heap), frame > 0 ? most : 0);
	}
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	end_alone();
}

/* Growing into a neighbour is a turn. */
static void growing_keeps_turns(void **state)
{
	const size_t bytes = 40 * MIB;
	struct ash_far entry;
	char *p;

	(void)state;
	begin_alone();
	for (unsigned frame = 0; frame < 3; frame++) {
		p = ash_mapping_alloc(&ash_heap, frame < 2 ? bytes : 2 * MIB, 16, false);
		if (frame < 2)
			give_mapping(p);
	}
	for (unsigned step = 0; step < 4; step++) {
		clock_advance_ms(700);
		assert_true(ash_far_detach(p, &entry));
		p = ash_mapping_resize(&ash_heap, &entry, (8 + 2 * step) * MIB);
		assert_int_equal(ash_account_cached(&ash_heap), bytes - (8 + 2 * step) * MIB);
	}
	give_mapping(p);
	assert_int_equal(ash_account_cached(&ash_heap), bytes);
	end_alone();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffers_take_turns),
		cmocka_unit_test(a_buffer_in_each_frame),
		cmocka_unit_test(a_zeroed_buffer_in_each_frame),
		cmocka_unit_test(sparse_buffers_stay_sparse),
		cmocka_unit_test(few_looks_at_what_is_sparse),
		cmocka_unit_test(parts_that_were_written_stay),
		cmocka_unit_test(zeroed_buffers_of_changing_length),
		cmocka_unit_test(a_refused_purge_of_a_part),
		cmocka_unit_test(a_growing_buffer_in_each_frame),
		cmocka_unit_test(growing_keeps_turns),
	};

	return cmocka_run_group_tests(tests, layers_up, NULL);
}
