/* Functions of libc in a form of their own, as a preload or a program may bring them: each
 * allocates and frees before it does what libc's does, and keeps some of what it allocated
 * while the process started.
 *
 * HOOK=NAME in the environment: only that one; HOOK_LATE: none until main says so
 * (hooks_begin).  Built as libhooks.so, and into the program hooked_own itself. */
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "test/system/hooks.h"

#define KEPT 200

static __thread bool inside;
static bool begun;
static unsigned long calls; /* atomic */
static struct {
	unsigned char *block;
	size_t size;
} kept[KEPT];
static unsigned kept_count; /* atomic */
static unsigned wrong;      /* atomic */

static const char *variable(const char *name)
{
	size_t length = strlen(name);

	for (char **v = environ; v != NULL && *v != NULL; v++)
		if (strncmp(*v, name, length) == 0 && (*v)[length] == '=')
			return *v + length + 1;
	return NULL;
}

static void expect(bool right)
{
	if (!right)
		__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
}

static bool all_bytes(const unsigned char *p, size_t size, int byte)
{
	for (size_t i = 0; i < size; i++)
		if (p[i] != byte)
			return false;
	return true;
}

static void keep(unsigned long n)
{
	unsigned at = __atomic_fetch_add(&kept_count, 1, __ATOMIC_RELAXED);

	if (at >= KEPT)
		return;
	kept[at].size = 1 + n * 131 % 5000;
	kept[at].block = malloc(kept[at].size);
	expect(kept[at].block != NULL);
	memset(kept[at].block, (int)(at & 127), kept[at].size);
}

static void allocate(const char *name)
{
	const char *only = variable("HOOK");
	unsigned long n;
	void *aligned = NULL;
	unsigned char *p, *q, *large;
	char *text;

	if (inside || (only != NULL && strcmp(only, name) != 0) ||
	    (!begun && variable("HOOK_LATE") != NULL))
		return;
	inside = true;
	n = __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
	p = malloc(100 + n % 3000);
	memset(p, 3, 100 + n % 3000);
	text = strdup("an event");
	large = malloc(90000);
	memset(large, 4, 90000);
	q = calloc(3, 40 + n % 1000);
	expect(all_bytes(q, 3 * (40 + n % 1000), 0));
	p = realloc(p, 4000);
	expect(all_bytes(p, 100 + n % 3000, 3) && malloc_usable_size(p) >= 4000);
	expect(posix_memalign(&aligned, 128, 500) == 0 && (uintptr_t)aligned % 128 == 0);
	keep(n);
	free(text);
	free(p);
	free(aligned);
	free(large);
	free(q);
	inside = false;
}

void hooks_begin(void)
{
	begun = true;
}

unsigned long hooks_calls(void)
{
	return __atomic_load_n(&calls, __ATOMIC_RELAXED);
}

/* All that was kept holds what it held, can grow, and can be freed. */
unsigned hooks_wrong(void)
{
	unsigned count = kept_count < KEPT ? kept_count : KEPT;

	inside = true;
	for (unsigned i = 0; i < count; i++) {
		unsigned char *p = kept[i].block;
		size_t size = kept[i].size;

		expect(malloc_usable_size(p) >= size && all_bytes(p, size, (int)(i & 127)));
		if (i % 2 == 0) {
			p = realloc(p, size + 3000);
			expect(p != NULL && all_bytes(p, size, (int)(i & 127)));
		}
		free(p);
	}
	kept_count = 0;
	inside = false;
	return wrong;
}

