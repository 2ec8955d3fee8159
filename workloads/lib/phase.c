/* Marks: what the process holds and what of it is live, at a moment of rest. */
#include "workloads/shared/workload.h"

#include <string.h>
#include <time.h>
#include <errno.h>
#include "workloads/lib/calls.h"
#include "workloads/lib/clock.h"
#include "workloads/lib/measure.h"
#include "workloads/lib/page_floor.h"
#include "workloads/shared/procfs.h"

static uint64_t allocations_so_far(const struct wl_run *run)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < run->nthreads; i++)
		sum += run->threads[i].count->allocs + run->threads[i].count->reallocs;
	return sum;
}

static void take_memory(struct channel_mark *mark)
{
	static char text[8192];

	procfs_read("/proc/self/smaps_rollup", text, sizeof(text));
	mark->rss_bytes = procfs_kb(text, "Rss");
	mark->pss_bytes = procfs_kb(text, "Pss");
	mark->anon_bytes = procfs_kb(text, "Anonymous");
	mark->lazy_free_bytes = procfs_kb(text, "LazyFree");
	mark->anon_huge_bytes = procfs_kb(text, "AnonHugePages");
	mark->swap_bytes = procfs_kb(text, "Swap");
	mark->thp_bytes = mark->anon_huge_bytes + procfs_kb(text, "ShmemPmdMapped") +
			  procfs_kb(text, "FilePmdMapped");
	procfs_read("/proc/self/status", text, sizeof(text));
	mark->shmem_bytes = procfs_kb(text, "RssShmem");
	mark->mappings = procfs_lines("/proc/self/maps");
	mark->table_bytes = wl_table_total();
}

static void take_floor(struct wl_run *run, struct channel_mark *mark)
{
	struct page_floor floor;

	if (!run->workload->live || page_floor_start(&floor) < 0)
		return;
	run->workload->live(run, &floor);
	if (floor.objects != mark->live_objects)
		wl_die(run, "%s: names %llu live objects, has %llu", mark->name,
		       (unsigned long long)floor.objects,
		       (unsigned long long)mark->live_objects);
	page_floor_lines(&floor, &mark->lines, &mark->shared_lines);
	mark->floor_bytes = page_floor_end(&floor);
}

void wl_phase(struct wl_run *run, const char *name)
{
	struct channel *channel = run->channel;
	struct channel_mark *mark;
	int64_t bytes = 0, objects = 0;

	/* A page set would lie between the allocator's mappings. */
	if (wl_repeats(run))
		return;
	measure_pause();
	measure_peak_note();
	if (channel->nmarks == CHANNEL_MARKS)
		wl_die(run, "more than %d marks", CHANNEL_MARKS);
	mark = &channel->marks[channel->nmarks];
	strncpy(mark->name, name, sizeof(mark->name) - 1);
	mark->at_ns = clock_ns(CLOCK_MONOTONIC);
	mark->ops = run->ops ? run->ops : allocations_so_far(run);
	for (unsigned i = 0; i < run->nthreads; i++) {
		bytes += run->threads[i].count->live_bytes;
		objects += run->threads[i].count->live_objects;
	}
	mark->live_bytes = (uint64_t)bytes;
	mark->live_objects = (uint64_t)objects;
	take_memory(mark);
	take_floor(run, mark);
	__atomic_store_n(&channel->nmarks, channel->nmarks + 1, __ATOMIC_RELEASE);
	measure_peak_forget();
	measure_resume();
}

void wl_idle(struct wl_run *run, int64_t milliseconds)
{
	struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000};

	/* Time that passes outside is none where the clock is held. */
	if (wl_repeats(run))
		return;
	measure_pause();
	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		continue;
	measure_resume();
}
