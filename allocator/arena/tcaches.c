#include "arena/tcaches.h"

#include <errno.h>
#include <string.h>

#include "arena/objects.h"
#include "meta/base.h"
#include "slab/shard.h"
#include "util/assert.h"
#include "util/misuse_hook.h"

/* Objects of a class in one cache: so many, of so many bytes at most, and one at least. */
#define CAP 24
#define CAP_BYTES ((size_t)64 << 10)

/* Under its lock:  total == sum of count[]. */
struct cache {
	struct ash_mutex lock;
	unsigned id;            /* constant */
	bool alive;             /* changes under the lock of the table; atomic */
	struct cache *unused;   /* the same */
	struct ash_arena *home; /* of what it holds; NULL = the heap */
	unsigned total;
	uint8_t count[ASH_CLASSES];
	void *item[ASH_CLASSES][CAP]; /* the last came last */
};

/* By number; entries below `next` are set.  Under the lock; entries are read without it, too.
 */
static struct ash_mutex lock = ASH_MUTEX_INIT(ASH_RANK_TCACHES);
static struct cache *table[ASH_TCACHES_MOST];
static unsigned next;
static struct cache *unused;

static struct cache *at(unsigned id)
{
	struct cache *c = id < ASH_TCACHES_MOST ? ash_load_acquire(&table[id]) : NULL;

	return c != NULL && ash_load_acquire(&c->alive) ? c : NULL;
}

bool ash_tcaches_exists(unsigned id)
{
	return at(id) != NULL;
}

static unsigned most(unsigned class)
{
	size_t n = CAP_BYTES / ash_class_size(class);

	return n < 1 ? 1 : n < CAP ? (unsigned)n : CAP;
}

int ash_tcaches_create(unsigned *id)
{
	int saved = errno;
	struct cache *c;

	ash_mutex_lock(&lock);
	c = unused;
	if (c != NULL)
		unused = c->unused;
	ash_mutex_unlock(&lock);
	if (c == NULL) {
		c = ash_base_alloc(sizeof(*c), ASH_CACHE_LINE);
		errno = saved;
		if (c == NULL)
			return EAGAIN;
		ash_mutex_init(&c->lock, ASH_RANK_TCACHE);
		ash_mutex_lock(&lock);
		if (next == ASH_TCACHES_MOST) { /* (the memory is lost) */
			ash_mutex_unlock(&lock);
			return EAGAIN;
		}
		c->id = next;
		ash_store_release(&table[next++], c);
		ash_mutex_unlock(&lock);
	}
	*id = c->id;
	ash_store_release(&c->alive, true);
	return 0;
}

