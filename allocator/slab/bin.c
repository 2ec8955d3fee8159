#include "slab/bin.h"

#include <errno.h>

#include "meta/window.h"
#include "os/os.h"
#include "page/account.h"
#include "page/block.h"
#include "page/limits.h"
#include "slab/slab.h"
#include "util/assert.h"
#include "util/bits.h"

#define SCATTERED_SHARE 4
#define SCATTERED_SLABS 4
#define LEFT_SHARE 8
#define LEFT_SLABS 4

uint32_t ash_bin_hole_age = 3; /* epochs */
uint32_t ash_bin_hole_age_most = UINT32_MAX;

void ash_bin_init(struct ash_bin *bin)
{
	bin->group = 1;
	ash_mutex_init(&bin->lock, ASH_RANK_BIN);
	bin->hole_age = ash_load_relaxed(&ash_bin_hole_age);
	for (unsigned i = 0; i < ASH_BIN_LISTS; i++)
		ash_list_init(&bin->list[i]);
}

/* A slab with every region free goes to the last list. */
static unsigned fullness(const struct ash_run *slab)
{
	return (unsigned)(slab->nfree * (ASH_BIN_LISTS - 1)) / slab->regions;
}

/* Whether it is on the list that it should be on; without the division. */
static bool is_in_place(const struct ash_run *slab)
{
	return slab->nfree * (ASH_BIN_LISTS - 1u) - (unsigned)slab->fullness * slab->regions <
	       slab->regions;
}

static bool is_on_list(const struct ash_run *slab, unsigned i)
{
	return slab->state == ASH_RUN_SLAB && slab->nfree > 0 && slab->nfree <= slab->regions &&
	       !slab->detached && slab->fullness == i && fullness(slab) == i &&
	       ash_list_is_linked(&slab->link);
}

bool ash_bin_is_valid(const struct ash_bin *bin)
{
	uint64_t least = bin->detached; /* slabs */

	for (unsigned i = 0; i < ASH_BIN_LISTS; i++) {
		const struct ash_list *list = &bin->list[i];

		if ((bin->filled >> i & 1) == ash_list_empty(list))
			return false;
		if (ash_list_empty(list))
			continue;
		if (!is_on_list(ASH_LIST_ENTRY(list->next, struct ash_run, link), i))
			return false;
		least++;
	}
	return bin->filled >> ASH_BIN_LISTS == 0 && bin->nslabs >= least &&
	       bin->uncarved <= (uint64_t)bin->nslabs * ASH_BITMAP_WORDS * 64 &&
	       bin->empty_slabs == ash_list_length(&bin->list[ASH_BIN_LISTS - 1]) &&
	       bin->regions_out <= (uint64_t)bin->nslabs * ASH_BITMAP_WORDS * 64 &&
	       bin->taken >= bin->regions_out && bin->made >= bin->nslabs;
}

bool ash_bin_lists_are_valid(const struct ash_bin *bin)
{
	const struct ash_run *slab = NULL;
	uint64_t slabs = 0, nfree = 0, uncarved = 0;

	for (unsigned i = 0; i < ASH_BIN_LISTS; i++) {
		const struct ash_list *list = &bin->list[i];

		for (const struct ash_list *l = list->next; l != list; l = l->next) {
			const struct ash_run *next = ASH_LIST_ENTRY(l, struct ash_run, link);

			if (!is_on_list(next, i) ||
			    (slab != NULL &&
			     (next->class != slab->class || next->shard != slab->shard)))
				return false;
			slab = next;
			slabs++;
			nfree += slab->nfree;
			uncarved += (uint64_t)slab->regions - slab->bump;
		}
	}
	if (bin->nslabs < slabs + bin->detached)
		return false;
	if (slab == NULL) /* none tells of how many regions they are */
		return bin->nslabs != 0 || bin->regions_out == 0;
	/* Of detached ones, full or not, the lists do not tell. */
	if (bin->uncarved < uncarved || (bin->detached == 0 && bin->uncarved != uncarved))
		return false;
	nfree += bin->regions_out;
	return nfree <= (uint64_t)bin->nslabs * slab->regions &&
	       nfree >= (uint64_t)(bin->nslabs - bin->detached) * slab->regions;
}

