#include "harness/cli/verbs.h"

#include <argp.h>
#include <stdlib.h>

#include "harness/base/message.h"
#include "harness/export/export.h"
#include "harness/report/section.h"

/* The options of formats have keys from here on, in the order of the formats. */
enum { FORMAT_KEY = 0x100, REFERENCE_KEY = 0x200, PICTURES_KEY };

struct arguments {
	const char *dir, *reference;
	bool pictures_only;
	bool *wanted; /* formats */
	bool quiet;
};

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	if (key >= FORMAT_KEY && key < FORMAT_KEY + (int)export_nformats) {
		arguments->wanted[key - FORMAT_KEY] = true;
		return 0;
	}
	switch (key) {
	case 'q':
		arguments->quiet = true;
		return 0;
	case REFERENCE_KEY:
		arguments->reference = value;
		return 0;
	case PICTURES_KEY:
		arguments->pictures_only = true;
		section_figures_pictures_only();
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
	struct argp_option *options = calloc(export_nformats + 3, sizeof(*options));
	struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "DIR",
		.doc = "Tables, figures and one page of HTML from a folder of results.\v"
		       "Reads DIR/manifest.json and DIR/samples.jsonl, writes DIR/report/ and "
		       "DIR/report.html. GNUPLOT names another gnuplot.",
	};
	struct arguments arguments = {.wanted = calloc(export_nformats, sizeof(bool))};
	size_t n = 0;
	int status;

	if (!options || !arguments.wanted)
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
	options[n++] = (struct argp_option){"quiet", 'q', NULL, 0, "No progress", 0};
	for (size_t i = 0; i < export_nformats; i++)
		if (!export_formats[i].always)
			options[n++] = (struct argp_option){export_formats[i].name,
							    FORMAT_KEY + (int)i,
							    NULL,
							    0,
							    export_formats[i].what,
							    0};
	argp_err_exit_status = STATUS_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &arguments))
		status = STATUS_USAGE;
	else
		status = export_report(arguments.dir, arguments.reference, arguments.wanted,
				       arguments.quiet);
	if (status == STATUS_OK && arguments.pictures_only)
		figures_keep_pictures(arguments.dir);
	free(options);
	free(arguments.wanted);
	return status;
}
