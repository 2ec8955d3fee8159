/* The summary: what ran, what is to be minded, and the geometric means. */
#include "harness/report/section.h"

#include <math.h>
#include <string.h>

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
	size_t ok = 0, failed = 0, timeout = 0, skipped = 0;
	const char *finished = json_field_text(set->manifest, "finished");

	for (size_t i = 0; i < set->nsamples; i++) {
		const struct result_sample *s = &set->samples[i];

		ok += s->ok;
		timeout += !strcmp(s->status, "timeout");
		skipped += !strcmp(s->status, "skipped");
	}
	failed = set->nsamples - ok - timeout - skipped;
	if (!*finished) {
		document_warning(d);
		document_say(d, "This run was not finished: cells may be empty or hold fewer "
				"blocks than planned. ");
		document_code(d, "ashlar-bench run --resume");
		document_say(d, " completes it.");
	}
	if (failed || timeout) {
		document_warning(d);
		document_format(d, "Failed: %zu, out of time: %zu samples; see the ", failed,
				timeout);
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
		"cells; %zu samples, of which %zu are good, %zu failed, %zu ran out of time "
		"and %zu were skipped with a reason.",
		section_recorded(c, "suite"), section_recorded(c, "suite_version"),
		section_recorded(c, "started"), *finished ? finished : "(not finished)",
		section_recorded(c, "host"), section_recorded(c, "revision"), set->ncontenders,
		c->nshown, count_workloads(set, false), count_workloads(set, true), set->ncells,
		set->nsamples, ok, failed, timeout, skipped);
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
	if (least == 0 || least >= 5)
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

static void say_interval(struct document *d, const struct interval *i)
{
	if (isnan(i->low))
		document_format(d, "%.3f (n = %zu, no interval)", i->point, i->n);
	else
		document_format(d, "%.3f [%.3f, %.3f]", i->point, i->low, i->high);
}

/* Sentences from the geometric means; no word of better or worse. */
static void overall(struct document *d, const struct comparison *c)
{
	size_t common = 0, throughput = 0;
	const char *before = "";

	for (size_t i = 0; i < c->set->ncells; i++) {
		common += c->common[i];
		throughput += results_is_mode(&c->set->cells[i], "throughput");
	}
	document_paragraph(d);
	if (!common) {
		document_say(d, "There is no geometric mean: no cell holds a value of every "
				"contender.");
		return;
	}
	document_format(
		d,
		"Over the %zu of %zu throughput cells that every ranked contender completed, "
		"each workload counted once, the geometric mean of CPU time per operation "
		"relative to %s is, with its 95 %% interval: ",
		common, throughput, section_reference(c));
	for (int m = METRIC_CPU; m <= METRIC_RSS; m++) {
		for (size_t j = 0; j < c->nshown; j++) {
			const struct interval *mean = &c->geomean[m][c->shown[j] * SCOPES];

			if (!mean->n || c->shown[j] == c->reference)
				continue;
			document_format(d, "%s%s ", before,
					c->set->contenders[c->shown[j]].name);
			say_interval(d, mean);
			before = ", ";
		}
		if (m == METRIC_CPU)
			document_say(d, ". Of peak resident memory: ");
		before = "";
	}
	document_say(d, ". Below 1 is less than the reference.");
}

/* Cells in which a contender's interval lies below 1, holds it, lies above it. */
static void count_sides(struct document *d, const struct comparison *c, size_t contender)
{
	size_t below = 0, above = 0, within = 0;
	struct field *field;

	for (size_t i = 0; i < c->set->ncells; i++) {
		const struct interval *ratio =
			&c->ratio[METRIC_CPU][i * c->set->ncontenders + contender];

		if (!ratio->n || isnan(ratio->low))
			continue;
		below += ratio->high < 1;
		above += ratio->low > 1;
		within += ratio->low <= 1 && 1 <= ratio->high;
	}
	field = document_number(d, UNIT_COUNT, (double)below);
	field->number[field->nnumbers++] = (double)within;
	field->number[field->nnumbers++] = (double)above;
	field->between = " / ";
}

static void geomeans(struct document *d, const struct comparison *c)
{
	static const char *const titles[] = {
		"contender",
		"CPU time, all",
		"own workloads",
		"programs",
		"peak RSS, all",
		"own workloads",
		"programs",
		"CPU: cells below 1 / containing 1 / above 1",
		NULL,
	};

	document_table(d, titles);
	for (size_t j = 0; j < c->nshown; j++) {
		size_t k = c->shown[j];

		if (k == c->reference)
			continue;
		document_row(d);
		document_words(d, "%s", c->set->contenders[k].name);
		for (int m = METRIC_CPU; m <= METRIC_RSS; m++)
			for (int scope = 0; scope < SCOPES; scope++) {
				const struct interval *mean =
					&c->geomean[m][k * SCOPES + (size_t)scope];

				section_ratio(d, mean, 0);
			}
		count_sides(d, c, k);
	}
	if (c->nulls) {
		document_paragraph(d);
		document_say(d, "null has no geometric mean: it never reuses memory, so it "
				"bounds nothing, and it is skipped where that would take too "
				"much.");
	}
}

static void disturbance(struct document *d, const struct comparison *c)
{
	size_t disturbed = 0, of = 0;

	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];

		if (!s->ok || !results_is_mode(&c->set->cells[s->cell], "throughput"))
			continue;
		of++;
		disturbed += results_is_disturbed(s);
	}
	document_paragraph(d);
	document_format(
		d,
		"%zu of %zu throughput samples were disturbed: their threads waited for a CPU "
		"for more than 1 %% of their CPU time, or the machine lost more than 0.5 %% of "
		"the time to others. They are kept; pairing within blocks and the median take "
		"the edge off them.",
		disturbed, of);
}

void section_summary(struct document *d, const struct study *study)
{
	const struct comparison *c = study->c;

	document_section(d, "summary", "Summary", "Summary");
	what_ran(d, c);
	unfinished(d, c);
	few_blocks(d, c);
	overall(d, c);
	geomeans(d, c);
	disturbance(d, c);
}
