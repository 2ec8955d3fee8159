#include "test/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "os/mutex.h"
#include "page/account.h"
#include "page/heap.h"
#include "page/mapping.h"
#include "page/mapping_retained.h"
#include "test/support/give_mapping.h"
#include "test/support/layers.h"
#include "test/support/race.h"
#include "test/support/resident.h"

static void mappings_are_reused_then_unmapped(void **state)
{
	struct ash_far entry;
	size_t count, bytes;
	char *p = ash_mapping_alloc(&ash_heap, (size_t)5 << 20, 16, false), *q;

	(void)state;
	memset(p, 7, (size_t)5 << 20);
	give_mapping(p);
	assert_int_equal(ash_account_cached(&ash_heap), (size_t)5 << 20);
	/* Zeroed memory is zero although the mapping was used. */
	q = ash_mapping_alloc(&ash_heap, (size_t)4 << 20, 16, true);
	assert_ptr_equal(p, q);
	for (size_t i = 0; i < (size_t)4 << 20; i++)
		if (q[i] != 0)
			fail_msg("byte %zu of a zeroed mapping", i);
	assert_true(ash_far_remove(q, &entry));
	assert_int_equal(entry.usable, (size_t)4 << 20);
	ash_mapping_free(&ash_heap, &entry);
	/* A larger one grows it. */
	q = ash_mapping_alloc(&ash_heap, (size_t)9 << 20, 16, false);
	assert_non_null(q);
	assert_int_equal(ash_account_cached(&ash_heap), 0);
	q[((size_t)9 << 20) - 1] = 1;
	give_mapping(q);
	assert_true(ash_mapping_trim(&ash_heap, ash_os_coarse_clock_ns(),
				     UINT64_MAX)); /* too young */
	assert_true(ash_mapping_trim(&ash_heap, ash_os_coarse_clock_ns() - 50000000u,
				     UINT64_MAX)); /* even younger than the round */
	assert_false(ash_mapping_trim(&ash_heap, ash_os_coarse_clock_ns() + 2000000000u,
				      UINT64_MAX));
	assert_int_equal(ash_account_cached(&ash_heap), 0);
	ash_far_totals(&count, &bytes);
	assert_int_equal(count, 0);
}

static bool refuse_new_mappings(enum ash_os_call call)
{
	return call == ASH_OS_MMAP || call == ASH_OS_MUNMAP;
}

/* At the limit of mappings nothing is mapped, nor unmapped from the middle of a mapping: what
 * is freed then serves again, also where it is the first time.  (So this test is.) */
static void retained_at_the_limit(void **state)
{
	const size_t bytes = (size_t)2 << 20;
	void *p[50];

	(void)state;
	for (unsigned i = 0; i < 50; i++)
		p[i] = ash_mapping_alloc(&ash_heap, bytes, 16, false);
	assert_true(ash_os_purge(p[0], ash_os_page)); /* (At first that is tried on a page.) */
	ash_store_relaxed(&ash_os_fault_hook, refuse_new_mappings);
	for (unsigned i = 0; i < 50; i++)
		give_mapping(p[i]);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	assert_int_equal(ash_mapping_retained_bytes(&ash_heap), 50 * bytes);
	for (unsigned i = 0; i < 50; i++) {
		p[i] = ash_mapping_alloc(&ash_heap, bytes, 16, false);
		assert_non_null(p[i]);
	}
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	for (unsigned i = 0; i < 50; i++)
		give_mapping(p[i]);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	assert_int_equal(ash_account_cached(&ash_heap), 0);
	assert_int_equal(ash_mapping_retained_bytes(&ash_heap), 0);
}

/* What is aligned beyond a page takes a piece that is, as it is; not one that would have to be
 * grown or cut. */
