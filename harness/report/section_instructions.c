/* How much of what a cell executes is its allocator's: what makes a program one for which the
 * choice of an allocator matters. */
#include "harness/report/section.h"

#include <math.h>
#include <stdlib.h>

#include "harness/analysis/counted.h"

static void begin(struct document *d, const struct comparison *c)
{
	static const char *const titles[] = {"cell", "contender", NULL};
	char *of_what = counted_of_what(c);

	document_section(d, "instructions", "Instructions within the allocator",
			 "Instructions");
	document_paragraph(d);
	document_say(d, "Instructions in user mode, counted by callgrind, and the part of them "
			"within the allocator: from each call from outside to its return, with "
			"what it calls there. What the kernel does for it, faults first of "
			"all, is not in it. Medians over blocks.");
	/* It quotes names of cells. */
	document_format(d, "%s", of_what);
	document_table(d, titles);
	document_caption(d, "Instructions per operation, and the allocator's share of them");
	document_column(d, "in all");
	document_column(d, "within the allocator");
	document_column(d, "share in percent");
	free(of_what);
}

void section_instructions(struct document *d, const struct comparison *c)
{
	bool any = false;

	for (size_t i = 0; i < c->set->ncells; i++)
		for (size_t j = 0; j < c->nshown; j++) {
			size_t k = c->shown[j];
			double all, part;

			if (!results_is_mode(&c->set->cells[i], "instructions"))
				continue;
			all = comparison_median(c, i, k, METRIC_INSTRUCTIONS).point;
			part = comparison_median(c, i, k, METRIC_ALLOCATOR).point;
			if (isnan(part) || !(all > 0))
				continue;
			if (!any)
				begin(d, c);
			any = true;
			document_row(d);
			document_words(d, "%s", c->set->cells[i].name);
			document_words(d, "%s", c->set->contenders[k].name);
			document_number(d, UNIT_PLAIN, all);
			document_number(d, UNIT_PLAIN, part);
			document_number(d, UNIT_PLAIN, 100 * part / all);
		}
}
