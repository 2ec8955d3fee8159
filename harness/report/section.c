#include "harness/report/section.h"

#include <math.h>

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

void section_ratio(struct document *d, const struct interval *ratio, size_t blocks)
{
	struct field *field;

	if (!ratio->n) {
		document_words(d, "–");
		return;
	}
	field = document_number(d, UNIT_RATIO, ratio->point);
	field->low = ratio->low;
	field->high = ratio->high;
	if (isnan(ratio->low) || (ratio->low <= 1 && 1 <= ratio->high))
		field->mark = MARK_UNSURE;
	if (ratio->n < blocks)
		field->note = text_format("n=%zu", ratio->n);
}