static void aligned_ones_are_reused(void **state)
{
	const size_t mib = (size_t)1 << 20;
	struct ash_far entry;
	char *p, *q;

	(void)state;
	p = ash_mapping_alloc(&ash_heap, 8 * mib, 4 * mib, false);
	assert_non_null(p);
	assert_int_equal((uintptr_t)p % (4 * mib), 0);
	memset(p, 7, 8 * mib);
	give_mapping(p);
	q = ash_mapping_alloc(&ash_heap, 6 * mib, 4 * mib, true);
	assert_ptr_equal(q, p);
	for (size_t i = 0; i < 6 * mib; i += ash_os_page)
		assert_int_equal(q[i], 0);
	assert_true(ash_far_find(q, &entry));
	assert_int_equal(entry.usable, 6 * mib);
	give_mapping(q);
	for (size_t bytes = 2 * mib; bytes <= 10 * mib; bytes += 8 * mib) {
		q = ash_mapping_alloc(&ash_heap, bytes, 4 * mib, false);
		assert_ptr_not_equal(q, p);
		assert_int_equal((uintptr_t)q % (4 * mib), 0);
		give_mapping(q);
	}
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	assert_int_equal(ash_account_cached(&ash_heap), 0);
}

/* A small mapping out of a large cached one does not keep the large one's addresses. */
static void reuse_keeps_few_addresses(void **state)
{
	size_t count, bytes;
	void *small[50];

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		void *large = ash_mapping_alloc(&ash_heap, (size_t)30 << 20, 16, false);

		give_mapping(large);
		small[i] = ash_mapping_alloc(&ash_heap, (size_t)2 << 20, 16, i % 2);
		memset(small[i], 1, (size_t)2 << 20);
	}
	ash_far_totals(&count, &bytes);
	assert_true(bytes <= (size_t)50 * 4 << 20);
	for (unsigned i = 0; i < 50; i++) {
		give_mapping(small[i]);
	}
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
}

/* Of neighbours in the cache only untouched ends become part of what lies before them: the
 * beginning of a mapping, which was written, does not come to lie in the middle of another. */
static void beginnings_stay_beginnings(void **state)
{
	size_t mib = (size_t)1 << 20;
	char *p = ash_mapping_alloc(&ash_heap, 16 * mib, 16, false), *q, *r;

	(void)state;
	give_mapping(p);
	assert_ptr_equal(ash_mapping_alloc(&ash_heap, 4 * mib, 16, false), p); /* keeps 8 */
	assert_int_equal(ash_account_cached(&ash_heap), 8 * mib);
	memset(p, 1, 4 * mib);
	give_mapping(p); /* and is one with its end again */
	assert_ptr_equal(ash_mapping_alloc(&ash_heap, 16 * mib, 16, false), p);
	give_mapping(p);
	assert_ptr_equal(ash_mapping_alloc(&ash_heap, 4 * mib, 16, false), p);
	q = ash_mapping_alloc(&ash_heap, 8 * mib, 16, false);
	assert_ptr_equal(q, p + 8 * mib);
	memset(q, 1, 4 * mib);
	give_mapping(q);
	give_mapping(p);
	r = ash_mapping_alloc(&ash_heap, 12 * mib, 16, false);
	assert_int_equal(resident(r + 8 * mib, 4 * mib), 0);
	give_mapping(r);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	assert_int_equal(ash_account_cached(&ash_heap), 0);
}

static void the_cache_of_mappings_is_bounded(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		void *p[10];

		for (unsigned k = 0; k < 10; k++)
			p[k] = ash_mapping_alloc(&ash_heap, (size_t)(1 + (i + k) % 9) << 20, 16,
						 false);
		for (unsigned k = 0; k < 10; k++) {
			give_mapping(p[k]);
		}
		assert_true(ash_account_cached(&ash_heap) <= (size_t)32 << 20);
	}
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	assert_int_equal(ash_account_cached(&ash_heap), 0);
}

/* As many pieces wait as there are slots; whoever comes then takes the place of the oldest, and
 * a long one that of as many as it takes. */
