#include "slab/slab.h"

#include <string.h>

#include "meta/window.h"
#include "os/delay.h"
#include "os/os.h"
#include "page/account.h"
#include "page/growth.h"
#include "page/limits.h"
#include "page/run.h"
#include "util/assert.h"
#include "util/bitmap.h"
#include "util/bits.h"

/* Writes the class of its objects into the byte map for every granule of the slab; from
 * then on the fast path of free does.  0 takes the granules off it again.  The annex has no
 * such map. */
static void publish(const struct ash_run *slab, unsigned class)
{
	uint8_t *at;

	ash_delay();
	if (ASH_UNLIKELY(!ash_window_holds(ash_run_address(slab))))
		return;
	at = ash_window.classes + ash_granule_number(ash_run_address(slab));
#ifdef __SANITIZE_THREAD__
	for (unsigned i = 0; i < slab->granules; i++)
		ash_store_relaxed(&at[i], (uint8_t) class);
#else
	/* Nobody reads a byte before an object of the slab was handed out by way of its bin's
	 * lock, nor after the last came back the same way. */
	memset(at, (int)class, slab->granules);
#endif
}

uint32_t ash_slab_epoch;
uint32_t ash_slab_refaults[ASH_CLASSES];

static bool map_is_valid(const struct ash_run *slab)
{
	const uint8_t *at = ash_window.classes + ash_granule_number(ash_run_address(slab));

	for (unsigned i = 0; i < slab->granules; i++)
		if (ash_load_relaxed(&at[i]) != slab->class)
			return false;
	return true;
}

/* Whether the fields that are constant while the slab is in use are those of its class, and
 * the map says so, too. */
static bool shape_is_valid(const struct ash_run *slab)
{
	const struct ash_size_class *sc = &ash_size_classes[slab->class];

	if (slab->class == 0 || slab->class >= ASH_CLASSES || slab->size != sc->size ||
	    slab->reciprocal != sc->reciprocal || slab->regions != sc->regions ||
	    slab->granules != sc->granules)
		return false;
	return !ash_window_holds(ash_run_address(slab)) || map_is_valid(slab);
}

bool ash_slab_is_valid(const struct ash_run *slab)
{
	unsigned words = (slab->regions + 63u) / 64, recycled = 0;

	if (slab->state != ASH_RUN_SLAB || !shape_is_valid(slab) ||
	    slab->bump > slab->regions || slab->detached > 1 || slab->summary >> words != 0)
		return false;
	for (unsigned w = 0; w < words; w++) {
		uint64_t word = *ash_run_bitmap_word(slab, w);
		unsigned carved = slab->bump > w * 64 ? slab->bump - w * 64 : 0;

		recycled += ash_bits_count(word);
		if ((word != 0) != ((slab->summary >> w & 1) != 0))
			return false;
		if (carved < 64 && word >> carved != 0)
			return false;
	}
	return slab->nfree == slab->regions - slab->bump + recycled;
}

/* The OS pages that hold a byte of a region that is out, counted as in `purged`.  One region
 * tells it of its pages: the next that is looked at is the first to reach beyond them. */
static uint64_t pages_out(const struct ash_run *slab)
{
	size_t lead = ash_slab_lead(slab);
	uint64_t pages = 0;
	unsigned i = 0;

	while (i < slab->bump) {
		uint64_t word = ~*ash_run_bitmap_word(slab, i / 64) >> (i % 64);
		size_t offset;
		unsigned from, to;

		if (word == 0) {
			i = (i | 63) + 1;
			continue;
		}
		i += ash_ctz64(word);
		if (i >= slab->bump)
			break;
		offset = lead + (size_t)i * slab->size;
		from = (unsigned)(offset >> ash_os_page_shift);
		to = (unsigned)((offset + slab->size - 1) >> ash_os_page_shift);
		pages |= ash_bits_mask(from, to - from + 1);
		i = ash_region_index(slab->reciprocal,
				     ((size_t)(to + 1) << ash_os_page_shift) - lead);
	}
	return pages;
}

bool ash_slab_purged_is_valid(const struct ash_run *slab)
{
	return (slab->purged & pages_out(slab)) == 0;
}

/* After each change, by whoever holds the slab. */
ASH_INLINE void check(const struct ash_run *slab)
{
	ash_assert_internal(ash_slab_is_valid(slab));
	ash_assert_expensive(slab->purged == 0 || ash_slab_purged_is_valid(slab));
}

