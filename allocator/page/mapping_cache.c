#include "page/mapping_cache.h"

#include "meta/far_table.h"
#include "os/background.h"
#include "os/os.h"
#include "page/account.h"
#include "page/limits.h"
#include "page/mapping_retained.h"
#include "page/mapping_turns.h"
#include "util/assert.h"
#include "util/bits.h"

#define SLOTS ASH_CACHED_SLOTS
#define OUT_AT_ONCE 16 /* pieces that leave for another; a thread's stack may be small */
#define ALONE_SHARE 32
#define ALONE_LEAST ((size_t)1 << 20)

static bool overlap(const struct ash_cached *a, const struct ash_cached *b)
{
	return b->address != 0 &&
	       (a->address - b->address < b->bytes || b->address - a->address < a->bytes);
}

bool ash_mapping_cache_is_valid(const struct ash_heap *heap)
{
	const struct ash_mappings *m = &heap->mappings;
	size_t bytes = 0;

	if (m->slots > SLOTS || (m->slots != 0 && m->cache[m->slots - 1].address == 0))
		return false;
	for (unsigned i = 0; i < SLOTS; i++) {
		const struct ash_cached *c = &m->cache[i];

		if (c->address == 0)
			continue;
		if (i >= m->slots)
			return false;
		if (c->bytes == 0 || c->address % ash_os_page != 0 ||
		    c->bytes % ash_os_page != 0)
			return false;
		for (unsigned j = 0; j < i; j++)
			if (overlap(c, &m->cache[j]))
				return false;
		bytes += c->bytes;
	}
	return bytes == heap->account.cached;
}

/* Caller holds the lock, as of all that follow up to the functions of the header. */
static void put(struct ash_heap *heap, unsigned slot, struct ash_cached c)
{
	ash_assert(c.address != 0 && c.bytes != 0);
	ash_assert(heap->mappings.cache[slot].address == 0);
	heap->mappings.cache[slot] = c;
	if (slot >= heap->mappings.slots)
		heap->mappings.slots = slot + 1;
	ash_owned_add(&heap->account.cached, c.bytes);
	ash_account_arrive(heap, c.bytes);
}

/* SLOTS = none. */
static unsigned empty_slot(const struct ash_mappings *m)
{
	unsigned i = 0;

	while (i < m->slots && m->cache[i].address != 0)
		i++;
	return i;
}

/* Back into a free slot, whatever the bound; false where there is none. */
static bool put_back(struct ash_heap *heap, struct ash_cached c)
{
	unsigned i = empty_slot(&heap->mappings);

	if (i < SLOTS)
		put(heap, i, c);
	return i < SLOTS;
}

static struct ash_cached take_slot(struct ash_heap *heap, unsigned i)
{
	struct ash_mappings *m = &heap->mappings;
	struct ash_cached taken = m->cache[i];

	ash_assert(taken.address != 0 && heap->account.cached >= taken.bytes);
	ash_account_depart(heap, taken.bytes);
	m->cache[i].address = 0;
	while (m->slots > 0 && m->cache[m->slots - 1].address == 0)
		m->slots--;
	ash_owned_add(&heap->account.cached, 0 - taken.bytes);
	return taken;
}

/* Whether slot i serves a request of `bytes` better than slot j (SLOTS = none): a beginning
 * rather than the cut-off end of a mapping, then the smallest that suffices, else the largest.
 */
static bool fits_better(const struct ash_cached *cache, unsigned i, unsigned j, size_t bytes)
{
	if (j == SLOTS)
		return true;
	if (cache[i].is_end != cache[j].is_end)
		return cache[j].is_end;
	if ((cache[i].bytes >= bytes) != (cache[j].bytes >= bytes))
		return cache[i].bytes >= bytes;
	return (cache[i].bytes < cache[j].bytes) == (cache[i].bytes >= bytes);
}

/* Joins cached neighbours to the piece, but none whose beginning would then lie in the middle:
 * programs write beginnings, and memory in the middle serves nobody.  (When all were joined,
 * big-buffers held 40 MiB, and faulted ten times as often.) */
