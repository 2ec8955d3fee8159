#include "front/boot.h"

#include <errno.h>
#include <string.h>

#include "arena/arena.h"
#include "cache/thread.h"
#include "front/bounds.h"
#include "conf/conf.h"
#include "front/apart.h"
#include "front/failure.h"
#include "front/fork.h"
#include "front/misuse.h"
#include "front/next.h"
#include "front/tcache.h"
#include "front/tcache_settings.h"
#include "meta/early.h"
#include "meta/window.h"
#include "os/cgroup.h"
#include "os/delay.h"
#include "os/os.h"
#include "os/presence.h"
#include "page/huge_advice.h"
#include "page/hugeblock.h"
#include "reclaim/hugify.h"
#include "reclaim/pool.h"
#include "reclaim/purge.h"
#include "reclaim/rounds.h"
#include "slab/shard.h"

uint32_t ash_boot_state;
static const struct ash_tls *booting; /* of the thread that brings it up; atomic */

#ifdef ASH_SANITIZER
/* The sanitizers' shadow memory leaves less room. */
#define WINDOW_LARGEST ((uint64_t)16 << 30)
#else
#define WINDOW_LARGEST 0
#endif

static enum ash_thp thp_mode(void)
{
	enum ash_thp mode = (enum ash_thp)ash_conf.thp;

	if (mode != ASH_THP_DEFAULT)
		return mode;
	if (!ash_conf.hpa || ash_conf.hpa_hugify_style == ASH_HUGIFY_NONE)
		return ASH_THP_NONE;
	return ash_conf.hpa_hugify_style == ASH_HUGIFY_EAGER ? ASH_THP_ALWAYS : mode;
}

static void huge_pages_init(void)
{
	ash_huge_advice_init(&ash_heap, thp_mode());
	ash_hugify_set_threshold(&ash_heap, ash_conf.hpa_hugification_threshold);
	ash_hugify_set_delay_ms(&ash_heap, ash_conf.hpa_hugify_delay_ms);
	ash_purge_set_interval_ms(&ash_heap, ash_conf.hpa_min_purge_interval_ms);
	ash_purge_set_dirty_share(&ash_heap, ash_conf.hpa_dirty_mult);
	ash_hugeblock_use_pool(&ash_heap, ash_conf.hugetlb == ASH_HUGETLB_2M);
	ash_pool_set_decay_ms(&ash_heap, ash_conf.dirty_decay_ms);
}

/* Numbers of arenas that are names of the heap: as many as jemalloc makes by itself, and the
 * one for very large allocations. */
static void arenas_init(unsigned cpus)
{
	uint64_t n = ash_conf.narenas != 0 ? ash_conf.narenas
		     : cpus > 1            ? 4 * (uint64_t)cpus
					   : 1;

	ash_arenas_init(n < ASH_ARENA_FLAG_MOST ? (unsigned)n + 1 : ASH_ARENA_FLAG_MOST);
	ash_arenas_relief_init();
	ash_arenas_set_decay_ms(ASH_DECAY_DIRTY, ash_conf.dirty_decay_ms);
	ash_arenas_set_decay_ms(ASH_DECAY_MUZZY, ash_conf.muzzy_decay_ms);
}

/* Nothing here allocates or waits for another thread.  The kernel is asked by the instruction
 * (util/system_call.h); the two functions of libc that are called (sysinfo, getauxval) may lead
 * back into the allocator, which then serves from the early heap. */
static enum ash_boot_state bring_up(void)
{
	unsigned cpus;

	ash_os_init();
	ash_os_note_confinement();
	ash_cgroup_init();
	ash_conf_init();
	if (ash_conf.off && ash_next_find())
		return ASH_BOOT_AWAY;
#if ASH_DEBUG >= 1
	ash_store_relaxed(&ash_delay_seed, ash_conf.debug_delay);
#endif
	ash_bounds_init();
	ash_misuse_hook = ash_misuse_report;
	ash_heap_init(&ash_heap);
	ash_heap.born_ns = ash_os_coarse_clock_ns();
	huge_pages_init();
	/* (The window may be there from a try that failed later.) */
	if (ash_window.limit == 0 && !ash_window_init(WINDOW_LARGEST))
		return ASH_BOOT_NONE;
	cpus = ash_os_usable_cpus(); /* once, also where they bound nothing: see os.h */
	if (!ash_shard_init(ash_conf.narenas != 0 ? (unsigned)ash_conf.narenas : cpus))
		return ASH_BOOT_NONE;
	ash_apart_init();
	ash_tcache_init();
	arenas_init(cpus);
	ash_heap.rounds.background = ash_conf.background_thread != ASH_BACKGROUND_FALSE;
	ash_heap.rounds.alone = ash_conf.background_thread == ASH_BACKGROUND_TRUE;
	if (!ash_conf.tcache || ash_conf.checks == ASH_CHECKS_FULL)
		ash_tcache_enabled = false;
	return ASH_BOOT_DONE;
}

/* What may allocate comes when allocations are served. */
static void finish(void)
{
	ash_thread_init();
	ash_fork_init();
}

/* Tells how it ended, to who looks from outside too. */
static void publish(enum ash_boot_state state)
{
	if (state != ASH_BOOT_NONE)
		ash_presence_set(state == ASH_BOOT_DONE ? ASH_PRESENCE_BESIDE
							: ASH_PRESENCE_OFF);
	ash_store_release(&ash_boot_state, (uint32_t)state);
}

bool ash_boot_slow(void)
{
	uint32_t state = ASH_BOOT_NONE;
	int saved = errno;

	if (ash_boot_is_away())
		return false;
	if (ash_cas_acq_rel(&ash_boot_state, &state, ASH_BOOT_RUNNING)) {
		enum ash_boot_state end;

		ash_store_relaxed(&booting, &ash_tls);
		end = bring_up();
		ash_store_relaxed(&booting, NULL);
		publish(end); /* where there is no memory, with more room the next call may
				 succeed */
		if (end == ASH_BOOT_DONE)
			finish();
		errno = end != ASH_BOOT_NONE ? saved : ENOMEM;
		return end == ASH_BOOT_DONE;
	}
	if (ash_boot_is_mine())
		return false;
	/* Another thread brings it up. */
	while (state == ASH_BOOT_RUNNING) {
		ash_os_yield();
		state = ash_load_acquire(&ash_boot_state);
	}
	errno = saved;
	return state == ASH_BOOT_DONE || ash_boot_slow();
}

bool ash_boot_is_mine(void)
{
	return ash_load_relaxed(&booting) == &ash_tls;
}

void *ash_boot_alloc(size_t size, size_t align)
{
	if (ash_boot_is_away())
		return ash_next_alloc(size, align);
	if (ash_boot_is_mine())
		return ash_early_alloc(size, align);
	return ash_failure(size);
}

void *ash_boot_alloc_zeroed(size_t size)
{
	void *p;

	if (ash_boot_is_away())
		return ash_next_alloc_zeroed(size);
	p = ash_boot_alloc(size, 0);
	return p != NULL ? memset(p, 0, size) : NULL;
}

/* As early as the loader allows: our fork handlers are then the first registered, so that of
 * all prepare handlers ours runs last. */
__attribute__((constructor(101))) static void boot_early(void)
{
	if (ash_boot() && ash_heap.rounds.alone)
		ash_rounds_start();
}

/* As late as the loader allows: what destructors free is looked at, too. */
__attribute__((destructor(101))) static void end_late(void)
{
	int saved = errno;

	if (ash_load_acquire(&ash_boot_state) == ASH_BOOT_DONE)
		ash_misuse_look_at_caches();
	errno = saved;
}
