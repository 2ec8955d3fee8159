#include "harness/cli/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include "harness/machine/environment.h"
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/run/extension.h"
#include "harness/run/measure.h"
#include "harness/run/plan.h"
#include "harness/export/export.h"
#include "harness/figures/figures.h"
#include "harness/cli/run_options.h"

static int write_report(const char *dir, bool quiet)
{
	struct report report;
	int status;

	message_speaker("report");
	status = report_open(&report, dir, NULL);
	if (status == STATUS_OK)
		status = export_report(&report, NULL, quiet, true);
	report_close(&report);
	message_speaker(NULL);
	return status;
}

int run_main(int argc, char **argv)
{
	struct run_request o;
	struct manifest m;
	struct runset set = {.samples = -1};
	char *out = NULL, *again, why[512];
	bool extended = false, measured = false;
	int status, reported;

	run_options_parse(argc, argv, &o);
	if (!file_exists(paths_find()->worker)) {
		complain("%s is missing: `make` builds it", paths_find()->worker);
		return STATUS_FAILED;
	}
	if (o.resume) {
		out = o.out ? text_format("%s", o.out) : plan_newest();
		if (!out)
			return complain_usage("nothing to resume: no run set in %s",
					      paths_find()->results);
		status = plan_resumed(out, &set, &m);
		if (status == STATUS_OK && extension_wanted(&o))
			status = extension_add(&o, argc, argv, &m, &extended);
	} else {
		status = plan_new(&o, argc, argv, &m);
		if (status == STATUS_OK)
			out = o.out ? text_format("%s", o.out) : plan_default_out(&m);
	}
	if (status != STATUS_OK)
		return status;
	if (o.dry_run) {
		plan_show(&m);
		return STATUS_OK;
	}
	if (!o.no_report && !(o.resume && *m.finished && !extended && !o.budget_s) &&
	    !figures_can_be_drawn(why, sizeof(why))) {
		complain("%s, and without it there is no report: --no-report leaves that for "
			 "later",
			 why);
		return STATUS_FAILED;
	}
	if (!o.resume) {
		if (runset_make(&set, out, why, sizeof(why)) < 0) {
			complain("%s", why);
			return STATUS_FAILED;
		}
		m.environment = environment_take();
	}
	interrupt_catch();
	again = text_format("ashlar-bench run --resume --out %s", set.path);
	status = measure_set(&m, &set, &o, extended, again, &measured);
	free(again);
	runset_close(&set);
	manifest_free(&m);
	if (measured && o.no_report) {
		printf("results: %s\n", out);
	} else if (measured) {
		reported = write_report(out, o.quiet);
		if (reported == STATUS_INCOMPLETE)
			complain("the report failed, the data is complete: `ashlar-bench "
				 "report %s` makes it from them",
				 out);
		else if (reported != STATUS_OK)
			reported = STATUS_INCOMPLETE; /* there is none to be made */
		/* What was measured is worse news than what was written of it. */
		if (status == STATUS_OK)
			status = reported;
	}
	free(out);
	return status;
}
