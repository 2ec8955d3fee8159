/* How much free memory may be dirty (resident) at a time: pure arithmetic over a clock that is
 * handed in.
 *
 * Free memory that is about to be used again should stay; what lies above should go, smoothly.
 * How much will be used again is told by what was retaken from the dirty memory in the last
 * quarter of a second: that much, and at least 2 MiB, may be dirty.  What lies above falls as
 * exp(-t / 0.25 s), which leaves a three-thousandth after two seconds.  Another time scale
 * changes both quarters. */
#ifndef ASH_RECLAIM_DECAY_H
#define ASH_RECLAIM_DECAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "page/heap.h"

/* The time in which the excess falls to 1/e, and for which what was retaken counts. */
uint64_t ash_decay_window(const struct ash_decay *decay);

/* Bytes that may stay dirty now.  `retaken` is a running count of bytes taken out of the dirty
 * memory.  Also earns credit for the time that has passed. */
size_t ash_decay_limit(struct ash_decay *decay, uint64_t now_ns, size_t dirty,
		       uint64_t retaken);

/* Bytes that are retaken from the dirty memory, by the last quarter of a second. */
size_t ash_decay_retaken(const struct ash_decay *decay, uint64_t retaken);

/* Purging may use 1 % of one CPU in the long run, with a credit of 250 ms for a sudden drain.
 * Whether it may go on, and the account of what it used. */
bool ash_decay_may_work(const struct ash_decay *decay);
void ash_decay_worked(struct ash_decay *decay, uint64_t ns);

/* Whether the equations of struct ash_decay hold. */
bool ash_decay_is_valid(const struct ash_decay *decay);

#endif
