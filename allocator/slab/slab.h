/* One slab: a run cut into equal regions, with its bitmap of free ones.  Its fields and their
 * equations stand in meta/descriptor.h; besides, the bytes of its granules in the window's map,
 * where it lies in the window, are its class.
 *
 * All but create and destroy happen under the lock of the slab's bin; those two happen while
 * no list of the bin holds the slab and no object of it is out, so nobody else can know of it.
 * Bits of the bitmap and `bump` are stored relaxed: checks of pointers read them without the
 * lock. */
#ifndef ASH_SLAB_SLAB_H
#define ASH_SLAB_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include "meta/window.h"
#include "os/os.h"
#include "util/assert.h"
#include "util/misuse_hook.h"

/* Coarse time in epochs, set by the ticks: slabs remember when something was taken. */
extern uint32_t ash_slab_epoch;
/* Pages per class that were given back and then touched again, and at 0 of all: running
 * counts. */
extern uint32_t ash_slab_refaults[ASH_CLASSES];

/* The equations of a slab in use; but for that of `purged`, which takes a walk over the
 * regions.  Caller holds the lock of the slab's bin or is the only one that knows of it. */
bool ash_slab_is_valid(const struct ash_run *slab);
bool ash_slab_purged_is_valid(const struct ash_run *slab);

/* A fresh slab of the class for the shard, nothing of it handed out.  NULL with ENOMEM.
 * May map memory: call without a lock. */
struct ash_run *ash_slab_create(unsigned class, unsigned shard);

/* Takes down a slab whose regions are all free and that no list holds. */
void ash_slab_destroy(struct ash_run *slab);

/* Takes up to `want` free regions, lowest addresses first, recycled ones before uncarved, and
 * writes them downward: end[-1] is the first.  Returns how many. */
unsigned ash_slab_take(struct ash_run *slab, void **end, unsigned want);

/* The same of whole groups of `group` regions in a row, 2 or 4, of which none is out, so that
 * nobody else has an object in their cache lines; or of a part of one where `want` is less or
 * no multiple.  May return 0. */
unsigned ash_slab_take_groups(struct ash_run *slab, void **end, unsigned want, unsigned group);

/* Gives back the items that lie in the slab, from items[0] on, up to the first that does not
 * or that is no region that is out; returns how many.  Where it stopped at one of the latter,
 * *misuse tells of it, else its kind is ASH_MISUSE_NONE. */
unsigned ash_slab_give(struct ash_run *slab, void **items, unsigned n,
		       struct ash_misuse *misuse);

/* The same for a single one, where its neighbours lie in others: without the loops' set-up.
 * False where it is no region of the slab's that is out: ash_slab_give tells why. */
ASH_INLINE bool ash_slab_give_one(struct ash_run *slab, const void *p)
{
	size_t offset = (size_t)((const char *)p - ash_run_address(slab));
	uint64_t i = ash_region_at(slab->reciprocal, offset), *at, word;

	if (ASH_UNLIKELY(offset >= 16 * ASH_GRANULE || i >= slab->bump))
		return false;
	at = ash_run_bitmap_word(slab, i / 64);
	word = *at;
	if (ASH_UNLIKELY(word >> (i % 64) & 1))
		return false;
	ash_store_relaxed(at, word | (uint64_t)1 << (i % 64));
	if (ASH_UNLIKELY(word == 0))
		slab->summary |= (uint16_t)(1u << (i / 64));
	slab->nfree++;
	ash_assert_internal(ash_slab_is_valid(slab));
	return true;
}

/* The OS pages of the slab, as bits, that hold no byte of a region that is out and were not
 * purged yet; under the bin's lock.  Bit 0 is the page of the slab's first byte.  Where pages
 * are larger than granules the slab shares its first and last page with others, and these are
 * no holes. */
uint64_t ash_slab_holes(struct ash_run *slab);

/* Bytes of the first page that lie before the slab. */
static inline size_t ash_slab_lead(const struct ash_run *slab)
{
	return slab->address & (ash_os_page - 1);
}

/* OS pages that lie in the slab as a whole. */
static inline unsigned ash_slab_pages(const struct ash_run *slab)
{
	size_t lead = ash_slab_lead(slab);
	size_t end =
		(lead + ((size_t)slab->granules << ASH_GRANULE_SHIFT)) >> ash_os_page_shift;

	ash_assert(end <= 64);
	return (unsigned)end - (lead != 0 && end != 0);
}

enum ash_region_state {
	ASH_REGION_OUT, /* handed out: with the program or in a thread cache */
	ASH_REGION_FREE,
	ASH_REGION_UNCARVED, /* never handed out */
	ASH_REGION_INSIDE,   /* not the start of a region */
};
/* What `p`, an address inside the slab, is.  Without the lock the answer may be old. */
static inline enum ash_region_state ash_slab_region_state(const struct ash_run *slab,
							  const void *p)
{
	size_t offset = (size_t)((const char *)p - ash_run_address(slab));
	unsigned i = ash_region_index(slab->reciprocal, offset);

	if ((size_t)i * slab->size != offset)
		return ASH_REGION_INSIDE;
	if (ASH_UNLIKELY(i >= ash_load_relaxed(&slab->bump)))
		return i < slab->regions ? ASH_REGION_UNCARVED : ASH_REGION_INSIDE;
	return ash_load_relaxed(ash_run_bitmap_word(slab, i / 64)) >> (i % 64) & 1
		       ? ASH_REGION_FREE
		       : ASH_REGION_OUT;
}

/* Whether that is ASH_REGION_OUT. */
ASH_INLINE bool ash_slab_region_is_out(const struct ash_run *slab, const void *p)
{
	uint64_t i = ash_region_at(slab->reciprocal,
				   (size_t)((const char *)p - ash_run_address(slab)));

	return i < ash_load_relaxed(&slab->bump) &&
	       !(ash_load_relaxed(ash_run_bitmap_word(slab, i / 64)) >> (i % 64) & 1);
}

#endif
