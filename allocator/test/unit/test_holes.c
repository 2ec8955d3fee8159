#include "test/support/unit.h"

#include <string.h>

#include "os/os.h"
#include "page/account.h"
#include "page/heap.h"
#include "page/run.h"
#include "reclaim/holes.h"
#include "reclaim/purge.h"
#include "reclaim/stall.h"
#include "slab/bin_walk.h"
#include "slab/slab.h"
#include "test/support/layers.h"
#include "test/support/resident.h"
#include "util/bitmap.h"
#include "util/bits.h"

#define OBJECTS 4000

/* Holes in slabs: with one object in eight left, most pages go; the objects keep their bytes,
 * and what is taken again is right. */
static void holes_go_back(void **state)
{
	static void *object[OBJECTS];
	unsigned class = ash_class_of(2000), before, after;
	struct ash_bin *bin = &ash_shard_at(0)->bin[class];
	size_t size = ash_class_size(class), fresh;

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
	/* Young slabs are left alone, for later. */
	ash_slab_epoch = 100 + ash_bin_hole_age - 1;
	assert_true(ash_holes_step(&ash_heap, ash_slab_epoch, UINT64_MAX));
	for (struct ash_list *n = bin->list[6].next; n != &bin->list[6]; n = n->next)
		assert_int_equal(ASH_LIST_ENTRY(n, struct ash_run, link)->purged, 0);
	ash_slab_epoch = 200;
	while (ash_holes_step(&ash_heap, 200, UINT64_MAX))
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
	/* Refill: pages come back and are counted, as fresh memory, too. */
	fresh = ash_heap.growth.fresh;
	for (unsigned i = 0; i < OBJECTS; i++)
		if (i % 8 != 0) {
			assert_int_equal(ash_bin_fill(bin, class, 0, &object[i] + 1, 1), 1);
			memset(object[i], (int)i, size);
		}
	assert_true(ash_slab_refaults[class] > 0);
	assert_true(ash_heap.growth.fresh - fresh >= (size_t)ash_slab_refaults[class]
							     << ash_os_page_shift);
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
	enum { SLABS = 4 }; /* taken within two ticks of the run clock: none is old */
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
	ash_holes_relieve(&ash_heap, ash_slab_epoch, SIZE_MAX, UINT64_MAX);
	assert_int_equal(purged_pages(bin), 0); /* just filled */
	for (unsigned i = 0; i < 8; i++)
		ash_run_free(&ash_heap, ash_run_alloc(&ash_heap, ASH_HUGE_GRANULES, 1,
						      ASH_RUN_LARGE, NULL));
	ash_holes_relieve(&ash_heap, ash_slab_epoch, ash_os_page, UINT64_MAX);
	assert_true(purged_pages(bin) >= 1 && purged_pages(bin) <= pages);
	ash_holes_relieve(&ash_heap, ash_slab_epoch, SIZE_MAX, UINT64_MAX);
	assert_true(purged_pages(bin) >= (SLABS - 1) * (pages - 2));
	assert_int_equal(ash_run_of(object[SLABS - 1][n - 1])->purged, 0);
	for (unsigned s = 0; s < SLABS; s++) {
		unsigned first = s == SLABS - 1 ? n / 4 : n - 1;

		assert_int_equal(*(char *)object[s][n - 1], s);
		assert_true(ash_bin_flush(bin, class, object[s] + first, n - first, false));
	}
	assert_int_equal(bin->regions_out, 0);
	ash_purge_all(&ash_heap);
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
		odd[i] = ash_run_alloc(&ash_heap, i % 4 + 1, 1, ASH_RUN_LARGE, NULL);
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
		struct ash_run *slab = layers_detach(&bin[i], 2010, &holes);
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
		ash_run_free(&ash_heap, odd[i]);
	}
	ash_os_page = page;
	ash_os_page_shift = shift;
}

