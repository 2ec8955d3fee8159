#include "harness/trial/usage.h"

#include "harness/base/clock.h"

bool usage_take(pid_t pid, struct usage *u)
{
	if (!cpu_ns_of(pid, &u->cpu_ns) || !proc_read_counts(pid, &u->counts))
		return false;
	u->at_ns = now_ns();
	return true;
}

bool usage_since(pid_t pid, const struct usage *u, struct sample *s)
{
	const struct proc_counts *before = &u->counts;
	struct proc_counts after;
	uint64_t cpu, user, sys;

	s->wall_ns = now_ns() - u->at_ns;
	if (!cpu_ns_of(pid, &cpu) || !proc_read_counts(pid, &after))
		return false;
	s->cpu_ns = cpu - u->cpu_ns;
	/* The split is known in ticks only; it is applied to the exact sum. */
	user = after.user_ticks - before->user_ticks;
	sys = after.sys_ticks - before->sys_ticks;
	s->user_ns =
		user + sys ? (uint64_t)((double)s->cpu_ns * (double)user / (double)(user + sys))
			   : s->cpu_ns;
	s->sys_ns = s->cpu_ns - s->user_ns;
	s->minor_faults = after.minor_faults - before->minor_faults;
	s->major_faults = after.major_faults - before->major_faults;
	/* Threads that ended in between take their counts along, hence the guard. */
	if (after.voluntary_switches >= before->voluntary_switches)
		s->voluntary_switches = after.voluntary_switches - before->voluntary_switches;
	if (after.involuntary_switches >= before->involuntary_switches)
		s->involuntary_switches =
			after.involuntary_switches - before->involuntary_switches;
	if (after.runqueue_delay_ns >= before->runqueue_delay_ns)
		s->runqueue_delay_ns = after.runqueue_delay_ns - before->runqueue_delay_ns;
	s->peak_rss_bytes = proc_peak_rss(pid);
	return s->peak_rss_bytes > 0; /* one that ended has no memory left, but counts still */
}

static uint64_t ns_of(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * 1000000000u + (uint64_t)tv->tv_usec * 1000u;
}

void usage_of_batch(const struct channel *channel, const struct rusage *usage, struct sample *s)
{
	s->user_ns = ns_of(&usage->ru_utime);
	s->sys_ns = ns_of(&usage->ru_stime);
	s->cpu_ns = s->user_ns + s->sys_ns;
	s->minor_faults = (uint64_t)usage->ru_minflt;
	s->major_faults = (uint64_t)usage->ru_majflt;
	s->voluntary_switches = (uint64_t)usage->ru_nvcsw;
	s->involuntary_switches = (uint64_t)usage->ru_nivcsw;
	/* Not ru_maxrss: that also counts what this process held when it forked. */
	s->peak_rss_bytes = channel->peak_rss_bytes;
	s->runqueue_delay_ns = channel->runqueue_delay_ns;
	if (s->status == SAMPLE_OK && s->peak_rss_bytes == 0)
		sample_fail(s, SAMPLE_FAILED, "the program ended without its probe reporting");
}

void usage_of_picked(const struct channel *c, struct sample *s)
{
	s->user_ns = c->user_ns;
	s->sys_ns = c->sys_ns;
	s->cpu_ns = s->user_ns + s->sys_ns;
	s->wall_ns = c->end_ns - c->start_ns;
	s->minor_faults = c->minor_faults;
	s->major_faults = c->major_faults;
	s->voluntary_switches = c->voluntary_switches;
	s->involuntary_switches = c->involuntary_switches;
	s->runqueue_delay_ns = c->runqueue_delay_ns;
	s->peak_rss_bytes = c->peak_rss_bytes;
}
