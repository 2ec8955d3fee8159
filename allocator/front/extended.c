#include "front/extended.h"

#include <stdbool.h>

#include "arena/arena.h"
#include "arena/objects.h"
#include "arena/tcaches.h"
#include "conf/conf.h"
#include "front/apart.h"
#include "front/boot.h"
#include "front/bounds.h"
#include "front/failure.h"
#include "front/front.h"
#include "front/misuse.h"
#include "front/next.h"
#include "front/object.h"
#include "front/tcache.h"
#include "os/os.h"
#include "page/large.h"
#include "util/bits.h"

/* Where an allocation is to come from. */
struct source {
	struct ash_arena *arena; /* NULL = the heap */
	bool heap;               /* the heap also where the thread is bound */
	bool single;             /* past the caches */
	bool is_cache;           /* by way of the explicit one of this number */
	unsigned cache;
};

static size_t align_of(int flags)
{
	size_t align = (size_t)1 << (flags & ASH_FLAG_LG_ALIGN);

	return align < ASH_SMALL_STEP ? ASH_SMALL_STEP : align;
}

/* As another's malloc is asked: 0 where the caller named none. */
static size_t align_for_next(int flags)
{
	return (flags & ASH_FLAG_LG_ALIGN) != 0 ? align_of(flags) : 0;
}

static bool is_too_large(size_t size, size_t align)
{
	return size > PTRDIFF_MAX || align > PTRDIFF_MAX / 2 ||
	       (ash_conf.max_alloc != 0 && size > ash_conf.max_alloc);
}

/* The class of such a request; 0 where it is large. */
static unsigned class_of(size_t size, size_t align)
{
	return size > ASH_SMALL_MAX ? 0 : ash_size_class_aligned(size, align);
}

/* Bytes of a large one, or of the class. */
static size_t usable_of(size_t size, size_t align)
{
	unsigned class = class_of(size, align);

	if (class != 0)
		return ash_class_size(class);
	return align > PTRDIFF_MAX / 2 ? 0 : ash_large_usable(size);
}

static unsigned tcache_bits(int flags)
{
	return (unsigned)flags >> ASH_FLAG_TCACHE_SHIFT & ASH_FLAG_TCACHE_MASK;
}

/* False with EINVAL where flags name an arena or a cache that there is not. */
static bool read_source(int flags, struct source *s)
{
	unsigned tcache = tcache_bits(flags);
	unsigned arena = (unsigned)flags >> ASH_FLAG_ARENA_SHIFT;

	*s = (struct source){
		.single = tcache == 1, .is_cache = tcache > 1, .cache = tcache - 2};
	if (arena == 0) {
		s->arena = ash_arena_mine();
	} else {
		s->arena = ash_arena_at(arena - 1);
		s->heap = s->arena == NULL && arena - 1 < ash_arenas_automatic();
		if (s->arena == NULL && !s->heap) {
			errno = EINVAL;
			return false;
		}
	}
	if (s->is_cache && !ash_tcaches_exists(s->cache)) {
		errno = EINVAL;
		return false;
	}
	if (ash_conf.checks != ASH_CHECKS_DEFAULT && s->is_cache) { /* objects are looked at */
		s->is_cache = false;
		s->single = true;
	}
	return true;
}

/* p, which did not come by a call that looks at it.  `filled` as in ash_apart_taken. */
static void *looked_at(void *p, size_t usable, bool filled)
{
	if (ASH_UNLIKELY(ash_front_is_apart()) && p != NULL)
		ash_apart_taken(p, usable, filled);
	return p;
}

static void *small(const struct source *s, unsigned class)
{
	size_t size = ash_class_size(class);

	if (s->is_cache)
		return looked_at(ash_tcaches_alloc(s->cache, s->arena, class, ash_tcache_fill),
				 size, false);
	if (s->arena != NULL)
		return looked_at(ash_objects_alloc(s->arena, size, ASH_SMALL_STEP, NULL), size,
				 false);
	return s->single ? ash_malloc_single(class) : ash_front_malloc(size);
}

static void *from(const struct source *s, size_t size, size_t align, bool *zeroed)
{
	unsigned class = class_of(size, align);

	if (class != 0)
		return small(s, class);
	return s->arena != NULL ? looked_at(ash_objects_alloc(s->arena, size, align, zeroed),
					    ash_large_usable(size), zeroed != NULL)
				: ash_malloc_large(size, align, zeroed);
}

