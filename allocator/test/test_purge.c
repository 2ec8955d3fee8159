#include "test/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "meta/far_table.h"
#include "os/mutex.h"
#include "page/block.h"
#include "page/large.h"
#include "page/mapping.h"
#include "page/purge.h"
#include "page/tails.h"
#include "slab/bin.h"
#include "slab/holes.h"
#include "slab/slab.h"
#include "test/layers.h"
#include "test/race.h"

/* Resident OS pages of a range. */
static unsigned resident(void *at, size_t bytes)
{
	static unsigned char there[1 << 16];
	unsigned n = 0;
	size_t pages = bytes / ash_os_page;

	assert_true(pages <= sizeof(there));
	assert_int_equal(mincore(at, bytes, there), 0);
	for (size_t i = 0; i < pages; i++)
		n += there[i] & 1;
	return n;
}

/* As on a kernel with pages of 64 KiB: granules go back only with all others of their page. */
static void pages_larger_than_granules(void **state)
{
	size_t page = ash_os_page;
	unsigned shift = ash_os_page_shift;
	struct ash_run *run[16], *whole;

	(void)state;
	ash_os_page = (size_t)64 << 10;
	ash_os_page_shift = 16;
	ash_purge_all();
	whole = ash_run_alloc(16, 16, ASH_RUN_LARGE, NULL);
	assert_true(ash_run_resize(whole, 4));
	for (unsigned i = 4; i < 16; i++) {
		run[i] = ash_run_alloc(1, 1, ASH_RUN_LARGE, NULL);
		memset(ash_run_address(run[i]), (int)i, ASH_GRANULE);
	}
	/* Of the second and third page two granules each, of the fourth all. */
	for (unsigned i = 4; i < 16; i++)
		if (i >= 12 || i % 4 < 2)
			ash_run_free(run[i]);
	size_t before = ash_run_dirty();
	struct ash_dirty_range range[8];
	unsigned n = ash_run_reserve(false, range, 8, 1000);

	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(range[i].first % 4, 0);
		assert_int_equal(range[i].count % 4, 0);
		range[i].purged = true;
	}
	assert_true(n >= 1);
	ash_run_return_dirty(range, n);
	assert_true(ash_run_dirty() <= before - 4);
	ash_purge_all(); /* ends, though granules are left that cannot go */
	for (unsigned i = 4; i < 12; i++)
		if (i % 4 >= 2) {
			assert_int_equal(ash_run_address(run[i])[ASH_GRANULE - 1], i);
			ash_run_free(run[i]);
		}
	ash_run_free(whole);
	ash_purge_all();
	assert_int_equal(ash_run_dirty(), 0);
	ash_os_page = page;
	ash_os_page_shift = shift;
}

static void free_runs_go_back(void **state)
{
	struct ash_run *run[20], *again;
	char *at[20];
	bool zeroed;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		run[i] = ash_run_alloc(40, 1, ASH_RUN_LARGE, NULL);
		at[i] = ash_run_address(run[i]);
		memset(at[i], 1, 40 * ASH_GRANULE);
	}
	for (unsigned i = 0; i < 20; i += 2)
		ash_run_free(run[i]);
	assert_int_equal(ash_run_dirty(), 10 * 40);
	ash_purge_all();
	assert_int_equal(ash_run_dirty(), 0);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(resident(at[i], 40 * ASH_GRANULE),
				 i % 2 == 0 ? 0 : 40 * ASH_GRANULE / ash_os_page);
	/* What was purged is known to be zero, and is. */
	again = ash_run_alloc(40, 1, ASH_RUN_LARGE, &zeroed);
	assert_true(zeroed);
	for (size_t i = 0; i < 40 * ASH_GRANULE; i++)
		if (ash_run_address(again)[i] != 0)
			fail_msg("byte %zu of a purged run", i);
	ash_run_free(again);
	for (unsigned i = 1; i < 20; i += 2)
		ash_run_free(run[i]);
	ash_purge_all();
	assert_int_equal(ash_run_granules(), 0);
}

static bool refuse_madvise(enum ash_os_call call)
{
	errno = EINVAL;
	return call == ASH_OS_MADVISE;
}

