/* The cache of freed mappings: they wait a second, so that programs that make and drop large
 * buffers do not go to the kernel each time.  It holds at most a quarter of what is mapped, or
 * 32 MiB, in a program of one thread a 32nd of what is held, or a MiB; besides what has turns
 * (mapping_turns.h); less where a limit says so.  Of pieces it has ASH_CACHED_SLOTS, which each
 * look walks through as far as there are any.
 *
 * Call all of these without a lock. */
#ifndef ASH_PAGE_MAPPING_CACHE_H
#define ASH_PAGE_MAPPING_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "page/heap.h"
#include "page/meter.h"

/* The piece that fits `bytes` best, taken out; where there is none its address is 0.  Where
 * `align` is more than an OS page it is so aligned, and long enough, but not twice as long.  It
 * has departed (account.h): whoever took it says when it arrives. */
struct ash_cached ash_mapping_cache_take(struct ash_heap *heap, size_t bytes, size_t align);

/* So many bytes had to be mapped anew, for there was no piece, or none so long. */
void ash_mapping_cache_missed(struct ash_heap *heap, size_t bytes);

/* A piece that was taken is to be cleared: whether that has turns (mapping_turns.h). */
bool ash_mapping_cache_clears(struct ash_heap *heap);

/* A piece that was taken comes back as it was. */
void ash_mapping_cache_return(struct ash_heap *heap, struct ash_cached piece);

/* Takes up to `most` bytes of a piece that starts at `address`: how many it got. */
size_t ash_mapping_cache_take_at(struct ash_heap *heap, uintptr_t address, size_t most);

/* Gives a piece of a mapping up: to the cache, else to the kernel.  `is_end`: it is the end of
 * one. */
void ash_mapping_cache_give(struct ash_heap *heap, uintptr_t address, size_t bytes,
			    bool is_end);

/* Whether a mapping of so many bytes that is given up now could wait here; else it goes back to
 * the kernel at once. */
bool ash_mapping_cache_fits(struct ash_heap *heap, size_t bytes);

/* Gives the piece, which has departed and so arrives, back to the kernel (mapping_retained.h);
 * false where that could not be done: it then waits in the cache for a use or a better time. */
bool ash_mapping_cache_end(struct ash_heap *heap, uintptr_t address, size_t bytes);

/* Unmaps up to `bytes` of what lay there for a second at `now_ns` (UINT64_MAX: whatever its
 * age), those cached longest first, until the meter is up.  Returns what is in the cache now.
 */
size_t ash_mapping_cache_trim(struct ash_heap *heap, uint64_t now_ns, size_t bytes,
			      struct ash_meter *meter);
/* The same for about `most_ns` of CPU time (UINT64_MAX = without an end). */
size_t ash_mapping_cache_trim_for(struct ash_heap *heap, uint64_t now_ns, size_t bytes,
				  uint64_t most_ns);

/* Whether the equations of struct ash_mappings hold that are of the cache.  Caller holds the
 * lock. */
bool ash_mapping_cache_is_valid(const struct ash_heap *heap);

#endif
