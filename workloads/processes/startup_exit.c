/* startup-exit: processes that do next to nothing, as in a build or a shell script.
 *
 * One after the other, processes start under the same allocator, make `objects` small
 * allocations, free every second and end.  mimalloc-bench's lua and linux tests are
 * mostly this, hidden behind a compiler.  Each process has a record in this one, so
 * that this heap lives too; its calls are what the run counts, the processes' own are
 * in the times alone. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "workloads/lib/blocks.h"
#include "workloads/lib/dist.h"
#include "workloads/shared/self.h"

enum { OPS, OBJECTS };

#define RECORDS 16 /* processes whose records live at a time */

static const struct wl_param params[] = {
	{"ops", "processes", "0.5 to 0.8 s under glibc", 800, 1, 10000000},
	{"objects", "allocations of each", "a compiler driver or shell makes a few hundred",
	 300, 0, 10000000},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct state {
	struct self self;
	char objects[32];
	struct block record[RECORDS];
};

extern char **environ;

static int setup(struct wl_run *run)
{
	struct state *s = wl_table(sizeof(*s));

	run->state = s;
	if (self_find(&s->self) < 0) {
		wl_fail(run, "startup-exit: cannot find this program: %s", strerror(errno));
		return -1;
	}
	snprintf(s->objects, sizeof(s->objects), "%lld", (long long)run->values[OBJECTS]);
	/* What this process has open is none of theirs. */
	syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC);
	run->expected_allocs = (uint64_t)run->values[OPS];
	return 0;
}

/* No file actions and no attributes: glibc's posix_spawn then allocates nothing. */
static void one_process(struct wl_run *run, struct state *s)
{
	char *argv[SELF_WORDS + 3];
	int status, error, n = s->self.count;
	pid_t child;

	memcpy(argv, s->self.words, (size_t)n * sizeof(argv[0]));
	argv[n] = (char *)"--start";
	argv[n + 1] = s->objects;
	argv[n + 2] = NULL;

	error = posix_spawn(&child, argv[0], NULL, NULL, argv, environ);
	if (error)
		wl_die(run, "cannot start a process: %s", strerror(error));
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			wl_die(run, "cannot wait for a process: %s", strerror(errno));
	if (status)
		wl_die(run, "a process that allocates %s objects and ends had status %#x",
		       s->objects, (unsigned)status);
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];

	for (int64_t i = 0; i < run->values[OPS]; i++) {
		struct block *record = &s->record[i % RECORDS];

		if (record->at)
			block_drop(t, record);
		block_make(t, record, dist_loguniform(&t->rng, 64, 4096), WL_TOUCH_ALL);
		one_process(run, s);
	}
	run->ops = (uint64_t)run->values[OPS];
	wl_phase(run, "steady");
	blocks_drop(t, s->record, RECORDS);
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	blocks_live(floor, s->record, RECORDS, WL_TOUCH_ALL);
}

/* Each process's own as well; what never reuses memory fills a region of 64 MiB in
 * every one of them. */
static uint64_t total_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[OPS] *
	       (970 + (uint64_t)run->values[OBJECTS] * 280 + (64 << 20));
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return RECORDS * 970 + (uint64_t)run->values[OBJECTS] * 280;
}

const struct workload workload_startup_exit = {
	.name = "startup-exit",
	.summary = "processes that start, allocate a little and end, one after the other",
	.isolates = "what loading, first use and end of an allocator cost a short process",
	.cannot_tell = "anything about a process that lives longer than some milliseconds",
	.source = "own; the lua and linux tests of mimalloc-bench without their compiler",
	.touch = "the first byte of each object of a process, this one's records in full",
	.params = params,
	.processes = true,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.ops_unit = "processes",
	.live = live,
};