/* Locked memory: the kernel refuses; nothing is lost and nothing is believed to be zero. */
static void refused_purge(void **state)
{
	struct ash_run *run = ash_run_alloc(8, 1, ASH_RUN_LARGE, NULL), *again;
	bool zeroed;

	(void)state;
	memset(ash_run_address(run), 1, 8 * ASH_GRANULE);
	ash_run_free(run);
	ash_os_fault_hook = refuse_madvise;
	ash_purge_all();
	ash_os_fault_hook = NULL;
	/* It is kept, and nobody goes on trying. */
	assert_int_equal(ash_run_dirty(), 0);
	assert_int_equal(ash_run_kept(), 8);
	assert_false(ash_purge_wanted());
	again = ash_run_alloc(8, 1, ASH_RUN_LARGE, &zeroed);
	assert_ptr_equal(again, run);
	assert_false(zeroed);
	ash_run_free(again);
	assert_int_equal(ash_run_kept(), 8);
	ash_run_try_refused();
	assert_int_equal(ash_run_kept(), 0);
	assert_int_equal(ash_run_dirty(), 8);
	ash_purge_all();
	assert_int_equal(ash_run_dirty(), 0);
}

/* Memory beyond a large allocation's size, which lay there from before, goes after a second. */
static void tails_go_back(void **state)
{
	struct ash_run *run = ash_run_alloc(3, 1, ASH_RUN_LARGE, NULL);
	char *at = ash_run_address(run);
	size_t used = 2 * ASH_GRANULE + ash_os_page, all = 3 * ASH_GRANULE;

	(void)state;
	if (ash_os_page >= ASH_GRANULE)
		skip();
	memset(at, 1, all);
	ash_run_free(run);
	assert_ptr_equal(ash_run_alloc(3, 1, ASH_RUN_LARGE, NULL), run);
	run->size = (uint32_t)used;
	memset(at, 2, used);
	assert_true(ash_tails_step(50, UINT64_MAX));
	assert_true(ash_tails_step(59, UINT64_MAX));
	assert_int_equal(resident(at, all), all / ash_os_page);
	assert_false(ash_tails_step(60, UINT64_MAX));
	assert_int_equal(resident(at, all), used / ash_os_page);
	assert_int_equal(at[used - 1], 2);
	/* Shrunk in place. */
	assert_true(ash_run_resize(run, 3));
	run->size = (uint32_t)(used - ash_os_page);
	assert_true(ash_tails_step(70, UINT64_MAX));
	assert_false(ash_tails_step(80, UINT64_MAX));
	assert_int_equal(resident(at, all), used / ash_os_page - 1);
	/* Freed while the kernel works on it: nobody gets it before. */
	assert_true(ash_run_resize(run, 3));
	ash_mutex_lock(ash_page_mutex());
	assert_ptr_equal(ash_run_tail_begin(ash_block_of_granule(run->number)), run);
	ash_mutex_unlock(ash_page_mutex());
	assert_false(ash_run_resize(run, 2));
	assert_true(ash_run_free_large(run));
	assert_false(ash_run_free_large(run));
	assert_int_equal(ash_run_granules(), 3);
	ash_mutex_lock(ash_page_mutex());
	ash_run_tail_end(run);
	ash_mutex_unlock(ash_page_mutex());
	assert_int_equal(ash_run_granules(), 0);
	/* A run that is gone before its second has passed needs nothing. */
	assert_false(ash_tails_step(200, UINT64_MAX) && ash_tails_step(300, UINT64_MAX));
	ash_purge_all();
}

/* Number 0 purges tails, the others make and change what has them: what they write behind the
 * old end of a run is not taken for its tail. */
static uint32_t changing;

static void *change_tails(void *number)
{
	size_t small = 2 * ASH_GRANULE + ash_os_page, large = 3 * ASH_GRANULE;

	if (number == 0) {
		for (uint32_t epoch = 1000; ash_load_relaxed(&changing) != 0; epoch += 20)
			ash_tails_step(epoch, UINT64_MAX);
		return NULL;
	}
	for (unsigned round = 0; round < 10000; round++) {
		char *p = ash_large_alloc(large, 0, NULL), mine = (char)(uintptr_t)number;

		p[large - 1] = mine;
		ash_delay();
		race_check(p[large - 1] == mine);
		for (unsigned i = 0; i < 2; i++) {
			if (!ash_large_resize_run(ash_run_of(p), small) ||
			    !ash_large_resize_run(ash_run_of(p), large))
				break; /* the tail is just being purged */
			p[large - 1] = mine;
			ash_delay();
			race_check(p[large - 1] == mine);
		}
		ash_large_free_run(ash_run_of(p));
	}
	ash_sub_relaxed(&changing, 1);
	return NULL;
}

static void tails_of_runs_that_change(void **state)
{
	(void)state;
	if (ash_os_page >= ASH_GRANULE)
		skip();
	changing = 3;
	race(4, change_tails);
	assert_int_equal(race_wrong, 0);
	ash_purge_all();
}

#define OBJECTS 4000

/* Holes in slabs: with one object in eight left, most pages go; the objects keep their bytes,
 * and what is taken again is right. */
