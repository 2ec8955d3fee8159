/* libbroken.so: an allocator with one fault, which verify mode must find.
 *
 * A bump allocator that never reuses; ASHLAR_BROKEN names what one allocation in
 * thirteen suffers: "overlap" (the next block begins in the middle of it), "same" (the
 * next block is the same), "misaligned" (8 bytes off, tiny blocks 4), "usable"
 * (malloc_usable_size too small), "scribble" (the allocator writes into it while it lives),
 * "dirty" (calloc's memory is not zero) or "none". */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define EXPORT __attribute__((visibility("default")))
#define RESERVED ((size_t)32 << 30)
#define HEADER 16
#define EVERY 13

static char *heap;
static size_t used;
static unsigned calls;
static char *victim;
static int locked;

EXPORT void *malloc(size_t size);
EXPORT void free(void *p);
EXPORT void *calloc(size_t count, size_t size);
EXPORT void *realloc(void *p, size_t size);
EXPORT void *aligned_alloc(size_t alignment, size_t size);
EXPORT int posix_memalign(void **p, size_t alignment, size_t size);
EXPORT size_t malloc_usable_size(void *p);

static int fault_is(const char *name)
{
	const char *fault = getenv("ASHLAR_BROKEN");

	return fault && strcmp(fault, name) == 0;
}

static size_t *header(void *p)
{
	return (size_t *)(((uintptr_t)p & ~(uintptr_t)15) - HEADER);
}

static char *take(size_t alignment, size_t size)
{
	size_t at = (used + HEADER + alignment - 1) & ~(alignment - 1);
	char *p = heap + at;

	*header(p) = size;
	used = at + ((size + 15) & ~(size_t)15);
	return p;
}

/* Before any limit that a workload sets itself. */
__attribute__((constructor)) static void reserve(void)
{
	if (!heap)
		heap = mmap(NULL, RESERVED, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static void *serve(size_t alignment, size_t size)
{
	char *p;

	while (__atomic_exchange_n(&locked, 1, __ATOMIC_ACQUIRE))
		continue;
	reserve();
	if (size > RESERVED) {
		__atomic_store_n(&locked, 0, __ATOMIC_RELEASE);
		return NULL;
	}
	if (victim && fault_is("scribble"))
		victim[0] ^= 1;
	victim = NULL;
	if (++calls % EVERY != 0) {
		p = take(alignment, size);
	} else if (fault_is("overlap")) {
		p = take(alignment, size);
		used -= (size / 2 + 15) & ~(size_t)15;
		/* The next block's header would lie in this one, and change it too. */
		used = used > HEADER ? used : 0;
	} else if (fault_is("same")) {
		size_t before = used;

		p = take(alignment, size);
		used = before;
	} else if (fault_is("misaligned")) {
		/* Blocks below 16 bytes owe 8 bytes of alignment. */
		p = take(alignment, size + 8) + (size < 16 ? 4 : 8);
	} else {
		p = take(alignment, size);
		victim = size ? p : NULL;
	}
	__atomic_store_n(&locked, 0, __ATOMIC_RELEASE);
	return p;
}

void *malloc(size_t size)
{
	return serve(16, size);
}

void free(void *p)
{
	(void)p;
}

void *calloc(size_t count, size_t size)
{
	char *p = serve(16, count * size);

	memset(p, 0, count * size);
	if (fault_is("dirty") && count && size)
		p[count * size - 1] = 1;
	return p;
}

void *realloc(void *p, size_t size)
{
	void *q = serve(16, size);

	if (p)
		memcpy(q, p, *header(p) < size ? *header(p) : size);
	return q;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return serve(alignment < 16 ? 16 : alignment, size);
}

int posix_memalign(void **p, size_t alignment, size_t size)
{
	*p = aligned_alloc(alignment, size);
	return 0;
}

size_t malloc_usable_size(void *p)
{
	return p ? *header(p) - (fault_is("usable") && *header(p) > 0) : 0;
}
