#include "test/support/unit.h"

#include <string.h>

#include "page/account.h"
#include "page/heap.h"
#include "slab/slab.h"
#include "test/support/layers.h"
#include "util/prng.h"

static bool give(struct ash_run *slab, void *p, struct ash_misuse *m)
{
	return ash_slab_give(slab, &p, 1, m) == 1;
}

/* Each class: all regions come out once, in ascending order, inside the slab; what is given
 * back comes out again, lowest first. */
static void take_all_and_give_back(void **state)
{
	void *out[1024];
	struct ash_misuse m;

	(void)state;
	for (unsigned c = 1; c < ASH_CLASSES; c++) {
		struct ash_run *slab = ash_slab_create(c, 0);
		unsigned n = ash_size_classes[c].regions;
		char *base = ash_run_address(slab);

		assert_non_null(slab);
		assert_int_equal(ash_window_class(ash_window_unit(base)), c);
		assert_int_equal(ash_slab_take(slab, out + 1024, 1024), n);
		assert_int_equal(ash_slab_take(slab, out + 1024 - n, 1), 0);
		for (unsigned i = 0; i < n; i++) {
			assert_ptr_equal(out[1023 - i], base + (size_t)i * ash_class_size(c));
			assert_int_equal(ash_slab_region_state(slab, out[1023 - i]),
					 ASH_REGION_OUT);
			assert_ptr_equal(ash_run_of(out[1023 - i]), slab);
		}
		for (unsigned i = 0; i < n; i += 2)
			assert_true(give(slab, base + (size_t)i * ash_class_size(c), &m));
		assert_true(ash_slab_is_valid(slab));
		assert_int_equal(slab->nfree, (n + 1) / 2);
		assert_int_equal(ash_slab_take(slab, out + 1024, 2), 2);
		assert_ptr_equal(out[1023], base);
		assert_ptr_equal(out[1022], base + 2 * ash_class_size(c));
		for (unsigned i = 0; i < n; i++)
			if (i < 3 || i % 2 == 1)
				assert_true(
					give(slab, base + (size_t)i * ash_class_size(c), &m));
		assert_int_equal(slab->nfree, n);
		ash_slab_destroy(slab);
		assert_int_equal(ash_window_class(ash_window_unit(base)), 0);
	}
	assert_int_equal(ash_account_in_use(&ash_heap), 0);
}

#define ROW 62

/* Objects in a row, up or down, from anywhere: as given one by one.  `hole` of them was given
 * before, and ends the row. */
static void give_row(struct ash_run *slab, unsigned first, unsigned n, bool up, unsigned hole)
{
	char *base = ash_run_address(slab);
	unsigned before = slab->nfree;
	void *row[ROW];
	struct ash_misuse m;

	for (unsigned i = 0; i < n; i++)
		row[i] = base + (size_t)(up ? first + i : first + n - 1 - i) * slab->size;
	if (hole < n)
		assert_true(give(slab, row[hole], &m));
	assert_int_equal(ash_slab_give(slab, row, n, &m), hole < n ? hole : n);
	if (hole < n) {
		assert_int_equal(m.kind, ASH_MISUSE_DOUBLE_FREE);
		assert_ptr_equal(m.pointer, row[hole]);
		assert_int_equal(ash_slab_give(slab, row + hole + 1, n - hole - 1, &m),
				 n - hole - 1);
	}
	assert_int_equal(m.kind, ASH_MISUSE_NONE);
	assert_int_equal(slab->nfree, before + n);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(ash_slab_region_state(slab, row[i]), ASH_REGION_FREE);
	assert_true(ash_slab_is_valid(slab));
}

static void rows(void **state)
{
	struct ash_prng prng = ash_prng_seeded(5);
	void *out[1024], *beyond[2];
	struct ash_misuse m;

	(void)state;
	for (unsigned c = 1; c < ASH_CLASSES; c++) {
		struct ash_run *slab = ash_slab_create(c, 0);
		unsigned n = ash_size_classes[c].regions;
		char *base = ash_run_address(slab);

		/* The last one carved, and the one behind it. */
		assert_int_equal(ash_slab_take(slab, out + 1024, n - 2), n - 2);
		beyond[0] = base + (size_t)(n - 3) * slab->size;
		beyond[1] = base + (size_t)(n - 2) * slab->size;
		assert_int_equal(ash_slab_give(slab, beyond, 2, &m), 1);
		assert_string_equal(m.why, "it was never allocated");
		assert_int_equal(ash_slab_take(slab, out + 1024, 3), 3);
		for (unsigned round = 0; round < 40; round++) {
			unsigned most = n < ROW ? n : ROW;
			unsigned k = 1 + (unsigned)ash_prng_below(&prng, most);
			unsigned first = (unsigned)ash_prng_below(&prng, n - k + 1);
			unsigned hole = round % 2 ? (unsigned)ash_prng_below(&prng, k) : ROW;

			give_row(slab, first, k, round & 2, hole);
			assert_int_equal(ash_slab_take(slab, out + 1024, k), k);
		}
		for (unsigned i = 0; i < n; i++)
			assert_true(give(slab, base + (size_t)i * slab->size, &m));
		ash_slab_destroy(slab);
	}
}

