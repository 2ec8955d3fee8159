/* A trial of one of our own workloads: the worker measures itself and leaves all it
 * found in the channel. */
#include "harness/trial/parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/set_files.h"
#include "harness/base/paths.h"
#include "harness/machine/procfs.h"
#include "harness/trial/proof.h"
#include "harness/trial/timeline.h"
#include "workloads/shared/self.h"

static void take_channel(struct sample *s, const struct channel *c)
{
	trial_take_replay(s, c);
	s->footprint = c->footprint;
	s->cpu_ns = c->cpu_ns;
	s->user_ns = c->user_ns;
	s->sys_ns = c->sys_ns;
	s->wall_ns = c->wall_ns;
	s->ops = c->ops;
	s->allocs = c->allocs;
	s->expected_allocs = c->expected_allocs;
	s->peak_rss_bytes = c->peak_rss_bytes;
	s->table_bytes = c->table_bytes;
	s->minor_faults = c->minor_faults;
	s->major_faults = c->major_faults;
	s->voluntary_switches = c->voluntary_switches;
	s->involuntary_switches = c->involuntary_switches;
	s->runqueue_delay_ns = c->runqueue_delay_ns;
	s->clock_cost_ns = c->clock_cost_ns;
	s->sample_every = c->sample_every;
	s->arrivals_ns = c->arrivals_ns;
	s->served_ns = c->served_ns;
	s->begin_ns = c->start_ns;
	s->nmarks = c->nmarks < CHANNEL_MARKS ? c->nmarks : CHANNEL_MARKS;
	memcpy(s->marks, c->marks, s->nmarks * sizeof(s->marks[0]));
	snprintf(s->ops_unit, sizeof(s->ops_unit), "%s",
		 s->cell->workload->ops_unit ? s->cell->workload->ops_unit : "operations");
}

static void take_latency(const struct trial_place *place, struct sample *s,
			 const struct channel *c)
{
	char *path;

	if (s->cell->mode != MODE_LATENCY)
		return;
	path = text_format("%s/" SET_LATENCY "/%d.tsv", place->out, s->id);
	switch (latency_write(c, path)) {
	case 1:
		s->has_latency = true;
		break;
	case 0:
		sample_fail(s, SAMPLE_FAILED, "latency run without a single timed call");
		break;
	default:
		sample_fail(s, SAMPLE_FAILED, "%s: %s", path, strerror(errno));
	}
	for (int k = 0; k < CHANNEL_HIST_KINDS; k++)
		latency_summarise(&c->latency[k], &s->latency[k]);
	free(path);
}

/* Own checks of the run, in the order in which one explains the next. */
static void check(struct sample *s, const struct channel *c)
{
	if (c->state == CHANNEL_FAILED)
		sample_fail(s, SAMPLE_FAILED, "%.255s", c->reason);
	else if (c->state != CHANNEL_DONE)
		sample_fail(s, SAMPLE_FAILED, "the worker ended without finishing the run");
	else if (c->expected_allocs && c->allocs != c->expected_allocs)
		sample_fail(s, SAMPLE_FAILED,
			    "%" PRIu64 " allocation calls were made, %" PRIu64 " were expected",
			    c->allocs, c->expected_allocs);
}

/* In a world the worker's file is behind its loader and what that is to preload. */
static void add_start(struct trial_argv *argv, const struct sample *s, const char *last,
		      struct trial_env *env)
{
	const char *worker = paths_find()->worker, *words[WORLD_WORDS];
	char *preload, *start = NULL;
	int n;

	if (!s->contender->world) {
		trial_argv_add(argv, worker);
		return;
	}
	preload = trial_preload(s, last);
	n = world_start(s->contender->world, preload, NULL, worker, words);
	for (int i = 0; i < n; i++) {
		trial_argv_add(argv, words[i]);
		text_append(&start, "%s%s", i ? "\n" : SELF_ENV "=", words[i]);
	}
	trial_env_add(env, start);
	free(start);
	free(preload);
}

