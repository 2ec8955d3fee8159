#include "harness/figures/history.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "harness/base/message.h"
#include "harness/figures/plot.h"
#include "harness/figures/table.h"

/* By how much a series changed at its greatest change; 0 where it did not. */
static double greatest(const struct history_series *s)
{
	double most = 0;

	for (size_t k = 0; k < s->nchanges; k++)
		most = fmax(most, fabs(log(s->change[k].after / s->change[k].before)));
	return most;
}

static int by_change(const void *a, const void *b)
{
	const struct history_series *const *x = a, *const *y = b;
	double p = greatest(*x), q = greatest(*y);

	if (p != q)
		return p > q ? -1 : 1;
	return (*x > *y) - (*x < *y); /* as they stand in the history */
}

static void write_series(FILE *f, size_t panel, const struct history_series *s)
{
	for (size_t i = 0; i < s->npoints; i++) {
		fprintf(f, "%zu\t%s%s, %s\t%s\t%zu", panel, s->cell,
			s->metric->metric == METRIC_RSS ? " (memory)" : "", s->contender,
			s->contender, i + 1);
		table_number(f, s->point[i].value);
		table_number(f, history_level(s, s->point[i].segment));
		fprintf(f, "\t%zu\n", s->point[i].segment);
	}
}

static bool write_table(const struct history *h, const char *dir, char **caption)
{
	const struct history_series **order = malloc((h->nseries + 1) * sizeof(*order));
	FILE *f = table_open_other(dir, "history", ".tsv");
	size_t changed = 0, shown = h->nseries < HISTORY_PANELS ? h->nseries : HISTORY_PANELS;

	if (!order)
		abort();
	for (size_t i = 0; i < h->nseries; i++) {
		order[i] = &h->series[i];
		changed += h->series[i].nchanges > 0;
	}
	qsort(order, h->nseries, sizeof(*order), by_change);
	if (f) {
		fputs("# series over sets; x is the number of the set in the series\n"
		      "panel\tlabel\tallocator\tx\tvalue\tlevel\tsegment\n",
		      f);
		for (size_t i = 0; i < shown; i++)
			write_series(f, i + 1, order[i]);
	}
	free(order);
	*caption = text_format(
		"%zu of %zu series, those that changed first (%zu of them did). A point is a "
		"set, "
		"in order; the line is the median between changes. Times are ratios to the "
		"reference.",
		shown, h->nseries, changed);
	return f && table_close_other(dir, "history", ".tsv", f);
}

/* Colours and marks are those of the last set. */
static bool write_scripts(const struct history *h, const char *dir)
{
	static const char *const scripts[] = {PLOT_SHARED, "history"};
	struct comparison *c = comparison_open(h->set[h->nsets - 1], 0);
	struct study study = {.c = c, .dir = (char *)dir};
	bool good;

	study.styles = style_make(c->set);
	good = plot_write_set(&study);
	for (size_t i = 0; good && i < sizeof(scripts) / sizeof(*scripts); i++)
		good = plot_copy_script(dir, scripts[i]);
	free(study.styles);
	comparison_free(c);
	return good;
}

char *history_draw(const struct history *h, const char *dir)
{
	char why[PATH_MAX + 128], *caption = NULL;

	if (!write_table(h, dir, &caption) || !write_scripts(h, dir))
		goto failed;
	if (!plot_find_gnuplot(false, why, sizeof(why))) {
		complain("%s: no figure drawn; its table and script are in %s", why, dir);
		goto failed;
	}
	if (plot_run(dir, "history") == 0)
		return caption;
	complain("gnuplot did not draw history: see %s/history.log", dir);
failed:
	free(caption);
	return NULL;
}
