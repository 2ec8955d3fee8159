/* The slow paths of malloc, calloc and free. */
#include "api/front.h"

#include "api/boot.h"
#include "api/bounds.h"
#include "api/conf.h"
#include "api/misuse.h"
#include "api/object.h"
#include "cache/reclaim.h"
#include "cache/tcache.h"
#include "os/os.h"
#include "page/large.h"
#include "page/purge.h"
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
	p = growing ? ash_large_alloc_growing(size) : ash_large_alloc(size, align, zeroed);
	/* What no machine could give is no reason to empty every cache. */
	if (ASH_UNLIKELY(p == NULL) && size <= ash_os_memory_bytes()) {
		if (ash_reclaim_all())
			p = ash_large_alloc(size, align, zeroed);
		if (p == NULL && ash_bounds_tell_hard())
			p = ash_large_alloc(size, align, zeroed);
	}
	if (p != NULL)
		ash_reclaim_grown();
	ash_bounds_tell();
	errno = p != NULL ? saved : ENOMEM; /* whatever the kernel refused on the way */
	return p;
}

void *ash_malloc_slow(size_t size)
{
	int saved = errno;
	unsigned class;
	void **top, *p;

	if (ASH_UNLIKELY(!ash_boot() || too_large(size)))
		return no_memory();
	if (size > ASH_SMALL_MAX)
		return ash_malloc_large(size, ASH_SMALL_STEP, NULL, false);
	class = ash_class_of(size + (size == 0));
	top = ash_tls.top[class];
	if (*top != NULL) { /* size 0 */
		p = *top;
		ASH_COMPILER_FENCE();
		ash_tls.top[class] = top - 1;
		return p;
	}
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
static void free_far(void *p)
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
		if (ash_large_free_run(object.run)) {
			ash_tcache_tick(false);
			ash_reclaim_notice(false);
			return;
		}
		object.kind = ASH_OBJECT_FREED;
		break;
	case ASH_OBJECT_MAPPING:
		if (ash_far_remove(p, &object.far)) {
			ash_large_free_mapping(&object.far);
			ash_tcache_tick(false);
			ash_reclaim_notice(false);
			return;
		}
		object.kind = ASH_OBJECT_FREED;
		break;
	default:
		break;
	}
	ash_misuse_pointer("free", p, &object);
}

/* Whether p may go into the magazine at hand: the start of a region that is out, and not one of
 * the last two that the magazine took. */
static bool check_small(void *p, unsigned stack)
{
	struct ash_run *slab = ash_run_of(p);
	void **top = ash_tls.top[stack];

	if (ASH_UNLIKELY(slab == NULL || ash_slab_region_state(slab, p) != ASH_REGION_OUT)) {
		struct ash_object object = ash_object_of(p);

		ash_misuse_pointer("free", p, &object);
		return false;
	}
	if (ASH_UNLIKELY(top[0] == p || top[-1] == p)) {
		ash_misuse_report(&(struct ash_misuse){ASH_MISUSE_DOUBLE_FREE, p,
						       ash_class_size(stack), NULL});
		return false;
	}
	return true;
}

void ash_free_slow(void *p)
{
	uintptr_t unit = ash_window_unit(p);
	int saved = errno;
	unsigned stack;

	if (p == NULL)
		return;
	stack = unit < ash_window_limit ? ash_window_stack(unit) : 0;
	if (stack == 0)
		free_far(p);
	else if (check_small(p, stack))
		ash_tcache_free(ash_stack_class(stack), p);
	if (ASH_UNLIKELY(ash_limits_dirty_exceeded()))
		ash_purge_excess();
	errno = saved;
}
