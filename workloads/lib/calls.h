/* The allocation API as workloads call it.
 *
 * Each call goes to libc's name, thus to whichever allocator is preloaded, counts
 * itself by plain stores into the thread's own line of the channel, and never returns
 * NULL (a run that gets NULL has failed).  A countdown decides about everything else:
 * in throughput mode it never reaches zero, in latency mode it does at geometric
 * distances and that call is timed, in verify mode at every call. */
#ifndef WORKLOADS_CALLS_H
#define WORKLOADS_CALLS_H

#include <stdlib.h>
#include <string.h>
#include "workloads/shared/channel.h"
#include "workloads/shared/rng.h"
#include "workloads/shared/workload.h"

#define WL_OS_PAGE 4096 /* distance of touched bytes under WL_TOUCH_PAGES */

struct wl_thread {
	struct channel_thread *count;
	int64_t countdown; /* calls until one is special */
	bool verify;
	bool watched; /* verify, or what is touched feeds a model */
	unsigned index;
	struct wl_run *run;
	struct rng rng; /* the workload's choices */
	struct rng gap; /* of timed calls, apart so that modes make the same choices */
	struct channel_histogram *latency; /* CHANNEL_HIST_KINDS of them, or NULL */
} __attribute__((aligned(128)));

void *wl_malloc_special(struct wl_thread *t, size_t size);
void *wl_calloc_special(struct wl_thread *t, size_t count, size_t size);
void *wl_realloc_special(struct wl_thread *t, void *old, size_t old_size, size_t size);
void *wl_aligned_special(struct wl_thread *t, size_t alignment, size_t size);
void *wl_posix_memalign_special(struct wl_thread *t, size_t alignment, size_t size);
void wl_free_special(struct wl_thread *t, void *p, size_t size);
_Noreturn void wl_out_of_memory(struct wl_thread *t, size_t size);

/* The first `bytes` of the block are the workload's own to write: in verify mode the pattern
 * covers the rest, and it checks them itself. */
void wl_own(struct wl_thread *t, void *p, size_t bytes);
/* Before a block is read to which a pointer in the heap leads: in verify mode whether it is a
 * live one, else true. */
static inline bool wl_is_live(struct wl_thread *t, const void *p);

/* What is touched, where nothing is written: in verify mode, and where it feeds a model. */
void wl_touch_watched(struct wl_thread *t, void *p, size_t size, enum wl_touch how);
bool wl_is_live_watched(struct wl_thread *t, const void *p);

static inline bool wl_is_live(struct wl_thread *t, const void *p)
{
	return __builtin_expect(!t->watched, 1) || wl_is_live_watched(t, p);
}

static inline void *wl_count_alloc(struct wl_thread *t, void *p, size_t size)
{
	struct channel_thread *count = t->count;

	if (__builtin_expect(!p, 0))
		wl_out_of_memory(t, size);
	count->allocs++;
	count->live_objects++;
	count->live_bytes += (int64_t)size;
	return p;
}

static inline void *wl_malloc(struct wl_thread *t, size_t size)
{
	if (__builtin_expect(--t->countdown <= 0, 0))
		return wl_malloc_special(t, size);
	return wl_count_alloc(t, malloc(size), size);
}

static inline void *wl_calloc(struct wl_thread *t, size_t count, size_t size)
{
	if (__builtin_expect(--t->countdown <= 0, 0))
		return wl_calloc_special(t, count, size);
	return wl_count_alloc(t, calloc(count, size), count * size);
}

/* `alignment` is a power of two, `size` a multiple of it. */
static inline void *wl_aligned(struct wl_thread *t, size_t alignment, size_t size)
{
	if (__builtin_expect(--t->countdown <= 0, 0))
		return wl_aligned_special(t, alignment, size);
	return wl_count_alloc(t, aligned_alloc(alignment, size), size);
}

/* `alignment` is a power of two, `size` any. */
static inline void *wl_posix_memalign(struct wl_thread *t, size_t alignment, size_t size)
{
	void *p;

	if (__builtin_expect(--t->countdown <= 0, 0))
		return wl_posix_memalign_special(t, alignment, size);
	/* The call itself takes no less than the size of a pointer. */
	if (posix_memalign(&p, alignment < sizeof(p) ? sizeof(p) : alignment, size))
		p = NULL;
	return wl_count_alloc(t, p, size);
}

static inline void *wl_realloc(struct wl_thread *t, void *old, size_t old_size, size_t size)
{
	void *p;

	if (__builtin_expect(--t->countdown <= 0, 0))
		return wl_realloc_special(t, old, old_size, size);
	p = realloc(old, size);
	if (__builtin_expect(!p, 0))
		wl_out_of_memory(t, size);
	t->count->reallocs++;
	t->count->live_bytes += (int64_t)size - (int64_t)old_size;
	return p;
}

/* `size` is the size that was asked for: the worker keeps it, the API does not. */
static inline void wl_free(struct wl_thread *t, void *p, size_t size)
{
	if (__builtin_expect(--t->countdown <= 0, 0)) {
		wl_free_special(t, p, size);
		return;
	}
	free(p);
	t->count->frees++;
	t->count->live_objects--;
	t->count->live_bytes -= (int64_t)size;
}

/* Writes what the policy says; in verify mode the block is full of its pattern
 * already, and for a model nothing need be written.  PAGES takes the last byte as well, so that
 * every page is touched whatever the alignment. */
static inline void wl_touch(struct wl_thread *t, void *p, size_t size, enum wl_touch how)
{
	volatile unsigned char *byte = p;

	if (how == WL_TOUCH_NONE)
		return;
	if (__builtin_expect(t->watched, 0)) {
		wl_touch_watched(t, p, size, how);
		return;
	}
	if (how == WL_TOUCH_ALL) {
		memset(p, 0x5a, size);
		__asm__ volatile("" : : "r"(p) : "memory");
		return;
	}
	byte[0] = 1;
	if (how == WL_TOUCH_PAGES) {
		for (size_t at = WL_OS_PAGE; at < size; at += WL_OS_PAGE)
			byte[at] = 1;
		byte[size - 1] = 1;
	}
}

/* Reads the first byte, as a program does before it lets go of an object. */
static inline void wl_look(const void *p)
{
	(void)*(const volatile unsigned char *)p;
}

#endif