static void holes_go_back(void **state)
{
	static void *object[OBJECTS];
	unsigned class = ash_class_of(2000), before, after;
	struct ash_bin *bin = &ash_shard_at(0)->bin[class];
	size_t size = ash_class_size(class);

	(void)state;
	ash_slab_epoch = 100;
	for (unsigned i = 0; i < OBJECTS; i++) {
		assert_int_equal(ash_bin_fill(bin, class, 0, &object[i] + 1, 1), 1);
		memset(object[i], (int)i, size);
	}
	before = 0;
	for (unsigned i = 0; i < OBJECTS; i++)
		if (i % 8 != 0)
			assert_true(ash_bin_flush(bin, class, &object[i], 1, false));
		else
			before += resident((void *)((uintptr_t)object[i] & ~(ash_os_page - 1)),
					   ash_os_page);
	assert_true(before > 0);
	/* Young slabs are left alone. */
	ash_slab_epoch = 105;
	assert_false(ash_holes_step(105, UINT64_MAX));
	for (struct ash_list *n = bin->list[6].next; n != &bin->list[6]; n = n->next)
		assert_int_equal(ASH_LIST_ENTRY(n, struct ash_run, link)->purged, 0);
	ash_slab_epoch = 200;
	while (ash_holes_step(200, UINT64_MAX))
		;
	after = 0;
	for (unsigned l = 0; l < ASH_BIN_LISTS; l++)
		for (struct ash_list *n = bin->list[l].next; n != &bin->list[l]; n = n->next) {
			struct ash_run *slab = ASH_LIST_ENTRY(n, struct ash_run, link);

			assert_true(ash_slab_is_valid(slab));
			assert_int_equal(ash_slab_holes(slab), 0);
			after += resident(ash_run_address(slab), slab->granules * ASH_GRANULE);
		}
	/* 500 objects of 2 KiB lie on at most 500 pages of 4 KiB. */
	assert_true((size_t)after * ash_os_page <= OBJECTS / 8 * (size + 2 * ash_os_page));
	for (unsigned i = 0; i < OBJECTS; i += 8)
		for (size_t k = 0; k < size; k++)
			if (((unsigned char *)object[i])[k] != (unsigned char)i)
				fail_msg("object %u lost byte %zu", i, k);
	/* Refill: pages come back and are counted. */
	for (unsigned i = 0; i < OBJECTS; i++)
		if (i % 8 != 0) {
			assert_int_equal(ash_bin_fill(bin, class, 0, &object[i] + 1, 1), 1);
			memset(object[i], (int)i, size);
		}
	assert_true(ash_slab_refaults[class] > 0);
	for (unsigned i = 0; i < OBJECTS; i++) {
		for (size_t k = 0; k < size; k++)
			if (((unsigned char *)object[i])[k] != (unsigned char)i)
				fail_msg("object %u lost byte %zu after the refill", i, k);
		assert_true(ash_bin_flush(bin, class, &object[i], 1, false));
	}
	assert_int_equal(bin->regions_out, 0);
	assert_int_equal(bin->nslabs, 1);
}

static unsigned purged_pages(const struct ash_bin *bin)
{
	unsigned n = 0;

	for (unsigned l = 0; l < ASH_BIN_LISTS; l++)
		for (const struct ash_list *i = bin->list[l].next; i != &bin->list[l];
		     i = i->next)
			n += (unsigned)__builtin_popcountll(
				ASH_LIST_ENTRY(i, struct ash_run, link)->purged);
	return n;
}

/* Where the heap is about to grow: not more than is asked for, and only from slabs that were
 * left aside while the program took runs, and that are empty enough. */
static void holes_instead_of_growth(void **state)
{
	enum { SLABS = 8 };
	unsigned class = ash_class_of(4096), n = ash_size_classes[class].regions;
	struct ash_bin *bin = &ash_shard_at(0)->bin[class];
	static void *object[SLABS][64];
	unsigned pages;

	(void)state;
	for (unsigned s = 0; s < SLABS; s++) {
		assert_int_equal(ash_bin_fill(bin, class, 0, object[s] + n, n), n);
		for (unsigned i = 0; i < n; i++)
			memset(object[s][i], (int)s, 4096);
	}
	pages = ash_slab_pages(ash_run_of(object[0][0]));
	/* Of the last one a quarter is freed, of the others all but one. */
	for (unsigned s = 0; s < SLABS; s++)
		assert_true(ash_bin_flush(bin, class, object[s], s == SLABS - 1 ? n / 4 : n - 1,
					  false));
	ash_holes_relieve(ash_slab_epoch, SIZE_MAX, UINT64_MAX);
	assert_int_equal(purged_pages(bin), 0); /* just filled */
	for (unsigned i = 0; i < 8; i++)
		ash_run_free(ash_run_alloc(ASH_HUGE_GRANULES, 1, ASH_RUN_LARGE, NULL));
	ash_holes_relieve(ash_slab_epoch, ash_os_page, UINT64_MAX);
	assert_true(purged_pages(bin) >= 1 && purged_pages(bin) <= pages);
	ash_holes_relieve(ash_slab_epoch, SIZE_MAX, UINT64_MAX);
	assert_true(purged_pages(bin) >= (SLABS - 1) * (pages - 2));
	assert_int_equal(ash_run_of(object[SLABS - 1][n - 1])->purged, 0);
	for (unsigned s = 0; s < SLABS; s++) {
		unsigned first = s == SLABS - 1 ? n / 4 : n - 1;

		assert_int_equal(*(char *)object[s][n - 1], s);
		assert_true(ash_bin_flush(bin, class, object[s] + first, n - first, false));
	}
	assert_int_equal(bin->regions_out, 0);
	ash_purge_all();
}

