#include "harness/run/runner.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/run/capacity.h"
#include "harness/base/clock.h"
#include "harness/base/interrupt.h"
#include "harness/base/message.h"
#include "harness/base/progress.h"
#include "harness/base/sample_fields.h"

static uint64_t recorded(const json_t *sample, enum sample_field field)
{
	return (uint64_t)json_integer_value(json_object_get(sample, sample_fields[field].name));
}

/* Who runs at a place, by what schedule_order() says. */
static const struct contender *contender_at(const struct runner *r, int number)
{
	return number == SCHEDULE_AGAIN ? &r->again : &r->manifest->contenders[number];
}

/* Who runs again has a baseline of its own, behind those of all others. */
static struct disturbance_baseline *baseline_of(const struct runner *r, int cell, int contender)
{
	int all = r->schedule.contenders;

	return &r->baselines[cell * (all + 1) +
			     (contender == SCHEDULE_AGAIN ? all : contender)];
}

/* What an earlier part of the run found out about disturbances. */
static void remember(struct runner *r, int turn, int attempt, int contender,
		     const json_t *sample, const char *disturbed)
{
	const struct disturbance_facts facts = {
		.duration_ns = recorded(sample, FIELD_duration_ns),
		.cpu_ns = recorded(sample, FIELD_cpu_ns),
		.others_ns = recorded(sample, FIELD_others_ns),
		.steal_ns = recorded(sample, FIELD_steal_ns),
		.throttled_ns = recorded(sample, FIELD_throttled_ns),
		.runqueue_delay_ns = recorded(sample, FIELD_runqueue_delay_ns),
	};
	char text[sizeof(((struct sample *)0)->disturbed)];

	disturbance_judge(baseline_of(r, r->schedule.turns[turn].cell, contender), &facts, text,
			  sizeof(text));
	r->turns[turn].disturbed |= !attempt && *disturbed;
}

/* A recorded sample must be what the schedule says of its number: else the folder is
 * of another plan, and completing it would mix the two. */
static int mark_done(const json_t *sample, void *arg, char *why, size_t why_size)
{
	struct runner *r = arg;
	const char *cell, *allocator, *mode, *status;
	const json_t *disturbed;
	int id, block, turn, attempt, place, order[256];
	json_int_t duration;

	if (json_unpack((json_t *)sample, "{s:i, s:s, s:s, s:s, s:s, s:i, s:I}",
			sample_fields[FIELD_id].name, &id, sample_fields[FIELD_cell].name,
			&cell, sample_fields[FIELD_allocator].name, &allocator,
			sample_fields[FIELD_mode].name, &mode, sample_fields[FIELD_status].name,
			&status, sample_fields[FIELD_block].name, &block,
			sample_fields[FIELD_duration_ns].name, &duration) < 0)
		return because(why, why_size,
			       "a record lacks id, cell, allocator, mode, status, block or "
			       "duration_ns");
	turn = schedule_find(&r->schedule, id, &attempt, &place);
	if (turn < 0)
		return because(why, why_size, "sample %d is of another plan", id);
	schedule_order(&r->schedule, turn, attempt, order);
	const struct cell *c = &r->manifest->cells[r->schedule.turns[turn].cell];
	const struct contender *a = contender_at(r, order[place]);
	if (strcmp(c->name, cell) != 0 || strcmp(cell_modes[c->mode], mode) != 0 ||
	    block != r->schedule.turns[turn].block || strcmp(a->name, allocator) != 0)
		return because(why, why_size, "sample %d is of another plan", id);
	disturbed = json_object_get(sample, sample_fields[FIELD_disturbed].name);
	if (r->done[id])
		return because(why, why_size, "sample %d is recorded twice", id);
	r->done[id] = true;
	if (strcmp(status, sample_statuses[SAMPLE_SKIPPED]) != 0)
		r->ran[r->schedule.turns[turn].cell] = true;
	if (json_is_string(disturbed) && disturbance_matters(c->mode))
		remember(r, turn, attempt, order[place], sample, json_string_value(disturbed));
	if (turn >= r->schedule.stage_begin)
		r->spent_s += (double)duration / 1e9;
	if (attempt) {
		r->repeated_s += (double)duration / 1e9;
		r->turns[turn].again = true;
		return 0;
	}
	r->turns[turn].seconds += (double)duration / 1e9;
	/* A turn's time in the making: its samples' sum, of the last recorded block. */
	if (block != r->last_block[r->schedule.turns[turn].cell]) {
		r->last_block[r->schedule.turns[turn].cell] = block;
		r->cell_s[r->schedule.turns[turn].cell] = 0;
	}
	r->cell_s[r->schedule.turns[turn].cell] += (double)duration / 1e9;
	return 0;
}