struct ash_run *ash_slab_create(unsigned class, unsigned shard)
{
	const struct ash_size_class *sc = &ash_size_classes[class];
	struct ash_run *slab;

	ash_assert(class > 0 && class < ASH_CLASSES);
	slab = ash_run_alloc(&ash_heap, sc->granules, 1, ASH_RUN_SLAB, NULL);

	if (slab == NULL)
		return NULL;
	ash_assert_internal(ash_descriptor_is_valid(slab));
	ash_list_init(&slab->link);
	slab->class = (uint8_t) class;
	slab->shard = (uint8_t)shard;
	slab->seen = 0;
	slab->regions = slab->nfree = sc->regions;
	slab->bump = 0;
	slab->summary = 0;
	slab->fullness = 0;
	slab->detached = 0;
	slab->purged = 0;
	slab->collapses = ash_load_relaxed(&ash_run_block(slab)->collapses);
	slab->stamp = ash_load_relaxed(&ash_slab_epoch);
	slab->run_clock = (uint16_t)(ash_account_clock(&ash_heap) / 64);
	slab->size = sc->size;
	slab->reciprocal = sc->reciprocal;
	for (unsigned w = 0; w * 64 < slab->regions; w++)
		*ash_run_bitmap_word(slab, w) = 0;
	publish(slab, class);
	check(slab);
	return slab;
}

/* The granules of which all pages are holes, as bits. */
static unsigned purged_granules(const struct ash_run *slab)
{
	size_t lead = ash_slab_lead(slab);
	unsigned granules = 0;

	for (unsigned i = 0; i < slab->granules; i++) {
		size_t first = lead + ((size_t)i << ASH_GRANULE_SHIFT);
		unsigned from = (unsigned)(first >> ash_os_page_shift);
		unsigned to = (unsigned)((first + ASH_GRANULE - 1) >> ash_os_page_shift);

		if ((~slab->purged & ash_bits_mask(from, to - from + 1)) == 0)
			granules |= 1u << i;
	}
	return granules;
}

void ash_slab_destroy(struct ash_run *slab)
{
	size_t holes = ash_bits_count(slab->purged);
	unsigned purged = holes != 0 ? purged_granules(slab) : 0;

	ash_assert(slab->nfree == slab->regions);
	ash_assert(ash_list_is_unlinked(&slab->link));
	ash_assert_internal(ash_descriptor_is_valid(slab));
	check(slab);
	publish(slab, 0);
	if (holes != 0) { /* those within a granule count again where it is free */
		ash_limits_make_way(&ash_heap, (holes << ash_os_page_shift) -
						       ((size_t)__builtin_popcount(purged)
							<< ASH_GRANULE_SHIFT));
		ash_account_count_holes(&ash_heap, -(long)holes);
		ash_run_free_purged(&ash_heap, slab, purged);
		ash_limits_make_way(&ash_heap,
				    0); /* by the run itself where nothing else was */
	} else {
		ash_run_free(&ash_heap, slab);
	}
}

/* The OS pages that regions first[-1] .. first[-n] lie on are about to be touched. */
static ASH_NOINLINE void touch_pages(struct ash_run *slab, void **first, unsigned n)
{
	const char *base = (const char *)ash_run_address(slab) - ash_slab_lead(slab);
	uint64_t before = slab->purged;

	for (unsigned i = 1; i <= n; i++) {
		size_t offset = (size_t)((const char *)first[-(int)i] - base);
		unsigned from = (unsigned)(offset >> ash_os_page_shift);
		unsigned to = (unsigned)((offset + slab->size - 1) >> ash_os_page_shift);

		slab->purged &= ~ash_bits_mask(from, to - from + 1);
	}
	n = ash_bits_count(before & ~slab->purged);
	ash_add_relaxed(&ash_slab_refaults[slab->class], n);
	ash_add_relaxed(&ash_slab_refaults[0], n);
	ash_account_count_holes(&ash_heap, -(long)n);
	ash_growth_note(&ash_heap, (size_t)n << ash_os_page_shift);
}

/* Carves up to n regions; returns how many. */
ASH_INLINE unsigned carve(struct ash_run *slab, void **end, unsigned n)
{
	unsigned left = (unsigned)(slab->regions - slab->bump);
	size_t size = slab->size;
	char *p = ash_run_address(slab) + slab->bump * size;

	n = n < left ? n : left;
	ash_store_relaxed(&slab->bump, (uint16_t)(slab->bump + n));
	for (unsigned i = n; i > 0; i--, p += size)
		*--end = p;
	return n;
}

