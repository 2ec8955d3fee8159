/* The slow paths of free. */
#include "front/front.h"

#include "arena/objects.h"
#include "arena/tcaches.h"
#include "cache/handed.h"
#include "cache/larges.h"
#include "conf/conf.h"
#include "front/apart.h"
#include "front/boot.h"
#include "front/misuse.h"
#include "front/next.h"
#include "front/object.h"
#include "front/tcache.h"
#include "front/tcache_runs.h"
#include "front/tcache_tick.h"
#include "meta/early.h"
#include "page/large.h"
#include "page/limits.h"
#include "page/mapping_cache.h"
#include "reclaim/purge.h"
#include "reclaim/rounds.h"
#include "slab/slab.h"
#include "meta/window.h"

/* p, still the program's, and nobody else's to free. */
ASH_INLINE void given(void *p, size_t usable)
{
	if (ASH_UNLIKELY(ash_front_is_apart()))
		ash_apart_given(p, usable);
}

/* A mapping that goes back to the kernel at once is not filled before. */
static void given_mapping(void *p, const struct ash_far *entry)
{
	if (ash_mapping_cache_fits(&ash_heap, entry->mapped))
		ash_apart_given(p, entry->usable);
	else
		ash_thread_count_given(entry->usable);
}

/* False where none of an arena's that is out begins there. */
static bool free_of_arena(void *p)
{
	struct ash_arena_object o;

	if (ASH_UNLIKELY(ash_front_is_apart())) {
		o = ash_objects_look(p);
		if (o.place == ASH_PLACE_OUT)
			ash_apart_given(p, o.usable);
	}
	return ash_objects_free(p);
}

/* A pointer that no thread cache takes: large, foreign or wrong. */
static ASH_NOINLINE void free_far(void *p)
{
	struct ash_object object;

	if (ASH_UNLIKELY(!ash_boot()) && ash_boot_is_away()) {
		ash_next_free(p);
		return;
	}
	/* Of an arena, before the full look: where none is live there, that one tells why. */
	if (ash_map_at(p) != NULL && free_of_arena(p)) {
		ash_tcache_tick(false);
		return;
	}
	object = ash_object_of(p);
	switch (object.kind) {
	/* Of two threads that free it at once one finds it gone. */
	case ASH_OBJECT_RUN:
		given(p, object.usable);
		if (ash_large_free_run(&ash_heap, object.run)) {
			ash_larges_count(false, object.usable);
			ash_tcache_tick(false);
			ash_rounds_notice();
			return;
		}
		object.kind = ASH_OBJECT_FREED;
		break;
	case ASH_OBJECT_MAPPING:
		if (ash_far_remove(p, &object.far)) {
			if (ASH_UNLIKELY(ash_front_is_apart()))
				given_mapping(p, &object.far);
			ash_large_free_mapping(&ash_heap, &object.far);
			ash_larges_count(false, object.usable);
			ash_tcache_tick(false);
			ash_rounds_notice();
			return;
		}
		object.kind = ASH_OBJECT_FREED;
		break;
	case ASH_OBJECT_ARENA: /* another thread has got it by now */
		object.kind = ASH_OBJECT_FREED;
		break;
	case ASH_OBJECT_EARLY:
		if (ash_early_free(p, ash_boot_is_mine()))
			return;
		object.kind = ASH_OBJECT_FREED;
		break;
	default:
		break;
	}
	ash_misuse_pointer("free", p, &object);
}

void ash_free_grown(void *p)
{
	int saved = errno;

	free_far(p);
	if (ASH_UNLIKELY(ash_limits_dirty_exceeded(&ash_heap)))
		ash_purge_excess(&ash_heap);
	errno = saved;
}

static ASH_COLD void report_small(void *p)
{
	struct ash_object object = ash_object_of(p);

	if (object.kind == ASH_OBJECT_SMALL) /* another thread has got it by now */
		object.kind = ASH_OBJECT_FREED;
	ash_misuse_pointer("free", p, &object);
}

static ASH_COLD void report_double(void *p, unsigned class)
{
	ash_misuse_report(
		&(struct ash_misuse){ASH_MISUSE_DOUBLE_FREE, p, ash_class_size(class), NULL});
}

/* Whether p may go into the magazine at hand: the start of a region that is out, and not one of
 * the last two that the magazine took. */
ASH_INLINE bool check_small(const struct ash_run *slab, void *p, unsigned class)
{
	void **top = ash_tls.top[class];

	if (ASH_UNLIKELY(slab == NULL || !ash_slab_region_is_out(slab, p))) {
		report_small(p);
		return false;
	}
	if (ASH_UNLIKELY(top[0] == p || top[-1] == p)) {
		report_double(p, class);
		return false;
	}
	return true;
}

