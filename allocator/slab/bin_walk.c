#include "slab/bin_walk.h"

#include "page/account.h"
#include "page/block.h"
#include "slab/bin_lists.h"
#include "slab/slab.h"
#include "util/bits.h"

#define LOOKED_AT 64 /* slabs per look: the lock is held */

/* Whether objects at random places would leave half of the slab's pages free.  n objects leave
 * about p exp(-n / p) of p pages free, which is at least a half of them while n <= p ln 2.
 * With more objects, holes are mostly single pages: each costs a call of the kernel, and soon a
 * fault. */
static bool holes_are_likely(const struct ash_run *slab)
{
	unsigned pages = ash_slab_pages(slab), out = (unsigned)slab->regions - slab->nfree;

	return out * 16 <= pages * 11;
}

/* The same for a sixth of the pages: n <= p ln 6.  Of pages that were left when holes went,
 * each held an object, and 1.4 a page are the most with which a sixth of them can be free now:
 * where 1.75 objects a page had left 2.1 on each of the others, two thirds of these. */
static bool holes_are_possible(const struct ash_run *slab, unsigned held)
{
	unsigned out = (unsigned)slab->regions - slab->nfree;

	return slab->purged == 0 ? out * 4 <= held * 7 : out * 5 <= held * 7;
}

/* Of small objects so many are out of a slab that by chance none of its pages would be free
 * before the last of them go.  But who made them together may have freed them together.  So
 * where three quarters are free a look is worth its price, and where a quarter went since one
 * was in vain. */
static bool holes_may_lie_together(const struct ash_run *slab)
{
	unsigned out = (unsigned)slab->regions - slab->nfree, seen = slab->seen & ASH_SEEN_MOST;

	return out * 4 <= slab->regions && (seen == 0 || out + seen / 4u <= seen);
}

/* Caller holds the lock.  The slab's holes; 0 where purging them is not worth its price.  A
 * huge page would be broken up by it, so there at most half of the slab and less than half of
 * its block may be in use. */
static uint64_t worthy_holes(struct ash_run *slab, unsigned wanted)
{
	const struct ash_hugeblock *block = ash_run_block(slab);
	unsigned keep = ash_load_relaxed(&block->keep);

	if ((keep & (ASH_KEEP_REFUSED | ASH_KEEP_POOL)) ||
	    (wanted != ASH_BIN_ALL && (keep & ASH_KEEP_HUGE) &&
	     (slab->nfree * 2 < slab->regions || !ash_block_is_half_empty(&ash_heap, block))))
		return 0;
	return ash_slab_holes(slab);
}

/* Caller holds the lock. */
static void detach(struct ash_bin *bin, struct ash_run *slab)
{
	if (slab->nfree == slab->regions)
		bin->empty_slabs--;
	ash_bin_unlink(bin, slab);
	slab->detached = 1;
	bin->detached++;
}

void ash_bin_walk_begin(struct ash_bin *bin, struct ash_bin_walk *walk,
			enum ash_bin_wanted wanted, uint32_t epoch)
{
	ash_mutex_lock(&bin->lock);
	*walk = (struct ash_bin_walk){(uint8_t)wanted, false,       epoch,
				      ASH_BIN_LISTS,   bin->nslabs, NULL};
	ash_mutex_unlock(&bin->lock);
}

/* Caller holds the lock.  The slab that the walk has not seen for longest, moved to the front
 * of its list; NULL at the end. */
static struct ash_run *walk_on(struct ash_bin *bin, struct ash_bin_walk *walk)
{
	unsigned filled;

	while ((filled = bin->filled & ((1u << walk->lists) - 1)) != 0) {
		unsigned last = ash_log2_floor(filled);
		struct ash_list *list = &bin->list[last];
		struct ash_run *slab = ASH_LIST_ENTRY(list->prev, struct ash_run, link);

		if (last + 1 != walk->lists) { /* those between are empty */
			walk->lists = last + 1;
			walk->slabs = bin->nslabs;
			walk->first = NULL;
		}
		/* What is looked at goes to the front: the first of those comes round last.
		 * Where it has gone elsewhere the count ends it. */
		if (slab != walk->first && walk->slabs > 0) {
			walk->slabs--;
			if (walk->first == NULL)
				walk->first = slab;
			ash_list_remove(&slab->link);
			ash_list_push_front(list, &slab->link);
			return slab;
		}
		walk->lists--;
		walk->slabs = bin->nslabs;
		walk->first = NULL;
	}
	walk->lists = 0;
	return NULL;
}