/* Regions first[-1] .. first[-got] were taken. */
ASH_INLINE void note_taken(struct ash_run *slab, void **first, unsigned got)
{
	slab->nfree -= (uint16_t)got;
	slab->seen = 0;
	slab->stamp = ash_load_relaxed(&ash_slab_epoch);
	slab->run_clock = (uint16_t)(ash_account_clock(&ash_heap) / 64);
	if (ASH_UNLIKELY(slab->purged != 0))
		touch_pages(slab, first, got);
	check(slab);
}

unsigned ash_slab_take(struct ash_run *slab, void **end, unsigned want)
{
	char *base = ash_run_address(slab);
	void **start = end;
	size_t size = slab->size;
	unsigned got = 0;

	while (got < want && slab->summary != 0) {
		unsigned w = ash_ctz64(slab->summary);
		char *first = base + w * 64 * size;
		uint64_t *at = ash_run_bitmap_word(slab, w), word = *at;

		do {
			*--end = first + ash_ctz64(word) * size;
			got++;
			word &= word - 1;
		} while (word != 0 && got < want);
		ash_store_relaxed(at, word);
		if (word == 0)
			slab->summary &= (uint16_t) ~(1u << w);
	}
	if (got < want && slab->bump < slab->regions)
		got += carve(slab, end, want - got);
	ash_assert(got <= want);
	note_taken(slab, start, got);
	return got;
}

/* What was carved ends within a group: the rest of it is carved, too, and stays free. */
static void complete_group(struct ash_run *slab, unsigned group)
{
	while (slab->bump % group != 0 && slab->bump < slab->regions) {
		unsigned i = slab->bump;
		uint64_t *at = ash_run_bitmap_word(slab, i / 64);

		ash_store_relaxed(at, *at | (uint64_t)1 << i % 64);
		slab->summary |= (uint16_t)(1u << i / 64);
		ash_store_relaxed(&slab->bump, (uint16_t)(i + 1));
	}
}

/* Bits at which a group begins that is all set.  No group lies in two words. */
static uint64_t whole_groups(uint64_t word, unsigned group)
{
	uint64_t pairs = word & word >> 1;

	return group == 2 ? pairs & UINT64_MAX / 3 : pairs & pairs >> 2 & UINT64_MAX / 15;
}

unsigned ash_slab_take_groups(struct ash_run *slab, void **end, unsigned want, unsigned group)
{
	char *base = ash_run_address(slab);
	void **start = end;
	size_t size = slab->size;
	unsigned got = 0;

	ash_assert(group == 2 || group == 4);
	complete_group(slab, group);
	for (unsigned left = slab->summary; left != 0 && got < want; left &= left - 1) {
		unsigned w = ash_ctz64(left);
		uint64_t *at = ash_run_bitmap_word(slab, w), word = *at;
		uint64_t whole = whole_groups(word, group);

		for (; whole != 0 && got < want; whole &= whole - 1) {
			unsigned bit = ash_ctz64(whole), n = want - got;

			n = n < group ? n : group;
			for (unsigned i = bit; i < bit + n; i++)
				*--end = base + (w * 64 + i) * size;
			word &= ~ash_bits_mask(bit, n);
			got += n;
		}
		ash_store_relaxed(at, word);
		if (word == 0)
			slab->summary &= (uint16_t) ~(1u << w);
	}
	if (got < want)
		got += carve(slab, end, want - got);
	ash_assert(got <= want);
	if (got > 0)
		note_taken(slab, start, got);
	return got;
}

/* Why an item of this slab that `give` stopped at is none that is out. */
static ASH_COLD void explain(const struct ash_run *slab, const void *p,
			     struct ash_misuse *misuse)
{
	*misuse = (struct ash_misuse){ASH_MISUSE_INVALID_FREE, p, slab->size, NULL};
	switch (ash_slab_region_state(slab, p)) {
	case ASH_REGION_INSIDE:
		misuse->why = "it points inside an object";
		break;
	case ASH_REGION_UNCARVED:
		misuse->why = "it was never allocated";
		break;
	default:
		misuse->kind = ASH_MISUSE_DOUBLE_FREE;
	}
}

/* Number of the region that starts at p; what is no such start gives a number above any. */
ASH_INLINE uint64_t region_of(const char *p, const char *base, uint32_t reciprocal)
{
	size_t offset = (size_t)(p - base);

	if (ASH_UNLIKELY(offset >= 16 * ASH_GRANULE))
		return UINT64_MAX;
	return ash_region_at(reciprocal, offset);
}

