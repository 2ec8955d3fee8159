#include "harness/run/measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/run/cdf.h"
#include "harness/run/counting.h"
#include "harness/run/outcome.h"
#include "harness/run/runner.h"

static int save(const struct manifest *m, const struct runset *set)
{
	json_t *object = manifest_to_json(m);
	char why[512];
	int result = runset_write_manifest(set, object, why, sizeof(why));

	json_decref(object);
	if (result < 0)
		complain("%s", why);
	return result;
}

/* Says that a finished run set has nothing left to measure, if that is so, and what it lost. */
static bool is_finished(const struct manifest *m, const struct runner *r, bool more)
{
	int missing = runner_missing(r), lost = *m->finished ? runner_lost(r) : 0;

	if (!*m->finished || (missing && more))
		return false;
	if (lost) {
		printf("%s was finished at %s, but lacks %d sample%s by now: measured again\n",
		       r->set->path, m->finished, lost, lost == 1 ? "" : "s");
		return false;
	}
	printf("%s was finished at %s: nothing is left to measure\n", r->set->path,
	       m->finished);
	if (missing)
		printf("its budget had no room for %d samples: --budget TIME measures more of "
		       "them\n",
		       missing);
	return true;
}

int measure_set(struct manifest *m, struct runset *set, const struct run_request *o,
		bool extended, const char *again, bool *measured)
{
	struct runner r = {
		.manifest = m, .set = set, .quiet = o->quiet, .no_repeat = o->no_repeat};
	const char *tmp = getenv("TMPDIR");
	char *scratch = text_format("%s/ashlar-bench-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	char *absolute = realpath(set->path, NULL);
	char why[512];
	enum runner_end end;
	uint64_t until = 0;
	int status = STATUS_FAILED, judged = STATUS_OK;
	int budget = o->budget_s ? o->budget_s : m->budget_s;

	if (!m->counters)
		m->counters = counting_plan(&counters_of_kernel, o->counters);
	r.place = (struct trial_place){
		.out = absolute,
		.scratch = scratch,
		.source = &counters_of_kernel,
		.counters = counting_choice(m->counters),
		.valgrind = paths_find_program("valgrind"),
		.timeout_s = m->timeout_s,
		.keep_dumps = m->keep_dumps,
		.seed = m->seed,
	};
	if (!absolute || !mkdtemp(scratch)) {
		complain("%s: %s", absolute ? scratch : set->path, strerror(errno));
		free(scratch);
		free(absolute);
		return STATUS_FAILED;
	}
	if (runner_begin(&r, why, sizeof(why)) < 0) {
		complain("%s cannot be resumed: %s", set->path, why);
		status = STATUS_USAGE;
		goto out;
	}
	if (is_finished(m, &r, extended || o->budget_s)) {
		status = STATUS_OK;
		goto out;
	}
	m->finished[0] = '\0';
	json_array_clear(m->unfinished);
	if (save(m, set) < 0)
		goto out;
	/* A budget that is gone on with has been spent in part already. */
	if (budget && !o->budget_s)
		budget = r.spent_s < budget - 1 ? budget - (int)r.spent_s : 1;
	if (budget) {
		until = now_ns() + (uint64_t)budget * 1000000000u;
		r.deadline_ns = until - (uint64_t)budget * 1000000000u / CDF_BUDGET_PART;
	}
	if (!o->quiet)
		printf("%d samples into %s\n", runner_missing(&r), set->path);
	if (!o->quiet)
		counting_show(m);
	for (int i = 0; i < m->ncontenders && !o->quiet; i++)
		if (!m->contenders[i].usable)
			printf("%s: skipped: %s\n", m->contenders[i].name,
			       m->contenders[i].reason);
	end = runner_go(&r, why, sizeof(why));
	if (end == RUNNER_DONE && !cdf_record(&r, until))
		end = RUNNER_INTERRUPTED;
	if (end == RUNNER_DONE) {
		clock_utc(m->finished, sizeof(m->finished));
		judged = outcome_judge(m, set, o->strict);
	}
	if (save(m, set) < 0) {
		/* On disk it is not. */
		m->finished[0] = '\0';
		goto out;
	}
	if (json_array_size(m->unfinished) > 0 && !o->quiet)
		printf("the budget had no room for %zu of %d blocks of cells: see "
		       "\"unfinished\" in the manifest\n",
		       json_array_size(m->unfinished), r.schedule.count);
	if (end == RUNNER_BROKEN) {
		complain("%s; what was measured is kept in %s", why, set->path);
	} else if (end == RUNNER_INTERRUPTED) {
		complain("interrupted; to go on: %s", again);
		status = STATUS_INTERRUPTED;
	} else {
		status = judged;
		*measured = true;
	}
out:
	runner_free(&r);
	file_remove_tree(scratch);
	free(scratch);
	free(absolute);
	return status;
}
