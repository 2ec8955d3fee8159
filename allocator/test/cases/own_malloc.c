/* A malloc of somebody else's that has the basic calls and no others, with a header before each
 * block.  Whoever gives it a block without one, or takes one of its blocks for another's, is
 * told of.
 *
 * As a program (PROGRAM) it calls the forms that it does not define; with ALIGNED it has the
 * aligned calls, too.  As a library it passes on to the next malloc and lies in front of it in
 * LD_PRELOAD: every call that ends in another's must come by here. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MARK 0x6d696e65u

struct header {
	void *start; /* what memory it lies in */
	unsigned size, mark;
};

static void stranger(const char *call)
{
	static const char text[] = "a stranger's block came to ";

	(void)!write(STDOUT_FILENO, text, sizeof(text) - 1);
	(void)!write(STDOUT_FILENO, call, strlen(call));
	(void)!write(STDOUT_FILENO, "\n", 1);
	_exit(1);
}

static struct header *header_of(void *p, const char *call)
{
	struct header *h = (struct header *)p - 1;

	if (h->mark != MARK)
		stranger(call);
	return h;
}

static unsigned long given, taken;

static void *dress(void *start, size_t align, size_t size)
{
	struct header *h;

	if (start == NULL)
		return NULL;
	h = (struct header *)(((uintptr_t)start + sizeof(*h) + align - 1) / align * align) - 1;
	*h = (struct header){start, (unsigned)size, MARK};
	__atomic_fetch_add(&given, 1, __ATOMIC_RELAXED);
	return h + 1;
}

#ifdef PROGRAM
static char arena[64 << 20] __attribute__((aligned(4096)));

/* Nothing is used twice. */
static void *below_malloc(size_t size)
{
	static size_t used;
	size_t at = __atomic_fetch_add(&used, (size + 15) / 16 * 16, __ATOMIC_RELAXED);

	return size < sizeof(arena) && at < sizeof(arena) - size ? arena + at : NULL;
}

static void below_free(void *p)
{
	(void)p;
}
#else
#define ALIGNED
static char early[1 << 16] __attribute__((aligned(16)));

/* dlsym may allocate before we know where from. */
static void *below_malloc(size_t size)
{
	static void *(*next)(size_t);
	static size_t used;
	static __thread int inside;

	if (next == NULL && !inside) {
		inside = 1;
		next = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
		inside = 0;
	}
	if (next != NULL)
		return next(size);
	used += (size + 15) / 16 * 16;
	return used <= sizeof(early) ? early + used - (size + 15) / 16 * 16 : NULL;
}

static void below_free(void *p)
{
	static void (*next)(void *);

	if ((char *)p >= early && (char *)p < early + sizeof(early))
		return;
	if (next == NULL)
		next = (void (*)(void *))dlsym(RTLD_NEXT, "free");
	next(p);
}
#endif

void *malloc(size_t size)
{
	if (size > PTRDIFF_MAX) {
		errno = ENOMEM;
		return NULL;
	}
	return dress(below_malloc(size + sizeof(struct header)), 16, size);
}

void free(void *p)
{
	struct header *h;

	if (p == NULL)
		return;
	h = header_of(p, "free");
	h->mark = 0;
	__atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
	below_free(h->start);
}

void *calloc(size_t count, size_t size)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	p = malloc(bytes);
	return p != NULL ? memset(p, 0, bytes) : NULL;
}

void *realloc(void *p, size_t size)
{
	size_t before = p != NULL ? header_of(p, "realloc")->size : 0;
	void *q = malloc(size);

	if (q == NULL || p == NULL)
		return q;
	memcpy(q, p, before < size ? before : size);
	free(p);
	return q;
}

size_t malloc_usable_size(void *p)
{
	return p != NULL ? header_of(p, "malloc_usable_size")->size : 0;
}

#ifdef ALIGNED
void *memalign(size_t align, size_t size)
{
	if (align < 16)
		align = 16;
	if (size > PTRDIFF_MAX || align > PTRDIFF_MAX / 4) {
		errno = ENOMEM;
		return NULL;
	}
	return dress(below_malloc(size + align + sizeof(struct header)), align, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	if (align == 0 || (align & (align - 1)) != 0) {
		errno = EINVAL;
		return NULL;
	}
	return memalign(align, size);
}

int posix_memalign(void **out, size_t align, size_t size)
{
	if (align % sizeof(void *) != 0 || align == 0 || (align & (align - 1)) != 0)
		return EINVAL;
	*out = memalign(align, size);
	return *out != NULL ? 0 : ENOMEM;
}
#endif

#ifdef PROGRAM
void *pvalloc(size_t size);
void *valloc(size_t size);

/* What not every libc has. */
static void (*sized)(void *, size_t);
static void (*aligned_sized)(void *, size_t, size_t);

static void *work(void *argument)
{
	for (size_t n = 0; n < 3000; n += n / 3 + 1) {
		int *p = reallocarray(NULL, n + 1, sizeof(*p));
		char *text = strdup("libc's own call"), *made;

		p = reallocarray(p, 2 * n + 1, sizeof(*p));
		memset(p, 1, (2 * n + 1) * sizeof(*p));
		if (sized != NULL)
			sized(p, (2 * n + 1) * sizeof(*p));
		else
			free(p);
		if (asprintf(&made, "%zu %s", n, text) < 0)
			made = NULL;
		text = reallocarray(text, 100, 1);
		free(text);
		free(made);
		if (aligned_sized != NULL)
			aligned_sized(malloc(n), 16, n);
#ifdef ALIGNED
		free(valloc(n));
		free(pvalloc(n));
#endif
	}
	return argument;
}

int main(void)
{
	pthread_t thread[3];

	sized = (void (*)(void *, size_t))dlsym(RTLD_DEFAULT, "free_sized");
	aligned_sized =
		(void (*)(void *, size_t, size_t))dlsym(RTLD_DEFAULT, "free_aligned_sized");
	work(NULL);
	for (unsigned i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, work, NULL);
	for (unsigned i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	printf("%s\n", taken > 100 ? "all came home" : "too few came home");
	return taken > 100 ? 0 : 1;
}
#endif
