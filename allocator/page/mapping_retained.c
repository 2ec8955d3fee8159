#include "page/mapping_retained.h"

#include <string.h>

#include "meta/base.h"
#include "os/delay.h"
#include "os/os.h"
#include "util/assert.h"
#include "util/bits.h"

#define NONE 0u /* nodes are numbered from 1 */
#define FIRST_NODES 1024u

/* Below this share of the most, gaps are counted by what comes and goes; above it exactly, by
 * asking the kernel about the neighbours. */
#define GAPS_GUESSED 16

/* How many pieces of a bin are looked at, of which the smaller may not suffice. */
#define TRIED 16u

/* Two chains find a node by its start and by its end, a list holds those of one power of two.
 */
struct ash_retained_node {
	uintptr_t address;
	size_t bytes;
	uint32_t by_start, by_end; /* next of the chain; by_start also of the free ones */
	uint32_t next, previous;   /* of its bin */
};

/* The arrays, one behind the other in one mapping: nodes, heads by start, heads by end. */
static uint32_t *starts(const struct ash_retained *r)
{
	return (uint32_t *)(r->nodes + r->capacity);
}

static uint32_t *ends(const struct ash_retained *r)
{
	return starts(r) + r->capacity;
}

static size_t table_bytes(size_t capacity)
{
	return ash_align_up(capacity *
				    (sizeof(struct ash_retained_node) + 2 * sizeof(uint32_t)),
			    ash_os_page);
}

static size_t hash(const struct ash_retained *r, uintptr_t address)
{
	return ash_hash_address(address) & (r->capacity - 1);
}

static uint32_t *head_by_start(const struct ash_retained *r, uintptr_t start)
{
	return &starts(r)[hash(r, start)];
}

static uint32_t *head_by_end(const struct ash_retained *r, uintptr_t end)
{
	return &ends(r)[hash(r, end)];
}

bool ash_mapping_retained_is_valid(const struct ash_heap *heap)
{
	const struct ash_retained *r = &heap->mappings.retained;
	size_t nodes = 0, bytes = 0;

	if (r->capacity == 0)
		return r->count == 0 && r->bytes == 0 && r->nodes == NULL;
	if (!ash_is_pow2(r->capacity) || r->count >= r->capacity)
		return false;
	for (unsigned bin = 0; bin < ASH_RETAINED_BINS; bin++)
		for (uint32_t i = r->bins[bin], before = NONE; i != NONE;
		     before = i, bytes += r->nodes[i].bytes, i = r->nodes[i].next, nodes++)
			if (r->nodes[i].previous != before || r->nodes[i].bytes == 0 ||
			    ash_log2_floor(r->nodes[i].bytes) != bin || nodes == r->count)
				return false;
	return nodes == r->count && bytes == r->bytes;
}

/* The functions up to the next such line: caller holds the lock. */
static void check(struct ash_heap *heap)
{
	ash_assert_walk(ash_mapping_retained_is_valid(heap), heap->mappings.retained.count);
	(void)heap;
}

static void link_node(struct ash_retained *r, uint32_t i)
{
	struct ash_retained_node *n = &r->nodes[i];
	uint32_t *start = head_by_start(r, n->address);
	uint32_t *end = head_by_end(r, n->address + n->bytes);
	uint32_t *bin = &r->bins[ash_log2_floor(n->bytes)];

	n->by_start = *start;
	*start = i;
	n->by_end = *end;
	*end = i;
	n->previous = NONE;
	n->next = *bin;
	if (*bin != NONE)
		r->nodes[*bin].previous = i;
	*bin = i;
}

static void put(struct ash_retained *r, uintptr_t address, size_t bytes)
{
	uint32_t i = r->unused;

	if (i != NONE)
		r->unused = r->nodes[i].by_start;
	else
		i = ++r->used;
	ash_assert(i < r->capacity);
	r->nodes[i] = (struct ash_retained_node){.address = address, .bytes = bytes};
	link_node(r, i);
	ash_owned_add(&r->count, 1);
	ash_owned_add(&r->bytes, bytes);
}

static void unlink_node(struct ash_retained *r, uint32_t i)
{
	struct ash_retained_node *n = &r->nodes[i];
	uint32_t *at;

	for (at = head_by_start(r, n->address); *at != i; at = &r->nodes[*at].by_start)
		;
	*at = n->by_start;
	for (at = head_by_end(r, n->address + n->bytes); *at != i; at = &r->nodes[*at].by_end)
		;
	*at = n->by_end;
	if (n->previous != NONE)
		r->nodes[n->previous].next = n->next;
	else
		r->bins[ash_log2_floor(n->bytes)] = n->next;
	if (n->next != NONE)
		r->nodes[n->next].previous = n->previous;
}

