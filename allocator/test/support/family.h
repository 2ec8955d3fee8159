/*
 * The malloc family as a table, so that one source tests two libraries: compiled
 * plainly it calls malloc, free, … as any program does, and is run with the library
 * under test preloaded; compiled with TEST_PREFIXED it calls ashlar_malloc,
 * ashlar_free, … of the library it is linked to, which also works in sanitizer
 * builds, where malloc belongs to the sanitizer.
 */
#ifndef ASH_TEST_FAMILY_H
#define ASH_TEST_FAMILY_H

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "api/glibc_malloc.h"
#include "test/support/tap.h"
#ifdef TEST_PREFIXED
#include <ashlar/ashlar.h>
#endif

/* Whether memory and time are also the sanitizer's. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif
/* The same test runs elsewhere in this build at its full length, by the plain names and
 * preloaded: repetitions, and how much memory is used up, need not be had twice. */
#if (defined(TEST_PREFIXED) || defined(TEST_AGAIN))
#define AGAIN (!SANITIZED)
#else
#define AGAIN false
#endif

struct family {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void *(*reallocarray)(void *, size_t, size_t);
	void (*free)(void *);
	void *(*aligned_alloc)(size_t, size_t);
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*memalign)(size_t, size_t);
	void *(*valloc)(size_t);
	void *(*pvalloc)(size_t);
	size_t (*usable)(void *);
	void (*free_sized)(void *, size_t);
	void (*free_aligned_sized)(void *, size_t, size_t);
	void (*cfree)(void *);
	int (*trim)(size_t);
};

static struct family m;

#define MARK 77 /* an errno that no function of the family sets */

#ifdef TEST_PREFIXED
#define FAMILY_JOIN_(a, b) a##b
#define FAMILY_JOIN(a, b) FAMILY_JOIN_(a, b)
#define FAMILY(name) FAMILY_JOIN(ASH_API_PREFIX, name)

/* Not among the prefixed names. */
static inline int family_no_trim(size_t pad)
{
	(void)pad;
	return 0;
}
#else
#define FAMILY(name) name

#ifndef __GLIBC__ /* There only the library has them. */
#pragma weak pvalloc
#pragma weak malloc_trim
#pragma weak mallinfo
#pragma weak mallinfo2
#pragma weak malloc_info
#pragma weak malloc_stats
#pragma weak mallopt
#endif

/*
 * Where the test says which file is to serve it, another file's malloc is no pass
 * and no failure: the run is worthless (a preload that names no file only warns).
 */
static inline void family_prove_served(void)
{
	const char *wanted = getenv("TEST_SERVED_BY");
	void *address = dlsym(RTLD_DEFAULT, "malloc");
	char real[4096];
	Dl_info from;

	if (!wanted)
		return;
	if (!address || !dladdr(address, &from) || !from.dli_fname ||
	    !realpath(from.dli_fname, real) || strcmp(real, wanted)) {
		tap_line("Bail out! malloc is not served by %s", wanted);
		exit(99);
	}
	tap_note("malloc is served by %s", real);
}

/* Absent in older C libraries, so found by name; NULL where nobody has it. */
static inline void *family_find(const char *name)
{
	return dlsym(RTLD_DEFAULT, name);
}
#endif

static inline size_t family_usable(void *p)
{
	return FAMILY(malloc_usable_size)(p);
}

static inline void family_start(void)
{
	m.malloc = FAMILY(malloc);
	m.calloc = FAMILY(calloc);
	m.realloc = FAMILY(realloc);
	m.reallocarray = FAMILY(reallocarray);
	m.free = FAMILY(free);
	m.aligned_alloc = FAMILY(aligned_alloc);
	m.posix_memalign = FAMILY(posix_memalign);
	m.memalign = FAMILY(memalign);
	m.valloc = FAMILY(valloc);
	m.pvalloc = FAMILY(pvalloc);
	m.usable = family_usable;
#ifdef TEST_PREFIXED
	m.trim = family_no_trim;
	m.free_sized = FAMILY(free_sized);
	m.free_aligned_sized = FAMILY(free_aligned_sized);
#else
	m.trim = malloc_trim;
	m.free_sized = (void (*)(void *, size_t))family_find("free_sized");
	m.free_aligned_sized =
		(void (*)(void *, size_t, size_t))family_find("free_aligned_sized");
	m.cfree = (void (*)(void *))family_find("cfree");
	family_prove_served();
#endif
}

/* Blocks of one size, written all over and linked by their first words: until there are none,
 * which is an error of ENOMEM, or `most` bytes. */
static inline void *family_take_list(size_t n, size_t most, size_t *count)
{
	void **list = NULL;

	*count = 0;
	while (*count * n < most) {
		void **p;

		errno = MARK;
		p = m.malloc(n);
		if (!p) {
			CHECK(errno == ENOMEM, "malloc(%zu) = NULL left errno %d", n, errno);
			break;
		}
		memset(p, 0x33, n);
		p[0] = list;
		list = p;
		++*count;
	}
	return list;
}

/* Frees blocks that are linked by their first words. */
static inline void family_free_list(void *list)
{
	while (list) {
		void *next = *(void **)list;

		errno = MARK;
		m.free(list);
		CHECK(errno == MARK, "free set errno %d", errno);
		list = next;
	}
}

#endif