/* How many of the `most` items from `at` on lie one stride apart; most > 1, and two do.  Not
 * inlined: the loop that calls it needs the registers. */
static ASH_NOINLINE unsigned length_of_row(void **at, size_t most, ptrdiff_t stride)
{
	char *p = (char *)at[1] + stride;
	size_t n = 2;

	for (; n < most && at[n] == p; n++)
		p += stride;
	return (unsigned)n;
}

/* Sets the bits of the items from `at` on, up to the first that lies in another slab or is not
 * out, and returns where it stopped.  An item of another slab has a region number of `bump` or
 * more, as has what lies behind the last region, for no slab is longer than 16 granules.
 *
 * What was allocated in a row is often freed in a row, upward or downward.  So items one
 * `stride` apart are recognised by an addition, and their bits are set at once, as far as one
 * word of the bitmap goes.  `one_word` is a constant that says the bitmap has no more than
 * that. */
ASH_INLINE void **give_items(struct ash_run *slab, void **at, void **end, bool one_word)
{
	uint64_t *at_word = ash_run_bitmap_near(slab), word = *at_word;
	char *base = ash_run_address(slab);
	uint64_t bump = slab->bump;
	uint32_t reciprocal = slab->reciprocal;
	unsigned summary = slab->summary;
	ptrdiff_t stride = (ptrdiff_t)slab->size;

	if (end - at > 1 && at[1] < at[0])
		stride = -stride;
	while (at < end) {
		char *p = *at;
		uint64_t i = region_of(p, base, reciprocal), bits;

		if (ASH_UNLIKELY(i >= bump))
			break;
		if (!one_word) {
			at_word = ash_run_bitmap_word(slab, i / 64);
			word = *at_word;
		}
		if (ASH_UNLIKELY(word >> (i % 64) & 1))
			break;
		bits = (uint64_t)1 << (i % 64);
		if (at + 1 < end && at[1] == p + stride) {
			size_t most = stride < 0 ? i % 64 + 1 : 64 - i % 64;
			unsigned n;

			if (stride > 0 && most > bump - i)
				most = bump - i;
			if (most > (size_t)(end - at))
				most = (size_t)(end - at);
			n = most > 1 ? length_of_row(at, most, stride) : 1;
			bits = ash_bits_mask((unsigned)(stride < 0 ? i % 64 + 1 - n : i % 64),
					     n);
			if (ASH_UNLIKELY((word & bits) != 0)) { /* then one by one */
				bits = (uint64_t)1 << (i % 64);
				n = 1;
			}
			at += n - 1;
		}
		at++;
		word |= bits;
		if (!one_word) {
			ash_store_relaxed(at_word, word);
			summary |= 1u << (i / 64);
		}
	}
	if (one_word) {
		ash_store_relaxed(at_word, word);
		summary = word != 0;
	}
	slab->summary = (uint16_t)summary;
	return at;
}

unsigned ash_slab_give(struct ash_run *slab, void **items, unsigned n,
		       struct ash_misuse *misuse)
{
	const char *base = ash_run_address(slab);
	size_t length = (size_t)slab->granules << ASH_GRANULE_SHIFT;
	void **end = items + n, **at;

	misuse->kind = ASH_MISUSE_NONE;
	at = slab->regions <= 64 ? give_items(slab, items, end, true)
				 : give_items(slab, items, end, false);
	n = (unsigned)(at - items);
	slab->nfree += (uint16_t)n;
	check(slab);
	/* Mostly it merely lies in another slab. */
	if (at < end && ASH_UNLIKELY((size_t)((const char *)*at - base) < length))
		explain(slab, *at, misuse);
	return n;
}

uint64_t ash_slab_holes(struct ash_run *slab)
{
	uint8_t collapses = ash_load_relaxed(&ash_run_block(slab)->collapses);
	size_t lead = ash_slab_lead(slab);
	unsigned pages = ash_slab_pages(slab);

	if (pages == 0)
		return 0;
	if (ASH_UNLIKELY(slab->collapses != collapses)) { /* all became resident */
		ash_account_count_holes(&ash_heap, -(long)ash_bits_count(slab->purged));
		slab->purged = 0;
		slab->collapses = collapses;
	}
	ash_assert_expensive(ash_slab_purged_is_valid(slab));
	return ~pages_out(slab) & ~slab->purged & ash_bits_mask(lead != 0, pages);
}