/* One hook: `next` is libc's function, or another library's behind this one. */
#define HOOK(result, name, parameters, arguments)                  \
	EXPORT result name parameters                              \
	{                                                          \
		static result(*next) parameters;                   \
                                                                   \
		allocate(#name);                                   \
		if (next == NULL)                                  \
			*(void **)&next = dlsym(RTLD_NEXT, #name); \
		return next arguments;                             \
	}
#define EXPORT __attribute__((visibility("default")))

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

HOOK(void *, mmap, (void *a, size_t l, int p, int f, int d, off_t o), (a, l, p, f, d, o))
HOOK(int, munmap, (void *a, size_t l), (a, l))
HOOK(int, madvise, (void *a, size_t l, int v), (a, l, v))
HOOK(int, mprotect, (void *a, size_t l, int p), (a, l, p))
HOOK(int, mincore, (void *a, size_t l, unsigned char *v), (a, l, v))
HOOK(ssize_t, read, (int d, void *b, size_t l), (d, b, l))
HOOK(ssize_t, write, (int d, const void *b, size_t l), (d, b, l))
HOOK(int, close, (int d), (d))
HOOK(int, getrlimit, (__rlimit_resource_t r, struct rlimit *l), (r, l))
HOOK(int, sysinfo, (struct sysinfo * i), (i))
HOOK(unsigned long, getauxval, (unsigned long t), (t))
HOOK(char *, getenv, (const char *n), (n))
HOOK(char *, secure_getenv, (const char *n), (n))
HOOK(long, sysconf, (int n), (n))
HOOK(int, sched_getaffinity, (pid_t p, size_t l, cpu_set_t *s), (p, l, s))
HOOK(int, sched_getcpu, (void), ())
HOOK(int, sched_yield, (void), ())
HOOK(int, clock_gettime, (clockid_t c, struct timespec *t), (c, t))
HOOK(int, nanosleep, (const struct timespec *t, struct timespec *r), (t, r))
HOOK(int, pthread_create, (pthread_t * t, const pthread_attr_t *a, void *(*f)(void *), void *x),
     (t, a, f, x))
HOOK(int, pthread_attr_init, (pthread_attr_t * a), (a))
HOOK(int, pthread_key_create, (pthread_key_t * k, void (*d)(void *)), (k, d))
HOOK(int, pthread_setspecific, (pthread_key_t k, const void *v), (k, v))
HOOK(int, pthread_sigmask, (int h, const sigset_t *s, sigset_t *o), (h, s, o))

/* The ones with arguments that may be there, as many as there can be. */
#define HOOK_MORE(result, name, parameters, arguments)             \
	EXPORT result name parameters                              \
	{                                                          \
		static result (*next)();                           \
		long a[6];                                         \
		va_list list;                                      \
                                                                   \
		va_start(list, first);                             \
		for (unsigned i = 0; i < 6; i++)                   \
			a[i] = va_arg(list, long);                 \
		va_end(list);                                      \
		allocate(#name);                                   \
		if (next == NULL)                                  \
			*(void **)&next = dlsym(RTLD_NEXT, #name); \
		return next arguments;                             \
	}

#pragma GCC diagnostic ignored "-Wstrict-prototypes"
HOOK_MORE(long, syscall, (long first, ...), (first, a[0], a[1], a[2], a[3], a[4], a[5]))
HOOK_MORE(int, prctl, (int first, ...), (first, a[0], a[1], a[2], a[3]))
HOOK_MORE(int, open, (const char *path, int first, ...), (path, first, a[0]))
HOOK_MORE(int, openat, (int folder, const char *path, int first, ...),
	  (folder, path, first, a[0]))
HOOK_MORE(void *, mremap, (void *p, size_t l, size_t m, int first, ...), (p, l, m, first, a[0]))

/* Of dlsym itself: libc's is found by its version, one of these.  Whoever asks that one for the
 * next of a name by way of this one gets what lies behind this library. */
#ifdef __GLIBC__
EXPORT void *dlsym(void *restrict handle, const char *restrict name)
{
	static const char *const versions[] = {"GLIBC_2.34", "GLIBC_2.27", "GLIBC_2.17",
					       "GLIBC_2.2.5"};
	static void *(*next)(void *, const char *);
	void *found;

	allocate("dlsym");
	for (unsigned i = 0; next == NULL && i < sizeof(versions) / sizeof(versions[0]); i++)
		*(void **)&next = dlvsym(RTLD_NEXT, "dlsym", versions[i]);
	found = next(handle, name);
	__asm__ __volatile__("" : "+r"(found)); /* no jump: libc's goes by who calls it */
	return found;
}
#endif
