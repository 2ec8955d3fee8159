#include "harness/cli/verbs.h"

#include <argp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/difference.h"
#include "harness/analysis/versus.h"
#include "harness/base/message.h"
#include "harness/cli/side.h"
#include "harness/export/export.h"
#include "harness/report/versus_document.h"

enum { KEY_IN = 256, KEY_FORCE, KEY_MARKDOWN };

struct arguments {
	const char *text[2], *in;
	bool force, markdown;
};

static const struct argp_option options[] = {
	{"in", KEY_IN, "DIR", 0,
	 "The set in which contenders are that are named alone (newest)", 0},
	{"force", KEY_FORCE, NULL, 0,
	 "Compare sets of other suite versions and machine classes all the same", 0},
	{"markdown", KEY_MARKDOWN, NULL, 0, "Print Markdown", 0},
	{0},
};

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case KEY_IN:
		arguments->in = value;
		return 0;
	case KEY_FORCE:
		arguments->force = true;
		return 0;
	case KEY_MARKDOWN:
		arguments->markdown = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 1)
			exit(complain_usage("compare takes two sides: '%s' is one too many",
					    value));
		arguments->text[state->arg_num] = value;
		return 0;
	case ARGP_KEY_END:
		if (state->arg_num < 2)
			exit(complain_usage("compare needs two sides: DIR, DIR:CONTENDER or "
					    "CONTENDER"));
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The set of a side, compared within itself; null after a complaint. */
static struct comparison *open_set(const char *dir)
{
	char message[PATH_MAX + 256];
	struct result_set *set = results_load(dir, message, sizeof(message));
	size_t reference;

	if (!set) {
		complain("%s", message);
		return NULL;
	}
	reference = results_find_contender(set, "glibc");
	return comparison_open(set, reference == SIZE_MAX ? 0 : reference);
}

static void close_set(struct comparison *c)
{
	struct result_set *set = c->set;

	comparison_free(c);
	results_free(set);
}

/* Index, or SIZE_MAX for a side without a name.  False after a complaint. */
static bool find_contender(const struct comparison *c, const char *name, size_t *index)
{
	char *known = NULL;

	*index = SIZE_MAX;
	if (!name)
		return true;
	*index = results_find_contender(c->set, name);
	if (*index != SIZE_MAX)
		return true;
	text_set(&known, "%s", "");
	for (size_t i = 0; i < c->set->ncontenders; i++)
		text_append(&known, " %s", c->set->contenders[i].name);
	complain("no contender '%s' in %s; it has:%s", name, c->set->dir, known);
	free(known);
	return false;
}

/* What stands on two C libraries differs by more than its allocator: --force does not help. */
static bool of_two_worlds(const struct versus_side sides[2])
{
	const char *a = results_world(sides[0].c->set), *b = results_world(sides[1].c->set);

	if (strcmp(a, b) == 0)
		return false;
	complain("%s is of the world '%s', %s of '%s': no ratio is formed of two C libraries",
		 sides[0].c->set->dir, a, sides[1].c->set->dir, b);
	return true;
}

/* Prints the comparison of two open sets. */
static int print(const struct arguments *arguments, const struct versus_side sides[2])
{
	struct difference *difference = NULL;
	struct document *d;
	struct versus *v;
	char *refusal = NULL;

	if (of_two_worlds(sides))
		return STATUS_USAGE;
	if (sides[0].c != sides[1].c) {
		difference = difference_make(sides[0].c->set, sides[1].c->set);
		refusal = difference_refusal(difference);
	}
	if (refusal && !arguments->force) {
		complain("these sets cannot be compared, they differ in %s; --force compares "
			 "them all the same",
			 refusal);
		difference_free(difference);
		free(refusal);
		return STATUS_USAGE;
	}
	v = versus_make(sides[0], sides[1]);
	d = versus_document(v, difference);
	export_print(d, arguments->markdown);
	versus_free(v);
	if (difference)
		difference_free(difference);
	free(refusal);
	return STATUS_OK;
}

static int compare(const struct arguments *arguments, const struct side sides[2])
{
	char *real[2] = {realpath(sides[0].dir, NULL), realpath(sides[1].dir, NULL)};
	bool same = real[0] && real[1] && strcmp(real[0], real[1]) == 0;
	struct versus_side open[2] = {0};
	int status = STATUS_USAGE;

	free(real[0]);
	free(real[1]);
	if (!sides[0].name != !sides[1].name)
		return complain_usage("one side names a contender (%s), the other only a set "
				      "(%s): DIR:CONTENDER names both",
				      sides[0].name ? sides[0].name : sides[1].name,
				      sides[0].name ? sides[1].dir : sides[0].dir);
	if (same && (!sides[0].name || strcmp(sides[0].name, sides[1].name) == 0))
		return complain_usage("both sides are the same");
	open[0].c = open_set(sides[0].dir);
	open[1].c = open[0].c && !same ? open_set(sides[1].dir) : open[0].c;
	if (open[0].c && open[1].c &&
	    find_contender(open[0].c, sides[0].name, &open[0].contender) &&
	    find_contender(open[1].c, sides[1].name, &open[1].contender))
		status = print(arguments, open);
	if (open[1].c && open[1].c != open[0].c)
		close_set((struct comparison *)open[1].c);
	if (open[0].c)
		close_set((struct comparison *)open[0].c);
	return status;
}

int compare_main(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		parse,
		"A B",
		"Compare two sets of results, or two contenders, cell by cell.\v"
		"A and B are each a set of results (DIR: every contender that both have, with "
		"itself), a contender in one (DIR:CONTENDER), or a contender of the set of "
		"--in. "
		"Ratios are B to A; first comes in what the sets differ.",
		NULL,
		NULL,
		NULL};
	struct arguments arguments = {0};
	struct side sides[2] = {0};
	int status = STATUS_OK;

	argp_err_exit_status = STATUS_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	message_speaker("compare");
	for (int i = 0; i < 2 && status == STATUS_OK; i++)
		status = side_parse(&sides[i], arguments.text[i], arguments.in);
	if (status == STATUS_OK)
		status = compare(&arguments, sides);
	side_free(&sides[0]);
	side_free(&sides[1]);
	message_speaker(NULL);
	return status;
}
