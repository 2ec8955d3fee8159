/* The allocator's functions: each calls the next one of its name and writes a record.
 *
 * Allocations are stamped after the return, frees before the call, so that whatever the
 * threads do, an object's stamps lie within its life. */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "workloads/recorder/lane.h"
#include "workloads/recorder/next.h"
#include "workloads/trace/event.h"

#define EXPORT __attribute__((visibility("default")))
#define LARGE (64u << 10) /* blocks whose pages are looked at when they are freed */
#define VECTOR 2048u      /* pages per call of mincore */

static inline bool ready(void)
{
	if (__builtin_expect(next.ready, 1))
		return true;
	next_resolve();
	return next.ready;
}

static inline uint64_t with_extra(uint64_t size, uint64_t extra)
{
	return size | extra << RAW_SIZE_BITS;
}

static inline void *allocated(enum raw_op op, void *p, uint64_t value)
{
	lane.depth--;
	if (lane.depth == 0)
		lane_put(__builtin_expect(p != NULL, 1) ? op : RAW_FAILED, (uintptr_t)p, value);
	return p;
}

static uint64_t pages_in_memory(const void *p, size_t bytes)
{
	uintptr_t page = recorder ? recorder->page_size : 4096;
	uintptr_t at = (uintptr_t)p & ~(page - 1),
		  end = ((uintptr_t)p + bytes + page - 1) & ~(page - 1);
	unsigned char vector[VECTOR];
	uint64_t sum = 0;
	int kept = errno;

	while (at < end) {
		uintptr_t part = end - at < VECTOR * page ? end - at : VECTOR * page;

		if (mincore((void *)at, part, vector) != 0) {
			errno = kept;
			return 0;
		}
		for (uintptr_t i = 0; i < part / page; i++)
			sum += vector[i] & 1;
		at += part;
	}
	return sum + 1;
}

static inline void freeing(void *p, enum trace_call call)
{
	uint64_t pages = 0;

	if (lane.depth)
		return;
	if (next.measurable && recorder) {
		size_t bytes;

		lane.depth++;
		bytes = next.malloc_usable_size(p);
		if (__builtin_expect(bytes >= LARGE, 0))
			pages = pages_in_memory(p, bytes);
		lane.depth--;
	}
	lane_put(RAW_FREE, (uintptr_t)p, with_extra(pages, call));
}

void recorder_freeing(void *p, enum trace_call call)
{
	freeing(p, call);
}

EXPORT void *malloc(size_t size)
{
	if (!ready())
		return boot_malloc(size);
	lane.depth++;
	return allocated(RAW_MALLOC, next.malloc(size), size);
}

EXPORT void *calloc(size_t count, size_t size)
{
	if (!ready()) {
		void *p = boot_malloc(count * size); /* dlsym's: small, and fresh zeros */

		return p;
	}
	lane.depth++;
	return allocated(RAW_CALLOC, next.calloc(count, size), count * size);
}

EXPORT void free(void *p)
{
	if (!p) {
		if (lane.depth == 0 && next.ready)
			lane_put(RAW_FREE_NULL, 0, 0);
		return;
	}
	if (boot_owns(p) || !ready())
		return;
	freeing(p, TRACE_CALL_PLAIN);
	lane.depth++;
	next.free(p);
	lane.depth--;
}

static void *realloc_boot(void *p, size_t size)
{
	void *fresh = malloc(size);
	size_t old = boot_size(p);

	if (fresh)
		memcpy(fresh, p, old < size ? old : size);
	return fresh;
}

/* Stamped before and after: in between, the old address may be given to another
 * thread, and the new one be freed by one just before. */
static inline void resizing(void *p)
{
	if (p && lane.depth == 0)
		lane_put(RAW_REALLOC, (uintptr_t)p, 0);
	lane.depth++;
}