static void *alloc(const struct source *s, size_t size, int flags)
{
	size_t align = align_of(flags);
	bool zeroed = false, *asked = (flags & ASH_FLAG_ZERO) != 0 ? &zeroed : NULL;
	int saved = errno;
	void *p;

	if (is_too_large(size, align))
		return ash_failure(size);
	ash_hooks_depth += s->heap; /* as what a hook allocates */
	p = from(s, size, align, asked);
	if (p == NULL && (s->arena != NULL || s->is_cache) && ash_bounds_tell_hard())
		p = from(s, size, align, asked);
	ash_hooks_depth -= s->heap;
	if (p == NULL)
		return ash_failure(size);
	if (s->arena != NULL)
		ash_bounds_tell();
	if (asked != NULL && !zeroed)
		ash_large_clear(p, ash_usable_size(p));
	errno = saved;
	return p;
}

void *ash_mallocx(size_t size, int flags)
{
	struct source s;

	if (ASH_LIKELY(flags == 0))
		return ash_front_malloc(size);
	if (ASH_UNLIKELY(!ash_boot())) {
		void *p;

		if (ash_boot_is_away())
			return ash_next_mallocx(size, flags, align_for_next(flags),
						(flags & ASH_FLAG_ZERO) != 0);
		p = ash_boot_alloc(size, align_of(flags));

		return p != NULL && (flags & ASH_FLAG_ZERO) != 0 ? memset(p, 0, size) : p;
	}
	return read_source(flags, &s) ? alloc(&s, size, flags) : NULL;
}

void *ash_mallocx_arena(size_t size, unsigned arena, int flags)
{
	struct source s;

	if (!ash_boot()) {
		errno = ENOMEM;
		return NULL;
	}
	if (!read_source(flags & ((1 << ASH_FLAG_ARENA_SHIFT) - 1), &s))
		return NULL;
	s.arena = ash_arena_at(arena);
	s.heap = s.arena == NULL && arena < ash_arenas_automatic();
	if (!s.heap && s.arena == NULL) {
		errno = EINVAL;
		return NULL;
	}
	return alloc(&s, size, flags);
}

/* The object at p; false where there is none, which was reported, or another's malloc serves.
 */
static bool look(const char *call, const void *p, struct ash_object *object)
{
	if (ASH_UNLIKELY(!ash_boot()) && ash_boot_is_away())
		return false;
	*object = ash_object_of(p);
	if (ASH_LIKELY(object->kind != ASH_OBJECT_NONE && object->kind != ASH_OBJECT_FREED))
		return true;
	ash_misuse_pointer(call, p, object);
	return false;
}

static bool is_large(const struct ash_object *object)
{
	return object->kind == ASH_OBJECT_RUN || object->kind == ASH_OBJECT_MAPPING ||
	       (object->kind == ASH_OBJECT_ARENA && object->class == 0);
}

/* Whether it serves a request for `size` bytes where it lies, changed where need be. */
static bool fits_in_place(void *p, struct ash_object *object, size_t size, size_t align)
{
	if (((uintptr_t)p & (align - 1)) != 0)
		return false;
	if (usable_of(size, align) == object->usable &&
	    is_large(object) == (class_of(size, align) == 0))
		return true;
	if (class_of(size, align) != 0 || !is_large(object))
		return false;
	/* The kinds of large ones are told apart by their size alone. */
	if (object->kind == ASH_OBJECT_RUN
		    ? !ash_large_is_run(size)
		    : object->kind == ASH_OBJECT_MAPPING && ash_large_is_run(size))
		return false;
	return ash_realloc_in_place(p, object, size);
}

static void clear_from(void *p, size_t from)
{
	size_t usable = ash_usable_size(p);

	if (usable > from)
		memset((char *)p + from, 0, usable - from);
}

/* As realloc, a smaller size does not fail where the place is as good as another.  (What is
 * aligned beyond a page would not be where a mapping is resized elsewhere.) */
static void *stay(void *p, struct ash_object *object, size_t size, size_t align)
{
	if (size > object->usable || ((uintptr_t)p & (align - 1)) != 0)
		return NULL;
	return align > ash_os_page ? p : ash_realloc_keep_smaller(p, object, size);
}

