#include "cache/depot.h"

#include "cache/magazine.h"
#include "meta/size_class.h"
#include "meta/window.h"
#include "os/mutex.h"
#include "page/account.h"
#include "slab/inbox.h"
#include "util/assert.h"
#include "util/atomic.h"

/* Under the lock; `full`, `empty`, `count` and `low` are stored relaxed, for the looks without
 * it.
 *
 *   count == magazines on `full`, each of which is full
 *   low <= count
 *   the sum of their capacities, times size, is the class's part of `held` */
struct depot_class {
	struct ash_mutex lock;
	uint32_t count; /* magazines in the list */
	uint32_t low;   /* the least that count was since the last trim */
	uint32_t size;  /* of an object; constant */
	void **full;    /* linked by slot 0 */
	void **empty;   /* the same: blocks that full ones were exchanged for */
} ASH_CACHE_ALIGNED;

static struct depot_class depot[ASH_CLASSES];
/* Of the owned shards but the first: in use are those below `opened` (SHARDS lock, release),
 * the pages of others are never touched. */
static struct depot_class owned[ASH_SHARDS_OWNED][ASH_LINED_CLASSES];
static uint32_t opened;
/* Of all lists, in one word for one addition: bytes of objects, and how many magazines these
 * are (modulo their bits, which only a heap fills whose share is beyond the bound of
 * magazines). Atomic.  Changed under the lock of a class: fork takes them all, so that the
 * child's is right as well. */
static uint64_t held;
#define HELD_BITS 44
#define HELD_ONE ((uint64_t)1 << HELD_BITS)

static size_t bytes_of(uint64_t word)
{
	return (size_t)(word & (HELD_ONE - 1));
}

/* Its address in a register: the compiler would otherwise compute it for every field anew, a
 * dozen instructions per magazine. */
ASH_INLINE struct depot_class *of_class(unsigned class)
{
	struct depot_class *d = &depot[class];

	ash_assert(class > 0 && class < ASH_CLASSES);
	__asm__("" : "+r"(d));
	return d;
}

#define BOUND_LEAST ((size_t)4 << 20)
/* Magazines are metadata, half as much as objects of 16 bytes are, and stay so when these are
 * taken: 1 MiB of it, in whichever lists. */
#define MAGAZINES_LEAST 2048u

/* What the depot may hold in a large heap: a 32nd of what is in use.  The objects in it are few
 * beside those that their pages could hold for others.  (BOUND_LEAST and MAGAZINES_LEAST are
 * enough for bulk patterns of small heaps.) */
static size_t share(void)
{
	return (ash_account_in_use(&ash_heap) << ASH_GRANULE_SHIFT) / 32;
}

static void init(struct depot_class *d, unsigned class)
{
	ash_mutex_init(&d->lock, ASH_RANK_DEPOT);
	d->size = ash_size_classes[class].size;
}

void ash_depot_init(void)
{
	for (unsigned c = 0; c < ASH_CLASSES; c++)
		init(&depot[c], c);
}

void ash_depot_open(unsigned n)
{
	ash_assert(n == opened + 1 && n <= ASH_SHARDS_OWNED);
	for (unsigned c = 0; c < ASH_LINED_CLASSES; c++)
		init(&owned[n - 1][c], c);
	ash_store_release(&opened, n);
}

unsigned ash_depot_lists(unsigned class)
{
	return class < ASH_LINED_CLASSES ? ash_load_acquire(&opened) + 1 : 1;
}

/* The list-th of the class, below ash_depot_lists. */
static struct depot_class *list_at(unsigned list, unsigned class)
{
	return list == 0 ? &depot[class] : &owned[list - 1][class];
}

/* Where magazines of the shard's objects wait; NULL where its threads have none in common, or
 * it has none of the class (ash_shard_of). */
ASH_INLINE struct depot_class *list_of(const struct ash_shard *shard, unsigned class)
{
	if (ASH_LIKELY(shard->classes == ASH_CLASSES))
		return of_class(class);
	return shard->owned != 0 && class < shard->classes ? &owned[shard->owned - 1][class]
							   : NULL;
}

/* Of what the magazine holds the last tells where all go: mostly they are one shard's. */
ASH_INLINE struct depot_class *list_for(unsigned class, void **magazine)
{
	void *p = magazine[ASH_MAGAZINE_SLOTS - 1];

	if (ASH_LIKELY(ash_shard_is_one(class)))
		return of_class(class);
#ifndef ASH_SAFETY_CHECKS
	if (!ash_window_holds(p))
		return NULL;
#endif
	return list_of(ash_shard_at(ash_run_of(p)->shard), class);
}

static size_t magazine_bytes(const struct depot_class *d, void **magazine)
{
	return (size_t)ash_magazine_cap(magazine) * d->size;
}

static void **next(void *const *magazine)
{
	return (void **)((uintptr_t)magazine[0] & ~(uintptr_t)(ASH_MAGAZINE_BYTES - 1));
}

