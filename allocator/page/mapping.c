#include "page/mapping.h"

#include <errno.h>
#include <stdint.h>

#include "meta/far_table.h"
#include "os/mutex.h"
#include "os/os.h"
#include "page/growth.h"
#include "page/limits.h"
#include "util/assert.h"
#include "util/bits.h"

#define CACHE_SLOTS 32
#define TAIL_SLOTS 32
/* Given back at a time: the kernel holds the lock of the whole address space meanwhile, which
 * every fault of every thread needs. */
#define PIECE ((size_t)1 << 20)
#define PIECES 64 /* in one step, however fast they are */
/* A shorter end is not worth a system call. */
#define TAIL_KEPT ((size_t)16 << 10)

struct cached {
	uintptr_t address; /* 0 = empty slot */
	size_t bytes;
	uint64_t freed_ns;
	bool rest; /* the end of a mapping: programs write beginnings first, so it is likely
		      untouched */
};

static struct ash_mutex lock = ASH_MUTEX_INIT(ASH_RANK_MAPPINGS);
static struct cached cache[CACHE_SLOTS];
static size_t cached_bytes;
static bool have_tails;

size_t ash_mapping_keep_least = (size_t)32 << 20;
uint64_t ash_mapping_keep_ns = 1000000000u;

/* Caller holds the lock.  Back into a free slot, whatever the bound; false where there is none.
 */
static bool put_back(struct cached c)
{
	for (unsigned i = 0; i < CACHE_SLOTS; i++) {
		if (cache[i].address != 0)
			continue;
		cache[i] = c;
		ash_owned_add(&cached_bytes, c.bytes);
		return true;
	}
	return false;
}

/* Where the kernel cannot unmap (the limit of mappings), at least the memory goes, and the
 * addresses wait in the cache for a use or a better time. */
static bool end_mapping(uintptr_t address, size_t bytes)
{
	if (ash_os_unmap((void *)address, bytes))
		return true;
	ash_os_purge((void *)address, bytes);
	ash_mutex_lock(&lock);
	put_back((struct cached){address, bytes, ash_os_coarse_clock_ns(), true});
	ash_mutex_unlock(&lock);
	return false;
}

/* Caller holds the lock. */
static struct cached take_slot(unsigned i)
{
	struct cached taken = cache[i];

	cache[i].address = 0;
	ash_owned_add(&cached_bytes, 0 - taken.bytes);
	return taken;
}

/* Whether i is the better choice for `bytes` than j (CACHE_SLOTS = none): a beginning before a
 * rest, the smallest that suffices, else the largest. */
static bool fits_better(unsigned i, unsigned j, size_t bytes)
{
	if (j == CACHE_SLOTS)
		return true;
	if (cache[i].rest != cache[j].rest)
		return cache[j].rest;
	if ((cache[i].bytes >= bytes) != (cache[j].bytes >= bytes))
		return cache[i].bytes >= bytes;
	return (cache[i].bytes < cache[j].bytes) == (cache[i].bytes >= bytes);
}

/* The cached piece that fits best; where there is none its address is 0. */
static struct cached take_fitting(size_t bytes)
{
	unsigned best = CACHE_SLOTS;
	struct cached taken = {0};

	if (ash_load_relaxed(&cached_bytes) == 0)
		return taken;
	ash_mutex_lock(&lock);
	for (unsigned i = 0; i < CACHE_SLOTS; i++)
		if (cache[i].address != 0 && fits_better(i, best, bytes))
			best = i;
	if (best < CACHE_SLOTS)
		taken = take_slot(best);
	ash_mutex_unlock(&lock);
	return taken;
}

static size_t cache_bound(void)
{
	size_t least = ash_mapping_keep_least, live = ash_far_bytes() / 4;
	size_t bound = live > least ? live : least, most = ash_limits_dirty_bound();
	size_t hard = ash_load_relaxed(&ash_limits.hard), held;

	if (bound > most)
		bound = most;
	if (hard != ASH_NO_LIMIT) { /* what is being freed no longer counts as held */
		held = ash_limits_held() - ash_mapping_cached();
		most = hard > held ? hard - held : 0;
	}
	return bound < most ? bound : most;
}