/* After each change, under the lock. */
ASH_INLINE void check(const struct ash_bin *bin)
{
	ash_assert_internal(ash_bin_is_valid(bin));
	ash_assert_walk(ash_bin_lists_are_valid(bin), bin->nslabs);
}

static void unlink_slab(struct ash_bin *bin, struct ash_run *slab)
{
	ash_assert(slab->fullness < ASH_BIN_LISTS && bin->filled >> slab->fullness & 1);
	ash_list_remove(&slab->link);
	if (ash_list_empty(&bin->list[slab->fullness]))
		ash_store_relaxed(&bin->filled,
				  (uint16_t)(bin->filled & ~(1u << slab->fullness)));
}

static void link_slab(struct ash_bin *bin, struct ash_run *slab)
{
	unsigned i = fullness(slab);

	ash_assert(slab->nfree > 0 && !slab->detached);
	slab->fullness = (uint8_t)i;
	ash_list_push_front(&bin->list[i], &slab->link);
	ash_store_relaxed(&bin->filled, (uint16_t)(bin->filled | 1u << i));
}

/* Caller holds the lock.  After regions of a slab on a list were taken. */
ASH_INLINE void relink_taken(struct ash_bin *bin, struct ash_run *slab)
{
	if (slab->nfree == 0) {
		bin->used_up++;
		unlink_slab(bin, slab);
	} else if (!is_in_place(slab)) {
		unlink_slab(bin, slab);
		link_slab(bin, slab);
	}
}

/* Caller holds the lock.  Takes what listed slabs have. */
static unsigned fill_locked(struct ash_bin *bin, void **end, unsigned want)
{
	unsigned got = 0;

	while (got < want && bin->filled != 0) {
		struct ash_list *list = &bin->list[ash_ctz64(bin->filled)];
		struct ash_run *slab = ASH_LIST_ENTRY(list->next, struct ash_run, link);

		ash_assert(slab->nfree > 0);
		if (slab->nfree == slab->regions)
			bin->empty_slabs--;
		bin->uncarved += slab->bump;
		got += ash_slab_take(slab, end - got, want - got);
		bin->uncarved -= slab->bump;
		relink_taken(bin, slab);
	}
	bin->regions_out += got;
	bin->taken += got;
	ash_assert(got <= want && (got == want || bin->filled == 0));
	check(bin);
	return got;
}

/* Caller holds the lock.  Whether so much lies idle: so many slabs' worth, and beside it one
 * part in `share` of what there is. */
static bool is_idle(const struct ash_bin *bin, unsigned regions, unsigned slabs, unsigned share)
{
	uint64_t all = (uint64_t)bin->nslabs * regions;

	return all - bin->regions_out >= slabs * regions + all / share;
}

/* Caller holds the lock.  Whether so much lies idle in regions whose neighbours are out that
 * they are taken all the same: beside a quarter of what there is four slabs' worth, and one
 * where a single region is wanted, as by the many threads that have few objects of the class.
 */
static bool is_scattered(const struct ash_bin *bin, unsigned regions, unsigned want)
{
	return is_idle(bin, regions, want < bin->group ? 1 : SCATTERED_SLABS, SCATTERED_SHARE);
}

/* Caller holds the lock.  Takes whole groups, or a part of one where less than that is wanted.
 * It looks at the first slab of each list: where the slab that is being carved has moved to.
 * Returns how many; less than a group is missing of `want` then, or others may have some. */
