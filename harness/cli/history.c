#include "harness/cli/verbs.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/history.h"
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/cli/number.h"
#include "harness/export/export.h"
#include "harness/export/history.h"
#include "harness/export/markdown.h"
#include "harness/figures/history.h"
#include "harness/figures/table.h"
#include "harness/report/history_document.h"
#include "harness/stats/verdict.h"

enum {
	KEY_REFERENCE = 256,
	KEY_AS_GIVEN,
	KEY_ABSOLUTE,
	KEY_LEVEL,
	KEY_LEAST,
	KEY_CSV,
	KEY_MARKDOWN
};

struct arguments {
	struct history_how how;
	const char *out, *csv;
	char **dir;
	size_t ndirs;
	bool markdown;
};

static const struct argp_option options[] = {
	{"reference", KEY_REFERENCE, "NAME", 0, "Contender that times are ratios to (glibc)",
	 0},
	{"as-given", KEY_AS_GIVEN, NULL, 0,
	 "The sets are in the order of the series (default: that of their start)", 0},
	{"absolute", KEY_ABSOLUTE, NULL, 0, "Times as they are, not as ratios", 0},
	{"level", KEY_LEVEL, "P", 0, "Of the test of a change (0.01)", 0},
	{"least", KEY_LEAST, "PERCENT", 0, "Smaller changes are not told (2)", 0},
	{"out", 'o', "DIR", 0, "Write history.csv, .md and the figure there", 0},
	{"csv", KEY_CSV, "FILE", 0, "Write all values to FILE (-: standard output) and end", 0},
	{"markdown", KEY_MARKDOWN, NULL, 0, "Print Markdown", 0},
	{0},
};

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case KEY_REFERENCE:
		a->how.reference = value;
		return 0;
	case KEY_AS_GIVEN:
		a->how.as_given = true;
		return 0;
	case KEY_ABSOLUTE:
		a->how.absolute = true;
		return 0;
	case KEY_LEVEL:
		/* Below, the permutations that are drawn could not show it. */
		a->how.level = number_real("--level", value, 0.002, 0.5,
					   "a number from 0.002 to 0.5", NULL);
		return 0;
	case KEY_LEAST:
		a->how.least = 1 + number_real("--least", value, 0, 100,
					       "a number from 0 to 100", NULL) /
					   100;
		return 0;
	case 'o':
		a->out = value;
		return 0;
	case KEY_CSV:
		a->csv = value;
		return 0;
	case KEY_MARKDOWN:
		a->markdown = true;
		return 0;
	case ARGP_KEY_ARG:
		a->dir = list_grown(a->dir, a->ndirs, sizeof(*a->dir));
		a->dir[a->ndirs++] = value;
		return 0;
	case ARGP_KEY_END:
		if (a->ndirs < 2)
			exit(complain_usage("a history needs two sets of results and more"));
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The sets of all folders, or null after a complaint. */
static struct result_set **load_all(const struct arguments *a)
{
	struct result_set **sets = calloc(a->ndirs + 1, sizeof(*sets));
	char **real = calloc(a->ndirs + 1, sizeof(*real));
	char message[PATH_MAX + 256];
	bool good = true, known = false;

	if (!sets || !real)
		abort();
	for (size_t i = 0; i < a->ndirs && good; i++) {
		sets[i] = results_load(a->dir[i], message, sizeof(message));
		if (!sets[i]) {
			complain("%s", message);
			good = false;
			break;
		}
		known |= !a->how.reference ||
			 results_find_contender(sets[i], a->how.reference) != SIZE_MAX;
		real[i] = realpath(a->dir[i], NULL);
		for (size_t k = 0; k < i && good; k++)
			if (real[i] && real[k] && !strcmp(real[i], real[k])) {
				complain("%s is given twice", a->dir[i]);
				good = false;
			}
	}
	if (good && !known) {
		complain("--reference %s: no set has such a contender", a->how.reference);
		good = false;
	}
	for (size_t i = 0; i < a->ndirs; i++)
		free(real[i]);
	free(real);
	if (good)
		return sets;
	for (size_t i = 0; i < a->ndirs && sets[i]; i++)
		results_free(sets[i]);
	free(sets);
	return NULL;
}

static bool write_csv(const struct history *h, const char *path)
{
	FILE *f;
	bool bad;

	if (strcmp(path, "-") == 0) {
		history_csv_write(h, stdout);
		return true;
	}
	f = fopen(path, "we");
	if (!f) {
		complain("%s: %s", path, strerror(errno));
		return false;
	}
	history_csv_write(h, f);
	bad = ferror(f);
	if (fclose(f) == 0 && !bad)
		return true;
	complain("%s: %s", path, strerror(errno));
	return false;
}

/* The folder with all of it. */
static int write_folder(const struct history *h, const char *dir)
{
	char *csv = text_format("%s/history.csv", dir), *caption;
	struct document *d;
	bool good;
	FILE *f;

	if (file_make_folder(dir) < 0) {
		complain("%s: %s", dir, strerror(errno));
		free(csv);
		return STATUS_FAILED;
	}
	good = write_csv(h, csv);
	caption = history_draw(h, dir);
	d = history_document(h, dir, caption ? "history.svg" : NULL, caption);
	f = table_open_other(dir, "history", ".md");
	if (f)
		markdown_write(d, f);
	good = f && table_close_other(dir, "history", ".md", f) && good;
	document_free(d);
	if (good)
		printf("history: %s/history.md\n", dir);
	good = good && caption;
	free(caption);
	free(csv);
	return good ? STATUS_OK : STATUS_INCOMPLETE;
}

static void print(const struct history *h, bool markdown)
{
	struct document *d = history_document(h, ".", NULL, NULL);

	export_print(d, markdown);
}

int history_main(int argc, char **argv)
{
	static const struct argp argp = {options,
					 parse,
					 "DIR...",
					 "Series of what was measured over many sets of "
					 "results, and where they changed.\v"
					 "Each DIR is a set, of one commit say. Classes of "
					 "machine, suite versions and C "
					 "libraries are series of their own. What cannot be "
					 "seen is said with the result.",
					 NULL,
					 NULL,
					 NULL};
	struct arguments a = {.how = {.level = 0.01, .least = VERDICT_EQUIVALENCE}};
	struct result_set **sets;
	int status = STATUS_USAGE;

	argp_err_exit_status = STATUS_USAGE;
	message_speaker("history");
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	sets = load_all(&a);
	if (sets) {
		struct history *h = history_make(sets, a.ndirs, &a.how);

		status = STATUS_OK;
		if (a.csv)
			status = write_csv(h, a.csv) ? STATUS_OK : STATUS_FAILED;
		else
			print(h, a.markdown);
		if (!a.csv && a.out)
			status = write_folder(h, a.out);
		history_free(h);
	}
	free(a.dir);
	message_speaker(NULL);
	return status;
}
