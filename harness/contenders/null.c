/* libashlar-null.so: the contender that does nothing, a bump allocator that never
 * reuses.
 *
 * What a workload costs under it is the driver's own cost in user-mode instructions:
 * malloc is an addition to a pointer of the thread, free an empty function.  It is no
 * lower bound on time, since fresh memory misses caches where reuse does not.
 *
 * The first ASHLAR_NULL_BYTES bytes (default 64 MiB) are mapped and touched before the
 * first allocation; beyond them it goes on in further regions of at least 64 MiB,
 * touched when mapped.  Each block has a header of 16 bytes with its size, for realloc
 * and malloc_usable_size. */
#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define EXPORT __attribute__((visibility("default")))
#define ALIGNMENT 16
#define HEADER 16
#define REGION ((size_t)64 << 20)
#define THREAD_CHUNK ((size_t)1 << 20)

/* A thread's piece; no other thread reads it. */
static __thread char *piece_next __attribute__((tls_model("initial-exec")));
static __thread char *piece_end __attribute__((tls_model("initial-exec")));

/* The region that pieces are cut from.  A lock, as this happens once per MiB. */
static char *region_next, *region_end;
static int region_locked;

EXPORT void *malloc(size_t size);
EXPORT void *calloc(size_t count, size_t size);
EXPORT void *realloc(void *p, size_t size);
EXPORT void *reallocarray(void *p, size_t count, size_t size);
EXPORT void free(void *p);
EXPORT void cfree(void *p);
EXPORT void *aligned_alloc(size_t alignment, size_t size);
EXPORT void *memalign(size_t alignment, size_t size);
EXPORT int posix_memalign(void **p, size_t alignment, size_t size);
EXPORT void *valloc(size_t size);
EXPORT void *pvalloc(size_t size);
EXPORT size_t malloc_usable_size(void *p);

/* strtoul would be fine, were it not that this runs before libc is initialised. */
static size_t first_region(void)
{
	const char *text = getenv("ASHLAR_NULL_BYTES");
	size_t bytes = 0;

	while (text && *text >= '0' && *text <= '9')
		bytes = bytes * 10 + (size_t)(*text++ - '0');
	return bytes ? (bytes + 4095) & ~(size_t)4095 : REGION;
}

/* Moves on to a new region of at least `bytes`; 0, or -1 without memory. */
static int new_region(size_t bytes)
{
	size_t want = region_end ? REGION : first_region();
	void *p;

	if (want < bytes)
		want = (bytes + 4095) & ~(size_t)4095;
	p = mmap(NULL, want, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		 -1, 0);
	if (p == MAP_FAILED)
		return -1;
	region_next = p;
	region_end = region_next + want;
	return 0;
}

/* Cuts `bytes` off the region; NULL without memory. */
static char *cut(size_t bytes)
{
	char *p = NULL;

	while (__atomic_exchange_n(&region_locked, 1, __ATOMIC_ACQUIRE))
		sched_yield();
	if ((size_t)(region_end - region_next) >= bytes || new_region(bytes) == 0) {
		p = region_next;
		region_next += bytes;
	}
	__atomic_store_n(&region_locked, 0, __ATOMIC_RELEASE);
	return p;
}

static void *finish(char *at, size_t alignment, size_t size)
{
	uintptr_t block =
		((uintptr_t)at + HEADER + alignment - 1) & ~(uintptr_t)(alignment - 1);
	size_t *header = (size_t *)(block - HEADER);

	*header = size;
	return (void *)block;
}

static __attribute__((noinline)) void *slow(size_t alignment, size_t size, size_t need)
{
	char *at;

	/* Greater than half of all memory: also keeps `need` from having wrapped. */
	if (size > PTRDIFF_MAX || alignment > PTRDIFF_MAX / 2 || need < size) {
		errno = ENOMEM;
		return NULL;
	}
	at = cut(need > THREAD_CHUNK / 4 ? need : THREAD_CHUNK);
	if (!at) {
		errno = ENOMEM;
		return NULL;
	}
	if (need <= THREAD_CHUNK / 4) {
		piece_next = at + need;
		piece_end = at + THREAD_CHUNK;
	}
	return finish(at, alignment, size);
}

/* `need` keeps the next block's header aligned: header, room to align, rounded size. */
static inline void *bump(size_t alignment, size_t size)
{
	size_t need = HEADER + (alignment - ALIGNMENT) + ((size + ALIGNMENT - 1) & ~(size_t)15);
	char *at = piece_next;

	if (__builtin_expect(size > THREAD_CHUNK || (size_t)(piece_end - at) < need, 0))
		return slow(alignment, size, need);
	piece_next = at + need;
	return finish(at, alignment, size);
}

__attribute__((constructor)) static void touch_beforehand(void)
{
	free(malloc(1));
}

void *malloc(size_t size)
{
	return bump(ALIGNMENT, size);
}

/* Memory fresh from the kernel is zero, and none here is ever used twice. */
void *calloc(size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		bytes = SIZE_MAX;
	return bump(ALIGNMENT, bytes);
}

void *realloc(void *p, size_t size)
{
	size_t old = p ? malloc_usable_size(p) : 0;
	void *q = bump(ALIGNMENT, size);

	if (p && q)
		memcpy(q, p, old < size ? old : size);
	return q;
}

void *reallocarray(void *p, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		bytes = SIZE_MAX;
	return realloc(p, bytes);
}

void free(void *p)
{
	(void)p;
}

void cfree(void *p)
{
	(void)p;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	if (!alignment || alignment & (alignment - 1)) {
		errno = EINVAL;
		return NULL;
	}
	return bump(alignment < ALIGNMENT ? ALIGNMENT : alignment, size);
}

void *memalign(size_t alignment, size_t size)
{
	return aligned_alloc(alignment, size);
}

int posix_memalign(void **p, size_t alignment, size_t size)
{
	int saved = errno;
	void *q;

	if (alignment % sizeof(void *) || !alignment || alignment & (alignment - 1))
		return EINVAL;
	q = aligned_alloc(alignment, size);
	errno = saved;
	if (!q)
		return ENOMEM;
	*p = q;
	return 0;
}

void *valloc(size_t size)
{
	return bump(4096, size);
}

void *pvalloc(size_t size)
{
	return bump(4096, size > PTRDIFF_MAX ? size : (size + 4095) & ~(size_t)4095);
}

size_t malloc_usable_size(void *p)
{
	return p ? *(const size_t *)((uintptr_t)p - HEADER) : 0;
}
