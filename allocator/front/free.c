/* The slow paths of free. */
#include "front/front.h"

#include "front/boot.h"
#include "front/misuse.h"
#include "front/object.h"
#include "front/tcache.h"
#include "page/large.h"
#include "page/limits.h"
#include "reclaim/purge.h"
#include "reclaim/rounds.h"
#include "slab/slab.h"

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
			ash_rounds_notice();
			return;
		}
		object.kind = ASH_OBJECT_FREED;
		break;
	case ASH_OBJECT_MAPPING:
		if (ash_far_remove(p, &object.far)) {
			ash_large_free_mapping(&ash_heap, &object.far);
			ash_tcache_tick(false);
			ash_rounds_notice();
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
