#include "slab/slab.h"

#include <string.h>

#include "meta/window.h"
#include "page/run.h"
#include "util/assert.h"
#include "util/bitmap.h"

/* Writes the class into the byte map for every granule of the slab; from then on the fast
 * path of free takes its objects.  0 takes the granules off it again. */
static void publish(const struct ash_run *slab, unsigned class)
{
	for (unsigned i = 0; i < slab->granules; i++)
		ash_store_release(&ash_window.classes[slab->number + i], (uint8_t)class);
}

struct ash_run *ash_slab_create(unsigned class, unsigned shard)
{
	const struct ash_size_class *sc = &ash_size_classes[class];
	struct ash_run *slab = ash_run_alloc(sc->granules, 1, ASH_RUN_SLAB, NULL);

	if (slab == NULL)
		return NULL;
	ash_list_init(&slab->link);
	slab->class = (uint8_t)class;
	slab->shard = (uint16_t)shard;
	slab->regions = slab->nfree = sc->regions;
	slab->bump = 0;
	slab->summary = 0;
	slab->fullness = 0;
	slab->size = sc->size;
	slab->reciprocal = sc->reciprocal;
	memset(ash_run_bitmap(slab), 0, ((size_t)slab->regions + 63) / 64 * sizeof(uint64_t));
	ash_assert_expensive(ash_slab_is_valid(slab));
	publish(slab, class);
	return slab;
}

void ash_slab_destroy(struct ash_run *slab)
{
	ash_assert(slab->nfree == slab->regions);
	publish(slab, 0);
	ash_run_free(slab);
}

unsigned ash_slab_take(struct ash_run *slab, void **end, unsigned want)
{
	uint64_t *bitmap = ash_run_bitmap(slab);
	char *base = ash_run_address(slab);
	size_t size = slab->size;
	unsigned got = 0;

	while (got < want && slab->summary != 0) {
		unsigned w = ash_ctz64(slab->summary);
		char *first = base + w * 64 * size;
		uint64_t word = bitmap[w];

		do {
			*--end = first + ash_ctz64(word) * size;
			got++;
			word &= word - 1;
		} while (word != 0 && got < want);
		ash_store_relaxed(&bitmap[w], word);
		if (word == 0)
			slab->summary &= (uint16_t)~(1u << w);
	}
	if (got < want && slab->bump < slab->regions) {
		unsigned n = want - got, left = (unsigned)(slab->regions - slab->bump);
		char *p = base + slab->bump * size;

		n = n < left ? n : left;
		ash_store_relaxed(&slab->bump, (uint16_t)(slab->bump + n));
		got += n;
		for (; n > 0; n--, p += size)
			*--end = p;
	}
	slab->nfree -= (uint16_t)got;
	ash_assert_expensive(ash_slab_is_valid(slab));
	return got;
}

static ASH_COLD void refuse(struct ash_misuse *misuse, enum ash_misuse_kind kind, const struct ash_run *slab,
			    const void *p, const char *why)
{
	*misuse = (struct ash_misuse){ kind, p, slab->size, why };
}

unsigned ash_slab_give(struct ash_run *slab, void **items, unsigned n, struct ash_misuse *misuse)
{
	uint64_t *bitmap = ash_run_bitmap(slab);
	char *base = ash_run_address(slab);
	size_t bytes = (size_t)slab->granules << ASH_GRANULE_SHIFT, size = slab->size;
	uint32_t reciprocal = slab->reciprocal;
	unsigned summary = slab->summary, bump = slab->bump, done = 0;

	misuse->kind = ASH_MISUSE_NONE;
	for (; done < n; done++) {
		size_t offset = (size_t)((char *)items[done] - base);
		unsigned i;
		uint64_t word, bit;

		if (offset >= bytes)
			break;
		i = ash_region_index(reciprocal, offset);
		if (ASH_UNLIKELY(i * size != offset)) {
			refuse(misuse, ASH_MISUSE_INVALID_FREE, slab, items[done], "it points inside an object");
			break;
		}
		if (ASH_UNLIKELY(i >= bump)) {
			refuse(misuse, ASH_MISUSE_INVALID_FREE, slab, items[done], "it was never allocated");
			break;
		}
		bit = (uint64_t)1 << (i % 64);
		word = bitmap[i / 64];
		if (ASH_UNLIKELY(word & bit)) {
			refuse(misuse, ASH_MISUSE_DOUBLE_FREE, slab, items[done], NULL);
			break;
		}
		ash_store_relaxed(&bitmap[i / 64], word | bit);
		summary |= 1u << (i / 64);
	}
	slab->summary = (uint16_t)summary;
	slab->nfree += (uint16_t)done;
	ash_assert_expensive(ash_slab_is_valid(slab));
	return done;
}

enum ash_region_state ash_slab_region_state(const struct ash_run *slab, const void *p)
{
	size_t offset = (size_t)((const char *)p - ash_run_address(slab));
	unsigned i = ash_region_index(slab->reciprocal, offset);

	if ((size_t)i * slab->size != offset || i >= slab->regions)
		return ASH_REGION_INSIDE;
	if (i >= ash_load_relaxed(&slab->bump))
		return ASH_REGION_UNCARVED;
	return ash_load_relaxed(&ash_run_bitmap(slab)[i / 64]) >> (i % 64) & 1 ? ASH_REGION_FREE : ASH_REGION_OUT;
}

bool ash_slab_is_valid(const struct ash_run *slab)
{
	const uint64_t *bitmap = ash_run_bitmap(slab);
	unsigned words = (slab->regions + 63u) / 64, recycled = 0;

	for (unsigned w = 0; w < words; w++) {
		recycled += (unsigned)__builtin_popcountll(bitmap[w]);
		if ((bitmap[w] != 0) != ((slab->summary >> w & 1) != 0))
			return false;
	}
	return slab->state == ASH_RUN_SLAB && slab->bump <= slab->regions &&
	       slab->nfree == slab->regions - slab->bump + recycled &&
	       ash_bitmap_next(bitmap, words * 64, slab->bump, true) >= words * 64;
}
