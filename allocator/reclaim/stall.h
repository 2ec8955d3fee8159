/* How long the program's calls are delayed by giving memory back: in CPU time, by which it is
 * bounded, and in time that passes (os/stalls.h). */
#ifndef ASH_RECLAIM_STALL_H
#define ASH_RECLAIM_STALL_H

#include <stdbool.h>
#include <stdint.h>
#include "page/heap.h"

/* Begin and end enclose what one call does of it.  `background` is not the program's. */
struct ash_stall {
	uint64_t cpu_ns, ranges, bytes, begin_ns;
	bool background;
};
void ash_stall_begin(struct ash_stall *stall, bool background);
void ash_stall_end(struct ash_heap *heap, const struct ash_stall *begin);

/* Whether the program's call that is under way has worked for so long, by the clock: what a
 * budget by ash_os_given_ns says is what a machine of 2020 takes, and looks into slabs and
 * objects that go home give nothing.  To be asked before each further piece.  Where none is
 * under way: false. */
bool ash_stall_lasts(uint64_t ns);

/* What is left of `most_ns` since `start_ns`, both by ash_os_given_ns; an eighth at least. */
uint64_t ash_stall_left(uint64_t start_ns, uint64_t most_ns);

void ash_stall_read(const struct ash_heap *heap, struct ash_stalls *into);

#endif