static void many_pieces_wait(void **state)
{
	enum { MORE = 50, N = ASH_CACHED_SLOTS + MORE };
	static void *p[N];
	size_t mib = (size_t)1 << 20, least = ash_heap.mappings.cache_least;
	struct ash_far entry;

	(void)state;
	ash_heap.mappings.cache_least = 2 * N * mib;
	for (unsigned i = 0; i < N; i++)
		assert_non_null(p[i] = ash_mapping_alloc(&ash_heap, mib, 16, false));
	for (unsigned i = 0; i < N; i++) {
		clock_advance_ms(1);
		give_mapping(p[i]);
		assert_int_equal(ash_account_cached(&ash_heap),
				 (i < ASH_CACHED_SLOTS ? i + 1 : ASH_CACHED_SLOTS) * mib);
	}
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(ash_os_is_mapped(p[i]), i >= MORE);
	p[0] = ash_mapping_alloc(&ash_heap, 900 * mib, 16, false);
	assert_true(ash_far_remove(p[0], &entry));
	ash_heap.mappings.cache_least = 1000 * mib;
	ash_mapping_free(&ash_heap, &entry);
	assert_true(ash_account_cached(&ash_heap) >= 900 * mib);
	assert_true(ash_account_cached(&ash_heap) <= 1000 * mib);
	assert_true(ash_os_is_mapped(p[0]) && ash_os_is_mapped(p[N - 1]));
	assert_false(ash_os_is_mapped(p[MORE + 1]));
	ash_heap.mappings.cache_least = least;
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	assert_int_equal(ash_account_cached(&ash_heap), 0);
	ash_heap.mappings.retained.gaps = 0;
}

static void resize_keeps_content(void **state)
{
	size_t size = (size_t)3 << 20;
	char *p = ash_mapping_alloc(&ash_heap, size, 16, false);
	struct ash_far entry;

	(void)state;
	memset(p, 9, size);
	for (size_t to = size + 4096; to < (size_t)12 << 20; to += (size_t)777 << 10) {
		assert_true(ash_far_detach(p, &entry));
		p = ash_mapping_resize(&ash_heap, &entry, to);
		assert_non_null(p);
		assert_true(ash_far_find(p, &entry));
		assert_true(entry.usable >= to && entry.usable < to + ash_os_page);
		assert_int_equal(p[size - 1], 9);
		p[to - 1] = 1;
	}
	assert_true(ash_far_detach(p, &entry));
	p = ash_mapping_resize(&ash_heap, &entry, (size_t)2 << 20);
	assert_true(ash_far_remove(p, &entry));
	assert_int_equal(entry.usable, (size_t)2 << 20);
	assert_int_equal(p[((size_t)2 << 20) - 1], 9);
	ash_mapping_free(&ash_heap, &entry);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
}

/* A mapping made of a longer one may grow into the rest; what memory the rest holds goes after
 * a second. */
static void unused_ends_go_back(void **state)
{
	size_t mib = (size_t)1 << 20;
	char *p = ash_mapping_alloc(&ash_heap, 5 * mib, 16, false), *q;
	struct ash_far entry;

	(void)state;
	memset(p, 3, 5 * mib);
	give_mapping(p);
	q = ash_mapping_alloc(&ash_heap, 3 * mib, 16, false);
	assert_ptr_equal(p, q);
	assert_true(ash_far_find(q, &entry));
	assert_int_equal(entry.usable, 3 * mib);
	assert_true(ash_mapping_trim(&ash_heap, ash_os_coarse_clock_ns(),
				     UINT64_MAX)); /* too young */
	assert_int_equal(resident(q + 3 * mib, 2 * mib), 2 * mib / ash_os_page);
	assert_false(ash_mapping_trim(&ash_heap, ash_os_coarse_clock_ns() + 2000000000u,
				      UINT64_MAX));
	assert_int_equal(resident(q + 3 * mib, 2 * mib), 0);
	assert_int_equal(q[3 * mib - 1], 3);
	/* Growing in place, after and before the purge. */
	assert_true(ash_far_detach(q, &entry));
	assert_ptr_equal(ash_mapping_resize(&ash_heap, &entry, 4 * mib), q);
	q[4 * mib - 1] = 5;
	assert_false(ash_mapping_trim(&ash_heap, ash_os_coarse_clock_ns() + 2000000000u,
				      UINT64_MAX));
	assert_int_equal(q[4 * mib - 1], 5);
	assert_int_equal(q[3 * mib - 1], 3);
	/* Shrunk to less than half: the far end goes to the cache, and comes back from there.
	 */
	assert_true(ash_far_detach(q, &entry));
	assert_ptr_equal(ash_mapping_resize(&ash_heap, &entry, 2 * mib), q);
	assert_true(ash_far_find(q, &entry));
	assert_true(entry.mapped <= 4 * mib && ash_account_cached(&ash_heap) >= mib);
	assert_true(ash_far_detach(q, &entry));
	assert_ptr_equal(ash_mapping_resize(&ash_heap, &entry, 5 * mib), q);
	assert_int_equal(ash_account_cached(&ash_heap), 0);
	q[5 * mib - 1] = 1;
	assert_int_equal(q[2 * mib - 1], 3);
	give_mapping(q);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	assert_int_equal(ash_account_cached(&ash_heap), 0);
}

