#include "harness/gate/session.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/message.h"
#include "harness/gate/trials.h"

/* What each tier measures of one allocator. */
static const struct tier {
	/* That a tier is named by where it could not be measured at all. */
	const char *metric;
	enum gate_unit unit;
	/* What its count class is made of; values of unlike classes stand apart. */
	enum gate_class_of class;
	int (*measure)(const struct gate_place *, const struct contender *,
		       struct gate_values *, char *, size_t);
} tiers[GATE_TIERS] = {
	[0] = {"fast_instructions", GATE_COUNT, GATE_CLASS_COUNTS, gate_measure_static},
	[1] = {"instructions", GATE_COUNT, GATE_CLASS_COUNTS, gate_measure_instructions},
	[2] = {"area", GATE_BYTE_EVENTS, GATE_CLASS_MEMORY, gate_measure_memory},
	/* Of a pair (timing.h), which has all in common. */
	[GATE_TIME] = {"cpu_ns", GATE_NS, GATE_CLASS_MEMORY, NULL},
};

bool gate_tier_is_exact(int tier)
{
	return tiers[tier].measure != NULL;
}

void gate_session_class(const struct gate_session *g, int tier, struct gate_class *class)
{
	gate_class_take(class, &g->head, tiers[tier].class);
}

void gate_session_note(struct gate_session *g, int tier, enum gate_state state,
		       const char *reason, const char *command)
{
	struct gate_line *line =
		gate_outcome_add(g->outcome, tier, NULL, tiers[tier].metric, tiers[tier].unit);

	line->state = state;
	gate_text(&line->reason, "%s", reason);
	if (command)
		gate_text(&line->command, "%s", command);
}

int gate_session_measure(struct gate_session *g, int tier, const struct contender *c,
			 const char *side, struct gate_values *values)
{
	char *folder = text_format("%s/%s", g->folder, side), why[512];
	const struct gate_place place = {.folder = folder,
					 .seed = g->request->seed,
					 .cells = g->request->accept ? g->request->accept
								     : g->request->cells,
					 .quiet = g->request->quiet};
	int result = -1;

	if (file_make_folder(folder) == 0)
		result = tiers[tier].measure(&place, c, values, why, sizeof(why));
	else
		because(why, sizeof(why), "%s: %s", folder, strerror(errno));
	free(folder);
	if (interrupt_wanted())
		return -1;
	if (result < 0)
		gate_session_note(g, tier, GATE_STATE_SKIPPED, why, NULL);
	return result == 0;
}

static bool is_named(const char *glob, const char *cell)
{
	return fnmatch(glob, cell, 0) == 0;
}

/* Was anything measured, or told why not, of a cell that `glob` means? */
static bool is_met(const struct gate_session *g, const char *glob,
		   bool (*means)(const char *glob, const char *cell))
{
	for (size_t i = 0; i < g->outcome->nlines; i++)
		if (g->outcome->lines[i].cell && means(glob, g->outcome->lines[i].cell))
			return true;
	for (size_t i = 0; i < g->of_head.count; i++)
		if (means(glob, g->of_head.list[i].cell))
			return true;
	return false;
}

/* Is a tier left out as a whole?  Then nobody knows its cells.  Fast paths do not count: of
 * allocators but our own they always are, and are called as nothing else is. */
static bool is_any_left_out(const struct gate_outcome *o)
{
	for (size_t i = 0; i < o->nlines; i++)
		if (!o->lines[i].cell && o->lines[i].tier > 0 && isnan(o->lines[i].ratio.point))
			return true;
	return false;
}

static bool is_measured(const struct gate_outcome *o, const char *metric)
{
	for (size_t i = 0; i < o->nlines; i++)
		if (o->lines[i].metric && strcmp(o->lines[i].metric, metric) == 0)
			return true;
	return false;
}

/* Of cells that were not chosen, and of metrics of other tiers, limits may well be. */
static void tell_unmet_limits(const struct gate_session *g)
{
	for (size_t i = 0; i < g->limits.count; i++) {
		const struct gate_limit *limit = &g->limits.list[i];

		if (limit->cells && is_measured(g->outcome, limit->metric) &&
		    !is_met(g, limit->cells, gate_cell_wanted))
			complain("--job %s: [gate %s]: no cell of these tiers has such a name",
				 g->request->job, limit->cells);
	}
}

void gate_session_tell_unmet(const struct gate_session *g)
{
	const char *cells = g->request->accept ? g->request->accept : g->request->cells;
	char *list, *rest, *glob;

	if (is_any_left_out(g->outcome))
		return;
	if (!cells)
		tell_unmet_limits(g);
	/* The name of a cell has commas of its own. */
	if (!cells || is_met(g, cells, is_named))
		return;
	list = rest = text_format("%s", cells);
	while ((glob = strsep(&rest, ",")))
		if (!is_met(g, glob, gate_cell_wanted))
			complain("%s %s: no cell of these tiers has such a name",
				 g->request->accept ? "--accept" : "--workload", glob);
	free(list);
}
