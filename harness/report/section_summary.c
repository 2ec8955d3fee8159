/* The summary: what ran, what is to be minded, and the geometric means. */
#include "harness/report/section.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/tally.h"
#include "harness/base/message.h"

/* Workloads and programs among the cells, each counted once. */
static size_t count_workloads(const struct result_set *set, bool programs)
{
	size_t n = 0;

	for (size_t i = 0; i < set->ncells; i++) {
		size_t k = 0;

		while (strcmp(set->cells[k].workload, set->cells[i].workload))
			k++;
		n += k == i && results_is_program(&set->cells[i]) == programs;
	}
	return n;
}

static void what_ran(struct document *d, const struct comparison *c)
{
	const struct result_set *set = c->set;
	struct tally tally = tally_of(set);
	const char *finished = json_field_text(set->manifest, "finished");
	char *samples = tally_text(&tally);

	if (!*finished) {
		document_warning(d);
		document_say(d, "This run was not finished: cells may be empty or hold fewer "
				"blocks than planned. ");
		document_code(d, "ashlar-bench run --resume");
		document_say(d, " completes it.");
	}
	if (tally.failed || tally.timeout) {
		document_warning(d);
		document_format(d, "Failed: %zu, out of time: %zu samples; see the ",
				tally.failed, tally.timeout);
		document_link(d, "gaps", "failures and gaps");
		document_say(d, ".");
	} else {
		document_paragraph(d);
		document_say(d, "No sample failed and none ran out of time.");
	}
	if (set->nremarks) {
		document_list(d, true);
		for (size_t i = 0; i < set->nremarks; i++)
			document_format(d, "%s", set->remarks[i]);
	}
	document_paragraph(d);
	document_format(
		d,
		"Suite %s, version %s, from %s to %s on host %s, revision %s: %zu contenders "
		"of which %zu gave a good sample, on %zu workloads and %zu programs in %zu "
		"cells; %s.",
		section_recorded(c, "suite"), section_recorded(c, "suite_version"),
		section_recorded(c, "started"), *finished ? finished : "(not finished)",
		section_recorded(c, "host"), section_recorded(c, "revision"), set->ncontenders,
		c->nshown, count_workloads(set, false), count_workloads(set, true), set->ncells,
		samples);
	free(samples);
}

/* Which blocks the run itself left out, and why. */
static void unfinished(struct document *d, const struct comparison *c)
{
	json_t *list = json_object_get(c->set->manifest, "unfinished"), *entry;
	size_t i;

	if (!json_array_size(list))
		return;
	document_warning(d);
	document_format(
		d, "%zu blocks of cells were left out by the run: ", json_array_size(list));
	json_array_foreach(list, i, entry)
		document_format(d, "%s%s (%s, block %.0f: %s)", i ? ", " : "",
				json_field_text(entry, "cell"), json_field_text(entry, "mode"),
				json_field_number(entry, "block") + 1,
				json_field_text(entry, "reason"));
	document_say(d, ".");
}

/* Intervals of few blocks promise more than they can hold: say so beside them. */
static void few_blocks(struct document *d, const struct comparison *c)
{
	size_t least = 0;

	for (size_t i = 0; i < c->set->ncells; i++)
		for (size_t k = 0; k < c->set->ncontenders; k++) {
			size_t n = c->ratio[METRIC_CPU][i * c->set->ncontenders + k].n;

			if (n && (!least || n < least))
				least = n;
		}
	if (least == 0 || least >= STAT_MIN_BLOCKS)
		return;
	document_warning(d);
	document_format(
		d,
		"Few blocks: some cells have %zu. An interval of the median made from n blocks "
		"covers it with at most 1 - 2^(1-n): %.0f %% for two, %.0f %% for three, %.0f "
		"%% for four, and with one there is none. Read such intervals as the range of "
		"what was seen.",
		least, 100 * stat_coverage_limit(2), 100 * stat_coverage_limit(3),
		100 * stat_coverage_limit(4));
}

/* Cells in which a contender's ratio is below 1, not certain, above 1. */
static void count_sides(struct document *d, const struct comparison *c, enum scope scope,
			size_t contender)
{
	size_t below = 0, above = 0, unsure = 0;
	struct field *field;

	for (size_t i = 0; i < c->set->ncells; i++) {
		const struct interval *ratio =
			&c->ratio[METRIC_CPU][i * c->set->ncontenders + contender];

		if (!means_in_scope(c, i, scope) || !ratio->n)
			continue;
		if (doubts_of_ratio(ratio).what)
			unsure++;
		else if (ratio->point < 1)
			below++;
		else
			above++;
	}
	field = document_number(d, UNIT_COUNT, (double)below);
	field->number[field->nnumbers++] = (double)unsure;
	field->number[field->nnumbers++] = (double)above;
	field->between = " / ";
}

