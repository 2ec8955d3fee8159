#include "harness/cli/verbs.h"

#include <argp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/result_set.h"
#include "harness/base/message.h"
#include "harness/cli/number.h"
#include "harness/cli/side.h"
#include "harness/export/text.h"
#include "harness/machine/profile.h"

#define LINES 40 /* of functions; what they leave is one line */

enum { KEY_IN = 256, KEY_LINES };

struct arguments {
	const char *cell, *text[2], *in;
	long lines;
};

/* One side: a sample of the cell and its profile. */
struct explained {
	struct side side;
	struct result_set *set;
	const struct result_sample *sample;
	struct profile profile;
};

static const struct argp_option options[] = {
	{"in", KEY_IN, "DIR", 0,
	 "The set in which contenders are that are named alone (newest)", 0},
	{"lines", KEY_LINES, "N", 0, "Functions that are shown (40; 0: all)", 0},
	{0},
};

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case KEY_IN:
		arguments->in = value;
		return 0;
	case KEY_LINES:
		arguments->lines = (long)number_whole("--lines", value, 0, 1000000);
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 2)
			exit(complain_usage("explain takes a cell and two contenders: '%s' is "
					    "one too many",
					    value));
		if (state->arg_num == 0)
			arguments->cell = value;
		else
			arguments->text[state->arg_num - 1] = value;
		return 0;
	case ARGP_KEY_END:
		if (state->arg_num < 3)
			exit(complain_usage(
				"explain needs a cell and two contenders: CELL, then "
				"twice DIR:CONTENDER or CONTENDER"));
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static bool is_counted(const struct result_cell *cell)
{
	return results_is_mode(cell, "instructions");
}

/* The cell of that name or, when it is the only one of it, of that workload; else SIZE_MAX
 * after a complaint. */
static size_t find_cell(const struct result_set *set, const char *name)
{
	size_t of_workload = SIZE_MAX, n = 0;
	char *known = NULL;

	text_set(&known, "%s", "");
	for (size_t i = 0; i < set->ncells; i++) {
		const struct result_cell *cell = &set->cells[i];

		if (!is_counted(cell))
			continue;
		if (!strcmp(cell->name, name)) {
			free(known);
			return i;
		}
		if (!strcmp(cell->workload, name)) {
			of_workload = i;
			n++;
		}
		text_append(&known, " %s", cell->name);
	}
	if (n != 1) {
		complain_usage(
			"%s: %s cell '%s' in which instructions were counted; there %s:%s",
			set->dir, n ? "more than one" : "no", name, *known ? "are" : "are none",
			known);
		of_workload = SIZE_MAX;
	}
	free(known);
	return of_workload;
}

/* The first good sample of the cell and contender; null after a complaint. */
static const struct result_sample *find_sample(const struct result_set *set, size_t cell,
					       const char *name)
{
	size_t contender = results_find_contender(set, name);
	char *known = NULL;

	if (contender == SIZE_MAX) {
		text_set(&known, "%s", "");
		for (size_t i = 0; i < set->ncontenders; i++)
			text_append(&known, " %s", set->contenders[i].name);
		complain_usage("no contender '%s' in %s; it has:%s", name, set->dir, known);
		free(known);
		return NULL;
	}
	for (size_t i = 0; i < set->nsamples; i++) {
		const struct result_sample *s = &set->samples[i];

		if (s->cell == cell && s->contender == contender && s->ok && !s->superseded)
			return s;
	}
	complain_usage("%s has no good sample of %s under %s", set->dir, set->cells[cell].name,
		       name);
	return NULL;
}

/* The text of a side file; free it, null with errno. */
static char *read_file(const struct result_set *set, const char *name)
{
	FILE *f = results_side_file(set, name);
	char *text = NULL;
	size_t room = 0;

	if (!f)
		return NULL;
	if (getdelim(&text, &room, '\0', f) < 0) {
		free(text);
		text = NULL;
	}
	fclose(f);
	return text;
}

