/* The slow paths of malloc and calloc. */
#include "front/front.h"

#include "arena/objects.h"
#include "front/apart.h"
#include "front/boot.h"
#include "front/bounds.h"
#include "front/failure.h"
#include "cache/handed.h"
#include "cache/larges.h"
#include "conf/conf.h"
#include "reclaim/relief.h"
#include "reclaim/rounds.h"
#include "front/tcache.h"
#include "front/tcache_runs.h"
#include "front/tcache_tick.h"
#include "os/os.h"
#include "page/large.h"
#include "util/assert.h"
#include "util/bits.h"

static bool too_large(size_t size)
{
	return size > PTRDIFF_MAX || (ash_conf.max_alloc != 0 && size > ash_conf.max_alloc);
}

/* p where it is not NULL, else with what it is short of given back. */
static void *or_again(void *p, size_t size, size_t align, bool *zeroed)
{
	struct ash_relief relief = {.bytes = size + (align > ash_os_page ? align : 0)};

	while (p == NULL && ash_relief_again(&relief))
		p = ash_large_alloc(&ash_heap, size, align, zeroed);
	return p;
}

static ASH_NOINLINE void *alloc_large(size_t size, size_t align, bool *zeroed, bool growing)
{
	struct ash_arena *arena;
	int saved = errno;
	size_t usable;
	void *p;

	ash_tcache_tick(true);
	arena = ash_arena_mine();
	if (ASH_UNLIKELY(arena != NULL)) {
		p = ash_objects_alloc(arena, size, align, zeroed);
		if (p == NULL && ash_bounds_tell_hard())
			p = ash_objects_alloc(arena, size, align, zeroed);
		ash_bounds_tell();
		return ASH_LIKELY(p != NULL) ? p : ash_failure(size);
	}
	p = growing ? ash_large_alloc_growing(&ash_heap, size)
		    : ash_large_alloc(&ash_heap, size, align, zeroed);
	if (ASH_UNLIKELY(p == NULL)) {
		p = or_again(NULL, size, align, zeroed);
		if (p == NULL && ash_bounds_tell_hard())
			p = or_again(ash_large_alloc(&ash_heap, size, align, zeroed), size,
				     align, zeroed);
	}
	ash_bounds_tell();
	if (ASH_UNLIKELY(p == NULL))
		return ash_failure(size);
	errno = saved; /* whatever the kernel refused on the way */
	/* (Of pages longer than a granule a run may have less than whole ones.) */
	usable = ASH_LIKELY(ash_os_page <= ASH_GRANULE) ? ash_align_up(size, ash_os_page)
							: ash_usable_size(p);
	ash_larges_count(true, usable);
	return p;
}

/* By a thread whose objects are looked at.  Who asks whether it is cleared clears it by
 * himself. */
static ASH_NOINLINE void *alloc_large_apart(size_t size, size_t align, bool *zeroed,
					    bool growing)
{
	bool is_zero = false, *asked = zeroed != NULL ? zeroed : &is_zero;
	void *p = alloc_large(size, align, ash_apart_clears() ? asked : zeroed, growing);

	if (p != NULL)
		ash_apart_taken(p, ash_usable_size(p), zeroed != NULL || is_zero);
	return p;
}

ASH_INLINE void *alloc_large_anew(size_t size, size_t align, bool *zeroed, bool growing)
{
	if (ASH_UNLIKELY(ash_front_is_apart()))
		return alloc_large_apart(size, align, zeroed, growing);
	return alloc_large(size, align, zeroed, growing);
}

/* Whether a run that the thread kept may serve it.  (It keeps none where it is bound, nor where
 * max_alloc might be less; objects that are looked at are none of these.) */
ASH_INLINE bool may_be_kept(size_t size, size_t align)
{
	return size > ASH_SMALL_MAX && ash_large_is_run(size) && align <= ASH_GRANULE;
}

/* Where none of just its length is kept. */
static ASH_NOINLINE void *alloc_large_or_longer(size_t size, size_t align, bool *zeroed)
{
	void *p = may_be_kept(size, align) && !ash_front_is_apart()
			  ? ash_tcache_runs_alloc_longer(size)
			  : NULL;

	if (p == NULL)
		return alloc_large_anew(size, align, zeroed, false);
	if (zeroed != NULL)
		*zeroed = false;
	return p;
}