/* What takes no walk; caller holds the class's lock. */
static bool line_is_valid(const struct depot_class *d)
{
	return d->size != 0 && d->low <= d->count && (d->full == NULL) == (d->count == 0) &&
	       (d->full == NULL ||
		((next(d->full) == NULL) == (d->count == 1) && ash_magazine_is_full(d->full)));
}

/* The same by a walk; in debug builds. */
__attribute__((unused)) static bool list_is_valid(const struct depot_class *d)
{
	size_t sum = 0;
	uint32_t n = 0;

	for (void **m = d->full; m != NULL; m = next(m), n++) {
		if (n == d->count || !ash_magazine_is_full(m))
			return false;
		sum += magazine_bytes(d, m);
	}
	/* Of `held` the rest is other classes'. */
	return line_is_valid(d) && n == d->count && sum <= ash_depot_bytes();
}

/* After each change, under the class's lock. */
ASH_INLINE void check(const struct depot_class *d)
{
	ash_assert_internal(line_is_valid(d));
	ash_assert_walk(list_is_valid(d), d->count);
}

/* Caller holds the class's lock. */
ASH_INLINE void **pop(struct depot_class *d)
{
	void **m = d->full;

	if (m != NULL) {
		ash_sub_relaxed(&held, HELD_ONE + magazine_bytes(d, m));
		ash_store_relaxed(&d->full, ash_magazine_unlink(m));
		ash_owned_add(&d->count, -1u);
		if (d->count < d->low)
			ash_store_relaxed(&d->low, d->count);
		ash_assert_internal(ash_magazine_is_full(m));
	}
	check(d);
	return m;
}

ASH_INLINE void **get(struct depot_class *d, void **empty)
{
	void **m;

	if (ash_load_relaxed(&d->full) == NULL)
		return NULL;
	ash_mutex_lock(&d->lock);
	m = pop(d);
	if (m != NULL && empty != NULL) {
		ash_magazine_link(empty, d->empty);
		ash_store_relaxed(&d->empty, empty);
	}
	ash_mutex_unlock(&d->lock);
	return m;
}

/* Objects that lie at random keep a page each, and a slab, from the kernel.  So while the heap
 * drains, and more lies idle in slabs than may, those that are freed do not wait here; and for
 * each magazine that has to go home, one that waits goes, too, so that at the last free none
 * is left. */
static bool are_homing(void)
{
	uint32_t until = ash_load_relaxed(&ash_heap.drain.homing);

	return until != 0 && (int32_t)(ash_load_relaxed(&ash_heap.rounds.epoch) - until) <= 0;
}

/* Whether there was one. */
static ASH_NOINLINE bool send_one_home(struct depot_class *d, unsigned class)
{
	void **m = get(d, NULL);

	if (m != NULL)
		ash_magazine_flush(class, m);
	return m != NULL;
}

bool ash_depot_put(unsigned class, void **magazine, void ***empty)
{
	struct depot_class *d = list_for(class, magazine);
	size_t size, sum;
	uint64_t all;
	void **block;

	ash_assert_internal(ash_magazine_is_full(magazine));
	if (ASH_UNLIKELY(d == NULL))
		return false;
	if (ASH_UNLIKELY(are_homing())) {
		send_one_home(d, class);
		return false;
	}
	size = magazine_bytes(d, magazine);
	all = ash_load_relaxed(&held);
	sum = bytes_of(all) + size;
	if (ASH_UNLIKELY(sum > BOUND_LEAST || all >> HELD_BITS >= MAGAZINES_LEAST) &&
	    sum > share())
		return false;
	ash_mutex_lock(&d->lock);
	ash_add_relaxed(&held, HELD_ONE + size);
	ash_magazine_link(magazine, d->full);
	ash_store_relaxed(&d->full, magazine);
	ash_owned_add(&d->count, 1);
	block = d->empty;
	if (block != NULL)
		ash_store_relaxed(&d->empty, ash_magazine_unlink(block));
	check(d);
	ash_mutex_unlock(&d->lock);
	*empty = block;
	return true;
}

void **ash_depot_get(unsigned class, void **empty)
{
	return get(of_class(class), empty);
}

void **ash_depot_get_of(const struct ash_shard *shard, unsigned class, void **empty)
{
	struct depot_class *d = list_of(shard, class);

	return d != NULL ? get(d, empty) : NULL;
}

/* Sends the items that lie in slabs of the shard, gathered in items[0 .. n-1], home.  Among
 * them may be some that had been given back before, whose place is of another class by now: the
 * bin of theirs reports them, at once or out of the inbox, to which the batch brings its class.
 */
static void send(unsigned index, unsigned class, void **items, unsigned n)
{
	struct ash_shard *shard = ash_shard_of(index, class);
	bool is_home = shard->index == index;
	void **batch;

	ash_assert(n > 0 && n <= ASH_MAGAZINE_MOST);
	if (ash_bin_flush(&shard->bin[class], class, items, n, is_home) || !is_home)
		return;
	batch = ash_magazine_get();
	if (batch == NULL) {
		ash_bin_flush(&shard->bin[class], class, items, n, false);
		return;
	}
	void **top = ash_magazine_clear(batch, n);

	for (unsigned i = 0; i < n; i++)
		*++top = items[i];
	ash_magazine_write_class(batch, class);
	ash_inbox_push(shard, batch);
}

