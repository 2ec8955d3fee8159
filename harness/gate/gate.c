#include "harness/gate/gate.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/gate/again.h"
#include "harness/gate/against.h"
#include "harness/gate/candidate.h"
#include "harness/gate/compare.h"
#include "harness/gate/count_class.h"
#include "harness/gate/timing.h"
#include "harness/matrix/command.h"

/* Time is of a pair. */
static bool is_there(const struct gate_session *g, int tier)
{
	return gate_tier_is_exact(tier) || (tier == GATE_TIME && g->request->base);
}

/* "0-2", "1", "0,2".  Returns 0, or -1 with `why`. */
static int take_tiers(struct gate_session *g, const char *text, char *why, size_t why_size)
{
	char known[40] = "";
	const char *p = text;

	for (int t = 0; t < GATE_TIERS; t++)
		if (is_there(g, t))
			snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%d",
				 *known ? ", " : "", t);
	for (;;) {
		int from, to;

		if (!isdigit((unsigned char)*p))
			break;
		from = to = *p++ - '0';
		if (*p == '-' && isdigit((unsigned char)p[1])) {
			to = p[1] - '0';
			p += 2;
		}
		if (from > to || to >= GATE_TIERS)
			break;
		for (int t = from; t <= to; t++) {
			if (!is_there(g, t))
				return because(why, why_size,
					       "--tiers %s: there is no tier %d here: %s are "
					       "known",
					       text, t, known);
			g->wanted[t] = true;
		}
		if (!*p)
			return 0;
		if (*p++ != ',')
			break;
	}
	return because(why, why_size, "--tiers %s: tiers like 0-2 or 1,2 are needed, of %s",
		       text, known);
}

static int choose_tiers(struct gate_session *g, char *why, size_t why_size)
{
	if (g->request->tiers)
		return take_tiers(g, g->request->tiers, why, why_size);
	for (int t = 0; t < GATE_TIERS; t++)
		/* Of the user's commands nothing but time is measured. */
		g->wanted[t] = command_at(0) ? t == GATE_TIME : is_there(g, t);
	return 0;
}

static int measure_time(struct gate_session *g)
{
	const struct gate_request *r = g->request;
	const struct gate_timing timing = {.base = &g->base,
					   .head = &g->head,
					   .folder = g->folder,
					   .cells = r->cells,
					   .budget_s = r->budget_s,
					   .pairs = r->pairs,
					   .precision = r->precision,
					   .seed = r->seed,
					   .limits = &g->limits,
					   .cache = paths_find()->cache,
					   .again = g->again_timed,
					   .quiet = r->quiet};
	char why[1200];

	/* Lines that there are, and all forms, are written even so. */
	if (gate_time(&timing, g->outcome, why, sizeof(why)) < 0)
		gate_session_note(g, GATE_TIME, GATE_STATE_BROKEN, why, NULL);
	return interrupt_wanted() ? STATUS_INTERRUPTED : GATE_JUDGED;
}

static int measure_pair(struct gate_session *g)
{
	for (int t = 0; t < GATE_TIME; t++) {
		int measured =
			g->wanted[t] ? gate_session_measure(g, t, &g->base, "base", &g->of_base)
				     : 0;

		if (measured > 0)
			measured = gate_session_measure(g, t, &g->head, "head", &g->of_head);
		if (measured < 0)
			return STATUS_INTERRUPTED;
		if (measured)
			gate_compare(&g->of_base, &g->of_head, t, true, !g->request->cells,
				     &g->limits, g->again, g->outcome);
	}
	return g->wanted[GATE_TIME] ? measure_time(g) : GATE_JUDGED;
}

