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
						       [FINDING_COUNT] = UNIT_PLAIN};

	return units[metric->unit];
}
