#include "harness/analysis/history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"
#include "harness/stats/verdict.h"

static char *group_name(const struct result_set *set)
{
	const char *class = results_machine_class(set);

	return text_format("machine class %s, suite version %s, C library of %s",
			   *class ? class : "(not recorded)",
			   json_field_text(set->manifest, "suite_version"), results_world(set));
}

static size_t group_find(struct history *h, const struct result_set *set)
{
	char *name = group_name(set);

	for (size_t i = 0; i < h->ngroups; i++)
		if (!strcmp(h->group[i], name)) {
			free(name);
			return i;
		}
	h->group = list_grown(h->group, h->ngroups, sizeof(*h->group));
	h->group[h->ngroups] = name;
	return h->ngroups++;
}

static int by_start(const void *a, const void *b)
{
	const struct result_set *const *x = a, *const *y = b;
	int order = strcmp(json_field_text((*x)->manifest, "started"),
			   json_field_text((*y)->manifest, "started"));

	return order ? order : strcmp((*x)->dir, (*y)->dir);
}

static struct history_series *series_find(struct history *h, size_t group,
					  const struct finding_metric *metric,
					  const struct result_cell *cell, const char *contender,
					  const char *reference)
{
	for (size_t i = 0; i < h->nseries; i++) {
		struct history_series *s = &h->series[i];

		if (s->group == group && s->metric == metric && !strcmp(s->cell, cell->name) &&
		    !strcmp(s->mode, cell->mode) && !strcmp(s->contender, contender) &&
		    !s->reference == !reference)
			return s;
	}
	h->series = list_grown(h->series, h->nseries, sizeof(*h->series));
	h->series[h->nseries] = (struct history_series){.metric = metric,
							.cell = cell->name,
							.mode = cell->mode,
							.contender = contender,
							.reference = reference,
							.group = group,
							.smallest = NAN};
	return &h->series[h->nseries++];
}

/* The median over blocks; of a time its ratio to the reference's.  NaN where there is none. */
static double value_of(const struct comparison *c, size_t cell, size_t contender,
		       const struct finding_metric *metric, bool ratio)
{
	double *x = malloc((c->nblocks + 1) * sizeof(*x)), value;
	size_t n = 0;

	if (!x)
		abort();
	if (ratio) {
		n = comparison_log_ratios(c, cell, contender, metric->metric, x, NULL);
		value = exp(stat_median(x, n));
	} else {
		comparison_values(c, cell, contender, metric->metric, x);
		for (size_t b = 0; b < c->nblocks; b++)
			if (x[b] > 0)
				x[n++] = x[b];
		value = stat_median(x, n);
	}
	free(x);
	return value;
}

static void add_set(struct history *h, size_t set)
{
	struct result_set *at = h->set[set];
	size_t reference = h->reference ? results_find_contender(at, h->reference) : 0;
	struct comparison *c = comparison_open(at, reference == SIZE_MAX ? 0 : reference);

	for (size_t m = 0; m < finding_nmetrics; m++) {
		const struct finding_metric *metric = &finding_metrics[m];

		for (size_t i = 0; i < at->ncells && !metric->kind && !metric->detail; i++)
			for (size_t j = 0; j < c->nshown; j++) {
				size_t k = c->shown[j];
				bool ratio = metric->unit == FINDING_NS && h->reference;
				struct history_series *s;
				double value;

				if (!results_is_mode(&at->cells[i], metric->mode) ||
				    results_is_null(&at->contenders[k]) ||
				    (ratio && (reference == SIZE_MAX || k == reference)))
					continue;
				value = value_of(c, i, k, metric, ratio);
				if (!(value > 0))
					continue;
				s = series_find(h, h->group_of[set], metric, &at->cells[i],
						at->contenders[k].name,
						ratio ? at->contenders[reference].name : NULL);
				s->point = list_grown(s->point, s->npoints, sizeof(*s->point));
				s->point[s->npoints++] = (struct history_point){set, value, 0};
			}
	}
	comparison_free(c);
}

static size_t segment_values(const struct history_series *s, size_t segment, double *out,
			     bool logs)
{
	size_t n = 0;

	for (size_t i = 0; i < s->npoints; i++)
		if (s->point[i].segment == segment)
			out[n++] = logs ? log(s->point[i].value) : s->point[i].value;
	return n;
}

double history_level(const struct history_series *s, size_t segment)
{
	double *x = malloc((s->npoints + 1) * sizeof(*x)), level;

	if (!x)
		abort();
	level = stat_median(x, segment_values(s, segment, x, false));
	free(x);
	return level;
}

static void number_segments(struct history_series *s)
{
	size_t segment = 0;

	for (size_t i = 0; i < s->npoints; i++) {
		segment += segment < s->nchanges && s->change[segment].at == i;
		s->point[i].segment = segment;
	}
}

