#include "harness/figures/cost.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analysis/counted.h"
#include "harness/base/message.h"
#include "harness/figures/table.h"
#include "harness/stats/statistics.h"

/* The cell's number of threads, NaN if its workload has no such parameter. */
static double cell_threads(const struct comparison *c, size_t cell)
{
	double threads = json_field_number(json_object_get(c->set->cells[cell].json, "params"),
					   "threads");

	for (size_t i = 0; isnan(threads) && i < c->set->nsamples; i++)
		if (c->set->samples[i].cell == cell)
			threads = json_field_number(
				results_value(c->set->samples[i].json, FIELD_params),
				"threads");
	return threads;
}

/* Are a and b the same workload with the same parameters but for threads? */
static bool threads_siblings(const struct comparison *c, size_t a, size_t b)
{
	json_t *x = json_object_get(c->set->cells[a].json, "params");
	json_t *y = json_object_get(c->set->cells[b].json, "params");
	json_t *p, *q;
	bool same;

	if (strcmp(c->set->cells[a].workload, c->set->cells[b].workload))
		return false;
	if (!json_is_object(x) || !json_is_object(y))
		return true;
	p = json_copy(x);
	q = json_copy(y);
	json_object_del(p, "threads");
	json_object_del(q, "threads");
	same = json_equal(p, q);
	json_decref(p);
	json_decref(q);
	return same;
}

/* Index of the panel a cell belongs to: that of its first sibling. */
static size_t first_sibling(const struct comparison *c, size_t cell)
{
	size_t i = 0;

	while (!results_is_mode(&c->set->cells[i], "throughput") || isnan(cell_threads(c, i)) ||
	       !threads_siblings(c, i, cell))
		i++;
	return i;
}

/* The cells of a panel in the order of their threads, into out.  A panel begins at the
 * first of siblings; of any other cell it is empty. */
static size_t panel_cells(const struct comparison *c, size_t first, size_t *out)
{
	size_t n = 0, at;

	if (!results_is_mode(&c->set->cells[first], "throughput") ||
	    isnan(cell_threads(c, first)) || first_sibling(c, first) != first)
		return 0;
	for (size_t i = first; i < c->set->ncells; i++) {
		if (!results_is_mode(&c->set->cells[i], "throughput") ||
		    isnan(cell_threads(c, i)) || !threads_siblings(c, first, i))
			continue;
		for (at = n++; at > 0 && cell_threads(c, out[at - 1]) > cell_threads(c, i);
		     at--)
			out[at] = out[at - 1];
		out[at] = i;
	}
	return n > 1 ? n : 0;
}

bool cost_write_scalability(const struct study *study, struct figure *figure)
{
	const struct comparison *c = study->c;
	struct result_set *set = c->set;
	size_t *cells = calloc(set->ncells + 1, sizeof(*cells)), panels = 0, rows = 0;
	FILE *f = table_open(
		study, figure->name, "operations per second of wall time, by threads",
		"panel\tworkload\tthreads\tallocator\tops_per_s\tlow\thigh\tn\tdoubt");

	if (!cells)
		abort();
	for (size_t first = 0; f && first < set->ncells; first++) {
		size_t n = panel_cells(c, first, cells);

		panels += n > 0;
		for (size_t j = 0; j + c->nulls < c->nshown; j++)
			for (size_t i = 0; i < n; i++) {
				struct interval speed = comparison_median(
					c, cells[i], c->shown[j], METRIC_SPEED);
				struct doubts doubts = doubts_of_interval(&speed);

				if (!speed.n)
					continue;
				fprintf(f, "%zu\t%s\t%g\t%s", panels,
					set->cells[first].workload, cell_threads(c, cells[i]),
					set->contenders[c->shown[j]].name);
				table_number(f, speed.point);
				table_number(f, speed.low);
				table_number(f, speed.high);
				fprintf(f, "\t%zu", speed.n);
				table_doubts(f, &doubts);
				rows++;
			}
	}
	free(cells);
	if (!f)
		return false;
	if (!rows)
		text_set(&figure->absent,
			 "no workload ran with more than one number of threads");
	text_set(&figure->caption,
		 "Operations per second of wall time against the number of threads: medians "
		 "over blocks with 95 %% intervals, which here hold the machine's state as "
		 "well, as they are not paired. The dashed line is the reference at one thread "
		 "times the number of threads. Intervals from fewer than "
		 "five blocks are grey.%s",
		 c->nulls ? " null is left out." : "");
	return table_close(study, figure->name, f);
}

