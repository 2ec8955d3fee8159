/* realloc. */
#include "front/front.h"

#include "arena/objects.h"
#include "cache/larges.h"
#include "front/apart.h"
#include "front/boot.h"
#include "front/bounds.h"
#include "conf/conf.h"
#include "front/failure.h"
#include "front/misuse.h"
#include "front/next.h"
#include "front/object.h"
#include "front/tcache_runs.h"
#include "meta/large_size.h"
#include "reclaim/relief.h"
#include "reclaim/rounds.h"
#include "os/os.h"
#include "page/large.h"
#include "page/limits.h"
#include "page/mapping.h"
#include "slab/slab.h"
#include "util/bits.h"

uint64_t ash_realloc_copied;
uint64_t ash_realloc_zeroed;

static void *realloc_zero(void *p)
{
	ash_add_relaxed(&ash_realloc_zeroed, 1);
	switch (ash_conf.zero_realloc) {
	case ASH_ZERO_REALLOC_ABORT:
		ash_misuse_fatal("realloc(%p, 0) and zero_realloc:abort", p);
		return NULL; /* with p as it was */
	case ASH_ZERO_REALLOC_ALLOC:
		return ash_realloc(p, 1);
	default:
		ash_front_free(p);
		errno = EINVAL; /* POSIX.1-2024 of a realloc that freed and returns NULL */
		return NULL;
	}
}

/* Where the new size is the smaller one the call goes well without memory. */
static ASH_NOINLINE void *malloc_or_not(size_t size)
{
	void *p;

	ash_tls.may_fail = true;
	p = ash_malloc_slow(size);
	ash_tls.may_fail = false;
	return p;
}

/* NULL where there is no memory; errno is then as it was where the object has that size anyway.
 */
static void *move(void *p, size_t old_usable, size_t size)
{
	size_t bytes = size < old_usable ? size : old_usable;
	int saved = errno;
	/* What grows by a share of its size is copied a bounded number of times; room would
	 * cost memory. */
	bool grows = old_usable > ASH_SMALL_MAX && size > old_usable;
	void *q = grows ? ash_malloc_growing(size, size - old_usable < old_usable / 16)
			: ash_front_alloc(size, malloc_or_not);

	if (ASH_UNLIKELY(q == NULL)) {
		if (size > old_usable)
			return ash_failure(size);
		errno = saved;
		return NULL;
	}
	memcpy(q, p, bytes);
	ash_store_relaxed(&ash_realloc_copied, ash_load_relaxed(&ash_realloc_copied) + bytes);
	if (grows)
		ash_free_grown(p);
	else
		ash_front_free(p);
	return q;
}

/* Where the copy would save at most an eighth of the block it is not worth making.  Without
 * safety checks sized frees go by the size alone: the class must be its own. */
static bool stays_small(size_t usable, size_t size)
{
#ifndef ASH_SAFETY_CHECKS
	return size > 0 && size <= usable && ash_class_size(ash_class_of(size)) == usable;
#endif
	return size <= usable && size > 0 &&
	       usable - ash_class_size(ash_class_of(size)) <= usable / 8;
}

/* The same number of OS pages: there is nothing to change. */
static bool stays_large(size_t usable, size_t size)
{
#ifndef ASH_SAFETY_CHECKS
	if (size <= ASH_SMALL_STEP_MAX) /* free_sized would take it for a small object */
		return false;
#endif
	return size <= usable && usable - size < ash_os_page;
}

/* The slab of a small object that is out; NULL for everything else, which takes the full look.
 */
static inline const struct ash_run *small_slab(const void *p)
{
	uintptr_t unit = ash_window_unit(p);
	const struct ash_run *slab;

	if (unit >= ash_window_limit || ash_window_class(unit) == 0 ||
	    ASH_UNLIKELY(ash_conf.checks == ASH_CHECKS_ON))
		return NULL;
	slab = ash_run_of(p);
	return slab != NULL && ash_slab_region_state(slab, p) == ASH_REGION_OUT ? slab : NULL;
}

/* Under a hard limit with what it is short of given back: that may be less than a copy would
 * take. */
static void *resize_mapping(void *p, struct ash_far *entry, size_t size)
{
	struct ash_relief relief = {.bytes = size > entry->usable ? size - entry->usable : 0};
	void *q;

	do {
		if (!ash_far_detach(p, entry)) /* freed by another thread, which is a mistake */
			return NULL;
		q = ash_mapping_resize(&ash_heap, entry, size);
	} while (q == NULL && ash_load_relaxed(&ash_heap.limits.hard) != ASH_NO_LIMIT &&
		 ash_relief_again(&relief));
	return q;
}

/* It took the place of itself.  (Arenas count for themselves.) */
static void count_resized(void *p, const struct ash_object *object)
{
	bool in_heap = object->kind != ASH_OBJECT_ARENA, apart = ash_front_is_apart();
	size_t usable;

	if (!in_heap && ASH_LIKELY(!apart))
		return;
	usable = object->kind == ASH_OBJECT_RUN ? ash_load_relaxed(&object->run->size)
						: ash_usable_size(p);
	if (ASH_UNLIKELY(apart))
		ash_apart_resized(p, object->usable, usable);
	if (in_heap && ash_large_size_above(usable) != ash_large_size_above(object->usable)) {
		ash_larges_count(false, object->usable);
		ash_larges_count(true, usable);
	}
}