static int make_folder(struct gate_session *g)
{
	const char *tmp = getenv("TMPDIR");

	g->folder = text_format("%s/ashlar-gate-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (mkdtemp(g->folder))
		return STATUS_OK;
	complain("%s: %s", g->folder, strerror(errno));
	free(g->folder);
	g->folder = NULL;
	return GATE_EXIT_BROKEN;
}

static int resolve(const char *option, const char *text, struct contender *c,
		   struct gate_side *side)
{
	char why[1200];

	if (gate_candidate(text, c, why, sizeof(why)) < 0)
		return complain_usage("%s: %s", option, why);
	gate_candidate_side(c, side);
	return STATUS_OK;
}

/* What head and its surroundings are, for whoever reads the outcome. */
static void note_class(struct gate_session *g)
{
	struct gate_class class;

	gate_class_take(&class, &g->head, GATE_CLASS_MEMORY);
	for (size_t i = 0; i < class.count; i++)
		gate_outcome_field(g->outcome, class.list[i].key, class.list[i].value);
	gate_class_free(&class);
}

/* Which form is meant, and whether what belongs to it is said.  Returns STATUS_OK or
 * STATUS_USAGE after its message. */
static int check_form(const struct gate_request *r)
{
	int forms = !!r->base + !!r->baseline + !!r->update;

	if (forms != 1)
		return complain_usage("%s: --base OLD --head NEW compares two builds, "
				      "--baseline FILE one with a file, --update FILE makes it",
				      forms ? "only one of these is done at a time"
					    : "nothing to compare with");
	if (r->base && !r->head)
		return complain_usage("--base %s: --head NEW is needed, too", r->base);
	if (command_at(0) && !r->base)
		return complain_usage("--command: a command is of tier 3, time, which no file "
				      "holds: --base OLD is needed, beside which head runs");
	if (!r->accept != !r->because)
		return complain_usage(
			"--accept CELL needs --because 'REASON', and the reverse");
	if (r->accept && !r->baseline)
		return complain_usage("--accept %s: --baseline FILE is needed, in which the "
				      "reason is kept",
				      r->accept);
	if (r->because && !*r->because)
		return complain_usage("--because: an empty reason");
	return STATUS_OK;
}

/* The file of baselines that is changed, if one is: before anything is measured. */
static int check_file(const struct gate_request *r)
{
	const char *path = r->update ? r->update : r->accept ? r->baseline : NULL;
	int error = path ? file_unwritable(path) : 0;

	if (!error)
		return STATUS_OK;
	return complain_usage("--%s %s: %s: no file can be written there",
			      r->update ? "update" : "baseline", path, strerror(error));
}

static int prepare(struct gate_session *g)
{
	const struct gate_request *r = g->request;
	char why[1200];
	int status = check_form(r);

	if (status == STATUS_OK)
		status = check_file(r);
	if (status != STATUS_OK)
		return status;
	if (choose_tiers(g, why, sizeof(why)) < 0)
		return complain_usage("%s", why);
	if (command_at(0) && !g->wanted[GATE_TIME])
		return complain_usage("--command: a command is of tier 3, which is not wanted");
	if (r->job && gate_limits_read(&g->limits, r->job, why, sizeof(why)) < 0)
		return complain_usage("%s", why);
	if (r->base)
		status = resolve("--base", r->base, &g->base, &g->outcome->base);
	if (status == STATUS_OK)
		status = resolve("--head", r->head ? r->head : GATE_OWN, &g->head,
				 &g->outcome->head);
	if (status != STATUS_OK)
		return status;
	note_class(g);
	if (r->baseline)
		gate_text(&g->outcome->baseline, "%s", r->baseline);
	if (!r->update) {
		g->again = gate_again(r, false);
		g->again_timed = gate_again(r, true);
	}
	return make_folder(g);
}

static int work(struct gate_session *g)
{
	const struct gate_request *r = g->request;
	const char *cells = r->accept ? r->accept : r->cells;
	int status = r->update   ? gate_update(g)
		     : r->accept ? gate_accept(g)
		     : r->base   ? measure_pair(g)
				 : gate_against(g);

	/* A gate over nothing would pass. */
	if (status == GATE_JUDGED && g->outcome->nlines == 0)
		return complain_usage("%s %s: no cell of these tiers has such a name",
				      r->accept ? "--accept" : "--workload",
				      cells ? cells : "*");
	if (status == GATE_JUDGED)
		gate_session_tell_unmet(g);
	return status;
}

int gate_run(const struct gate_request *request, struct gate_outcome *outcome)
{
	struct gate_session g = {.request = request, .outcome = outcome};
	uint64_t begun = now_ns();
	int status;

	gate_outcome_init(outcome);
	outcome->inconclusive_passes = request->inconclusive_passes;
	gate_limits_begin(&g.limits);
	status = prepare(&g);
	if (status == STATUS_OK) {
		interrupt_catch();
		status = work(&g);
	}
	outcome->seconds = (double)(now_ns() - begun) / 1e9;
	if (g.folder)
		file_remove_tree(g.folder);
	gate_values_free(&g.of_base);
	gate_values_free(&g.of_head);
	contender_free(&g.base);
	contender_free(&g.head);
	gate_limits_free(&g.limits);
	free(g.folder);
	free(g.again);
	free(g.again_timed);
	return status;
}
