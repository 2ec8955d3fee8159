/* Where objects lay, by the model of lines, pages and address translation; and which lines went
 * from thread to thread. */
#include "harness/report/section.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"

struct quantity {
	const char *key, *title;
};

static const struct quantity of_one[] = {
	{"lines", "lines of 64 B"},
	{"pages", "pages of 4 KiB"},
	{"regions", "regions of 2 MiB"},
	{"lines_per_1000", "lines per 1000 calls"},
	{"pages_per_1000", "pages"},
	{"regions_per_1000", "regions"},
	{"l1_misses_per_1000", "TLB: first-level misses per 1000 calls"},
	{"l2_misses_per_1000", "second-level"},
};

static const struct quantity of_several[] = {
	{"lines", "lines of 64 B"},
	{"shared_lines", "touched by several threads"},
	{"transfers_per_1000", "transfers per 1000 calls"},
};

static const struct quantity of_allocator[] = {
	{"own_accesses_per_1000", "accesses per 1000 calls"},
	{"own_shared_lines", "lines touched by several threads"},
	{"own_transfers_per_1000", "transfers"},
	{"atomics_per_1000", "atomic operations"},
	{"atomic_transfers_per_1000", "that took a line over"},
};

/* Of the blocks of a cell and contender; returns their number. */
static size_t values_of(const struct result_set *set, size_t cell, size_t contender,
			const char *key, double *values)
{
	size_t n = 0;

	for (size_t i = 0; i < set->nsamples; i++) {
		const struct result_sample *s = &set->samples[i];
		json_t *o = results_value(s->json, FIELD_locality);

		if (s->cell == cell && s->contender == contender && s->ok && !s->superseded &&
		    json_is_number(json_object_get(o, key)))
			values[n++] = json_field_number(o, key);
	}
	return n;
}

/* The median of the blocks, and the range where they are not the same. */
static void add_field(struct document *d, double *values, size_t n)
{
	struct field *field = document_number(d, UNIT_PLAIN, stat_median(values, n));
	char from[FIELD_TEXT], to[FIELD_TEXT];

	qsort(values, n, sizeof(*values), stat_ascending);
	field_number(field, values[0], from);
	field_number(field, values[n - 1], to);
	if (strcmp(from, to))
		field->note = text_format("(%s to %s)", from, to);
}

static bool has(const struct result_set *set, const char *mode, const char *key)
{
	for (size_t i = 0; i < set->nsamples; i++) {
		const struct result_sample *s = &set->samples[i];

		if (s->ok && !s->superseded && results_is_mode(&set->cells[s->cell], mode) &&
		    json_is_number(
			    json_object_get(results_value(s->json, FIELD_locality), key)))
			return true;
	}
	return false;
}

/* A row per cell and contender. */
static void table(struct document *d, const struct result_set *set, const char *mode,
		  const char *caption, const struct quantity *quantities, size_t nquantities)
{
	static const char *const titles[] = {"cell", "contender", "blocks", NULL};
	double *values = malloc((set->nsamples + 1) * sizeof(*values));

	if (!values)
		abort();
	document_table(d, titles);
	document_caption(d, "%s", caption);
	for (size_t q = 0; q < nquantities; q++)
		document_column(d, "%s", quantities[q].title);
	for (size_t i = 0; i < set->ncells * set->ncontenders; i++) {
		size_t cell = i / set->ncontenders, contender = i % set->ncontenders;

		if (!results_is_mode(&set->cells[cell], mode))
			continue;
		for (size_t q = 0; q < nquantities; q++) {
			size_t n = values_of(set, cell, contender, quantities[q].key, values);

			if (!n && q == 0)
				break;
			if (q == 0) {
				document_row(d);
				document_words(d, "%s", set->cells[cell].name);
				document_words(d, "%s", set->contenders[contender].name);
				document_number(d, UNIT_COUNT, (double)n);
			}
			if (n)
				add_field(d, values, n);
			else
				document_words(d, "not known");
		}
	}
	free(values);
}

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

void section_locality(struct document *d, const struct comparison *c)
{
	bool one = has(c->set, "locality", "lines"), several = has(c->set, "sharing", "lines");

	if (!one && !several)
		return;
	document_section(d, "locality", "Where objects lie", NULL);
	if (one) {
		document_paragraph(d);
		document_say(d, "Where the touched bytes of objects lie, by a model: one "
				"thread, fixed addresses, no memory given back by the clock; a "
				"translation cache of 64 entries in 4 ways before one of 1536 "
				"in 12. What the allocator touches for itself is not in it. "
				"Medians over blocks, with the range where blocks differ.");
		table(d, c->set, "locality", "Where objects lie", of_one, LENGTH(of_one));
	}
	if (several) {
		document_paragraph(d);
		document_say(d,
			     "Lines that go from one thread to another, by a model of "
			     "coherent caches that forget nothing: threads take turns in one "
			     "order drawn from the seed, at fixed addresses. Where no thread "
			     "ever touches an object of another each of them is the "
			     "allocator's doing: a part of a line, or a place that one gave "
			     "back and the other got. What the allocator touches for itself "
			     "is not in it.");
		table(d, c->set, "sharing", "Lines of several threads", of_several,
		      LENGTH(of_several));
	}
	if (has(c->set, "sharing", "own_calls")) {
		document_paragraph(d);
		document_say(d,
			     "What the allocator touches for itself in the same calls, by "
			     "valgrind's lackey: stacks, free lists in objects, its own "
			     "structures and locks, by the same model. Atomic operations are "
			     "locked instructions and exchanges with memory; those that took "
			     "a line over from another thread are where threads meet. No lock "
			     "is ever found held, for one thread runs at a time.");
		table(d, c->set, "sharing", "What the allocator touches for itself",
		      of_allocator, LENGTH(of_allocator));
	}
}