/* Caller holds the lock.  Takes cached neighbours of [address, address + bytes) into it, but
 * none whose beginning would come to lie in the middle: programs write beginnings, and memory
 * there would serve nobody (big-buffers held 40 MiB that way, and faulted ten times as often).
 */
static void merge_neighbours(struct cached *c)
{
	for (unsigned i = 0; i < CACHE_SLOTS; i++) {
		if (cache[i].address == 0)
			continue;
		if (cache[i].address + cache[i].bytes == c->address && c->rest) {
			c->address = cache[i].address;
			c->rest = cache[i].rest;
			c->bytes += take_slot(i).bytes;
		} else if (cache[i].address == c->address + c->bytes && cache[i].rest) {
			c->bytes += take_slot(i).bytes;
		}
	}
}

static bool leaves_before(unsigned i, unsigned j)
{
	return cache[i].rest != cache[j].rest ? cache[i].rest
					      : cache[i].freed_ns < cache[j].freed_ns;
}

/* Puts a piece into the cache, together with its neighbours there; what has to leave for it, or
 * the piece itself where it is too large, goes to out[]; returns how many. */
static unsigned keep(struct cached c, struct cached *out)
{
	size_t bound = cache_bound();
	unsigned n = 0;

	ash_mutex_lock(&lock);
	merge_neighbours(&c);
	while (c.bytes <= bound) {
		unsigned slot = CACHE_SLOTS, first = CACHE_SLOTS;

		for (unsigned i = 0; i < CACHE_SLOTS; i++) {
			if (cache[i].address == 0)
				slot = i;
			else if (first == CACHE_SLOTS || leaves_before(i, first))
				first = i;
		}
		if (slot < CACHE_SLOTS && cached_bytes + c.bytes <= bound) {
			cache[slot] = c;
			ash_owned_add(&cached_bytes, c.bytes);
			ash_mutex_unlock(&lock);
			return n;
		}
		out[n++] = take_slot(first); /* there is one, or c alone would fit */
	}
	out[n++] = c;
	ash_mutex_unlock(&lock);
	return n;
}

/* Gives a piece of a mapping up: to the cache, else to the kernel. */
static void give_up(uintptr_t address, size_t bytes, bool rest)
{
	struct cached out[CACHE_SLOTS + 1];
	unsigned n = keep((struct cached){address, bytes, ash_os_coarse_clock_ns(), rest}, out);

	while (n-- > 0)
		end_mapping(out[n].address, out[n].bytes);
}

/* Mappings whose end beyond what is used may hold memory. */
static struct tail {
	uintptr_t address; /* of the mapping; 0 = empty slot */
	uint64_t since_ns;
	size_t done; /* purged up to here, from the mapping's start */
} tails[TAIL_SLOTS];

/* Held while a piece of an end is purged, a system call; which mapping's it is says
 * tail_in_work, set under the far table's lock too, so that who has taken an entry out of the
 * table sees it. */
static struct ash_mutex tail_lock = ASH_MUTEX_INIT(ASH_RANK_TAIL);
static uintptr_t tail_in_work; /* 0 = none */

struct piece {
	size_t from, bytes; /* from the mapping's start; bytes 0 = there is none */
	size_t mapped;      /* the mapping's length */
};

/* Under both locks. */
static void choose_piece(const struct ash_far *entry, void *argument)
{
	struct piece *piece = argument;

	if (piece->from < entry->usable)
		piece->from = entry->usable;
	if (piece->from >= entry->mapped)
		return;
	piece->mapped = entry->mapped;
	piece->bytes =
		entry->mapped - piece->from < PIECE ? entry->mapped - piece->from : PIECE;
	ash_store_relaxed(&tail_in_work, entry->mapping);
}