static unsigned fill_groups(struct ash_bin *bin, void **end, unsigned want)
{
	unsigned got = 0, most = want < bin->group ? want : want - want % bin->group;

	for (unsigned i = 0; i < ASH_BIN_LISTS && got < most; i++) {
		struct ash_run *slab;
		unsigned taken;

		if (ash_list_empty(&bin->list[i]))
			continue;
		slab = ASH_LIST_ENTRY(bin->list[i].next, struct ash_run, link);
		bin->uncarved += slab->bump;
		taken = ash_slab_take_groups(slab, end - got, most - got, bin->group);
		bin->uncarved -= slab->bump;
		if (taken == 0)
			continue;
		if (slab->nfree + taken == slab->regions)
			bin->empty_slabs--;
		got += taken;
		relink_taken(bin, slab);
	}
	bin->regions_out += got;
	bin->taken += got;
	check(bin);
	return got;
}

/* Under a hard limit every region may lie on pages that were given back and count again when
 * they are taken: charges for `want` of them, or for a single one. */
static unsigned charge(unsigned class, unsigned want, size_t *charged)
{
	size_t one = ash_align_up(ash_class_size(class) - 1, ash_os_page) + ash_os_page;

	if (ASH_LIKELY(ash_load_relaxed(&ash_heap.limits.hard) == ASH_NO_LIMIT)) {
		*charged = 0;
		return want;
	}
	if (want > 1 && ash_limits_room(&ash_heap) < want * one)
		want = 1;
	return ash_limits_charge(&ash_heap, want * one, charged) ? want : 0;
}

static unsigned fill(struct ash_bin *bin, unsigned class, unsigned shard, void **end,
		     unsigned want)
{
	unsigned got = 0;

	for (;;) {
		unsigned before = got;
		struct ash_run *slab;

		if (!ash_mutex_try_lock(&bin->lock)) {
			ash_add_relaxed(&bin->contended, 1);
			ash_mutex_lock(&bin->lock);
			bin->waits++;
		}
		if (ASH_UNLIKELY(bin->group > 1) &&
		    !is_scattered(bin, ash_size_classes[class].regions, want - got))
			got += fill_groups(bin, end - got, want - got);
		else
			got += fill_locked(bin, end - got, want - got);
		bin->fills += before == 0 && got > 0;
		ash_mutex_unlock(&bin->lock);
		/* A part of a group would be somebody else's line. */
		if (got == want || (got > 0 && want - got < bin->group))
			return got;
		slab = ash_slab_create(class, shard);
		if (slab == NULL)
			return got; /* what there is serves */
		ash_mutex_lock(&bin->lock);
		ash_owned_add(&bin->nslabs, 1);
		bin->made++;
		bin->uncarved += (uint32_t)slab->regions - slab->bump;
		bin->empty_slabs++;
		link_slab(bin, slab);
		check(bin);
		ash_mutex_unlock(&bin->lock);
	}
}

unsigned ash_bin_fill(struct ash_bin *bin, unsigned class, unsigned shard, void **end,
		      unsigned want)
{
	size_t charged;
	unsigned got;

	ash_assert(class > 0 && class < ASH_CLASSES && want > 0);
	want = charge(class, want, &charged);
	if (want == 0)
		return 0;
	got = fill(bin, class, shard, end, want);
	ash_limits_settle(&ash_heap, charged);
	return got;
}

static unsigned fill_old(struct ash_bin *bin, unsigned class, void **end, unsigned want,
			 bool only_idle)
{
	size_t charged;
	unsigned got = 0;

	if (ash_load_relaxed(&bin->filled) == 0)
		return 0;
	want = charge(class, want, &charged);
	if (want == 0)
		return 0;
	ash_mutex_lock(&bin->lock);
	if (!only_idle || is_idle(bin, ash_size_classes[class].regions, LEFT_SLABS, LEFT_SHARE))
		got = fill_locked(bin, end, want);
	bin->fills += got > 0;
	ash_mutex_unlock(&bin->lock);
	ash_limits_settle(&ash_heap, charged);
	return got;
}

