#include "harness/report/checklist.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/latencies.h"
#include "harness/base/message.h"
#include "harness/report/references.h"

static void count_cell(struct checklist_facts *f, const struct comparison *c, size_t i)
{
	const struct result_cell *cell = &c->set->cells[i];
	double load = json_field_number(cell->json, "load");

	f->programs += results_is_mode(cell, "throughput") && results_is_program(cell);
	f->workloads += results_is_mode(cell, "throughput") && !results_is_program(cell);
	f->latency += results_is_mode(cell, "latency");
	f->open_loop += results_is_mode(cell, "latency") &&
			(load > 0 || strstr(cell->name, "load=") != NULL);
	f->instructions += results_is_mode(cell, "instructions");
	f->locality += results_is_mode(cell, "locality");
	f->sharing += results_is_mode(cell, "sharing");
	f->memory += results_is_mode(cell, "memory");
	for (size_t j = 0; j < c->nshown; j++) {
		size_t k = c->shown[j], n;

		f->saturated += latencies_saturation(c, i, k).samples;
		if (k == c->reference || results_is_null(&c->set->contenders[k]) ||
		    !results_is_mode(cell, "throughput"))
			continue;
		n = c->ratio[METRIC_CPU][i * c->set->ncontenders + k].n;
		if (!n)
			continue;
		f->least_blocks = f->most_blocks && f->least_blocks < n ? f->least_blocks : n;
		f->most_blocks = f->most_blocks > n ? f->most_blocks : n;
	}
}

struct checklist_facts checklist_facts_of(const struct comparison *c)
{
	json_t *e = json_object_get(c->set->manifest, "environment");
	struct checklist_facts f = {
		.compared = c->nshown - c->nulls,
		.unfinished = json_array_size(json_object_get(c->set->manifest, "unfinished")),
		.virtual_machine = json_is_true(json_object_get(e, "virtual_machine")),
		.platform_known = json_is_boolean(json_object_get(e, "virtual_machine")),
		.unpinned = json_is_false(json_object_get(e, "pinned"))};

	for (size_t i = 0; i < c->set->ncells; i++)
		count_cell(&f, c, i);
	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];

		if (s->superseded || !strcmp(s->status, "skipped"))
			continue;
		f.ok += s->ok;
		f.failed += !s->ok;
		f.disturbed_known |= s->disturbed != NULL;
		f.disturbed += s->disturbed && results_is_disturbed(s);
	}
	return f;
}

__attribute__((format(printf, 5, 6))) static void item(struct checklist *m, const char *part,
						       const char *name, const char *answer,
						       const char *format, ...)
{
	va_list args;

	m->item = list_grown(m->item, m->nitems, sizeof(*m->item));
	m->item[m->nitems] = (struct checklist_item){part, name, answer, NULL};
	va_start(args, format);
	if (vasprintf(&m->item[m->nitems++].text, format, args) < 0)
		abort();
	va_end(args);
}

static void claims(struct checklist *m, const struct checklist_facts *f)
{
	item(m, "Clearly stated claims", "Claims not explicit", "for the paper",
	     "A set of results makes no claim of its own. Each that a paper makes can name its "
	     "cell, metric and ratio with its interval in summary.json.");
	item(m, NULL, "Claims not appropriately scoped", "for the paper",
	     "What was measured is %zu program%s and command%s and %zu own workloads under %zu "
	     "allocators on one %s; nothing is said of others.",
	     f->programs, f->programs == 1 ? "" : "s", f->programs == 1 ? "" : "s",
	     f->workloads, f->compared, f->virtual_machine ? "virtual machine" : "machine");
	item(m, NULL, "Fails to acknowledge limitations", "done",
	     "Each cell has what it cannot tell, numbers that are not certain are grey with "
	     "the "
	     "reason, and what is missing is listed%s%s.",
	     f->virtual_machine ? "; the machine is a virtual one" : "",
	     f->unpinned ? ", and nothing was pinned to a CPU" : "");
}

