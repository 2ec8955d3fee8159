/* What a fleet would cost under each allocator, by the reader's prices. */
#include "harness/report/section.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"

/* "1.234 million EUR" */
static char *money(const struct fleet *f, double value)
{
	const char *word = fabs(value) >= 1e9   ? " billion"
			   : fabs(value) >= 1e6 ? " million"
						: "";
	double unit = *word ? (fabs(value) >= 1e9 ? 1e9 : 1e6) : 1;
	const char *currency = f->terms.currency;

	return text_format("%.*f%s%s%s", *word || fabs(value) < 100 ? 2 : 0, value / unit, word,
			   *currency ? " " : "", currency);
}

static void say_terms(struct document *d, const struct fleet *f)
{
	const struct fleet_terms *t = &f->terms;
	char *cpu = money(f, f->cpu_year), *memory = money(f, f->memory_year);
	char *currency = text_format("%s%s", *t->currency ? " " : "", t->currency);

	document_paragraph(d);
	document_format(d,
			"%.0f servers of %g core%s and %g GiB. At %g%s an hour for a core and "
			"%g%s a year for a GiB a server's cores cost %s a year and its memory "
			"%s. ",
			t->servers, t->cores, t->cores == 1 ? "" : "s", round(t->gib * 10) / 10,
			t->core_hour, currency, t->gib_year, currency, cpu, memory);
	free(currency);
	free(cpu);
	free(memory);
}

static void say_assumption(struct document *d, const struct comparison *c,
			   const struct fleet *f)
{
	const struct fleet_terms *t = &f->terms;

	document_paragraph(d);
	document_format(
		d,
		"Supposed is that the fleet runs programs like those of this set, each with "
		"the "
		"same weight, with the load that it has now under %s: that it then needs as "
		"many times the CPU time and the memory as the geometric means below say. ",
		c->set->contenders[c->reference].name);
	if (isnan(t->memory_bound))
		document_say(d, "Cores are paid in proportion to CPU time and memory in "
				"proportion to what is resident, each for itself, as if either "
				"could be bought and given back alone. ");
	else
		document_format(d,
				"Memory decides how many servers there must be for %g %% of "
				"them, CPU time for the rest; each is paid as a whole, and "
				"what of it lies idle is not sold. ",
				t->memory_bound * 100);
	document_say(d, t->mean_memory
				? "Memory is what is resident on average over a program's run, "
				  "as where many share a server and their peaks do not meet. "
				: "Memory is the peak of what is resident, as where a server "
				  "must hold it. ");
	document_say(d, "A time saved is counted as CPU time: how long a request takes is not "
			"priced. A program's waiting, its other costs and the work of changing "
			"over are left out; of what in a fleet is not like these programs "
			"nothing is said.");
}

static void say_cells(struct document *d, const struct comparison *c, const struct fleet *f)
{
	char *time = text_format("%s", ""), *without = text_format("%s", "");

	for (size_t i = 0; i < c->set->ncells; i++) {
		const char *name = c->set->cells[i].name;

		if (f->of_time[i])
			text_append(&time, "%s%s", *time ? ", " : "", name);
		if (f->of_time[i] && !f->of_memory[i])
			text_append(&without, "%s%s", *without ? ", " : "", name);
	}
	document_paragraph(d);
	document_format(d, "From %zu cell%s: %s", f->cells, f->cells == 1 ? "" : "s", time);
	if (*without)
		document_format(d, "; of them no memory (less than 8 MiB, or not told): %s",
				without);
	document_say(d, ". Intervals are those of measuring the same cells again: 95 %, by a "
			"bootstrap of blocks that draws time and memory together.");
	free(time);
	free(without);
}

/* What a little memory and a little time are worth. */
static void say_worth(struct document *d, const struct fleet *f)
{
	double server = f->cpu_year + f->memory_year, memory = fleet_worth(f, 0, 0.02),
	       time = fleet_worth(f, 0.05, 0);
	char *of_memory = money(f, memory), *of_time = money(f, time);

	document_paragraph(d);
	document_format(
		d,
		"Of these %.0f servers 2 %% of memory is worth %.0f (%s a year), and 5 %% "
		"of CPU time %.0f (%s a year).",
		f->terms.servers, memory / server, of_memory, time / server, of_time);
	free(of_memory);
	free(of_time);
}