static unsigned purges, under_far_lock;

static bool look_at_far_lock(enum ash_os_call call)
{
	purges += call == ASH_OS_MADVISE;
	if (!ash_mutex_try_lock(ash_far_mutex()))
		under_far_lock++;
	else
		ash_mutex_unlock(ash_far_mutex());
	return false;
}

/* Who looks a mapping up does not wait for the kernel to take pages. */
static void ends_go_back_without_the_far_lock(void **state)
{
	size_t mib = (size_t)1 << 20;
	char *p = ash_mapping_alloc(&ash_heap, 16 * mib, 16, false);
	struct ash_far entry;

	(void)state;
	memset(p, 3, 16 * mib);
	assert_true(ash_far_detach(p, &entry));
	assert_ptr_equal(ash_mapping_resize(&ash_heap, &entry, 9 * mib), p);
	purges = under_far_lock = 0;
	ash_store_relaxed(&ash_os_fault_hook, look_at_far_lock);
	assert_false(ash_mapping_trim(&ash_heap, ash_os_coarse_clock_ns() + 2000000000u,
				      UINT64_MAX));
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	assert_int_equal(purges, 7);
	assert_int_equal(under_far_lock, 0);
	assert_int_equal(resident(p + 9 * mib, 7 * mib), 0);
	give_mapping(p);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
}

static char *growing; /* a mapping of 16 MiB, of which 8 are in use */
static uint32_t turn; /* 0 = a piece may be purged, 1 = one is, 2 = the program wrote there */

/* Before a piece is purged the program has time to grow into it. */
static bool let_the_program_grow(enum ash_os_call call)
{
	uint32_t nobody = 0;

	if (call == ASH_OS_MADVISE && ash_cas_acquire(&turn, &nobody, 1))
		for (unsigned i = 0; i < 20 && ash_load_acquire(&turn) == 1; i++)
			ash_os_sleep(1000000);
	return false;
}

static void *grow_meanwhile(void *number)
{
	struct ash_far entry;
	size_t mib = (size_t)1 << 20;

	if (number == NULL) {
		ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
		return NULL;
	}
	while (ash_load_acquire(&turn) == 0)
		ash_os_yield();
	race_check(ash_far_detach(growing, &entry));
	race_check(ash_mapping_resize(&ash_heap, &entry, 16 * mib) == growing);
	growing[8 * mib] = 5;
	ash_store_release(&turn, 2);
	return NULL;
}

/* What the program writes into an end while that is being purged is not lost. */
static void growing_waits_for_the_purge(void **state)
{
	size_t mib = (size_t)1 << 20;
	struct ash_far entry;

	(void)state;
	growing = ash_mapping_alloc(&ash_heap, 16 * mib, 16, false);
	memset(growing, 3, 16 * mib);
	assert_true(ash_far_detach(growing, &entry));
	assert_ptr_equal(ash_mapping_resize(&ash_heap, &entry, 8 * mib), growing);
	turn = 0;
	ash_store_relaxed(&ash_os_fault_hook, let_the_program_grow);
	race(2, grow_meanwhile);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	assert_int_equal(race_wrong, 0);
	assert_int_equal(growing[8 * mib], 5);
	assert_int_equal(growing[8 * mib - 1], 3);
	give_mapping(growing);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
}

static void *trim_in_pieces(void *unused)
{
	for (unsigned i = 0; i < 10; i++)
		ash_mapping_trim(&ash_heap, UINT64_MAX, 1);
	return unused;
}

