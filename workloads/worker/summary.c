#include "workloads/worker/summary.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>
#include "workloads/shared/channel.h"
#include "workloads/shared/histogram.h"
#include "workloads/catalogue/workloads.h"

static bool lost;

bool say_arrived(void)
{
	return !lost;
}

void say(int fd, const char *format, ...)
{
	char text[2048];
	const char *rest = text;
	ssize_t n, wrote;
	va_list args;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n >= (ssize_t)sizeof(text))
		n = sizeof(text) - 1;
	for (; n > 0; rest += wrote, n -= wrote)
		if ((wrote = write(fd, rest, (size_t)n)) < 0) {
			lost = true;
			return;
		}
}

void summary_list(void)
{
	for (const struct workload *const *w = workloads_all; *w; w++) {
		say(STDOUT_FILENO, "%s: %s\n", (*w)->name, (*w)->summary);
		for (const struct wl_param *p = (*w)->params; p->name; p++)
			say(STDOUT_FILENO, "    %s=%lld  (%lld to %lld) %s\n", p->name,
			    (long long)p->value, (long long)p->min, (long long)p->max,
			    p->summary);
	}
}

/* Smallest value that `beyond` of the counted ones exceed. */
static uint64_t quantile(const struct channel_histogram *h, double share)
{
	uint64_t rank = (uint64_t)((double)h->count * share), sum = 0;

	for (unsigned i = 0; i < CHANNEL_HIST_BUCKETS; i++) {
		sum += h->bucket[i];
		if (sum > rank)
			return histogram_from(i);
	}
	return h->max_ns;
}

static void print_latency(const struct channel *c)
{
	static const char *const kinds[] = {"alloc", "free", "request"};

	for (int kind = 0; kind < CHANNEL_HIST_KINDS; kind++) {
		const struct channel_histogram *h = &c->latency[kind];

		if (h->count)
			say(STDOUT_FILENO,
			    "%-9s p50 %llu ns, p99 %llu ns, p99.9 %llu ns, max %llu ns (%llu "
			    "values)\n",
			    kinds[kind], (unsigned long long)quantile(h, 0.5),
			    (unsigned long long)quantile(h, 0.99),
			    (unsigned long long)quantile(h, 0.999),
			    (unsigned long long)h->max_ns, (unsigned long long)h->count);
	}
	if (c->sample_every)
		say(STDOUT_FILENO,
		    "clock     %llu ns per pair of readings, 1 call in %llu timed\n",
		    (unsigned long long)c->clock_cost_ns, (unsigned long long)c->sample_every);
}

static void print_replay(const struct channel *c)
{
	const struct channel_replay *r = &c->replay;

	if (!r->used)
		return;
	if (r->validated)
		say(STDOUT_FILENO, "replay    validated: %llu events of %llu threads\n",
		    (unsigned long long)r->events, (unsigned long long)r->threads);
	else
		say(STDOUT_FILENO, "replay    not validated: %s\n", r->invalid);
	say(STDOUT_FILENO, "peak      %.2f MiB live, %.2f MiB recorded\n",
	    (double)r->peak_live_bytes / 0x1p20, (double)r->recorded_peak_live_bytes / 0x1p20);
	for (uint64_t i = 0; r->contexts > 1 && i < r->contexts; i++) {
		const struct channel_thread *t = &c->threads[i];
		double share = t->alive_ns ? (double)t->wait_ns / (double)t->alive_ns : 0;

		say(STDOUT_FILENO, "waiting   thread %llu: %.3f of %.3f s, idle %.3f s%s\n",
		    (unsigned long long)i, (double)t->wait_ns / 1e9, (double)t->alive_ns / 1e9,
		    (double)t->idle_ns / 1e9,
		    share > CHANNEL_WAIT_NOTE ? ", more than 5 %: this also measures scheduling"
					      : "");
	}
}

static void print_locality(const struct channel *c)
{
	const struct channel_locality *l = &c->locality;
	double ops = (double)l->operations / 1000, windows = (double)l->windows;

	if (!l->operations)
		return;
	say(STDOUT_FILENO,
	    "locality  %llu lines, %llu pages of 4 KiB, %llu regions of 2 MiB in all\n",
	    (unsigned long long)l->lines, (unsigned long long)l->pages,
	    (unsigned long long)l->regions);
	if (l->windows)
		say(STDOUT_FILENO,
		    "          %.1f lines, %.1f pages, %.1f regions per 1000 operations\n",
		    (double)l->lines_in_windows / windows,
		    (double)l->pages_in_windows / windows,
		    (double)l->regions_in_windows / windows);
	say(STDOUT_FILENO,
	    "          %.1f first-level and %.1f second-level misses of the address "
	    "translation per 1000 operations\n",
	    (double)l->l1_misses / ops, (double)l->l2_misses / ops);
	if (c->locality.sharing)
		say(STDOUT_FILENO,
		    "sharing   %llu lines were touched by several threads, %.2f transfers of a "
		    "line per 1000 operations\n",
		    (unsigned long long)l->shared_lines, (double)l->transfers / ops);
}

void summary_print(const struct wl_run *run)
{
	const struct channel *c = run->channel;
	double ops = c->ops ? (double)c->ops : 1;

	say(STDOUT_FILENO, "workload  %s, seed %llu\n", run->workload->name,
	    (unsigned long long)run->seed);
	say(STDOUT_FILENO, "allocator %s %s\n", c->malloc_file, c->version_text);
	say(STDOUT_FILENO, "time      %.3f s CPU (%.3f user, %.3f system), %.3f s wall\n",
	    (double)c->cpu_ns / 1e9, (double)c->user_ns / 1e9, (double)c->sys_ns / 1e9,
	    (double)c->wall_ns / 1e9);
	say(STDOUT_FILENO, "work      %llu %s, %llu allocation calls, %.1f ns CPU each\n",
	    (unsigned long long)c->ops, run->workload->ops_unit, (unsigned long long)c->allocs,
	    (double)c->cpu_ns / ops);
	say(STDOUT_FILENO,
	    "memory    %.1f MiB peak, of which %.1f MiB tables; %llu minor and %llu major "
	    "faults\n",
	    (double)c->peak_rss_bytes / 0x1p20, (double)c->table_bytes / 0x1p20,
	    (unsigned long long)c->minor_faults, (unsigned long long)c->major_faults);
	print_latency(c);
	print_replay(c);
	print_locality(c);
	for (uint32_t i = 0; i < c->nmarks; i++) {
		const struct channel_mark *m = &c->marks[i];

		say(STDOUT_FILENO,
		    "mark      %-12s live %8.2f MiB, floor %8.3f MiB, private %8.2f MiB, %llu "
		    "objects\n",
		    m->name, (double)m->live_bytes / 0x1p20, (double)m->floor_bytes / 0x1p20,
		    (double)m->anon_bytes / 0x1p20, (unsigned long long)m->live_objects);
		if (m->lines)
			say(STDOUT_FILENO,
			    "          %llu of %llu lines with live objects have some of two "
			    "threads: %.2f %%\n",
			    (unsigned long long)m->shared_lines, (unsigned long long)m->lines,
			    100 * (double)m->shared_lines / (double)m->lines);
	}
}