unsigned ash_bin_fill_listed(struct ash_bin *bin, unsigned class, void **end, unsigned want)
{
	return fill_old(bin, class, end, want, false);
}

unsigned ash_bin_fill_idle(struct ash_bin *bin, unsigned class, void **end, unsigned want)
{
	return fill_old(bin, class, end, want, true);
}

/* Caller holds the lock.  The slab, which is on no list, is about to be taken down. */
static void leave(struct ash_bin *bin, const struct ash_run *slab)
{
	ash_owned_add(&bin->nslabs, UINT32_MAX); /* one less */
	bin->uncarved -= (uint32_t)slab->regions - slab->bump;
}

/* The same as settle, where there is something to do. */
static ASH_NOINLINE void settle_anew(struct ash_bin *bin, struct ash_run *slab, unsigned n,
				     struct ash_list *down)
{
	if (ASH_UNLIKELY(slab->detached))
		return;         /* whoever purges it settles it */
	if (slab->nfree == n) { /* was full, on no list */
		link_slab(bin, slab);
	} else if (!is_in_place(slab)) {
		unlink_slab(bin, slab);
		link_slab(bin, slab);
	}
	if (slab->nfree < slab->regions)
		return;
	if (bin->empty_slabs == 0) {
		bin->empty_slabs++;
		return;
	}
	ash_assert(bin->nslabs > bin->empty_slabs);
	unlink_slab(bin, slab);
	ash_list_push_front(down, &slab->link);
	leave(bin, slab);
}

/* Caller holds the lock.  After `n` regions of the slab were freed: relinks it, and where it is
 * empty and another such slab is in reserve, moves it to `down` to be taken down.  (On the list
 * where it belongs it is not empty, for empty ones have one of their own.) */
ASH_INLINE void settle(struct ash_bin *bin, struct ash_run *slab, unsigned n,
		       struct ash_list *down)
{
	if (slab->nfree == n || !is_in_place(slab))
		settle_anew(bin, slab, n, down);
}

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
	unlink_slab(bin, slab);
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
	check(bin);
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
		leave(bin, slab);
		down = true;
	} else {
		if (slab->nfree == slab->regions)
			bin->empty_slabs++;
		link_slab(bin, slab);
	}
	check(bin);
	ash_mutex_unlock(&bin->lock);
	if (down)
		ash_slab_destroy(slab);
}

#define REPORTS 4
#define FEW_APART 3u /* objects in a row: looking ahead would not pay */
#define AT_ONCE 64u  /* of more, */
#define AHEAD 4u     /* asked for before their turn, */
#define HEADS 2u     /* and of these the heads */

/* Whether p lies in the slab, too. */
ASH_INLINE bool is_in(const struct ash_run *slab, const void *p)
{
	return (size_t)((const char *)p - ash_run_address(slab)) < (size_t)slab->granules
									   << ASH_GRANULE_SHIFT;
}

/* Caller holds the lock.  Gives one back that lies in the slab, where the next does not; 0
 * where it is none that is out. */
ASH_INLINE unsigned give_apart(struct ash_bin *bin, struct ash_run *slab, const void *p,
			       struct ash_list *down)
{
	if (ASH_UNLIKELY(!ash_slab_give_one(slab, p)))
		return 0;
	ash_assert(bin->regions_out > 0);
	bin->regions_out--;
	settle(bin, slab, 1, down);
	return 1;
}

/* Caller holds the lock.  Gives back many objects that lie each in a slab of its own, up to the
 * first that does not or that is none that is out; returns how many, n at most.
 *
 * Each is a miss of the cache, or three: its granule's descriptor, the head's where that is
 * another, and the bitmap.  The work on some hides those of the next: at[] has the descriptors
 * of granules, NULL behind the last. */
