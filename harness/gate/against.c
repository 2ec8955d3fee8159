#include "harness/gate/against.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "harness/base/message.h"
#include "harness/gate/again.h"
#include "harness/gate/baseline.h"
#include "harness/gate/compare.h"
#include "harness/gate/count_class.h"

static json_t *read_file(const char *path, bool make, char *why, size_t why_size)
{
	json_t *file = gate_baseline_read(path, make, why, why_size);

	if (!file && *why)
		complain_usage("%s", why);
	return file;
}

static bool write_file(const char *path, const json_t *file)
{
	char why[600];

	if (gate_baseline_write(path, file, why, sizeof(why)) == 0)
		return true;
	complain("%s", why);
	return false;
}

static void skip_tier(struct gate_session *s, int tier, const char *nearest, bool no_file)
{
	const struct gate_request *r = s->request;
	char *command = gate_again_update(r, tier);
	char *reason = text_format(
		"%s %s: `%s` makes one", r->baseline,
		no_file ? "is not there" : "has no baseline of this count class", command);

	if (nearest)
		text_set(&reason,
			 "%s has no baseline of this count class, the nearest differs in %s: "
			 "`%s` makes one",
			 r->baseline, nearest, command);
	gate_session_note(s, tier, GATE_STATE_SKIPPED, reason, command);
	free(reason);
	free(command);
}

static int check_tier(struct gate_session *s, const json_t *file, int tier)
{
	struct gate_values base = {0};
	const bool whole = !s->request->cells && !s->request->accept;
	struct gate_class class;
	char *nearest = NULL;
	int measured = 0;

	gate_session_class(s, tier, &class);
	if (file && gate_baseline_find(file, &class, &base, &nearest)) {
		measured = gate_session_measure(s, tier, &s->head, "head", &s->of_head);
		if (measured > 0)
			gate_compare(&base, &s->of_head, tier, whole, whole, &s->limits,
				     s->again, s->outcome);
	} else {
		skip_tier(s, tier, nearest, !file);
	}
	free(nearest);
	gate_values_free(&base);
	gate_class_free(&class);
	return measured < 0 ? STATUS_INTERRUPTED : GATE_JUDGED;
}

int gate_against(struct gate_session *s)
{
	char why[600];
	json_t *file = read_file(s->request->baseline, false, why, sizeof(why));
	int status = GATE_JUDGED;

	if (!file && *why)
		return GATE_EXIT_USAGE;
	for (int t = 0; t < GATE_TIERS && status == GATE_JUDGED; t++)
		if (s->wanted[t])
			status = check_tier(s, file, t);
	json_decref(file);
	return status;
}

/* Says what could not be measured, and returns whether there is such. */
static bool tell_failures(const struct gate_session *s)
{
	bool any = false;

	for (size_t i = 0; i < s->of_head.count; i++) {
		const struct gate_value *value = &s->of_head.list[i];

		if (isnan(value->value) && value->failure) {
			complain("%s: %s: %s", value->cell, value->metric, value->failure);
			any = true;
		}
	}
	return any;
}

static size_t measured_values(const struct gate_session *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->of_head.count; i++)
		n += !isnan(s->of_head.list[i].value);
	return n;
}

static void put_all(struct gate_session *s, json_t *file)
{
	for (int t = 0; t < GATE_TIERS; t++) {
		struct gate_class class;

		if (!s->wanted[t])
			continue;
		gate_session_class(s, t, &class);
		gate_baseline_put(file, &class, t, &s->of_head, s->request->cells != NULL);
		gate_class_free(&class);
	}
}

int gate_update(struct gate_session *s)
{
	const char *path = s->request->update;
	char why[600];
	json_t *file = read_file(path, true, why, sizeof(why));
	int status = STATUS_OK;

	if (!file)
		return GATE_EXIT_USAGE;
	for (int t = 0; t < GATE_TIERS && status == STATUS_OK; t++) {
		int measured =
			s->wanted[t] ? gate_session_measure(s, t, &s->head, "head", &s->of_head)
				     : 1;

		s->wanted[t] &= measured > 0;
		if (measured < 0)
			status = STATUS_INTERRUPTED;
	}
	for (size_t i = 0; i < s->outcome->nlines; i++)
		complain("tier %d is left out: %s", s->outcome->lines[i].tier,
			 s->outcome->lines[i].reason);
	if (status == STATUS_OK)
		gate_session_tell_unmet(s);
	if (status == STATUS_OK && (tell_failures(s) || measured_values(s) == 0)) {
		complain("%s stays as it was", path);
		status = GATE_EXIT_BROKEN;
	}
	if (status == STATUS_OK) {
		put_all(s, file);
		status = write_file(path, file) ? STATUS_OK : GATE_EXIT_BROKEN;
	}
	if (status == STATUS_OK)
		printf("%s: %zu values of %s\n", path, measured_values(s), s->head.path);
	json_decref(file);
	return status;
}

static bool accept_line(struct gate_session *s, json_t *file, const struct gate_line *line)
{
	const struct gate_request *r = s->request;
	struct gate_class class;
	bool done;

	gate_session_class(s, line->tier, &class);
	done = gate_baseline_accept(file, &class, line->cell, line->metric, line->head,
				    r->because);
	gate_class_free(&class);
	if (done)
		printf("%s: %s of %s: accepted %.0f -> %.0f (%+.3f %%): %s\n", r->baseline,
		       line->metric, line->cell, line->base, line->head,
		       100 * (line->ratio.point - 1), r->because);
	return done;
}

int gate_accept(struct gate_session *s)
{
	const struct gate_outcome *o = s->outcome;
	int status = gate_against(s);
	char why[600];
	json_t *file;
	size_t accepted = 0;

	/* What is skipped, fails to be measured or is no cell at all is told as ever. */
	if (status != GATE_JUDGED || !o->nlines || gate_outcome_state(o) == GATE_STATE_BROKEN ||
	    gate_outcome_state(o) == GATE_STATE_SKIPPED)
		return status;
	file = read_file(s->request->baseline, false, why, sizeof(why));
	if (!file)
		return GATE_EXIT_USAGE;
	for (size_t i = 0; i < o->nlines; i++) {
		const struct gate_line *line = &o->lines[i];

		if (line->cell &&
		    (line->state == GATE_STATE_FAIL || line->state == GATE_STATE_ACCEPTED))
			accepted += accept_line(s, file, line);
	}
	if (!accepted)
		status = complain_usage("--accept %s: nothing there exceeds its limit",
					s->request->accept);
	else
		status = write_file(s->request->baseline, file) ? STATUS_OK : GATE_EXIT_BROKEN;
	json_decref(file);
	return status;
}
