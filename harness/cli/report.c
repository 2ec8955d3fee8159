#include "harness/cli/verbs.h"

#include <argp.h>
#include <math.h>
#include <stdlib.h>

#include "harness/base/message.h"
#include "harness/cli/terms.h"
#include "harness/export/export.h"
#include "harness/export/methods.h"
#include "harness/export/paper.h"
#include "harness/report/section.h"

/* The options of formats have keys from here on, in the order of the formats. */
enum {
	FORMAT_KEY = 0x100,
	REFERENCE_KEY = 0x200,
	PICTURES_KEY,
	METHODS_KEY,
	PDF_KEY,
	TEX_KEY,
	COLUMN_KEY,
	SUMMARY_KEY = 0x300
};

struct arguments {
	const char *dir, *reference;
	const char *methods; /* folder, or null */
	bool pictures_only;
	bool *wanted;          /* formats */
	const char **findings; /* per format of the findings: where to, or null */
	bool some_findings, some_formats;
	bool quiet;
	struct fleet_terms terms;
	bool pdf;           /* or with LaTeX's text */
	const char *column; /* as it was named, or null */
	struct sheet sheet;
};

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	if (key >= FORMAT_KEY && key < FORMAT_KEY + (int)export_nformats) {
		arguments->wanted[key - FORMAT_KEY] = arguments->some_formats = true;
		return 0;
	}
	if (key >= SUMMARY_KEY && key < SUMMARY_KEY + (int)export_nsummaries) {
		arguments->findings[key - SUMMARY_KEY] = value ? value : "-";
		arguments->some_findings = true;
		return 0;
	}
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->terms;
		return 0;
	case 'q':
		arguments->quiet = true;
		return 0;
	case REFERENCE_KEY:
		arguments->reference = value;
		return 0;
	case METHODS_KEY:
		arguments->methods = value;
		return 0;
	case PDF_KEY:
	case TEX_KEY:
		arguments->pdf = true;
		arguments->sheet.latex |= key == TEX_KEY;
		return 0;
	case COLUMN_KEY:
		arguments->column = value;
		arguments->sheet.column_in = paper_column(value);
		if (isnan(arguments->sheet.column_in))
			argp_error(state,
				   "--column %s: widths are single (3.33 in) and double (7 in)",
				   value);
		return 0;
	case PICTURES_KEY:
		arguments->pictures_only = true;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->dir)
			argp_error(state, "one folder at a time: '%s' is one too many", value);
		arguments->dir = value;
		return 0;
	case ARGP_KEY_END:
		if (!arguments->dir)
			argp_error(state, "which folder of results?");
		if (arguments->column && !arguments->pdf)
			argp_error(state, "--column goes with --pdf or --tex");
		if (arguments->methods && (arguments->pdf || arguments->some_findings ||
					   arguments->some_formats || arguments->pictures_only))
			argp_error(state, "--methods writes methods and nothing else: no other "
					  "output goes with it");
		if (arguments->pdf && arguments->some_findings)
			argp_error(
				state,
				"--pdf and --tex go with the report, not with --text, --csv, "
				"--json or --summary, of which each is written alone");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* All that is made of an open report.  Where the findings are asked for they are all. */
static int write_all(const struct arguments *arguments, struct report *report)
{
	int status = STATUS_OK;

	for (size_t i = 0; i < export_nsummaries && status == STATUS_OK; i++)
		if (arguments->findings[i])
			status = export_findings(report, &export_summaries[i],
						 arguments->findings[i]);
	if (arguments->some_findings)
		return status;
	status = export_report(report, arguments->wanted, arguments->quiet, false);
	if (status == STATUS_OK && arguments->pdf)
		status = paper_write(report, &arguments->sheet, arguments->quiet);
	if (status == STATUS_OK && arguments->pictures_only)
		figures_keep_pictures(arguments->dir);
	return status;
}