/* With pages of 64 KiB a slab begins and ends anywhere in a page, which it shares. */
static void holes_in_pages_larger_than_granules(void **state)
{
	size_t page = ash_os_page;
	unsigned shift = ash_os_page_shift, class = ash_class_of(8192), gone = 0;
	unsigned n = ash_size_classes[class].regions;
	static void *object[8][64];
	struct ash_run *run[8], *odd[8];
	struct ash_bin bin[8];

	(void)state;
	ash_os_page = (size_t)64 << 10;
	ash_os_page_shift = 16;
	ash_slab_epoch = 2000;
	for (unsigned i = 0; i < 8; i++) {
		memset(&bin[i], 0, sizeof(bin[i]));
		ash_bin_init(&bin[i]);
		odd[i] = ash_run_alloc(i % 4 + 1, 1, ASH_RUN_LARGE, NULL);
		memset(ash_run_address(odd[i]), (int)i, odd[i]->granules * ASH_GRANULE);
		assert_int_equal(ash_bin_fill(&bin[i], class, 0, object[i] + n, n), n);
		for (unsigned k = 0; k < n; k++)
			memset(object[i][k], (int)(i + k), 8192);
		/* One stays, the eighth by address: which page it is on depends on where the
		 * slab begins. */
		void *stays = object[i][n - 8];

		object[i][n - 8] = object[i][n - 1];
		object[i][n - 1] = stays;
		memset(stays, (int)(i + n - 1), 8192);
		run[i] = ash_run_of(object[i][n - 1]);
		assert_true(ash_bin_flush(&bin[i], class, object[i], n - 1, false));
	}
	for (unsigned i = 0; i < 8; i++) {
		uint64_t holes;
		struct ash_run *slab = ash_bin_detach(&bin[i], 2010, false, &holes);
		char *base = ash_run_address(run[i]) - ash_slab_lead(run[i]);

		assert_true(ash_slab_pages(run[i]) >= 3 && ash_slab_pages(run[i]) <= 4);
		assert_ptr_equal(slab, run[i]);
		for (unsigned at = 0; at < 64; at++)
			if (holes >> at & 1) {
				assert_true(
					ash_os_purge(base + ((size_t)at << 16), ash_os_page));
				gone++;
			}
		ash_bin_attach(&bin[i], slab, holes);
	}
	assert_true(gone >= 16);
	for (unsigned i = 0; i < 8; i++) {
		char *at = ash_run_address(odd[i]), *last = object[i][n - 1];

		for (size_t k = 0; k < odd[i]->granules * ASH_GRANULE; k++)
			assert_int_equal(at[k], i);
		for (size_t k = 0; k < 8192; k++)
			assert_int_equal(last[k], i + n - 1);
		/* What is taken again is known to come back. */
		assert_int_equal(ash_bin_fill(&bin[i], class, 0, object[i] + n - 1, n - 1),
				 n - 1);
		assert_int_equal(run[i]->purged, 0);
		assert_true(ash_bin_flush(&bin[i], class, object[i], n, false));
		ash_run_free(odd[i]);
	}
	ash_os_page = page;
	ash_os_page_shift = shift;
}

