#include "harness/analysis/tally.h"

#include <string.h>

#include "harness/base/message.h"

struct tally tally_of(const struct result_set *set)
{
	struct tally t = {.all = set->nsamples};

	for (size_t i = 0; i < set->nsamples; i++) {
		const struct result_sample *s = &set->samples[i];

		if (s->ok) {
			t.good++;
			t.replaced += s->superseded;
		} else if (!strcmp(s->status, "timeout")) {
			t.timeout++;
		} else if (!strcmp(s->status, "skipped")) {
			t.skipped++;
		} else {
			t.failed++;
		}
	}
	return t;
}

char *tally_text(const struct tally *t)
{
	char *text = text_format("%zu of %zu samples are good", t->good, t->all);

	if (t->replaced)
		text_append(&text, " (%zu replaced, as their block was measured twice)",
			    t->replaced);
	text_append(&text, ", %zu were skipped, %zu failed and %zu ran out of time", t->skipped,
		    t->failed, t->timeout);
	return text;
}