/* Items of the class go to where they came from; under no lock. */
static void give(struct ash_arena *home, unsigned class, void **items, unsigned n)
{
	if (home == NULL) {
		ash_shard_flush(class, items, n);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		if (!ash_objects_free(items[i]))
			ash_misuse_hook(&(struct ash_misuse){ASH_MISUSE_DOUBLE_FREE, items[i],
							     ash_class_size(class), NULL});
}

/* Under the lock: moves the oldest n items of the class to `out`. */
static void take(struct cache *c, unsigned class, void **out, unsigned n)
{
	void **item = c->item[class];

	ash_assert(n <= c->count[class]);
	memcpy(out, item, n * sizeof(*out));
	memmove(item, item + n, (c->count[class] - n) * sizeof(*item));
	c->count[class] = (uint8_t)(c->count[class] - n);
	c->total -= n;
}

static void empty(struct cache *c)
{
	for (unsigned class = 1; class < ASH_CLASSES; class ++) {
		struct ash_arena *home;
		void *out[CAP];
		unsigned n;

		ash_mutex_lock(&c->lock);
		home = c->home;
		n = c->count[class];
		take(c, class, out, n);
		ash_mutex_unlock(&c->lock);
		if (n > 0)
			give(home, class, out, n);
	}
}

int ash_tcaches_flush(unsigned id)
{
	struct cache *c = at(id);
	int saved = errno;

	if (c == NULL)
		return ENOENT;
	empty(c);
	errno = saved;
	return 0;
}

int ash_tcaches_destroy(unsigned id)
{
	struct cache *c;
	int saved = errno;

	ash_mutex_lock(&lock);
	c = at(id);
	if (c != NULL)
		ash_store_release(&c->alive, false);
	ash_mutex_unlock(&lock);
	if (c == NULL)
		return ENOENT;
	empty(c);
	ash_mutex_lock(&lock);
	c->unused = unused;
	unused = c;
	ash_mutex_unlock(&lock);
	errno = saved;
	return 0;
}

/* Locks the cache as one of this home, emptied where it was another's; false, and not locked,
 * where others fill it meanwhile. */
static bool lock_as(struct cache *c, struct ash_arena *home)
{
	for (unsigned tries = 0; tries < 4; tries++) {
		ash_mutex_lock(&c->lock);
		if (c->total == 0)
			c->home = home;
		if (c->home == home)
			return true;
		ash_mutex_unlock(&c->lock);
		empty(c);
	}
	return false;
}

void *ash_tcaches_alloc(unsigned id, struct ash_arena *home, unsigned class,
			ash_tcaches_fill *fill)
{
	struct cache *c = at(id);
	void *out[CAP], *p = NULL;
	unsigned n = (most(class) + 1) / 2, room;

	if (c != NULL && lock_as(c, home)) {
		if (c->count[class] > 0) {
			p = c->item[class][--c->count[class]];
			c->total--;
		}
		ash_mutex_unlock(&c->lock);
		if (p != NULL)
			return p;
	} else {
		n = 1;
	}
	n = home != NULL ? ash_objects_fill(home, class, out, n) : fill(class, out, n);
	if (n == 0) {
		errno = ENOMEM;
		return NULL;
	}
	p = out[--n];
	if (n == 0)
		return p;
	if (lock_as(c, home)) {
		room = most(class) - c->count[class];
		room = room < n ? room : n;
		n -= room;
		memcpy(&c->item[class][c->count[class]], out + n, room * sizeof(*out));
		c->count[class] = (uint8_t)(c->count[class] + room);
		c->total += room;
		ash_mutex_unlock(&c->lock);
	}
	if (n > 0)
		give(home, class, out, n);
	return p;
}

/* (They are few.) */
static bool holds(const struct cache *c, unsigned class, const void *p)
{
	for (unsigned i = 0; i < c->count[class]; i++)
		if (c->item[class][i] == p)
			return true;
	return false;
}

bool ash_tcaches_free(unsigned id, struct ash_arena *home, unsigned class, void *p)
{
	struct cache *c = at(id);
	unsigned n, gone = 0;
	void *out[CAP];

	if (c == NULL)
		return false;
	ash_mutex_lock(&c->lock);
	if (c->total == 0)
		c->home = home;
	n = c->count[class];
	if (holds(c, class, p)) {
		ash_mutex_unlock(&c->lock);
		ash_misuse_hook(&(struct ash_misuse){ASH_MISUSE_DOUBLE_FREE, p,
						     ash_class_size(class), NULL});
		return true;
	}
	if (c->home != home) {
		ash_mutex_unlock(&c->lock);
		return false;
	}
	if (n == most(class)) {
		gone = (n + 1) / 2;
		take(c, class, out, gone);
	}
	c->item[class][c->count[class]++] = p;
	c->total++;
	ash_mutex_unlock(&c->lock);
	if (gone > 0)
		give(home, class, out, gone);
	return true;
}

void ash_tcaches_forget(struct ash_arena *arena)
{
	unsigned n = ash_load_acquire(&next);

	for (unsigned id = 0; id < n; id++) {
		struct cache *c = ash_load_acquire(&table[id]);

		ash_mutex_lock(&c->lock);
		if (c->home == arena) {
			memset(c->count, 0, sizeof(c->count));
			c->total = 0;
			c->home = NULL;
		}
		ash_mutex_unlock(&c->lock);
	}
}

static unsigned locked;

void ash_tcaches_each_mutex(bool prepare, void (*fn)(struct ash_mutex *mutex))
{
	fn(&lock);
	if (prepare)
		locked = next;
	for (unsigned id = 0; id < locked; id++)
		fn(&table[id]->lock);
}
