/* Clearing a mapping that takes turns: what the program wrote last time it likely writes again,
 * and would fault for.  Call without a lock. */
#ifndef ASH_PAGE_MAPPING_CLEAR_H
#define ASH_PAGE_MAPPING_CLEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes the range read as zero: parts (of a MiB) most of which is seen to hold memory by
 * writing, the others by giving back what they may hold.  How much those are is added to
 * *purged.  False where it refuses: part of the range may be as it was. */
bool ash_mapping_clear(uintptr_t address, size_t bytes, size_t *purged);

#endif
