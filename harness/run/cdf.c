#include "harness/run/cdf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/run/capacity.h"
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/message.h"
#include "harness/base/set_files.h"

#define PASS_S 60 /* one pass takes seconds; one that hangs must not take the run with it */

/* Of all cells of a workload the first whose figures the report shows. */
static bool is_shown(const struct cell *cell)
{
	return cell->workload && cell->mode != MODE_VERIFY && cell->mode != MODE_INSTRUCTIONS &&
	       cell->mode != MODE_FOOTPRINT && cell->mode != MODE_LOCALITY &&
	       cell->mode != MODE_SHARING;
}

static bool is_first(const struct manifest *m, int cell)
{
	for (int i = 0; i < cell; i++)
		if (is_shown(&m->cells[i]) && m->cells[i].workload == m->cells[cell].workload)
			return false;
	return is_shown(&m->cells[cell]);
}

/* Whether any of them ran.  What no contender can be asked for is not gone through for its
 * sizes. */
static bool has_run(const struct runner *r, const struct cell *first)
{
	for (int i = 0; i < r->manifest->ncells; i++)
		if (r->ran[i] && is_shown(&r->manifest->cells[i]) &&
		    r->manifest->cells[i].workload == first->workload)
			return true;
	return false;
}

/* Returns false when the user ended it. */
static bool one_pass(const struct runner *r, const struct cell *cell,
		     const struct contender *reference, const char *path, int timeout_s)
{
	struct trial_place place = r->place;
	struct cell plain = *cell;
	static struct sample s; /* large */
	char *part = text_format("%s.part", path);

	plain.mode = MODE_THROUGHPUT;
	memset(&s, 0, sizeof(s));
	s.cell = &plain;
	s.contender = reference;
	s.seed = schedule_workload_seed(&r->schedule, &plain, 0);
	s.distributions = part;
	memcpy(s.values, plain.values, sizeof(s.values));
	/* Memory over time of a run that keeps books is of no use: there is no such folder. */
	place.out = place.scratch;
	place.timeout_s = timeout_s;
	trial_run(&place, &s);
	if (s.status == SAMPLE_OK && rename(part, path) < 0)
		complain("%s: %s", path, strerror(errno));
	if (s.status != SAMPLE_OK) {
		unlink(part);
		if (s.status != SAMPLE_ABORTED)
			complain("no sizes and lifetimes of %s: %s", cell_workload_name(cell),
				 s.reason);
	}
	free(part);
	return s.status != SAMPLE_ABORTED;
}

bool cdf_record(struct runner *r, uint64_t until_ns)
{
	const struct manifest *m = r->manifest;
	struct contender made;
	const struct contender *reference = capacity_reference(m, &made);
	char *folder = text_format("%s/" SET_CDF, r->place.out);
	int left_out = 0;
	bool go_on = true;

	for (int i = 0; i < m->ncells && go_on; i++) {
		uint64_t now = now_ns(), seconds = PASS_S;
		char *path;

		if (!is_first(m, i) || !has_run(r, &m->cells[i]))
			continue;
		if (until_ns)
			seconds = until_ns > now ? (until_ns - now) / 1000000000u : 0;
		path = text_format("%s/%s.tsv", folder, cell_workload_name(&m->cells[i]));
		if (interrupt_wanted()) {
			go_on = false;
		} else if (file_exists(path)) {
			/* Of an earlier part of the run. */
		} else if (file_make_folder(folder) < 0) {
			complain("the folder %s cannot be made: %s", folder, strerror(errno));
			free(path);
			break;
		} else if (seconds == 0) {
			left_out++;
		} else {
			go_on = one_pass(r, &m->cells[i], reference, path,
					 seconds < PASS_S ? (int)seconds : PASS_S);
		}
		free(path);
	}
	if (left_out && !r->quiet)
		printf("sizes and lifetimes of %d workloads were left out: the budget is "
		       "spent\n",
		       left_out);
	free(folder);
	contender_free(&made);
	return go_on;
}
