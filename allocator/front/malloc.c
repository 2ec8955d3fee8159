/* The slow paths of malloc, calloc and free. */
#include "front/front.h"

#include "front/boot.h"
#include "front/bounds.h"
#include "conf/conf.h"
#include "front/misuse.h"
#include "front/object.h"
#include "reclaim/rounds.h"
#include "front/tcache.h"
#include "os/os.h"
#include "page/large.h"
#include "page/limits.h"
#include "reclaim/purge.h"
#include "slab/slab.h"

static void *no_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

static bool too_large(size_t size)
{
	return size > PTRDIFF_MAX || (ash_conf.max_alloc != 0 && size > ash_conf.max_alloc);
}

void *ash_malloc_large(size_t size, size_t align, bool *zeroed, bool growing)
{
	int saved = errno;
	void *p;

	ash_tcache_tick(true);
	p = growing ? ash_large_alloc_growing(&ash_heap, size)
		    : ash_large_alloc(&ash_heap, size, align, zeroed);
	/* What no machine could give is no reason to empty every cache. */
	if (ASH_UNLIKELY(p == NULL) && size <= ash_os_memory_bytes()) {
		if (ash_rounds_all())
			p = ash_large_alloc(&ash_heap, size, align, zeroed);
		if (p == NULL && ash_bounds_tell_hard())
			p = ash_large_alloc(&ash_heap, size, align, zeroed);
	}
	if (p != NULL)
		ash_rounds_grown();
	ash_bounds_tell();
	errno = p != NULL ? saved : ENOMEM; /* whatever the kernel refused on the way */
	return p;
}

void *ash_malloc_slow(size_t size)
{
	int saved = errno;
	unsigned class;
	void *p;

	if (ASH_UNLIKELY(!ash_boot() || too_large(size)))
		return no_memory();
	if (size > ASH_SMALL_MAX)
		return ash_malloc_large(size, ASH_SMALL_STEP, NULL, false);
	if (ASH_UNLIKELY(size == 0)) /* whose class has no magazine */
		return ash_front_malloc(1);
	class = ash_class_of(size);
	p = ash_tcache_alloc(class);
	if (ASH_UNLIKELY(p == NULL) && ash_bounds_tell_hard())
		p = ash_tcache_alloc(class);
	ash_bounds_tell();
	if (ASH_UNLIKELY(p == NULL))
		return no_memory();
	errno = saved; /* a search for memory may have met refusals */
	return p;
}

void *ash_malloc_growing(size_t size)
{
	return size > ASH_SMALL_MAX && ash_boot() && !too_large(size)
		       ? ash_malloc_large(size, ASH_SMALL_STEP, NULL, true)
		       : ash_front_malloc(size);
}

void *ash_calloc_slow(size_t size)
{
	bool zeroed;
	void *p;

	if (ASH_UNLIKELY(!ash_boot() || too_large(size)))
		return no_memory();
	if (size <= ASH_SMALL_MAX) {
		p = ash_malloc_slow(size);
		return p != NULL ? memset(p, 0, size) : NULL;
	}
	p = ash_malloc_large(size, ASH_SMALL_STEP, &zeroed, false);
	if (p != NULL && !zeroed)
		memset(p, 0, size);
	return p;
}

/* A pointer that no thread cache takes: large, foreign or wrong. */
static ASH_NOINLINE void free_far(void *p)
{
	struct ash_object object;

	if (!ash_boot()) { /* nothing was ever allocated */
		object = (struct ash_object){.why = "it is not memory of this allocator"};
		ash_misuse_pointer("free", p, &object);
		return;
	}
	object = ash_object_of(p);
	switch (object.kind) {
	/* Of two threads that free it at once one finds it gone. */
	case ASH_OBJECT_RUN:
		if (ash_large_free_run(&ash_heap, object.run)) {
			ash_tcache_tick(false);
			ash_rounds_notice(false);
			return;
		}
		object.kind = ASH_OBJECT_FREED;
		break;
	case ASH_OBJECT_MAPPING:
		if (ash_far_remove(p, &object.far)) {
			ash_large_free_mapping(&ash_heap, &object.far);
			ash_tcache_tick(false);
			ash_rounds_notice(false);
			return;
		}
		object.kind = ASH_OBJECT_FREED;
		break;
	default:
		break;
	}
	ash_misuse_pointer("free", p, &object);
}

static ASH_COLD void report_small(void *p)
{
	struct ash_object object = ash_object_of(p);

	ash_misuse_pointer("free", p, &object);
}

static ASH_COLD void report_double(void *p, unsigned stack)
{
	ash_misuse_report(
		&(struct ash_misuse){ASH_MISUSE_DOUBLE_FREE, p, ash_class_size(stack), NULL});
}

/* Whether p may go into the magazine at hand: the start of a region that is out, and not one of
 * the last two that the magazine took. */
ASH_INLINE bool check_small(void *p, unsigned stack)
{
	struct ash_run *slab = ash_run_of(p);
	void **top = ash_tls.top[stack];

	if (ASH_UNLIKELY(slab == NULL || !ash_slab_region_is_out(slab, p))) {
		report_small(p);
		return false;
	}
	if (ASH_UNLIKELY(top[0] == p || top[-1] == p)) {
		report_double(p, stack);
		return false;
	}
	return true;
}

void ash_free_full(void *p, size_t stack)
{
	int saved = errno;

	if (ASH_UNLIKELY(stack == 0))
		free_far(p);
	else if (check_small(p, (unsigned)stack))
		ash_tcache_free((unsigned)stack, p);
	if (ASH_UNLIKELY(ash_limits_dirty_exceeded(&ash_heap)))
		ash_purge_excess(&ash_heap);
	errno = saved;
}

void ash_free_slow(void *p)
{
	uintptr_t unit = ash_window_unit(p);

	if (p != NULL)
		ash_free_full(p, unit < ash_window_limit ? ash_window_stack(unit) : 0);
}
