/* Instructions of an own workload, counted by callgrind: slow, but the same on every
 * day and every machine of one kind, which no clock is.
 *
 * The counters are set to zero when the timed part begins and dumped when it ends
 * (measure_begin and measure_end of the worker), so that start, tables and calibration
 * are not counted.  Marks inside the run are: they cost every allocator the same. */
#include "harness/trial/parts.h"

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/machine/callgrind.h"
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/machine/procfs.h"
#include "harness/trial/proof.h"

#define CALLGRIND_TIMEOUT_S 300

/* Of the dump that the end of the timed part made. */
static void read_dump(const struct trial_place *place, struct sample *s, const char *pattern)
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc && s->instructions < 0; i++) {
		char *text = file_read(found.gl_pathv[i]);

		if (text && strstr(text, "Trigger: --dump-before=measure_end")) {
			s->instructions = callgrind_total(text);
			s->allocator_instructions = callgrind_allocator(
				text, s->contender->path, &s->usable_size_instructions);
			callgrind_simulated(text, &s->counters);
			trial_keep_dump(place, s, text);
		}
		free(text);
	}
	globfree(&found);
}

void trial_run_callgrind(const struct trial_place *place, struct sample *s)
{
	char *folder = trial_folder(place, s), *errors, *dump, *dumps, why[256];
	int fd = -1, status = 0, timeout_s = trial_timeout(place, CALLGRIND_TIMEOUT_S);
	struct trial_env env = {.count = 0};
	struct trial_argv argv = {.count = 0};
	struct channel *channel;
	struct child child;
	enum child_end end;
	uint64_t oom_kills = machine_oom_kills();

	if (!folder)
		return;
	errors = text_format("%s/stderr", folder);
	dump = text_format("--callgrind-out-file=%s/dump", folder);
	dumps = text_format("%s/dump*", folder);
	channel = trial_channel_make(s, &fd);
	if (!channel)
		goto out;
	trial_env_plain(&env, folder);
	/* What is done by the clock would depend on how slow valgrind is here. */
	trial_env_contender(&env, place, s, paths_find()->still);
	trial_env_channel(&env, fd);
	trial_argv_add(&argv, place->valgrind);
	trial_argv_add(&argv, "--tool=callgrind");
	trial_argv_add(&argv, "--quiet");
	trial_argv_add(&argv, "--zero-before=measure_begin");
	trial_argv_add(&argv, "--dump-before=measure_end");
	/* Threads take turns in order: else the one that holds valgrind's lock may keep it, and
	 * who waits for another's work counts his waiting by chance. */
	if (s->cell->workload->threaded)
		trial_argv_add(&argv, "--fair-sched=yes");
	for (int i = 0;
	     i < CALLGRIND_SIMULATION && counter_sets_have(place->counters, COUNTERS_CALLGRIND);
	     i++)
		trial_argv_add(&argv, callgrind_simulation[i]);
	trial_argv_add(&argv, dump);
	trial_argv_worker(&argv, s, paths_find()->still, &env);
	const struct child_plan plan = {
		.path = place->valgrind,
		.argv = (const char *const *)argv.list,
		.env = env.list,
		.folder = folder,
		.err = errors,
		.channel_fd = fd,
	};
	if (child_make(&child, &plan, why, sizeof(why)) < 0 ||
	    child_go(&child, place->valgrind, why, sizeof(why)) < 0) {
		sample_fail(s, SAMPLE_FAILED, "%s", why);
		goto out;
	}
	end = child_watch_work(&child, now_ns() + (uint64_t)timeout_s * 1000000000u,
			       (uint64_t)TRIAL_IDLE_S * 1000000000u);
	child_finish(&child, &status, NULL);
	if (end == CHILD_EXITED && channel->state == CHANNEL_FAILED)
		sample_fail(s, SAMPLE_FAILED, "%.255s", channel->reason);
	trial_explain_end(s, end, status, oom_kills, errors, timeout_s);
	/* Times and memory under valgrind are valgrind's: only the work is recorded. */
	s->ops = channel->ops;
	s->allocs = channel->allocs;
	s->expected_allocs = channel->expected_allocs;
	snprintf(s->ops_unit, sizeof(s->ops_unit), "%s",
		 s->cell->workload->ops_unit ? s->cell->workload->ops_unit : "operations");
	if (s->status == SAMPLE_OK && channel->allocs != channel->expected_allocs)
		sample_fail(s, SAMPLE_FAILED,
			    "%" PRIu64 " allocation calls were made, %" PRIu64 " were expected",
			    channel->allocs, channel->expected_allocs);
	proof_take(s, channel);
	trial_take_replay(s, channel);
	read_dump(place, s, dumps);
	if (s->instructions < 0)
		sample_fail(s, SAMPLE_FAILED, "callgrind left no count of the timed part");
out:
	if (channel)
		trial_channel_free(channel, fd);
	trial_env_free(&env);
	trial_argv_free(&argv);
	file_remove_tree(folder);
	free(folder);
	free(errors);
	free(dump);
	free(dumps);
}
