/* Live objects by a 64-bit name: a hash table with open addressing, without tombstones. */
#ifndef TRACE_TABLE_H
#define TRACE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_entry {
	uint64_t name;
	uint64_t seq;  /* of the event that made it, in its thread */
	uint64_t size; /* asked for */
	uint32_t slot;
	uint32_t used;
};

/* All zero is empty. */
struct table {
	struct table_entry *list;
	size_t room; /* a power of two, or 0 */
	size_t count;
};

/* NULL when there is none.  Holds until the next add or remove. */
struct table_entry *table_find(const struct table *table, uint64_t name);

/* A new entry with that name, which must not be there; NULL without memory. */
struct table_entry *table_add(struct table *table, uint64_t name);

void table_remove(struct table *table, struct table_entry *entry);
void table_free(struct table *table);

#endif