/* A slab whose holes are being purged takes frees, and is settled afterwards. */
static void frees_into_a_slab_apart(void **state)
{
	unsigned class = ash_class_of(8192);
	unsigned n = ash_size_classes[class].regions;
	struct ash_bin bin;
	void *object[64];
	struct ash_run *slab;
	uint64_t holes;

	(void)state;
	memset(&bin, 0, sizeof(bin));
	ash_bin_init(&bin);
	ash_slab_epoch = 1000;
	assert_int_equal(ash_bin_fill(&bin, class, 0, object + n, n), n);
	assert_true(ash_bin_flush(&bin, class, object, n / 2, false));
	assert_null(ash_bin_detach(&bin, 1005, false, &holes));
	slab = ash_bin_detach(&bin, 1010, false, &holes);
	assert_non_null(slab);
	assert_int_equal(__builtin_popcountll(holes), n / 2 * 8192 / ash_os_page);
	/* Another fill makes a slab of its own; the rest is freed meanwhile. */
	assert_int_equal(ash_bin_fill(&bin, class, 0, object + 1, 1), 1);
	assert_ptr_not_equal(ash_run_of(object[0]), slab);
	assert_true(ash_bin_flush(&bin, class, object + n / 2, n - n / 2, false));
	assert_int_equal(slab->nfree, slab->regions);
	ash_bin_attach(&bin, slab, holes);
	assert_true(ash_slab_is_valid(slab));
	assert_true(ash_bin_flush(&bin, class, object, 1, false));
	assert_int_equal(bin.nslabs, 1);
	assert_int_equal(bin.regions_out, 0);
}

static void mappings_are_reused_then_unmapped(void **state)
{
	struct ash_far entry;
	size_t count, bytes;
	char *p = ash_mapping_alloc((size_t)5 << 20, 16, false), *q;

	(void)state;
	memset(p, 7, (size_t)5 << 20);
	assert_true(ash_far_remove(p, &entry));
	ash_mapping_free(&entry);
	assert_int_equal(ash_mapping_cached(), (size_t)5 << 20);
	/* Zeroed memory is zero although the mapping was used. */
	q = ash_mapping_alloc((size_t)4 << 20, 16, true);
	assert_ptr_equal(p, q);
	for (size_t i = 0; i < (size_t)4 << 20; i++)
		if (q[i] != 0)
			fail_msg("byte %zu of a zeroed mapping", i);
	assert_true(ash_far_remove(q, &entry));
	assert_int_equal(entry.usable, (size_t)4 << 20);
	ash_mapping_free(&entry);
	/* A larger one grows it. */
	q = ash_mapping_alloc((size_t)9 << 20, 16, false);
	assert_non_null(q);
	assert_int_equal(ash_mapping_cached(), 0);
	q[((size_t)9 << 20) - 1] = 1;
	assert_true(ash_far_remove(q, &entry));
	ash_mapping_free(&entry);
	assert_true(ash_mapping_trim(ash_os_coarse_clock_ns(), UINT64_MAX)); /* too young */
	assert_true(ash_mapping_trim(ash_os_coarse_clock_ns() - 50000000u,
				     UINT64_MAX)); /* even younger than the round */
	assert_false(ash_mapping_trim(ash_os_coarse_clock_ns() + 2000000000u, UINT64_MAX));
	assert_int_equal(ash_mapping_cached(), 0);
	ash_far_totals(&count, &bytes);
	assert_int_equal(count, 0);
}

/* A small mapping out of a large cached one does not keep the large one's addresses. */
static void reuse_keeps_few_addresses(void **state)
{
	struct ash_far entry;
	size_t count, bytes;
	void *small[50];

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		void *large = ash_mapping_alloc((size_t)30 << 20, 16, false);

		assert_true(ash_far_remove(large, &entry));
		ash_mapping_free(&entry);
		small[i] = ash_mapping_alloc((size_t)2 << 20, 16, i % 2);
		memset(small[i], 1, (size_t)2 << 20);
	}
	ash_far_totals(&count, &bytes);
	assert_true(bytes <= (size_t)50 * 4 << 20);
	for (unsigned i = 0; i < 50; i++) {
		assert_true(ash_far_remove(small[i], &entry));
		ash_mapping_free(&entry);
	}
	ash_mapping_trim(UINT64_MAX, UINT64_MAX);
}

static void the_cache_of_mappings_is_bounded(void **state)
{
	struct ash_far entry;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		void *p[10];

		for (unsigned k = 0; k < 10; k++)
			p[k] = ash_mapping_alloc((size_t)(1 + (i + k) % 9) << 20, 16, false);
		for (unsigned k = 0; k < 10; k++) {
			assert_true(ash_far_remove(p[k], &entry));
			ash_mapping_free(&entry);
		}
		assert_true(ash_mapping_cached() <= (size_t)32 << 20);
	}
	ash_mapping_trim(UINT64_MAX, UINT64_MAX);
	assert_int_equal(ash_mapping_cached(), 0);
}

