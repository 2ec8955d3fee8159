/* oom-limit: does a program of a given live size survive a limit on its memory?
 *
 * Live objects fill `fill_percent` of the limit, through three shifts of size, so that
 * waste and memory not given back count against it.  kind=0 is a container's limit:
 * resident private memory, less what the kernel may take back at any time (MADV_FREE),
 * is looked at every thousandth call, and a run found beyond the limit has failed: it
 * would have been killed.  The process holds itself to it, since a limit of the
 * kernel's (memory.max) takes a cgroup of one's own.  kind=1 is RLIMIT_DATA, which
 * counts private writable address space from the start on: there the kernel refuses,
 * and a NULL for what should fit has failed the run.
 *
 * Between the shifts it asks for more than there can be.  NULL is the right answer,
 * and a grant is none of our business as long as nobody writes to it; the calls after
 * it must be served as before. */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include "workloads/lib/blocks.h"
#include "workloads/lib/dist.h"
#include "workloads/shared/procfs.h"

enum { OPS, LIMIT_MIB, FILL, KIND };
enum { KIND_RESIDENT, KIND_DATA };

#define SHIFTS 3
#define TOO_MUCH 8 /* requests at each shift for what no machine has */
#define TOO_MUCH_BYTES ((size_t)1 << 46)
#define LOOK_EVERY 1000 /* calls between two looks at what is resident */

static const struct range {
	uint64_t low, high;
} ranges[SHIFTS] = {{32, 511}, {512, 8191}, {8192, 131071}};

static const struct wl_param params[] = {
	{"ops", "replacements when full, over all shifts", "0.5 to 0.8 s under glibc", 1500000,
	 1, 1000000000},
	{"limit_mib", "limit on private memory beyond that of the start, MiB", "own", 96, 1,
	 65536},
	{"fill_percent", "live bytes, percent of the limit",
	 "own: what a cautious operator would allow", 60, 1, 100},
	{"kind", "0 = resident memory, as in a container; 1 = RLIMIT_DATA",
	 "own: most limits today are those of containers", KIND_RESIDENT, 0, KIND_DATA},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct state {
	uint64_t n, calls;
	uint64_t limit; /* resident bytes that are allowed */
	struct block *block;
};

static double mean_size(int shift)
{
	return dist_loguniform_mean(ranges[shift].low, ranges[shift].high);
}

static uint64_t live_limit(const struct wl_run *run)
{
	return ((uint64_t)run->values[LIMIT_MIB] << 20) * (uint64_t)run->values[FILL] / 100;
}

static uint64_t count_of(const struct wl_run *run, int shift)
{
	return (uint64_t)((double)live_limit(run) / mean_size(shift)) + 1;
}

static int setup(struct wl_run *run)
{
	struct state *s = wl_table(sizeof(*s));

	run->state = s;
	s->block = wl_table(count_of(run, 0) * sizeof(*s->block));
	run->expected_allocs = (uint64_t)run->values[OPS] + SHIFTS * TOO_MUCH;
	for (int i = 0; i < SHIFTS; i++)
		run->expected_allocs += count_of(run, i);
	return 0;
}

static uint64_t status_kb(const char *name)
{
	static char text[8192];

	procfs_read("/proc/self/status", text, sizeof(text));
	return procfs_kb(text, name);
}

static void set_limit(struct wl_run *run, struct state *s)
{
	uint64_t more = (uint64_t)run->values[LIMIT_MIB] << 20;
	struct rlimit limit;

	s->limit = status_kb("RssAnon") + more;
	if (run->values[KIND] != KIND_DATA)
		return;
	getrlimit(RLIMIT_DATA, &limit);
	limit.rlim_cur = status_kb("VmData") + more;
	if (setrlimit(RLIMIT_DATA, &limit) < 0)
		wl_die(run, "cannot set a limit on data: %s", strerror(errno));
}

/* smaps_rollup takes long: only when the short look says that it is needed. */
static void look(struct wl_run *run, struct state *s)
{
	static char text[8192];
	uint64_t resident = status_kb("RssAnon"), lazy;

	if (resident <= s->limit)
		return;
	procfs_read("/proc/self/smaps_rollup", text, sizeof(text));
	lazy = procfs_kb(text, "LazyFree");
	if (resident - lazy > s->limit)
		wl_die(run,
		       "would have been killed: %llu MiB resident, %llu MiB is the limit, "
		       "%llu MiB at most are live",
		       (unsigned long long)(resident - lazy) >> 20,
		       (unsigned long long)s->limit >> 20,
		       (unsigned long long)live_limit(run) >> 20);
}

static void make(struct wl_run *run, struct wl_thread *t, struct block *b, int shift)
{
	struct state *s = run->state;

	if (run->values[KIND] == KIND_RESIDENT && ++s->calls % LOOK_EVERY == 0)
		look(run, s);
	block_make(t, b, dist_loguniform(&t->rng, ranges[shift].low, ranges[shift].high),
		   WL_TOUCH_PAGES);
}

/* Counted like any other call and its free: free(NULL) is one. */
static void ask_too_much(struct wl_thread *t)
{
	for (int i = 0; i < TOO_MUCH; i++) {
		void *p = malloc(TOO_MUCH_BYTES);

		t->count->allocs++;
		free(p);
		t->count->frees++;
	}
}

static void release_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_DATA, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_DATA, &limit);
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];
	int64_t ops = run->values[OPS];
	char name[32];

	set_limit(run, s);
	for (int shift = 0; shift < SHIFTS; shift++) {
		int64_t now = ops * (shift + 1) / SHIFTS - ops * shift / SHIFTS;

		while (s->n < count_of(run, shift))
			make(run, t, &s->block[s->n++], shift);
		for (; now > 0; now--) {
			struct block *b = &s->block[rng_below(&t->rng, s->n)];

			block_drop(t, b);
			make(run, t, b, shift);
		}
		ask_too_much(t);
		snprintf(name, sizeof(name), "to-%llu", (unsigned long long)ranges[shift].high);
		wl_phase(run, name);
		blocks_drop(t, s->block, s->n);
		s->n = 0;
	}
	wl_phase(run, "emptied");
	release_limit(); /* what follows is the worker's own business */
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	(void)run;
	blocks_live(floor, s->block, s->n, WL_TOUCH_PAGES);
}

static uint64_t total_bytes(const struct wl_run *run)
{
	double sum = 0;

	for (int i = 0; i < SHIFTS; i++)
		sum += (double)run->values[OPS] / SHIFTS * mean_size(i) +
		       (double)live_limit(run);
	return (uint64_t)sum;
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return live_limit(run) + (live_limit(run) >> 3);
}

const struct workload workload_oom_limit = {
	.name = "oom-limit",
	.summary = "three phases of sizes under a limit on memory, and requests beyond all",
	.isolates = "whether a program of a given live size survives a limit, and a refusal",
	.cannot_tell = "how far below the limit a survivor stayed: the marks say that; with "
		       "kind=1 memory reserved writable in advance counts as used",
	.source = "own; a service in a container with a memory limit",
	.touch = "one byte in each OS page of an object and its last byte are written",
	.params = params,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.ops_unit = "allocations",
	.live = live,
};
