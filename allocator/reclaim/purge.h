/* Giving free memory back to the kernel: empty runs here, holes in slabs in slab/holes.h,
 * cached mappings in page/mapping.h. */
#ifndef ASH_PAGE_PURGE_H
#define ASH_PAGE_PURGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In how many ms freed memory is gone: -1 = never by time, 0 = at once; 2,000 unless set.  At
 * boot. */
#define ASH_DECAY_MS 2000
void ash_purge_set_decay_ms(int64_t ms);

/* Freed memory that decayed is given back lazily (MADV_FREE) first and for good in so many ms
 * more; -1 = never, for the kernel to take; 0 = for good at once, as it is unless set. */
void ash_purge_set_muzzy_ms(int64_t ms);

/* So much may stay dirty whatever its age: a share of what is in use, in 1/65536; below 0 all.
 * And after free runs were purged down to what may stay nothing is purged for `ms` more.  Both
 * 0 unless set.  At boot. */
void ash_purge_set_dirty_share(int64_t share);
void ash_purge_set_interval_ms(uint64_t ms);

/* Lets free runs decay to what may stay dirty now, in batches; at most about `most_ns` of CPU
 * time.  Returns whether work is left.  One thread at a time: the caller holds the purger's
 * claim.  Call without a lock. */
bool ash_purge_step(uint64_t now_ns, uint64_t most_ns);

/* What lies above ash_limits_dirty_bound, by whoever frees: half a millisecond of work, the
 * next call goes on.  Any thread; call without a lock. */
void ash_purge_excess(void);

/* Purges free runs until at most `bytes` of them are dirty, or up to twice as many where so
 * much is taken from them in turns; at most about `most_ns` of CPU time.  The caller holds the
 * purger's claim. */
void ash_purge_down(size_t bytes, uint64_t most_ns);

/* All free runs, at once. */
void ash_purge_all(void);

/* About so many bytes of free runs; returns how many went. */
size_t ash_purge_some(size_t bytes);

/* Whether more is dirty than may stay for long. */
bool ash_purge_wanted(void);

/* The account that limits the CPU time of all purging, for the other grades. */
bool ash_purge_may_work(void);
void ash_purge_worked(uint64_t ns);

/* Bytes given back so far. */
uint64_t ash_purge_bytes(void);

/* How long the program's calls were kept up by giving memory back: begin and end enclose what
 * one call does of it.  `background` is not the program's. */
struct ash_stall {
	uint64_t cpu_ns, ranges, bytes;
};
void ash_stall_begin(struct ash_stall *stall);
void ash_stall_end(const struct ash_stall *begin, bool background);

struct ash_stalls {
	uint64_t count;         /* calls that did any of it */
	uint64_t ns;            /* CPU time of all of them */
	uint64_t longest_ns;    /* of one */
	uint64_t most_ranges;   /* system calls of one */
	uint64_t most_bytes;    /* given back by one */
	uint64_t background_ns; /* the background thread's */
};
void ash_stalls_read(struct ash_stalls *stalls);

#endif
