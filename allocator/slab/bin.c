#include "slab/bin.h"

#include <errno.h>

#include "meta/window.h"
#include "os/os.h"
#include "page/account.h"
#include "page/block.h"
#include "page/limits.h"
#include "slab/bin_lists.h"
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

/* Whether it is on the list that it should be on; without the division. */
static bool is_in_place(const struct ash_run *slab)
{
	return slab->nfree * (ASH_BIN_LISTS - 1u) - (unsigned)slab->fullness * slab->regions <
	       slab->regions;
}

/* Caller holds the lock.  After regions of a slab on a list were taken. */
ASH_INLINE void relink_taken(struct ash_bin *bin, struct ash_run *slab)
{
	if (slab->nfree == 0) {
		bin->used_up++;
		ash_bin_unlink(bin, slab);
	} else if (!is_in_place(slab)) {
		ash_bin_unlink(bin, slab);
		ash_bin_link(bin, slab);
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
	ash_bin_check(bin);
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
	ash_bin_check(bin);
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
		ash_bin_link(bin, slab);
		ash_bin_check(bin);
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

/* The same as settle, where there is something to do. */
static ASH_NOINLINE void settle_anew(struct ash_bin *bin, struct ash_run *slab, unsigned n,
				     struct ash_list *down)
{
	if (ASH_UNLIKELY(slab->detached))
		return;         /* whoever purges it settles it */
	if (slab->nfree == n) { /* was full, on no list */
		ash_bin_link(bin, slab);
	} else if (!is_in_place(slab)) {
		ash_bin_unlink(bin, slab);
		ash_bin_link(bin, slab);
	}
	if (slab->nfree < slab->regions)
		return;
	if (bin->empty_slabs == 0) {
		bin->empty_slabs++;
		return;
	}
	ash_assert(bin->nslabs > bin->empty_slabs);
	ash_bin_unlink(bin, slab);
	ash_list_push_front(down, &slab->link);
	ash_bin_leave(bin, slab);
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
	ash_bin_check(bin);
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