static int open_side(struct explained *e, const char *cell)
{
	char message[PATH_MAX + 256], *text;
	const char *file;
	size_t index;
	int read;

	if (!e->side.name)
		return complain_usage("%s is a set: DIR:CONTENDER names one in it",
				      e->side.dir);
	e->set = results_load(e->side.dir, message, sizeof(message));
	if (!e->set)
		return complain_usage("%s", message);
	index = find_cell(e->set, cell);
	if (index == SIZE_MAX)
		return STATUS_USAGE;
	e->sample = find_sample(e->set, index, e->side.name);
	if (!e->sample)
		return STATUS_USAGE;
	file = results_text(e->sample->json, FIELD_callgrind);
	if (!*file)
		return complain_usage("%s keeps no dump of %s under %s: `ashlar-bench run "
				      "--mode instructions --keep-dumps` does",
				      e->set->dir, e->set->cells[index].name, e->side.name);
	text = read_file(e->set, file);
	read = text ? profile_read(&e->profile, text) : -1;
	free(text);
	if (read < 0) {
		complain("%s/%s: %s", e->set->dir, file,
			 text ? "not what callgrind writes" : "cannot be read");
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

static void add_line(struct document *d, double a, double b, const char *name,
		     const char *object)
{
	document_row(d);
	document_number(d, UNIT_PLAIN, b - a);
	document_number(d, UNIT_PLAIN, a);
	document_number(d, UNIT_PLAIN, b);
	document_words(d, "%s", name);
	document_words(d, "%s", object);
}

static void print(const struct explained sides[2], long lines)
{
	static const char *const titles[] = {"B - A", "A", "B", "function", "object", NULL};
	const struct result_cell *cell = &sides[0].set->cells[sides[0].sample->cell];
	double ops[2] = {sides[0].sample->ops, sides[1].sample->ops};
	double rest[2] = {0, 0};
	struct document *d = document_make(sides[0].set->dir, "Instructions", cell->name);
	struct profile_row *rows;
	size_t n, shown;

	rows = profile_compare(&sides[0].profile, ops[0], &sides[1].profile, ops[1], &n);
	document_section(d, "explain", "Instructions by function", NULL);
	document_paragraph(d);
	document_format(
		d, "%s, per operation (%s), counted by callgrind. A: %s of %s. B: %s of %s.",
		cell->name, *cell->ops_unit ? cell->ops_unit : "operations", sides[0].side.name,
		sides[0].set->dir, sides[1].side.name, sides[1].set->dir);
	document_table(d, titles);
	add_line(d, (double)sides[0].profile.total / ops[0],
		 (double)sides[1].profile.total / ops[1], "all", "");
	shown = lines && (size_t)lines < n ? (size_t)lines : n;
	for (size_t i = 0; i < shown; i++)
		add_line(d, rows[i].a, rows[i].b, rows[i].name, rows[i].object);
	for (size_t i = shown; i < n; i++) {
		rest[0] += rows[i].a;
		rest[1] += rows[i].b;
	}
	if (shown < n) {
		char *others = text_format("%zu others", n - shown);

		add_line(d, rest[0], rest[1], others, "");
		free(others);
	}
	document_paragraph(d);
	document_say(d,
		     "Each function by itself, without what it calls; what was inlined counts "
		     "for the function that it went into. Instructions are no time.");
	text_write(d, stdout, 0);
	document_free(d);
	free(rows);
}

static int explain(const struct arguments *arguments, struct explained sides[2])
{
	int status = STATUS_OK;

	for (int i = 0; i < 2 && status == STATUS_OK; i++)
		status = side_parse(&sides[i].side, arguments->text[i], arguments->in);
	for (int i = 0; i < 2 && status == STATUS_OK; i++)
		status = open_side(&sides[i], arguments->cell);
	if (status != STATUS_OK)
		return status;
	for (int i = 0; i < 2; i++)
		if (!(sides[i].sample->ops > 0)) {
			complain("%s: sample %lld does not say how many operations it did",
				 sides[i].set->dir, (long long)sides[i].sample->id);
			return STATUS_FAILED;
		}
	if (!json_equal(results_value(sides[0].sample->json, FIELD_params),
			results_value(sides[1].sample->json, FIELD_params)))
		return complain_usage("%s and %s did other work in %s: their parameters differ",
				      sides[0].set->dir, sides[1].set->dir, arguments->cell);
	print(sides, arguments->lines);
	return STATUS_OK;
}

int explain_main(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		parse,
		"CELL A B",
		"Tell in which functions two contenders spend their instructions, the greatest "
		"difference first.\v"
		"CELL is one of mode `instructions` that was run with --keep-dumps. A and B "
		"are "
		"each DIR:CONTENDER, or a contender of the set of --in.",
		NULL,
		NULL,
		NULL};
	struct arguments arguments = {.lines = LINES};
	struct explained sides[2] = {0};
	int status;

	argp_err_exit_status = STATUS_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	message_speaker("explain");
	status = explain(&arguments, sides);
	for (int i = 0; i < 2; i++) {
		side_free(&sides[i].side);
		profile_free(&sides[i].profile);
		if (sides[i].set)
			results_free(sides[i].set);
	}
	message_speaker(NULL);
	return status;
}
