/* What calls promise of sizes, where allocators differ. */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "test/cases/cases.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

/* glibc's second names, where the libc or the allocator has them. */
static void *second(const char *name, size_t first, size_t size, bool two)
{
	void *f = dlsym(RTLD_DEFAULT, name);

	if (f == NULL)
		return NULL;
	return two ? ((void *(*)(size_t, size_t))f)(first, size) : ((void *(*)(size_t))f)(size);
}

/* Requests of half the addresses and more, by every call. */
CASE(beyond)
{
	unsigned tried = 0, served = 0;
	void *block = malloc(100);

	for (size_t below = 0; below < 40000; below = below * 2 + 1)
		for (size_t most = PTRDIFF_MAX;; most = SIZE_MAX) {
			size_t n = most - below;
			void *out = NULL,
			     *p[] = {
				     malloc(n),
				     calloc(1, n),
				     calloc(n, 1),
				     calloc(n / 2 + 1, 2),
				     realloc(NULL, n),
				     realloc(block, n),
				     reallocarray(NULL, n, 1),
				     reallocarray(block, n / 2 + 1, 2),
				     memalign(4096, n),
				     memalign(48, n),
				     aligned_alloc(64, n & ~(size_t)63),
				     aligned_alloc(MIB, n),
				     valloc(n),
				     pvalloc(n),
				     posix_memalign(&out, 64, n) == 0 ? out : NULL,
				     posix_memalign(&out, 65536, n) == 0 ? out : NULL,
				     second("__libc_malloc", 0, n, false),
				     second("__libc_calloc", 1, n, true),
				     second("__libc_realloc", 0, n, true),
				     second("__libc_memalign", 64, n, true),
				     second("__libc_valloc", 0, n, false),
				     second("__libc_pvalloc", 0, n, false),
			     };

			for (size_t i = 0; i < sizeof(p) / sizeof(p[0]); i++, tried++)
				served += p[i] != NULL;
			if (most == SIZE_MAX)
				break;
		}
	return case_measured(served == 0, "%u of %u requests served", served, tried);
}

/* calloc of memory that was dirty: bytes behind the request that malloc_usable_size tells of.
 */
CASE(calloc_usable)
{
	static const size_t sizes[] = {1,    10,    17,    100,   520,    1000,   1030,
				       5000, 20000, 33000, 70000, 300000, 2000000};
	unsigned bad = 0;

	for (unsigned k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		size_t n = sizes[k];
		bool dirty = false;

		for (unsigned round = 0; round < 3; round++) {
			char *p[8];

			for (unsigned i = 0; i < 8; i++) {
				p[i] = malloc(n);
				if (p[i] == NULL)
					return case_cannot("no memory");
				memset(p[i], 23, malloc_usable_size(p[i]));
			}
			for (unsigned i = 0; i < 8; i++)
				free(p[i]);
			for (unsigned i = 0; i < 8; i++) {
				size_t usable;

				p[i] = calloc(1, n);
				usable = malloc_usable_size(p[i]);
				for (size_t b = 0; b < usable; b++)
					dirty = dirty || p[i][b] != 0;
			}
			for (unsigned i = 0; i < 8; i++)
				free(p[i]);
		}
		bad += dirty;
	}
	return case_measured(bad == 0, "%u of %zu sizes dirty", bad,
			     sizeof(sizes) / sizeof(sizes[0]));
}

CASE(memalign_odd)
{
	static const size_t odd[] = {0, 3, 24, 48, 100, 4097, 70000};
	unsigned served = 0;

	for (unsigned i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		void *p = memalign(odd[i], 100);
		size_t align = 16;

		while (align < odd[i])
			align *= 2;
		served += p != NULL && (uintptr_t)p % align == 0;
		free(p);
	}
	return case_measured(served == sizeof(odd) / sizeof(odd[0]), "%u of 7 served", served);
}

CASE(posix_memalign_errno)
{
	void *p;
	int result;

	errno = 0;
	result = posix_memalign(&p, 128, (size_t)1 << 62);
	return case_measured(result == ENOMEM && errno == ENOMEM, "result %d, errno %d", result,
			     errno);
}

/* jemalloc's, or NULL. */
void *rallocx(void *p, size_t size, int flags) __attribute__((weak));

/* With flags that ask for 16 bytes of alignment, or for nothing. */
static void *by_rallocx(void *p, size_t size)
{
	return rallocx(p, size, size % 3 == 0 ? 4 : 0);
}

static unsigned shrunk(unsigned char **p, const size_t *to, unsigned n,
		       void *(*call)(void *, size_t))
{
	unsigned refused = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned char *q;

		errno = 0;
		q = call(p[i], to[i]);
		refused += q == NULL || q[0] != 1 || q[to[i] - 1] != 1 || errno != 0;
		if (q != NULL)
			p[i] = q;
	}
	return refused;
}

/* shrink MIB EXTENDED: to less where nothing is left, by realloc, or by rallocx.  Programs
 * abort or throw where this fails. */
CASE(shrink)
{
	static const size_t from[] = {100,       4096,    30000,   40000,
				      200 * KIB, 3 * MIB, 3 * MIB, 9 * MIB},
			    to[] = {20, 100, 10000, 100, 20 * KIB, 100000, 1000, 700000};
	struct rlimit limit = {(rlim_t)case_number(count, arguments, 0, 600) << 20,
			       RLIM_INFINITY};
	void *(*call)(void *, size_t) = realloc;
	unsigned char *p[8];
	unsigned refused;

	if (case_number(count, arguments, 1, 0) != 0) {
		if (rallocx == NULL)
			return case_cannot("no rallocx");
		call = by_rallocx;
	}
	for (unsigned i = 0; i < 8; i++) {
		p[i] = malloc(from[i]);
		if (p[i] == NULL)
			return case_cannot("no memory");
		memset(p[i], 1, from[i]);
	}
	limit.rlim_max = limit.rlim_cur;
	if (setrlimit(RLIMIT_AS, &limit) != 0)
		return case_cannot("RLIMIT_AS cannot be set");
	for (size_t n = MIB; n >= 16; n /= 2)
		while (malloc(n) != NULL)
			;
	refused = shrunk(p, to, 8, call);
	return case_measured(refused == 0, "%u of 8 refused", refused);
}
