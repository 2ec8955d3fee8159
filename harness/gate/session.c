#include "harness/gate/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/message.h"

/* What each tier measures of one allocator. */
static const struct tier {
	/* That a tier is named by where it could not be measured at all. */
	const char *metric;
	enum gate_unit unit;
	int (*measure)(const struct gate_place *, const struct contender *,
		       struct gate_values *, char *, size_t);
} tiers[GATE_TIERS] = {
	[0] = {"fast_instructions", GATE_COUNT, gate_measure_static},
	[1] = {"instructions", GATE_COUNT, gate_measure_instructions},
	[2] = {"area", GATE_BYTE_EVENTS, gate_measure_memory},
	[GATE_TIME] = {"cpu_ns", GATE_NS, NULL}, /* of a pair: timing.h */
};

bool gate_tier_is_exact(int tier)
{
	return tiers[tier].measure != NULL;
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