/* The pages of a slab on which no byte of a kept object lies, object by object. */
static uint64_t holes_by_object(const struct ash_run *slab, void *const *kept, unsigned n)
{
	size_t lead = ash_slab_lead(slab);
	uint64_t free_pages = ash_bits_mask(lead != 0, ash_slab_pages(slab));

	for (unsigned i = 0; i < n; i++) {
		size_t at = lead + (size_t)((char *)kept[i] - (char *)ash_run_address(slab));

		for (size_t k = 0; k < slab->size; k++)
			free_pages &= ~((uint64_t)1 << ((at + k) >> ash_os_page_shift));
	}
	return free_pages;
}

/* Of every class, slabs of which some objects, many or nearly all were freed, in pages of two
 * sizes. */
static void holes_of_every_class(void **state)
{
	static const unsigned kept_of_256[] = {1, 8, 32, 128, 250};
	static void *object[4096], *kept[4096];
	size_t page = ash_os_page;
	unsigned shift = ash_os_page_shift, compared = 0;
	uint32_t chance = 7;

	(void)state;
	for (unsigned class = 1; class < ASH_CLASSES; class ++)
		for (unsigned d = 0; d < 10; d++) {
			unsigned n = ash_size_classes[class].regions, nkept = 0, nfreed = 0;
			/* Some are never carved. */
			unsigned out = d % 2 ? n : n - n / 3;
			struct ash_bin bin;
			struct ash_run *slab;

			assert_true(n <= 4096);
			if (d >= 5) {
				ash_os_page_shift = 16;
				ash_os_page = (size_t)1 << 16;
			}
			memset(&bin, 0, sizeof(bin));
			ash_bin_init(&bin);
			assert_int_equal(ash_bin_fill(&bin, class, 0, object + out, out), out);
			slab = ash_run_of(object[0]);
			for (unsigned i = 0; i < out; i++) {
				chance = chance * 1664525 + 1013904223;
				if (chance >> 24 < kept_of_256[d % 5])
					kept[nkept++] = object[i];
				else
					object[nfreed++] = object[i];
			}
			if (nfreed > 0)
				assert_true(ash_bin_flush(&bin, class, object, nfreed, false));
			if (nkept > 0 && ash_slab_pages(slab) > 0) {
				uint64_t holes = holes_by_object(slab, kept, nkept);

				compared += holes != 0;
				assert_true(ash_slab_holes(slab) == holes);
			}
			if (nkept > 0)
				assert_true(ash_bin_flush(&bin, class, kept, nkept, false));
			/* The bin would keep it, and the bin goes. */
			ash_list_remove(&slab->link);
			ash_slab_destroy(slab);
			ash_os_page = page;
			ash_os_page_shift = shift;
		}
	assert_true(compared > 100);
	ash_purge_all(&ash_heap);
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
	assert_null(layers_detach(&bin, 1000 + ash_bin_hole_age - 1, &holes));
	slab = layers_detach(&bin, 1000 + ash_bin_hole_age, &holes);
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

/* When nothing else is left no slab stays unseen, young and behind however many others. */
static void every_slab_is_looked_at(void **state)
{
	enum { SLABS = 200 };
	unsigned class = ash_class_of(2048), n = ash_size_classes[class].regions;
	struct ash_bin *bin = &ash_shard_at(0)->bin[class];
	static void *object[SLABS][128];

	(void)state;
	assert_in_range(n, 8, 128);
	for (unsigned s = 0; s < SLABS; s++)
		assert_int_equal(ash_bin_fill(bin, class, 0, object[s] + n, n), n);
	/* On each page one of two objects stays; but in the slab that changed last both on
	 * every other page. */
	for (unsigned s = 0; s < SLABS; s++)
		for (unsigned i = 0; i < n; i++)
			if (s == SLABS - 1 ? i % 4 < 2 : i % 2 == 0) {
				assert_true(ash_bin_flush(bin, class, &object[s][i], 1, false));
				object[s][i] = NULL;
			}
	assert_true(ash_holes_step(&ash_heap, ash_slab_epoch, UINT64_MAX));
	assert_int_equal(purged_pages(bin), 0); /* too young */
	ash_holes_of_any_age(&ash_heap, SIZE_MAX);
	assert_in_range(purged_pages(bin), n / 4, n / 4 + 1);
	/* Again, and with nothing left to go. */
	for (unsigned s = 0; s < SLABS; s += 2)
		for (unsigned i = 0; i < n; i++)
			if (object[s][i] != NULL && i % 4 < 2) {
				assert_true(ash_bin_flush(bin, class, &object[s][i], 1, false));
				object[s][i] = NULL;
			}
	ash_holes_of_any_age(&ash_heap, SIZE_MAX);
	assert_in_range(purged_pages(bin), (SLABS / 2 + 1) * (n / 4),
			(SLABS / 2 + 1) * (n / 4 + 1));
	ash_holes_of_any_age(&ash_heap, SIZE_MAX);
	for (unsigned s = 0; s < SLABS; s++)
		for (unsigned i = 0; i < n; i++)
			if (object[s][i] != NULL)
				assert_true(ash_bin_flush(bin, class, &object[s][i], 1, false));
	assert_int_equal(bin->regions_out, 0);
	assert_int_equal(bin->nslabs, 1);
	ash_purge_all(&ash_heap);
}

/* Slabs of which nothing more can go do not hide others, however many they are, nor the lists
 * behind theirs. */
static void every_list_is_reached(void **state)
{
	enum { SLABS = 200 };
	unsigned class = ash_class_of(2048), n = ash_size_classes[class].regions;
	struct ash_bin *bin = &ash_shard_at(0)->bin[class];
	static void *object[SLABS][128];
	unsigned before;

	(void)state;
	assert_in_range(n, 8, 128);
	ash_slab_epoch = 3000;
	for (unsigned s = 0; s < SLABS; s++)
		assert_int_equal(ash_bin_fill(bin, class, 0, object[s] + n, n), n);
	/* All but one of them empty but for an object; of the other every other page. */
	for (unsigned s = 0; s < SLABS - 1; s++)
		assert_true(ash_bin_flush(bin, class, object[s], n - 1, false));
	while (ash_holes_step(&ash_heap, 3100, UINT64_MAX))
		;
	before = purged_pages(bin);
	assert_true(before >= (SLABS - 1) * (n / 2 - 3));
	for (unsigned i = 0; i < n; i++)
		if (i % 4 < 2) {
			assert_true(ash_bin_flush(bin, class, &object[SLABS - 1][i], 1, false));
			object[SLABS - 1][i] = NULL;
		}
	for (uint32_t epoch = 3200; epoch < 3300; epoch += 10)
		while (ash_holes_step(&ash_heap, epoch, UINT64_MAX))
			;
	assert_in_range(purged_pages(bin) - before, n / 4 - 1, n / 4 + 1);
	for (unsigned s = 0; s < SLABS - 1; s++)
		assert_true(ash_bin_flush(bin, class, &object[s][n - 1], 1, false));
	for (unsigned i = 0; i < n; i++)
		if (object[SLABS - 1][i] != NULL)
			assert_true(ash_bin_flush(bin, class, &object[SLABS - 1][i], 1, false));
	assert_int_equal(bin->regions_out, 0);
	ash_purge_all(&ash_heap);
}

/* While objects are freed: young slabs, too, but only where much of them can go; one call does
 * a part, and the next goes on with it. */
static void rich_slabs_go_at_once(void **state)
{
	enum { SLABS = 40 };
	unsigned class = ash_class_of(4096), n = ash_size_classes[class].regions, calls = 1;
	struct ash_bin *bin = &ash_shard_at(0)->bin[class];
	static void *object[SLABS][64];
	size_t gone, all;
	bool more;

	(void)state;
	assert_in_range(n, 16, 64);
	ash_slab_epoch = 4000;
	for (unsigned s = 0; s < SLABS; s++)
		assert_int_equal(ash_bin_fill(bin, class, 0, object[s] + n, n), n);
	for (more = true, all = 0; more; all++) /* what other tests left */
		more = ash_holes_rich(&ash_heap, all == 0, 100000, &gone);
	/* Half of the slabs lose every other object, the others the first: less than a sixth.
	 */
	for (unsigned s = 0; s < SLABS; s++)
		for (unsigned i = 0; i < n; i++)
			if (s % 2 == 0 ? i % 2 == 0 : i == 0)
				assert_true(ash_bin_flush(bin, class, &object[s][i], 1, false));
	more = ash_holes_rich(&ash_heap, true, 100000, &gone);
	assert_true(more); /* some hundred pages are too many for 0.1 ms */
	for (all = gone; more; all += gone, calls++)
		more = ash_holes_rich(&ash_heap, false, 100000, &gone);
	assert_true(calls >= SLABS / 2 * (n / 2) / 100);
	for (unsigned s = 1; s < SLABS; s += 2)
		assert_int_equal(ash_run_of(object[s][1])->purged, 0);
	assert_int_equal(all, (size_t)purged_pages(bin) << ash_os_page_shift);
	assert_in_range(purged_pages(bin), SLABS / 2 * (n / 2 - 1), SLABS / 2 * (n / 2 + 1));
	for (unsigned s = 0; s < SLABS; s++)
		for (unsigned i = 0; i < n; i++)
			if (s % 2 == 0 ? i % 2 != 0 : i != 0)
				assert_true(ash_bin_flush(bin, class, &object[s][i], 1, false));
	assert_int_equal(bin->regions_out, 0);
	ash_purge_all(&ash_heap);
}

static uint64_t slow_ns;

/* A machine on which four ranges take 24 us. */
static uint64_t slow_clock(enum ash_clock clock)
{
	return clock == ASH_CLOCK_THREAD_CPU ? (slow_ns += 24000 * ASH_HOLES_SLOWED)
					     : 1000000000;
}

/* Walks through the slabs as calls of the program until one is over; the most pages that went
 * in one of them. */
static size_t walk_in_calls(bool in_call)
{
	size_t most = 0, gone;
	bool more = true;

	for (bool anew = true; more; anew = false) {
		struct ash_stall stall;

		ash_stall_begin(&stall, !in_call);
		more = ash_holes_rich(&ash_heap, anew, UINT64_MAX, &gone);
		ash_stall_end(&ash_heap, &stall);
		most = gone > most ? gone : most;
	}
	return most >> ash_os_page_shift;
}

/* However long the kernel takes for it, a call ends by the clock, within a slab too; later ones
 * go on, and a second walk has what the first one left. */
static void the_clock_ends_a_call(void **state)
{
	enum { SLABS = 20 };
	unsigned class = ash_class_of(4096), n = ash_size_classes[class].regions;
	struct ash_bin *bin = &ash_shard_at(0)->bin[class];
	static void *object[SLABS][64];

	(void)state;
	assert_int_equal(n, 64);
	ash_os_clock_hook = slow_clock;
	for (unsigned in_call = 0; in_call < 2; in_call++) {
		for (unsigned s = 0; s < SLABS; s++)
			assert_int_equal(ash_bin_fill(bin, class, 0, object[s] + n, n), n);
		walk_in_calls(false); /* what other tests left */
		for (unsigned s = 0; s < SLABS; s++)
			for (unsigned i = 0; i < n; i += 2)
				assert_true(ash_bin_flush(bin, class, &object[s][i], 1, false));
		if (in_call) {
			/* It looks after each four ranges, and the fifth look is too late. */
			assert_in_range(walk_in_calls(true), 8, 23);
			assert_true(purged_pages(bin) < SLABS * n / 2);
			walk_in_calls(true);
		} else {
			assert_in_range(walk_in_calls(false), SLABS * n / 2 - 8, SLABS * n / 2);
		}
		assert_in_range(purged_pages(bin), SLABS * n / 2 - 8, SLABS * n / 2 + 8);
		for (unsigned s = 0; s < SLABS; s++)
			for (unsigned i = 1; i < n; i += 2)
				assert_true(ash_bin_flush(bin, class, &object[s][i], 1, false));
		assert_int_equal(bin->regions_out, 0);
		ash_purge_all(&ash_heap);
	}
	ash_os_clock_hook = NULL;
}

/* Granules that went back whole stay gone when their slab is freed: they are not dirty, nor
 * given back a second time; unless the block was made a huge page since, which filled them. */
static void what_went_stays_gone(void **state)
{
	enum { SLABS = 4 };
	unsigned class = ash_class_of(4096), n = ash_size_classes[class].regions;
	unsigned granules = ash_size_classes[class].granules;
	struct ash_bin *bin = &ash_shard_at(0)->bin[class];
	static void *object[SLABS][64];

	(void)state;
	assert_in_range(n, 8, 64);
	for (unsigned collapsed = 0; collapsed < 2; collapsed++) {
		size_t given, left = collapsed ? granules : 1;
		char *first[SLABS];

		for (unsigned s = 0; s < SLABS; s++) {
			assert_int_equal(ash_bin_fill(bin, class, 0, object[s] + n, n), n);
			first[s] = ash_run_address(ash_run_of(object[s][0]));
			memset(first[s], 1, granules * ASH_GRANULE);
		}
		for (unsigned s = 0; s < SLABS; s++)
			assert_true(ash_bin_flush(bin, class, object[s], n - 1, false));
		ash_holes_of_any_age(&ash_heap, SIZE_MAX);
		assert_int_equal(purged_pages(bin), SLABS * (n - 1));
		ash_purge_all(&ash_heap);
		assert_int_equal(ash_heap.account.dirty, 0);
		for (unsigned s = 0; s < SLABS; s++) {
			struct ash_hugeblock *block = ash_run_block(ash_run_of(first[s]));

			block->collapses = (uint8_t)(block->collapses + collapsed);
		}
		/* The bin keeps one of them. */
		for (unsigned s = 0; s < SLABS; s++)
			assert_true(ash_bin_flush(bin, class, &object[s][n - 1], 1, false));
		assert_int_equal(bin->nslabs, 1);
		assert_int_equal(ash_heap.account.dirty, (SLABS - 1) * left);
		given = ash_os_given.bytes;
		ash_purge_all(&ash_heap);
		assert_int_equal(ash_os_given.bytes - given, (SLABS - 1) * left * ASH_GRANULE);
	}
}

static unsigned walk_for_rich(const struct ash_run *slab)
{
	size_t gone;

	for (bool more = true, anew = true; more; anew = false)
		more = ash_holes_rich(&ash_heap, anew, 1000000, &gone);
	return (unsigned)__builtin_popcountll(slab->purged);
}

/* What a walk for rich slabs saw in vain it sees again when an eighth of what was out was
 * freed, or something was taken meanwhile. */
static void a_slab_is_seen_again(void **state)
{
	unsigned class = ash_class_of(4096), n = ash_size_classes[class].regions;
	struct ash_bin *bin = &ash_shard_at(0)->bin[class];
	const unsigned poor = n / 6 - 1, seen_again = n - poor - (n - poor) / 8;
	void *object[64], *last[1];
	struct ash_run *slab;

	(void)state;
	assert_int_equal(n, 64);
	for (unsigned taken = 0; taken < 2; taken++) {
		unsigned out = n - poor;

		assert_int_equal(ash_bin_fill(bin, class, 0, object + n, n), n);
		slab = ash_run_of(object[0]);
		assert_true(ash_run_of(object[n - 1]) == slab);
		memset(ash_run_address(slab), 1, slab->granules * ASH_GRANULE);
		assert_true(ash_bin_flush(bin, class, object, poor, false));
		assert_int_equal(walk_for_rich(slab), 0); /* less than a sixth */
		if (taken) {
			assert_int_equal(ash_bin_fill(bin, class, 0, last + 1, 1), 1);
			assert_true(ash_run_of(last[0]) == slab);
			assert_true(ash_bin_flush(bin, class, last, 1, false));
		}
		/* Two more make a sixth. */
		assert_true(ash_bin_flush(bin, class, object + poor, 2, false));
		out -= 2;
		assert_int_equal(walk_for_rich(slab), taken ? n - out : 0);
		for (; !taken && out > seen_again; out--)
			assert_true(ash_bin_flush(bin, class, object + n - out, 1, false));
		assert_int_equal(walk_for_rich(slab), n - out);
		assert_true(ash_bin_flush(bin, class, object + n - out, out, false));
	}
	assert_int_equal(bin->regions_out, 0);
	ash_purge_all(&ash_heap);
}

/* Pages of the slab that a walk for old holes finds. */
static unsigned walk_for_old(struct ash_bin *bin, struct ash_run *slab)
{
	struct ash_bin_walk walk;
	unsigned looks = 1000, n = 0;
	struct ash_run *found;
	uint64_t holes;

	ash_bin_walk_begin(bin, &walk, ASH_BIN_AGED, ash_slab_epoch + 1000);
	while ((found = ash_bin_walk_detach(bin, &walk, &looks, &holes)) != NULL) {
		if (found == slab)
			n = ash_bits_count(holes);
		ash_bin_attach(bin, found, holes);
	}
	return n;
}

/* A walk for old holes passes by slabs of which nothing was freed since one had all of their
 * holes; what a walk for rich ones left it finds. */
static void old_holes_are_looked_for_once(void **state)
{
	unsigned class = ash_class_of(4096), n = ash_size_classes[class].regions;
	struct ash_bin *bin = &ash_shard_at(0)->bin[class];
	const unsigned poor = n / 6 - 1;
	void *object[64];
	struct ash_run *slab;

	(void)state;
	assert_int_equal(n, 64);
	assert_int_equal(ash_bin_fill(bin, class, 0, object + n, n), n);
	slab = ash_run_of(object[0]);
	assert_true(ash_run_of(object[n - 1]) == slab);
	assert_true(ash_bin_flush(bin, class, object, poor, false));
	assert_int_equal(walk_for_rich(slab), 0);
	assert_int_equal(walk_for_old(bin, slab), poor);
	/* Were they there again, it would not see them. */
	slab->purged = 0;
	ash_account_count_holes(&ash_heap, -(long)poor);
	assert_int_equal(walk_for_old(bin, slab), 0);
	assert_true(ash_bin_flush(bin, class, object + poor, 1, false));
	assert_int_equal(walk_for_old(bin, slab), poor + 1);
	assert_true(ash_bin_flush(bin, class, object + poor + 1, n - poor - 1, false));
	assert_int_equal(bin->regions_out, 0);
	ash_purge_all(&ash_heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holes_go_back),
		cmocka_unit_test(holes_instead_of_growth),
		cmocka_unit_test(holes_in_pages_larger_than_granules),
		cmocka_unit_test(holes_of_every_class),
		cmocka_unit_test(frees_into_a_slab_apart),
		cmocka_unit_test(every_slab_is_looked_at),
		cmocka_unit_test(every_list_is_reached),
		cmocka_unit_test(rich_slabs_go_at_once),
		cmocka_unit_test(the_clock_ends_a_call),
		cmocka_unit_test(what_went_stays_gone),
		cmocka_unit_test(a_slab_is_seen_again),
		cmocka_unit_test(old_holes_are_looked_for_once),
	};

	return cmocka_run_group_tests(tests, layers_up, NULL);
}
