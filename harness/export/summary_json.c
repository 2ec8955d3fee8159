#include "harness/export/summary.h"

#include <math.h>
#include <stdlib.h>
#include "harness/analysis/latencies.h"
#include "harness/analysis/tally.h"
#include "harness/export/numbers.h"

static json_t *set_facts(const struct comparison *c)
{
	static const char *const keys[] = {"suite",    "suite_version", "started", "finished",
					   "revision", "host",          "command"};
	const char *libc = results_libc(c->set);
	json_t *o = json_object();

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		json_t *value = json_object_get(c->set->manifest, keys[i]);

		json_object_set_new(o, keys[i], value ? json_incref(value) : json_null());
	}
	json_object_set_new(o, "machine_class", json_string(results_machine_class(c->set)));
	json_object_set_new(o, "world",
			    json_pack("{s:s, s:o}", "name", results_world(c->set), "libc",
				      *libc ? json_string(libc) : json_null()));
	return o;
}

static json_t *samples(const struct result_set *set)
{
	struct tally t = tally_of(set);

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "all", (json_int_t)t.all, "good",
			 (json_int_t)t.good, "replaced", (json_int_t)t.replaced, "failed",
			 (json_int_t)t.failed, "timeout", (json_int_t)t.timeout, "skipped",
			 (json_int_t)t.skipped);
}

static json_t *words(char *text)
{
	json_t *value = text ? json_string(text) : json_null();

	free(text);
	return value;
}

static json_t *left_out(const struct left_out *one)
{
	if (!one->name)
		return json_null();
	return json_pack("{s:o, s:s}", "ratio", json_of_number(one->ratio), "without",
			 one->name);
}

static json_t *mean_to_json(const struct mean *mean)
{
	struct doubts doubts = doubts_of_mean(mean);

	if (!mean->ratio.n)
		return json_null();
	return json_pack("{s:o, s:I, s:o, s:o, s:o, s:o}", "ratio",
			 json_of_interval(&mean->ratio), "cells", (json_int_t)mean->cells,
			 "median", json_of_number(mean->median), "least",
			 left_out(&mean->least), "most", left_out(&mean->most), "uncertain",
			 words(doubts_text(&doubts, ~0u)));
}

/* The geometric means of a contender; programs and own workloads are never one number. */
static json_t *means_to_json(const struct report *report, size_t contender)
{
	static const char *const scopes[SCOPES] = {
		[SCOPE_PROGRAMS] = "programs", [SCOPE_WORKLOADS] = "workloads"};
	static const char *const metrics[] = {"cpu_ns", "peak_rss_bytes"};
	json_t *o = json_object();

	for (int m = METRIC_CPU; m <= METRIC_RSS; m++) {
		json_t *of = json_object();

		for (enum scope scope = 0; scope < SCOPES; scope++)
			json_object_set_new(
				of, scopes[scope],
				mean_to_json(means_of(report->means, report->c, contender,
						      scope, (enum metric)m)));
		json_object_set_new(o, metrics[m], of);
	}
	return o;
}

static json_t *contenders(const struct report *report)
{
	const struct comparison *c = report->c;
	json_t *list = json_array();

	for (size_t k = 0; k < c->set->ncontenders; k++) {
		const struct result_contender *one = &c->set->contenders[k];
		size_t ok = 0, failed = 0, skipped = 0;

		for (size_t i = 0; i < c->set->ncells; i++) {
			struct outcome o = comparison_outcome(c, i, k);

			ok += o.ok;
			failed += o.failed + o.timeout;
			skipped += o.skipped;
		}
		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:o}", "name",
				  one->name, "version", json_field_text(one->json, "version"),
				  "build_id", json_field_text(one->json, "build_id"), "status",
				  one->status, "reason", one->reason, "good", (json_int_t)ok,
				  "failed", (json_int_t)failed, "skipped", (json_int_t)skipped,
				  "geometric_means", means_to_json(report, k)));
	}
	return list;
}

/* The numbers of a contender in a cell, or why there are none. */
static json_t *contender_in_cell(const struct findings *findings, size_t cell, size_t contender)
{
	const struct comparison *c = findings->c;
	struct outcome outcome = comparison_outcome(c, cell, contender);
	json_t *o = json_object(), *numbers = json_object();

	for (size_t m = 0; m < finding_nmetrics; m++) {
		const struct finding *one =
			findings_find(findings, cell, &finding_metrics[m], contender);

		if (one)
			json_object_set_new(
				numbers, one->metric->name,
				json_pack("{s:o, s:o, s:b, s:o, s:o}", "value",
					  json_of_interval(&one->value), "ratio",
					  json_of_interval(&one->ratio), "best", (int)one->best,
					  "uncertain", words(doubts_text(&one->doubts, ~0u)),
					  "value_uncertain",
					  words(doubts_text(&one->value_doubts, ~0u))));
	}
	json_object_set_new(o, "contender", json_string(c->set->contenders[contender].name));
	json_object_set_new(o, "good", json_integer((json_int_t)outcome.ok));
	json_object_set_new(o, "status",
			    json_string(*outcome.status ? outcome.status
					: outcome.ok    ? "ok"
							: "absent"));
	json_object_set_new(o, "reason", json_string(outcome.reason));
	json_object_set_new(
		o, "saturated",
		json_integer((json_int_t)latencies_saturation(c, cell, contender).samples));
	json_object_set_new(o, "metrics", numbers);
	return o;
}

static json_t *cells(const struct findings *findings)
{
	const struct result_set *set = findings->c->set;
	json_t *list = json_array();

	for (size_t i = 0; i < set->ncells; i++) {
		const struct result_cell *cell = &set->cells[i];
		json_t *all = json_array();

		for (size_t k = 0; k < set->ncontenders; k++)
			json_array_append_new(all, contender_in_cell(findings, i, k));
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "cell",
						cell->name, "mode", cell->mode, "kind",
						cell->kind, "workload", cell->workload,
						"ops_unit", cell->ops_unit, "contenders", all));
	}
	return list;
}

void summary_json_write(const struct report *report, FILE *f)
{
	const struct comparison *c = report->c;
	json_t *o = json_pack("{s:s, s:o, s:o, s:s, s:f, s:s, s:o, s:o}", "schema",
			      FINDINGS_SCHEMA, "set", set_facts(c), "samples", samples(c->set),
			      "reference", c->set->contenders[c->reference].name, "level",
			      STAT_LEVEL, "bootstrap", STAT_BOOTSTRAP_VERSION, "contenders",
			      contenders(report), "cells", cells(report->findings));

	if (!o || json_dumpf(o, f, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) < 0)
		fputs("null", f); /* a stream that fails says so itself */
	fputc('\n', f);
	json_decref(o);
}
