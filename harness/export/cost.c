#include "harness/export/cost.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"
#include "harness/export/numbers.h"
#include "harness/export/tex.h"

static json_t *terms_json(const struct fleet *f)
{
	const struct fleet_terms *t = &f->terms;

	return json_pack("{s:f, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:o}", "servers",
			 t->servers, "cores", json_of_number(t->cores), "memory_gib",
			 json_of_number(t->gib), "core_hour", json_of_number(t->core_hour),
			 "gib_year", json_of_number(t->gib_year), "memory_bound",
			 json_of_number(t->memory_bound), "memory",
			 t->mean_memory ? "mean" : "peak", "currency", t->currency,
			 "server_cpu_year", json_of_number(f->cpu_year), "server_memory_year",
			 json_of_number(f->memory_year));
}

static json_t *names_of(const struct comparison *c, const bool *chosen)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->set->ncells; i++)
		if (chosen[i])
			json_array_append_new(list, json_string(c->set->cells[i].name));
	return list;
}

json_t *cost_json(const struct comparison *c, const struct fleet *f)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < f->nrows; i++) {
		const struct fleet_row *row = &f->row[i];

		json_array_append_new(
			rows, json_pack("{s:s, s:o, s:o, s:o, s:o}", "contender",
					c->set->contenders[row->contender].name, "cpu_time",
					json_of_interval(&row->time), "memory",
					json_of_interval(&row->memory), "cost_change_year",
					json_of_interval(&row->change), "servers_change",
					json_of_interval(&row->servers)));
	}
	return json_pack("{s:s, s:s, s:s, s:f, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "schema",
			 COST_SCHEMA, "set", c->set->dir, "reference",
			 c->set->contenders[c->reference].name, "level", STAT_LEVEL,
			 "bootstrap", STAT_BOOTSTRAP_VERSION, "terms", terms_json(f),
			 "cells_of_time", names_of(c, f->of_time), "cells_of_memory",
			 names_of(c, f->of_memory), "two_percent_of_memory",
			 json_of_number(fleet_worth(f, 0, 0.02)), "five_percent_of_time",
			 json_of_number(fleet_worth(f, 0.05, 0)), "contenders", rows);
}

void cost_csv_write(const struct comparison *c, const struct fleet *f, FILE *out)
{
	fputs("schema,contender,reference,currency,cpu_time,cpu_time_low,cpu_time_high,cpu_"
	      "time_n,"
	      "memory,memory_low,memory_high,memory_n,cost_change_year,cost_change_year_low,"
	      "cost_change_year_high,cost_change_year_n,servers_change,servers_change_low,"
	      "servers_change_high,servers_change_n\n",
	      out);
	for (size_t i = 0; i < f->nrows; i++) {
		const struct fleet_row *row = &f->row[i];
		const char *const words[] = {c->set->contenders[row->contender].name,
					     c->set->contenders[c->reference].name,
					     f->terms.currency};

		fputs(COST_SCHEMA ",", out);
		csv_row_words(out, words, sizeof(words) / sizeof(*words));
		csv_interval(out, &row->time);
		csv_interval(out, &row->memory);
		csv_interval(out, &row->change);
		csv_number(out, row->servers.point);
		csv_number(out, row->servers.low);
		csv_number(out, row->servers.high);
		fprintf(out, "%zu\n", row->servers.n);
	}
}

/* Shares of the width for a contender's name and for what money is told in; numbers, of which
 * the longest has a sign and six digits, need the rest. */
#define NAME_SHARE 0.22
#define SCALE_SHARE 0.36

/* A number and the ends of its interval below and above it, each with its sign where `sign`
 * is. */
static void tex_interval(FILE *out, const struct interval *i, double unit, bool sign)
{
	const char *format = sign ? "%+.*f" : "%.*f";
	int decimals = !sign ? 3 : fabs(i->point / unit) < 100 ? 2 : 0;

	if (!i->n) {
		fputs(" & \\multicolumn{2}{c}{--}", out);
		return;
	}
	fputs(" & $", out);
	fprintf(out, format, decimals, i->point / unit);
	fputs("$ & ", out);
	if (isnan(i->low))
		return;
	fputs("$_{", out);
	fprintf(out, format, decimals, i->low / unit);
	fputs("}^{", out);
	fprintf(out, format, decimals, i->high / unit);
	fputs("}$", out);
}

void cost_tex_write(const struct comparison *c, const struct fleet *f, double width_pt,
		    FILE *out)
{
	const char *scale, *currency = f->terms.currency;
	double unit = fleet_unit(f, &scale);
	char *money = text_format("%s%s%s", scale, *scale && *currency ? " " : "", currency);

	fputs("% Per year, more (+) or less (-) than under the reference; ends of 95 % "
	      "intervals below and above;\n% -- not told.  Needs booktabs.\n"
	      "\\begingroup\\fontsize{8}{10}\\selectfont\\setlength{\\tabcolsep}{3pt}"
	      "\\centering\n"
	      "\\begin{tabular}{@{}lr@{\\,}lr@{\\,}lr@{\\,}l@{}}\n\\toprule\n"
	      " & \\multicolumn{2}{c}{CPU time} & \\multicolumn{2}{c}{memory} & "
	      "\\multicolumn{2}{c}{",
	      out);
	tex_cut(*money ? money : "a year", SCALE_SHARE * width_pt, out);
	fputs("} \\\\\n\\midrule\n", out);
	for (size_t i = 0; i < f->nrows; i++) {
		const struct fleet_row *row = &f->row[i];

		tex_cut(c->set->contenders[row->contender].name, NAME_SHARE * width_pt, out);
		tex_interval(out, &row->time, 1, false);
		tex_interval(out, &row->memory, 1, false);
		tex_interval(out, &row->change, unit, true);
		fputs(" \\\\\n", out);
	}
	fputs("\\bottomrule\n\\end{tabular}\\par\n\\endgroup\n", out);
	free(money);
}
