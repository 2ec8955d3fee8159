/* Blocks that overlap: every hundredth begins inside the one before it.  A bump
 * allocator, because the C library would notice the damage by itself. */
#include <malloc.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define EXPORT __attribute__((visibility("default")))
#define ARENA ((size_t)1 << 32)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *next, *end;
static unsigned long calls;

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	size_t *header;
	char *block = NULL;

	pthread_mutex_lock(&lock);
	if (!next) {
		next = mmap(NULL, ARENA, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		end = next == MAP_FAILED ? next : next + ARENA;
	}
	if (alignment < 16)
		alignment = 16;
	size = (size + 15) & ~(size_t)15;
	if ((size_t)(end - next) > size + 2 * alignment) {
		block = (char *)(((uintptr_t)next + sizeof(*header) + alignment - 1) &
				 ~(alignment - 1));
		next = block + size;
		header = (size_t *)(void *)(block - sizeof(*header));
		*header = size;
		/* The next block and its header begin before this one ends. */
		if (++calls % 100 == 0 && size >= 32)
			next -= 32;
	}
	pthread_mutex_unlock(&lock);
	return block;
}

EXPORT void *malloc(size_t size)
{
	return aligned_alloc(16, size ? size : 1);
}

EXPORT size_t malloc_usable_size(void *p)
{
	return p ? *(size_t *)(void *)((char *)p - sizeof(size_t)) : 0;
}

EXPORT void *calloc(size_t count, size_t size)
{
	void *p = malloc(count * size);

	return p ? memset(p, 0, count * size) : NULL;
}

EXPORT void *realloc(void *old, size_t size)
{
	size_t before = malloc_usable_size(old);
	void *p = malloc(size);

	return p && old ? memcpy(p, old, before < size ? before : size) : p;
}

EXPORT void free(void *p)
{
	(void)p;
}