int runner_begin(struct runner *r, char *why, size_t why_size)
{
	const struct manifest *m = r->manifest;

	if (m->ncontenders > 255)
		return because(why, why_size, "more than 255 allocators");
	if (m->ncontenders > 0) {
		r->again = m->contenders[manifest_reference(m)];
		r->again.name = text_format("%s" SAMPLE_AGAIN, r->again.name);
	}
	manifest_schedule(m, &r->schedule);
	r->done = calloc((size_t)r->schedule.ids + 1, sizeof(r->done[0]));
	r->turns = calloc((size_t)r->schedule.count + 1, sizeof(r->turns[0]));
	r->baselines =
		calloc((size_t)(m->ncells * (m->ncontenders + 1)) + 1, sizeof(r->baselines[0]));
	r->ran = calloc((size_t)m->ncells + 1, sizeof(r->ran[0]));
	r->cell_s = calloc((size_t)m->ncells + 1, sizeof(r->cell_s[0]));
	r->last_block = calloc((size_t)m->ncells + 1, sizeof(r->last_block[0]));
	if (!r->done || !r->ran || !r->cell_s || !r->last_block || !r->turns || !r->baselines)
		return because(why, why_size, "out of memory");
	return runset_each(r->set, mark_done, r, why, why_size);
}

void runner_free(struct runner *r)
{
	for (int i = 0; r->baselines && i < r->manifest->ncells * (r->schedule.contenders + 1);
	     i++)
		disturbance_baseline_free(&r->baselines[i]);
	free(r->baselines);
	free(r->again.name);
	free(r->turns);
	schedule_free(&r->schedule);
	free(r->done);
	free(r->ran);
	free(r->cell_s);
	free(r->last_block);
}

/* Samples that an attempt of a turn lacks. */
static int turn_missing(const struct runner *r, int turn, int attempt)
{
	int n = 0;

	for (int place = 0; place < schedule_places(&r->schedule, turn); place++)
		n += !r->done[schedule_sample_id(&r->schedule, turn, attempt, place)];
	return n;
}

int runner_missing(const struct runner *r)
{
	int n = 0;

	for (int turn = 0; turn < r->schedule.count; turn++)
		n += turn_missing(r, turn, 0);
	return n;
}

static bool left_out(const struct runner *r, int turn)
{
	const struct turn *t = &r->schedule.turns[turn];
	const struct cell *cell = &r->manifest->cells[t->cell];
	const json_t *block;
	size_t i;

	json_array_foreach(r->manifest->unfinished, i, block) {
		const char *name = json_string_value(json_object_get(block, "cell")),
			   *mode = json_string_value(json_object_get(block, "mode"));

		if (json_integer_value(json_object_get(block, "block")) == t->block && name &&
		    mode && strcmp(name, cell->name) == 0 &&
		    strcmp(mode, cell_modes[cell->mode]) == 0)
			return true;
	}
	return false;
}

int runner_lost(const struct runner *r)
{
	int n = 0;

	for (int turn = 0; turn < r->schedule.count; turn++) {
		int missing = turn_missing(r, turn, 0);

		if (missing && !left_out(r, turn))
			n += missing;
	}
	return n;
}

static bool turn_done(const struct runner *r, int turn, int attempt)
{
	return turn_missing(r, turn, attempt) == 0;
}

/* Seconds that a turn will take: what it took before, else the mean of the others; 0
 * while nothing is known. */
static double turn_seconds(const struct runner *r, int turn)
{
	double sum = 0;
	int known = 0;

	if (r->cell_s[r->schedule.turns[turn].cell] > 0)
		return r->cell_s[r->schedule.turns[turn].cell];
	for (int i = 0; i < r->manifest->ncells; i++)
		if (r->cell_s[i] > 0) {
			sum += r->cell_s[i];
			known++;
		}
	return known ? sum / known : 0;
}