/* Whether it is none of the last two that the magazine took of a thread that is apart. */
static bool is_no_double(void *p, unsigned class)
{
	void **top = ash_tls.thread != NULL ? ash_tls.thread->top[class] : ASH_STATIC_TOP;

	if (ASH_LIKELY(top[0] != p && top[-1] != p))
		return true;
	report_double(p, class);
	return false;
}

/* Under `checks:on`: false where the ordinary way is to be taken. */
static bool free_checked(void *p, unsigned class)
{
	if (ASH_LIKELY(ash_handed_take_back(p))) {
		ash_apart_given(p, ash_class_size(class));
		return ash_tcache_push(class, p);
	}
	if (ash_handed_state(p) == ASH_HANDED_UNKNOWN) {
		ash_thread_count_given(ash_class_size(class));
		return false;
	}
	report_small(p);
	return true;
}

/* The same by a thread that is apart: what the fast path would do. */
static bool free_apart(void *p, unsigned class)
{
	if (ash_conf.checks == ASH_CHECKS_ON)
		return free_checked(p, class);
	if (!check_small(ash_run_of(p), p, class) || !is_no_double(p, class))
		return true;
	ash_apart_given(p, ash_class_size(class));
	if (!ash_tcache_push(class, p))
		ash_tcache_free(class, p);
	return true;
}

/* What comes after a free of a large run, by a thread that did not look at it. */
static void freed_run(size_t usable)
{
	ash_larges_count(false, usable);
	ash_tcache_tick(false);
	ash_rounds_notice();
	if (ASH_UNLIKELY(ash_limits_dirty_exceeded(&ash_heap)))
		ash_purge_excess(&ash_heap);
}

/* It is marked as waiting, and not kept. */
static ASH_NOINLINE void free_waiting(struct ash_run *run)
{
	size_t usable = run->size;
	int saved = errno;

	if (!ash_tcache_runs_keep_or_learn(run)) {
		ash_run_free_waiting(&ash_heap, run);
		freed_run(usable);
	}
	errno = saved;
}

static ASH_NOINLINE void free_large_slow(void *p)
{
	struct ash_runs *runs = ash_tls.runs;
	/* (What is looked at is looked at as a whole; an arena's extent may begin where a run
	 * does.) */
	struct ash_run *run = ASH_UNLIKELY(ash_front_is_apart()) || ash_map_at(p) != NULL
				      ? NULL
				      : ash_large_run_at(p);

	if (run == NULL || !ash_run_begin_waiting(run))
		ash_free_grown(p);
	else if (runs == NULL || ash_limits_dirty_exceeded(&ash_heap) ||
		 !ash_tcache_runs_keep(runs, run))
		free_waiting(run);
}

/* What is frequent, without a call: a run of the window, for the thread's cache. */
ASH_INLINE void free_large(void *p)
{
	struct ash_runs *runs = ash_tls.runs;
	struct ash_hugeblock *block;
	struct ash_run *run;

	ash_assert(ash_window_holds(p));
	if (ASH_UNLIKELY(runs == NULL || (uintptr_t)p % ASH_GRANULE != 0 ||
			 ash_load_relaxed(&ash_heap.limits.wary) != 0))
		goto slow;
	block = ash_load_acquire(
		&ash_window.blocks[((uintptr_t)p - ash_window_base) >> ASH_HUGE_SHIFT]);
	if (ASH_UNLIKELY(block == NULL))
		goto slow;
	run = ash_block_run_beginning(block, p);
	/* (Or the compiler reckons each field's address anew.) */
	__asm__("" : "+r"(run));
	if (ASH_UNLIKELY(!ash_run_begin_waiting(run)))
		goto slow;
	if (ASH_UNLIKELY(!ash_tcache_runs_keep(runs, run)))
		free_waiting(run);
	return;
slow:
	free_large_slow(p);
}

static ASH_NOINLINE void free_small(void *p, unsigned class)
{
	int saved = errno;

	if (ASH_UNLIKELY(ash_front_is_apart()) && free_apart(p, class))
		;
	else if (check_small(ash_run_of(p), p, class))
		ash_tcache_free(class, p);
	if (ASH_UNLIKELY(ash_limits_dirty_exceeded(&ash_heap)))
		ash_purge_excess(&ash_heap);
	errno = saved;
}

/* In tail calls, so that neither saves registers for the other. */
void ash_free_full(void *p, size_t class)
{
	if (ASH_LIKELY(class == 0))
		free_large(p);
	else
		free_small(p, (unsigned)class);
}

void ash_free_full_sized(void *p, size_t size, size_t class)
{
	if (ASH_UNLIKELY(class != 0))
		free_small(p, (unsigned)class);
	else if (ash_free_fits(p, size))
		free_large(p);
}

