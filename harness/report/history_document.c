#include "harness/report/history_document.h"

#include <math.h>
#include <stdlib.h>

#include "harness/report/section.h"

static enum unit unit_of(const struct history_series *s)
{
	if (s->reference)
		return UNIT_RATIO;
	return section_unit(s->metric);
}

static void list_sets(struct document *d, const struct history *h, size_t group)
{
	static const char *const titles[] = {"set", "started", "revision", "suite", NULL};

	document_heading(d, h->group[group]);
	document_table(d, titles);
	for (size_t i = 0; i < h->nsets; i++) {
		json_t *manifest = h->set[i]->manifest;

		if (h->group_of[i] != group)
			continue;
		document_row(d);
		document_words(d, "%s", h->set[i]->dir);
		document_words(d, "%s", json_field_text(manifest, "started"));
		document_words(d, "%s", json_field_text(manifest, "revision"));
		document_words(d, "%s", json_field_text(manifest, "suite"));
	}
}

static void change_row(struct document *d, const struct history *h,
		       const struct history_series *s, const struct history_change *change)
{
	size_t set = s->point[change->at].set, last = s->point[change->at - 1].set;
	struct field *field;

	document_row(d);
	document_words(d, "%s", s->cell);
	document_words(d, "%s", s->contender);
	document_words(d, "%s%s%s", s->metric->what, s->reference ? ", to " : "",
		       s->reference ? s->reference : "");
	document_words(d, "%s", h->revision[last]);
	document_words(d, "%s", h->revision[set]);
	document_number(d, unit_of(s), change->before);
	document_number(d, unit_of(s), change->after);
	field = document_number(d, UNIT_RATIO, change->after / change->before);
	field->low = change->ratio.low;
	field->high = change->ratio.high;
	document_words(d, "%.3f", change->p);
}

static size_t changes_of(const struct history *h, size_t group, size_t *nseries)
{
	size_t n = 0;

	*nseries = 0;
	for (size_t i = 0; i < h->nseries; i++)
		if (h->series[i].group == group) {
			n += h->series[i].nchanges;
			++*nseries;
		}
	return n;
}

static void list_changes(struct document *d, const struct history *h, size_t group)
{
	static const char *const titles[] = {
		"cell",   "contender", "metric",         "last before", "first after",
		"before", "after",     "after / before", "p",           NULL};
	size_t nseries, n = changes_of(h, group, &nseries);

	document_heading(d, h->group[group]);
	document_paragraph(d);
	document_format(d, "%zu change%s of level in %zu series.", n, n == 1 ? "" : "s",
			nseries);
	if (!n)
		return;
	document_table(d, titles);
	document_caption(d, "Changes of level, %s", h->group[group]);
	for (size_t i = 0; i < h->nseries; i++)
		for (size_t k = 0; h->series[i].group == group && k < h->series[i].nchanges;
		     k++)
			change_row(d, h, &h->series[i], &h->series[i].change[k]);
}

/* How large a step the middle one of a metric's series would show. */
static void list_limits(struct document *d, const struct history *h, size_t group)
{
	static const char *const titles[] = {
		"metric", "series", "too short", "step that is seen", "in the worst", NULL};
	double *steps = malloc((h->nseries + 1) * sizeof(*steps));
	size_t fewest = stat_change_fewest(h->level);

	if (!steps)
		abort();
	document_heading(d, h->group[group]);
	document_table(d, titles);
	document_caption(d, "What the series could show, %s", h->group[group]);
	for (size_t m = 0; m < finding_nmetrics; m++) {
		size_t n = 0, all = 0, brief = 0;

		for (size_t i = 0; i < h->nseries; i++) {
			const struct history_series *s = &h->series[i];

			if (s->group != group || s->metric != &finding_metrics[m])
				continue;
			all++;
			brief += s->npoints < fewest;
			if (!isnan(s->smallest))
				steps[n++] = s->smallest;
		}
		if (!all)
			continue;
		document_row(d);
		document_words(d, "%s", finding_metrics[m].what);
		document_number(d, UNIT_COUNT, (double)all);
		document_number(d, UNIT_COUNT, (double)brief);
		document_number(d, UNIT_RATIO, stat_median(steps, n));
		document_number(d, UNIT_RATIO, stat_quantile(steps, n, 1));
	}
	free(steps);
}

static void say_blind(struct document *d, const struct history *h)
{
	document_list(d, false);
	document_format(
		d,
		"In fewer than %zu sets a change need not show at this level (p at most "
		"%g), however large it is; behind the last change there must be %d sets "
		"before it is seen.",
		stat_change_fewest(h->level), h->level, STAT_CHANGE_LEAST);
	document_format(
		d,
		"Changes of less than %.3g %% are not told, and of larger ones those are "
		"missed that are small beside the scatter: the table says how large a step "
		"in the middle of a series is found four times in five%s.",
		(h->least - 1) * 100,
		h->level < 0.01   ? " at level 0.01; how large it has to be at a stricter one "
				    "is not known, and left out"
		: h->level > 0.01 ? " at level 0.01, and of fewer sets than that needs nothing"
				  : "");
	document_format(
		d,
		"Of a hundred series in which nothing changed about %.2g will show a "
		"change by chance: a change is a reason to measure both sides in one run "
		"(compare, gate), not a proof.",
		h->level * 100);
	document_say(d, "A slow drift is told as a step, or not at all; a change that is taken "
			"back within two sets is not seen.");
	document_say(d,
		     "Other classes of machine, other versions of the suite and other C "
		     "libraries are series of their own, and nothing is said from one to the "
		     "other. A reference that changes itself moves all ratios to it.");
	for (size_t i = 0; h->reference && i < h->nsets; i++)
		if (results_find_contender(h->set[i], h->reference) == SIZE_MAX)
			document_format(d, "%s has no %s, so its times are left out.",
					h->set[i]->dir, h->reference);
	document_say(d, "Latencies are not looked at: percentiles hang on few values.");
}

struct document *history_document(const struct history *h, const char *folder,
				  const char *picture, const char *caption)
{
	struct document *d = document_make(folder, "History", "");

	document_section(d, "changes", "Changes", NULL);
	for (size_t g = 0; g < h->ngroups; g++)
		list_changes(d, h, g);
	if (picture)
		document_figure(d, "history", "Series over the sets", caption, picture, NULL);
	document_section(d, "limits", "What this cannot see", NULL);
	say_blind(d, h);
	for (size_t g = 0; g < h->ngroups; g++)
		list_limits(d, h, g);
	document_section(d, "sets", "Sets", NULL);
	for (size_t g = 0; g < h->ngroups; g++)
		list_sets(d, h, g);
	document_section(d, "method", "Method", NULL);
	document_paragraph(d);
	document_format(
		d,
		"A value is the median over a set's blocks: of times the ratio to the "
		"reference, "
		"paired by block, of all else the number itself. Changes are found in the "
		"logarithms by "
		"E-divisive (Matteson and James 2014) with distances of exponent 1; a cut is "
		"kept where at most %g of %d permutations of its part are as good, and cut "
		"again. The "
		"permutations are drawn from a fixed seed, so that the same sets give the "
		"same changes; the t-test that Hunter (Fleming et al. 2023) uses instead does "
		"not know "
		"that the best place was looked for. Intervals of a change are those of Hodges "
		"and Lehmann, taken where the cut was chosen: they are too narrow.",
		h->level, STAT_CHANGE_PERMUTATIONS);
	return d;
}