static double seconds_left(const struct runner *r, int from)
{
	double sum = 0, budget = -1;
	bool known = false;

	for (int turn = from; turn < r->schedule.count; turn++)
		if (!turn_done(r, turn, 0)) {
			sum += turn_seconds(r, turn);
			known |= turn_seconds(r, turn) > 0;
		}
	if (r->deadline_ns)
		budget = r->deadline_ns > now_ns() ? (double)(r->deadline_ns - now_ns()) / 1e9
						   : 0;
	if (budget >= 0 && (!known || sum > budget))
		return budget;
	return known ? sum : -1;
}

static void describe(const struct runner *r, int turn, int attempt, int place, const int *order,
		     struct sample *s)
{
	const struct turn *t = &r->schedule.turns[turn];

	memset(s, 0, sizeof(*s));
	s->id = schedule_sample_id(&r->schedule, turn, attempt, place);
	s->attempt = attempt;
	s->block = t->block;
	s->order = place;
	s->cell = &r->manifest->cells[t->cell];
	s->contender = contender_at(r, order[place]);
	s->seed = schedule_workload_seed(&r->schedule, s->cell, t->block);
	s->node = manifest_node(r->manifest);
	memcpy(s->values, s->cell->values, sizeof(s->values));
}

/* An open loop's rate: the load's share of what the reference can do here.  False where that is
 * not known; the sample then says so. */
static bool set_rate(const struct runner *r, struct sample *s)
{
	int64_t capacity = s->cell->load ? capacity_of(r->manifest, s->cell, s->block) : 0;

	if (!s->cell->load)
		return true;
	if (capacity > 0) {
		s->values[cell_find_param(s->cell, "rate")] = capacity * s->cell->load / 100;
		return true;
	}
	sample_fail(s, SAMPLE_SKIPPED,
		    "the capacity under glibc, which the load is a part of, "
		    "could not be measured");
	return false;
}

/* What disturbed a sample that was measured. */
static void judge(struct runner *r, int turn, int contender, struct sample *s)
{
	const struct disturbance_facts facts = {
		.duration_ns = s->duration_ns,
		.cpu_ns = s->cpu_ns,
		.others_ns = s->others_ns,
		.steal_ns = s->steal_ns,
		.throttled_ns = s->throttled_ns,
		.runqueue_delay_ns = s->runqueue_delay_ns,
	};
	struct turn_state *state = &r->turns[turn];
	int cell = r->schedule.turns[turn].cell;

	if (s->status != SAMPLE_SKIPPED)
		r->ran[cell] = true;
	if (s->attempt) {
		r->repeated_s += (double)s->duration_ns / 1e9;
		state->again = true;
	} else {
		state->seconds += (double)s->duration_ns / 1e9;
	}
	s->timed = s->status == SAMPLE_OK && disturbance_matters(s->cell->mode);
	if (s->timed && disturbance_judge(baseline_of(r, cell, contender), &facts, s->disturbed,
					  sizeof(s->disturbed)))
		state->disturbed |= !s->attempt;
}

static int run_turn(struct runner *r, int turn, int attempt, struct progress *progress,
		    char *why, size_t why_size)
{
	const struct cell *cell = &r->manifest->cells[r->schedule.turns[turn].cell];
	static struct sample sample; /* large: marks and counters */
	int order[256], result = 0;

	schedule_order(&r->schedule, turn, attempt, order);
	for (int place = 0; place < schedule_places(&r->schedule, turn) && result == 0;
	     place++) {
		json_t *record;

		if (interrupt_wanted())
			return 0;
		describe(r, turn, attempt, place, order, &sample);
		if (r->done[sample.id])
			continue;
		progress_show(progress, cell->name, cell_modes[cell->mode], sample.block,
			      sample.contender->name,
			      seconds_left(r, attempt ? r->schedule.count : turn));
		if (set_rate(r, &sample))
			trial_run(&r->place, &sample);
		if (sample.status == SAMPLE_ABORTED)
			return 0;
		judge(r, turn, order[place], &sample);
		/* What cannot run anywhere was said at the start; what a cell excludes, once.
		 */
		if (sample.status != SAMPLE_OK &&
		    (sample.status != SAMPLE_SKIPPED ||
		     (sample.block == 0 && sample.contender->usable)))
			progress_note(progress, cell->name, sample.contender->name,
				      sample_statuses[sample.status], sample.reason);
		record = sample_to_json(&sample);
		result = runset_append(r->set, record, why, why_size);
		json_decref(record);
		r->done[sample.id] = true;
	}
	return result;
}

