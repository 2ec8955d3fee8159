#include "cache/depot.h"

#include "cache/magazine.h"
#include "meta/size_class.h"
#include "meta/window.h"
#include "os/mutex.h"
#include "page/account.h"
#include "slab/inbox.h"
#include "util/assert.h"
#include "util/atomic.h"

/* Under the lock; `full`, `count` and `low` are stored relaxed, for the looks without it.
 *   count == magazines on `full`, each of which is full
 *   low <= count
 *   the sum of their capacities, times size, is the class's part of `bytes` */
struct depot_class {
	struct ash_mutex lock;
	uint32_t count; /* magazines in the list */
	uint32_t low;   /* the least that count was since the last trim */
	uint32_t size;  /* of an object; constant */
	void **full;    /* linked by slot 0 */
	void **empty;   /* the same: blocks that full ones were exchanged for */
} ASH_CACHE_ALIGNED;

static struct depot_class depot[ASH_CLASSES];
/* Of all objects in all lists; atomic.  Changed under the lock of a class: fork takes them all,
 * so that the child's is right as well. */
static size_t bytes;

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

/* What the depot may hold in a large heap: a 32nd of what is in use.  The objects in it are few
 * beside those that their pages could hold for others.  (BOUND_LEAST is enough for bulk
 * patterns of small heaps.) */
static size_t share(void)
{
	return (ash_account_in_use(&ash_heap) << ASH_GRANULE_SHIFT) / 32;
}

void ash_depot_init(void)
{
	for (unsigned c = 0; c < ASH_CLASSES; c++) {
		ash_mutex_init(&depot[c].lock, ASH_RANK_DEPOT);
		depot[c].size = ash_size_classes[c].size;
	}
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

bool ash_depot_is_valid(unsigned class)
{
	const struct depot_class *d = &depot[class];
	size_t sum = 0;
	uint32_t n = 0;

	for (void **m = d->full; m != NULL; m = next(m), n++) {
		if (n == d->count || !ash_magazine_is_full(m))
			return false;
		sum += magazine_bytes(d, m);
	}
	/* Of `bytes` the rest is other classes'. */
	return line_is_valid(d) && n == d->count && sum <= ash_load_relaxed(&bytes);
}

/* After each change, under the class's lock. */
ASH_INLINE void check(const struct depot_class *d)
{
	ash_assert_internal(line_is_valid(d));
	ash_assert_walk(ash_depot_is_valid((unsigned)(d - depot)), d->count);
}

bool ash_depot_put(unsigned class, void **magazine, void ***empty)
{
	struct depot_class *d = of_class(class);
	size_t size = magazine_bytes(d, magazine), sum = ash_load_relaxed(&bytes) + size;
	void **block;

	ash_assert_internal(ash_magazine_is_full(magazine));
	if (ASH_UNLIKELY(sum > BOUND_LEAST) && sum > share())
		return false;
	ash_mutex_lock(&d->lock);
	ash_add_relaxed(&bytes, size);
	ash_magazine_link(magazine, d->full);
	ash_store_relaxed(&d->full, magazine);
	ash_owned_add(&d->count, 1);
	block = d->empty;
	if (block != NULL)
		d->empty = ash_magazine_unlink(block);
	check(d);
	ash_mutex_unlock(&d->lock);
	*empty = block;
	return true;
}

/* Caller holds the class's lock. */
ASH_INLINE void **pop(struct depot_class *d)
{
	void **m = d->full;

	if (m != NULL) {
		ash_sub_relaxed(&bytes, magazine_bytes(d, m));
		ash_store_relaxed(&d->full, ash_magazine_unlink(m));
		ash_owned_add(&d->count, -1u);
		if (d->count < d->low)
			ash_store_relaxed(&d->low, d->count);
		ash_assert_internal(ash_magazine_is_full(m));
	}
	check(d);
	return m;
}

void **ash_depot_get(unsigned class, void **empty)
{
	struct depot_class *d = of_class(class);
	void **m;

	if (ash_load_relaxed(&d->full) == NULL)
		return NULL;
	ash_mutex_lock(&d->lock);
	m = pop(d);
	if (m != NULL && empty != NULL) {
		ash_magazine_link(empty, d->empty);
		d->empty = empty;
	}
	ash_mutex_unlock(&d->lock);
	return m;
}

/* Sends the items of one shard, gathered in items[0 .. n-1], home. */
static void send(struct ash_shard *shard, unsigned class, void **items, unsigned n)
{
	void **batch;

	ash_assert(n > 0 && n <= ASH_MAGAZINE_MOST);
	if (ash_bin_flush(&shard->bin[class], class, items, n, true))
		return;
	batch = ash_magazine_get();
	if (batch == NULL) {
		ash_bin_flush(&shard->bin[class], class, items, n, false);
		return;
	}
	void **top = ash_magazine_clear(batch, n);

	for (unsigned i = 0; i < n; i++)
		*++top = items[i];
	ash_inbox_push(shard, batch);
}

void ash_magazine_flush(unsigned class, void **magazine)
{
	unsigned all = ash_magazine_cap(magazine);
	void **items = magazine + ASH_MAGAZINE_SLOTS - all;
	unsigned n = ash_drop_nulls(items, all);

	ash_assert(class > 0 && class < ASH_CLASSES);
	ash_assert_internal(ash_magazine_is_full(magazine));
	if (ash_shard_count() == 1) {
		ash_bin_flush(&ash_shard_at(0)->bin[class], class, items, n, false);
		n = 0;
	}
	while (n > 0) {
		struct ash_shard *shard = ash_shard_at(ash_run_of(items[0])->shard);
		unsigned mine = ash_shard_gather(items, n);

		send(shard, class, items, mine);
		items += mine;
		n -= mine;
	}
	ash_magazine_put(magazine);
}

/* One list after the other, so that a trim that was cut short goes on where it stopped. */
void ash_depot_trim(unsigned magazines)
{
	static uint32_t cursor;

	for (unsigned i = 1; i < ASH_CLASSES && magazines > 0; i++) {
		unsigned c = ash_add_relaxed(&cursor, 1) % (ASH_CLASSES - 1) + 1;
		struct depot_class *d = &depot[c];

		if (ash_load_relaxed(&d->count) == 0 && ash_load_relaxed(&d->low) == 0)
			continue;
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
		}
	}
}

bool ash_depot_empty(void)
{
	bool any = false;

	for (unsigned c = 1; c < ASH_CLASSES; c++) {
		uint32_t n = ash_load_relaxed(&depot[c].count);
		void **m;

		while (n-- > 0 && (m = ash_depot_get(c, NULL)) != NULL) {
			ash_magazine_flush(c, m);
			any = true;
		}
	}
	return any;
}

bool ash_depot_try_lock(unsigned class)
{
	return ash_mutex_try_lock(&depot[class].lock);
}

void ash_depot_unlock(unsigned class)
{
	ash_mutex_unlock(&depot[class].lock);
}

void **ash_depot_next(unsigned class, void **magazine)
{
	return magazine != NULL ? next(magazine) : depot[class].full;
}

size_t ash_depot_items(unsigned class)
{
	return (size_t)ash_load_relaxed(&depot[class].count) * ASH_MAGAZINE_MOST;
}

size_t ash_depot_bytes(void)
{
	return ash_load_relaxed(&bytes);
}

void ash_depot_each_mutex(void (*fn)(struct ash_mutex *))
{
	for (unsigned c = 0; c < ASH_CLASSES; c++)
		fn(&depot[c].lock);
}