/* Who puts back an end that is not done leaves it to the next step, also where another thread
 * found nothing just before. */
static void ends_in_two_hands(void **state)
{
	size_t mib = (size_t)1 << 20;
	char *p = ash_mapping_alloc(&ash_heap, 32 * mib, 16, false);
	struct ash_far entry;

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		p[32 * mib - 1] = 1;
		assert_true(ash_far_detach(p, &entry));
		assert_ptr_equal(ash_mapping_resize(&ash_heap, &entry, 16 * mib), p);
		race(2, trim_in_pieces);
		ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
		assert_int_equal(resident(p + 32 * mib - ash_os_page, ash_os_page), 0);
		assert_true(ash_far_detach(p, &entry));
		assert_ptr_equal(ash_mapping_resize(&ash_heap, &entry, 32 * mib), p);
	}
	give_mapping(p);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
}

/* Steps that end after one piece: the next goes on, also where the mapping is gone. */
static void ends_and_mappings_in_pieces(void **state)
{
	size_t mib = (size_t)1 << 20, before;
	uint64_t later = ash_os_coarse_clock_ns() + 2000000000u;
	char *p = ash_mapping_alloc(&ash_heap, 8 * mib, 16, false), *q;
	struct ash_far entry;

	(void)state;
	memset(p, 3, 8 * mib);
	give_mapping(p);
	q = ash_mapping_alloc(&ash_heap, 4 * mib, 16, false);
	assert_ptr_equal(p, q);
	assert_true(ash_mapping_trim(&ash_heap, later, 0));
	before = resident(q + 4 * mib, 4 * mib);
	assert_true(before > 0 && before < 4 * mib / ash_os_page);
	assert_true(ash_mapping_trim(&ash_heap, later, 0));
	assert_true(resident(q + 4 * mib, 4 * mib) < before);
	assert_int_equal(q[4 * mib - 1], 3);
	assert_true(ash_far_remove(q, &entry));
	ash_mapping_trim(&ash_heap, later,
			 UINT64_MAX); /* ends, though the rest is somebody's */
	ash_mapping_free(&ash_heap, &entry);
	/* A cached mapping goes from its end on and stays one piece. */
	before = ash_account_cached(&ash_heap);
	assert_int_equal(before, 8 * mib);
	assert_true(ash_mapping_trim(&ash_heap, later + 1000000000u, 0));
	assert_true(ash_account_cached(&ash_heap) > 0 &&
		    ash_account_cached(&ash_heap) < before);
	q = ash_mapping_alloc(&ash_heap, ash_account_cached(&ash_heap), 16, false);
	assert_ptr_equal(p, q);
	give_mapping(q);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	assert_int_equal(ash_account_cached(&ash_heap), 0);
}

static bool refuse_munmap(enum ash_os_call call)
{
	errno = ENOMEM;
	return call == ASH_OS_MUNMAP;
}

/* A mapping that cannot be unmapped is not lost: it waits in the cache, without its memory. */
static void refused_unmap(void **state)
{
	size_t mib = (size_t)1 << 20;
	char *p = ash_mapping_alloc(&ash_heap, 8 * mib, 16, false);

	(void)state;
	memset(p, 3, 8 * mib);
	give_mapping(p);
	ash_store_relaxed(&ash_os_fault_hook, refuse_munmap);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	assert_int_equal(ash_account_cached(&ash_heap), 0);
	assert_int_equal(ash_mapping_retained_bytes(&ash_heap), 8 * mib);
	assert_int_equal(resident(p, 8 * mib), 0);
	/* Part of it serves the next, the rest is unmapped with that. */
	assert_ptr_equal(ash_mapping_alloc(&ash_heap, 3 * mib, 16, true), p);
	assert_int_equal(p[0], 0);
	assert_int_equal(ash_mapping_retained_bytes(&ash_heap), 5 * mib);
	give_mapping(p);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	assert_int_equal(ash_mapping_retained_bytes(&ash_heap), 0);
	assert_false(ash_os_is_mapped(p));
	ash_heap.mappings.retained.gaps = 0;
}

