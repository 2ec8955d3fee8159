#include "harness/cli/verbs.h"

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/cli/json_output.h"
#include "harness/base/clock.h"
#include "harness/contenders/contender.h"
#include "harness/contenders/fetch.h"
#include "harness/contenders/world.h"
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/stats/statistics.h"
#include "harness/trial/trial.h"
#include "workloads/catalogue/programs.h"

#define NOISE_S 20      /* of the A/A run */
#define NOISE_PAIRS 200 /* at most */

static json_t *findings; /* with --json: what say() was told; else null */

struct doctor {
	bool quick, json;
	struct trial_place place;
	int problems;
};

static void say(const char *what, const char *verdict, const char *detail)
{
	if (findings) {
		json_array_append_new(findings,
				      json_pack("{s:s, s:s, s:s}", "what", what, "verdict",
						verdict, "detail", detail));
		return;
	}
	printf("%-12s %-8s %s\n", what, verdict, detail);
	fflush(stdout);
}

/* One short run of the simplest workload. */
static void short_run(struct doctor *d, const struct contender *c, int id, uint64_t seed,
		      int64_t ops, struct sample *s)
{
	static struct cell cell;

	cell_init(&cell, "tiny-churn", MODE_THROUGHPUT);
	cell.values[cell_find_param(&cell, "ops")] = ops;
	memset(s, 0, sizeof(*s));
	s->id = id;
	s->cell = &cell;
	s->contender = c;
	s->seed = seed;
	memcpy(s->values, cell.values, sizeof(s->values));
	trial_run(&d->place, s);
}

static void check_preload(struct doctor *d, struct contender *c)
{
	static struct sample s;
	char text[CHANNEL_PATH + 300];

	contender_resolve(c);
	if (!c->usable) {
		say(c->name, "absent", c->reason);
		return;
	}
	short_run(d, c, 1, 1, 100000, &s);
	if (s.status == SAMPLE_OK) {
		snprintf(text, sizeof(text), "%s, build-id %.12s, %s", s.allocator_file,
			 *s.build_id ? s.build_id : "none",
			 *s.version ? s.version : "version not told");
		say(c->name, "ok", text);
	} else {
		say(c->name, "FAILED", s.reason);
		d->problems++;
	}
}

/* The same library under two names, in pairs of changing order: what differs is the
 * machine.  The spread says how small a difference a comparison can show here. */
static void check_noise(struct doctor *d, const struct contender *reference)
{
	static struct sample a, b;
	double logs[NOISE_PAIRS];
	struct interval ratio;
	uint64_t end = now_ns() + (uint64_t)(d->quick ? 2 : NOISE_S) * 1000000000u;
	int64_t ops = d->quick ? 500000 : 10000000;
	char text[300];
	int n = 0;

	while (now_ns() < end && n < NOISE_PAIRS && !interrupt_wanted()) {
		bool swapped = n & 1;

		short_run(d, reference, 2 * n + 1, (uint64_t)n, ops, swapped ? &b : &a);
		short_run(d, reference, 2 * n + 2, (uint64_t)n, ops, swapped ? &a : &b);
		if (a.status != SAMPLE_OK || b.status != SAMPLE_OK || !a.cpu_ns || !b.cpu_ns) {
			say("noise", "FAILED", a.status != SAMPLE_OK ? a.reason : b.reason);
			d->problems++;
			return;
		}
		logs[n++] = log((double)b.cpu_ns / (double)a.cpu_ns);
	}
	if (n < 3) {
		say("noise", "unknown", "fewer than three pairs of runs were made");
		return;
	}
	ratio = stat_median_interval(logs, (size_t)n);
	/* 1.4826 MAD estimates the standard deviation; the interval of five values is
	 * [smallest, largest], on average 1.163 deviations to either side. */
	snprintf(text, sizeof(text),
		 "glibc against itself, %d pairs: ratio of CPU times %.4f, 95 %% interval %.4f "
		 "to %.4f; "
		 "one pair varies by %.1f %%, the interval of 5 blocks is about %.1f %% to "
		 "either side%s",
		 n, exp(ratio.point), exp(ratio.low), exp(ratio.high),
		 100 * 1.4826 * stat_mad(logs, (size_t)n),
		 116.3 * 1.4826 * stat_mad(logs, (size_t)n),
		 n < STAT_MIN_BLOCKS ? "; not certain, as from fewer than 5 pairs" : "");
	say("noise", "ok", text);
}

static void check_clock(void)
{
	char text[120];

	snprintf(text, sizeof(text),
		 "one reading costs %llu ns, the smallest step seen is %llu ns",
		 (unsigned long long)clock_reading_cost(), (unsigned long long)clock_step());
	say("clock", "ok", text);
}