static void resize_keeps_content(void **state)
{
	size_t size = (size_t)3 << 20;
	char *p = ash_mapping_alloc(size, 16, false);
	struct ash_far entry;

	(void)state;
	memset(p, 9, size);
	for (size_t to = size + 4096; to < (size_t)12 << 20; to += (size_t)777 << 10) {
		assert_true(ash_far_detach(p, &entry));
		p = ash_mapping_resize(&entry, to);
		assert_non_null(p);
		assert_true(ash_far_find(p, &entry));
		assert_true(entry.usable >= to && entry.usable < to + ash_os_page);
		assert_int_equal(p[size - 1], 9);
		p[to - 1] = 1;
	}
	assert_true(ash_far_detach(p, &entry));
	p = ash_mapping_resize(&entry, (size_t)2 << 20);
	assert_true(ash_far_remove(p, &entry));
	assert_int_equal(entry.usable, (size_t)2 << 20);
	assert_int_equal(p[((size_t)2 << 20) - 1], 9);
	ash_mapping_free(&entry);
	ash_mapping_trim(UINT64_MAX, UINT64_MAX);
}

/* A mapping made of a longer one may grow into the rest; what memory the rest holds goes after
 * a second. */
static void unused_ends_go_back(void **state)
{
	size_t mib = (size_t)1 << 20;
	char *p = ash_mapping_alloc(5 * mib, 16, false), *q;
	struct ash_far entry;

	(void)state;
	memset(p, 3, 5 * mib);
	assert_true(ash_far_remove(p, &entry));
	ash_mapping_free(&entry);
	q = ash_mapping_alloc(3 * mib, 16, false);
	assert_ptr_equal(p, q);
	assert_true(ash_far_find(q, &entry));
	assert_int_equal(entry.usable, 3 * mib);
	assert_true(ash_mapping_trim(ash_os_coarse_clock_ns(), UINT64_MAX)); /* too young */
	assert_int_equal(resident(q + 3 * mib, 2 * mib), 2 * mib / ash_os_page);
	assert_false(ash_mapping_trim(ash_os_coarse_clock_ns() + 2000000000u, UINT64_MAX));
	assert_int_equal(resident(q + 3 * mib, 2 * mib), 0);
	assert_int_equal(q[3 * mib - 1], 3);
	/* Growing in place, after and before the purge. */
	assert_true(ash_far_detach(q, &entry));
	assert_ptr_equal(ash_mapping_resize(&entry, 4 * mib), q);
	q[4 * mib - 1] = 5;
	assert_false(ash_mapping_trim(ash_os_coarse_clock_ns() + 2000000000u, UINT64_MAX));
	assert_int_equal(q[4 * mib - 1], 5);
	assert_int_equal(q[3 * mib - 1], 3);
	/* Shrunk to less than half: the far end goes to the cache, and comes back from there.
	 */
	assert_true(ash_far_detach(q, &entry));
	assert_ptr_equal(ash_mapping_resize(&entry, 2 * mib), q);
	assert_true(ash_far_find(q, &entry));
	assert_true(entry.mapped <= 4 * mib && ash_mapping_cached() >= mib);
	assert_true(ash_far_detach(q, &entry));
	assert_ptr_equal(ash_mapping_resize(&entry, 5 * mib), q);
	assert_int_equal(ash_mapping_cached(), 0);
	q[5 * mib - 1] = 1;
	assert_int_equal(q[2 * mib - 1], 3);
	assert_true(ash_far_remove(q, &entry));
	ash_mapping_free(&entry);
	ash_mapping_trim(UINT64_MAX, UINT64_MAX);
	assert_int_equal(ash_mapping_cached(), 0);
}

static void *trim_in_pieces(void *unused)
{
	for (unsigned i = 0; i < 10; i++)
		ash_mapping_trim(UINT64_MAX, 1);
	return unused;
}

/* Who puts back an end that is not done leaves it to the next step, also where another thread
 * found nothing just before. */
static void ends_in_two_hands(void **state)
{
	size_t mib = (size_t)1 << 20;
	char *p = ash_mapping_alloc(32 * mib, 16, false);
	struct ash_far entry;

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		p[32 * mib - 1] = 1;
		assert_true(ash_far_detach(p, &entry));
		assert_ptr_equal(ash_mapping_resize(&entry, 16 * mib), p);
		race(2, trim_in_pieces);
		ash_mapping_trim(UINT64_MAX, UINT64_MAX);
		assert_int_equal(resident(p + 32 * mib - ash_os_page, ash_os_page), 0);
		assert_true(ash_far_detach(p, &entry));
		assert_ptr_equal(ash_mapping_resize(&entry, 32 * mib), p);
	}
	assert_true(ash_far_remove(p, &entry));
	ash_mapping_free(&entry);
	ash_mapping_trim(UINT64_MAX, UINT64_MAX);
}

