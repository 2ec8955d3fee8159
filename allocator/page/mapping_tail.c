#include "page/mapping_tail.h"

#include "meta/far_table.h"
#include "os/os.h"
#include "util/assert.h"

#define SLOTS ASH_TAIL_SLOTS

bool ash_mapping_tail_is_valid(const struct ash_heap *heap)
{
	const struct ash_mappings *m = &heap->mappings;

	for (unsigned i = 0; i < SLOTS; i++) {
		if (m->tail[i].address == 0)
			continue;
		if (!m->have_tails || m->tail[i].address % ash_os_page != 0)
			return false;
		for (unsigned j = 0; j < i; j++)
			if (m->tail[j].address == m->tail[i].address)
				return false;
	}
	return true;
}

void ash_mapping_tail_note(struct ash_heap *heap, uintptr_t address)
{
	struct ash_mappings *m = &heap->mappings;
	unsigned slot = 0, found = SLOTS;

	ash_assert(address != 0);
	ash_mutex_lock(&m->lock);
	for (unsigned i = 0; i < SLOTS; i++) {
		if (m->tail[i].address == address)
			found = i;
		if (m->tail[slot].address != 0 &&
		    (m->tail[i].address == 0 || m->tail[i].since_ns < m->tail[slot].since_ns))
			slot = i;
	}
	if (found < SLOTS)
		slot = found;
	m->tail[slot] = (struct ash_tail){address, ash_os_coarse_clock_ns(), 0};
	ash_store_relaxed(&m->have_tails, true);
	ash_assert_internal(ash_mapping_tail_is_valid(heap));
	ash_mutex_unlock(&m->lock);
}

/* Takes the tail in slot i where it is old enough; else its address is 0. */
static struct ash_tail take(struct ash_heap *heap, unsigned i, uint64_t now_ns)
{
	struct ash_mappings *m = &heap->mappings;
	struct ash_tail taken = {0};

	ash_mutex_lock(&m->lock);
	if (m->tail[i].address != 0 &&
	    (now_ns == UINT64_MAX ||
	     (int64_t)(now_ns - m->tail[i].since_ns) >= (int64_t)m->cache_ns)) {
		taken = m->tail[i];
		m->tail[i].address = 0;
	}
	ash_assert_internal(ash_mapping_tail_is_valid(heap));
	ash_mutex_unlock(&m->lock);
	return taken;
}

/* Not where it was noted anew meanwhile, or the slot serves another. */
static void put_back(struct ash_heap *heap, unsigned i, struct ash_tail tail)
{
	struct ash_mappings *m = &heap->mappings;
	bool there = false;

	ash_mutex_lock(&m->lock);
	for (unsigned j = 0; j < SLOTS; j++)
		there |= m->tail[j].address == tail.address;
	if (m->tail[i].address == 0 && !there)
		m->tail[i] = tail;
	ash_store_relaxed(&m->have_tails,
			  true); /* another thread may have found none meanwhile */
	ash_assert_internal(ash_mapping_tail_is_valid(heap));
	ash_mutex_unlock(&m->lock);
}

struct piece {
	struct ash_heap *heap;
	size_t from, bytes; /* from the mapping's start; bytes 0 = there is none */
	size_t mapped;      /* the mapping's length */
};

/* Under the far table's lock. */
static void choose_piece(const struct ash_far *entry, void *argument)
{
	struct piece *piece = argument;
	size_t left;

	ash_assert(entry->usable <= entry->mapped);
	if (piece->from < entry->usable)
		piece->from = entry->usable;
	if (piece->from >= entry->mapped)
		return;
	left = entry->mapped - piece->from;
	piece->mapped = entry->mapped;
	piece->bytes = left < ASH_METER_PIECE ? left : ASH_METER_PIECE;
	ash_store_relaxed(&piece->heap->mappings.in_work, entry->mapping);
}

/* Purges the next piece; returns up to where the end is done then, 0 where nothing is left of
 * it, or of the mapping. */
static size_t purge_piece(struct ash_heap *heap, uintptr_t address, size_t done)
{
	struct ash_mappings *m = &heap->mappings;
	struct piece piece = {.heap = heap, .from = done};
	bool purged = false;

	ash_mutex_lock(&m->tail_lock);
	ash_assert(m->in_work == 0);
	ash_far_with((void *)address, choose_piece, &piece);
	if (piece.bytes != 0) {
		purged = ash_os_purge((void *)(address + piece.from), piece.bytes);
		ash_store_release(&m->in_work, 0);
	}
	ash_mutex_unlock(&m->tail_lock);
	piece.from += piece.bytes;
	return purged && piece.from < piece.mapped ? piece.from : 0;
}

void ash_mapping_tail_await(struct ash_heap *heap, uintptr_t address)
{
	struct ash_mappings *m = &heap->mappings;

	if (ash_load_acquire(&m->in_work) == address) {
		ash_mutex_lock(&m->tail_lock);
		ash_mutex_unlock(&m->tail_lock);
	}
}

/* In pieces: the program cannot grow into one that is being purged. */
bool ash_mapping_tail_purge(struct ash_heap *heap, uint64_t now_ns, struct ash_meter *meter)
{
	struct ash_mappings *m = &heap->mappings;
	bool left = false;

	if (!ash_load_relaxed(&m->have_tails))
		return false;
	for (unsigned i = 0; i < SLOTS; i++) {
		struct ash_tail tail = take(heap, i, now_ns);

		while (tail.address != 0) {
			tail.done = purge_piece(heap, tail.address, tail.done);
			if (tail.done == 0)
				tail.address = 0;
			if (ash_meter_is_up(meter)) {
				if (tail.address != 0)
					put_back(heap, i, tail);
				return true;
			}
		}
	}
	ash_mutex_lock(&m->lock);
	for (unsigned i = 0; i < SLOTS; i++)
		left |= m->tail[i].address != 0;
	ash_store_relaxed(&m->have_tails, left);
	ash_assert_internal(ash_mapping_tail_is_valid(heap));
	ash_mutex_unlock(&m->lock);
	return left;
}