static ASH_NOINLINE unsigned flush_apart(struct ash_bin *bin, unsigned class, void **items,
					 unsigned n, struct ash_list *down)
{
	struct ash_run *at[AT_ONCE + AHEAD];
	unsigned i;

	n = n < AT_ONCE ? n : AT_ONCE;
	for (i = 0; i < AHEAD; i++)
		at[i] = i < n ? ash_run_prefetch(items[i]) : NULL;
	for (i = 0; i < n; i++) {
		struct ash_run *slab = at[i];

		at[i + AHEAD] = i + AHEAD < n ? ash_run_prefetch(items[i + AHEAD]) : NULL;
		if (at[i + HEADS] != NULL)
			ash_run_prefetch_head(at[i + HEADS], items[i + HEADS]);
		if (slab == NULL || slab == at[i + 1])
			break;
		slab = ash_run_head(slab);
		if (ASH_UNLIKELY(slab->state != ASH_RUN_SLAB || slab->class != class ||
				 !ash_slab_give_one(slab, items[i])))
			break;
		settle(bin, slab, 1, down);
	}
	ash_assert(bin->regions_out >= i);
	bin->regions_out -= i;
	return i;
}

bool ash_bin_flush(struct ash_bin *bin, unsigned class, void **items, unsigned n, bool only_try)
{
	struct ash_misuse misuse[REPORTS];
	struct ash_list down;
	unsigned wrong = 0, apart = 0;

	ash_assert(class > 0 && class < ASH_CLASSES);
	if (!ash_mutex_try_lock(&bin->lock)) {
		ash_add_relaxed(&bin->contended, 1);
		if (only_try)
			return false;
		ash_mutex_lock(&bin->lock);
		bin->waits++;
	}
	bin->flushes++;
	ash_list_init(&down);
	/* Objects that were allocated together tend to be freed together: neighbours in a
	 * magazine often share a slab, which is then looked up and relinked once. */
	for (unsigned i = 0; i < n;) {
		struct ash_run *slab = ash_run_of(items[i]);
		struct ash_misuse m;
		unsigned given;

		if (ASH_UNLIKELY(slab->state != ASH_RUN_SLAB || slab->class != class)) {
			/* The slab went away while the object lay in a magazine: it had been
			 * given back before. */
			m = (struct ash_misuse){ASH_MISUSE_DOUBLE_FREE, items[i],
						ash_class_size(class), NULL};
		} else if ((i + 1 == n || !is_in(slab, items[i + 1])) &&
			   ASH_LIKELY((given = apart < FEW_APART
						       ? give_apart(bin, slab, items[i], &down)
						       : flush_apart(bin, class, items + i,
								     n - i, &down)) > 0)) {
			apart++;
			i += given;
			continue;
		} else {
			given = ash_slab_give(slab, items + i, n - i, &m);
			apart = 0;
			i += given;
			ash_assert(bin->regions_out >= given);
			bin->regions_out -= given;
			if (given > 0)
				settle(bin, slab, given, &down);
		}
		if (ASH_UNLIKELY(m.kind != ASH_MISUSE_NONE)) {
			if (wrong < REPORTS)
				misuse[wrong++] = m;
			i++;
		}
	}
	check(bin);
	ash_mutex_unlock(&bin->lock);
	while (!ash_list_empty(&down)) {
		struct ash_run *slab = ASH_LIST_ENTRY(down.next, struct ash_run, link);

		ash_list_remove(&slab->link);
		ash_slab_destroy(slab);
	}
	for (unsigned i = 0; i < wrong; i++)
		ash_misuse_hook(&misuse[i]);
	return true;
}

ASH_RACY struct ash_bin_bytes ash_bin_bytes(const struct ash_bin *bin, unsigned class)
{
	const struct ash_size_class *sc = &ash_size_classes[class];
	uint64_t idle = (uint64_t)bin->nslabs * sc->regions - bin->uncarved - bin->regions_out;

	return (struct ash_bin_bytes){
		.out = bin->regions_out * sc->size,
		.idle = (int64_t)idle > 0 ? (size_t)idle * sc->size : 0,
	};
}
