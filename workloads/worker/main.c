/* ashlar-work: one run of one workload, in a process of its own.
 *
 * Until the run is over nothing here touches the heap: what the measured allocator
 * sees are the workload's calls, and those the C library makes for threads. */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "workloads/lib/calls.h"
#include "workloads/lib/cdf.h"
#include "workloads/shared/channel.h"
#include "workloads/lib/clock.h"
#include "workloads/shared/held_clock.h"
#include "workloads/shared/histogram.h"
#include "workloads/shared/identity.h"
#include "workloads/lib/measure.h"
#include "workloads/lib/footprint.h"
#include "workloads/lib/locality.h"
#include "workloads/lib/turns.h"
#include "workloads/worker/layout.h"
#include "workloads/worker/options.h"
#include "workloads/shared/procfs.h"
#include "workloads/replay/decode.h"
#include "workloads/replay/workload.h"
#include "workloads/shared/memory_fit.h"
#include "workloads/worker/summary.h"
#include "workloads/lib/thread.h"
#include "workloads/lib/verify.h"

enum { EXIT_OK, EXIT_RUN, EXIT_USAGE };

/* The status after something was printed. */
static int printed(void)
{
	if (say_arrived())
		return EXIT_OK;
	say(STDERR_FILENO, "ashlar-work: the output could not be written\n");
	return EXIT_RUN;
}

static int usage_error(const char *why)
{
	say(STDERR_FILENO, "ashlar-work: %s\n", why);
	return EXIT_USAGE;
}

/* The channel: the harness's memory file, or one's own memory. */
static struct channel *open_channel(int fd, char *why, size_t why_size)
{
	struct channel *channel;
	struct stat st;

	if (fd < 0)
		return wl_table(sizeof(*channel));
	if (fstat(fd, &st) < 0 || (size_t)st.st_size < sizeof(*channel)) {
		snprintf(why, why_size, "descriptor %d is no memory file of %zu bytes", fd,
			 sizeof(*channel));
		return NULL;
	}
	/* Populated, and part of the run's own tables like them. */
	channel = mmap(NULL, sizeof(*channel), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_POPULATE, fd, 0);
	if (channel == MAP_FAILED) {
		snprintf(why, why_size, "cannot map descriptor %d: %s", fd, strerror(errno));
		return NULL;
	}
	wl_table_adopt(sizeof(*channel));
	return channel;
}

/* -1, with the reason recorded, when the run would need more than there is. */
static int check_memory(struct wl_run *run)
{
	char why[sizeof(run->channel->reason)];

	if (room_check(run->workload, run->values, procfs_memory_available(),
		       procfs_memory_installed(), why, sizeof(why)) == 0)
		return 0;
	wl_fail(run, "%s", why);
	return -1;
}

static void identify(struct channel *channel)
{
	identity_take(channel->malloc_file, sizeof(channel->malloc_file),
		      channel->usable_size_file, sizeof(channel->usable_size_file),
		      channel->version_text, sizeof(channel->version_text));
	identity_libc(channel->libc_file, sizeof(channel->libc_file), channel->libc_version,
		      sizeof(channel->libc_version));
}

static void collect(struct wl_run *run)
{
	struct channel *channel = run->channel;

	channel->allocs = 0;
	for (unsigned i = 0; i < run->nthreads; i++) {
		struct wl_thread *t = &run->threads[i];

		channel->allocs += t->count->allocs + t->count->reallocs;
		for (int kind = 0; t->latency && kind < CHANNEL_HIST_KINDS; kind++)
			histogram_merge(&channel->latency[kind], &t->latency[kind]);
	}
	channel->ops = run->ops ? run->ops : channel->allocs;
	channel->expected_allocs = run->expected_allocs;
	channel->table_bytes = wl_table_total();
}

static void check(struct wl_run *run)
{
	struct channel *channel = run->channel;
	int64_t left = 0;

	if (channel->allocs != run->expected_allocs)
		wl_die(run, "made %llu allocations, %llu expected",
		       (unsigned long long)channel->allocs,
		       (unsigned long long)run->expected_allocs);
	for (unsigned i = 0; i < run->nthreads; i++)
		left += run->threads[i].count->live_objects;
	if (left)
		wl_die(run, "%lld blocks were never freed", (long long)left);
	if (run->mode == WL_VERIFY)
		verify_end(run);
}

static const struct wl_run *followed;

static uint64_t calls_so_far(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < followed->nthreads; i++) {
		const struct channel_thread *count = followed->threads[i].count;

		sum += count->allocs + count->reallocs + count->frees;
	}
	return sum;
}

/* A held clock moves with the calls of this run, where that is asked for. */
static int move_clock(struct wl_run *run)
{
	const char *text = getenv(HELD_CLOCK_STEP_ENV);
	held_clock_follow_fn *follow;

	if (!text)
		return 0;
	*(void **)&follow = dlsym(RTLD_DEFAULT, HELD_CLOCK_FOLLOW);
	if (!follow) {
		wl_fail(run,
			HELD_CLOCK_STEP_ENV " is set, and libashlar-still.so is not loaded");
		return -1;
	}
	followed = run;
	follow(calls_so_far, strtoull(text, NULL, 10));
	return 0;
}