void trial_argv_worker(struct trial_argv *argv, const struct sample *s, const char *last,
		       struct trial_env *env)
{
	const struct wl_param *params = s->cell->workload->params;
	const char *mode = s->cell->mode == MODE_LATENCY     ? "latency"
			   : s->cell->mode == MODE_VERIFY    ? "verify"
			   : s->cell->mode == MODE_LOCALITY  ? "locality"
			   : s->cell->mode == MODE_FOOTPRINT ? "footprint"
			   : s->cell->mode == MODE_SHARING   ? "sharing"
							     : "throughput";
	char text[128], *name = cell_worker_name(s->cell);

	add_start(argv, s, last, env);
	trial_argv_add(argv, "--mode");
	trial_argv_add(argv, mode);
	trial_argv_add(argv, "--seed");
	snprintf(text, sizeof(text), "%" PRIu64, s->seed);
	trial_argv_add(argv, text);
	/* All of them, also the defaults: the record and the run cannot differ. */
	for (int i = 0; params[i].name; i++) {
		trial_argv_add(argv, "--set");
		snprintf(text, sizeof(text), "%s=%" PRId64, params[i].name, s->values[i]);
		trial_argv_add(argv, text);
	}
	if (s->distributions) {
		trial_argv_add(argv, "--cdf");
		trial_argv_add(argv, s->distributions);
	}
	trial_argv_add(argv, name);
	free(name);
}

void trial_run_workload(const struct trial_place *place, struct sample *s)
{
	const bool held = s->cell->mode == MODE_LOCALITY || s->cell->mode == MODE_FOOTPRINT ||
			  s->cell->mode == MODE_SHARING;
	const char *last = held ? paths_find()->still : NULL;
	char *folder = trial_folder(place, s), *errors = NULL, why[256];
	int fd = -1, status = 0, timeout_s = trial_timeout(place, TRIAL_TIMEOUT_S);
	struct trial_env env = {.count = 0};
	struct trial_argv argv = {.count = 0};
	struct channel *channel = NULL;
	struct counters counters;
	struct timeline timeline;
	struct child child;
	uint64_t oom_kills = machine_oom_kills();
	enum child_end end;

	if (!folder)
		return;
	channel = trial_channel_make(s, &fd);
	if (!channel)
		goto out;
	errors = text_format("%s/stderr", folder);
	trial_env_plain(&env, folder);
	/* Addresses repeat where nothing depends on how much time has passed. */
	trial_env_contender(&env, place, s, last);
	trial_env_channel(&env, fd);
	trial_argv_worker(&argv, s, last, &env);
	const struct child_plan plan = {
		.path = argv.list[0],
		.argv = (const char *const *)argv.list,
		.env = env.list,
		.folder = folder,
		.err = errors,
		.channel_fd = fd,
	};
	if (child_make(&child, &plan, why, sizeof(why)) < 0) {
		sample_fail(s, SAMPLE_FAILED, "%s", why);
		goto out;
	}
	counters_open(&counters, place->source, child.pid,
		      counter_sets_turn(place->counters, s->block));
	if (child_go(&child, plan.path, why, sizeof(why)) < 0) {
		counters_finish(&counters, &s->counters);
		sample_fail(s, SAMPLE_FAILED, "%s", why);
		goto out;
	}
	timeline_begin(&timeline, child.pid, channel);
	end = child_watch(&child, now_ns() + (uint64_t)timeout_s * 1000000000u,
			  TIMELINE_EVERY_NS, timeline_tick, &timeline);
	child_finish(&child, &status, NULL);
	counters_finish(&counters, &s->counters);
	trial_keep_timeline(place, s, &timeline);

	take_channel(s, channel);
	if (end == CHILD_EXITED && channel->state == CHANNEL_FAILED)
		check(s, channel); /* its own words say more than its exit status */
	trial_explain_end(s, end, status, oom_kills, errors, timeout_s);
	check(s, channel);
	proof_take(s, channel);
	if (s->status == SAMPLE_OK)
		take_latency(place, s, channel);
out:
	if (channel)
		trial_channel_free(channel, fd);
	trial_env_free(&env);
	trial_argv_free(&argv);
	file_remove_tree(folder);
	free(folder);
	free(errors);
}