static void merge_neighbours(struct ash_heap *heap, struct ash_cached *c)
{
	const struct ash_cached *cache = heap->mappings.cache;

	for (unsigned i = 0; i < heap->mappings.slots; i++) {
		if (cache[i].address == 0)
			continue;
		if (cache[i].address + cache[i].bytes == c->address && c->is_end) {
			c->address = cache[i].address;
			c->is_end = cache[i].is_end;
			c->bytes += take_slot(heap, i).bytes;
		} else if (cache[i].address == c->address + c->bytes && cache[i].is_end) {
			c->bytes += take_slot(heap, i).bytes;
		}
	}
}

static bool leaves_before(const struct ash_cached *cache, unsigned i, unsigned j)
{
	return cache[i].is_end != cache[j].is_end ? cache[i].is_end
						  : cache[i].freed_ns < cache[j].freed_ns;
}

/* Bytes of the cache without those that have turns.  In a program of one thread each call may
 * be the last, and what waits would stay: little does, of what is held without it. */
ASH_INLINE size_t unlearned_bound(const struct ash_heap *heap)
{
	size_t least = heap->mappings.cache_least, live = ash_far_bytes() / 4, held, cached;

	if (!heap->mappings.turns.at_once || ash_background_running())
		return live > least ? live : least;
	cached = ash_account_cached(heap);
	held = ash_account_held(heap);
	held = held > cached ? (held - cached) / ALONE_SHARE : 0;
	if (held < ALONE_LEAST)
		held = ALONE_LEAST;
	return held < least ? held : least;
}

/* Bytes of the cache, where a piece of `bytes` comes to it. */
ASH_INLINE size_t cache_bound(struct ash_heap *heap, size_t bytes, uint64_t now_ns)
{
	const struct ash_mappings *m = &heap->mappings;
	size_t bound = unlearned_bound(heap) + ash_turns_bytes(&m->turns, now_ns, m->cache_ns);
	size_t most = ash_limits_dirty_bound(heap);
	size_t hard = ash_load_relaxed(&heap->limits.hard), held, cached;

	if (bound > most)
		bound = most;
	if (hard != ASH_NO_LIMIT) { /* without what is cached, or about to be */
		held = ash_account_held(heap);
		cached = ash_account_cached(heap) + bytes;
		held = held > cached ? held - cached : 0;
		most = hard > held ? hard - held : 0;
	}
	return bound < most ? bound : most;
}

/* Whether the piece can be of use.  What is to be aligned beyond a page takes one as it is:
 * what grows may have to move, and of one that is cut no end is aligned. */
static bool suits(const struct ash_cached *c, size_t bytes, size_t align)
{
	return c->address != 0 &&
	       (align <= ash_os_page || ((c->address & (align - 1)) == 0 && c->bytes >= bytes &&
					 c->bytes / 2 <= bytes));
}

struct ash_cached ash_mapping_cache_take(struct ash_heap *heap, size_t bytes, size_t align)
{
	struct ash_mappings *m = &heap->mappings;
	unsigned best = SLOTS;
	struct ash_cached taken = {0};

	if (ash_account_cached(heap) == 0)
		return taken;
	ash_mutex_lock(&m->lock);
	for (unsigned i = 0; i < m->slots; i++)
		if (suits(&m->cache[i], bytes, align) && fits_better(m->cache, i, best, bytes))
			best = i;
	if (best < SLOTS) {
		taken = take_slot(heap, best);
		ash_turns_served(&m->turns, ash_os_coarse_clock_ns());
	}
	ash_assert_internal(ash_mapping_cache_is_valid(heap));
	ash_mutex_unlock(&m->lock);
	return taken;
}

