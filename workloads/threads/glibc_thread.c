/* glibc-thread: threads that replace objects of widely different sizes, each its own.
 *
 * The behaviour of bench-malloc-thread in glibc's benchtests: 1024 slots per thread,
 * sizes from 4 to 32768 bytes whose frequency falls with the inverse square, each
 * object written in full.  The original runs for two seconds and counts; here the
 * number of replacements is fixed. */
#include "workloads/lib/replacing.h"

static const struct wl_param params[] = {
	{"ops", "replacements by all threads together", "0.5 to 0.8 s under glibc", 20000000, 1,
	 10000000000},
	{"threads", "threads", "2: the smallest with threads side by side", 2, 1, 64},
	{"slots", "objects per thread", "glibc bench-malloc-thread: 1024", 1024, 1, 1000000},
	{"size_min", "smallest object, bytes", "glibc bench-malloc-thread: 4", 4, 1, 1048576},
	{"size_max", "largest object, bytes", "glibc bench-malloc-thread: 32768", 32768, 1,
	 16777216},
	{NULL, NULL, NULL, 0, 0, 0},
};

static int setup(struct wl_run *run)
{
	run->state = replacing_make(run);
	return run->state ? 0 : -1;
}

static void body(struct wl_thread *t, void *argument)
{
	struct replacing *lane = argument;

	replacing_fill(t, lane);
	replacing_go(t, lane, lane->ops);
	replacing_empty(t, lane);
}

static int run(struct wl_run *run)
{
	wl_workers_run(run, run->state, sizeof(struct replacing), body);
	wl_phase(run, "emptied");
	return 0;
}

const struct workload workload_glibc_thread = {
	.name = "glibc-thread",
	.summary = "threads replace their own objects of 4 to 32768 bytes, mostly tiny",
	.isolates = "whether threads that share nothing disturb each other",
	.cannot_tell = "remote frees, and heaps beyond the CPU's caches",
	.source = "glibc benchtests, bench-malloc-thread",
	.touch = "every byte is written, the first read before the free",
	.params = params,
	.takes_turns = true,
	.threaded = true,
	.setup = setup,
	.run = run,
	.total_bytes = replacing_total_bytes,
	.peak_bytes = replacing_peak_bytes,
	.table_bytes = replacing_table_bytes,
	.ops_unit = "allocations",
};