/* Purges the next piece; returns up to where the end is done then, 0 where nothing is left of
 * it, or of the mapping. */
static size_t purge_piece(uintptr_t address, size_t done)
{
	struct piece piece = {.from = done};
	bool purged = false;

	ash_mutex_lock(&tail_lock);
	ash_far_with((void *)address, choose_piece, &piece);
	if (piece.bytes != 0) {
		purged = ash_os_purge((void *)(address + piece.from), piece.bytes);
		ash_store_release(&tail_in_work, 0);
	}
	ash_mutex_unlock(&tail_lock);
	piece.from += piece.bytes;
	return purged && piece.from < piece.mapped ? piece.from : 0;
}

/* For who has taken a mapping's entry out of the far table and is about to change the mapping:
 * waits until nobody purges a piece of its end. */
static void await_tail(uintptr_t address)
{
	if (ash_load_acquire(&tail_in_work) == address) {
		ash_mutex_lock(&tail_lock);
		ash_mutex_unlock(&tail_lock);
	}
}

/* Where more are noted at a time than there are slots, the oldest is forgotten: its end stays
 * as it is until the mapping goes. */
static void note_tail(uintptr_t address)
{
	unsigned slot = 0;

	ash_mutex_lock(&lock);
	for (unsigned i = 0; i < TAIL_SLOTS; i++) {
		if (tails[i].address == address || tails[i].address == 0) {
			slot = i;
			break;
		}
		if (tails[i].since_ns < tails[slot].since_ns)
			slot = i;
	}
	tails[slot] = (struct tail){address, ash_os_coarse_clock_ns(), 0};
	ash_store_relaxed(&have_tails, true);
	ash_mutex_unlock(&lock);
}

/* Takes the tail in slot i where it is old enough; else its address is 0. */
static struct tail take_tail(unsigned i, uint64_t now_ns)
{
	struct tail taken = {0};

	ash_mutex_lock(&lock);
	if (tails[i].address != 0 &&
	    (now_ns == UINT64_MAX ||
	     (int64_t)(now_ns - tails[i].since_ns) >= (int64_t)ash_mapping_keep_ns)) {
		taken = tails[i];
		tails[i].address = 0;
	}
	ash_mutex_unlock(&lock);
	return taken;
}

static void put_tail_back(unsigned i, struct tail tail)
{
	ash_mutex_lock(&lock);
	if (tails[i].address == 0)
		tails[i] = tail;
	ash_store_relaxed(&have_tails, true); /* another thread may have found none meanwhile */
	ash_mutex_unlock(&lock);
}

/* What one step may still do. */
struct meter {
	uint64_t start_ns, most_ns;
	unsigned pieces;
};

static struct meter meter_start(uint64_t most_ns)
{
	return (struct meter){most_ns != UINT64_MAX ? ash_os_thread_cpu_ns() : 0, most_ns, 0};
}

/* After each piece. */
static bool meter_is_up(struct meter *meter)
{
	return meter->most_ns != UINT64_MAX &&
	       (++meter->pieces >= PIECES ||
		ash_os_thread_cpu_ns() - meter->start_ns >= meter->most_ns);
}

/* Purges the ends that were noted a second ago, in pieces: the program cannot grow into one
 * that is being purged. */
static bool purge_tails(uint64_t now_ns, struct meter *meter)
{
	bool left = false;

	if (!ash_load_relaxed(&have_tails))
		return false;
	for (unsigned i = 0; i < TAIL_SLOTS; i++) {
		struct tail tail = take_tail(i, now_ns);

		while (tail.address != 0) {
			tail.done = purge_piece(tail.address, tail.done);
			if (tail.done == 0)
				tail.address = 0;
			if (meter_is_up(meter)) {
				if (tail.address != 0)
					put_tail_back(i, tail);
				return true;
			}
		}
	}
	ash_mutex_lock(&lock);
	for (unsigned i = 0; i < TAIL_SLOTS; i++)
		left |= tails[i].address != 0;
	ash_store_relaxed(&have_tails, left);
	ash_mutex_unlock(&lock);
	return left;
}

