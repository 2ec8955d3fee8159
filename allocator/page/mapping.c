#include "page/mapping.h"

#include <errno.h>
#include <stdint.h>

#include "meta/far_table.h"
#include "os/mutex.h"
#include "os/os.h"
#include "util/assert.h"
#include "util/bits.h"

#define CACHE_SLOTS 32
#define CACHE_LEAST ((size_t)32 << 20)
#define CACHE_NS 1000000000u
/* A tail beyond what was asked for is given back when it is at least this large: a smaller one
 * costs less than the system call. */
#define TAIL_KEPT ((size_t)16 << 10)

struct cached {
	uintptr_t address; /* 0 = empty slot */
	size_t bytes;
	uint64_t freed_ns;
};

static struct ash_mutex lock = ASH_MUTEX_INIT(ASH_RANK_MAPPINGS);
static struct cached cache[CACHE_SLOTS];
static size_t cached_bytes;

static void end_mapping(uintptr_t address, size_t bytes)
{
	/* Where the kernel cannot unmap (the limit of mappings), at least the memory goes. */
	if (!ash_os_unmap((void *)address, bytes))
		ash_os_purge((void *)address, bytes);
}

/* Caller holds the lock. */
static struct cached take_slot(unsigned i)
{
	struct cached taken = cache[i];

	cache[i].address = 0;
	ash_owned_add(&cached_bytes, 0 - taken.bytes);
	return taken;
}

/* The smallest cached mapping that suffices, else the largest; none has address 0. */
static struct cached take_fitting(size_t bytes)
{
	unsigned best = CACHE_SLOTS, largest = CACHE_SLOTS;
	struct cached taken = { 0 };

	if (ash_load_relaxed(&cached_bytes) == 0)
		return taken;
	ash_mutex_lock(&lock);
	for (unsigned i = 0; i < CACHE_SLOTS; i++) {
		if (cache[i].address == 0)
			continue;
		if (cache[i].bytes >= bytes && (best == CACHE_SLOTS || cache[i].bytes < cache[best].bytes))
			best = i;
		if (largest == CACHE_SLOTS || cache[i].bytes > cache[largest].bytes)
			largest = i;
	}
	if (best == CACHE_SLOTS)
		best = largest;
	if (best < CACHE_SLOTS)
		taken = take_slot(best);
	ash_mutex_unlock(&lock);
	return taken;
}

/* Puts it into the cache; what has to leave for it goes to `out`. */
static bool keep(const struct ash_far *entry, struct cached *out)
{
	size_t count, live, bound;
	unsigned slot = CACHE_SLOTS, oldest = CACHE_SLOTS;
	bool kept = false;

	ash_far_totals(&count, &live);
	bound = live / 4 > CACHE_LEAST ? live / 4 : CACHE_LEAST;
	out->address = 0;
	if (entry->mapped > bound)
		return false;
	ash_mutex_lock(&lock);
	for (unsigned i = 0; i < CACHE_SLOTS; i++) {
		if (cache[i].address == 0)
			slot = i;
		else if (oldest == CACHE_SLOTS || cache[i].freed_ns < cache[oldest].freed_ns)
			oldest = i;
	}
	if (slot == CACHE_SLOTS || cached_bytes + entry->mapped > bound) {
		if (oldest < CACHE_SLOTS) {
			*out = take_slot(oldest);
			slot = oldest;
		}
	}
	if (slot < CACHE_SLOTS && cached_bytes + entry->mapped <= bound) {
		cache[slot] = (struct cached){ entry->mapping, entry->mapped, ash_os_coarse_clock_ns() };
		ash_owned_add(&cached_bytes, entry->mapped);
		kept = true;
	}
	ash_mutex_unlock(&lock);
	return kept;
}

/* Turns a cached mapping into one of `bytes`; 0 where the kernel refuses. */
static uintptr_t adapt(struct cached *c, size_t bytes, bool zeroed)
{
	if (c->bytes < bytes) {
		void *grown = ash_os_remap((void *)c->address, c->bytes, bytes, true);

		if (grown == NULL) {
			end_mapping(c->address, c->bytes);
			return 0;
		}
		c->address = (uintptr_t)grown;
		c->bytes = bytes;
	}
	if (zeroed && !ash_os_purge((void *)c->address, c->bytes)) {
		end_mapping(c->address, c->bytes);
		return 0;
	}
	if (!zeroed && c->bytes - bytes >= TAIL_KEPT)
		ash_os_purge((void *)(c->address + bytes), c->bytes - bytes);
	return c->address;
}

void *ash_mapping_alloc(size_t size, size_t align, bool zeroed)
{
	size_t bytes = ash_align_up(size, ash_os_page);
	struct cached c = { 0 };
	struct ash_far entry;
	uintptr_t p = 0;

	if (bytes < size) {
		errno = ENOMEM;
		return NULL;
	}
	if (bytes == 0)
		bytes = ash_os_page;
	if (align <= ash_os_page)
		c = take_fitting(bytes);
	if (c.address != 0)
		p = adapt(&c, bytes, zeroed);
	if (p == 0) {
		p = (uintptr_t)ash_os_map(bytes, align);
		c.bytes = bytes;
	}
	if (p == 0 && ash_mapping_cached() != 0) { /* the cache may be what is missing */
		ash_mapping_trim(UINT64_MAX);
		p = (uintptr_t)ash_os_map(bytes, align);
	}
	entry = (struct ash_far){ .address = p, .usable = bytes, .mapping = p, .mapped = c.bytes };
	if (p != 0 && !ash_far_insert(&entry)) {
		end_mapping(p, c.bytes);
		p = 0;
	}
	if (p == 0)
		errno = ENOMEM;
	return (void *)p;
}

void ash_mapping_free(const struct ash_far *entry)
{
	struct cached out;

	if (!keep(entry, &out))
		end_mapping(entry->mapping, entry->mapped);
	if (out.address != 0)
		end_mapping(out.address, out.bytes);
}

void *ash_mapping_resize(const struct ash_far *entry, size_t size)
{
	size_t bytes = ash_align_up(size, ash_os_page);
	struct ash_far changed = *entry;
	void *p = NULL;

	if (bytes >= size && bytes <= entry->mapped && entry->mapped - bytes < TAIL_KEPT)
		p = (void *)entry->address;
	else if (bytes >= size)
		p = ash_os_remap((void *)entry->mapping, entry->mapped, bytes, true);
	if (p != NULL) {
		if ((uintptr_t)p != entry->address || bytes > entry->mapped || entry->mapped - bytes >= TAIL_KEPT)
			changed.mapped = bytes;
		changed.address = changed.mapping = (uintptr_t)p;
		changed.usable = bytes;
	}
	ash_far_attach(&changed);
	return p;
}

bool ash_mapping_trim(uint64_t now_ns)
{
	for (;;) {
		struct cached old = { 0 };

		if (ash_load_relaxed(&cached_bytes) == 0)
			return false;
		ash_mutex_lock(&lock);
		for (unsigned i = 0; i < CACHE_SLOTS && old.address == 0; i++)
			if (cache[i].address != 0 && (now_ns == UINT64_MAX || now_ns - cache[i].freed_ns >= CACHE_NS))
				old = take_slot(i);
		ash_mutex_unlock(&lock);
		if (old.address == 0)
			return true;
		end_mapping(old.address, old.bytes);
	}
}

size_t ash_mapping_cached(void)
{
	return ash_load_relaxed(&cached_bytes);
}

struct ash_mutex *ash_mapping_mutex(void)
{
	return &lock;
}