/* How far apart the levels on the sides of a change are, as a ratio of 1 and more. */
static double step_of(const struct history_series *s, size_t change)
{
	double ratio = history_level(s, change + 1) / history_level(s, change);

	return fmax(ratio, 1 / ratio);
}

/* Takes away, the smallest first, the changes that are too small to be told. */
static void drop_small(struct history_series *s, double least)
{
	for (;;) {
		size_t smallest = 0;

		number_segments(s);
		for (size_t k = 1; k < s->nchanges; k++)
			if (step_of(s, k) < step_of(s, smallest))
				smallest = k;
		if (!s->nchanges || step_of(s, smallest) >= least)
			return;
		memmove(&s->change[smallest], &s->change[smallest + 1],
			(--s->nchanges - smallest) * sizeof(*s->change));
	}
}

static void describe_changes(struct history_series *s)
{
	double *a = list_grown(NULL, s->npoints * 2, sizeof(*a)), *b = a + s->npoints;

	for (size_t k = 0; k < s->nchanges; k++) {
		struct history_change *change = &s->change[k];
		size_t na = segment_values(s, k, a, true),
		       nb = segment_values(s, k + 1, b, true);

		change->before = history_level(s, k);
		change->after = history_level(s, k + 1);
		change->ratio = verdict_unpaired(a, na, b, nb);
	}
	free(a);
}

/* The scatter of the logarithms about their segments' levels. */
static double scatter(const struct history_series *s)
{
	double sum = 0, df = (double)s->npoints - (double)s->nchanges - 1;

	for (size_t i = 0; i < s->npoints; i++) {
		double off = log(s->point[i].value / history_level(s, s->point[i].segment));

		sum += off * off;
	}
	return df > 0 ? sqrt(sum / df) : NAN;
}

static void find_changes(struct history_series *s, const struct history_how *how)
{
	double *logs = malloc((s->npoints + 1) * sizeof(*logs));
	struct stat_change *found = malloc((s->npoints + 1) * sizeof(*found));
	double step;

	if (!logs || !found)
		abort();
	for (size_t i = 0; i < s->npoints; i++)
		logs[i] = log(s->point[i].value);
	s->nchanges = stat_changes(logs, s->npoints, how->level, found);
	s->change = calloc(s->nchanges + 1, sizeof(*s->change));
	if (!s->change)
		abort();
	for (size_t k = 0; k < s->nchanges; k++)
		s->change[k] = (struct history_change){.at = found[k].at, .p = found[k].p};
	free(logs);
	free(found);
	drop_small(s, how->least);
	number_segments(s);
	describe_changes(s);
	step = stat_change_smallest(s->npoints, scatter(s));
	/* Known of the level 0.01: at a wider one no larger step is needed, of a stricter one
	 * it tells nothing. */
	s->smallest = isnan(step) || how->level < 0.01 ? NAN : fmax(exp(step), how->least);
}

static int by_place(const void *a, const void *b)
{
	const struct history_series *x = a, *y = b;
	int order;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->metric != y->metric)
		return x->metric < y->metric ? -1 : 1;
	order = strcmp(x->cell, y->cell);
	if (!order)
		order = strcmp(x->mode, y->mode);
	if (!order)
		order = strcmp(x->contender, y->contender);
	return order ? order : (x->reference != NULL) - (y->reference != NULL);
}

struct history *history_make(struct result_set **sets, size_t nsets,
			     const struct history_how *how)
{
	struct history *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	h->set = sets;
	h->nsets = nsets;
	h->level = how->level;
	h->least = how->least;
	if (!how->absolute)
		h->reference = how->reference ? how->reference : "glibc";
	if (!how->as_given)
		qsort(sets, nsets, sizeof(*sets), by_start);
	h->revision = calloc(nsets + 1, sizeof(*h->revision));
	h->group_of = calloc(nsets + 1, sizeof(*h->group_of));
	if (!h->revision || !h->group_of)
		abort();
	for (size_t i = 0; i < nsets; i++) {
		const char *revision = json_field_text(sets[i]->manifest, "revision");
		const char *started = json_field_text(sets[i]->manifest, "started");

		h->revision[i] = text_format("%s", *revision ? revision : started);
		h->group_of[i] = group_find(h, sets[i]);
		add_set(h, i);
	}
	qsort(h->series, h->nseries, sizeof(*h->series), by_place);
	for (size_t i = 0; i < h->nseries; i++)
		find_changes(&h->series[i], how);
	return h;
}

void history_free(struct history *h)
{
	for (size_t i = 0; i < h->nseries; i++) {
		free(h->series[i].point);
		free(h->series[i].change);
	}
	for (size_t i = 0; i < h->nsets; i++) {
		free(h->revision[i]);
		results_free(h->set[i]);
	}
	for (size_t i = 0; i < h->ngroups; i++)
		free(h->group[i]);
	free(h->series);
	free(h->revision);
	free(h->group_of);
	free(h->group);
	free(h->set);
	free(h);
}
