#include "harness/report/report.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/message.h"
#include "harness/report/sections.h"

/* The first with a good sample; where nobody has one the first of all, since what failed is
 * told of a set, too.  `null` comes last.  SIZE_MAX where there is nobody. */
static size_t first_of(const struct result_set *set)
{
	for (int good = 1; good >= 0; good--)
		for (int null = 0; null < 2; null++)
			for (size_t k = 0; k < set->ncontenders; k++)
				if (results_has_good(set, k) == good &&
				    results_is_null(&set->contenders[k]) == null)
					return k;
	return SIZE_MAX;
}

/* Index of the reference, or SIZE_MAX after a complaint. */
static size_t choose_reference(const struct result_set *set, const char *name)
{
	size_t k = results_find_contender(set, name ? name : "glibc");
	char *known = NULL;

	if (k != SIZE_MAX && results_has_good(set, k))
		return k;
	if (name) {
		text_set(&known, "%s", "");
		for (size_t i = 0; i < set->ncontenders; i++)
			if (results_has_good(set, i))
				text_append(&known, " %s", set->contenders[i].name);
		complain("--reference %s: %s; in this set are:%s", name,
			 k == SIZE_MAX ? "no such contender" : "it has no good sample", known);
		free(known);
		return SIZE_MAX;
	}
	k = set->nsamples ? first_of(set) : SIZE_MAX;
	if (k == SIZE_MAX)
		complain("%s: it holds no sample: nothing to compare", set->dir);
	return k;
}

static int make_all(const struct study *study, struct document **document)
{
	struct figures figures;
	int status;

	if (mkdir(study->dir, 0777) && errno != EEXIST) {
		complain("%s: %s", study->dir, strerror(errno));
		return STATUS_INCOMPLETE;
	}
	status = figures_make(study, &figures);
	/* The document is made without figures too: its tables need no gnuplot. */
	*document = sections_make(study, &figures);
	figures_free(&figures);
	return status;
}

int report_begin(struct report *report, const char *dir, const char *reference)
{
	char message[PATH_MAX + 256];
	size_t chosen;

	*report = (struct report){.set = results_load(dir, message, sizeof(message))};
	if (!report->set) {
		complain("%s", message);
		return STATUS_USAGE;
	}
	chosen = choose_reference(report->set, reference);
	if (chosen == SIZE_MAX) {
		report_close(report);
		return STATUS_USAGE;
	}
	report->c = comparison_make(report->set, chosen);
	report->means = means_make(report->c);
	return STATUS_OK;
}

int report_open(struct report *report, const char *dir, const char *reference)
{
	int status = report_begin(report, dir, reference);

	if (status == STATUS_OK)
		report->findings = findings_make(report->c);
	return status;
}

void report_close(struct report *report)
{
	free(report->held);
	if (report->findings)
		findings_free(report->findings);
	if (report->means)
		means_free(report->means);
	if (report->c)
		comparison_free(report->c);
	if (report->set)
		results_free(report->set);
	*report = (struct report){0};
}

const struct held *report_held(struct report *report)
{
	if (!report->held)
		report->held = held_make(report->c);
	return report->held;
}

static struct study study_open(struct report *report, bool quiet)
{
	return (struct study){.quiet = quiet,
			      .c = report->c,
			      .means = report->means,
			      .styles = style_make(report->set),
			      .held = report_held(report),
			      .terms = report->terms,
			      .pictures_only = report->pictures_only};
}

static void study_close(struct study *study)
{
	free(study->styles);
	free(study->dir);
}

int report_make(struct report *report, bool quiet, struct document **document)
{
	struct study study = study_open(report, quiet);
	int status;

	*document = NULL;
	study.dir = text_format("%s/report", report->set->dir);
	status = make_all(&study, document);
	study_close(&study);
	return status;
}

int report_draw(struct report *report, const struct sheet *sheet, bool quiet, const char *dir,
		struct figures *figures)
{
	struct study study = study_open(report, quiet);
	int status;

	study.sheet = sheet;
	study.dir = text_format("%s", dir);
	status = figures_make(&study, figures);
	study_close(&study);
	return status;
}
