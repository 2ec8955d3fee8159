/* Events that were counted while a cell ran: by hardware, by the kernel, or simulated. */
#ifndef HARNESS_COUNTED_H
#define HARNESS_COUNTED_H

#include "harness/analysis/comparison.h"

enum counted_by { COUNTED_BY_HARDWARE, COUNTED_BY_CALLGRIND };

/* Was a sample counted so?  `counters` is that field of its record; the name of a made-up
 * source stands for hardware as well. */
bool counted_is_by(const json_t *counters, enum counted_by by);

/* The kernel's own events (harness/machine/counters.c), which stand beside those of every set.
 */
bool counted_is_software(const char *event);

/* An event per operation, in the blocks of a cell and contender in which it was counted, into
 * `out` (room for c->set->nsamples).  Returns their number. */
size_t counted_values(const struct comparison *c, size_t cell, size_t contender,
		      const char *event, enum counted_by by, double *out);

/* What of a run the cells of mode instructions count, and whether the clock is held meanwhile,
 * in sentences that begin with a blank; "" where there is no such cell.  Free it. */
char *counted_of_what(const struct comparison *c);

#endif