/* Which cells a scope's means do not go over, and why. */
static void outside(struct document *d, const struct study *study, enum scope scope)
{
	const struct comparison *c = study->c;
	const struct means *m = study->means;
	const char *before = " Not in the means of memory, as less than 8 MiB lives there: ";

	for (size_t i = 0; i < c->set->ncells; i++)
		if (means_in_scope(c, i, scope) && m->small[i]) {
			document_format(d, "%s%s", before, c->set->cells[i].name);
			before = ", ";
		}
	document_say(d, *before == ',' ? "." : "");
	before = " In no mean, as not every ranked contender has two blocks there: ";
	for (size_t i = 0; i < c->set->ncells; i++)
		if (means_in_scope(c, i, scope) && !m->common[METRIC_CPU][i]) {
			document_format(d, "%s%s", before, c->set->cells[i].name);
			before = ", ";
		}
	document_say(d, *before == ',' ? "." : "");
	before = " Without a mean, as more than half of the cells are missing: ";
	for (size_t j = 0; j + c->nulls < c->nshown; j++)
		if (!m->ranked[c->shown[j] * SCOPES + (size_t)scope]) {
			document_format(d, "%s%s", before,
					c->set->contenders[c->shown[j]].name);
			before = ", ";
		}
	document_say(d, *before == ',' ? "." : "");
}

/* Has anybody but the reference a mean? */
static bool is_compared(const struct study *study, enum scope scope)
{
	const struct comparison *c = study->c;

	for (size_t j = 0; j < c->nshown; j++)
		if (c->shown[j] != c->reference &&
		    means_of(study->means, c, c->shown[j], scope, METRIC_CPU)->ratio.n)
			return true;
	return false;
}

/* The geometric means over programs, or over own workloads; no word of better or worse. */
static void geomeans(struct document *d, const struct study *study, enum scope scope)
{
	static const char *const titles[] = {
		"contender",
		"CPU time",
		"median of cells",
		"one left out",
		"peak RSS",
		"median of cells",
		"one left out",
		"CPU: cells below 1 / not certain / above 1",
		NULL,
	};
	const struct comparison *c = study->c;
	size_t cells = 0, common[2] = {0, 0};

	for (size_t i = 0; i < c->set->ncells; i++) {
		cells += means_in_scope(c, i, scope);
		for (int m = METRIC_CPU; m <= METRIC_RSS; m++)
			common[m] += means_in_scope(c, i, scope) && study->means->common[m][i];
	}
	document_heading(d, scope == SCOPE_PROGRAMS ? "Programs" : "Own workloads");
	document_paragraph(d);
	if (!cells) {
		document_say(d, scope == SCOPE_PROGRAMS ? "No program was run."
							: "No own workload was run.");
		return;
	}
	if (!is_compared(study, scope)) {
		document_format(
			d,
			"There is no geometric mean: none beside %s has a value in half "
			"of the cells.",
			section_reference(c));
		return;
	}
	if (!means_any(study->means, c, scope)) {
		document_format(d,
				"There is no geometric mean: none of the %zu cells holds a "
				"value of every contender.",
				cells);
		return;
	}
	document_format(d,
			"Geometric means over %zu of %zu cells, of memory over %zu, relative "
			"to %s, with 95 %% intervals.",
			common[METRIC_CPU], cells, common[METRIC_RSS], section_reference(c));
	outside(d, study, scope);
	document_table(d, titles);
	document_caption(d, "Geometric means to the reference, and what one cell does to them");
	for (size_t j = 0; j < c->nshown; j++) {
		size_t k = c->shown[j];

		if (k == c->reference)
			continue;
		document_row(d);
		document_words(d, "%s", c->set->contenders[k].name);
		for (int m = METRIC_CPU; m <= METRIC_RSS; m++)
			section_mean(d, means_of(study->means, c, k, scope, (enum metric)m),
				     true);
		count_sides(d, c, scope, k);
	}
}

/* The cells of one kind with the doubt that one of them makes the mean, as a sentence each. */
static void turned(struct document *d, const struct study *study)
{
	static const char *const scopes[] = {"programs", "own workloads"};
	static const char *const metrics[] = {"CPU time", "peak RSS"};
	const struct comparison *c = study->c;
	bool any = false;

	for (int scope = 0; scope < SCOPES; scope++)
		for (int m = METRIC_CPU; m <= METRIC_RSS; m++)
			for (size_t j = 0; j < c->nshown; j++) {
				const struct mean *mean =
					means_of(study->means, c, c->shown[j],
						 (enum scope)scope, (enum metric)m);

				if (!mean->ratio.n || !mean->turned.name)
					continue;
				if (!any)
					document_list(d, true);
				any = true;
				document_format(d,
						"%s, %s over %s: one cell turns the mean "
						"round. It is %.3f, and without %s %.3f.",
						c->set->contenders[c->shown[j]].name,
						metrics[m], scopes[scope], mean->ratio.point,
						mean->turned.name, mean->turned.ratio);
			}
}

