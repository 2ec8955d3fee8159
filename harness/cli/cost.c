#include "harness/cli/verbs.h"

#include <argp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/message.h"
#include "harness/cli/json_output.h"
#include "harness/cli/terms.h"
#include "harness/export/cost.h"
#include "harness/export/export.h"
#include "harness/export/paper.h"
#include "harness/report/report.h"
#include "harness/report/section.h"

enum form { FORM_TEXT, FORM_MARKDOWN, FORM_JSON, FORM_CSV, FORM_TEX };
enum { KEY_REFERENCE = 256, KEY_MARKDOWN, KEY_JSON, KEY_CSV, KEY_TEX };

struct arguments {
	struct fleet_terms terms;
	const char *dir, *reference;
	enum form form;
};

static const struct argp_option options[] = {
	{"reference", KEY_REFERENCE, "NAME", 0,
	 "Contender that the fleet runs under now (glibc)", 0},
	{"markdown", KEY_MARKDOWN, NULL, 0, "Print Markdown", 0},
	{"json", KEY_JSON, NULL, 0, "Print one JSON object", 0},
	{"csv", KEY_CSV, NULL, 0, "Print a line per contender", 0},
	{"tex", KEY_TEX, NULL, 0, "Print a table for LaTeX (booktabs)", 0},
	{0},
};

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->terms;
		return 0;
	case KEY_REFERENCE:
		arguments->reference = value;
		return 0;
	case KEY_MARKDOWN:
		arguments->form = FORM_MARKDOWN;
		return 0;
	case KEY_JSON:
		arguments->form = FORM_JSON;
		return 0;
	case KEY_CSV:
		arguments->form = FORM_CSV;
		return 0;
	case KEY_TEX:
		arguments->form = FORM_TEX;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->dir)
			exit(complain_usage("one folder at a time: '%s' is one too many",
					    value));
		arguments->dir = value;
		return 0;
	case ARGP_KEY_END:
		if (!arguments->dir)
			exit(complain_usage("which folder of results?"));
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print(const struct arguments *arguments, const struct comparison *c,
		  const struct fleet *f)
{
	struct document *d;

	if (arguments->form == FORM_JSON) {
		print_json(cost_json(c, f));
		return;
	}
	if (arguments->form == FORM_CSV) {
		cost_csv_write(c, f, stdout);
		return;
	}
	if (arguments->form == FORM_TEX) {
		cost_tex_write(c, f, paper_width_pt(paper_column("single")), stdout);
		return;
	}
	d = cost_document(c, f, NULL);
	export_print(d, arguments->form == FORM_MARKDOWN);
}

int cost_main(int argc, char **argv)
{
	static const struct argp_child children[] = {{&terms_argp, 0, "The fleet:", 10}, {0}};
	static const struct argp argp = {
		options,
		parse,
		"DIR",
		"Tell what each allocator costs or saves a fleet in a year, by your prices.\v"
		"From the geometric means of programs and commands of yours in DIR; a set of "
		"own "
		"workloads alone is refused. What is supposed of the fleet is said with the "
		"result.",
		children,
		NULL,
		NULL};
	struct arguments arguments = {0};
	char why[PATH_MAX + 256];
	struct report report;
	struct fleet *fleet;
	int status;

	argp_err_exit_status = STATUS_USAGE;
	terms_begin(&arguments.terms);
	message_speaker("cost");
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	status = terms_check(&arguments.terms);
	if (status == STATUS_OK)
		status = report_begin(&report, arguments.dir, arguments.reference);
	if (status == STATUS_OK) {
		fleet = fleet_make(report.c, report.means, &arguments.terms, why, sizeof(why));
		if (fleet) {
			print(&arguments, report.c, fleet);
			fleet_free(fleet);
		} else {
			status = complain_usage("%s", why);
		}
		report_close(&report);
	}
	message_speaker(NULL);
	return status;
}