/* Steps that end after one piece: the next goes on, also where the mapping is gone. */
static void ends_and_mappings_in_pieces(void **state)
{
	size_t mib = (size_t)1 << 20, before;
	uint64_t later = ash_os_coarse_clock_ns() + 2000000000u;
	char *p = ash_mapping_alloc(8 * mib, 16, false), *q;
	struct ash_far entry;

	(void)state;
	memset(p, 3, 8 * mib);
	assert_true(ash_far_remove(p, &entry));
	ash_mapping_free(&entry);
	q = ash_mapping_alloc(4 * mib, 16, false);
	assert_ptr_equal(p, q);
	assert_true(ash_mapping_trim(later, 0));
	before = resident(q + 4 * mib, 4 * mib);
	assert_true(before > 0 && before < 4 * mib / ash_os_page);
	assert_true(ash_mapping_trim(later, 0));
	assert_true(resident(q + 4 * mib, 4 * mib) < before);
	assert_int_equal(q[4 * mib - 1], 3);
	assert_true(ash_far_remove(q, &entry));
	ash_mapping_trim(later, UINT64_MAX); /* ends, though the rest is somebody's */
	ash_mapping_free(&entry);
	/* A cached mapping goes from its end on and stays one piece. */
	before = ash_mapping_cached();
	assert_int_equal(before, 8 * mib);
	assert_true(ash_mapping_trim(later + 1000000000u, 0));
	assert_true(ash_mapping_cached() > 0 && ash_mapping_cached() < before);
	q = ash_mapping_alloc(ash_mapping_cached(), 16, false);
	assert_ptr_equal(p, q);
	assert_true(ash_far_remove(q, &entry));
	ash_mapping_free(&entry);
	ash_mapping_trim(UINT64_MAX, UINT64_MAX);
	assert_int_equal(ash_mapping_cached(), 0);
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
	char *p = ash_mapping_alloc(8 * mib, 16, false);
	struct ash_far entry;

	(void)state;
	memset(p, 3, 8 * mib);
	assert_true(ash_far_remove(p, &entry));
	ash_mapping_free(&entry);
	ash_os_fault_hook = refuse_munmap;
	ash_mapping_trim(UINT64_MAX, UINT64_MAX);
	ash_os_fault_hook = NULL;
	assert_int_equal(ash_mapping_cached(), 8 * mib);
	assert_true(resident(p, 8 * mib) < 8 * mib / ash_os_page);
	ash_mapping_trim(UINT64_MAX, UINT64_MAX);
	assert_int_equal(ash_mapping_cached(), 0);
}

/* Lazily given back: no longer dirty, not known to be zero, and gone for good when asked for.
 */
static void muzzy_runs(void **state)
{
	struct ash_run *run = ash_run_alloc(64, 1, ASH_RUN_LARGE, NULL), *again, *gap[16];
	char *at = ash_run_address(run);
	struct ash_dirty_range range[4];
	bool zeroed;
	unsigned n, gaps;

	(void)state;
	ash_purge_all();
	memset(at, 1, 64 * ASH_GRANULE);
	ash_run_free(run);
	assert_int_equal(ash_run_dirty(), 64);
	n = ash_run_reserve(false, range, 4, 64);
	assert_int_equal(n, 1);
	range[0].lazily = ash_os_purge_lazily(at, (size_t)range[0].count << ASH_GRANULE_SHIFT);
	assert_true(range[0].lazily);
	ash_run_return_dirty(range, n);
	assert_int_equal(ash_run_dirty(), 0);
	assert_int_equal(ash_run_muzzy(), 64);
	assert_int_equal(ash_run_reserve(false, range, 4, 64), 0);
	/* A part is taken again. */
	for (n = 0; (again = ash_run_alloc(16, 1, ASH_RUN_LARGE, &zeroed)) != run; n++) {
		assert_in_range(n, 0, 15); /* shorter gaps that other tests left come first */
		gap[n] = again;
	}
	assert_false(zeroed);
	gaps = n;
	assert_int_equal(ash_run_muzzy(), 48);
	memset(at, 2, 16 * ASH_GRANULE);
	ash_run_free(again);
	assert_int_equal(ash_run_dirty(), 16);
	n = ash_run_reserve(true, range, 4, 64);
	assert_int_equal(n, 1);
	assert_int_equal(range[0].count, 48);
	ash_run_return_dirty(range, n); /* refused: the block is left alone */
	assert_int_equal(ash_run_muzzy(), 0);
	assert_int_equal(ash_run_dirty(), 0);
	assert_int_equal(ash_run_kept(), 64);
	/* Empty blocks are unmapped with what is muzzy in them; or it is purged. */
	ash_purge_all();
	assert_int_equal(ash_run_muzzy(), 0);
	assert_int_equal(ash_run_dirty(), 0);
	assert_int_equal(resident(at, 64 * ASH_GRANULE), 0);
	again = ash_run_alloc(64, 1, ASH_RUN_LARGE, &zeroed);
	assert_true(zeroed);
	ash_run_free(again);
	while (gaps > 0)
		ash_run_free(gap[--gaps]);
	ash_purge_all();
}

