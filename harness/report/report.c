#include "harness/report/report.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/message.h"
#include "harness/report/sections.h"

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
	for (int null = 0; null < 2; null++)
		for (k = 0; k < set->ncontenders; k++)
			if (results_has_good(set, k) &&
			    results_is_null(&set->contenders[k]) == null)
				return k;
	complain("%s: no sample in it is good: nothing to compare", set->dir);
	return SIZE_MAX;
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

int report_make(const char *dir, const char *reference, bool quiet, struct document **document)
{
	char message[PATH_MAX + 256];
	struct result_set *set = results_load(dir, message, sizeof(message));
	int status = STATUS_USAGE;
	size_t chosen;

	*document = NULL;
	if (!set) {
		complain("%s", message);
		return STATUS_USAGE;
	}
	chosen = choose_reference(set, reference);
	if (chosen != SIZE_MAX) {
		struct study study = {.quiet = quiet, .c = comparison_make(set, chosen)};

		study.styles = style_make(set);
		study.dir = text_format("%s/report", dir);
		study.means = means_make(study.c);
		study.held = held_make(study.c);
		status = make_all(&study, document);
		means_free(study.means);
		comparison_free(study.c);
		free(study.styles);
		free(study.held);
		free(study.dir);
	}
	results_free(set);
	return status;
}