static int do_run(struct wl_run *run)
{
	struct channel *channel = run->channel;
	const struct workload *w = run->workload;
	/* A trace has its own number of threads. */
	int threads = wl_param_index(w, "threads") >= 0 ? (int)wl_value(run, "threads") : 0;

	if (run->mode == WL_SHARING)
		run->turns = turns_make(run);
	if (run->turns && getenv(CHANNEL_MARK_ENV)) {
		run->marks = wl_table(CHANNEL_THREADS * sizeof(*run->marks));
		channel->marks_at = (uintptr_t)run->marks;
	} else if (run->turns || run->mode == WL_LOCALITY) {
		run->locality = wl_table(sizeof(*run->locality));
		locality_start(run->locality, run->mode == WL_SHARING);
	}
	wl_threads_setup(run, (unsigned)threads);
	if (check_memory(run) < 0 || w->setup(run) < 0)
		return usage_error(channel->reason);
	if (run->mode == WL_VERIFY)
		verify_start(run, strcmp(channel->malloc_file, channel->usable_size_file) == 0);
	/* A clock that nobody reads is not looked for: valgrind knows no rdtscp on some CPUs.
	 */
	if (run->mode == WL_LATENCY || (w->open_loop && wl_value(run, "rate") > 0)) {
		clock_calibrate();
		channel->clock_cost_ns = clock_cost_ns();
	}
	if (run->mode == WL_CDF)
		cdf_start(run->expected_allocs);
	wl_threads_arm(run);
	/* A replay feeds the model by itself, an own workload by its calls; marks are at all
	 * calls. */
	for (unsigned i = 0; i < run->nthreads; i++)
		if (run->marks || (run->locality && !replay_workload_path(w)))
			run->threads[i].countdown = 0;
	if (run->mode == WL_FOOTPRINT)
		run->threads[0].countdown = footprint_start(run, run->threads[0].count);
	if (move_clock(run) < 0)
		return usage_error(channel->reason);
	channel->expected_allocs = run->expected_allocs;
	channel->table_bytes = wl_table_total();
	__atomic_store_n(&channel->state, CHANNEL_RUNNING, __ATOMIC_RELEASE);
	measure_begin(run);
	if (w->run(run) < 0)
		wl_die(run, "%s", channel->reason);
	if (run->mode == WL_FOOTPRINT)
		footprint_end(run, run->threads[0].count);
	measure_end(run);
	collect(run);
	if (run->locality)
		locality_take(run->locality, &channel->locality);
	/* What is freed now is no part of it, and the other threads have ended. */
	run->locality = NULL;
	run->turns = NULL;
	run->marks = NULL;
	if (w->teardown)
		w->teardown(run);
	check(run);
	__atomic_store_n(&channel->state, CHANNEL_DONE, __ATOMIC_RELEASE);
	return EXIT_OK;
}

/* A process that hardly lives: libc's calls as they are, nothing counted.  Objects of
 * 16 to 528 bytes, every second freed at once, the rest left to the end. */
static int start_and_end(int64_t objects)
{
	for (int64_t i = 0; i < objects; i++) {
		volatile unsigned char *p = malloc(16 + (size_t)(i * 37 % 513));

		if (!p)
			return EXIT_RUN;
		p[0] = 1;
		if (i % 2)
			free((void *)p);
	}
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	static struct wl_run run;
	struct options options;
	static char why[1024];
	int status;

	if (argc == 3 && strcmp(argv[1], DECODE_OPTION) == 0)
		return decode_main(argv[2]);
	if (options_parse(argc, argv, &options, why, sizeof(why)) < 0)
		return usage_error(why);
	if ((options.mode == WL_LOCALITY || options.mode == WL_SHARING) &&
	    layout_fix(argv, false) < 0)
		return usage_error("modes locality and sharing need fixed addresses, and the "
				   "kernel does not let this process switch their "
				   "randomisation off");
	if (options.mode == WL_FOOTPRINT && layout_fix(argv, true) < 0)
		return usage_error("mode footprint needs fixed addresses and small pages, and "
				   "the kernel does not let this process switch their "
				   "randomisation and transparent huge pages off");
	if (options.start)
		return start_and_end(options.start_objects);
	if (options.help || options.list) {
		if (options.help)
			say(STDOUT_FILENO, "%s", options_usage);
		else
			summary_list();
		return printed();
	}
	run.workload = options.workload;
	run.mode = options.mode;
	run.seed = options.seed;
	memcpy(run.values, options.values, sizeof(run.values));
	run.channel = open_channel(options.channel_fd, why, sizeof(why));
	if (!run.channel)
		return usage_error(why);
	run.channel->magic = CHANNEL_MAGIC;
	run.channel->version = CHANNEL_VERSION;
	wl_run_is(&run);
	identify(run.channel);
	status = do_run(&run);
	if (status == EXIT_OK && options.cdf && cdf_write(&run, options.cdf) < 0) {
		say(STDERR_FILENO, "ashlar-work: %s: %s\n", options.cdf, strerror(errno));
		return EXIT_RUN;
	}
	if (status != EXIT_OK || options.channel_fd >= 0)
		return status;
	summary_print(&run);
	return printed();
}