static struct ash_retained_node take(struct ash_retained *r, uint32_t i)
{
	struct ash_retained_node taken = r->nodes[i];

	unlink_node(r, i);
	r->nodes[i].by_start = r->unused;
	r->unused = i;
	ash_owned_add(&r->count, (size_t)-1);
	ash_owned_add(&r->bytes, 0 - taken.bytes);
	return taken;
}

/* Joins the retained neighbours to the piece. */
static void take_neighbours(struct ash_retained *r, uintptr_t *address, size_t *bytes)
{
	uint32_t i;

	for (i = *head_by_start(r, *address + *bytes);
	     i != NONE && r->nodes[i].address != *address + *bytes; i = r->nodes[i].by_start)
		;
	if (i != NONE)
		*bytes += take(r, i).bytes;
	for (i = *head_by_end(r, *address);
	     i != NONE && r->nodes[i].address + r->nodes[i].bytes != *address;
	     i = r->nodes[i].by_end)
		;
	if (i != NONE) {
		struct ash_retained_node before = take(r, i);

		*address = before.address;
		*bytes += before.bytes;
	}
}

static uint32_t find(const struct ash_retained *r, size_t bytes)
{
	unsigned bin = ash_log2_floor(bytes), tried = 0;
	uint32_t i = r->bins[bin];

	while (i != NONE && r->nodes[i].bytes < bytes && tried++ < TRIED)
		i = r->nodes[i].next;
	if (i != NONE && r->nodes[i].bytes >= bytes)
		return i;
	for (bin++; bin < ASH_RETAINED_BINS; bin++)
		if (r->bins[bin] != NONE)
			return r->bins[bin];
	return NONE;
}
/* Without the lock from here on. */

static void move_in(struct ash_retained *r, struct ash_retained_node *nodes, size_t capacity)
{
	struct ash_retained_node *old = r->nodes;
	uint32_t used = r->used;

	r->nodes = nodes;
	r->capacity = capacity;
	memset(r->bins, 0, sizeof(r->bins));
	if (old == NULL)
		return;
	memcpy(nodes, old, (used + 1) * sizeof(*nodes));
	for (uint32_t i = r->unused; i != NONE; i = nodes[i].by_start)
		nodes[i].bytes = 0;
	for (uint32_t i = 1; i <= used; i++)
		if (nodes[i].bytes != 0)
			link_node(r, i);
}

/* Makes place for one more node.  Addresses are retained for the first time where the process
 * has as many mappings as it may: then metadata may yet have room for the first table. */
static bool grow(struct ash_heap *heap)
{
	struct ash_retained *r = &heap->mappings.retained;
	struct ash_retained_node *fresh, *old = NULL;
	size_t capacity = ash_load_relaxed(&r->capacity), old_capacity = 0;
	bool in_base = false, old_in_base;

	if (capacity != 0 && ash_load_relaxed(&r->count) + 1 < capacity)
		return true;
	if (capacity >= UINT32_MAX / 2)
		return false;
	capacity = capacity == 0 ? FIRST_NODES : 2 * capacity;
	fresh = ash_os_map(table_bytes(capacity), 0);
	if (fresh == NULL && capacity == FIRST_NODES) {
		in_base = true;
		fresh = ash_base_alloc(table_bytes(capacity), ASH_CACHE_LINE);
	}
	if (fresh == NULL)
		return false;
	ash_mutex_lock(&heap->mappings.lock);
	if (capacity > r->capacity) {
		old = r->nodes;
		old_capacity = r->capacity;
		old_in_base = r->in_base;
		move_in(r, fresh, capacity);
		r->in_base = in_base;
	} else { /* another thread was faster */
		old = fresh;
		old_capacity = capacity;
		old_in_base = in_base;
	}
	check(heap);
	ash_mutex_unlock(&heap->mappings.lock);
	if (old != NULL && !old_in_base)
		ash_os_unmap(old, table_bytes(old_capacity));
	return true;
}

static bool retain(struct ash_heap *heap, uintptr_t address, size_t bytes)
{
	struct ash_retained *r = &heap->mappings.retained;
	bool done = false;

	while (!done && grow(heap)) {
		ash_mutex_lock(&heap->mappings.lock);
		done = r->count + 1 < r->capacity;
		if (done)
			put(r, address, bytes);
		check(heap);
		ash_mutex_unlock(&heap->mappings.lock);
	}
	return done;
}