/* Slabs side by side, each class next to the others: nobody's bits are another's.  Every
 * region is taken, then of slab k every one whose number is k modulo the number of slabs given
 * back, and those are what comes out again. */
static void bitmaps_lie_apart(void **state)
{
	static const unsigned classes[] = {1, 1, 2, 3, 1, 4, 5, 40, 1, 49, 2};
	enum { SLABS = sizeof(classes) / sizeof(classes[0]) };
	struct ash_run *slab[SLABS];
	struct ash_misuse m;
	void *out[1024];

	(void)state;
	for (unsigned k = 0; k < SLABS; k++) {
		slab[k] = ash_slab_create(classes[k], 0);
		assert_non_null(slab[k]);
		assert_int_equal(ash_slab_take(slab[k], out + 1024, 1024), slab[k]->regions);
	}
	for (unsigned i = 0; i < 1024; i++) { /* all slabs in turn */
		unsigned k = i % SLABS;

		if (i < slab[k]->regions)
			assert_true(give(slab[k],
					 ash_run_address(slab[k]) + (size_t)i * slab[k]->size,
					 &m));
	}
	for (unsigned k = 0; k < SLABS; k++) {
		unsigned n = slab[k]->nfree;

		assert_true(ash_slab_is_valid(slab[k]));
		assert_int_equal(n, (slab[k]->regions + SLABS - 1 - k) / SLABS);
		assert_int_equal(ash_slab_take(slab[k], out + 1024, 1024), n);
		for (unsigned i = 0; i < n; i++)
			assert_ptr_equal(out[1023 - i],
					 ash_run_address(slab[k]) +
						 (size_t)(k + i * SLABS) * slab[k]->size);
		for (unsigned i = 0; i < slab[k]->regions; i++)
			assert_true(give(slab[k],
					 ash_run_address(slab[k]) + (size_t)i * slab[k]->size,
					 &m));
	}
	for (unsigned k = 0; k < SLABS; k++)
		ash_slab_destroy(slab[k]);
}

static void misuse_is_told(void **state)
{
	struct ash_run *slab = ash_slab_create(ash_class_of(80), 0);
	struct ash_misuse m;
	void *out[4];
	char *p;

	(void)state;
	assert_int_equal(ash_slab_take(slab, out + 4, 4), 4);
	p = out[2];
	assert_false(give(slab, p + 16, &m));
	assert_int_equal(m.kind, ASH_MISUSE_INVALID_FREE);
	assert_string_equal(m.why, "it points inside an object");
	assert_false(give(slab, ash_run_address(slab) + 10 * 80, &m));
	assert_string_equal(m.why, "it was never allocated");
	assert_true(give(slab, p, &m));
	assert_false(give(slab, p, &m));
	assert_int_equal(m.kind, ASH_MISUSE_DOUBLE_FREE);
	assert_int_equal(m.size, 80);
	assert_int_equal(ash_slab_region_state(slab, p), ASH_REGION_FREE);
	assert_int_equal(ash_slab_region_state(slab, p + 1), ASH_REGION_INSIDE);
	assert_int_equal(ash_slab_region_state(slab, ash_run_address(slab) + 20 * 80),
			 ASH_REGION_UNCARVED);
	assert_true(ash_slab_is_valid(slab));
	for (unsigned i = 0; i < 4; i++)
		if (out[i] != p)
			assert_true(give(slab, out[i], &m));
	ash_slab_destroy(slab);
}

#define HELD 5000

/* A bin under random fills and flushes: no object twice, content kept, and all slabs but one
 * go back in the end. */