/* The name of a cell on the axis.  In mode instructions that is its workload where no other
 * cell has it: the number of operations, which is cut down there, says nothing. */
static const char *axis_name(const struct comparison *c, size_t cell)
{
	const struct result_cell *cells = c->set->cells;
	size_t same = 0;

	for (size_t i = 0; i < c->set->ncells; i++)
		same += !strcmp(cells[i].mode, cells[cell].mode) &&
			!strcmp(cells[i].workload, cells[cell].workload);
	return results_is_mode(&cells[cell], "instructions") && same == 1 ? cells[cell].workload
									  : cells[cell].name;
}

/* The labels of the axis, as rows of a contender "-": the cells of a mode at 1, 2, … */
static void axis_rows(const struct comparison *c, FILE *f, const char *mode, const char *before,
		      const char *after)
{
	size_t x = 0;

	for (size_t i = 0; i < c->set->ncells; i++)
		if (results_is_mode(&c->set->cells[i], mode))
			fprintf(f, "%s%zu\t%s\t-%s\n", before, ++x, axis_name(c, i), after);
}

bool cost_write_kernel(const struct study *study, struct figure *figure)
{
	const struct comparison *c = study->c;
	struct result_set *set = c->set;
	FILE *f = table_open(study, figure->name, "faults and system time per operation",
			     "x\tlabel\tallocator\tfaults_per_1000\tsys_ns\tsys_percent\tn");
	size_t x = 0, rows = 0;

	if (!f)
		return false;
	axis_rows(c, f, "throughput", "", "\tNaN\tNaN\tNaN\t0");
	for (size_t i = 0; i < set->ncells; i++) {
		if (!results_is_mode(&set->cells[i], "throughput"))
			continue;
		x++;
		for (size_t j = 0; j + c->nulls < c->nshown; j++) {
			size_t k = c->shown[j];
			struct interval faults = comparison_median(c, i, k, METRIC_FAULTS);
			struct interval sys = comparison_median(c, i, k, METRIC_SYS);
			struct interval cpu = comparison_median(c, i, k, METRIC_CPU);

			if (!sys.n && !faults.n)
				continue;
			fprintf(f, "%zu\t%s\t%s", x, set->cells[i].name,
				set->contenders[k].name);
			table_number(f, 1000 * faults.point);
			table_number(f, sys.point);
			table_number(f, 100 * sys.point / cpu.point);
			fprintf(f, "\t%zu\n", sys.n);
			rows++;
		}
	}
	if (!rows)
		text_set(&figure->absent, "no good sample in mode throughput");
	text_set(&figure->caption,
		 "What the kernel does for an operation, counted by itself (set software): "
		 "minor page faults per thousand "
		 "operations (above) and system time per operation (below), medians over "
		 "blocks. Log axes; a mark on the lower edge is that value or less, also 0.%s",
		 c->nulls ? " null is left out." : "");
	return table_close(study, figure->name, f);
}

/* The median per operation over those blocks of a cell in which an event was counted. */
static double event_per_op(const struct comparison *c, size_t cell, size_t contender,
			   const char *event, enum counted_by by)
{
	double *values = calloc(c->set->nsamples + 1, sizeof(*values)), median;

	if (!values)
		abort();
	median = stat_median(values, counted_values(c, cell, contender, event, by, values));
	free(values);
	return median;
}

/* The names of hardware events in the set, or of simulated ones, each once, behind the `n` that
 * are there; at most max in all. */
