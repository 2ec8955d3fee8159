/* How long one step may go on that gives mappings back, in pieces. */
#ifndef ASH_PAGE_METER_H
#define ASH_PAGE_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes given back at a time.  Meanwhile the kernel holds the lock of the whole address space,
 * which every fault of every thread needs. */
#define ASH_METER_PIECE ((size_t)1 << 20)

/* What one step may still do. */
struct ash_meter {
	uint64_t start_ns, start_cpu_ns, most_ns;
	unsigned pieces;
};

/* A step of at most about `most_ns`, by ash_os_given_ns or by the clock, whichever says more;
 * UINT64_MAX = without an end. */
struct ash_meter ash_meter_start(uint64_t most_ns);

/* To be asked after each piece: whether it was the last. */
bool ash_meter_is_up(struct ash_meter *meter);

#endif
