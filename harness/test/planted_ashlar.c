/* Ashlar with a small change for the worse, of a kind that its variables choose; with none of
 * them it is what the others are compared with.  A gate must find each by the right tier.
 *
 *	PLANTED_BURN	rounds of an empty loop at each 16th call: instructions
 *	PLANTED_KIB	held from the beginning, and touched: memory
 *	PLANTED_SPREAD	each so many-th small malloc asks for another size: lines touched */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define EXPORT __attribute__((visibility("default")))
#define BURN_EVERY 16
#define SMALL 48

extern void *ashlar_malloc(size_t);
extern void *ashlar_calloc(size_t, size_t);
extern void *ashlar_realloc(void *, size_t);
extern void *ashlar_memalign(size_t, size_t);
extern void *ashlar_aligned_alloc(size_t, size_t);
extern int ashlar_posix_memalign(void **, size_t, size_t);
extern void ashlar_free(void *);
extern size_t ashlar_malloc_usable_size(void *);

EXPORT extern void *memalign(size_t alignment, size_t size);
EXPORT extern size_t malloc_usable_size(void *p);

static unsigned long burn, spread, calls, small;

static unsigned long number(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void begin(void)
{
	size_t bytes = number("PLANTED_KIB") << 10;

	burn = number("PLANTED_BURN");
	spread = number("PLANTED_SPREAD");
	if (bytes) {
		void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		if (p != MAP_FAILED)
			memset(p, 1, bytes);
	}
}

static void call(void)
{
	if (__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) % BURN_EVERY == 0)
		for (unsigned long i = 0; i < burn; i++)
			__asm__ volatile("" : "+r"(i));
}

EXPORT void *malloc(size_t size)
{
	call();
	if (spread && size <= SMALL) {
		unsigned long n = __atomic_add_fetch(&small, 1, __ATOMIC_RELAXED);

		if (n % spread == 0)
			size += 64 * (1 + n / spread % 30);
	}
	return ashlar_malloc(size);
}

EXPORT void *calloc(size_t count, size_t size)
{
	call();
	return ashlar_calloc(count, size);
}

EXPORT void *realloc(void *old, size_t size)
{
	call();
	return ashlar_realloc(old, size);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	call();
	return ashlar_aligned_alloc(alignment, size);
}

EXPORT void *memalign(size_t alignment, size_t size)
{
	call();
	return ashlar_memalign(alignment, size);
}

EXPORT int posix_memalign(void **out, size_t alignment, size_t size)
{
	call();
	return ashlar_posix_memalign(out, alignment, size);
}

EXPORT void free(void *p)
{
	call();
	ashlar_free(p);
}

EXPORT size_t malloc_usable_size(void *p)
{
	return ashlar_malloc_usable_size(p);
}