static bool refuse_giving(enum ash_os_call call)
{
	return call == ASH_OS_MUNMAP || call == ASH_OS_MADVISE;
}

/* What the kernel neither unmaps nor purges waits in the cache, with its memory counted; and
 * kept neighbours that were joined to it meanwhile are not lost. */
static void refused_unmap_and_purge(void **state)
{
	size_t mib = (size_t)1 << 20;
	char *p = ash_mapping_alloc(&ash_heap, 9 * mib, 16, false);
	struct ash_far entry;

	(void)state;
	memset(p, 3, 9 * mib);
	give_mapping(p);
	ash_store_relaxed(&ash_os_fault_hook, refuse_munmap);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	assert_ptr_equal(ash_mapping_alloc(&ash_heap, 3 * mib, 16, true), p);
	ash_store_relaxed(&ash_os_fault_hook, refuse_giving);
	give_mapping(p);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	assert_int_equal(ash_account_cached(&ash_heap), 3 * mib);
	assert_int_equal(ash_mapping_retained_bytes(&ash_heap), 6 * mib);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	assert_int_equal(ash_account_cached(&ash_heap), 0);
	assert_int_equal(ash_mapping_retained_bytes(&ash_heap), 0);
	assert_false(ash_far_find(p, &entry));
	ash_heap.mappings.retained.gaps = 0;
}

/* --- many gaps ----------------------------------------------------------------------- */

enum { PIECES = 400 };

static bool is_allocated[PIECES];
static char *piece[PIECES];
static size_t piece_bytes[PIECES];

static void take_piece(unsigned i, size_t bytes)
{
	piece[i] = ash_mapping_alloc(&ash_heap, bytes, 16, true);
	assert_non_null(piece[i]);
	for (size_t at = 0; at < bytes; at += ash_os_page)
		if (piece[i][at] != 0)
			fail_msg("piece %u is not zero at %zu", i, at);
	piece[i][0] = piece[i][bytes - 1] = (char)i;
	piece_bytes[i] = bytes;
	is_allocated[i] = true;
}

static void give_piece(unsigned i)
{
	assert_true(piece[i][0] == (char)i && piece[i][piece_bytes[i] - 1] == (char)i);
	give_mapping(piece[i]);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	is_allocated[i] = false;
	ash_mutex_lock(&ash_heap.mappings.lock);
	assert_true(ash_mapping_retained_is_valid(&ash_heap));
	ash_mutex_unlock(&ash_heap.mappings.lock);
}

/* The mappings that the kernel counts, ours and others'. */
static unsigned mappings_now(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned n = 0;

	assert_non_null(maps);
	for (int c; (c = getc(maps)) != EOF;)
		n += c == '\n';
	fclose(maps);
	return n;
}

static void gaps_are_bounded(void **state)
{
	enum { MOST = 20, OTHERS = 10 };
	struct ash_retained *retained = &ash_heap.mappings.retained;
	size_t bytes = (size_t)2 << 20, usual = retained->gaps_most;
	unsigned before = mappings_now();

	(void)state;
	retained->gaps_most = MOST;
	for (unsigned i = 0; i < PIECES; i++)
		take_piece(i, bytes);
	/* Every third goes, then every other of the rest. */
	for (unsigned i = 0; i < PIECES; i += 3)
		give_piece(i);
	assert_in_range(mappings_now(), 0, before + MOST + OTHERS);
	assert_true(ash_mapping_retained_bytes(&ash_heap) > PIECES / 4 * bytes);
	for (unsigned i = 0; i < PIECES; i += 2)
		if (is_allocated[i])
			give_piece(i);
	assert_in_range(mappings_now(), 0, before + MOST + OTHERS);
	/* What is taken now comes from what is kept, also in parts. */
	for (unsigned i = 0; i < PIECES && ash_mapping_retained_bytes(&ash_heap) > 2 * bytes;
	     i++)
		if (!is_allocated[i]) {
			size_t retained_before = ash_mapping_retained_bytes(&ash_heap);

			take_piece(i, bytes - i % 3 * ash_os_page);
			assert_int_equal(ash_mapping_retained_bytes(&ash_heap),
					 retained_before - piece_bytes[i]);
		}
	/* When all are gone, all are unmapped. */
	for (unsigned i = 0; i < PIECES; i++)
		if (is_allocated[i])
			give_piece(i);
	assert_int_equal(ash_mapping_retained_bytes(&ash_heap), 0);
	assert_in_range(retained->gaps, 0, OTHERS);
	assert_in_range(mappings_now(), 0, before + OTHERS);
	retained->gaps_most = usual;
}

