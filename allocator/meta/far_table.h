/* Allocations outside the window: mappings of their own, found by their address.
 *
 * An open-addressing hash table keyed by address, linear probing, at most half full.
 * Everything happens under one lock; the table grows outside of it. */
#ifndef ASH_META_FAR_TABLE_H
#define ASH_META_FAR_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* mapping <= address, and address + usable <= mapping + mapped; the mapping is of whole OS
 * pages, of which address is one's start, and not empty. */
struct ash_far {
	uintptr_t address; /* what malloc returned */
	size_t usable;     /* bytes from there */
	uintptr_t mapping; /* start and length of the mapping that holds it */
	size_t mapped;
};

bool ash_far_is_valid(const struct ash_far *entry);
/* The equations of the table (far_table.c), by a walk; caller holds its lock. */
bool ash_far_table_is_valid(void);

/* False where the table cannot grow. */
bool ash_far_insert(const struct ash_far *entry);
/* Copies the entry at exactly this address; false where there is none. */
bool ash_far_find(const void *address, struct ash_far *entry);
/* The same and removes it: of two racing frees only one succeeds. */
bool ash_far_remove(const void *address, struct ash_far *entry);
/* ash_far_remove in two steps, for an entry that is about to change.  Between detach and attach
 * its place stays reserved, so that attach cannot fail, and its bytes, as they were before, go
 * on to count. */
bool ash_far_detach(const void *address, struct ash_far *entry);
void ash_far_attach(const struct ash_far *entry, size_t mapped_before);
/* Calls fn for the entry at exactly this address, under the table's lock, so that nobody can
 * take or change it meanwhile; nothing where there is none.  fn makes no system call. */
void ash_far_with(const void *address, void (*fn)(const struct ash_far *entry, void *argument),
		  void *argument);
/* The same for every entry. */
void ash_far_each(void (*fn)(const struct ash_far *entry, void *argument), void *argument);
/* Whether some entry's mapping holds this address; fills it in. */
bool ash_far_covering(const void *address, struct ash_far *entry);

/* Number of entries and sum of their mapped bytes. */
void ash_far_totals(size_t *count, size_t *bytes);

/* The bytes without the lock. */
size_t ash_far_bytes(void);

struct ash_mutex;
struct ash_mutex *ash_far_mutex(void); /* for fork */

#endif
