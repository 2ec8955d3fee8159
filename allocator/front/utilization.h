/* How well the memory is used that an object lies in: for programs that move objects out of
 * slabs with few of them. */
#ifndef ASH_FRONT_UTILIZATION_H
#define ASH_FRONT_UTILIZATION_H

#include <stdbool.h>
#include <stddef.h>

struct ash_utilization {
	size_t nfree, nregs; /* places of the slab, free and all; 0 and 1 of a large object */
	size_t bytes;        /* of the slab, or of the large object, whole OS pages */
	/* Of all slabs of its class: of the shard that it is of, or of the arena.  0, and NULL,
	 * of a large object and where they were not asked for. */
	size_t bin_nfree, bin_nregs;
	void *filling; /* the slab that the next objects come from; NULL where there is none */
};

/* As things are at that moment.  Zeroes where p is no object of ours. */
struct ash_utilization ash_utilization_of(const void *p, bool with_bin);

#endif