static inline void *resized(void *old, void *p, uint64_t size)
{
	if (!old)
		return allocated(RAW_MALLOC, p, size);
	lane.depth--;
	if (lane.depth == 0)
		lane_put(p ? RAW_RESIZED : RAW_UNRESIZED, (uintptr_t)p, size);
	return p;
}

EXPORT void *realloc(void *p, size_t size)
{
	if (!ready())
		return p ? NULL : boot_malloc(size);
	if (p && boot_owns(p))
		return realloc_boot(p, size);
	resizing(p);
	return resized(p, next.realloc(p, size), size);
}

EXPORT void *reallocarray(void *p, size_t count, size_t size)
{
	size_t bytes;

	if (!ready() || !next.reallocarray || (p && boot_owns(p))) {
		if (__builtin_mul_overflow(count, size, &bytes)) {
			errno = ENOMEM;
			return NULL;
		}
		return realloc(p, bytes);
	}
	/* A product that overflows fails, and its size is then of no use. */
	bytes = count * size;
	resizing(p);
	return resized(p, next.reallocarray(p, count, size), bytes);
}

static inline uint64_t aligned(size_t size, size_t alignment, enum trace_call call)
{
	unsigned log2 = alignment ? 63 - (unsigned)__builtin_clzll(alignment) : 0;

	return with_extra(size, log2 | (uint64_t)call << 6);
}

EXPORT void *memalign(size_t alignment, size_t size)
{
	if (!ready())
		return NULL;
	lane.depth++;
	return allocated(RAW_ALIGNED, next.memalign(alignment, size),
			 aligned(size, alignment, TRACE_CALL_MEMALIGN));
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	if (!ready())
		return NULL;
	lane.depth++;
	return allocated(RAW_ALIGNED, next.aligned_alloc(alignment, size),
			 aligned(size, alignment, TRACE_CALL_ALIGNED_ALLOC));
}

EXPORT int posix_memalign(void **to, size_t alignment, size_t size)
{
	int error;

	if (!ready())
		return ENOMEM;
	lane.depth++;
	error = next.posix_memalign(to, alignment, size);
	allocated(RAW_ALIGNED, error ? NULL : *to,
		  aligned(size, alignment, TRACE_CALL_POSIX_MEMALIGN));
	return error;
}

EXPORT void *valloc(size_t size)
{
	if (!ready())
		return NULL;
	lane.depth++;
	return allocated(RAW_ALIGNED, next.valloc(size),
			 aligned(size, (size_t)sysconf(_SC_PAGESIZE), TRACE_CALL_VALLOC));
}

EXPORT void *pvalloc(size_t size)
{
	if (!ready())
		return NULL;
	lane.depth++;
	return allocated(RAW_ALIGNED, next.pvalloc(size),
			 aligned(size, (size_t)sysconf(_SC_PAGESIZE), TRACE_CALL_PVALLOC));
}

/* C23.  A library that lacks them has free, which they are allowed to be. */
void free_sized(void *p, size_t size);
void free_aligned_sized(void *p, size_t alignment, size_t size);

EXPORT void free_sized(void *p, size_t size)
{
	if (!p || boot_owns(p) || !ready()) {
		free(p);
		return;
	}
	freeing(p, TRACE_CALL_FREE_SIZED);
	lane.depth++;
	if (next.free_sized)
		next.free_sized(p, size);
	else
		next.free(p);
	lane.depth--;
}

EXPORT void free_aligned_sized(void *p, size_t alignment, size_t size)
{
	if (!p || boot_owns(p) || !ready()) {
		free(p);
		return;
	}
	freeing(p, TRACE_CALL_FREE_ALIGNED_SIZED);
	lane.depth++;
	if (next.free_aligned_sized)
		next.free_aligned_sized(p, alignment, size);
	else
		next.free(p);
	lane.depth--;
}

EXPORT size_t malloc_usable_size(void *p)
{
	if (p && boot_owns(p))
		return boot_size(p);
	return ready() && next.malloc_usable_size ? next.malloc_usable_size(p) : 0;
}