void ash_mapping_cache_missed(struct ash_heap *heap, size_t bytes)
{
	struct ash_mappings *m = &heap->mappings;

	if (ash_load_relaxed(&m->turns.gone) == 0)
		return;
	ash_mutex_lock(&m->lock);
	ash_turns_missed(&m->turns, bytes, ash_os_coarse_clock_ns(), m->cache_ns);
	ash_mutex_unlock(&m->lock);
}

bool ash_mapping_cache_clears(struct ash_heap *heap)
{
	struct ash_mappings *m = &heap->mappings;
	bool has_turns;

	ash_mutex_lock(&m->lock);
	has_turns = ash_turns_clear(&m->turns, ash_os_coarse_clock_ns(), m->cache_ns);
	ash_mutex_unlock(&m->lock);
	return has_turns;
}

void ash_mapping_cache_return(struct ash_heap *heap, struct ash_cached piece)
{
	bool back;

	ash_mutex_lock(&heap->mappings.lock);
	back = put_back(heap, piece);
	ash_assert_internal(ash_mapping_cache_is_valid(heap));
	ash_mutex_unlock(&heap->mappings.lock);
	if (!back)
		ash_mapping_cache_end(heap, piece.address, piece.bytes);
}

size_t ash_mapping_cache_take_at(struct ash_heap *heap, uintptr_t address, size_t most)
{
	struct ash_mappings *m = &heap->mappings;
	size_t got = 0;

	if (ash_account_cached(heap) == 0)
		return 0;
	ash_mutex_lock(&m->lock);
	for (unsigned i = 0; i < m->slots && got == 0; i++) {
		struct ash_cached c;

		if (m->cache[i].address != address)
			continue;
		c = take_slot(heap, i);
		got = c.bytes < most ? c.bytes : most;
		c.address += got;
		c.bytes -= got;
		if (c.bytes != 0)
			put(heap, i, c);
		ash_account_arrive(heap, got); /* the caller is charged with it */
		ash_turns_served(&m->turns, ash_os_coarse_clock_ns());
	}
	ash_assert_internal(ash_mapping_cache_is_valid(heap));
	ash_mutex_unlock(&m->lock);
	ash_assert(got <= most);
	return got;
}

bool ash_mapping_cache_end(struct ash_heap *heap, uintptr_t address, size_t bytes)
{
	struct ash_mappings *m = &heap->mappings;

	if (ash_mapping_retained_give(heap, address, bytes)) {
		ash_account_arrive(heap, bytes);
		return true;
	}
	ash_mutex_lock(&m->lock);
	if (!put_back(heap,
		      (struct ash_cached){address, bytes, ash_os_coarse_clock_ns(), true}))
		ash_account_arrive(heap, bytes); /* lost, without memory */
	ash_assert_internal(ash_mapping_cache_is_valid(heap));
	ash_mutex_unlock(&m->lock);
	return false;
}

/* The piece that leaves first; SLOTS = none. */
static unsigned first_to_leave(const struct ash_mappings *m)
{
	unsigned first = SLOTS;

	for (unsigned i = 0; i < m->slots; i++)
		if (m->cache[i].address != 0 &&
		    (first == SLOTS || leaves_before(m->cache, i, first)))
			first = i;
	return first;
}

/* Puts a piece into the cache, joined with its neighbours there.  What has to leave for it, or
 * the piece itself where it is too large, is written to out[]; returns how many these are.
 * *over says whether the piece is in one of the two; else more have to leave, by another call.
 */
static unsigned cache_piece(struct ash_heap *heap, struct ash_cached *c, struct ash_cached *out,
			    bool *over)
{
	struct ash_mappings *m = &heap->mappings;
	size_t bound = cache_bound(heap, c->bytes, c->freed_ns);
	unsigned n = 0;

	ash_mutex_lock(&m->lock);
	merge_neighbours(heap, c);
	while (c->bytes <= bound && !*over && n < OUT_AT_ONCE) {
		unsigned slot = empty_slot(m), first;

		*over = slot < SLOTS && heap->account.cached + c->bytes <= bound;
		if (*over) {
			put(heap, slot, *c);
		} else {
			first = first_to_leave(m);
			ash_assert(first < SLOTS); /* else c alone would fit */
			out[n++] = take_slot(heap, first);
		}
	}
	if (c->bytes > bound) {
		out[n++] = *c;
		*over = true;
	}
	for (unsigned i = 0; i < n; i++)
		if (!out[i].is_end)
			ash_turns_gone(&m->turns, out[i].bytes, c->freed_ns, m->cache_ns);
	ash_assert_internal(ash_mapping_cache_is_valid(heap));
	ash_mutex_unlock(&m->lock);
	return n;
}

