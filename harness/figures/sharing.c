#include "harness/figures/sharing.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/message.h"
#include "harness/figures/table.h"
#include "harness/stats/statistics.h"

/* Percent of the lines with live objects that held some of two threads or more, over all marks
 * of a sample that counted them; NaN if none did. */
static double percent_shared(const struct result_sample *s)
{
	double lines = 0, shared = 0;
	json_t *mark;
	size_t i;

	json_array_foreach(results_value(s->json, FIELD_phases), i, mark) {
		double here = json_field_number(mark, "lines");

		if (!(here > 0))
			continue;
		lines += here;
		shared += json_field_number(mark, "shared_lines");
	}
	return lines > 0 ? 100 * shared / lines : NAN;
}

/* NaN if it is not of mode sharing. */
static double transfers(const struct result_sample *s)
{
	return json_field_number(results_value(s->json, FIELD_locality), "transfers_per_1000");
}

/* Of the good samples of a cell and contender that have it, ascending; their number. */
static size_t values_of(const struct comparison *c, size_t cell, size_t contender,
			double (*value)(const struct result_sample *), double *values)
{
	size_t n = 0;

	for (size_t i = 0; i < c->set->nsamples; i++) {
		const struct result_sample *s = &c->set->samples[i];

		if (s->cell != cell || s->contender != contender || !s->ok || s->superseded)
			continue;
		values[n] = value(s);
		n += !isnan(values[n]);
	}
	qsort(values, n, sizeof(*values), stat_ascending);
	return n;
}

/* A unit of the axis for each cell that has values; returns the rows with values. */
static size_t write_rows(const struct comparison *c, FILE *f,
			 double (*value)(const struct result_sample *))
{
	double *values = malloc((c->set->nsamples + 1) * sizeof(*values));
	size_t rows = 0;

	if (!values)
		abort();
	/* First the labels of the axis, as rows of a contender "-", then the values. */
	for (int labels = 1; labels >= 0; labels--)
		for (size_t i = 0, x = 0; i < c->set->ncells; i++) {
			bool any = false;

			for (size_t j = 0; j + c->nulls < c->nshown; j++) {
				size_t k = c->shown[j], n = values_of(c, i, k, value, values);

				if (!n)
					continue;
				x += !any;
				if (labels && !any)
					fprintf(f, "%zu\t%s\t-\tNaN\tNaN\tNaN\t0\n", x,
						c->set->cells[i].name);
				any = true;
				if (labels)
					continue;
				fprintf(f, "%zu\t%s\t%s", x, c->set->cells[i].name,
					c->set->contenders[k].name);
				table_number(f, stat_median(values, n));
				table_number(f, values[0]);
				table_number(f, values[n - 1]);
				fprintf(f, "\t%zu\n", n);
				rows++;
			}
		}
	free(values);
	return rows;
}

#define COLUMNS "x\tlabel\tallocator\tvalue\tleast\tmost\tn"

bool sharing_write_lines(const struct study *study, struct figure *figure)
{
	const struct comparison *c = study->c;
	FILE *f = table_open(study, figure->name,
			     "percent of the lines with live objects that hold some of two "
			     "threads or more; least, median and most of the blocks",
			     COLUMNS);

	if (!f)
		return false;
	if (!write_rows(c, f, percent_shared))
		text_set(&figure->absent, "no workload whose threads have objects of their own "
					  "alone: own-lines is one");
	text_set(&figure->caption,
		 "Threads that only replace their own objects: which part of the cache lines "
		 "of 64 bytes that hold live ones hold some of two threads or more. Each write "
		 "to such a line takes it from the other thread's CPU. Counted from the "
		 "addresses at moments when the threads rest, over all of a sample; medians "
		 "over blocks, with the range where blocks differ. Log axis; a mark on the "
		 "lower edge is that value or less, also 0.%s",
		 c->nulls ? " null is left out." : "");
	return table_close(study, figure->name, f);
}

bool sharing_write_transfers(const struct study *study, struct figure *figure)
{
	const struct comparison *c = study->c;
	FILE *f =
		table_open(study, figure->name,
			   "lines that go from one thread to another per 1000 calls", COLUMNS);

	if (!f)
		return false;
	if (!write_rows(c, f, transfers))
		text_set(&figure->absent, "no good sample in mode sharing");
	text_set(
		&figure->caption,
		"Lines of objects that go from one thread to another per 1000 calls, by a "
		"model of coherent caches: the threads take turns in one order drawn from the "
		"seed. Where no thread touches another's objects (own workloads, copies of "
		"a trace of one thread) all of them are the allocator's doing; what it touches "
		"for itself is not in it. Log axis; a mark on the lower edge is that value or "
		"less, also 0.%s",
		c->nulls ? " null is left out." : "");
	return table_close(study, figure->name, f);
}
