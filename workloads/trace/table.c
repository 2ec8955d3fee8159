#include "workloads/trace/table.h"

#include <stdlib.h>

#define FIRST_ROOM 256u

/* Addresses and numbers differ in few bits: a multiplication spreads them, and the
 * high half is taken. */
static size_t home(const struct table *table, uint64_t name)
{
	uint64_t mixed = (name ^ name >> 32) * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(mixed >> 20) & (table->room - 1);
}

static struct table_entry *place(const struct table *table, uint64_t name)
{
	size_t at = home(table, name);

	while (table->list[at].used && table->list[at].name != name)
		at = (at + 1) & (table->room - 1);
	return &table->list[at];
}

struct table_entry *table_find(const struct table *table, uint64_t name)
{
	struct table_entry *entry;

	if (!table->room)
		return NULL;
	entry = place(table, name);
	return entry->used ? entry : NULL;
}

static bool grow(struct table *table)
{
	struct table bigger = {.room = table->room ? 2 * table->room : FIRST_ROOM,
			       .count = table->count};

	bigger.list = calloc(bigger.room, sizeof(*bigger.list));
	if (!bigger.list)
		return false;
	for (size_t i = 0; i < table->room; i++)
		if (table->list[i].used)
			*place(&bigger, table->list[i].name) = table->list[i];
	free(table->list);
	*table = bigger;
	return true;
}

struct table_entry *table_add(struct table *table, uint64_t name)
{
	struct table_entry *entry;

	if (table->count >= table->room / 4 * 3 && !grow(table))
		return NULL;
	entry = place(table, name);
	*entry = (struct table_entry){.name = name, .used = 1};
	table->count++;
	return entry;
}

/* Entries after the gap move up into it when they are not at home behind it, so that
 * no search stops early (Knuth, Algorithm 6.4 R). */
void table_remove(struct table *table, struct table_entry *entry)
{
	size_t gap = (size_t)(entry - table->list), mask = table->room - 1;

	table->count--;
	for (size_t at = (gap + 1) & mask; table->list[at].used; at = (at + 1) & mask) {
		size_t wanted = home(table, table->list[at].name);

		if (((at - wanted) & mask) >= ((at - gap) & mask)) {
			table->list[gap] = table->list[at];
			gap = at;
		}
	}
	table->list[gap].used = 0;
}

void table_free(struct table *table)
{
	free(table->list);
	*table = (struct table){0};
}