static void comparison_items(struct checklist *m, const struct comparison *c,
			     const struct checklist_facts *f)
{
	const char *reference = c->set->contenders[c->reference].name;

	if (f->compared < 2)
		item(m, "Suitable comparison", "Fails to compare against appropriate baseline",
		     "not done", "%s is the only allocator with a good sample.", reference);
	else
		item(m, "Suitable comparison", "Fails to compare against appropriate baseline",
		     "done",
		     "The reference is %s; it and %zu more allocator%s are named with version "
		     "and build-id.",
		     reference, f->compared - 1, f->compared == 2 ? "" : "s");
	item(m, NULL, "Comparison is unfair", "done",
	     "All run the same work in the same blocks, by the same way of preloading, on the "
	     "same C "
	     "library, with default options or the variables that are named; which "
	     "of them served is proven in each process.");
}

static void benchmarks(struct checklist *m, const struct comparison *c,
		       const struct checklist_facts *f)
{
	bool source = false;

	for (size_t i = 0; i < c->set->ncells; i++)
		source |= *json_field_text(c->set->cells[i].json, "source");
	item(m, "Principled benchmark choice", "Inappropriate suite", "for the paper",
	     "The suite %s, version %s, was run as it is; whether it stands for what a claim "
	     "is about a "
	     "paper has to say.",
	     json_field_text(c->set->manifest, "suite"),
	     json_field_text(c->set->manifest, "suite_version"));
	item(m, NULL, "Unjustified use of non-standard suite(s)",
	     source ? "in part" : "not done",
	     source ? "There is no standard suite for allocators. Each own workload names "
		      "where it "
		      "comes from, what it isolates and what it cannot tell."
		    : "The set does not tell where its workloads come from.");
	if (f->programs)
		item(m, NULL, "Kernels used instead of full applications",
		     f->workloads ? "in part" : "done",
		     "%zu cell%s of real programs or commands, summed up apart from %zu of own "
		     "workloads, which do little but allocate.",
		     f->programs, f->programs == 1 ? "" : "s", f->workloads);
	else
		item(m, NULL, "Kernels used instead of full applications", "not done",
		     "The set has no real program: what it says is of allocation alone.");
}

static void analysis(struct checklist *m, const struct comparison *c,
		     const struct checklist_facts *f)
{
	if (!f->most_blocks)
		item(m, "Adequate data analysis", "Insufficient number of trials", "not done",
		     "There is no ratio of times.");
	else
		item(m, "Adequate data analysis", "Insufficient number of trials",
		     f->least_blocks >= STAT_MIN_BLOCKS ? "done" : "in part",
		     "Ratios of times have %zu blocks at least and %zu at most, each a fresh "
		     "process per allocator; fewer than %d give an interval that is shown as "
		     "not certain.",
		     f->least_blocks, f->most_blocks, STAT_MIN_BLOCKS);
	item(m, NULL, "Inappropriate summary statistics", "done",
	     "Medians over blocks and geometric means of ratios" CITE(
		     "fleming1986") ", programs and own workloads apart; percentiles of merged "
				    "histograms, never "
				    "means of percentiles.");
	item(m, NULL, "No data distribution reported", f->most_blocks > 1 ? "done" : "not done",
	     f->most_blocks > 1 ? "95 %% intervals beside ratios, percentiles of latency, all "
				  "blocks in figure 4, every sample in samples.jsonl (%zu of "
				  "them)."
				: "One block shows no distribution (%zu samples).",
	     c->set->nsamples);
}

static void metrics(struct checklist *m, const struct checklist_facts *f)
{
	item(m, "Relevant metrics", "Indirect or inappropriate proxy metric", "done",
	     "CPU time and resident memory are measured directly.%s%s",
	     f->instructions ? " Instructions are shown beside them and stand for no time."
			     : "",
	     f->locality + f->sharing ? " Locality is of a model, and said to be." : "");
	item(m, NULL, "Fails to measure all important effects",
	     f->latency && (f->programs || f->workloads) ? "in part" : "not done",
	     "Measured: %s%s%s%s. Not measured: energy, and what an allocator does to other "
	     "programs on the machine.",
	     f->programs + f->workloads ? "time and peak memory" : "no time",
	     f->memory ? ", memory over time and after idling" : "",
	     f->latency ? ", latency of calls" : "", f->open_loop ? " and of requests" : "");
}