/* A smaller size where there is no memory to move to: the object stays, for programs count on
 * it that this cannot fail, and what it need not hold goes back as far as its kind allows.
 * (Without safety checks, free_sized with a small size would then be wrong.) */
ASH_COLD void *ash_realloc_keep_smaller(void *p, struct ash_object *object, size_t size)
{
	int saved = errno;
	void *q = NULL;

	if (object->kind == ASH_OBJECT_RUN)
		ash_large_resize_run(&ash_heap, object->run, size);
	else if (object->kind == ASH_OBJECT_MAPPING)
		q = resize_mapping(p, &object->far, size);
	count_resized(q != NULL ? q : p, object);
	errno = saved;
	return q != NULL ? q : p;
}

/* As resize_mapping; where it is not the limit that refuses, somebody lies behind the run: one
 * that this thread keeps makes way. */
static bool resize_run(struct ash_run *run, size_t usable, size_t size)
{
	struct ash_relief relief = {
		.bytes = size > usable ? ash_align_up(size - usable, ASH_GRANULE) : 0};

	while (!ash_large_resize_run(&ash_heap, run, size)) {
		if (!ash_large_is_run(size))
			return false;
		if (!ash_tcache_runs_flush() &&
		    (ash_limits_room(&ash_heap) >= relief.bytes || !ash_relief_again(&relief)))
			return false;
	}
	return true;
}

/* As resize_mapping, but it stays where it is. */
static bool extend_mapping(void *p, struct ash_far *entry, size_t size)
{
	struct ash_relief relief = {.bytes = size > entry->usable ? size - entry->usable : 0};

	do {
		if (!ash_far_detach(p, entry))
			return false;
		if (ash_mapping_resize_in_place(&ash_heap, entry, size))
			return true;
	} while (ash_load_relaxed(&ash_heap.limits.hard) != ASH_NO_LIMIT &&
		 ash_relief_again(&relief));
	return false;
}

bool ash_realloc_in_place(void *p, struct ash_object *object, size_t size)
{
	int saved = errno;
	bool done = false;

	switch (object->kind) {
	case ASH_OBJECT_RUN:
		done = size > ASH_SMALL_MAX && resize_run(object->run, object->usable, size);
		break;
	case ASH_OBJECT_MAPPING:
		done = size > ASH_SMALL_MAX && extend_mapping(p, &object->far, size);
		break;
	case ASH_OBJECT_ARENA:
		done = object->class == 0 && ash_objects_resize(p, size);
		break;
	default:
		break;
	}
	if (done)
		count_resized(p, object);
	errno = saved;
	return done;
}

void *ash_realloc(void *p, size_t size)
{
	const struct ash_run *slab;
	struct ash_object object;
	void *q;
	int saved;

	if (p == NULL)
		return ash_front_malloc(size);
	slab = small_slab(p);
	if (ASH_LIKELY(slab != NULL && size <= ASH_SMALL_MAX && size > 0 &&
		       (ash_conf.max_alloc == 0 || size <= ash_conf.max_alloc))) {
		size_t usable = slab->size;

		if (stays_small(usable, size))
			return p;
		q = move(p, usable, size);
		return ASH_LIKELY(q != NULL) || size > usable ? q : p;
	}
	/* (Where it fails p can only be another's, of the early heap, or wrong.) */
	if (ASH_UNLIKELY(!ash_boot()) && ash_boot_is_away())
		return ash_next_realloc(p, size);
	if (size > PTRDIFF_MAX || (ash_conf.max_alloc != 0 && size > ash_conf.max_alloc))
		return ash_failure(size);
	saved = errno;
	object = ash_object_of(p);
	if (ASH_UNLIKELY(object.kind == ASH_OBJECT_NONE || object.kind == ASH_OBJECT_FREED)) {
		ash_misuse_pointer("realloc", p, &object);
		errno = ENOMEM;
		return NULL;
	}
	if (size == 0)
		return realloc_zero(p);
	switch (object.kind) {
	case ASH_OBJECT_SMALL:
		if (stays_small(object.usable, size))
			return p;
		break;
	case ASH_OBJECT_EARLY:
		if (size <= object.usable)
			return p;
		break;
	case ASH_OBJECT_ARENA:
		if (object.class != 0 ? stays_small(object.usable, size)
				      : stays_large(object.usable, size))
			return p;
		if (size > ASH_SMALL_MAX && ash_realloc_in_place(p, &object, size))
			return p;
		break;
	case ASH_OBJECT_RUN:
		/* (Small ones in a run are aligned beyond what slabs offer.) */
		if (stays_large(object.usable, size))
			return p;
		if (size > ASH_SMALL_MAX && resize_run(object.run, object.usable, size)) {
			count_resized(p, &object);
			errno = saved; /* room for it may have been made, with refusals */
			return p;
		}
		break;
	default:
		if (stays_large(object.usable, size))
			return p;
		if (!ash_large_is_run(size)) {
			q = resize_mapping(p, &object.far, size);
			if (q != NULL) {
				count_resized(q, &object);
				ash_bounds_tell();
				errno = saved;
				return q;
			}
		}
	}
	errno = saved; /* what was refused on the way may yet succeed */
	q = move(p, object.usable, size);
	return ASH_LIKELY(q != NULL) || size > object.usable
		       ? q
		       : ash_realloc_keep_smaller(p, &object, size);
}
