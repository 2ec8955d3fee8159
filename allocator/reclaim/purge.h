/* Giving free memory back to the kernel: empty runs here, holes in slabs in holes.h, cached
 * mappings in page/mapping_cache.h. */
#ifndef ASH_RECLAIM_PURGE_H
#define ASH_RECLAIM_PURGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "page/heap.h"

/* In how many ms freed memory is gone: -1 = never by time, 0 = at once; ASH_DECAY_MS unless
 * set.  At boot, or by who holds the claim. */
void ash_purge_set_decay_ms(struct ash_heap *heap, int64_t ms);

/* Freed memory that decayed is given back lazily (MADV_FREE) first and for good in so many ms
 * more; -1 = never, for the kernel to take; 0 = for good at once, as it is unless set. */
void ash_purge_set_muzzy_ms(struct ash_heap *heap, int64_t ms);

/* The first sets how much may be dirty whatever its age: a share of what is in use, in 1/65536;
 * below 0, all.  The second sets for how many ms nothing more is purged after free runs were
 * purged down to what may be dirty.  Both are 0 unless set.  At boot. */
void ash_purge_set_dirty_share(struct ash_heap *heap, int64_t share);
void ash_purge_set_interval_ms(struct ash_heap *heap, uint64_t ms);

/* Lets free runs decay to what may stay dirty now, in batches; at most about `most_ns` by
 * ash_os_given_ns.  Returns whether work is left.  One thread at a time: the caller holds the
 * purger's claim.  Call without a lock. */
bool ash_purge_step(struct ash_heap *heap, uint64_t now_ns, uint64_t most_ns);

/* What lies above ash_limits_dirty_bound, by whoever frees: a fifth of a millisecond of work,
 * the next call goes on.  Any thread; call without a lock. */
void ash_purge_excess(struct ash_heap *heap);

/* Purges free runs until at most `bytes` of them are dirty, or up to twice as many where that
 * much is retaken; for at most about `most_ns` by ash_os_given_ns.  The caller holds the
 * purger's claim. */
void ash_purge_down(struct ash_heap *heap, size_t bytes, uint64_t most_ns);

/* Bytes of free runs that stay by request, whatever their age. */
size_t ash_purge_requested(const struct ash_heap *heap);

/* Whether more has been dirty than may be for longer than an eighth of dirty_decay_ms: then
 * purging is no longer metered. */
bool ash_purge_is_late(const struct ash_heap *heap, uint64_t now_ns);

/* Running count of bytes that were taken of dirty free runs, of each look as many at most as
 * were missing from them since the last.  The claimant's. */
uint64_t ash_purge_retaken(struct ash_heap *heap);

/* Free runs above so many bytes, by who frees: whatever the account says, at most about
 * `most_ns` by ash_os_given_ns.  Returns the bytes that went. */
size_t ash_purge_above(struct ash_heap *heap, size_t bytes, uint64_t most_ns);

/* Before nobody is left to look at what is dirty: all but what was retaken just now goes, and
 * but 2 MiB, whatever the account says.  The claimant's to call, after a step. */
void ash_purge_rest(struct ash_heap *heap);

/* All free runs that there are when it begins: what others free meanwhile is left to the next
 * call, or this one would go on for as long as they do.  Returns the bytes that went. */
size_t ash_purge_all(struct ash_heap *heap);

/* The same for about `bytes` of them, at most. */
size_t ash_purge_up_to(struct ash_heap *heap, size_t bytes);

/* The same for one batch; 0 also where the kernel refused several in a row. */
size_t ash_purge_some(struct ash_heap *heap, size_t bytes);

/* Whether more is dirty than may stay for long. */
bool ash_purge_wanted(struct ash_heap *heap);

/* The account that limits what all purging costs, for the other grades. */
bool ash_purge_may_work(struct ash_heap *heap);
void ash_purge_worked(struct ash_heap *heap, uint64_t ns);

/* Bytes given back so far. */
uint64_t ash_purge_bytes(const struct ash_heap *heap);

/* Whether the decays of what is dirty and muzzy are valid.  The claimant's to ask. */
bool ash_purge_is_valid(const struct ash_heap *heap);

#endif
