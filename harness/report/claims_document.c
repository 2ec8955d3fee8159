#include "harness/report/claims_document.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/report/section.h"

static enum unit unit_of(const struct claim *claim)
{
	if (claim_is_count(claim))
		return UNIT_COUNT;
	if (claim->of != CLAIM_VALUE)
		return UNIT_RATIO;
	return section_unit(claim->metric);
}

static const char *const of_mean[] = {
	[CLAIM_MEAN] = "mean of",
	[CLAIM_MEDIAN] = "median cell of",
	[CLAIM_LEAST] = "least mean without one of",
	[CLAIM_MOST] = "greatest mean without one of",
	[CLAIM_CELLS] = "cells of",
};

/* What it is of, in words: "larson, cpu_ns, ashlar". */
static void add_subject(struct document *d, const struct claim *claim)
{
	const char *scope = claim->scope == SCOPE_PROGRAMS ? "programs" : "own workloads";

	if (claim->of == CLAIM_FACT)
		document_words(d, "%s of the set", claim->fact);
	else if (!*claim->cell)
		document_words(d, "%s %s, %s, %s", of_mean[claim->of], scope,
			       claim->metric->name, claim->contender);
	else
		document_words(d, "%s, %s, %s", claim->cell, claim->metric->name,
			       claim->contender);
}

static void add_line(struct document *d, const struct claim *claim,
		     const struct interval *measured, enum claim_state state, const char *why)
{
	struct field *field;

	document_row(d);
	document_words(d, "%s", claim->id);
	add_subject(d, claim);
	document_number(d, unit_of(claim), claim->value);
	if (isnan(claim->tolerance))
		document_words(d, "–");
	else
		document_words(d, "± %.1f %%", claim->tolerance * 100);
	field = document_number(d, unit_of(claim), measured->n ? measured->point : NAN);
	field->low = measured->low;
	field->high = measured->high;
	document_words(d, "%s%s%s", claim_states[state], *why ? ": " : "", why);
}

static void say_whose(struct document *d, const struct claims *claims, const struct report *r,
		      bool exactly)
{
	const char *class = results_machine_class(r->set);

	document_paragraph(d);
	document_format(d, "Claims of the set %s, held against %s, suite %s of %s. ",
			claims->set, r->set->dir, section_recorded(r->c, "suite"),
			section_recorded(r->c, "started"));
	if (exactly)
		document_say(d, "Numbers must be the same to the last digit stated.");
	else if (strcmp(class, claims->machine_class) != 0)
		document_say(d, "That set is of another class of machines: tolerances are of "
				"measuring again on the same, so what is outside may be the "
				"machine's.");
	else
		document_say(d, "Both are of the same class of machines.");
}

struct document *claims_document(const struct claims *claims, const struct report *report,
				 bool exactly, size_t counts[CLAIM_STATES])
{
	static const char *const titles[] = {"claim",    "of",     "claimed", "tolerance",
					     "measured", "result", NULL};
	struct document *d = document_make(report->set->dir, "Claims", claims->set);

	memset(counts, 0, CLAIM_STATES * sizeof(*counts));
	document_section(d, "claims", "Claims", NULL);
	say_whose(d, claims, report, exactly);
	document_table(d, titles);
	for (size_t i = 0; i < claims->count; i++) {
		const struct claim *claim = &claims->list[i];
		struct claim_measured measured;
		enum claim_state state;
		char why[256];

		if (!exactly && claim_is_count(claim))
			continue;
		measured = claim_measure(claims, claim, report->findings, report->means, why,
					 sizeof(why));
		state = exactly ? claim_judge_exactly(claim, &measured)
				: claim_judge(claim, &measured);
		counts[state]++;
		add_line(d, claim, &measured.value, state, why);
	}
	document_paragraph(d);
	document_format(d, "%zu within, %zu outside, %zu cannot tell, %zu not measured",
			counts[CLAIM_WITHIN], counts[CLAIM_OUTSIDE], counts[CLAIM_UNDECIDED],
			counts[CLAIM_UNMEASURED]);
	return d;
}
