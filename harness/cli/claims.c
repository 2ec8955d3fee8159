#include "harness/cli/verbs.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/claims_page.h"
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/export/export.h"
#include "harness/report/claims_document.h"

enum { KEY_EXACT = 256, KEY_PAGE, KEY_UPDATE, KEY_MARKDOWN };
/* As the gate's: what is asked can be neither affirmed nor denied, or not at all. */
enum { STATUS_CANNOT_TELL = 4, STATUS_NOT_MEASURED = 77 };

struct arguments {
	const char *file, *dir, *page;
	bool exact, update, markdown;
};

static const struct argp_option options[] = {
	{"exact", KEY_EXACT, NULL, 0,
	 "The set is the one that the claims are of: to the last digit, and none missing", 0},
	{"page", KEY_PAGE, "FILE", 0,
	 "Check that this page states the claims, and no number beside them", 0},
	{"update", KEY_UPDATE, NULL, 0,
	 "State the numbers of this set in the claims, and in the page", 0},
	{"markdown", KEY_MARKDOWN, NULL, 0, "Print Markdown", 0},
	{0},
};

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case KEY_EXACT:
		arguments->exact = true;
		return 0;
	case KEY_PAGE:
		arguments->page = value;
		return 0;
	case KEY_UPDATE:
		arguments->update = true;
		return 0;
	case KEY_MARKDOWN:
		arguments->markdown = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 1)
			exit(complain_usage("claims takes a file of claims and a set: '%s' is "
					    "one too many",
					    value));
		*(state->arg_num ? &arguments->dir : &arguments->file) = value;
		return 0;
	case ARGP_KEY_END:
		if (state->arg_num < 2)
			exit(complain_usage("claims needs a file of claims and the folder of a "
					    "set"));
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Null after a complaint. */
static struct claims_page *read_page(const struct claims *claims, const char *path)
{
	struct claims_page *page = claims_page_read(claims, path);

	if (!page)
		complain("%s: %s", path, strerror(errno));
	return page;
}

static int write_all(const char *path, const char *text)
{
	if (file_write(path, text) == 0)
		return STATUS_OK;
	complain("%s: %s", path, strerror(errno));
	return STATUS_FAILED;
}

/* Nothing is written before all that is claimed was found in the set. */
static int update(const struct arguments *arguments, struct claims *claims,
		  const struct report *report, const struct claims_page *page)
{
	char *name = file_folder_name(arguments->dir), *text;
	int status = STATUS_OK;

	claims_name_set(claims, name, report->findings, report->means);
	free(name);
	for (size_t i = 0; i < claims->count; i++) {
		struct claim_measured measured;
		char why[256];

		measured = claim_measure(claims, &claims->list[i], report->findings,
					 report->means, why, sizeof(why));
		if (!measured.value.n) {
			complain("claim '%s' cannot be of this set: %s", claims->list[i].id,
				 why);
			return STATUS_FAILED;
		}
		claims_restate(claims, i, &measured);
	}
	text = json_dumps(claims->json, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
	if (!text)
		abort();
	text_append(&text, "\n");
	status = write_all(arguments->file, text);
	free(text);
	if (page && status == STATUS_OK) {
		text = claims_page_restated(page, claims);
		status = write_all(arguments->page, text);
		free(text);
	}
	return status;
}

/* The table, and what follows from it. */
static int hold(const struct arguments *arguments, const struct claims *claims,
		const struct report *report)
{
	size_t counts[CLAIM_STATES];
	struct document *d = claims_document(claims, report, arguments->exact, counts);

	export_print(d, arguments->markdown);
	if (counts[CLAIM_OUTSIDE] || (arguments->exact && counts[CLAIM_UNMEASURED]))
		return STATUS_FAILED;
	if (counts[CLAIM_UNDECIDED])
		return STATUS_CANNOT_TELL;
	return counts[CLAIM_WITHIN] ? STATUS_OK : STATUS_NOT_MEASURED;
}

static int check(const struct arguments *arguments, struct claims *claims,
		 const struct report *report)
{
	struct claims_page *page = NULL;
	int status = STATUS_OK;

	if (arguments->page && !(page = read_page(claims, arguments->page)))
		return STATUS_USAGE;
	if (arguments->update)
		status = update(arguments, claims, report, page);
	else
		status = hold(arguments, claims, report);
	for (size_t i = 0; page && i < page->nfaults; i++) {
		complain("%s: %s", arguments->page, page->faults[i]);
		status = STATUS_FAILED;
	}
	if (page)
		claims_page_free(page);
	return status;
}

int claims_main(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		parse,
		"FILE DIR",
		"Hold the numbers that a page claims against a set of results.\v"
		"FILE says of each claim what of a set it is, with its value and tolerance "
		"(results/README.md). Exit status: 0 all that DIR measured is within, 1 "
		"something "
		"is outside, 4 nothing is but not all can be told, 77 DIR measured none of it.",
		NULL,
		NULL,
		NULL};
	struct arguments arguments = {0};
	struct claims *claims;
	struct report report;
	char message[PATH_MAX + 768];
	int status;

	argp_err_exit_status = STATUS_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	message_speaker("claims");
	claims = claims_load(arguments.file, message, sizeof(message));
	if (!claims)
		return complain_usage("%s", message);
	status = report_open(&report, arguments.dir, claims->reference);
	if (status == STATUS_OK) {
		status = check(&arguments, claims, &report);
		report_close(&report);
	}
	claims_free(claims);
	message_speaker(NULL);
	return status;
}
