/* Whether a run fits the machine's memory, and if not, which values of its parameters do:
 * known from the parameters alone, before anything is allocated. */
#ifndef WORKLOADS_ROOM_H
#define WORKLOADS_ROOM_H

#include <stddef.h>
#include <stdint.h>
#include "workloads/shared/workload.h"

/* Bytes that a run with these values (in the order of workload->params) takes at its peak:
 * its tables, what it has requested, and a quarter of that for the allocator's own. */
uint64_t room_needed(const struct workload *workload, const int64_t *values);

/* The values of one parameter, all others as given, with which a run needs no more than
 * `available` bytes.  They begin or end at the parameter's own limit.  Returns false when
 * there are none at either limit. */
bool room_range(const struct workload *workload, const int64_t *values, int param,
		uint64_t available, int64_t *from, int64_t *to);

/* Returns 0, or -1 with one sentence in `why` that names the parameters that are to blame
 * (those that differ from their defaults, if one of them is) and what is accepted for each
 * with the others as they are.  `installed` is only named. */
int room_check(const struct workload *workload, const int64_t *values, uint64_t available,
	       uint64_t installed, char *why, size_t why_size);

#endif
