/* Boot: the order in which the layers come up. */
#ifndef ASH_FRONT_BOOT_H
#define ASH_FRONT_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "util/atomic.h"
#include "util/compiler.h"

/* AWAY: another's malloc serves all there is (front/next.h); for ever. */
enum ash_boot_state { ASH_BOOT_NONE, ASH_BOOT_RUNNING, ASH_BOOT_DONE, ASH_BOOT_AWAY };
extern uint32_t ash_boot_state ASH_HIDDEN;

bool ash_boot_slow(void);

/* Whether this thread is just bringing the allocator up: what boot asked of libc is another
 * library's or the program's, and allocates or frees. */
bool ash_boot_is_mine(void);
/* Memory for a call that found no allocator: another's where that serves, of the early heap
 * (meta/early.h) where the call came from within boot, else NULL with ENOMEM.  `align` is a
 * power of two, or 0 for as malloc aligns. */
void *ash_boot_alloc(size_t size, size_t align);
void *ash_boot_alloc_zeroed(size_t size);

/* Whether another's malloc serves; no, until that was asked. */
ASH_INLINE bool ash_boot_is_away(void)
{
	return ash_load_acquire(&ash_boot_state) == ASH_BOOT_AWAY;
}

/* True where the allocator is up; brings it up on first use.  False where the machine has
 * no room for it, where another's serves, or where boot itself led here: ash_boot_alloc then
 * serves, or every call fails with ENOMEM. */
ASH_INLINE bool ash_boot(void)
{
	return ASH_LIKELY(ash_load_acquire(&ash_boot_state) == ASH_BOOT_DONE) ||
	       ash_boot_slow();
}

#endif
