/* The same of meta/, slab/ and cache/ as in test_planted_page.c of page/ and reclaim/. */
#include "test/support/planted.h"

#include <pthread.h>

#include <ashlar/ashlar.h>

#include "cache/depot.h"
#include "cache/thread.h"
#include "meta/far_table.h"
#include "os/os.h"
#include "page/heap.h"
#include "slab/inbox.h"
#include "slab/shard.h"
#include "slab/slab.h"

#define CLASS 20u /* 320 bytes */
#define CAP 8u
#define FAR ((size_t)64 << 20) /* lies outside the window */

/* What is there before, in all children. */
static void *item[3];         /* of one slab of the class */
static struct ash_run *slab;  /* another one, of several granules and on no list */
static void *far;             /* a mapping */
static void **lower, **upper; /* the magazines of the class in the depot */

/* --- meta --------------------------------------------------------------------------------- */

static void move_limit(void)
{
	ash_window.limit++;
}

static void open_window(void)
{
	ash_window_open(0, 1);
}

static void window_limit(void **state)
{
	(void)state;
	planted_expect(move_limit, open_window, "ash_window_is_valid()");
}

static void lengthen(const struct ash_far *entry, void *bytes)
{
	((struct ash_far *)entry)->mapped += (size_t)bytes;
}

static void cut_mapping(void)
{
	ash_far_with(far, lengthen, (void *)-ash_os_page);
}

static void free_far(void)
{
	ASH_API(free)(far);
}

static void far_entry(void **state)
{
	(void)state;
	planted_expect(cut_mapping, free_far, "ash_far_is_valid(entry)");
}

static void extend_mapping(void)
{
	ash_far_with(far, lengthen, (void *)ash_os_page);
}

/* The table is long: it is walked now and then. */
static void map_often(void)
{
	for (unsigned i = 0; i < 100; i++)
		ASH_API(free)(ASH_API(malloc)(FAR));
}

static void far_bytes(void **state)
{
	(void)state;
	planted_expect(extend_mapping, map_often, "ash_far_table_is_valid()");
}

static void lead_astray(void)
{
	slab[3].head = 2;
}

static void destroy_slab(void)
{
	ash_slab_destroy(slab);
}

static void descriptor_head(void **state)
{
	(void)state;
	planted_expect(lead_astray, destroy_slab, "ash_descriptor_is_valid(slab)");
}

/* --- slab --------------------------------------------------------------------------------- */

static struct ash_bin *bin(void)
{
	return &ash_shard_at(0)->bin[CLASS];
}

static void take_item(void)
{
	void *slot[1];

	ash_bin_fill(bin(), CLASS, 0, slot + 1, 1);
}

static void give_item(void)
{
	ash_bin_flush(bin(), CLASS, item, 1, false);
}

static void invent_free_region(void)
{
	ash_run_of(item[0])->nfree++;
}

static void slab_nfree(void **state)
{
	(void)state;
	planted_expect(invent_free_region, take_item, "ash_slab_is_valid(slab)");
}

static void mislead_free(void)
{
	ash_window.classes[ash_granule_number(item[0])] = CLASS + 1;
}

static void slab_stack(void **state)
{
	(void)state;
	planted_expect(mislead_free, give_item, "ash_slab_is_valid(slab)");
}

static void purge_used_page(void)
{
	ash_run_of(item[2])->purged = 1;
}

static void give_two(void)
{
	ash_bin_flush(bin(), CLASS, item, 2, false);
}

static void slab_purged(void **state)
{
	(void)state;
	planted_expect(purge_used_page, give_two, "ash_slab_purged_is_valid(slab)");
}

static void invent_empty_slab(void)
{
	bin()->empty_slabs++;
}

static void bin_empty_slabs(void **state)
{
	(void)state;
	planted_expect(invent_empty_slab, take_item, "ash_bin_is_valid(bin)");
}

static void invent_region_out(void)
{
	bin()->regions_out++;
	bin()->taken++;
}

static void bin_regions_out(void **state)
{
	(void)state;
	planted_expect(invent_region_out, take_item, "ash_bin_lists_are_valid(bin)");
}

static void shift_inbox(void)
{
	ash_shard_at(0)->inbox = upper + 1;
}