/* In any order, of any length; where addresses run short all of it can go. */
static void gaps_in_any_order(void **state)
{
	struct ash_retained *retained = &ash_heap.mappings.retained;
	size_t usual = retained->gaps_most, mib = (size_t)1 << 20, there;
	struct ash_prng prng = ash_prng_seeded(7);

	(void)state;
	retained->gaps_most = 8;
	for (unsigned n = 0; n < 6000; n++) {
		unsigned i = (unsigned)ash_prng_below(&prng, PIECES);

		if (is_allocated[i])
			give_piece(i);
		else
			take_piece(i, mib + (size_t)ash_prng_below(&prng, 500) * ash_os_page);
	}
	there = ash_mapping_retained_bytes(&ash_heap);
	assert_true(there > 4 * mib);
	assert_true(ash_mapping_retained_release(&ash_heap, mib) >= mib);
	assert_true(ash_mapping_retained_release(&ash_heap, SIZE_MAX) < there);
	assert_int_equal(ash_mapping_retained_bytes(&ash_heap), 0);
	for (unsigned i = 0; i < PIECES; i++)
		if (is_allocated[i])
			give_piece(i);
	assert_int_equal(ash_mapping_retained_bytes(&ash_heap), 0);
	retained->gaps = 0;
	retained->gaps_most = usual;
}

static void *give_and_take(void *argument)
{
	enum { HELD = 40 };
	void *held[HELD] = {NULL};
	struct ash_prng prng = ash_prng_seeded((uintptr_t)argument);

	for (unsigned n = 0; n < 2000; n++) {
		unsigned i = (unsigned)ash_prng_below(&prng, HELD);
		struct ash_far entry;

		if (held[i] != NULL && ash_far_remove(held[i], &entry)) {
			race_check(*(unsigned char *)held[i] == i);
			ash_mapping_free(&ash_heap, &entry);
			held[i] = NULL;
		} else {
			held[i] = ash_mapping_alloc(&ash_heap, (size_t)(1 + i % 3) << 20, 16,
						    true);
			race_check(held[i] != NULL && *(unsigned char *)held[i] == 0);
			if (held[i] != NULL)
				*(unsigned char *)held[i] = (unsigned char)i;
		}
		if (n % 8 == 0)
			ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	}
	for (unsigned i = 0; i < HELD; i++)
		if (held[i] != NULL) {
			struct ash_far entry;

			race_check(ash_far_remove(held[i], &entry));
			ash_mapping_free(&ash_heap, &entry);
		}
	return NULL;
}

static void gaps_of_several_threads(void **state)
{
	struct ash_retained *retained = &ash_heap.mappings.retained;
	size_t usual = retained->gaps_most;

	(void)state;
	retained->gaps_most = 8;
	race(4, give_and_take);
	assert_int_equal(race_wrong, 0);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	ash_mapping_retained_release(&ash_heap, SIZE_MAX);
	assert_int_equal(ash_mapping_retained_bytes(&ash_heap), 0);
	retained->gaps = 0;
	retained->gaps_most = usual;
}

/* Mappings fill gaps, more of them than there are. */
static void *fill_gaps(void *argument)
{
	enum { TIMES = ASH_DEBUG >= 1 ? 20000 : 3000000 };
	struct ash_retained *retained = &ash_heap.mappings.retained;
	uintptr_t page = (uintptr_t)argument * ash_os_page; /* nobody looks at it */

	for (unsigned n = 0; n < TIMES && ash_load_relaxed(&race_wrong) == 0; n++) {
		if (ash_load_relaxed(&retained->gaps) == 0)
			ash_store_relaxed(&retained->gaps, (size_t)1);
		ash_mapping_retained_note_map(&ash_heap, page, ash_os_page);
		race_check(ash_load_relaxed(&retained->gaps) <= 1);
	}
	return NULL;
}

