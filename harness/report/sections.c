#include "harness/report/sections.h"

#include <stdlib.h>

#include "harness/base/message.h"
#include "harness/report/section.h"

struct document *sections_make(const struct study *study, const struct figures *figures)
{
	const struct comparison *c = study->c;
	char *title = text_format("ashlar-bench: %s, %s", section_recorded(c, "host"),
				  section_recorded(c, "started"));
	struct document *d = document_make(c->set->dir, "Allocators side by side", title);

	free(title);
	section_glance(d, c);
	section_summary(d, study);
	section_time(d, c);
	section_memory(d, study);
	section_cost(d, study);
	section_figures(d, study, figures);
	section_counters(d, c);
	section_instructions(d, c);
	section_latency(d, c);
	section_replays(d, c);
	section_locality(d, c);
	section_nodes(d, c);
	section_gaps(d, c);
	section_contenders(d, study);
	section_workloads(d, c);
	section_environment(d, c);
	section_methods(d, c);
	section_reproduce(d, study);
	return d;
}