static void bin_random(void **state)
{
	static void *held[HELD];
	struct ash_prng prng = ash_prng_seeded(11);
	struct ash_bin bin;
	unsigned n = 0, class = ash_class_of(200);

	(void)state;
	memset(&bin, 0, sizeof(bin));
	ash_bin_init(&bin);
	for (unsigned round = 0; round < 4000; round++) {
		void *batch[64];
		unsigned k = 1 + (unsigned)ash_prng_below(&prng, 62);

		if (n + k <= HELD && ash_prng_below(&prng, 100) < 52) {
			assert_int_equal(ash_bin_fill(&bin, class, 0, batch + 64, k), k);
			for (unsigned i = 64 - k; i < 64; i++) {
				*(void **)batch[i] = batch[i];
				held[n++] = batch[i];
			}
		} else if (n >= k) {
			for (unsigned i = 0; i < k; i++) {
				unsigned j = (unsigned)ash_prng_below(&prng, n);

				assert_ptr_equal(*(void **)held[j], held[j]);
				*(void **)held[j] = NULL;
				batch[i] = held[j];
				held[j] = held[--n];
			}
			assert_true(ash_bin_flush(&bin, class, batch, k, false));
		}
		assert_int_equal(bin.regions_out, n);
	}
	assert_true(ash_bin_flush(&bin, class, held, n, false));
	assert_int_equal(bin.regions_out, 0);
	assert_int_equal(bin.nslabs, 1);
	assert_int_equal(bin.empty_slabs, 1);
}

/* Lines of regions first[-1] .. first[-n]: none that `taken` knows, which then knows them. */
static void take_lines(uint8_t *taken, uintptr_t base, void *const *first, unsigned n,
		       size_t size, uint8_t who)
{
	for (unsigned i = 1; i <= n; i++) {
		uintptr_t at = (uintptr_t)first[-(int)i] - base;

		for (uintptr_t line = at / 64; line <= (at + size - 1) / 64; line++) {
			assert_true(taken[line] == 0 || taken[line] == who);
			taken[line] = who;
		}
	}
}

/* Whatever is wanted, fills from a bin of groups have no line in common, nor with what is still
 * out, as long as little lies idle in parts of groups. */
static void groups_are_taken_whole(void **state)
{
	static const unsigned sizes[] = {16, 32, 48, 80, 96, 480};
	static const unsigned wanted[] = {4, 1, 62, 3, 8, 31, 2, 61};

	(void)state;
	for (unsigned s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		unsigned class = ash_class_of(sizes[s]), n = 0;
		static uint8_t taken[ASH_GRANULE / 64];
		struct ash_run *slab = ash_slab_create(class, 0);
		uintptr_t base = (uintptr_t)ash_run_address(slab);
		static void *out[1024];
		struct ash_misuse m;

		memset(taken, 0, sizeof(taken));
		for (unsigned i = 0;; i++) {
			void *batch[64];
			unsigned got = ash_slab_take_groups(slab, batch + 64, wanted[i % 8],
							    ash_class_group(class));

			if (got == 0)
				break;
			assert_true(got <= wanted[i % 8]);
			take_lines(taken, base, batch + 64, got, sizes[s], (uint8_t)(i + 1));
			for (unsigned k = 1; k <= got; k++)
				out[n++] = batch[64 - k];
		}
		/* What is left are parts of groups. */
		assert_true(slab->nfree > 0);
		assert_int_equal(slab->bump, slab->regions);
		assert_int_equal(
			ash_slab_take_groups(slab, &out[n] + 1, 1, ash_class_group(class)), 0);
		/* The first fill's lines are whole again; a neighbour's part is not. */
		for (unsigned i = 0; i < 4; i++)
			assert_true(give(slab, out[i], &m));
		assert_true(give(slab, out[n - 1], &m));
		take_lines(taken, base, out + 4,
			   ash_slab_take_groups(slab, out + 4, 8, ash_class_group(class)),
			   sizes[s], 1);
		assert_ptr_equal(out[3], ash_run_address(slab));
		for (unsigned i = 0; i < n - 1; i++)
			assert_true(give(slab, out[i], &m));
		ash_slab_destroy(slab);
	}
}

/* Where much lies idle in parts of groups these are taken, instead of ever more slabs. */
static void scattered_groups_are_used(void **state)
{
	unsigned class = ash_class_of(16), group = ash_class_group(class), n = 0;
	static void *out[32 * 1024];
	struct ash_bin bin;
	unsigned left = 0, slabs;

	(void)state;
	memset(&bin, 0, sizeof(bin));
	ash_bin_init(&bin);
	bin.group = group;
	while (n + group <= sizeof(out) / sizeof(*out)) {
		assert_int_equal(ash_bin_fill(&bin, class, 0, out + n + group, group), group);
		n += group;
	}
	slabs = bin.nslabs;
	for (unsigned i = 0; i < n; i++) /* of each group one stays */
		if (i % group == 0)
			out[left++] = out[i];
		else
			assert_true(ash_bin_flush(&bin, class, &out[i], 1, false));
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(ash_bin_fill(&bin, class, 0, out + left + i + 1, 1), 1);
	assert_int_equal(bin.nslabs, slabs);
	assert_true(ash_bin_flush(&bin, class, out, left + 1000, false));
	assert_int_equal(bin.regions_out, 0);
}

