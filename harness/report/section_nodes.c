/* The machines of a cluster: who they are, and how much of the scatter is theirs. */
#include "harness/report/section.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/node_effect.h"
#include "harness/base/message.h"

static json_t *nodes_of(const struct comparison *c)
{
	return json_object_get(json_object_get(c->set->manifest, "merged"), "nodes");
}

/* The machines of one class, with what they have in common, once for each class. */
void section_nodes_line(struct document *d, const struct comparison *c)
{
	json_t *nodes = nodes_of(c), *node, *other;
	size_t i, k, classes = 0, missing;

	if (!json_array_size(nodes))
		return;
	document_paragraph(d);
	document_format(d, "Measured on %zu machine%s: ", json_array_size(nodes),
			json_array_size(nodes) == 1 ? "" : "s");
	json_array_foreach(nodes, i, node) {
		const char *class = json_field_text(node, "machine_class");
		bool first = true;

		for (k = 0; k < i; k++)
			first &= strcmp(class, json_field_text(json_array_get(nodes, k),
							       "machine_class")) != 0;
		if (!first)
			continue;
		document_say(d, classes++ ? "; " : "");
		json_array_foreach(nodes, k, other) {
			if (k < i || strcmp(class, json_field_text(other, "machine_class")))
				continue;
			document_format(d, "%s%s", k > i ? ", " : "",
					json_field_text(other, "name"));
		}
		document_format(d, " (class %.8s: %s, %.0f CPUs, Linux %s)", class,
				json_field_text(node, "cpu"),
				json_field_number(node, "cpus_online"),
				json_field_text(node, "kernel"));
	}
	document_format(d, "%s. A block is of one machine, ratios are formed within it.",
			classes > 1 ? ", machines of unlike classes in one set" : "");
	if (c->nodes_drawn && c->set->nnodes < STAT_MIN_BLOCKS) {
		document_warning(d);
		document_format(
			d,
			"Few machines: intervals stand for others like these %zu, and of "
			"so few hold what they are of at most in %.0f %% of all cases.",
			c->set->nnodes, 100 * stat_coverage_limit(c->set->nnodes));
	}
	missing = json_array_size(
		json_object_get(json_object_get(c->set->manifest, "merged"), "missing"));
	if (missing) {
		document_warning(d);
		document_format(d,
				"%zu of the plan's %.0f shards are not in this set: cells have "
				"fewer blocks than planned.",
				missing,
				json_field_number(json_object_get(c->set->manifest, "merged"),
						  "shards"));
	}
}

static void machines(struct document *d, const struct comparison *c)
{
	static const char *const titles[] = {"machine", "class",  "CPU", "CPUs",
					     "kernel",  "blocks", NULL};
	json_t *node;
	size_t i;

	document_table(d, titles);
	document_caption(d, "Machines; blocks are those of all cells");
	json_array_foreach(nodes_of(c), i, node) {
		const char *name = json_field_text(node, "name");
		size_t blocks = 0;

		for (size_t k = 0; k < c->set->nsamples; k++) {
			const struct result_sample *s = &c->set->samples[k];

			blocks += s->contender == c->reference && !s->superseded &&
				  !strcmp(c->set->nodes[s->node], name);
		}
		document_row(d);
		document_words(d, "%s", name);
		document_words(d, "%.8s", json_field_text(node, "machine_class"));
		document_words(d, "%s", json_field_text(node, "cpu"));
		document_number(d, UNIT_COUNT, json_field_number(node, "cpus_online"));
		document_words(d, "%s", json_field_text(node, "kernel"));
		document_number(d, UNIT_COUNT, (double)blocks);
	}
}

static void share(struct document *d, const struct stat_one_way *effect)
{
	struct field *field;

	if (isnan(effect->share)) {
		field = document_words(d, "–");
		field->mark = MARK_HOLE;
		field->target = "machines";
		field->note = text_format("%s", effect->groups < 2 ? "blocks of one machine"
								   : "a block on each machine");
		return;
	}
	field = document_number(d, UNIT_COUNT, round(100 * effect->share));
	if (effect->p > 1 - STAT_LEVEL) {
		field->mark = MARK_UNSURE;
		field->note = text_format("p = %.2f", effect->p);
	}
}

static void shares(struct document *d, const struct comparison *c)
{
	static const char *const titles[] = {"cell", NULL};

	document_paragraph(d);
	document_format(
		d,
		"How much of the variance between blocks is between machines: of the "
		"reference's CPU time, and of the others' ratios to it (on a log scale; "
		"one-way "
		"random effects, ANOVA estimators of Searle, Casella and McCulloch, Variance "
		"Components, 1992). Not certain is what more than 5 %% of 999 permutations of "
		"the blocks over the machines have as well. Intervals of this page take %s.",
		c->nodes_drawn ? "the machines as drawn from others like them: a machine, then "
				 "its blocks"
			       : "the machines as given: blocks are drawn within each");
	document_table(d, titles);
	document_caption(d, "Share of the variance that is the machines', in percent; p by "
			    "permutation where it is above 0.05");
	document_column(d, "%s, time", section_reference(c));
	for (size_t j = 0; j + c->nulls < c->nshown; j++)
		if (c->shown[j] != c->reference)
			document_column(d, "%s", c->set->contenders[c->shown[j]].name);
	for (size_t i = 0; i < c->set->ncells; i++) {
		struct stat_one_way effect;

		if (!results_is_mode(&c->set->cells[i], "throughput"))
			continue;
		document_row(d);
		document_words(d, "%s", c->set->cells[i].name);
		effect = node_effect(c, i, c->reference, METRIC_CPU);
		share(d, &effect);
		for (size_t j = 0; j + c->nulls < c->nshown; j++) {
			if (c->shown[j] == c->reference)
				continue;
			effect = node_effect(c, i, c->shown[j], METRIC_CPU);
			share(d, &effect);
		}
	}
}

void section_nodes(struct document *d, const struct comparison *c)
{
	if (c->set->nnodes < 2)
		return;
	document_section(d, "machines", "Machines", "Machines");
	machines(d, c);
	shares(d, c);
}
