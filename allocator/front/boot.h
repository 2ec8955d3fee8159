/* Boot: the order in which the layers come up. */
#ifndef ASH_FRONT_BOOT_H
#define ASH_FRONT_BOOT_H

#include <stdbool.h>
#include <stdint.h>
#include "util/atomic.h"
#include "util/compiler.h"

enum ash_boot_state { ASH_BOOT_NONE, ASH_BOOT_RUNNING, ASH_BOOT_DONE, ASH_BOOT_FAILED };
extern uint32_t ash_boot_state ASH_HIDDEN;

bool ash_boot_slow(void);

/* True where the allocator is up; brings it up on first use.  False where the machine has
 * no room for it: every call then fails with ENOMEM. */
ASH_INLINE bool ash_boot(void)
{
	return ASH_LIKELY(ash_load_acquire(&ash_boot_state) == ASH_BOOT_DONE) ||
	       ash_boot_slow();
}

#endif
