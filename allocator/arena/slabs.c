#include "arena/slabs.h"

#include "arena/extents.h"
#include "arena/free_extents.h"
#include "util/assert.h"
#include "util/bits.h"

#define REGIONS_BYTES ((size_t)1 << 18)

bool ash_slabs_is_valid(const struct ash_extent *slab)
{
	unsigned set = 0;

	for (unsigned w = 0; w < ASH_BITMAP_WORDS; w++)
		set += (unsigned)__builtin_popcountll(slab->bitmap[w]);
	return slab->bump <= slab->regions && slab->nfree == slab->regions - slab->bump + set &&
	       (slab->nfree == 0) == ash_list_is_unlinked(&slab->link);
}

/* As many as the bitmap has bits for, and where their numbers can be told (size_class.h): what
 * cannot be cut may be longer than the class asked for. */
static unsigned regions_of(size_t bytes, size_t size)
{
	size_t n = (bytes < REGIONS_BYTES ? bytes : REGIONS_BYTES) / size;

	return n < 64 * ASH_BITMAP_WORDS ? (unsigned)n : 64 * ASH_BITMAP_WORDS;
}

/* Makes an extent in transit a slab, of which nothing is out. */
static void init_slab(struct ash_extent *e, unsigned class)
{
	e->class = (uint8_t) class;
	e->nfree = e->regions = (uint16_t)regions_of(e->bytes, ash_class_size(class));
	e->bump = 0;
	for (unsigned w = 0; w < ASH_BITMAP_WORDS; w++)
		e->bitmap[w] = 0;
}

/* Under the lock. */
static void *take_region(struct ash_arena *arena, struct ash_extent *slab)
{
	size_t size = ash_class_size(slab->class);
	unsigned i = 0, w = 0;

	ash_assert(slab->nfree > 0);
	while (w < ASH_BITMAP_WORDS && slab->bitmap[w] == 0)
		w++;
	if (w < ASH_BITMAP_WORDS) {
		i = w * 64 + ash_ctz64(slab->bitmap[w]);
		slab->bitmap[w] &= slab->bitmap[w] - 1;
	} else {
		i = slab->bump++;
	}
	if (--slab->nfree == 0) {
		ash_list_remove(&slab->link);
		arena->body->bin[slab->class].counts.nreslabs++;
		arena->body->bin[slab->class].counts.nonfull_slabs--;
	}
	ash_assert_internal(ash_slabs_is_valid(slab));
	return (void *)(slab->address + i * size);
}

/* Under the lock: from slabs that there are. */
static unsigned take_regions(struct ash_arena *arena, unsigned class, void **out, unsigned want)
{
	struct ash_arena_bin *bin = &arena->body->bin[class];
	unsigned got = 0;

	while (got < want && !ash_list_empty(&bin->slabs)) {
		struct ash_extent *slab =
			ASH_LIST_ENTRY(bin->slabs.next, struct ash_extent, link);

		out[got++] = take_region(arena, slab);
	}
	bin->counts.nmalloc += got;
	bin->counts.nfills += got > 0;
	bin->counts.curregs += got;
	arena->counts.small += got * ash_class_size(class);
	arena->counts.small_nmalloc += got;
	return got;
}

unsigned ash_slabs_fill(struct ash_arena *arena, unsigned class, void **out, unsigned want)
{
	struct ash_arena_bin *bin;
	struct ash_extent *slab;
	unsigned got;

	ash_assert(class > 0 && class < ASH_CLASSES && want > 0);
	bin = &arena->body->bin[class];
	ash_arena_lock(arena);
	got = take_regions(arena, class, out, want);
	ash_arena_unlock(arena);
	if (got > 0)
		return got;
	slab = ash_extents_get(arena,
			       (size_t)ash_size_classes[class].granules << ASH_GRANULE_SHIFT,
			       ASH_GRANULE);
	if (slab == NULL)
		return 0;
	init_slab(slab, class);
	ash_arena_lock(arena);
	ash_extents_use(arena, slab, ASH_EXTENT_SLAB);
	ash_list_push_front(&bin->slabs, &slab->link);
	bin->counts.nslabs++;
	bin->counts.curslabs++;
	bin->counts.nonfull_slabs++;
	got = take_regions(arena, class, out, want);
	ash_arena_unlock(arena);
	return got;
}

/* Under the lock: takes down a slab without an object. */
static void take_down(struct ash_arena *arena, struct ash_extent *slab)
{
	struct ash_arena_bin *bin = &arena->body->bin[slab->class];

	ash_list_remove(&slab->link);
	bin->counts.curslabs--;
	bin->counts.nonfull_slabs--;
	ash_extents_take(arena, slab);
}

static bool is_empty(const struct ash_extent *slab)
{
	return slab->nfree == slab->regions;
}

bool ash_slabs_give(struct ash_arena *arena, struct ash_extent *slab, unsigned i)
{
	struct ash_arena_bin *bin = &arena->body->bin[slab->class];

	slab->bitmap[i / 64] |= (uint64_t)1 << i % 64;
	if (slab->nfree++ == 0) {
		ash_list_push_front(&bin->slabs, &slab->link);
		bin->counts.nonfull_slabs++;
	}
	bin->counts.ndalloc++;
	bin->counts.nflushes++;
	bin->counts.curregs--;
	arena->counts.small -= ash_class_size(slab->class);
	arena->counts.small_ndalloc++;
	ash_assert_internal(ash_slabs_is_valid(slab));
	if (!is_empty(slab) || bin->counts.nonfull_slabs == 1)
		return false;
	take_down(arena, slab);
	return true;
}

struct ash_extent *ash_slabs_idle(struct ash_arena *arena)
{
	for (unsigned c = 1; c < ASH_CLASSES; c++) {
		struct ash_list *slabs = &arena->body->bin[c].slabs;

		for (struct ash_list *n = slabs->next; n != slabs; n = n->next) {
			struct ash_extent *slab = ASH_LIST_ENTRY(n, struct ash_extent, link);

			if (is_empty(slab)) {
				take_down(arena, slab);
				return slab;
			}
		}
	}
	return NULL;
}

void ash_slabs_discard(struct ash_arena *arena, struct ash_extent *slab)
{
	struct ash_arena_bin *bin = &arena->body->bin[slab->class];
	unsigned out = slab->regions - slab->nfree;

	if (slab->nfree > 0) {
		ash_list_remove(&slab->link);
		bin->counts.nonfull_slabs--;
	}
	bin->counts.curslabs--;
	bin->counts.curregs -= out;
	bin->counts.ndalloc += out;
	bin->counts.nflushes++;
	arena->counts.small -= out * ash_class_size(slab->class);
	arena->counts.small_ndalloc += out;
	ash_extents_take(arena, slab);
}
