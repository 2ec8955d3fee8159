/* What a reader who stops after the first screen takes away: what was compared on what, the
 * programs, memory and requests, and what the set does not tell. */
#include "harness/report/section.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/latencies.h"
#include "harness/base/message.h"

/* Contenders with a good sample but `null`, which is no allocator to choose. */
static size_t rows_of(const struct comparison *c)
{
	return c->nshown - c->nulls;
}

static bool is_program(const struct comparison *c, size_t cell)
{
	return results_is_mode(&c->set->cells[cell], "throughput") &&
	       results_is_program(&c->set->cells[cell]);
}

static size_t count_throughput(const struct comparison *c, bool programs)
{
	size_t n = 0;

	for (size_t i = 0; i < c->set->ncells; i++)
		n += results_is_mode(&c->set->cells[i], "throughput") &&
		     results_is_program(&c->set->cells[i]) == programs;
	return n;
}

static void compared(struct document *d, const struct comparison *c)
{
	json_t *environment = json_object_get(c->set->manifest, "environment");
	const char *cpu = json_field_text(environment, "cpu");
	const char *kernel = json_field_text(environment, "kernel");
	double cpus = json_field_number(environment, "cpus_online");
	double memory = json_field_number(environment, "memory_gib");
	char *names = text_format("%s", ""), *world = section_world(c);

	for (size_t j = 0; j < rows_of(c); j++)
		text_append(&names, "%s%s", j ? ", " : "",
			    c->set->contenders[c->shown[j]].name);
	if (!*names)
		text_set(&names, "%s", c->nulls ? "null" : "No contender gave a good sample");
	document_paragraph(d);
	document_format(d,
			"%s: each runs the same %zu programs and %zu own workloads in fresh "
			"processes, once per block in random order, up to %zu blocks",
			names, count_throughput(c, true), count_throughput(c, false),
			c->nblocks);
	free(names);
	if (*cpu && cpus > 0)
		document_format(d, "; on %s, %.0f CPU%s", cpu, cpus, cpus > 1 ? "s" : "");
	if (memory > 0)
		document_format(d, ", %.3g GiB", memory);
	if (*kernel)
		document_format(d, ", Linux %s", kernel);
	document_format(d, "; on the C library of the %s", world);
	free(world);
	if (comparison_alone(c)) {
		document_say(d, ".");
		section_nodes_line(d, c);
		return;
	}
	document_format(d,
			". Ratios are to %s with 95 %% intervals, and below 1 is less; bold is "
			"the least of a column and what cannot be told from it.",
			section_reference(c));
	section_nodes_line(d, c);
}

/* The reference is 1 exactly where it has a value. */
static struct interval ratio_of(const struct comparison *c, enum metric metric, size_t cell,
				size_t contender)
{
	struct interval one = {1, 1, 1, 1, 0};

	if (contender != c->reference)
		return c->ratio[metric][cell * c->set->ncontenders + contender];
	one.n = comparison_median(c, cell, contender, metric).n;
	return one;
}

/* Who has the least, SIZE_MAX where nobody has a ratio. */
static size_t least_of(const struct comparison *c, enum metric metric, size_t cell)
{
	size_t least = SIZE_MAX;
	double point = INFINITY;

	for (size_t j = 0; j < rows_of(c); j++) {
		struct interval ratio = ratio_of(c, metric, cell, c->shown[j]);

		if (ratio.n && ratio.point < point) {
			least = c->shown[j];
			point = ratio.point;
		}
	}
	return least;
}

/* As the findings have it: the least, and who is not told from it block by block. */
static bool is_best(const struct comparison *c, enum metric metric, size_t cell,
		    size_t contender)
{
	size_t least = least_of(c, metric, cell);
	struct interval beside;

	if (least == SIZE_MAX || least == contender)
		return least == contender;
	beside = comparison_pair(c, cell, contender, least, metric);
	return beside.n && !isnan(beside.low) && beside.low <= 1;
}

/* What the reference takes, beside its 1. */
static void own_note(struct field *field, const struct comparison *c, enum metric metric,
		     size_t cell)
{
	struct interval own = comparison_median(c, cell, c->reference, metric);
	struct field shown = {.unit = metric == METRIC_CPU ? UNIT_NS : UNIT_BYTES};
	struct doubts doubts = doubts_of_interval(&own);
	char text[FIELD_TEXT], *reason = doubts_text(&doubts, ~0u);

	field->note = text_format("%s%s%s%s", field_number(&shown, own.point, text),
				  metric == METRIC_CPU ? " each" : "", reason ? ", " : "",
				  reason ? reason : "");
	if (reason)
		field->mark = MARK_UNSURE;
	free(reason);
}

