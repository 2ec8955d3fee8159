#include "harness/export/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "harness/analysis/latencies.h"
#include "harness/export/numbers.h"

static void write_doubts(const struct doubts *doubts, FILE *f)
{
	char *text = doubts_text(doubts, ~0u);

	csv_words(f, text ? text : "");
	free(text);
}

/* What did not keep up has no latency: the row says why. */
static void write_saturated(const struct comparison *c, size_t cell, size_t contender, FILE *f)
{
	const struct result_set *set = c->set;
	const struct result_cell *one = &set->cells[cell];
	const char *const words[] = {
		one->name,
		one->mode,
		one->kind,
		one->workload,
		set->contenders[contender].name,
		set->contenders[c->reference].name,
		"saturated",
		"samples",
	};
	struct saturation found = latencies_saturation(c, cell, contender);

	if (!found.samples)
		return;
	fputs(FINDINGS_SCHEMA ",", f);
	csv_row_words(f, words, sizeof(words) / sizeof(*words));
	fprintf(f, "%zu,,,%zu,,,,,0,,\n", found.samples,
		comparison_outcome(c, cell, contender).ok);
}

void summary_csv_write(const struct report *report, FILE *f)
{
	const struct findings *findings = report->findings;
	const struct result_set *set = report->set;

	fputs("schema,cell,mode,kind,workload,contender,reference,metric,unit,value,low,high,n,"
	      "ratio,ratio_low,ratio_high,ratio_n,best,uncertain,value_uncertain\n",
	      f);
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *one = &findings->list[i];
		const struct result_cell *cell = &set->cells[one->cell];
		const char *const words[] = {
			cell->name,
			cell->mode,
			cell->kind,
			cell->workload,
			set->contenders[one->contender].name,
			set->contenders[findings->c->reference].name,
			one->metric->name,
			finding_units[one->metric->unit],
		};

		fprintf(f, FINDINGS_SCHEMA ",");
		csv_row_words(f, words, sizeof(words) / sizeof(*words));
		csv_interval(f, &one->value);
		csv_interval(f, &one->ratio);
		fprintf(f, "%d,", one->best);
		write_doubts(&one->doubts, f);
		fputc(',', f);
		write_doubts(&one->value_doubts, f);
		fputc('\n', f);
	}
	for (size_t i = 0; i < set->ncells; i++)
		for (size_t k = 0; k < set->ncontenders; k++)
			write_saturated(findings->c, i, k, f);
}
