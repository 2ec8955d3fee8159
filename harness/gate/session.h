/* One gate at work: what its forms (a pair, a baseline) have in common. */
#ifndef HARNESS_GATE_SESSION_H
#define HARNESS_GATE_SESSION_H

#include "harness/contenders/contender.h"
#include "harness/gate/count_class.h"
#include "harness/gate/limits.h"
#include "harness/gate/measure.h"
#include "harness/gate/outcome.h"
#include "harness/gate/request.h"

struct gate_session {
	const struct gate_request *request;
	struct gate_outcome *outcome;
	struct gate_limits limits;
	bool wanted[GATE_TIERS];
	struct contender base, head;
	struct gate_values of_base, of_head;
	char *folder; /* for whatever is written meanwhile */
	/* Beginnings of the command that does the same, of an exact tier and of time; NULL
	 * where nothing is compared. */
	char *again, *again_timed;
};

/* Whether values of a tier repeat exactly, so that they can be kept. */
bool gate_tier_is_exact(int tier);

/* The count class of that tier's values under head, here. */
void gate_session_class(const struct gate_session *session, int tier, struct gate_class *class);

/* Measures such a tier of one side (a name for its folder).  Returns 1 where there are values,
 * 0 where there are none, after a line of the outcome that says why, -1 where the user ends it.
 */
int gate_session_measure(struct gate_session *session, int tier,
			 const struct contender *contender, const char *side,
			 struct gate_values *values);

/* Says which of the cells that the user names were neither measured nor told why not: it may be
 * mistyped.  Nothing is said where a whole tier is left out, whose cells nobody knows then. */
void gate_session_tell_unmet(const struct gate_session *session);

/* A line that says why nothing of a tier is compared: skipped, or broken. */
void gate_session_note(struct gate_session *session, int tier, enum gate_state state,
		       const char *reason, const char *command);

#endif