static void program_field(struct document *d, const struct comparison *c, enum metric metric,
			  size_t cell, size_t contender)
{
	struct interval ratio = ratio_of(c, metric, cell, contender);
	struct doubts doubts;
	struct field *field;

	if (comparison_alone(c)) {
		struct interval own = comparison_median(c, cell, contender, metric);

		field = document_number(d, metric == METRIC_CPU ? UNIT_NS : UNIT_BYTES,
					own.point);
		doubts = doubts_of_interval(&own);
		section_doubt(field, &doubts);
		return;
	}
	field = document_number(d, UNIT_RATIO, ratio.n ? ratio.point : NAN);

	if (!ratio.n)
		return;
	field->best = is_best(c, metric, cell, contender);
	if (contender == c->reference) {
		own_note(field, c, metric, cell);
		return;
	}
	field->low = ratio.low;
	field->high = ratio.high;
	doubts = doubts_of_ratio(&ratio);
	section_doubt(field, &doubts);
}

static void programs(struct document *d, const struct comparison *c, enum metric metric)
{
	static const char *const titles[] = {"contender", NULL};

	document_table(d, titles);
	document_caption(d, "Programs: %s%s%s",
			 metric == METRIC_CPU ? "CPU time" : "peak resident memory",
			 comparison_alone(c) ? "" : ", ratio to ",
			 comparison_alone(c) ? "" : section_reference(c));
	for (size_t i = 0; i < c->set->ncells; i++)
		if (is_program(c, i))
			document_column(d, "%s", c->set->cells[i].name);
	for (size_t j = 0; j < rows_of(c); j++) {
		document_row(d);
		document_words(d, "%s", c->set->contenders[c->shown[j]].name);
		for (size_t i = 0; i < c->set->ncells; i++)
			if (is_program(c, i))
				program_field(d, c, metric, i, c->shown[j]);
	}
}

/* Cells whose requests were timed by anyone. */
static bool has_requests(const struct comparison *c, size_t cell)
{
	bool any = false;

	for (size_t j = 0; j < rows_of(c) && !any; j++) {
		struct distribution values = {0};

		if (results_is_mode(&c->set->cells[cell], "latency"))
			latencies_collect(c, cell, c->shown[j], "request", &values);
		any = values.count > 0;
		distribution_free(&values);
	}
	return any;
}

static void request_field(struct document *d, const struct comparison *c, size_t cell,
			  size_t contender)
{
	struct clock_limits clock = latencies_clock(c, cell);
	struct distribution values = {0};
	struct doubts doubts;
	struct field *field;

	latencies_collect(c, cell, contender, "request", &values);
	field = document_number(d, UNIT_NS,
				values.count ? distribution_percentile(&values, 0.99) : NAN);
	field->number[field->nnumbers++] =
		values.count ? distribution_percentile(&values, 0.999) : NAN;
	field->between = " | ";
	/* The smaller is doubted first. */
	doubts = doubts_of_percentile(field->number[0],
				      comparison_outcome(c, cell, contender).ok, &clock);
	section_doubt(field, &doubts);
	distribution_free(&values);
}

static void memory_field(struct document *d, const struct interval *bytes)
{
	struct doubts doubts = doubts_of_interval(bytes);

	section_doubt(document_number(d, UNIT_BYTES, bytes->n ? bytes->point : NAN), &doubts);
}

static void memory_and_requests(struct document *d, const struct comparison *c)
{
	static const char *const titles[] = {"contender", NULL};
	static const char *const marks[] = {"drained", "idle"};
	size_t drain = held_drain_cell(c), requests = 0;
	bool memory = drain != SIZE_MAX && held_rss_at(c, drain, c->reference, marks[0]).n > 0;
	bool *timed = calloc(c->set->ncells + 1, sizeof(*timed));

	if (!timed)
		abort();
	for (size_t i = 0; i < c->set->ncells; i++)
		requests += timed[i] = has_requests(c, i);
	if (memory || requests) {
		document_table(d, titles);
		document_caption(d, "%s%s%s%s", memory ? "Resident memory of " : "",
				 memory ? c->set->cells[drain].name : "",
				 memory && requests ? "; " : "",
				 requests ? "time of requests, p99 | p99.9" : "");
	}
	if (memory) {
		document_column(d, "at peak");
		document_column(d, "after drain");
		document_column(d, "after idling");
	}
	for (size_t i = 0; i < c->set->ncells; i++)
		if (timed[i])
			document_column(d, "%s", c->set->cells[i].name);
	for (size_t j = 0; j < rows_of(c) && (memory || requests); j++) {
		size_t k = c->shown[j];

		document_row(d);
		document_words(d, "%s", c->set->contenders[k].name);
		if (memory) {
			struct interval peak = comparison_median(c, drain, k, METRIC_RSS);

			memory_field(d, &peak);
			for (int i = 0; i < 2; i++) {
				struct interval at = held_rss_at(c, drain, k, marks[i]);

				memory_field(d, &at);
			}
		}
		for (size_t i = 0; i < c->set->ncells; i++)
			if (timed[i])
				request_field(d, c, i, k);
	}
	free(timed);
}

