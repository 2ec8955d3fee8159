/* Run with the library preloaded and off:true: every function of the family ends in libc's
 * malloc, whose own count of what is in use says so. */
#include "api/glibc_malloc.h"
#include "test/support/tap.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define SIZE ((size_t)5000) /* beyond what glibc's threads cache, and no mapping of its own */

static struct mallinfo2 (*libc_info)(void);
static size_t before;

static void *libc(const char *name)
{
	static void *handle;

	if (handle == NULL)
		handle = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	return handle != NULL ? dlsym(handle, name) : NULL;
}

/* As any program would find it; NULL without the library. */
static void *ours(const char *name)
{
	return dlsym(RTLD_DEFAULT, name);
}

static size_t in_use(void)
{
	return libc_info().uordblks;
}

static void begin(void)
{
	before = in_use();
}

/* A block of at least that size came from libc, aligned so, and can be written. */
static void came(const char *call, void *p, size_t size, size_t align)
{
	CHECK(p != NULL, "%s", call);
	CHECK(((uintptr_t)p & (align - 1)) == 0, "%s: %p", call, p);
	CHECK(in_use() >= before + size, "%s: %zu bytes in use of libc's, %zu before", call,
	      in_use(), before);
	CHECK(malloc_usable_size(p) >= size, "%s: %zu usable", call, malloc_usable_size(p));
	memset(p, 0x5a, size);
}

static void went(const char *call)
{
	CHECK(in_use() < before + SIZE, "%s: %zu bytes in use of libc's, %zu before", call,
	      in_use(), before);
}

void *__libc_malloc(size_t size) __attribute__((weak));
void __libc_free(void *p) __attribute__((weak));
void *__libc_calloc(size_t count, size_t size) __attribute__((weak));

static void family(void)
{
	void *p;

	begin();
	came("malloc", p = malloc(SIZE), SIZE, 16);
	free(p);
	went("free");
	came("calloc", p = calloc(SIZE / 8, 8), SIZE, 16);
	came("realloc", p = realloc(p, 2 * SIZE), 2 * SIZE, 16);
	CHECK(((unsigned char *)p)[SIZE - 1] == 0x5a, "realloc lost what was there");
	came("reallocarray", p = reallocarray(p, 3, SIZE), 3 * SIZE, 16);
	free(p);
	came("realloc of NULL", p = realloc(NULL, SIZE), SIZE, 16);
	free(p);
	came("aligned_alloc", p = aligned_alloc(64, SIZE / 64 * 64), SIZE / 64 * 64, 64);
	free(p);
	came("aligned_alloc of no multiple", p = aligned_alloc(1024, SIZE), SIZE, 1024);
	free(p);
	came("memalign", p = memalign(256, SIZE), SIZE, 256);
	free(p);
	CHECK(posix_memalign(&p, 4096, SIZE) == 0, "posix_memalign");
	came("posix_memalign", p, SIZE, 4096);
	free(p);
	came("valloc", p = valloc(SIZE), SIZE, 4096);
	free(p);
	came("pvalloc", p = pvalloc(SIZE), 8192, 4096);
	free(p);
	came("__libc_malloc", p = __libc_malloc(SIZE), SIZE, 16);
	__libc_free(p);
	came("__libc_calloc", p = __libc_calloc(1, SIZE), SIZE, 16);
	free(p);
	went("all of them");
	free(NULL);
	p = malloc(0);
	CHECK(p != NULL, "malloc(0)");
	free(p);
	CHECK(malloc_usable_size(NULL) == 0, "usable size of NULL");
}

static void calloc_clears(void)
{
	for (size_t n = 1; n < 300000; n += n / 3 + 1) {
		unsigned char *p = malloc(n);

		CHECK(p != NULL, "malloc(%zu)", n);
		memset(p, 0xff, n);
		free(p);
		p = calloc(1, n);
		for (size_t i = 0; i < n; i++)
			NEED(p[i] == 0, "byte %zu of %zu", i, n);
		free(p);
	}
}

static void refusals(void)
{
	volatile size_t huge = SIZE_MAX - 100;
	void *p = (void *)1;

	errno = 0;
	CHECK(malloc(huge) == NULL && errno == ENOMEM, "malloc, errno %d", errno);
	errno = 0;
	CHECK(calloc(huge, 2) == NULL && errno == ENOMEM, "calloc, errno %d", errno);
	errno = 0;
	CHECK(reallocarray(NULL, huge, 2) == NULL && errno == ENOMEM, "reallocarray, errno %d",
	      errno);
	errno = 0;
	CHECK(aligned_alloc(64, huge) == NULL && errno == ENOMEM, "aligned_alloc, errno %d",
	      errno);
	errno = 0;
	CHECK(aligned_alloc(48, 100) == NULL && errno == EINVAL, "aligned_alloc, errno %d",
	      errno);
	CHECK(posix_memalign(&p, 64, huge) == ENOMEM && p == (void *)1, "posix_memalign");
	CHECK(posix_memalign(&p, 24, 100) == EINVAL && p == (void *)1, "posix_memalign");
}

