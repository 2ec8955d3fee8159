/* Boot: the order in which the layers come up. */
#ifndef ASH_FRONT_BOOT_H
#define ASH_FRONT_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "util/atomic.h"
#include "util/compiler.h"

enum ash_boot_state { ASH_BOOT_NONE, ASH_BOOT_RUNNING, ASH_BOOT_DONE, ASH_BOOT_FAILED };
extern uint32_t ash_boot_state ASH_HIDDEN;

bool ash_boot_slow(void);

/* Whether this thread is just bringing the allocator up: what boot asked of libc is another
 * library's or the program's, and allocates or frees. */
bool ash_boot_is_mine(void);
/* Memory for a call that found no allocator: of the early heap (meta/early.h) where it came
 * from within boot, else NULL with ENOMEM.  `align` is a power of two. */
void *ash_boot_alloc(size_t size, size_t align);

/* True where the allocator is up; brings it up on first use.  False where the machine has
 * no room for it, or where boot itself led here: ash_boot_alloc then serves, or every call
 * fails with ENOMEM. */
ASH_INLINE bool ash_boot(void)
{
	return ASH_LIKELY(ash_load_acquire(&ash_boot_state) == ASH_BOOT_DONE) ||
	       ash_boot_slow();
}

#endif