static void take_inbox(void)
{
	ash_inbox_take(ash_shard_at(0));
}

static void inbox_first(void **state)
{
	(void)state;
	planted_expect(shift_inbox, take_inbox, "ash_inbox_is_valid(batches)");
}

/* --- cache -------------------------------------------------------------------------------- */

static void **put(void)
{
	void **m = ash_magazine_get(), **empty;

	ash_magazine_clear(m, CAP);
	ash_bin_fill(bin(), CLASS, 0, m + ASH_MAGAZINE_SLOTS, CAP);
	ash_depot_put(CLASS, m, &empty);
	return m;
}

static void put_another(void)
{
	put();
}

static void get(void)
{
	ash_depot_get(CLASS, NULL);
}

static void lose_capacity(void)
{
	upper[0] = (void *)((uintptr_t)upper[0] - 1);
}

static void magazine_cap(void **state)
{
	(void)state;
	planted_expect(lose_capacity, get, "ash_magazine_is_full(m)");
}

static void lose_lower(void)
{
	upper[0] = (void *)(uintptr_t)CAP;
}

static void depot_link(void **state)
{
	(void)state;
	planted_expect(lose_lower, get, "line_is_valid(d)");
}

/* Where the first of the list is as it should be. */
static void depot_count(void **state)
{
	(void)state;
	planted_expect(lose_lower, put_another, "list_is_valid(d)");
}

static void use_up_budget(void)
{
	ash_tls.thread->budget_used++;
}

/* Classes that earn magazines, and slow paths enough for a look at the clock. */
static void allocate(void)
{
	for (unsigned i = 0; i < 1000; i++)
		if (ASH_API(malloc)(i * 8) == NULL)
			_exit(1);
}

static void thread_budget(void **state)
{
	(void)state;
	planted_expect(use_up_budget, allocate, "ash_thread_is_valid(t)");
}

static void forget_length(void)
{
	for (unsigned turn = 0; turn < 1000; turn++)
		ASH_API(free)(ASH_API(malloc)(100000));
	ash_tls.thread->runs.wants[7] = ASH_RUNS_NEVER;
}

static void thread_runs(void **state)
{
	(void)state;
	planted_expect(forget_length, allocate, "ash_thread_is_valid(t)");
}

static void lose_sentinel(void)
{
	void **top;

	ASH_API(free)(ASH_API(malloc)(16));
	top = ash_tls.top[ash_class_of(16)];
	top[-(int)ash_top_count(top)] = top;
}

static void thread_top(void **state)
{
	(void)state;
	planted_expect(lose_sentinel, allocate, "ash_thread_tops_are_valid(t)");
}

static void retire(void)
{
	ash_tls.thread->tls = NULL;
}

static void *nothing(void *unused)
{
	ASH_API(free)(ASH_API(malloc)(1));
	return unused;
}

static void start_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, nothing, NULL) == 0)
		pthread_join(thread, NULL);
}

static void thread_record(void **state)
{
	(void)state;
	planted_expect(retire, start_thread, "ash_thread_list_is_valid()");
}

static int up(void **state)
{
	(void)state;
	far = ASH_API(malloc)(FAR);
	ash_heap.rounds.background = false;
	if (ash_bin_fill(bin(), CLASS, 0, item + 3, 3) != 3)
		return -1;
	slab = ash_slab_create(ASH_CLASSES - 1, 0);
	lower = put();
	upper = put();
	return far != NULL && slab != NULL && lower != NULL ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLANTED(2, window_limit),    PLANTED(2, far_entry),
		PLANTED(3, far_bytes),       PLANTED(2, descriptor_head),
		PLANTED(2, slab_nfree),      PLANTED(2, slab_stack),
		PLANTED(3, slab_purged),     PLANTED(2, bin_empty_slabs),
		PLANTED(3, bin_regions_out), PLANTED(2, inbox_first),
		PLANTED(2, magazine_cap),    PLANTED(2, depot_link),
		PLANTED(3, depot_count),     PLANTED(2, thread_budget),
		PLANTED(2, thread_runs),     PLANTED(3, thread_top),
		PLANTED(3, thread_record),
	};

	return planted_run(tests, sizeof(tests) / sizeof(tests[0]), up);
}
