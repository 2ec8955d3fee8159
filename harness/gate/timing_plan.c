#include "harness/gate/tier_time.h"

#include <math.h>
#include <stdlib.h>
#include "harness/base/clock.h"
#include "harness/base/message.h"
#include "harness/gate/looks.h"

/* How many pairs of each cell the rest of the budget has room for.  Cells of whose noise
 * nothing is known are not judged, and have one block at most. */
static int affordable(const struct tier *r)
{
	double left = ((double)r->deadline_ns - (double)now_ns()) / 1e9, round = 0, pairs;

	for (int i = 0; i < r->ncells; i++) {
		double seconds = noise_seconds(&r->noise, r->cells[i].name);

		round += isnan(seconds) ? 0 : seconds;
	}
	pairs = fmin(floor(left / round), r->t->pairs);
	return pairs > 1 ? (int)pairs : 1;
}

void tier_plan(struct tier *r)
{
	double *room = calloc(r->noise.count + 1, sizeof(*room));
	size_t most = (size_t)r->ncells * TIER_METRICS, n;
	struct gate_line *line;

	r->list = calloc(most + 1, sizeof(*r->list));
	r->verdicts = calloc(most + 1, sizeof(*r->verdicts));
	r->decided = calloc(most + 1, sizeof(*r->decided));
	if (!room || !r->list || !r->verdicts || !r->decided)
		out_of_memory();
	r->planned = affordable(r);
	for (int i = 0; i < r->ncells; i++)
		for (size_t m = 0; m < TIER_METRICS; m++) {
			n = noise_of(&r->noise, r->cells[i].name, tier_metrics[m].name, room);
			if (n < TIER_NOISE_LEAST) {
				line = tier_line(r, i, m);
				line->state = GATE_STATE_INCONCLUSIVE;
				gate_text(
					&line->reason,
					"%zu pairs of base with itself: the budget of %d s "
					"has no room for the %d that say what a difference is",
					n, r->t->budget_s, TIER_NOISE_LEAST);
				continue;
			}
			r->list[r->count] = (struct judged){
				.cell = i, .metric = m, .base = NAN, .head = NAN};
			r->verdicts[r->count++] = (struct gate_cell){
				.delta = gate_delta(room, n, tier_least_delta(r, i, m)),
				.verdict = GATE_INCONCLUSIVE};
		}
	for (size_t i = 0; i < r->count; i++) {
		struct judged *j = &r->list[i];

		n = noise_of(&r->noise, r->cells[j->cell].name, tier_metrics[j->metric].name,
			     room);
		j->smallest_effect = gate_smallest_effect(
			room, n, (size_t)r->planned, r->verdicts[i].delta, r->count,
			GATE_TIME_ALPHA - gate_spending(GATE_TIME_ALPHA,
							(TIER_LOOKS - 1) / (double)TIER_LOOKS),
			r->t->seed);
	}
	n = noise_of(&r->noise, NULL, tier_metrics[0].name, room);
	r->o->aa_pairs = n;
	r->o->aa_percentile = n ? gate_delta(room, n, 0) : NAN;
	free(room);
}

/* Before anything is compared. */
void tier_announce(const struct tier *r)
{
	size_t shown = 0, times = 0;

	tier_say(r,
		 "time: up to %d pairs of base and head in each of %d cells; %zu A/A pairs%s, "
		 "95 %% of them within %.1f %%",
		 r->planned, r->ncells, r->o->aa_pairs,
		 r->noise.since ? ", some of them kept from earlier gates of the last days"
				: "",
		 100 * r->o->aa_percentile);
	if (r->noise.since)
		tier_say(r, "time: kept since %s in %s", r->noise.since, r->noise.file);
	tier_say(r, "%-32s %-16s %8s %16s", "cell", "metric", "delta", "smallest effect");
	for (size_t i = 0; i < r->count; i++) {
		const struct judged *j = &r->list[i];
		double delta = r->verdicts[i].delta;
		bool can = j->smallest_effect <= 2 * delta;

		if (isfinite(j->smallest_effect))
			tier_say(r, "%-32s %-16s %6.1f %% %14.1f %%%s", r->cells[j->cell].name,
				 tier_metrics[j->metric].name, 100 * delta,
				 100 * j->smallest_effect, can ? "" : "  (more than 2 delta)");
		else
			tier_say(r, "%-32s %-16s %6.1f %% %16s", r->cells[j->cell].name,
				 tier_metrics[j->metric].name, 100 * delta, "none");
		times += j->metric == 0;
		shown += j->metric == 0 && can;
	}
	tier_say(r,
		 "time: 2 delta can be shown in %zu of %zu cells; at most %.0f false alarms in "
		 "1,000 runs",
		 shown, times, 1000 * GATE_TIME_ALPHA);
}