static void note_unfinished(struct runner *r, int turn)
{
	const struct turn *t = &r->schedule.turns[turn];
	const struct cell *cell = &r->manifest->cells[t->cell];

	json_array_append_new(r->manifest->unfinished,
			      json_pack("{s:s, s:s, s:i, s:s}", "cell", cell->name, "mode",
					cell_modes[cell->mode], "block", t->block, "reason",
					"budget"));
}

/* Whether a turn still fits.  One that is begun is always completed: a block that
 * lacks an allocator would be of no use to any pair. */
static bool fits(const struct runner *r, int turn)
{
	double left;

	if (!r->deadline_ns)
		return true;
	left = ((double)r->deadline_ns - (double)now_ns()) / 1e9;
	if (turn_missing(r, turn, 0) < schedule_places(&r->schedule, turn))
		return true;
	return left > 0 && turn_seconds(r, turn) <= left;
}

/* Repeats what was disturbed, in the order of the plan, where there is room. */
static enum runner_end repeat(struct runner *r, struct progress *progress, char *why,
			      size_t why_size)
{
	double all = 0;

	for (int turn = 0; turn < r->schedule.count; turn++)
		all += r->turns[turn].seconds;
	for (int turn = 0; turn < r->schedule.count; turn++) {
		const struct turn_state *state = &r->turns[turn];
		double seconds = state->seconds,
		       left = r->deadline_ns ? ((double)r->deadline_ns - (double)now_ns()) / 1e9
					     : seconds;

		if (!state->disturbed || turn_done(r, turn, 1))
			continue;
		/* One that is begun is completed: else it would not count. */
		if (!state->again &&
		    (r->repeated_s + seconds > RUNNER_REPEATS * all || seconds > left))
			continue;
		if (interrupt_wanted())
			return RUNNER_INTERRUPTED;
		progress->total += turn_missing(r, turn, 1);
		if (run_turn(r, turn, 1, progress, why, why_size) < 0)
			return RUNNER_BROKEN;
		if (!turn_done(r, turn, 1))
			return RUNNER_INTERRUPTED;
	}
	return RUNNER_DONE;
}

enum runner_end runner_go(struct runner *r, char *why, size_t why_size)
{
	const struct capacity_place place = {&r->place, &r->schedule, r->manifest, r->set};
	enum runner_end end = RUNNER_DONE;
	struct progress progress;
	int total = r->schedule.samples, last_round = INT_MAX;

	progress_begin(&progress, r->progress ? r->progress : stdout, total,
		       total - runner_missing(r), r->quiet);
	for (int turn = 0; turn < r->schedule.count; turn++) {
		int cell = r->schedule.turns[turn].cell;
		uint64_t begin = now_ns();

		if (turn_done(r, turn, 0))
			continue;
		if (interrupt_wanted()) {
			end = RUNNER_INTERRUPTED;
			break;
		}
		/* Once a block of some cell has no room, none of a later round has: cells keep
		 * equally many blocks, give or take one. */
		if (r->schedule.turns[turn].round > last_round || !fits(r, turn)) {
			if (r->schedule.turns[turn].round < last_round)
				last_round = r->schedule.turns[turn].round;
			note_unfinished(r, turn);
			continue;
		}
		if (r->manifest->cells[cell].load)
			capacity_measure(&place, &r->manifest->cells[cell],
					 r->schedule.turns[turn].block);
		if (run_turn(r, turn, 0, &progress, why, why_size) < 0) {
			end = RUNNER_BROKEN;
			break;
		}
		if (!turn_done(r, turn, 0)) {
			end = RUNNER_INTERRUPTED;
			break;
		}
		/* The slower of two estimates: a budget is a promise. */
		double s = (double)(now_ns() - begin) / 1e9;
		if (s > r->cell_s[cell])
			r->cell_s[cell] = s;
	}
	if (end == RUNNER_DONE && !r->no_repeat)
		end = repeat(r, &progress, why, why_size);
	progress_end(&progress);
	return end;
}