static size_t event_names(const struct comparison *c, const char **names, size_t n, size_t max,
			  enum counted_by by)
{
	for (size_t i = 0; i < c->set->nsamples; i++) {
		json_t *counters = results_value(c->set->samples[i].json, FIELD_counters);
		const char *name;
		json_t *value;

		if (!counted_is_by(counters, by))
			continue;
		json_object_foreach(json_object_get(counters, "events"), name, value) {
			size_t k = 0;

			while (k < n && strcmp(names[k], name))
				k++;
			if (k == n && n < max && !counted_is_software(name) &&
			    json_is_number(json_object_get(value, "value")))
				names[n++] = name;
		}
	}
	return n;
}

#define EVENTS_MAX 20

/* The sets of counters and what served each, as a sentence; "" for older sets.  Free it. */
static char *sets_of(const struct comparison *c)
{
	json_t *part,
		*sets = json_object_get(json_object_get(c->set->manifest, "counters"), "sets");
	char *list = NULL;
	size_t i;

	json_array_foreach(sets, i, part) {
		text_append(&list, "%s%s by %s",
			    i ? ", " : " Sets of counters: ", json_field_text(part, "set"),
			    json_field_text(part, "tier"));
		if (i + 1 == json_array_size(sets))
			text_append(&list, ".");
	}
	return list ? list : text_format("%s", "");
}

/* With a PMU a panel per event; without one the instructions that callgrind counted, and what
 * it simulated. */
bool cost_write_instructions(const struct study *study, struct figure *figure)
{
	const struct comparison *c = study->c;
	struct result_set *set = c->set;
	const char *names[EVENTS_MAX], *mode = "throughput";
	size_t nevents = event_names(c, names, 0, EVENTS_MAX, COUNTED_BY_HARDWARE), rows = 0;
	char *sets = sets_of(c), *of_what = counted_of_what(c);
	bool pmu = nevents > 0;
	enum counted_by by = pmu ? COUNTED_BY_HARDWARE : COUNTED_BY_CALLGRIND;
	FILE *f = table_open(study, figure->name, "counted events per operation",
			     "panel\tevent\tx\tlabel\tallocator\tper_op");

	if (!f) {
		free(sets);
		free(of_what);
		return false;
	}
	if (!pmu) {
		names[0] = "instructions (callgrind)";
		nevents = event_names(c, names, 1, EVENTS_MAX, COUNTED_BY_CALLGRIND);
		mode = "instructions";
	}
	axis_rows(c, f, mode, "0\t-\t", "\tNaN");
	for (size_t e = 0; e < nevents; e++) {
		size_t x = 0;

		for (size_t i = 0; i < set->ncells; i++) {
			if (!results_is_mode(&set->cells[i], mode))
				continue;
			x++;
			for (size_t j = 0; j < c->nshown; j++) {
				size_t k = c->shown[j];
				double value = pmu || e > 0
						       ? event_per_op(c, i, k, names[e], by)
						       : comparison_median(c, i, k,
									   METRIC_INSTRUCTIONS)
								 .point;

				if (isnan(value))
					continue;
				fprintf(f, "%zu\t%s\t%zu\t%s\t%s", e + 1, names[e], x,
					set->cells[i].name, set->contenders[k].name);
				table_number(f, value);
				fputc('\n', f);
				rows++;
			}
		}
	}
	if (!rows)
		text_set(&figure->absent,
			 "no instructions were counted: neither hardware events nor cells in "
			 "mode instructions are in this set");
	else if (pmu)
		text_set(
			&figure->caption,
			"Hardware events per operation in user mode, median over the blocks in "
			"which an event had its turn%s.%s",
			c->nulls ? "; null shows the driver's own share of instructions and "
				   "is no lower "
				   "bound of the rest"
				 : "",
			sets);
	else
		text_set(
			&figure->caption,
			"Instructions per operation, counted by callgrind at a fraction of the "
			"operations: this machine offers no hardware counters.%s Instructions "
			"are not time%s.%s%s",
			of_what, c->nulls ? "; null shows the driver's own share" : "",
			nevents > 1 ? " Misses are those of simulated caches of 32 KiB and 8 "
				      "MiB and of a simulated predictor."
				    : "",
			sets);
	free(sets);
	free(of_what);
	return table_close(study, figure->name, f);
}
