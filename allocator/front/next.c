#include "front/next.h"

#include <errno.h>
#include <string.h>

#include "conf/conf.h"
#include "meta/early.h"
#include "meta/size_class.h"
#include "os/symbols.h"
#include "util/bits.h"

static struct {
	void *(*malloc)(size_t size);
	void *(*calloc)(size_t count, size_t size);
	void *(*realloc)(void *p, size_t size);
	void *(*aligned_alloc)(size_t align, size_t size);
	size_t (*malloc_usable_size)(void *p);
	void (*free)(void *p);
	/* NULL where it has none */
	void *(*mallocx)(size_t size, int flags);
	void *(*rallocx)(void *p, size_t size, int flags);
	size_t (*xallocx)(void *p, size_t size, size_t extra, int flags);
	size_t (*nallocx)(size_t size, int flags);
} next;

const void *ash_next_function(const char *name)
{
	return ash_symbols_next(name, &next);
}

/* Into *function, a pointer to a function of that name's type. */
static bool find(const char *name, void *function)
{
	const void *found = ash_next_function(name);

	memcpy(function, &found, sizeof(found));
	return found != NULL;
}

static bool need(const char *name, void *function)
{
	if (find(name, function))
		return true;
	ash_conf_warn("off:true is not possible here: no library behind this one has %s for it",
		      name);
	return false;
}

bool ash_next_find(void)
{
	if (!need("malloc", &next.malloc) || !need("calloc", &next.calloc) ||
	    !need("realloc", &next.realloc) || !need("aligned_alloc", &next.aligned_alloc) ||
	    !need("malloc_usable_size", &next.malloc_usable_size) || !need("free", &next.free))
		return false;
	find("mallocx", &next.mallocx);
	find("rallocx", &next.rallocx);
	find("xallocx", &next.xallocx);
	find("nallocx", &next.nallocx);
	return true;
}

/* Whether it is a block of the early heap, and how long. */
static bool is_early(const void *p, size_t *usable)
{
	return ash_early_look(p, usable) != ASH_EARLY_NONE;
}

void *ash_next_alloc(size_t size, size_t align)
{
	size_t whole;

	if (align <= sizeof(void *))
		return next.malloc(size);
	/* Some want a multiple, as C11 did. */
	if (__builtin_add_overflow(size, align - 1, &whole)) {
		errno = ENOMEM;
		return NULL;
	}
	return next.aligned_alloc(align, whole & ~(align - 1));
}

void *ash_next_alloc_zeroed(size_t size)
{
	return next.calloc(1, size);
}

/* Into a block of the given size and alignment. */
static void *move(void *p, size_t usable, size_t size, size_t align)
{
	void *q = ash_next_alloc(size, align);

	if (q == NULL)
		return NULL;
	memcpy(q, p, usable < size ? usable : size);
	ash_next_free(p);
	return q;
}

void *ash_next_realloc(void *p, size_t size)
{
	size_t usable;

	return is_early(p, &usable) ? move(p, usable, size, 0) : next.realloc(p, size);
}

void *ash_next_mallocx(size_t size, int flags, size_t align, bool clear)
{
	void *p;

	if (next.mallocx != NULL && size != 0) /* whose answer to 0 is undefined */
		return next.mallocx(size, flags);
	if (clear && align <= sizeof(void *))
		return ash_next_alloc_zeroed(size);
	p = ash_next_alloc(size, align);
	return p != NULL && clear ? memset(p, 0, ash_next_usable(p)) : p;
}

void *ash_next_rallocx(void *p, size_t size, int flags, size_t align, bool clear)
{
	size_t before, now;
	void *q;

	if (next.rallocx != NULL && size != 0 && !is_early(p, &before))
		return next.rallocx(p, size, flags);
	before = ash_next_usable(p);
	q = align <= sizeof(void *) ? ash_next_realloc(p, size) : move(p, before, size, align);

	now = q != NULL && clear ? ash_next_usable(q) : 0;
	if (now > before)
		memset((char *)q + before, 0, now - before);
	return q;
}

size_t ash_next_xallocx(void *p, size_t size, size_t extra, int flags)
{
	size_t usable;

	if (next.xallocx != NULL && !is_early(p, &usable))
		return next.xallocx(p, size, extra, flags);
	return ash_next_usable(p);
}

/* Of what it has not given it does not say how large it would be. */
size_t ash_next_nallocx(size_t size, int flags)
{
	return next.nallocx != NULL ? next.nallocx(size, flags)
				    : ash_align_up(size, ASH_SMALL_STEP);
}

void ash_next_free(void *p)
{
	size_t usable;

	if (is_early(p, &usable))
		ash_early_free(p, false);
	else
		next.free(p);
}

size_t ash_next_usable(const void *p)
{
	size_t usable;

	return is_early(p, &usable) ? usable : next.malloc_usable_size((void *)p);
}
