/* Giving free memory back to the kernel: empty runs here, holes in slabs in slab/holes.h,
 * cached mappings in page/mapping.h. */
#ifndef ASH_PAGE_PURGE_H
#define ASH_PAGE_PURGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lets free runs decay to what may stay dirty now, in batches; at most about 1 ms of work.
 * Returns whether work is left.  One thread at a time: the caller holds the purger's claim.
 * Call without a lock. */
bool ash_purge_step(uint64_t now_ns);

/* Purges free runs until at most `bytes` of them are dirty, or what is taken from them in
 * turns; at most about 1 ms of work. */
void ash_purge_down(size_t bytes);

/* All free runs, at once. */
void ash_purge_all(void);

/* Whether more is dirty than may stay for long. */
bool ash_purge_wanted(void);

/* The account that limits the CPU time of all purging, for the other grades. */
bool ash_purge_may_work(void);
void ash_purge_worked(uint64_t ns);

/* Bytes given back so far, and the longest single step in ns. */
uint64_t ash_purge_bytes(void);
uint64_t ash_purge_longest_ns(void);

#endif