void *ash_rallocx(void *p, size_t size, int flags)
{
	size_t align = align_of(flags);
	struct ash_object object;
	struct source s;
	void *q;
	int saved = errno;

	if (p == NULL)
		return ash_mallocx(size, flags);
	if (!look("rallocx", p, &object)) {
		if (ash_boot_is_away())
			return ash_next_rallocx(p, size, flags, align_for_next(flags),
						(flags & ASH_FLAG_ZERO) != 0);
		errno = ENOMEM;
		return NULL;
	}
	if (!read_source(flags, &s))
		return NULL;
	if (is_too_large(size, align))
		return ash_failure(size);
	if (fits_in_place(p, &object, size, align)) {
		if ((flags & ASH_FLAG_ZERO) != 0)
			clear_from(p, object.usable);
		ash_bounds_tell();
		errno = saved;
		return p;
	}
	q = alloc(&s, size, flags & ~ASH_FLAG_ZERO);
	if (q == NULL) {
		q = stay(p, &object, size, align);
		if (q != NULL)
			errno = saved;
		return q;
	}
	memcpy(q, p, size < object.usable ? size : object.usable);
	if ((flags & ASH_FLAG_ZERO) != 0)
		clear_from(q, object.usable);
	ash_dallocx(p, flags);
	errno = saved;
	return q;
}

/* Usable bytes afterwards: as many as `most` has, else at least those of `least`, else as
 * before. */
static size_t resize(void *p, struct ash_object *object, size_t least, size_t most)
{
	size_t now = object->usable, whole = ash_large_usable(most);
	struct ash_object again;

	if (!is_large(object) || now == whole)
		return now;
	if (ash_realloc_in_place(p, object, most))
		return whole;
	whole = ash_large_usable(least);
	if (now >= whole)
		return now;
	again = ash_object_of(p); /* who was asked for too much may have moved a bound */
	return is_large(&again) && ash_realloc_in_place(p, &again, least) ? whole : now;
}

size_t ash_xallocx(void *p, size_t size, size_t extra, int flags)
{
	const size_t largest = ash_align_down(PTRDIFF_MAX, ash_aligned_page());
	struct ash_object object;
	size_t most, usable;

	if (!look("xallocx", p, &object))
		return ash_boot_is_away() ? ash_next_xallocx(p, size, extra, flags) : 0;
	most = extra > SIZE_MAX - size ? SIZE_MAX : size + extra;
	if (most > largest)
		most = largest;
	if (ash_conf.max_alloc != 0 && most > ash_conf.max_alloc)
		most = (size_t)ash_conf.max_alloc;
	if (most <= ASH_SMALL_MAX) /* a large one never becomes small */
		most = ASH_SMALL_MAX + 1;
	usable = resize(p, &object, size < most ? size : most, most);
	if ((flags & ASH_FLAG_ZERO) != 0 && usable > object.usable)
		memset((char *)p + object.usable, 0, usable - object.usable);
	ash_bounds_tell();
	return usable;
}

size_t ash_sallocx(const void *p, int flags)
{
	(void)flags;
	return ash_usable_size(p);
}

void ash_dallocx(void *p, int flags)
{
	unsigned tcache = tcache_bits(flags);

	if (ASH_LIKELY(tcache == 0))
		ash_front_free(p);
	else if (p != NULL && (tcache == 1 || ash_conf.checks != ASH_CHECKS_DEFAULT ||
			       !ash_free_into(tcache - 2, p)))
		ash_free_single(p);
}

void ash_sdallocx(void *p, size_t size, int flags)
{
	ash_misuse_check_size(p, align_of(flags), size);
	if (ash_free_fits(p, size))
		ash_dallocx(p, flags);
}

size_t ash_nallocx(size_t size, int flags)
{
	size_t align = align_of(flags);

	if (ASH_UNLIKELY(!ash_boot()))
		return ash_boot_is_away() && !is_too_large(size, align)
			       ? ash_next_nallocx(size, flags)
			       : 0;
	return is_too_large(size, align) ? 0 : usable_of(size, align);
}

int ash_extended_lookup(const void *p, unsigned *index)
{
	const struct ash_object object = ash_object_of(p);

	if (object.kind == ASH_OBJECT_NONE || object.kind == ASH_OBJECT_FREED)
		return EINVAL;
	if (object.kind != ASH_OBJECT_ARENA || ash_arena_lookup(p, index) != 0)
		*index = 0;
	return 0;
}
