#include "workloads/lib/measure.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>
#include "workloads/shared/channel.h"
#include "workloads/lib/clock.h"
#include "workloads/shared/procfs.h"

struct figures {
	uint64_t cpu, wall, user, sys, minor, major, voluntary, involuntary, delay;
};

static struct figures since, total;
static _Atomic uint64_t threads_delay;
static uint64_t peak;

static uint64_t timeval_ns(struct timeval t)
{
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_usec * 1000u;
}

static struct figures take(void)
{
	struct rusage use;
	struct figures f;

	getrusage(RUSAGE_SELF, &use);
	f.user = timeval_ns(use.ru_utime);
	f.sys = timeval_ns(use.ru_stime);
	f.minor = (uint64_t)use.ru_minflt;
	f.major = (uint64_t)use.ru_majflt;
	f.voluntary = (uint64_t)use.ru_nvcsw;
	f.involuntary = (uint64_t)use.ru_nivcsw;
	f.delay = procfs_runqueue_delay("/proc/thread-self/schedstat");
	f.wall = clock_ns(CLOCK_MONOTONIC);
	f.cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	/* Processes that the run started and waited for are part of its work. */
	getrusage(RUSAGE_CHILDREN, &use);
	f.user += timeval_ns(use.ru_utime);
	f.sys += timeval_ns(use.ru_stime);
	f.cpu += timeval_ns(use.ru_utime) + timeval_ns(use.ru_stime);
	f.minor += (uint64_t)use.ru_minflt;
	f.major += (uint64_t)use.ru_majflt;
	return f;
}

void measure_begin(struct wl_run *run)
{
	total = (struct figures){0};
	measure_peak_forget(); /* setup's scratch is gone */
	run->channel->start_ns = clock_ns(CLOCK_MONOTONIC);
	since = take();
}

void measure_pause(void)
{
	struct figures now = take();

	total.cpu += now.cpu - since.cpu;
	total.wall += now.wall - since.wall;
	total.user += now.user - since.user;
	total.sys += now.sys - since.sys;
	total.minor += now.minor - since.minor;
	total.major += now.major - since.major;
	total.voluntary += now.voluntary - since.voluntary;
	total.involuntary += now.involuntary - since.involuntary;
	total.delay += now.delay - since.delay;
}

void measure_resume(void)
{
	since = take();
}

void measure_thread_end(void)
{
	atomic_fetch_add(&threads_delay, procfs_runqueue_delay("/proc/thread-self/schedstat"));
}

void measure_peak_note(void)
{
	char status[4096];
	uint64_t now;

	procfs_read("/proc/self/status", status, sizeof(status));
	now = procfs_kb(status, "VmHWM");
	if (now > peak)
		peak = now;
}

void measure_peak_forget(void)
{
	/* 5 sets VmHWM back to the present size; a kernel without it leaves the page
	 * set's few hundred KiB in the peak. */
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, "5", 1);
	close(fd);
}

void measure_end(struct wl_run *run)
{
	struct channel *c = run->channel;

	measure_pause();
	c->end_ns = clock_ns(CLOCK_MONOTONIC);
	measure_peak_note();
	c->cpu_ns = total.cpu;
	c->wall_ns = total.wall;
	c->user_ns = total.user;
	c->sys_ns = total.sys;
	c->minor_faults = total.minor;
	c->major_faults = total.major;
	c->voluntary_switches = total.voluntary;
	c->involuntary_switches = total.involuntary;
	c->runqueue_delay_ns = total.delay + atomic_load(&threads_delay);
	c->peak_rss_bytes = peak;
}
