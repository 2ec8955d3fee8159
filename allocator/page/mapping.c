#include "page/mapping.h"

#include <errno.h>

#include "meta/far_table.h"
#include "os/os.h"
#include "page/account.h"
#include "page/growth.h"
#include "page/limits.h"
#include "page/mapping_cache.h"
#include "page/mapping_clear.h"
#include "page/mapping_retained.h"
#include "page/mapping_tail.h"
#include "util/assert.h"
#include "util/bits.h"

/* A mapping is not longer than twice what is used of it: addresses count, against RLIMIT_AS and
 * where memory is not overcommitted.  Returns the new length. */
static size_t bound_tail(struct ash_heap *heap, uintptr_t address, size_t used, size_t mapped,
			 bool dirty)
{
	ash_assert(used > 0 && used <= mapped);
	if (mapped / 2 > used) {
		ash_mapping_cache_give(heap, address + 2 * used, mapped - 2 * used, true);
		mapped = 2 * used;
	}
	if (dirty && mapped - used >= ASH_MAPPING_TAIL_LEAST)
		ash_mapping_tail_note(heap, address);
	return mapped;
}

/* Makes a cached piece, of which the first `old` bytes may hold something, read as zero up to
 * `bytes`.  Whether the program will write all of it is not known the first time, so all goes
 * then. */
static bool clear(struct ash_heap *heap, const struct ash_cached *c, size_t old, size_t bytes,
		  bool has_turns)
{
	size_t fresh = 0;
	bool cleared;

	if (has_turns) {
		cleared = ash_mapping_clear(c->address, old, &fresh);
	} else {
		cleared = ash_os_purge((void *)c->address, c->bytes);
		fresh = bytes;
	}
	if (cleared)
		ash_growth_note(heap, fresh);
	return cleared;
}

/* Turns a cached piece into a mapping of `bytes`; 0 where the kernel refuses. */
static uintptr_t adapt(struct ash_heap *heap, struct ash_cached *c, size_t bytes, bool zeroed)
{
	size_t before = c->bytes, old = before < bytes ? before : bytes;
	bool has_turns = zeroed && ash_mapping_cache_clears(heap);

	if (c->bytes < bytes) {
		void *grown = ash_os_remap((void *)c->address, c->bytes, bytes, true);

		ash_mapping_cache_missed(heap, bytes - c->bytes);
		if (grown == NULL) {
			ash_mapping_cache_return(heap, *c);
			return 0;
		}
		ash_growth_note(heap, bytes - c->bytes);
		ash_account_depart(heap, bytes - c->bytes);
		c->address = (uintptr_t)grown;
		c->bytes = bytes;
	}
	if (zeroed && !clear(heap, c, old, bytes, has_turns)) {
		ash_mapping_cache_end(heap, c->address, c->bytes);
		return 0;
	}
	before = c->bytes;
	c->bytes = bound_tail(heap, c->address, bytes, c->bytes, !zeroed || has_turns);
	ash_account_arrive(heap, before - c->bytes);
	return c->address;
}

static uintptr_t map_fresh(struct ash_heap *heap, size_t bytes, size_t align)
{
	uintptr_t p = align <= ash_os_page ? ash_mapping_retained_take(heap, bytes) : 0;

	if (p == 0) {
		p = (uintptr_t)ash_os_map(bytes, align);
		if (p != 0)
			ash_mapping_retained_note_map(heap, p, bytes);
	}
	if (p != 0)
		ash_growth_note(heap, bytes);
	return p;
}

void *ash_mapping_alloc(struct ash_heap *heap, size_t size, size_t align, bool zeroed)
{
	size_t bytes = ash_align_up(size, ash_os_page);
	struct ash_cached c;
	struct ash_far entry;
	uintptr_t p = 0;
	size_t charged;

	ash_assert((align & (align - 1)) == 0);
	if (bytes < size) {
		errno = ENOMEM;
		return NULL;
	}
	if (bytes == 0)
		bytes = ash_os_page;
	if (!ash_limits_charge(heap, bytes, &charged))
		return NULL;
	c = ash_mapping_cache_take(heap, bytes, align);
	if (c.address != 0)
		p = adapt(heap, &c, bytes, zeroed);
	if (p == 0) {
		ash_mapping_cache_missed(heap, bytes);
		p = map_fresh(heap, bytes, align);
		c.bytes = p != 0 ? bytes : 0;
		ash_account_depart(heap, c.bytes);
	}
	entry = (struct ash_far){
		.address = p, .usable = bytes, .mapping = p, .mapped = c.bytes};
	if (p != 0 && !ash_far_insert(&entry)) {
		ash_mapping_cache_end(heap, p, c.bytes);
		p = 0;
	} else {
		ash_account_arrive(heap, c.bytes);
	}
	ash_limits_settle(heap, charged);
	if (p == 0) {
		errno = ENOMEM;
		return NULL;
	}
	ash_assert(p % ash_os_page == 0 && (align == 0 || p % align == 0));
	ash_growth_look(heap);
	return (void *)p;
}

void ash_mapping_free(struct ash_heap *heap, const struct ash_far *entry)
{
	ash_mapping_tail_await(heap, entry->mapping);
	ash_mapping_cache_give(heap, entry->mapping, entry->mapped, false);
}

/* Grows into its own end or a cached piece behind it where there is one, else by the kernel,
 * which may move it. */
static void *resize(struct ash_heap *heap, const struct ash_far *entry, size_t size,
		    bool may_move)
{
	size_t bytes = ash_align_up(size, ash_os_page);
	struct ash_far changed = *entry;
	void *p = (void *)entry->address;
	size_t charged = 0;

	ash_mapping_tail_await(heap, entry->mapping);
	if (bytes < size || (bytes > changed.mapped &&
			     !ash_limits_charge(heap, bytes - changed.mapped, &charged))) {
		ash_far_attach(entry, entry->mapped);
		return NULL;
	}
	if (bytes > changed.mapped)
		changed.mapped += ash_mapping_cache_take_at(
			heap, changed.mapping + changed.mapped, bytes - changed.mapped);
	if (bytes > changed.mapped)
		p = ash_os_remap((void *)changed.mapping, changed.mapped, bytes, may_move);
	if (p != NULL) {
		if (bytes > changed.mapped) {
			ash_mapping_cache_missed(heap, bytes - changed.mapped);
			ash_growth_note(heap, bytes - changed.mapped);
			changed.mapped = bytes;
		}
		changed.address = changed.mapping = (uintptr_t)p;
		changed.usable = bytes;
		changed.mapped = bound_tail(heap, changed.mapping, bytes, changed.mapped, true);
	}
	ash_assert(p == NULL || (changed.usable >= size && changed.mapped >= changed.usable));
	ash_far_attach(&changed, entry->mapped);
	ash_limits_settle(heap, charged);
	ash_growth_look(heap);
	return p;
}

void *ash_mapping_resize(struct ash_heap *heap, const struct ash_far *entry, size_t size)
{
	return resize(heap, entry, size, true);
}

bool ash_mapping_resize_in_place(struct ash_heap *heap, const struct ash_far *entry,
				 size_t size)
{
	return resize(heap, entry, size, false) != NULL;
}

bool ash_mapping_trim(struct ash_heap *heap, uint64_t now_ns, uint64_t most_ns)
{
	struct ash_meter meter = ash_meter_start(most_ns);
	size_t cached = ash_account_cached(heap); /* and not what others free meanwhile */
	bool left = ash_mapping_tail_purge(heap, now_ns, &meter);

	return ash_mapping_cache_trim(heap, now_ns, cached, &meter) != 0 || left;
}
