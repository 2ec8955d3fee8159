#include "harness/report/section.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/message.h"

const char *section_recorded(const struct comparison *c, const char *key)
{
	const char *text = json_field_text(c->set->manifest, key);

	return *text ? text : "(not recorded)";
}

const char *section_reference(const struct comparison *c)
{
	return c->set->contenders[c->reference].name;
}

char *section_world(const struct comparison *c)
{
	const char *libc = results_libc(c->set);

	return text_format("world %s%s%s%s", results_world(c->set), *libc ? " (" : "", libc,
			   *libc ? ")" : "");
}

void section_doubt(struct field *field, const struct doubts *doubts)
{
	if (!doubts->what)
		return;
	field->mark = MARK_UNSURE;
	free(field->note);
	field->note = doubts_text(doubts, ~(unsigned)DOUBTS_PLAIN);
}

struct field *section_interval(struct document *d, const struct interval *ratio,
			       const struct doubts *doubts)
{
	struct field *field;

	if (!ratio->n)
		return document_words(d, "–");
	field = document_number(d, UNIT_RATIO, ratio->point);
	field->low = ratio->low;
	field->high = ratio->high;
	section_doubt(field, doubts);
	return field;
}

void section_mean(struct document *d, const struct mean *mean, bool named)
{
	struct doubts doubts = doubts_of_mean(mean);
	struct field *field;
	enum mark few;

	section_interval(d, &mean->ratio, &doubts);
	/* Of few blocks these are, too; the reason stands beside the mean. */
	few = doubts.what & DOUBTS_FEW ? MARK_UNSURE : MARK_NONE;
	document_number(d, UNIT_RATIO, mean->ratio.n ? mean->median : NAN)->mark = few;
	field = document_number(d, UNIT_RATIO, mean->ratio.n ? mean->least.ratio : NAN);
	field->mark = few;
	if (!mean->ratio.n || !mean->least.name)
		return;
	field->number[field->nnumbers++] = mean->most.ratio;
	field->between = "–";
	if (named)
		field->note = text_format("without %s, %s", mean->least.name, mean->most.name);
}

void section_ratio(struct document *d, const struct interval *ratio, size_t blocks)
{
	struct doubts doubts = doubts_of_ratio(ratio);
	struct field *field;

	field = section_interval(d, ratio, &doubts);
	if (ratio->n && ratio->n < blocks && !field->note)
		field->note = text_format("n = %zu", ratio->n);
}

enum unit section_unit(const struct finding_metric *metric)
{
	static const enum unit units[FINDING_UNITS] = {[FINDING_NS] = UNIT_NS,
						       [FINDING_BYTES] = UNIT_BYTES,
						       [FINDING_COUNT] = UNIT_PLAIN,
						       [FINDING_EVENTS] = UNIT_AMOUNT};

	return units[metric->unit];
}
