#include "harness/cli/report.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/export/html_page.h"

enum { UNUSABLE = 2, INCOMPLETE = 3 };

static bool has_good_sample(const struct result_set *set, size_t contender)
{
	for (size_t i = 0; i < set->nsamples; i++)
		if (set->samples[i].ok && set->samples[i].contender == contender)
			return true;
	return false;
}

/* Index of the reference, or SIZE_MAX after a message. */
static size_t choose_reference(const struct result_set *set, const char *name)
{
	size_t k = results_find_contender(set, name ? name : "glibc");

	if (k != SIZE_MAX && has_good_sample(set, k))
		return k;
	if (name) {
		fprintf(stderr,
			"ashlar-bench report: --reference %s: %s; in this set are:", name,
			k == SIZE_MAX ? "no such contender" : "it has no good sample");
		for (size_t i = 0; i < set->ncontenders; i++)
			if (has_good_sample(set, i))
				fprintf(stderr, " %s", set->contenders[i].name);
		fputc('\n', stderr);
		return SIZE_MAX;
	}
	for (k = 0; k < set->ncontenders; k++)
		if (has_good_sample(set, k) && !contender_is_null(&set->contenders[k]))
			return k;
	fprintf(stderr,
		"ashlar-bench report: %s: no sample in it is good: nothing to compare\n",
		set->dir);
	return SIZE_MAX;
}

static int write_all(struct report *r, const char *page)
{
	int status;

	if (mkdir(r->dir, 0777) && errno != EEXIST) {
		fprintf(stderr, "ashlar-bench report: %s: %s\n", r->dir, strerror(errno));
		return INCOMPLETE;
	}
	status = figures_make(r);
	/* The page is written without figures too: its tables need no gnuplot. */
	if (!page_write(r, page))
		status = INCOMPLETE;
	figures_free();
	return status;
}

static int report_make(const char *dir, const char *reference, const char **path)
{
	static char page[PATH_MAX];
	struct report r = {0};
	char message[PATH_MAX + 256];
	int status = UNUSABLE;

	if (path)
		*path = NULL;
	r.set = results_load(dir, message, sizeof(message));
	if (!r.set) {
		fprintf(stderr, "ashlar-bench report: %s\n", message);
		return UNUSABLE;
	}
	size_t chosen = choose_reference(r.set, reference);

	if (chosen != SIZE_MAX) {
		r.c = comparison_make(r.set, chosen);
		r.styles = styles_make(r.set);
		r.shown = calloc(r.set->ncontenders + 1, sizeof(*r.shown));
		if (!r.shown || asprintf(&r.dir, "%s/report", dir) < 0)
			abort();
		r.nshown = styles_shown(r.set, r.shown, &r.nulls);
		r.held = held_make(&r);
		snprintf(page, sizeof(page), "%s/report.html", dir);
		status = write_all(&r, page);
		comparison_free(r.c);
		free(r.styles);
		free(r.shown);
		free(r.held);
		free(r.dir);
	}
	results_free(r.set);
	if (path && status == 0)
		*path = page;
	return status;
}

int report_write(const char *dir, const char **path)
{
	return report_make(dir, NULL, path);
}

struct arguments {
	const char *dir, *reference;
};

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'r':
		arguments->reference = value;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->dir)
			argp_error(state, "one folder at a time: '%s' is one too many", value);
		arguments->dir = value;
		return 0;
	case ARGP_KEY_END:
		if (!arguments->dir)
			argp_error(state, "which folder of results?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int report_main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"reference", 'r', "NAME", 0, "Contender the others are compared with (glibc)",
		 0},
		{0},
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "DIR",
		.doc = "Tables, figures and one page of HTML from a folder of results.\v"
		       "Reads DIR/manifest.json and DIR/samples.jsonl, writes DIR/report/ and "
		       "DIR/report.html. GNUPLOT names another gnuplot.",
	};
	struct arguments arguments = {0};
	const char *path;
	int status;

	argp_err_exit_status = UNUSABLE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &arguments))
		return UNUSABLE;
	status = report_make(arguments.dir, arguments.reference, &path);
	if (status == 0)
		printf("report: %s\n", path);
	return status;
}