/* Up to `most` bytes of a cached piece that starts at `address`: how many. */
static size_t absorb(uintptr_t address, size_t most)
{
	size_t got = 0;

	if (ash_load_relaxed(&cached_bytes) == 0)
		return 0;
	ash_mutex_lock(&lock);
	for (unsigned i = 0; i < CACHE_SLOTS && got == 0; i++) {
		if (cache[i].address != address)
			continue;
		got = cache[i].bytes < most ? cache[i].bytes : most;
		cache[i].address += got;
		cache[i].bytes -= got;
		ash_owned_add(&cached_bytes, 0 - got);
		if (cache[i].bytes == 0)
			cache[i].address = 0;
	}
	ash_mutex_unlock(&lock);
	return got;
}

/* A mapping may be longer than what is used of it, for the program may grow into the rest; what
 * memory the rest holds goes after a second.  Not longer than twice, though: addresses count,
 * against RLIMIT_AS and where memory is not overcommitted.  Returns the new length. */
static size_t bound_tail(uintptr_t address, size_t used, size_t mapped, bool dirty)
{
	if (mapped / 2 > used) {
		give_up(address + 2 * used, mapped - 2 * used, true);
		mapped = 2 * used;
	}
	if (dirty && mapped - used >= TAIL_KEPT)
		note_tail(address);
	return mapped;
}

/* Turns a cached piece into a mapping of `bytes`; 0 where the kernel refuses. */
static uintptr_t adapt(struct cached *c, size_t bytes, bool zeroed)
{
	if (c->bytes < bytes) {
		void *grown = ash_os_remap((void *)c->address, c->bytes, bytes, true);

		if (grown == NULL) {
			end_mapping(c->address, c->bytes);
			return 0;
		}
		ash_growth_note(bytes - c->bytes);
		c->address = (uintptr_t)grown;
		c->bytes = bytes;
	}
	if (zeroed) {
		if (!ash_os_purge((void *)c->address, c->bytes)) {
			end_mapping(c->address, c->bytes);
			return 0;
		}
		ash_growth_note(bytes);
	}
	c->bytes = bound_tail(c->address, bytes, c->bytes, !zeroed);
	return c->address;
}

static uintptr_t map_fresh(size_t bytes, size_t align)
{
	void *p = ash_os_map(bytes, align);

	if (p == NULL && ash_mapping_cached() != 0) { /* the cache may be what is missing */
		ash_mapping_trim(UINT64_MAX, UINT64_MAX);
		p = ash_os_map(bytes, align);
	}
	if (p != NULL)
		ash_growth_note(bytes);
	return (uintptr_t)p;
}

void *ash_mapping_alloc(size_t size, size_t align, bool zeroed)
{
	size_t bytes = ash_align_up(size, ash_os_page);
	struct cached c = {0};
	struct ash_far entry;
	uintptr_t p = 0;
	size_t charged;

	if (bytes < size) {
		errno = ENOMEM;
		return NULL;
	}
	if (bytes == 0)
		bytes = ash_os_page;
	if (!ash_limits_charge(bytes, &charged))
		return NULL;
	if (align <= ash_os_page)
		c = take_fitting(bytes);
	if (c.address != 0)
		p = adapt(&c, bytes, zeroed);
	if (p == 0) {
		p = map_fresh(bytes, align);
		c.bytes = bytes;
	}
	entry = (struct ash_far){
		.address = p, .usable = bytes, .mapping = p, .mapped = c.bytes};
	if (p != 0 && !ash_far_insert(&entry)) {
		end_mapping(p, c.bytes);
		p = 0;
	}
	ash_limits_settle(charged);
	if (p == 0) {
		errno = ENOMEM;
		return NULL;
	}
	ash_growth_look();
	return (void *)p;
}

void ash_mapping_free(const struct ash_far *entry)
{
	await_tail(entry->mapping);
	give_up(entry->mapping, entry->mapped, false);
}

