/* fork-cow: a server that forks to save a snapshot, and goes on changing its data.
 *
 * As redis does for its dump: the child holds the heap as it was while the parent
 * replaces objects, and each OS page that the parent writes is copied by the kernel
 * first.  An allocator that keeps its bookkeeping among the objects, or that spreads
 * new objects over many old pages, makes the kernel copy more.  At the end of each
 * snapshot the child compares what it sees with what was there, and allocates itself:
 * the heap must work on after fork, whatever locks were held. */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>
#include "workloads/lib/blocks.h"
#include "workloads/lib/dist.h"

enum { OPS, LIVE_MIB, SNAPSHOTS };

#define SIZE_LOW 32
#define SIZE_HIGH 4095
#define MEAN_SIZE 837.5 /* (4096 - 32) / log(4096 / 32) */
#define CHILD_OBJECTS 1000
#define MOST_SNAPSHOTS 12

static const struct wl_param params[] = {
	{"ops", "replacements while a child holds the heap", "0.5 to 0.8 s under glibc", 800000,
	 1, 1000000000},
	{"live_mib", "live bytes, MiB", "own: a heap beyond 32 MiB", 64, 1, 65536},
	{"snapshots", "children, one after the other", "own", 8, 1, MOST_SNAPSHOTS},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct state {
	uint64_t n, filled;
	struct block *block;
	struct block *snapshot; /* the blocks at the fork */
};

static int setup(struct wl_run *run)
{
	struct state *s = wl_table(sizeof(*s));

	run->state = s;
	s->n = (uint64_t)((double)run->values[LIVE_MIB] * 0x1p20 / MEAN_SIZE) + 1;
	s->block = wl_table(s->n * sizeof(*s->block));
	s->snapshot = wl_table(s->n * sizeof(*s->snapshot));
	run->expected_allocs = s->n + (uint64_t)run->values[OPS];
	return 0;
}

static void make(struct wl_thread *t, struct block *b)
{
	block_make(t, b, dist_loguniform(&t->rng, SIZE_LOW, SIZE_HIGH), WL_TOUCH_ALL);
}

static uint64_t sum_of(const struct state *s)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < s->n; i++) {
		const unsigned char *byte = s->snapshot[i].at;

		sum = sum * 31 + byte[0] + 3u * byte[s->snapshot[i].size - 1];
	}
	return sum;
}

/* In the child, which must touch nothing that is shared with the parent: its calls
 * are neither counted nor in the book of verify mode.  Returns its exit status. */
static int allocate_in_child(void)
{
	static unsigned char *object[CHILD_OBJECTS];

	for (unsigned i = 0; i < CHILD_OBJECTS; i++) {
		object[i] = malloc(16 + i);
		if (!object[i])
			return 3;
		memset(object[i], (int)(i & 0xff), 16 + i);
	}
	for (unsigned i = 0; i < CHILD_OBJECTS; i++) {
		for (unsigned at = 0; at < 16 + i; at++)
			if (object[i][at] != (i & 0xff))
				return 4;
		free(object[i]);
	}
	return 0;
}

static _Noreturn void child(const struct state *s, int go, uint64_t sum)
{
	char byte;

	if (read(go, &byte, 1) < 0)
		_exit(5);
	if (sum_of(s) != sum)
		_exit(2);
	_exit(allocate_in_child());
}

static void snapshot(struct wl_run *run, struct wl_thread *t, struct state *s, int64_t ops)
{
	uint64_t sum;
	int go[2], status;
	pid_t pid;

	memcpy(s->snapshot, s->block, s->n * sizeof(*s->block));
	sum = sum_of(s);
	if (pipe(go) < 0 || (pid = fork()) < 0)
		wl_die(run, "cannot fork: %s", strerror(errno));
	if (pid == 0) {
		close(go[1]);
		child(s, go[0], sum);
	}
	close(go[0]);
	for (; ops > 0; ops--) {
		struct block *b = &s->block[rng_below(&t->rng, s->n)];

		block_drop(t, b);
		make(t, b);
	}
	close(go[1]); /* the child's turn */
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			wl_die(run, "cannot wait for the child: %s", strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
		wl_die(run, "damaged block: the child does not see the heap as it was");
	if (status)
		wl_die(run, "the heap did not serve the child after fork: status %#x",
		       (unsigned)status);
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];
	int64_t ops = run->values[OPS], n = run->values[SNAPSHOTS];

	for (uint64_t i = 0; i < s->n; i++)
		make(t, &s->block[i]);
	s->filled = s->n;
	wl_phase(run, "ramp");
	for (int64_t i = 0; i < n; i++)
		snapshot(run, t, s, ops * (i + 1) / n - ops * i / n);
	wl_phase(run, "steady");
	blocks_drop(t, s->block, s->n);
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	(void)run;
	blocks_live(floor, s->block, s->filled, WL_TOUCH_ALL);
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[LIVE_MIB] << 20;
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return (uint64_t)((double)run->values[OPS] * MEAN_SIZE) + peak_bytes(run);
}

const struct workload workload_fork_cow = {
	.name = "fork-cow",
	.summary = "objects replaced while a forked child holds the heap as it was",
	.isolates = "OS pages that change under a snapshot, and a heap that works after fork",
	.cannot_tell = "the child's own cost, but for its page faults: it only looks",
	.source = "own; redis's background save",
	.touch = "every byte is written, the first read before the free",
	.params = params,
	.processes = true,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.ops_unit = "allocations",
	.live = live,
};