bool ash_mapping_cache_fits(struct ash_heap *heap, size_t bytes)
{
	size_t bound;

	ash_mutex_lock(&heap->mappings.lock);
	bound = cache_bound(heap, bytes, ash_os_coarse_clock_ns());
	ash_mutex_unlock(&heap->mappings.lock);
	return bytes <= bound;
}

void ash_mapping_cache_give(struct ash_heap *heap, uintptr_t address, size_t bytes, bool is_end)
{
	struct ash_cached c = {address, bytes, ash_os_coarse_clock_ns(), is_end};
	struct ash_cached out[OUT_AT_ONCE];
	bool over = false;

	ash_assert(address % ash_os_page == 0 && bytes % ash_os_page == 0 && bytes != 0);
	ash_account_depart(heap, bytes);
	while (!over) {
		unsigned n = cache_piece(heap, &c, out, &over);

		while (n-- > 0)
			ash_mapping_cache_end(heap, out[n].address, out[n].bytes);
	}
}

/* Unmaps one piece, of at most `most` bytes, from the end of what has been cached longest,
 * where that is old enough; at UINT64_MAX whatever its age.  What is left waits on as one
 * piece.  Returns the bytes that went, 0 where none did. */
static size_t unmap_piece(struct ash_heap *heap, uint64_t now_ns, size_t most)
{
	struct ash_mappings *m = &heap->mappings;
	struct ash_cached old = {0};
	unsigned slot = SLOTS;
	size_t bytes = 0;

	if (ash_account_cached(heap) == 0)
		return 0;
	most = most < ASH_METER_PIECE ? ash_align_up(most, ash_os_page) : ASH_METER_PIECE;
	ash_mutex_lock(&m->lock);
	for (unsigned i = 0; i < m->slots; i++)
		/* (A round's clock may be older than what was freed during it.) */
		if (m->cache[i].address != 0 &&
		    (now_ns == UINT64_MAX ||
		     (int64_t)(now_ns - m->cache[i].freed_ns) >= (int64_t)m->cache_ns) &&
		    (slot == SLOTS || m->cache[i].freed_ns < m->cache[slot].freed_ns))
			slot = i;
	if (slot < SLOTS) {
		old = take_slot(heap, slot);
		bytes = old.bytes < most ? old.bytes : most;
		old.bytes -= bytes;
		if (old.bytes != 0)
			put(heap, slot, old);
	}
	ash_assert_internal(ash_mapping_cache_is_valid(heap));
	ash_mutex_unlock(&m->lock);
	if (slot == SLOTS)
		return 0;
	return ash_mapping_cache_end(heap, old.address + old.bytes, bytes) ? bytes : 0;
}

size_t ash_mapping_cache_trim(struct ash_heap *heap, uint64_t now_ns, size_t bytes,
			      struct ash_meter *meter)
{
	size_t gone;

	for (; bytes > 0; bytes -= gone < bytes ? gone : bytes) {
		gone = unmap_piece(heap, now_ns, bytes);
		if (gone == 0 || ash_meter_is_up(meter))
			break;
	}
	return ash_account_cached(heap);
}

size_t ash_mapping_cache_trim_for(struct ash_heap *heap, uint64_t now_ns, size_t bytes,
				  uint64_t most_ns)
{
	struct ash_meter meter = ash_meter_start(most_ns);

	return ash_mapping_cache_trim(heap, now_ns, bytes, &meter);
}
