/* The page floor: OS pages that hold at least one touched byte of a live object, where
 * this allocator placed it.  No allocator that moves nothing can hold fewer.
 *
 * The set is a hash of 2 MiB pieces of address space, each with one bit per 4 KiB page,
 * in shared memory that exists only between start and end.
 *
 * Where the objects are told by the threads that have them, the cache lines that hold
 * objects of several are counted as well. */
#ifndef WORKLOADS_PAGE_FLOOR_H
#define WORKLOADS_PAGE_FLOOR_H

#include <stddef.h>
#include <stdint.h>
#include "workloads/shared/coherence.h"
#include "workloads/shared/workload.h"

#define PAGE_FLOOR_PAGE 4096
#define PAGE_FLOOR_PIECE (2u << 20)

struct page_floor_piece {
	uint64_t number; /* address / PAGE_FLOOR_PIECE + 1; 0 = empty */
	uint64_t pages[PAGE_FLOOR_PIECE / PAGE_FLOOR_PAGE / 64];
};

struct page_floor {
	struct page_floor_piece *pieces;
	size_t places, used;    /* places is a power of two */
	uint64_t objects;       /* named so far */
	unsigned owner;         /* of the objects that are named next, plus 1; 0 = not told */
	struct coherence lines; /* what each owner has, as if it had read them */
};

/* Returns 0, or -1 when there is no memory for the set. */
int page_floor_start(struct page_floor *floor);

/* Adds the pages of [at, at + bytes). */
void page_floor_add(struct page_floor *floor, const void *at, size_t bytes);

/* The objects named from now on are this thread's alone. */
void page_floor_owner(struct page_floor *floor, unsigned thread);

/* Adds what a live object of `size` bytes has under a touch policy. */
void page_floor_object(struct page_floor *floor, const void *at, size_t size,
		       enum wl_touch how);

/* How many lines of COHERENCE_LINE bytes hold objects with a known owner, and in how many of
 * them there are some of several.  0 without an owner. */
void page_floor_lines(const struct page_floor *floor, uint64_t *lines, uint64_t *shared);

/* Returns the bytes of all pages in the set, and gives the set's memory back. */
uint64_t page_floor_end(struct page_floor *floor);

#endif
