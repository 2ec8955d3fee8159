/* Tables of the page: replays of traces. */
#include "harness/export/html_page.h"

#include <math.h>
#include <string.h>

#include "harness/export/html.h"

static const char *const figures[] = {
	"lines",
	"pages",
	"regions",
	"lines_per_1000",
	"pages_per_1000",
	"regions_per_1000",
	"l1_misses_per_1000",
	"l2_misses_per_1000",
};
#define FIGURES (sizeof(figures) / sizeof(figures[0]))

static json_t *part(const struct result_sample *s, const char *key)
{
	json_t *o = json_object_get(s->json, key);

	return json_is_object(o) ? o : NULL;
}

bool page_has_replays(const struct report *r)
{
	for (size_t i = 0; i < r->set->nsamples; i++)
		if (part(&r->set->samples[i], "replay"))
			return true;
	return false;
}

/* Samples of one cell and contender, said once. */
static bool said_before(const struct result_set *set, size_t i, const char *reason)
{
	for (size_t k = 0; k < i; k++) {
		const struct result_sample *s = &set->samples[k];
		json_t *o = part(s, "replay");

		if (s->cell == set->samples[i].cell &&
		    s->contender == set->samples[i].contender && o && !s->superseded &&
		    strcmp(json_field_text(o, "invalid"), reason) == 0)
			return true;
	}
	return false;
}

static void validity(struct report *r, FILE *f)
{
	const struct result_set *set = r->set;
	size_t all = 0, valid = 0;

	for (size_t i = 0; i < set->nsamples; i++)
		if (set->samples[i].ok && !set->samples[i].superseded &&
		    part(&set->samples[i], "replay")) {
			all++;
			valid += json_is_true(
				json_object_get(set->samples[i].json, "validated"));
		}
	fputs(valid == all ? "<p>" : "<p class=\"warn\">", f);
	html_format(f,
		    "%zu of %zu replays are validated: they made the calls that their trace "
		    "promises, in number, size, alignment, threads and what was left alive, "
		    "and had its peak of live bytes.",
		    valid, all);
	fputs("</p>\n", f);
	if (valid == all)
		return;
	fputs("<ul>\n", f);
	for (size_t i = 0; i < set->nsamples; i++) {
		const struct result_sample *s = &set->samples[i];
		json_t *o = part(s, "replay");
		const char *reason;

		if (!s->ok || s->superseded || !o ||
		    json_is_true(json_object_get(s->json, "validated")))
			continue;
		reason = json_field_text(o, "invalid");
		if (said_before(set, i, reason))
			continue;
		fputs("<li>", f);
		html_format(f, "%s (%s) under %s: %s", set->cells[s->cell].name,
			    set->cells[s->cell].mode, set->contenders[s->contender].name,
			    reason);
		fputs("</li>\n", f);
	}
	fputs("</ul>\n", f);
}

/* Where threads waited for each other for long, a replay also measures how they were
 * scheduled. */
static void waiting(struct report *r, FILE *f)
{
	const struct result_set *set = r->set;
	const char *before = NULL;

	for (size_t c = 0; c < set->ncells; c++)
		for (size_t k = 0; k < set->ncontenders; k++) {
			double most = 0;

			for (size_t i = 0; i < set->nsamples; i++) {
				const struct result_sample *s = &set->samples[i];
				json_t *o = part(s, "replay");

				if (s->cell == c && s->contender == k && s->ok && o &&
				    json_field_number(o, "wait_share") > most)
					most = json_field_number(o, "wait_share");
			}
			if (most <= 0.05)
				continue;
			if (!before)
				fputs("<p>A thread waited for others for more than 5 % of its "
				      "life, so that scheduling is measured as well: ",
				      f);
			html_format(f, "%s%s (%s) under %s %.0f %%", before ? ", " : "",
				    set->cells[c].name, set->cells[c].mode,
				    set->contenders[k].name, 100 * most);
			before = ", ";
		}
	if (before)
		fputs(".</p>\n", f);
}

static void number(FILE *f, double value)
{
	if (isnan(value))
		fputs("<td class=\"num\">–</td>", f);
	else
		fprintf(f,
			value < 10 ? "<td class=\"num\">%.2f</td>"
				   : "<td class=\"num\">%.0f</td>",
			value);
}

static void locality(struct report *r, FILE *f)
{
	static const char *const titles[] = {
		"cell",
		"contender",
		"lines of 64 B",
		"pages of 4 KiB",
		"regions of 2 MiB",
		"lines per 1000 calls",
		"pages",
		"regions",
		"TLB: first-level misses per 1000 calls",
		"second-level",
		NULL,
	};
	const struct result_set *set = r->set;
	size_t rows = 0;

	for (size_t i = 0; i < set->nsamples; i++) {
		const struct result_sample *s = &set->samples[i];
		json_t *o = part(s, "locality");

		if (!s->ok || s->superseded || !o)
			continue;
		if (!rows++) {
			fputs("<p>Where the touched bytes of the replayed objects lie, by a "
			      "model: one thread, fixed addresses, no memory given back by "
			      "the clock; a translation cache of 64 entries in 4 ways before "
			      "one of 1536 in 12. What the allocator touches for itself is "
			      "not in it.</p>\n",
			      f);
			html_table_begin(f, titles);
		}
		fputs("<tr>", f);
		html_cell(f, set->cells[s->cell].name);
		html_cell(f, set->contenders[s->contender].name);
		for (size_t k = 0; k < FIGURES; k++)
			number(f, json_field_number(o, figures[k]));
		fputs("</tr>\n", f);
	}
	if (rows)
		html_table_end(f);
}

void page_replays(struct report *r, FILE *f)
{
	validity(r, f);
	waiting(r, f);
	locality(r, f);
}