static void say_rows(struct document *d, const struct comparison *c, const struct fleet *f)
{
	document_list(d, false);
	for (size_t i = 0; i < f->nrows; i++) {
		const struct fleet_row *row = &f->row[i];
		const char *name = c->set->contenders[row->contender].name;
		char *least = money(f, fmin(fabs(row->change.low), fabs(row->change.high)));
		char *most = money(f, fmax(fabs(row->change.low), fabs(row->change.high)));

		if (isnan(row->change.low) || row->change.n < STAT_MIN_BLOCKS)
			document_format(d, "%s: cannot be told, n = %zu", name, row->change.n);
		else if (stat_too_few(&row->change))
			document_format(d, "%s: cannot be told of %zu machines", name,
					row->change.machines);
		else if (row->change.high < 0 || row->change.low > 0)
			document_format(
				d, "%s %s between %s and %s a year, %.0f to %.0f servers", name,
				row->change.high < 0 ? "saves" : "costs", least, most,
				fmin(fabs(row->servers.low), fabs(row->servers.high)),
				fmax(fabs(row->servers.low), fabs(row->servers.high)));
		else
			document_format(d, "%s: whether it costs or saves cannot be told",
					name);
		free(least);
		free(most);
	}
}

static void change_field(struct document *d, const struct interval *i, double unit)
{
	struct doubts doubts = doubts_of_interval(i);
	struct field *field = document_number(d, UNIT_CHANGE, i->point / unit);

	field->low = i->low / unit;
	field->high = i->high / unit;
	section_doubt(field, &doubts);
	if (i->low <= 0 && 0 <= i->high)
		field->mark = MARK_UNSURE;
}

static void say_cost(struct document *d, const struct comparison *c, const struct fleet *f)
{
	static const char *const titles[] = {"contender", "CPU time", "memory", NULL};
	const char *scale, *currency = f->terms.currency;
	double unit = fleet_unit(f, &scale);

	say_terms(d, f);
	say_worth(d, f);
	say_rows(d, c, f);
	document_table(d, titles);
	document_caption(d, "What the fleet costs a year more (+) or less (-) than under %s",
			 c->set->contenders[c->reference].name);
	document_column(d, "cost a year%s%s%s%s", *scale || *currency ? ", " : "", scale,
			*scale && *currency ? " " : "", currency);
	document_column(d, "servers");
	for (size_t i = 0; i < f->nrows; i++) {
		const struct fleet_row *row = &f->row[i];

		document_row(d);
		document_words(d, "%s", c->set->contenders[row->contender].name);
		section_ratio(d, &row->time, 0);
		section_ratio(d, &row->memory, 0);
		change_field(d, &row->change, unit);
		change_field(d, &row->servers, 1);
	}
	say_cells(d, c, f);
	say_assumption(d, c, f);
}

static void say_none(struct document *d, const char *why)
{
	document_warning(d);
	document_format(d, "No cost is told: %s.", why);
}

void section_cost(struct document *d, const struct study *study)
{
	struct fleet *f;
	char why[512];

	if (!study->terms)
		return;
	document_section(d, "cost", "What a fleet would cost", "Cost of a fleet");
	f = fleet_make(study->c, study->means, study->terms, why, sizeof(why));
	if (!f) {
		say_none(d, why);
		return;
	}
	say_cost(d, study->c, f);
	fleet_free(f);
}

struct document *cost_document(const struct comparison *c, const struct fleet *f,
			       const char *why)
{
	struct document *d = document_make(c->set->dir, "What a fleet would cost", "");

	document_section(d, "cost", "What a fleet would cost", NULL);
	if (f)
		say_cost(d, c, f);
	else
		say_none(d, why);
	return d;
}