/* Any size up to the usable one may be right: an alignment makes small ones large, and who
 * shrinks an object may leave it where it is. */
bool ash_free_fits_large(void *p, size_t size)
{
#ifdef ASH_SAFETY_CHECKS
	const struct ash_run *run = ash_run_of(p);
	struct ash_object object;

	if (ash_window_forms == 0) /* free may be another's, and who knows what p is to that */
		return true;
	if (run != NULL) {
		uint32_t state = ash_load_relaxed(&run->state);

		if (state == ASH_RUN_SLAB ||
		    (state == ASH_RUN_LARGE && size <= run->size && ash_run_address(run) == p))
			return true;
	}
	object = ash_object_of(p);
	if (size <= object.usable ||
	    !(object.kind == ASH_OBJECT_RUN || object.kind == ASH_OBJECT_MAPPING ||
	      (object.kind == ASH_OBJECT_ARENA && object.class == 0)))
		return true; /* or free tells what is wrong */
	ash_misuse_report(&(struct ash_misuse){ASH_MISUSE_INVALID_FREE, p, 0,
					       "it is smaller than the size that was said"});
	return false;
#else
	(void)p;
	(void)size;
	return true;
#endif
}

/* The slab of a small object of the annex; NULL for all else. */
ASH_INLINE struct ash_run *annex_slab(const void *p)
{
	struct ash_hugeblock **entry = ash_annex_entry((uintptr_t)p), *block;
	struct ash_run *run;

	if (ASH_LIKELY(entry == NULL))
		return NULL;
	block = ash_load_acquire(entry);
	if (block == NULL)
		return NULL;
	run = ash_block_run(block, p);
	return run != NULL && ash_load_relaxed(&run->state) == ASH_RUN_SLAB ? run : NULL;
}

/* What the fast path does for objects of the window, with all that can be checked. */
static void free_annex(struct ash_run *slab, void *p)
{
	unsigned class = slab->class;
	void **top = ash_tls.top[class];

	if (ASH_UNLIKELY(ash_top_is_full(top))) {
		free_small(p, class);
	} else if (check_small(slab, p, class)) {
		top[1] = p;
		ASH_COMPILER_FENCE(); /* as in ash_front_push_by */
		ash_tls.top[class] = top + 1;
	}
}

void ash_free_slow(void *p)
{
	uintptr_t unit = ash_window_unit(p);
	struct ash_run *slab;

	if (p == NULL)
		return;
	if (unit < ash_window_limit) {
		ash_free_full(p, ash_window_class(unit));
		return;
	}
	slab = annex_slab(p);
	if (ASH_UNLIKELY(slab != NULL))
		free_annex(slab, p);
	else
		free_large_slow(p);
}

/* The slab that p lies in, wherever; NULL for all that is no small object of the heap. */
static struct ash_run *slab_of(const void *p)
{
	uintptr_t unit = ash_window_unit(p);

	if (unit >= ash_window_limit)
		return annex_slab(p);
	return ash_window_class(unit) != 0 ? ash_run_of(p) : NULL;
}

/* A small object of the heap that may be given back past the magazines; else NULL. */
static struct ash_run *single_slab(const void *p)
{
	struct ash_run *slab;

	if (ash_conf.checks == ASH_CHECKS_ON)
		return NULL;
	slab = slab_of(p);
	return slab != NULL && ash_slab_region_is_out(slab, p) ? slab : NULL;
}

void ash_free_single(void *p)
{
	struct ash_run *slab = single_slab(p);
	int saved = errno;

	if (slab == NULL) { /* and what is wrong is told there */
		ash_front_free(p);
		return;
	}
	given(p, ash_class_size(slab->class));
	ash_tcache_free_single(slab->class, p);
	if (ASH_UNLIKELY(ash_limits_dirty_exceeded(&ash_heap)))
		ash_purge_excess(&ash_heap);
	errno = saved;
}

bool ash_free_into(unsigned id, void *p)
{
	struct ash_arena_object o;
	struct ash_run *slab;
	unsigned class = 0;
	bool taken = false;
	int saved = errno;

	o = ash_objects_look(p);
	if (o.place == ASH_PLACE_OUT) {
		class = o.class;
	} else if (o.place == ASH_PLACE_NONE) {
		slab = single_slab(p);
		class = slab != NULL ? slab->class : 0;
	}
	if (class != 0) {
		/* (Before, for another thread may have it the moment it is there.) */
		ash_apart_fill_given(p, ash_class_size(class));
		taken = ash_tcaches_free(id, o.place == ASH_PLACE_OUT ? o.arena : NULL, class,
					 p);
	}
	if (taken)
		ash_thread_count_given(ash_class_size(class));
	errno = saved;
	return taken;
}
