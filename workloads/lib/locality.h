/* Locality without a performance counter: how many distinct cache lines, OS pages and
 * huge pages the touched bytes lie in, what a model of an address translation cache
 * makes of their order, and where several threads take turns how often a line goes from one
 * to another.
 *
 * Fed with the addresses that the allocator returned and the bytes of them that the
 * workload touches; what the allocator touches of its own is not seen.  The translation
 * cache has the two levels of Intel's Skylake for 4 KiB pages (Intel 64 and IA-32
 * Architectures Optimization Reference Manual, 2.5.5.2: data TLB of 64 entries in 4
 * ways, second level of 1536 entries in 12 ways), each with least-recently-used
 * replacement, which the manual does not promise. */
#ifndef WORKLOADS_LOCALITY_H
#define WORKLOADS_LOCALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "workloads/shared/channel.h"
#include "workloads/shared/coherence.h"

/* Operations to a window. */
#define LOCALITY_WINDOW 1000

/* Places of one size: a set with the window in which each was touched last. */
struct locality_set {
	struct locality_place {
		uint64_t number; /* address / size + 1; 0 = empty */
		uint64_t window;
	} * places;
	uint64_t mask, used; /* used: distinct ones in all */
	uint64_t in_window;  /* sum over whole windows of the distinct ones in each */
	uint64_t in_this;
	unsigned shift;
};

#define LOCALITY_L1_SETS 16
#define LOCALITY_L1_WAYS 4
#define LOCALITY_L2_SETS 128
#define LOCALITY_L2_WAYS 12

struct locality {
	struct locality_set lines, pages, regions;
	uint64_t l1[LOCALITY_L1_SETS][LOCALITY_L1_WAYS]; /* latest first; page + 1 */
	uint64_t l2[LOCALITY_L2_SETS][LOCALITY_L2_WAYS];
	uint64_t touches, l1_misses, l2_misses; /* touches: lines, one after the other */
	uint64_t operations, windows;
	bool sharing; /* threads are told apart */
	struct coherence coherence;
};

/* `sharing`: of several threads.  Ends the process where there is no memory. */
void locality_start(struct locality *locality, bool sharing);

/* Context `thread` of the run writes or reads the bytes [at, at + bytes), in rising order. */
void locality_touch(struct locality *locality, unsigned thread, uintptr_t at, size_t bytes,
		    bool writes);

/* An allocation, realloc or free is over. */
void locality_operation(struct locality *locality);

void locality_take(const struct locality *locality, struct channel_locality *figures);

#endif