/* By time: dirty to muzzy, muzzy to nothing. */
static void muzzy_decays(void **state)
{
	uint64_t now = ash_os_clock_ns();
	size_t most = 0;
	struct ash_run *run[64];

	(void)state;
	ash_purge_set_muzzy_ms(4000);
	for (unsigned i = 0; i < 64; i++) {
		run[i] = ash_run_alloc(64, 1, ASH_RUN_LARGE, NULL);
		memset(ash_run_address(run[i]), 1, 64 * ASH_GRANULE);
	}
	for (unsigned i = 0; i < 64; i++)
		ash_run_free(run[i]);
	for (unsigned t = 0; t < 40; t++) {
		ash_purge_step(now += 50000000u, UINT64_MAX);
		most = ash_run_muzzy() > most ? ash_run_muzzy() : most;
	}
	assert_true(ash_run_dirty() << ASH_GRANULE_SHIFT <= (size_t)3 << 20);
	assert_true(most << ASH_GRANULE_SHIFT >= (size_t)16 << 20);
	for (unsigned t = 0; t < 200; t++)
		ash_purge_step(now += 50000000u, UINT64_MAX);
	assert_true(ash_run_muzzy() << ASH_GRANULE_SHIFT <= (size_t)3 << 20);
	ash_purge_set_muzzy_ms(0);
	ash_purge_all();
	assert_int_equal(ash_run_muzzy(), 0);
}

/* A loop over one buffer keeps that buffer dirty, not the peak of long ago; what is used in
 * turns stays. */
static void one_buffer_keeps_itself(void **state)
{
	uint64_t now = ash_os_clock_ns() + (uint64_t)60 * 1000000000u;
	struct ash_run *run[64], *one;
	size_t least = SIZE_MAX;

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		run[i] = ash_run_alloc(64, 1, ASH_RUN_LARGE, NULL);
		memset(ash_run_address(run[i]), 1, 64 * ASH_GRANULE);
	}
	for (unsigned i = 0; i < 64; i++)
		ash_run_free(run[i]);
	for (unsigned t = 0; t < 60; t++) {
		for (unsigned k = 0; k < 1000; k++) {
			one = ash_run_alloc(20, 1, ASH_RUN_LARGE, NULL);
			ash_run_free(one);
		}
		ash_purge_step(now += 50000000u, UINT64_MAX);
	}
	assert_true(ash_run_dirty() << ASH_GRANULE_SHIFT <= (size_t)5 << 20);
	for (unsigned t = 0; t < 60; t++) {
		for (unsigned i = 0; i < 64; i++)
			run[i] = ash_run_alloc(64, 1, ASH_RUN_LARGE, NULL);
		for (unsigned i = 0; i < 64; i++)
			ash_run_free(run[i]);
		ash_purge_step(now += 50000000u, UINT64_MAX);
		if (t >= 20 && ash_run_dirty() < least)
			least = ash_run_dirty();
	}
	assert_true(least >= (size_t)64 * 64);
	ash_purge_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_runs_go_back),
		cmocka_unit_test(pages_larger_than_granules),
		cmocka_unit_test(refused_purge),
		cmocka_unit_test(tails_go_back),
		cmocka_unit_test(holes_go_back),
		cmocka_unit_test(holes_instead_of_growth),
		cmocka_unit_test(holes_in_pages_larger_than_granules),
		cmocka_unit_test(frees_into_a_slab_apart),
		cmocka_unit_test(mappings_are_reused_then_unmapped),
		cmocka_unit_test(reuse_keeps_few_addresses),
		cmocka_unit_test(the_cache_of_mappings_is_bounded),
		cmocka_unit_test(resize_keeps_content),
		cmocka_unit_test(unused_ends_go_back),
		cmocka_unit_test(ends_in_two_hands),
		cmocka_unit_test(ends_and_mappings_in_pieces),
		cmocka_unit_test(refused_unmap),
		cmocka_unit_test(muzzy_runs),
		cmocka_unit_test(muzzy_decays),
		cmocka_unit_test(tails_of_runs_that_change), /* leaves more blocks */
		cmocka_unit_test(one_buffer_keeps_itself),   /* last: its clock runs ahead */
	};

	return cmocka_run_group_tests(tests, layers_up, NULL);
}