static int make(const struct arguments *arguments)
{
	struct report report = {0};
	int status;

	if (terms_any(&arguments->terms) && terms_check(&arguments->terms) != STATUS_OK)
		return STATUS_USAGE;
	/* Methods need no findings, which take most of the time. */
	status = (arguments->methods ? report_begin : report_open)(&report, arguments->dir,
								   arguments->reference);
	if (status != STATUS_OK)
		return status;
	if (terms_any(&arguments->terms))
		report.terms = &arguments->terms;
	report.pictures_only = arguments->pictures_only;
	status = arguments->methods ? methods_write(&report, arguments->methods)
				    : write_all(arguments, &report);
	report_close(&report);
	return status;
}

int report_main(int argc, char **argv)
{
	struct argp_option *options =
		calloc(export_nformats + export_nsummaries + 7, sizeof(*options));
	static const struct argp_child children[] = {
		{&terms_argp, 0, "With what a fleet would cost:", 10}, {0}};
	struct argp argp = {
		.options = options,
		.children = children,
		.parser = parse,
		.args_doc = "DIR",
		.doc = "Tables, figures and one page of HTML from a folder of results.\v"
		       "Reads DIR/manifest.json and DIR/samples.jsonl, writes DIR/report/ and "
		       "DIR/report.html, and all numbers as DIR/summary.json, .csv and .md. "
		       "With "
		       "--text, --csv, --json or --summary only what they name is written. "
		       "GNUPLOT names another gnuplot.",
	};
	struct arguments arguments = {
		.wanted = calloc(export_nformats, sizeof(*arguments.wanted)),
		.findings = calloc(export_nsummaries, sizeof(*arguments.findings)),
		.sheet = {.column_in = paper_column("single")},
	};
	size_t n = 0;
	int status;

	if (!options || !arguments.wanted || !arguments.findings)
		abort();
	options[n++] = (struct argp_option){"reference",
					    REFERENCE_KEY,
					    "NAME",
					    0,
					    "Contender the others are compared with (glibc)",
					    0};
	options[n++] = (struct argp_option){
		"pictures-only",
		PICTURES_KEY,
		NULL,
		0,
		"Leave only what the page shows in DIR/report, of a set that is kept",
		0};
	options[n++] = (struct argp_option){
		"methods",
		METHODS_KEY,
		"FOLDER",
		0,
		"Write methods.tex, checklist.tex, references.bib and methods.md there and end",
		0};
	options[n++] = (struct argp_option){
		"pdf",
		PDF_KEY,
		NULL,
		0,
		"Write DIR/paper/ as well: figures as PDF, tables for LaTeX",
		0};
	options[n++] = (struct argp_option){
		"tex", TEX_KEY, NULL, 0, "The same, and figures of which LaTeX sets the text",
		0};
	options[n++] = (struct argp_option){
		"column",
		COLUMN_KEY,
		"WIDTH",
		0,
		"Width of the column they are for: single (3.33 in) or double (7 in) (single)",
		0};
	options[n++] = (struct argp_option){"quiet", 'q', NULL, 0, "No progress", 0};
	for (size_t i = 0; i < export_nformats; i++)
		if (!export_formats[i].always)
			options[n++] = (struct argp_option){export_formats[i].name,
							    FORMAT_KEY + (int)i,
							    NULL,
							    0,
							    export_formats[i].what,
							    0};
	for (size_t i = 0; i < export_nsummaries; i++)
		options[n++] = (struct argp_option){export_summaries[i].name,
						    SUMMARY_KEY + (int)i,
						    export_summaries[i].file ? "FILE" : NULL,
						    0,
						    export_summaries[i].what,
						    0};
	argp_err_exit_status = STATUS_USAGE;
	terms_begin(&arguments.terms);
	message_speaker("report");
	status = argp_parse(&argp, argc, argv, 0, NULL, &arguments) ? STATUS_USAGE
								    : make(&arguments);
	message_speaker(NULL);
	free(options);
	free(arguments.wanted);
	free(arguments.findings);
	return status;
}
