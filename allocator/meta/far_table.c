#include "meta/far_table.h"

#include "os/mutex.h"
#include "os/os.h"
#include "util/assert.h"
#include "util/bits.h"

/* Under the lock; `bytes` is read without it, too.
 *   capacity is 0, and there is no table, or a power of two, and 2 * count <= capacity
 *   count == entries in the table + detached
 *   bytes == sum of `mapped` of the entries, with those that are detached as they were
 *   from an entry's home to its place no place is empty */
static struct ash_mutex lock = ASH_MUTEX_INIT(ASH_RANK_FAR);
static struct ash_far *table; /* address 0 = empty */
static size_t capacity;
static size_t count;    /* places that are taken or promised */
static size_t detached; /* promised */
static size_t bytes;

static size_t home(uintptr_t address, size_t slots)
{
	return ash_hash_address(address) & (slots - 1);
}

bool ash_far_is_valid(const struct ash_far *entry)
{
	size_t before = entry->address - entry->mapping;

	return entry->mapping != 0 && entry->mapped != 0 && before < entry->mapped &&
	       entry->usable <= entry->mapped - before &&
	       ((entry->mapping | entry->mapped | entry->address) & (ash_os_page - 1)) == 0;
}

/* What of the table's equations takes no walk. */
static bool counts_are_valid(void)
{
	if (capacity == 0)
		return table == NULL && count == 0 && bytes == 0;
	return table != NULL && ash_is_pow2(capacity) && 2 * count <= capacity &&
	       detached <= count && (count == 0) == (bytes == 0) &&
	       count <= bytes >> ash_os_page_shift;
}

/* Whether the entry in place i is met on the way from its home. */
static bool is_reachable(size_t i)
{
	size_t h = home(table[i].address, capacity);

	while (h != i && table[h].address != 0)
		h = (h + 1) & (capacity - 1);
	return h == i;
}

bool ash_far_table_is_valid(void)
{
	size_t entries = 0, sum = 0;

	for (size_t i = 0; i < capacity; i++) {
		if (table[i].address == 0)
			continue;
		if (!ash_far_is_valid(&table[i]) || !is_reachable(i))
			return false;
		entries++;
		sum += table[i].mapped;
	}
	return counts_are_valid() && entries + detached == count &&
	       (detached == 0 ? sum == bytes : sum < bytes);
}

/* After each change, under the lock. */
static void check(void)
{
	ash_assert_internal(counts_are_valid());
	ash_assert_walk(ash_far_table_is_valid(), capacity);
}

static void place(struct ash_far *slots, size_t n, const struct ash_far *entry)
{
	size_t i = home(entry->address, n);

	while (slots[i].address != 0)
		i = (i + 1) & (n - 1);
	slots[i] = *entry;
}

/* Index of the entry at this address, or `capacity`.  Caller holds the lock. */
static size_t find(uintptr_t address)
{
	if (capacity == 0 || address == 0)
		return capacity;
	for (size_t i = home(address, capacity);; i = (i + 1) & (capacity - 1)) {
		if (table[i].address == address)
			return i;
		if (table[i].address == 0)
			return capacity;
	}
}

/* Closes the gap at i so that every entry stays reachable from its home. */
static void close_gap(size_t i)
{
	size_t mask = capacity - 1;

	for (size_t j = (i + 1) & mask; table[j].address != 0; j = (j + 1) & mask) {
		size_t h = home(table[j].address, capacity);

		/* May move to i where i lies cyclically between its home and j. */
		if (((j - h) & mask) >= ((j - i) & mask)) {
			table[i] = table[j];
			i = j;
		}
	}
	table[i].address = 0;
}

static size_t table_bytes(size_t slots)
{
	return ash_align_up(slots * sizeof(struct ash_far), ash_os_page);
}