void ash_magazine_flush(unsigned class, void **magazine)
{
	unsigned all = ash_magazine_cap(magazine);
	void **items = magazine + ASH_MAGAZINE_SLOTS - all;
	unsigned n = ash_drop_nulls(items, all);

	ash_assert(class > 0 && class < ASH_CLASSES);
	ash_assert_internal(ash_magazine_is_full(magazine));
	if (ash_shard_is_one(class)) {
		ash_bin_flush(&ash_shard_at(0)->bin[class], class, items, n, false);
		n = 0;
	}
	while (n > 0) {
		unsigned shard = ash_run_of(items[0])->shard;
		unsigned mine = ash_shard_gather(items, n);

		send(shard, class, items, mine);
		items += mine;
		n -= mine;
	}
	ash_magazine_put(magazine);
}

#define EMPTIES_AT_ONCE 64

/* Of a list that has no full magazine now: some of the blocks that full ones were exchanged for
 * go to the free list, where they serve all. */
static void trim_empties(struct depot_class *d)
{
	void **first, **last;
	unsigned n = 1;

	if (ash_load_relaxed(&d->empty) == NULL)
		return;
	ash_mutex_lock(&d->lock);
	first = last = d->empty;
	if (d->count > 0 || first == NULL) {
		ash_mutex_unlock(&d->lock);
		return;
	}
	while (n < EMPTIES_AT_ONCE && next(last) != NULL) {
		last = next(last);
		n++;
	}
	ash_store_relaxed(&d->empty, ash_magazine_unlink(last));
	ash_mutex_unlock(&d->lock);
	while (n-- > 0) {
		void **m = first;

		first = next(m);
		ash_magazine_unlink(m);
		ash_magazine_put(m);
	}
}

/* One list after the other, so that a trim that was cut short goes on where it stopped. */
void ash_depot_trim(unsigned magazines, bool (*lasts)(uint64_t ns), uint64_t ns)
{
	static uint32_t cursor;
	const unsigned first = ASH_CLASSES - 1, each = ASH_LINED_CLASSES - 1;
	unsigned lists = first + ash_load_acquire(&opened) * each;

	for (unsigned i = 0; i < lists && magazines > 0; i++) {
		unsigned at = ash_add_relaxed(&cursor, 1) % lists;
		unsigned c = at < first ? at + 1 : (at - first) % each + 1;
		struct depot_class *d = list_at(at < first ? 0 : (at - first) / each + 1, c);

		if (ash_load_relaxed(&d->count) == 0 && ash_load_relaxed(&d->low) == 0) {
			trim_empties(d);
			continue;
		}
		while (magazines > 0) {
			void **m = NULL;

			ash_mutex_lock(&d->lock);
			if (d->low > 0) {
				unsigned low = d->low;

				m = pop(d);
				ash_store_relaxed(&d->low, low - 1);
			} else {
				ash_store_relaxed(&d->low, d->count);
			}
			check(d);
			ash_mutex_unlock(&d->lock);
			if (m == NULL)
				break;
			ash_magazine_flush(c, m);
			magazines--;
			if (lasts != NULL && lasts(ns))
				return;
		}
	}
}

static bool empty_list(struct depot_class *d, unsigned class)
{
	uint32_t n = ash_load_relaxed(&d->count);
	bool any = false;

	while (n-- > 0 && send_one_home(d, class))
		any = true;
	return any;
}

bool ash_depot_empty(void)
{
	bool any = false;

	for (unsigned c = 1; c < ASH_CLASSES; c++)
		for (unsigned i = 0; i < ash_depot_lists(c); i++)
			any |= empty_list(list_at(i, c), c);
	return any;
}

bool ash_depot_try_lock(unsigned list, unsigned class)
{
	return ash_mutex_try_lock(&list_at(list, class)->lock);
}

void ash_depot_unlock(unsigned list, unsigned class)
{
	ash_mutex_unlock(&list_at(list, class)->lock);
}

void **ash_depot_next(unsigned list, unsigned class, void **magazine)
{
	return magazine != NULL ? next(magazine) : list_at(list, class)->full;
}

size_t ash_depot_items(unsigned class)
{
	size_t magazines = 0;

	for (unsigned i = 0; i < ash_depot_lists(class); i++)
		magazines += ash_load_relaxed(&list_at(i, class)->count);
	return magazines * ASH_MAGAZINE_MOST;
}

size_t ash_depot_bytes(void)
{
	return bytes_of(ash_load_relaxed(&held));
}

void ash_depot_each_mutex(unsigned lists, void (*fn)(struct ash_mutex *))
{
	for (unsigned c = 0; c < ASH_CLASSES; c++)
		fn(&depot[c].lock);
	for (unsigned i = 1; i < lists; i++)
		for (unsigned c = 0; c < ASH_LINED_CLASSES; c++)
			fn(&list_at(i, c)->lock);
}