/* Grows into its own end or a cached piece behind it where there is one, else by the kernel,
 * which may move it. */
void *ash_mapping_resize(const struct ash_far *entry, size_t size)
{
	size_t bytes = ash_align_up(size, ash_os_page);
	struct ash_far changed = *entry;
	void *p = (void *)entry->address;
	size_t charged = 0;

	await_tail(entry->mapping);
	if (bytes < size ||
	    (bytes > changed.mapped && !ash_limits_charge(bytes - changed.mapped, &charged))) {
		ash_far_attach(entry, entry->mapped);
		return NULL;
	}
	if (bytes > changed.mapped)
		changed.mapped +=
			absorb(changed.mapping + changed.mapped, bytes - changed.mapped);
	if (bytes > changed.mapped)
		p = ash_os_remap((void *)changed.mapping, changed.mapped, bytes, true);
	if (p != NULL) {
		if (bytes > changed.mapped) {
			ash_growth_note(bytes - changed.mapped);
			changed.mapped = bytes;
		}
		changed.address = changed.mapping = (uintptr_t)p;
		changed.usable = bytes;
		changed.mapped = bound_tail(changed.mapping, bytes, changed.mapped, true);
	}
	ash_far_attach(&changed, entry->mapped);
	ash_limits_settle(charged);
	ash_growth_look();
	return p;
}

/* Unmaps one piece from the end of what has been cached longest, where that is old enough, or
 * whatever its age at UINT64_MAX; returns its bytes, 0 where nothing went.  The rest waits on
 * as one piece. */
static size_t unmap_piece(uint64_t now_ns, size_t most)
{
	struct cached old = {0};
	unsigned slot = CACHE_SLOTS;
	size_t bytes = 0;

	if (ash_load_relaxed(&cached_bytes) == 0)
		return 0;
	most = most < PIECE ? ash_align_up(most, ash_os_page) : PIECE;
	ash_mutex_lock(&lock);
	for (unsigned i = 0; i < CACHE_SLOTS; i++)
		/* (A round's clock may be older than what was freed during it.) */
		if (cache[i].address != 0 &&
		    (now_ns == UINT64_MAX ||
		     (int64_t)(now_ns - cache[i].freed_ns) >= (int64_t)ash_mapping_keep_ns) &&
		    (slot == CACHE_SLOTS || cache[i].freed_ns < cache[slot].freed_ns))
			slot = i;
	if (slot < CACHE_SLOTS) {
		old = take_slot(slot);
		bytes = old.bytes < most ? old.bytes : most;
		old.bytes -= bytes;
		if (old.bytes != 0)
			put_back(old); /* the slot is free */
	}
	ash_mutex_unlock(&lock);
	if (slot == CACHE_SLOTS)
		return 0;
	return end_mapping(old.address + old.bytes, bytes) ? bytes : 0;
}

static size_t trim(uint64_t now_ns, size_t bytes, struct meter *meter)
{
	size_t gone;

	for (; bytes > 0; bytes -= gone < bytes ? gone : bytes) {
		gone = unmap_piece(now_ns, bytes);
		if (gone == 0 || meter_is_up(meter))
			break;
	}
	return ash_mapping_cached();
}

size_t ash_mapping_trim_some(uint64_t now_ns, size_t bytes, uint64_t most_ns)
{
	struct meter meter = meter_start(most_ns);

	return trim(now_ns, bytes, &meter);
}

bool ash_mapping_trim(uint64_t now_ns, uint64_t most_ns)
{
	struct meter meter = meter_start(most_ns);
	bool left = purge_tails(now_ns, &meter);

	return trim(now_ns, SIZE_MAX, &meter) != 0 || left;
}

size_t ash_mapping_cached(void)
{
	return ash_load_relaxed(&cached_bytes);
}

struct ash_mutex *ash_mapping_tail_mutex(void)
{
	return &tail_lock;
}

struct ash_mutex *ash_mapping_mutex(void)
{
	return &lock;
}