static void design(struct checklist *m, const struct comparison *c,
		   const struct checklist_facts *f)
{
	bool threads = false;

	for (size_t i = 0; i < c->set->ncells; i++)
		threads |= json_field_number(json_object_get(c->set->cells[i].json, "params"),
					     "threads") > 1;
	item(m, "Appropriate and clear experimental design",
	     "Insufficient information to repeat", "done",
	     "The manifest has the commands, the seed, every parameter, versions and "
	     "build-ids, "
	     "and the machine; the page ends with the commands that repeat it.");
	item(m, NULL, "Unreasonable platform",
	     f->platform_known && !f->virtual_machine && !f->unpinned ? "done" : "in part",
	     "%s with %.0f CPUs%s.", f->virtual_machine ? "A virtual machine" : "A machine",
	     json_field_number(json_object_get(c->set->manifest, "environment"), "cpus_online"),
	     f->virtual_machine  ? ", whose host may be shared; how allocators behave on many "
				   "CPUs or sockets it does not show"
	     : f->platform_known ? ""
				 : "; whether it is a virtual one is not recorded");
	item(m, NULL, "Ignores key design parameters", threads ? "in part" : "not done",
	     threads ? "Some cells have several threads; the C library, sizes and options vary "
		       "only where the set names them."
		     : "No cell has more than one thread.");
	if (f->open_loop)
		item(m, NULL, "Gated workload generator", "done",
		     "%zu cell%s offer requests at a fixed rate whether or not earlier ones "
		     "were "
		     "answered; the others measure time and memory and no response times.",
		     f->open_loop, f->open_loop == 1 ? "" : "s");
	else
		item(m, NULL, "Gated workload generator", f->latency ? "not done" : "done",
		     f->latency ? "Latencies of this set are of calls one after the other."
				: "No response times are reported.");
	item(m, NULL, "Tested on training (or tuning) set", "for the paper",
	     "Nothing is fitted here. Whether an allocator was tuned on these workloads its "
	     "authors have to say.");
}

static void presentation(struct checklist *m)
{
	item(m, "Presentation of results", "Misleading summary of results", "done",
	     "Beside each mean stand the median of its cells and the range without each of "
	     "them; "
	     "failures, time-outs and what was skipped have rows of their own.");
	item(m, NULL, "Inappropriately truncated axes", "in part",
	     "Axes of speed, memory and shares begin at zero. Those of latencies, of faults "
	     "and system time, of counted events, lines of several threads, sizes and "
	     "lifetimes are logarithmic and have no zero. Ratios to the reference stand on "
	     "logarithmic axes with it at 1, "
	     "those of figure 20 on a linear one that is no wider than they are. What "
	     "figures 1, 2, 3 and 8 cut is written beside it; figures 14 and 14b end at 64.");
	item(m, NULL, "Ratios plotted incorrectly", "in part",
	     "On logarithmic axes, so that twice and half are equally far from 1; figure 13 "
	     "has a logarithmic scale of colours, which ends at 1/2 and 2, with the numbers "
	     "on it. The pairs of figure 20, which differ by little, stand on a linear axis.");
	item(m, NULL, "Inappropriate level of precision", "in part",
	     "Ratios have three digits behind the point on the page and two in most tables of "
	     "a paper, and beside them their interval or the number of blocks. Percentiles of "
	     "latency, which are of all blocks together, and the numbers of figure 13 stand "
	     "without.");
}

struct checklist *checklist_make(const struct comparison *c)
{
	struct checklist_facts f = checklist_facts_of(c);
	struct checklist *list = calloc(1, sizeof(*list));

	if (!list)
		abort();
	claims(list, &f);
	comparison_items(list, c, &f);
	benchmarks(list, c, &f);
	analysis(list, c, &f);
	metrics(list, &f);
	design(list, c, &f);
	presentation(list);
	return list;
}

void checklist_free(struct checklist *list)
{
	for (size_t i = 0; i < list->nitems; i++)
		free(list->item[i].text);
	free(list->item);
	free(list);
}