static void check_pages(void)
{
	char line[80], defrag[80], text[240];

	file_line("/sys/kernel/mm/transparent_hugepage/enabled", line, sizeof(line));
	file_line("/sys/kernel/mm/transparent_hugepage/defrag", defrag, sizeof(defrag));
	if (*line)
		snprintf(text, sizeof(text), "enabled: %s; defrag: %s", line, defrag);
	else
		snprintf(text, sizeof(text), "this kernel has none");
	say("huge pages", "ok", text);
}

static void check_program(const char *name, const char *for_what)
{
	char *path = paths_find_program(name), *text;

	text = path ? text_format("%s", path) : text_format("not installed: no %s", for_what);
	say(name, path ? "ok" : "absent", text);
	free(text);
	free(path);
}

static void check_programs(void)
{
	char why[256];

	for (const struct program *const *p = programs_all; *p; p++) {
		const char *path = (*p)->available(why, sizeof(why));

		say((*p)->name, path ? "ok" : "absent", path ? path : why);
	}
}

static void check_worlds(void)
{
	for (const char *const *world = fetch_worlds; *world; world++) {
		char *text, *name = text_format("world %s", *world);
		bool there = world_told(paths_find()->worlds, *world, &text);

		say(name, there ? "ok" : "absent", text);
		free(name);
		free(text);
	}
}

static int examine(struct doctor *d)
{
	struct contenders all;
	char why[512], line[256];
	struct contender *reference;

	if (!file_exists(paths_find()->worker)) {
		complain("%s is missing: `make` builds it", paths_find()->worker);
		return STATUS_FAILED;
	}
	if (contenders_read(&all, paths_find()->contenders, why, sizeof(why)) < 0) {
		complain("%s", why);
		return STATUS_FAILED;
	}
	for (int i = 0; i < all.count && !interrupt_wanted(); i++)
		check_preload(d, &all.list[i]);
	if (!file_exists(paths_find()->probe)) {
		say("probe", "FAILED",
		    "libashlar-probe.so is missing: programs cannot be proven");
		d->problems++;
	}
	check_programs();
	check_worlds();
	say("counters",
	    counters_probe(&counters_of_kernel, counter_sets_turn(counter_sets_default(), 0),
			   line, sizeof(line)),
	    line);
	check_clock();
	check_pages();
	check_program("valgrind", "instruction counts");
	check_program("gnuplot", "figures, thus no report");
	reference = contenders_find(&all, "glibc");
	if (reference && reference->usable && !interrupt_wanted())
		check_noise(d, reference);
	return d->problems ? STATUS_FAILED : STATUS_OK;
}

enum { KEY_QUICK = 256, KEY_JSON };

static error_t take(int key, char *argument, struct argp_state *state)
{
	struct doctor *d = state->input;

	(void)argument;
	if (key != KEY_QUICK && key != KEY_JSON)
		return ARGP_ERR_UNKNOWN;
	*(key == KEY_QUICK ? &d->quick : &d->json) = true;
	return 0;
}

int doctor_main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"quick", KEY_QUICK, NULL, 0, "2 seconds instead of 20 for the noise", 0},
		{"json", KEY_JSON, NULL, 0, "the same as one JSON object", 0},
		{0}};
	static const struct argp parser = {options,
					   take,
					   NULL,
					   "Check that allocators are really preloaded, what "
					   "can be counted, the clocks, and how much two "
					   "runs of the same thing differ here.",
					   NULL,
					   NULL,
					   NULL};
	struct doctor d = {.quick = false};
	const char *tmp = getenv("TMPDIR");
	char *scratch = text_format("%s/ashlar-doctor-XXXXXX", tmp && *tmp ? tmp : "/tmp"),
	     *part;
	int status;

	argp_parse(&parser, argc, argv, 0, NULL, &d);
	if (!mkdtemp(scratch)) {
		complain("%s: %s", scratch, strerror(errno));
		return STATUS_FAILED;
	}
	part = text_format("%s/timeline", scratch);
	if (file_make_folder(part) < 0)
		complain("%s: %s", part, strerror(errno));
	free(part);
	d.place = (struct trial_place){
		.out = scratch, .scratch = scratch, .source = &counters_of_kernel};
	interrupt_catch();
	if (d.json)
		findings = json_array();
	status = examine(&d);
	if (findings)
		print_json(json_pack("{s:s, s:i, s:o}", "schema", "ashlar-doctor 1", "problems",
				     d.problems, "findings", findings));
	if (interrupt_wanted())
		status = STATUS_INTERRUPTED;
	file_remove_tree(scratch);
	free(scratch);
	return status;
}