/* The count of gaps does not fall below none. */
static void gaps_are_counted_at_once(void **state)
{
	(void)state;
	ash_heap.mappings.retained.gaps = 0;
	race(2, fill_gaps);
	assert_int_equal(race_wrong, 0);
	ash_heap.mappings.retained.gaps = 0;
}

static size_t held_least; /* at any call of the kernel */

static bool look_at_held(enum ash_os_call call)
{
	size_t held = ash_account_held(&ash_heap);

	(void)call;
	if (held < held_least)
		held_least = held;
	return false;
}

/* A mapping counts as held from before it is there until it is gone, whichever way it takes. */
static void held_on_every_way(void **state)
{
	size_t mib = (size_t)1 << 20, before;
	char *p = ash_mapping_alloc(&ash_heap, 8 * mib, 16, false);

	(void)state;
	before = ash_account_held(&ash_heap);
	held_least = SIZE_MAX;
	ash_store_relaxed(&ash_os_fault_hook, look_at_held);
	/* Into the cache, out of it zeroed, shorter and grown. */
	give_mapping(p);
	p = ash_mapping_alloc(&ash_heap, 8 * mib, 16, true);
	give_mapping(p);
	p = ash_mapping_alloc(&ash_heap, 2 * mib, 16, true);
	give_mapping(p);
	p = ash_mapping_alloc(&ash_heap, 9 * mib, 16, false);
	give_mapping(p);
	assert_in_range(held_least, before, SIZE_MAX - 1);
	assert_int_equal(ash_account_held(&ash_heap), before + mib);
	/* Too large for the cache, and out of it piece by piece. */
	ash_heap.mappings.cache_least = 0;
	p = ash_mapping_alloc(&ash_heap, 8 * mib, 16, false);
	held_least = SIZE_MAX;
	give_mapping(p);
	assert_in_range(held_least, before, SIZE_MAX - 1);
	assert_int_equal(ash_account_held(&ash_heap), before - 8 * mib);
	ash_heap.mappings.cache_least = 32 * mib;
	/* Kept without memory it is not held; where that is refused, too, it is. */
	ash_store_relaxed(&ash_os_fault_hook, refuse_munmap);
	p = ash_mapping_alloc(&ash_heap, 8 * mib, 16, false);
	give_mapping(p);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	assert_int_equal(ash_account_held(&ash_heap), before - 8 * mib);
	ash_store_relaxed(&ash_os_fault_hook, refuse_giving);
	p = ash_mapping_alloc(&ash_heap, 8 * mib, 16, false);
	give_mapping(p);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	assert_int_equal(ash_account_held(&ash_heap), before);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	ash_mapping_trim(&ash_heap, UINT64_MAX, UINT64_MAX);
	assert_int_equal(ash_account_held(&ash_heap), before - 8 * mib);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(retained_at_the_limit),
		cmocka_unit_test(mappings_are_reused_then_unmapped),
		cmocka_unit_test(aligned_ones_are_reused),
		cmocka_unit_test(reuse_keeps_few_addresses),
		cmocka_unit_test(beginnings_stay_beginnings),
		cmocka_unit_test(the_cache_of_mappings_is_bounded),
		cmocka_unit_test(many_pieces_wait),
		cmocka_unit_test(resize_keeps_content),
		cmocka_unit_test(unused_ends_go_back),
		cmocka_unit_test(ends_go_back_without_the_far_lock),
		cmocka_unit_test(growing_waits_for_the_purge),
		cmocka_unit_test(ends_in_two_hands),
		cmocka_unit_test(ends_and_mappings_in_pieces),
		cmocka_unit_test(refused_unmap),
		cmocka_unit_test(refused_unmap_and_purge),
		cmocka_unit_test(gaps_are_bounded),
		cmocka_unit_test(gaps_in_any_order),
		cmocka_unit_test(gaps_of_several_threads),
		cmocka_unit_test(gaps_are_counted_at_once),
		cmocka_unit_test(held_on_every_way),
	};

	return cmocka_run_group_tests(tests, layers_up, NULL);
}
