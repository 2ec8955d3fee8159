/* libplanted.so: the allocator behind it in LD_PRELOAD, with one fault, which the fuzzer must
 * find.
 *
 * ASHLAR_PLANTED names what one call in EVERY suffers: "overlap" (the next block of malloc
 * begins in the middle of this one), "same" (the next block is this one), "content" (a byte of
 * a live block changes), "realloc" (a byte is lost on the way), "misaligned" (malloc's is 8
 * bytes off), "aligned" (aligned_alloc's is aligned to 16 only), "dirty" (calloc's is not
 * zero), "short" (malloc_usable_size says less than was asked for), "long" (it says more than
 * there is), "errno" (free changes it), "refused" (NULL without a reason) or "none". */
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define EVERY 97

EXPORT void *malloc(size_t size);
EXPORT void free(void *p);
EXPORT void *calloc(size_t count, size_t size);
EXPORT void *realloc(void *p, size_t size);
EXPORT void *aligned_alloc(size_t align, size_t size);
EXPORT size_t malloc_usable_size(void *p);

static struct {
	void *(*malloc)(size_t);
	void (*free)(void *);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	size_t (*usable)(void *);
} next;

static const char *fault = "none";
static char early[65536] __attribute__((aligned(16))); /* while dlsym looks for the others */
static size_t early_used;
static unsigned calls;
static char *victim; /* of the last call that the fault struck */
static size_t victim_size;

static void look_up(void)
{
	static int state;

	if (state != 0) /* done, or under way */
		return;
	state = 1;
	*(void **)&next.free = dlsym(RTLD_NEXT, "free");
	*(void **)&next.calloc = dlsym(RTLD_NEXT, "calloc");
	*(void **)&next.realloc = dlsym(RTLD_NEXT, "realloc");
	*(void **)&next.aligned_alloc = dlsym(RTLD_NEXT, "aligned_alloc");
	*(void **)&next.usable = dlsym(RTLD_NEXT, "malloc_usable_size");
	*(void **)&next.malloc = dlsym(RTLD_NEXT, "malloc");
}

__attribute__((constructor)) static void plant(void)
{
	look_up();
	if (getenv("ASHLAR_PLANTED"))
		fault = getenv("ASHLAR_PLANTED");
}

static int strikes(const char *name)
{
	return strcmp(fault, name) == 0 &&
	       __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) % EVERY == 0;
}

/* What the last strike left, once. */
static char *take_victim(void)
{
	return __atomic_exchange_n(&victim, NULL, __ATOMIC_ACQ_REL);
}

static void leave_victim(char *p, size_t size)
{
	victim_size = size;
	__atomic_store_n(&victim, p, __ATOMIC_RELEASE);
}

static void *serve_early(size_t size)
{
	char *p = early + early_used;

	early_used += (size + 15) & ~(size_t)15;
	return early_used <= sizeof(early) ? p : NULL;
}

static int is_early(const void *p)
{
	return (uintptr_t)p - (uintptr_t)early < sizeof(early);
}

void *malloc(size_t size)
{
	char *last;

	look_up();
	if (!next.malloc)
		return serve_early(size);
	if (size > 4096 || size == 0)
		return next.malloc(size);
	last = take_victim();
	if (last && strcmp(fault, "overlap") == 0 && size <= victim_size)
		return last + 16;
	if (last && strcmp(fault, "same") == 0 && size <= victim_size)
		return last;
	if (last && strcmp(fault, "content") == 0)
		last[victim_size / 2] ^= 1;
	if (strikes("overlap") || strikes("same") || strikes("content")) {
		char *p = next.malloc(size + 8192);

		leave_victim(p, size);
		return p;
	}
	if (strikes("misaligned"))
		return (char *)next.malloc(size + 16) + 8;
	return strikes("refused") ? NULL : next.malloc(size);
}

void free(void *p)
{
	if (is_early(p))
		return;
	if (p && victim == p)
		take_victim();
	next.free(p);
	if (strikes("errno"))
		errno = EINTR;
}

void *calloc(size_t count, size_t size)
{
	char *p;

	look_up();
	if (!next.malloc)
		return serve_early(count * size);
	p = next.calloc(count, size);
	if (p && count * size > 0 && strikes("dirty"))
		p[count * size - 1] = 1;
	return p;
}

void *realloc(void *p, size_t size)
{
	char *q;

	look_up();
	if (is_early(p)) {
		q = next.malloc(size);
		return q ? memcpy(q, p, size) : NULL;
	}
	q = next.realloc(p, size);
	if (p && q && size > 0 && strikes("realloc"))
		q[0] ^= 1;
	return q;
}

void *aligned_alloc(size_t align, size_t size)
{
	char *p;

	look_up();
	if (align <= 16 || size > 4096 || !strikes("aligned"))
		return next.aligned_alloc(align, size);
	p = next.aligned_alloc(align, size + 16);
	return p ? p + 16 : p;
}

size_t malloc_usable_size(void *p)
{
	size_t usable = next.usable(p);

	if (p && usable > 16 && strikes("short"))
		return 1;
	/* (Of the same block always: that it changes would be another fault.) */
	return strcmp(fault, "long") == 0 && (uintptr_t)p / 16 % 31 == 1 ? usable + 16 : usable;
}
