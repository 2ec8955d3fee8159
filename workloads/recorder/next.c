#include "workloads/recorder/next.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdint.h>

struct next next;

static void *look(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

/* POSIX says that dlsym's pointer is a function's; C has no cast for it. */
#define FIND(name) (*(void **)&next.name = look(#name))

static bool same_library(const void *a, const void *b)
{
	Dl_info of_a, of_b;

	return a && b && dladdr(a, &of_a) && dladdr(b, &of_b) &&
	       of_a.dli_fbase == of_b.dli_fbase;
}

void next_resolve(void)
{
	static atomic_flag begun = ATOMIC_FLAG_INIT;

	/* The first allocation comes from the dynamic linker, long before any thread. */
	if (atomic_flag_test_and_set(&begun))
		return;
	FIND(calloc);
	FIND(realloc);
	FIND(free);
	FIND(reallocarray);
	FIND(memalign);
	FIND(aligned_alloc);
	FIND(posix_memalign);
	FIND(valloc);
	FIND(pvalloc);
	FIND(malloc_usable_size);
	FIND(free_sized);
	FIND(free_aligned_sized);
	FIND(pthread_create);
	FIND(pthread_join);
	FIND(pthread_tryjoin_np);
	FIND(pthread_timedjoin_np);
	FIND(pthread_clockjoin_np);
	FIND(malloc);
	next.measurable =
		same_library((const void *)next.malloc, (const void *)next.malloc_usable_size);
	next.ready = true;
}

#define BOOT_BYTES (64u << 10)

static _Alignas(16) char boot[BOOT_BYTES];
static _Atomic size_t boot_used;

void *boot_malloc(size_t size)
{
	size_t bytes = (size + 31) & ~(size_t)15, at;

	if (size > BOOT_BYTES)
		return NULL;
	at = atomic_fetch_add(&boot_used, bytes);
	if (at + bytes > BOOT_BYTES)
		return NULL;
	*(size_t *)(void *)(boot + at) = size;
	return boot + at + 16;
}

bool boot_owns(const void *p)
{
	return (uintptr_t)p - (uintptr_t)boot < BOOT_BYTES;
}

size_t boot_size(const void *p)
{
	return *(const size_t *)(const void *)((const char *)p - 16);
}