static void how_to_read(struct document *d, const struct comparison *c)
{
	document_paragraph(d);
	document_say(d, "Programs and own workloads are never summed up in one number. Each "
			"workload counts once. Below 1 is less than the reference. Beside each "
			"mean stand the median of its cells and the least and the most that "
			"is left when one cell, or all cells of a workload that has several, "
			"is left out. A number that is not certain is grey, in Markdown "
			"italic: its interval contains 1, or the reason stands beside it.");
	if (c->nulls)
		document_say(d, " null has no geometric mean: it never reuses memory, so it "
				"bounds nothing, and it is skipped where that would take too "
				"much.");
}

static void repeat_field(struct document *d, const struct result_sample *again)
{
	struct field *field =
		document_number(d, UNIT_NS, again->ops > 0 ? again->cpu_ns / again->ops : NAN);

	if (results_is_disturbed(again))
		field->note = text_format("disturbed again: %s",
					  again->disturbed ? again->disturbed : "");
}

/* Blocks of which a sample was disturbed the first time: by what, and whether they were
 * repeated; a row each, with the first time's ratio beside what counts. */
static void disturbed_blocks(struct document *d, const struct comparison *c)
{
	static const char *const titles[] = {
		"cell",         "mode",       "block",  "contender",
		"disturbed by", "first time", "repeat", NULL};
	bool any = false;

	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i], *again = NULL;

		if (!s->ok || s->attempt || !s->disturbed || !*s->disturbed)
			continue;
		for (size_t k = 0; k < c->set->nsamples; k++)
			if (c->set->samples[k].attempt && c->set->samples[k].cell == s->cell &&
			    c->set->samples[k].block == s->block &&
			    c->set->samples[k].contender == s->contender)
				again = &c->set->samples[k];
		if (!any) {
			document_table(d, titles);
			document_caption(d,
					 "Samples that were disturbed: CPU time per operation, "
					 "the first time and in the repeat");
		}
		any = true;
		document_row(d);
		document_words(d, "%s", c->set->cells[s->cell].name);
		document_words(d, "%s", c->set->cells[s->cell].mode);
		document_number(d, UNIT_COUNT, (double)s->block + 1);
		document_words(d, "%s", c->set->contenders[s->contender].name);
		document_words(d, "%s", s->disturbed);
		document_number(d, UNIT_NS, s->ops > 0 ? s->cpu_ns / s->ops : NAN);
		if (!again)
			document_words(d, "none: counts as it is");
		else if (!again->ok)
			document_words(d, "%s", again->status);
		else
			repeat_field(d, again);
	}
}

static void disturbance(struct document *d, const struct comparison *c)
{
	size_t disturbed = 0, of = 0, repeats = 0;
	bool told = false;

	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];

		if (!s->ok || !results_is_mode(&c->set->cells[s->cell], "throughput"))
			continue;
		repeats += s->attempt;
		told |= s->disturbed != NULL;
		if (s->superseded)
			continue;
		of++;
		disturbed += results_is_disturbed(s);
	}
	document_paragraph(d);
	document_format(
		d,
		"%zu of %zu throughput samples that count were disturbed by others, and "
		"are kept as they are; pairing within blocks and the median take the "
		"edge off them. ",
		disturbed, of);
	if (!told) {
		document_say(d,
			     "This older set tells of others only the time that other guests "
			     "of the host took: more than 1 % of a sample's is a disturbance.");
		return;
	}
	document_format(
		d,
		"Disturbed is a sample in whose time others on the machine ran for more "
		"than 5 %% of it, other guests or a limit of the control group took more "
		"than 1 %%, or whose threads waited for a CPU for 1 %% of their CPU time "
		"longer than they do in that cell when it is quiet. A disturbed block is "
		"repeated whole, and the repeat counts: here %zu samples.",
		repeats);
	disturbed_blocks(d, c);
}

void section_summary(struct document *d, const struct study *study)
{
	const struct comparison *c = study->c;

	document_section(d, "summary", "Summary", "Summary");
	what_ran(d, c);
	unfinished(d, c);
	few_blocks(d, c);
	if (comparison_alone(c)) {
		document_paragraph(d);
		document_format(d,
				"There is nobody to compare %s with: its numbers stand as they "
				"were measured.",
				section_reference(c));
	} else {
		how_to_read(d, c);
		geomeans(d, study, SCOPE_PROGRAMS);
		geomeans(d, study, SCOPE_WORKLOADS);
		turned(d, study);
	}
	disturbance(d, c);
}