void *ash_malloc_large(size_t size, size_t align, bool *zeroed)
{
	struct ash_runs *runs = ash_tls.runs;
	struct ash_run *run = runs != NULL && may_be_kept(size, align)
				      ? ash_tcache_runs_take(runs, size)
				      : NULL;

	if (run == NULL)
		return alloc_large_or_longer(size, align, zeroed);
	if (zeroed != NULL)
		*zeroed = false;
	return ash_tcache_runs_serve(runs, run, size);
}

/* What the fast paths do not do, for threads that they do not serve.  (What a bound thread gets
 * is its arena's, which knows by itself what is out.) */
ASH_INLINE void hand_out(void *p, unsigned class)
{
	if (ash_conf.checks == ASH_CHECKS_ON && ash_arena_mine() == NULL)
		ash_handed_out(p);
	ash_apart_taken(p, ash_class_size(class), false);
}

static ASH_NOINLINE void *malloc_large_anew(size_t size)
{
	if (ASH_UNLIKELY(!ash_boot()))
		return ash_boot_alloc(size, 0);
	if (ASH_UNLIKELY(too_large(size)))
		return ash_failure(size);
	return alloc_large_or_longer(size, ASH_SMALL_STEP, NULL);
}

/* size > ASH_SMALL_MAX */
ASH_INLINE void *malloc_large(size_t size)
{
	struct ash_runs *runs = ash_tls.runs;
	struct ash_run *run;

	if (runs == NULL || !ash_large_is_run(size))
		return malloc_large_anew(size);
	run = ash_tcache_runs_take(runs, size);
	return ASH_LIKELY(run != NULL) ? ash_tcache_runs_serve(runs, run, size)
				       : malloc_large_anew(size);
}

static ASH_NOINLINE void *malloc_small(size_t size)
{
	int saved = errno;
	unsigned class;
	void *p;

	if (ASH_UNLIKELY(!ash_boot()))
		return ash_boot_alloc(size, 0);
	if (ASH_UNLIKELY(too_large(size)))
		return ash_failure(size);
	if (ASH_UNLIKELY(size == 0)) /* whose class has no magazine */
		return ash_front_malloc(1);
	class = ash_class_of(size);
	if (ASH_UNLIKELY(ash_front_is_apart())) {
		p = ash_tcache_pop(class);
		if (ASH_LIKELY(p != NULL)) {
			hand_out(p, class);
			return p;
		}
	}
	p = ash_tcache_alloc(class);
	if (ASH_UNLIKELY(p == NULL) && ash_bounds_tell_hard())
		p = ash_tcache_alloc(class);
	ash_bounds_tell();
	if (ASH_UNLIKELY(p == NULL))
		return ash_failure(size);
	if (ASH_UNLIKELY(ash_front_is_apart()))
		hand_out(p, class);
	errno = saved; /* a search for memory may have met refusals */
	return p;
}

/* In tail calls, so that neither saves registers for the other. */
void *ash_malloc_slow(size_t size)
{
	return size > ASH_SMALL_MAX ? malloc_large(size) : malloc_small(size);
}

void *ash_malloc_single(unsigned class)
{
	int saved = errno;
	void *p = ash_tcache_alloc_single(class);

	if (p == NULL && ash_bounds_tell_hard())
		p = ash_tcache_alloc_single(class);
	ash_bounds_tell();
	if (p == NULL)
		return ash_failure(ash_class_size(class));
	if (ASH_UNLIKELY(ash_front_is_apart()))
		hand_out(p, class);
	errno = saved;
	return p;
}

void *ash_malloc_growing(size_t size, bool creeps)
{
	ash_assert(size > ASH_SMALL_MAX && !too_large(size));
	if (ASH_UNLIKELY(!ash_boot()))
		return ash_front_malloc(size);
	return alloc_large_anew(size, ASH_SMALL_STEP, NULL, creeps);
}

void *ash_malloc_slow_zeroed(size_t size)
{
	bool zeroed = false;
	void *p;

	if (ASH_UNLIKELY(!ash_boot()))
		return ash_boot_alloc_zeroed(size);
	if (ASH_UNLIKELY(too_large(size)))
		return ash_failure(size);
	p = size <= ASH_SMALL_MAX ? ash_malloc_slow(size)
				  : ash_malloc_large(size, ASH_SMALL_STEP, &zeroed);
	if (p != NULL && !zeroed)
		ash_large_clear(p, ash_usable_size(p));
	return p;
}
