/* Verify mode: every block holds a pattern of its own while it lives.
 *
 * The pattern comes from a number that no other block ever gets, so two blocks that
 * share a byte cannot both be right; it is written in full when the block is born and
 * compared in full when it dies, so a write of the allocator or of another block is
 * caught wherever it fell.  The book of live blocks is shared memory under one lock:
 * slow, and no measured mode comes here.  All failures end the process through
 * wl_die(). */
#ifndef WORKLOADS_VERIFY_H
#define WORKLOADS_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wl_run;

/* What malloc owes on the 64-bit ABIs.  Not sizeof(max_align_t), which gcc's __float128
 * makes 32. */
#define VERIFY_ALIGNMENT 16

struct verify_block {
	uint64_t at;   /* address; 0 = empty place in the book */
	uint64_t size; /* requested */
	uint64_t id;   /* makes the pattern */
	uint64_t own;  /* leading bytes that the workload answers for */
};

/* Opens the book.  `check_usable`: malloc_usable_size() belongs to the allocator. */
void verify_start(struct wl_run *run, bool check_usable);

/* A block that malloc and its kin returned: checks alignment, usable size and that it
 * is not live already, then fills it. */
void verify_new(struct wl_run *run, void *p, size_t size, size_t alignment);

/* calloc's promise, before verify_new(). */
void verify_zero(struct wl_run *run, const void *p, size_t size);

/* A block about to be freed or resized: checks size and contents, strikes it out. */
struct verify_block verify_gone(struct wl_run *run, void *p, size_t size);

/* What realloc returned for it: the old contents must have come along, and the
 * workload's own bytes stay as they are. */
void verify_moved(struct wl_run *run, const struct verify_block *was, void *p, size_t size);

void verify_own(struct wl_run *run, const void *p, size_t bytes);
bool verify_is_live(const void *p);

/* Fails the run if a block is still in the book. */
void verify_end(struct wl_run *run);

#endif