/* What jemalloc's callers ask for. */
static void extended(void)
{
	void *(*mallocx)(size_t, int) = (void *(*)(size_t, int))ours("mallocx");
	void *(*rallocx)(void *, size_t, int) = (void *(*)(void *, size_t, int))ours("rallocx");
	size_t (*xallocx)(void *, size_t, size_t, int) =
		(size_t(*)(void *, size_t, size_t, int))ours("xallocx");
	size_t (*sallocx)(const void *, int) = (size_t(*)(const void *, int))ours("sallocx");
	size_t (*nallocx)(size_t, int) = (size_t(*)(size_t, int))ours("nallocx");
	void (*dallocx)(void *, int) = (void (*)(void *, int))ours("dallocx");
	void (*sdallocx)(void *, size_t, int) = (void (*)(void *, size_t, int))ours("sdallocx");
	void (*free_sized)(void *, size_t) = (void (*)(void *, size_t))ours("free_sized");
	int (*mallctl)(const char *, void *, size_t *, void *, size_t) =
		(int (*)(const char *, void *, size_t *, void *, size_t))ours("mallctl");
	enum { LG_ALIGN_8 = 8, ZERO = 0x40, NO_CACHE = 0x100 };
	unsigned char *p;
	bool active;
	size_t usable, length = sizeof(active);

	NEED(mallocx != NULL && rallocx != NULL && xallocx != NULL && sallocx != NULL &&
		     nallocx != NULL && dallocx != NULL && sdallocx != NULL &&
		     free_sized != NULL && mallctl != NULL,
	     "names");
	begin();
	came("mallocx", p = mallocx(SIZE, 0), SIZE, 16);
	dallocx(p, 0);
	came("mallocx aligned", p = mallocx(SIZE, LG_ALIGN_8), SIZE, 256);
	dallocx(p, NO_CACHE);
	p = mallocx(SIZE, ZERO | NO_CACHE);
	for (size_t i = 0; i < SIZE; i++)
		NEED(p[i] == 0, "byte %zu", i);
	came("mallocx cleared", p, SIZE, 16);
	usable = malloc_usable_size(p);
	CHECK(sallocx(p, 0) == usable && xallocx(p, SIZE * 9, 0, 0) == usable, "in place");
	p = rallocx(p, SIZE * 4, ZERO);
	for (size_t i = usable; i < SIZE * 4; i++)
		NEED(p[i] == 0, "byte %zu behind %zu", i, usable);
	came("rallocx", p, SIZE * 4, 16);
	came("rallocx aligned", p = rallocx(p, SIZE, LG_ALIGN_8), SIZE, 256);
	sdallocx(p, SIZE, LG_ALIGN_8);
	went("sdallocx");
	came("malloc", p = malloc(SIZE), SIZE, 16);
	free_sized(p, SIZE);
	went("free_sized");
	CHECK(nallocx(SIZE, 0) >= SIZE && nallocx(SIZE_MAX, 0) == 0, "nallocx");
	CHECK(mallctl("background_thread", &active, &length, NULL, 0) == EAGAIN, "mallctl");
}

/* Of glibc's beside the family. */
static void others(void)
{
	struct mallinfo2 mine;
	void *p = malloc(SIZE);

	mine = mallinfo2();
	CHECK(mine.uordblks == in_use() && mine.uordblks >= SIZE, "mallinfo2: %zu",
	      mine.uordblks);
	free(p);
	CHECK(mallopt(M_MMAP_MAX, 0) == 1, "mallopt");
	p = malloc((size_t)5 << 20);
	CHECK(p != NULL && libc_info().hblks == 0, "what is set is libc's: %zu mappings",
	      libc_info().hblks);
	free(p);
	malloc_trim(0);
}

static void *allocate(void *unused)
{
	for (unsigned i = 0; i < 20000; i++) {
		void *p = malloc(i % 3000), *q = calloc(1, i % 700);

		q = realloc(q, i % 900 + 1);
		free(p);
		free(q);
	}
	return unused;
}

static void threads_and_forks(void)
{
	pthread_t thread[4];
	int status;

	for (unsigned i = 0; i < 4; i++)
		NEED(pthread_create(&thread[i], NULL, allocate, NULL) == 0, "thread");
	for (unsigned i = 0; i < 20; i++) {
		pid_t child = fork();

		if (child == 0) {
			free(malloc(SIZE));
			_exit(0);
		}
		NEED(waitpid(child, &status, 0) == child && status == 0, "child: %d", status);
	}
	for (unsigned i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
}

/* A library that looks its malloc up in libc first gets the same one. */
static void bound_deeply(void)
{
#ifdef RTLD_DEEPBIND
	void *handle = dlopen("libm.so.6", RTLD_NOW | RTLD_DEEPBIND);

	CHECK(handle != NULL, "%s", dlerror());
	CHECK(libc("malloc") != ours("malloc"), "libc's table was not written to");
#endif
}

int main(void)
{
	libc_info = (struct mallinfo2(*)(void))libc("mallinfo2");
	if (libc_info == NULL) {
		tap_line("1..0 # SKIP this libc does not tell what is in use");
		return 0;
	}
	tap_start();
	tap_case("each function of the family", family);
	tap_case("calloc clears", calloc_clears);
	tap_case("refusals", refusals);
	tap_case("jemalloc's calls", extended);
	tap_case("glibc's others", others);
	tap_case("threads and forks", threads_and_forks);
	tap_case("RTLD_DEEPBIND", bound_deeply);
	return tap_finish();
}