/* How many of the pages before and behind are mapped. */
static unsigned mapped_beside(uintptr_t address, size_t bytes)
{
	return ash_os_is_mapped((void *)(address - ash_os_page)) +
	       ash_os_is_mapped((void *)(address + bytes));
}

static bool is_guessed(const struct ash_retained *r, size_t gaps)
{
	return gaps < r->gaps_most / GAPS_GUESSED;
}

/* Never below 0, also of threads that race there: it would be more than any bound. */
static void count_gaps(struct ash_retained *r, long change)
{
	size_t gaps = ash_load_relaxed(&r->gaps), now;

	do {
		ash_delay();
		now = change < 0 && gaps < (size_t)-change ? 0 : gaps + (size_t)change;
	} while (!ash_cas_relaxed(&r->gaps, &gaps, now));
}

void ash_mapping_retained_note_map(struct ash_heap *heap, uintptr_t address, size_t bytes)
{
	struct ash_retained *r = &heap->mappings.retained;
	size_t gaps = ash_load_relaxed(&r->gaps);

	if (gaps != 0)
		count_gaps(r,
			   is_guessed(r, gaps) ? -1 : 1 - (long)mapped_beside(address, bytes));
}

bool ash_mapping_retained_give(struct ash_heap *heap, uintptr_t address, size_t bytes)
{
	struct ash_retained *r = &heap->mappings.retained;
	uintptr_t own = address;
	size_t own_bytes = bytes, gaps = ash_load_relaxed(&r->gaps);
	long change = 1;

	if (ash_load_relaxed(&r->count) != 0) {
		ash_mutex_lock(&heap->mappings.lock);
		if (r->count != 0)
			take_neighbours(r, &address, &bytes);
		check(heap);
		ash_mutex_unlock(&heap->mappings.lock);
	}
	if (!is_guessed(r, gaps))
		change = (long)mapped_beside(address, bytes) - 1;
	if (change <= 0 || gaps < r->gaps_most) {
		if (ash_os_unmap((void *)address, bytes)) {
			count_gaps(r, change);
			return true;
		}
		if (gaps < r->gaps_most) /* whoever made them: there are too many */
			ash_store_relaxed(&r->gaps, r->gaps_most);
	}
	if (ash_os_purge((void *)own, own_bytes) && retain(heap, address, bytes))
		return true;
	/* What was joined to it has to stay known. */
	if (own > address)
		retain(heap, address, own - address);
	if (address + bytes > own + own_bytes)
		retain(heap, own + own_bytes, address + bytes - (own + own_bytes));
	return false;
}

uintptr_t ash_mapping_retained_take(struct ash_heap *heap, size_t bytes)
{
	struct ash_retained *r = &heap->mappings.retained;
	struct ash_retained_node taken = {0};
	uint32_t i;

	if (ash_load_relaxed(&r->count) == 0)
		return 0;
	ash_mutex_lock(&heap->mappings.lock);
	i = r->count != 0 ? find(r, bytes) : NONE;
	if (i != NONE) {
		taken = take(r, i);
		if (taken.bytes > bytes)
			put(r, taken.address + bytes, taken.bytes - bytes);
	}
	check(heap);
	ash_mutex_unlock(&heap->mappings.lock);
	return taken.address;
}

size_t ash_mapping_retained_bytes(const struct ash_heap *heap)
{
	return ash_load_relaxed(&heap->mappings.retained.bytes);
}

size_t ash_mapping_retained_release(struct ash_heap *heap, size_t bytes)
{
	struct ash_retained *r = &heap->mappings.retained;
	size_t gone = 0;

	while (gone < bytes && ash_load_relaxed(&r->count) != 0) {
		struct ash_retained_node taken = {0};

		ash_mutex_lock(&heap->mappings.lock);
		for (unsigned bin = ASH_RETAINED_BINS; bin-- > 0 && taken.bytes == 0;)
			if (r->bins[bin] != NONE)
				taken = take(r, r->bins[bin]);
		ash_mutex_unlock(&heap->mappings.lock);
		if (taken.bytes == 0)
			break;
		if (!ash_os_unmap((void *)taken.address, taken.bytes)) {
			retain(heap, taken.address, taken.bytes);
			break;
		}
		count_gaps(r, 1);
		gone += taken.bytes;
	}
	return gone;
}