/* Caller holds the lock.  Whether the slab is old enough for the walk. */
static bool is_aged(const struct ash_bin *bin, const struct ash_bin_walk *walk,
		    const struct ash_run *slab)
{
	uint32_t age = ash_load_relaxed(&bin->hole_age);
	uint16_t clock;

	if (age > ash_bin_hole_age_most)
		age = ash_bin_hole_age_most;
	if (walk->wanted == ASH_BIN_AGED)
		return walk->epoch - slab->stamp >= age;
	clock = (uint16_t)(ash_account_clock(&ash_heap) / 64);
	return (uint16_t)(clock - slab->run_clock) >=
	       ((unsigned)(ash_account_in_use(&ash_heap) / 16 / 64) + 2) * age /
		       ash_load_relaxed(&ash_bin_hole_age);
}

/* Caller holds the lock.  Whether an earlier look tells that the slab has nothing for the walk:
 * since then nothing was taken from it, and of its regions none were freed, or, for a walk for
 * rich slabs, so few that it would find next to nothing. */
static bool is_known(const struct ash_bin_walk *walk, const struct ash_run *slab)
{
	unsigned out = (unsigned)slab->regions - slab->nfree, seen = slab->seen & ASH_SEEN_MOST;

	if (slab->seen == 0 || walk->wanted == ASH_BIN_ALL ||
	    slab->collapses != ash_load_relaxed(&ash_run_block(slab)->collapses))
		return false;
	if (walk->wanted == ASH_BIN_RICH)
		return out + seen / 8u + (seen < 8) > seen && seen != 0;
	return (slab->seen & ASH_SEEN_ALL) && out == seen && seen < ASH_SEEN_MOST;
}

/* Pages that hold memory, where all that was carved does. */
static unsigned held_pages(const struct ash_run *slab)
{
	return ash_slab_pages(slab) - (slab->purged != 0 ? ash_bits_count(slab->purged) : 0);
}

/* Caller holds the lock.  The holes of the slab that the walk wants; 0 = none. */
static uint64_t wanted_holes(const struct ash_bin *bin, struct ash_bin_walk *walk,
			     struct ash_run *slab)
{
	bool rich = walk->wanted == ASH_BIN_RICH, too_few;
	unsigned held = rich ? held_pages(slab) : 0,
		 out = (unsigned)slab->regions - slab->nfree;
	uint64_t holes;

	if (is_known(walk, slab) ||
	    (walk->wanted == ASH_BIN_LIKELY && !holes_are_likely(slab)) ||
	    (rich && !holes_are_possible(slab, held) && !holes_may_lie_together(slab)))
		return 0;
	if ((walk->wanted == ASH_BIN_LIKELY || walk->wanted == ASH_BIN_AGED) &&
	    !is_aged(bin, walk, slab)) {
		walk->young = true;
		return 0;
	}
	holes = worthy_holes(slab, walk->wanted);
	too_few = rich && ash_bits_count(holes) * 6 < held;
	if (ash_load_relaxed(&ash_run_block(slab)->keep) == 0)
		slab->seen = (uint8_t)((out < ASH_SEEN_MOST ? out : ASH_SEEN_MOST) |
				       (too_few && holes != 0 ? 0 : ASH_SEEN_ALL));
	return too_few ? 0 : holes;
}

struct ash_run *ash_bin_walk_detach(struct ash_bin *bin, struct ash_bin_walk *walk,
				    unsigned *looks, uint64_t *holes)
{
	struct ash_run *slab = NULL;
	unsigned looked = 0;

	*holes = 0;
	ash_mutex_lock(&bin->lock);
	while (*looks > 0 && (slab = walk_on(bin, walk)) != NULL) {
		--*looks;
		*holes = wanted_holes(bin, walk, slab);
		if (*holes != 0) {
			detach(bin, slab);
			break;
		}
		slab = NULL;
		if (++looked % LOOKED_AT == 0) { /* others may want it */
			ash_mutex_unlock(&bin->lock);
			ash_mutex_lock(&bin->lock);
		}
	}
	ash_bin_check(bin);
	ash_mutex_unlock(&bin->lock);
	return slab;
}

void ash_bin_attach(struct ash_bin *bin, struct ash_run *slab, uint64_t purged)
{
	bool down = false;

	ash_mutex_lock(&bin->lock);
	ash_assert(slab->detached && bin->detached > 0 && ash_list_is_unlinked(&slab->link));
	slab->detached = 0;
	bin->detached--;
	slab->run_clock = (uint16_t)(ash_account_clock(&ash_heap) / 64);
	slab->purged |= purged;
	ash_assert_internal(ash_slab_is_valid(slab));
	ash_assert_expensive(ash_slab_purged_is_valid(slab));
	bin->holes += ash_bits_count(purged);
	ash_account_count_holes(&ash_heap, ash_bits_count(purged));
	if (slab->nfree == slab->regions && bin->empty_slabs > 0) {
		ash_bin_leave(bin, slab);
		down = true;
	} else {
		if (slab->nfree == slab->regions)
			bin->empty_slabs++;
		ash_bin_link(bin, slab);
	}
	ash_bin_check(bin);
	ash_mutex_unlock(&bin->lock);
	if (down)
		ash_slab_destroy(slab);
}