static void busy_bin_refuses_a_try(void **state)
{
	struct ash_bin bin;
	void *slot[1];

	(void)state;
	memset(&bin, 0, sizeof(bin));
	ash_bin_init(&bin);
	assert_int_equal(ash_bin_fill(&bin, 5, 0, slot + 1, 1), 1);
	bin.lock.word = 1; /* as if another thread held it */
	assert_false(ash_bin_flush(&bin, 5, slot, 1, true));
	bin.lock.word = 0;
	assert_true(ash_bin_flush(&bin, 5, slot, 1, true));
	assert_int_equal(bin.contended, 1);
}

static unsigned reported;

static void count_report(const struct ash_misuse *misuse)
{
	assert_int_equal(misuse->kind, ASH_MISUSE_DOUBLE_FREE);
	reported++;
}

static void bin_reports_double_frees(void **state)
{
	struct ash_bin bin;
	void *slot[2];

	(void)state;
	memset(&bin, 0, sizeof(bin));
	ash_bin_init(&bin);
	ash_misuse_hook = count_report;
	assert_int_equal(ash_bin_fill(&bin, 5, 0, slot + 1, 1), 1);
	slot[1] = slot[0];
	assert_true(ash_bin_flush(&bin, 5, slot, 2, false));
	assert_int_equal(reported, 1);
	assert_int_equal(bin.regions_out, 0);
}

static const void *wrong[8];

static void note_report(const struct ash_misuse *misuse)
{
	assert_true(reported < 8);
	wrong[reported++] = misuse->pointer;
}

/* Neighbours in a magazine that lie in different slabs go back one by one: the slabs change
 * lists as they drain, and what is wrong among them is found as it is in a row of one slab. */
static void alternate_slabs_are_flushed(void **state)
{
	unsigned class = 24, n = ash_size_classes[24].regions;
	static void *slot[2 * 1024], *items[2 * 1024 + 2];
	struct ash_bin bin;
	unsigned count = 0;

	(void)state;
	memset(&bin, 0, sizeof(bin));
	ash_bin_init(&bin);
	ash_misuse_hook = note_report;
	reported = 0;
	assert_int_equal(ash_bin_fill(&bin, class, 0, slot + 2 * n, 2 * n), 2 * n);
	for (unsigned i = 0; i < n; i++) {
		items[count++] = slot[i];
		items[count++] = slot[n + i];
	}
	assert_ptr_not_equal(ash_run_of(items[0]), ash_run_of(items[1]));
	/* One slab keeps an object; instead come a second free and the middle of a region. */
	items[count - 2] = (char *)slot[0] + 8;
	items[count++] = slot[n];
	assert_true(ash_bin_flush(&bin, class, items, count - 4, false));
	assert_int_equal(reported, 0);
	assert_int_equal(bin.regions_out, 3);
	for (unsigned i = 0; i < 2; i++) {
		const struct ash_run *slab = ash_run_of(items[i]);

		assert_true(ash_slab_is_valid(slab));
		assert_int_equal(slab->fullness,
				 slab->nfree * (ASH_BIN_LISTS - 1) / slab->regions);
		assert_true(bin.filled >> slab->fullness & 1);
	}
	assert_true(ash_bin_flush(&bin, class, items + count - 4, 4, false));
	assert_int_equal(reported, 2);
	assert_ptr_equal(wrong[0], (char *)slot[0] + 8);
	assert_ptr_equal(wrong[1], slot[n]);
	assert_int_equal(bin.regions_out, 1);
	assert_int_equal(bin.nslabs, 2);
	assert_int_equal(bin.empty_slabs, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(take_all_and_give_back),
		cmocka_unit_test(rows),
		cmocka_unit_test(bitmaps_lie_apart),
		cmocka_unit_test(misuse_is_told),
		cmocka_unit_test(bin_random),
		cmocka_unit_test(groups_are_taken_whole),
		cmocka_unit_test(scattered_groups_are_used),
		cmocka_unit_test(busy_bin_refuses_a_try),
		cmocka_unit_test(bin_reports_double_frees),
		cmocka_unit_test(alternate_slabs_are_flushed),
	};

	return cmocka_run_group_tests(tests, layers_up, NULL);
}