/* Ratios of CPU time, and those of them whose interval holds 1 or that have none. */
static size_t undecided(const struct comparison *c, size_t *all)
{
	size_t n = 0;

	*all = 0;
	for (size_t i = 0; i < c->set->ncells; i++)
		for (size_t j = 0; j < rows_of(c); j++) {
			const struct interval *ratio =
				&c->ratio[METRIC_CPU][i * c->set->ncontenders + c->shown[j]];

			if (c->shown[j] == c->reference || !ratio->n)
				continue;
			++*all;
			n += isnan(ratio->low) || (ratio->low <= 1 && 1 <= ratio->high);
		}
	return n;
}

/* Fewer blocks than an interval needs, of what is measured less often than time: the least and
 * the most that a cell of the mode has of a contender, as "of 2 blocks", "of 1 to 3 blocks".
 * Null where there are enough, or none; free() it. */
static char *few_blocks_of(const struct comparison *c, const char *mode)
{
	size_t least = 0, most = 0;

	for (size_t i = 0; i < c->set->ncells; i++)
		for (size_t j = 0; j < rows_of(c); j++) {
			size_t n = comparison_outcome(c, i, c->shown[j]).ok;

			if (!n || !results_is_mode(&c->set->cells[i], mode))
				continue;
			least = least && least < n ? least : n;
			most = most > n ? most : n;
		}
	if (!least || least >= STAT_MIN_BLOCKS)
		return NULL;
	if (least == most)
		return text_format("of %zu block%s", least, least > 1 ? "s" : "");
	return text_format("of %zu to %zu blocks", least, most);
}

static void few_blocks(struct document *d, const struct comparison *c)
{
	static const struct {
		const char *mode, *what;
	} modes[] = {{"latency", "latencies"}, {"memory", "memory while idle"}};

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		char *few = few_blocks_of(c, modes[i].mode);

		if (few)
			document_format(d,
					"How %s would come out in another run: what is shown "
					"is %s (grey), and an interval needs %d.",
					modes[i].what, few, STAT_MIN_BLOCKS);
		free(few);
	}
}

static void cannot_be_said(struct document *d, const struct comparison *c)
{
	json_t *counters = json_object_get(c->set->manifest, "counters");
	const char *tier = json_field_text(counters, "tier");
	double cpus = json_field_number(json_object_get(c->set->manifest, "environment"),
					"cpus_online");
	size_t all, open = undecided(c, &all);

	document_heading(d, "What this set cannot say");
	document_list(d, false);
	document_format(d, "Anything of other machines%s: one was measured.",
			cpus > 0 ? " or of more CPUs" : "");
	if (open)
		document_format(d,
				"Which of two uses less CPU time in %zu of %zu pairs of a "
				"cell and a contender (grey): the interval holds 1.",
				open, all);
	few_blocks(d, c);
	if (!count_throughput(c, true))
		document_say(d, "Anything of real programs: none was run.");
	/* Of what has a counter the figure tells. */
	if (!strcmp(tier, "software") || !strcmp(tier, "none"))
		document_format(d, "What caches and address translation cost: %s.",
				json_field_text(counters, "reason"));
	for (size_t k = 0; k < c->set->ncontenders; k++)
		if (comparison_never_ran(c, k))
			document_format(d, "Anything of %s: %s.", c->set->contenders[k].name,
					*c->set->contenders[k].reason
						? c->set->contenders[k].reason
						: "it has no sample");
	if (json_array_size(json_object_get(c->set->manifest, "unfinished")))
		document_say(d, "As much as was planned: the run left out blocks (Summary).");
}

void section_glance(struct document *d, const struct comparison *c)
{
	document_section(d, "glance", "At a glance", "At a glance");
	compared(d, c);
	section_machine(d, c);
	if (count_throughput(c, true)) {
		programs(d, c, METRIC_CPU);
		programs(d, c, METRIC_RSS);
	}
	memory_and_requests(d, c);
	cannot_be_said(d, c);
}