bool ash_far_insert(const struct ash_far *entry)
{
	ash_assert(ash_far_is_valid(entry));
	for (;;) {
		struct ash_far *fresh, *old = NULL;
		size_t slots, old_slots = 0;

		ash_mutex_lock(&lock);
		if ((count + 1) * 2 <= capacity) {
			place(table, capacity, entry);
			count++;
			ash_owned_add(&bytes, entry->mapped);
			check();
			ash_mutex_unlock(&lock);
			return true;
		}
		slots = capacity == 0 ? 512 : 2 * capacity;
		ash_mutex_unlock(&lock);

		fresh = ash_os_map(table_bytes(slots), 0);
		if (fresh == NULL)
			return false;
		ash_mutex_lock(&lock);
		if (slots > capacity) {
			for (size_t i = 0; i < capacity; i++)
				if (table[i].address != 0)
					place(fresh, slots, &table[i]);
			old = table;
			old_slots = capacity;
			table = fresh;
			capacity = slots;
			check();
		} else { /* another thread was faster */
			old = fresh;
			old_slots = slots;
		}
		ash_mutex_unlock(&lock);
		if (old != NULL)
			ash_os_unmap(old, table_bytes(old_slots));
	}
}

bool ash_far_find(const void *address, struct ash_far *entry)
{
	bool found;

	ash_mutex_lock(&lock);
	size_t i = find((uintptr_t)address);
	found = i < capacity;
	if (found) {
		*entry = table[i];
		ash_assert_internal(ash_far_is_valid(entry));
	}
	ash_mutex_unlock(&lock);
	return found;
}

/* A detached entry keeps its promise: `count` and `bytes` go on to include it. */
static bool take_out(const void *address, struct ash_far *entry, bool for_good)
{
	bool found;

	ash_mutex_lock(&lock);
	size_t i = find((uintptr_t)address);
	found = i < capacity;
	if (found) {
		*entry = table[i];
		ash_assert_internal(ash_far_is_valid(entry));
		close_gap(i);
		if (for_good) {
			count--;
			ash_owned_add(&bytes, 0 - entry->mapped);
		} else {
			detached++;
		}
		check();
	}
	ash_mutex_unlock(&lock);
	return found;
}

bool ash_far_remove(const void *address, struct ash_far *entry)
{
	return take_out(address, entry, true);
}

bool ash_far_detach(const void *address, struct ash_far *entry)
{
	return take_out(address, entry, false);
}

void ash_far_attach(const struct ash_far *entry, size_t mapped_before)
{
	ash_assert(ash_far_is_valid(entry));
	ash_mutex_lock(&lock);
	ash_assert(detached > 0);
	place(table, capacity, entry);
	detached--;
	ash_owned_add(&bytes, entry->mapped - mapped_before);
	check();
	ash_mutex_unlock(&lock);
}

void ash_far_with(const void *address, void (*fn)(const struct ash_far *entry, void *argument),
		  void *argument)
{
	ash_mutex_lock(&lock);
	size_t i = find((uintptr_t)address);

	if (i < capacity) {
		ash_assert_internal(ash_far_is_valid(&table[i]));
		fn(&table[i], argument);
	}
	ash_mutex_unlock(&lock);
}

void ash_far_each(void (*fn)(const struct ash_far *entry, void *argument), void *argument)
{
	ash_mutex_lock(&lock);
	for (size_t i = 0; i < capacity; i++)
		if (table[i].address != 0)
			fn(&table[i], argument);
	ash_mutex_unlock(&lock);
}

/* Walks the table: for the messages about misuse, never on a path that matters. */
bool ash_far_covering(const void *address, struct ash_far *entry)
{
	bool found = false;

	ash_mutex_lock(&lock);
	for (size_t i = 0; i < capacity && !found; i++)
		if (table[i].address != 0 &&
		    (uintptr_t)address - table[i].mapping < table[i].mapped) {
			*entry = table[i];
			found = true;
		}
	ash_mutex_unlock(&lock);
	return found;
}

void ash_far_totals(size_t *entries, size_t *mapped)
{
	ash_mutex_lock(&lock);
	*entries = count;
	*mapped = bytes;
	ash_mutex_unlock(&lock);
}

size_t ash_far_bytes(void)
{
	return ash_load_relaxed(&bytes);
}

struct ash_mutex *ash_far_mutex(void)
{
	return &lock;
}
