/* Buffers that take turns: a program frees a mapping and soon asks for as much again, each
 * frame or each request.
 *
 * Whether one will is not known when it is freed for the first time, so it goes.  What is asked
 * for within the time that freed mappings wait, after as much went for want of room, has had
 * its second turn: from then on so many bytes more may wait in the cache (mapping_cache.h), as
 * long as some of it is taken again within that time.
 *
 * Times are those of ash_os_coarse_clock_ns, `span_ns` is how long freed mappings wait.  Caller
 * holds the mappings lock, but for the last. */
#ifndef ASH_PAGE_MAPPING_TURNS_H
#define ASH_PAGE_MAPPING_TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "page/heap.h"

/* So many bytes of freed mappings went for want of room. */
void ash_turns_gone(struct ash_turns *turns, size_t bytes, uint64_t now_ns, uint64_t span_ns);

/* So many were asked for and the cache had none. */
void ash_turns_missed(struct ash_turns *turns, size_t bytes, uint64_t now_ns, uint64_t span_ns);

/* The cache served a request. */
void ash_turns_served(struct ash_turns *turns, uint64_t now_ns);

/* What served a request is to be cleared: whether that, too, has its second turn, since bytes
 * wait for theirs or another was cleared within the span. */
bool ash_turns_clear(struct ash_turns *turns, uint64_t now_ns, uint64_t span_ns);

/* Bytes that may wait for their next turn; at most `most`.  Without the lock, roughly. */
size_t ash_turns_bytes(const struct ash_turns *turns, uint64_t now_ns, uint64_t span_ns);

#endif
