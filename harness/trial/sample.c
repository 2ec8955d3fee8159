#include "harness/trial/sample.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"
#include "harness/base/sample_fields.h"
#include "harness/base/set_files.h"

const char *const sample_statuses[] = {
	[SAMPLE_OK] = "ok",           [SAMPLE_FAILED] = "failed",
	[SAMPLE_TIMEOUT] = "timeout", [SAMPLE_SKIPPED] = "skipped",
	[SAMPLE_ABORTED] = "aborted",
};

void sample_fail(struct sample *s, enum sample_status status, const char *format, ...)
{
	char text[sizeof(s->reason)];
	va_list args;

	if (s->status != SAMPLE_OK)
		return;
	s->status = status;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	because(s->reason, sizeof(s->reason), "%s", text);
}

static double per_second(uint64_t requests, uint64_t ns)
{
	return ns ? (double)requests / ((double)ns / 1e9) : 0;
}

double sample_offered_rate(const struct sample *s)
{
	return per_second(s->ops, s->arrivals_ns);
}

double sample_achieved_rate(const struct sample *s)
{
	return per_second(s->ops, s->served_ns);
}

bool sample_saturated(const struct sample *s)
{
	return s->served_ns && (double)s->arrivals_ns < SAMPLE_SATURATED * (double)s->served_ns;
}

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *text(const char *s)
{
	/* What a program printed may be no UTF-8, which JSON cannot hold. */
	json_t *value = json_string(s);

	if (!value) {
		char plain[CHANNEL_PATH];
		size_t n = 0;

		for (; *s && n < sizeof(plain) - 1; s++)
			plain[n++] = (unsigned char)*s < 0x80 ? *s : '?';
		plain[n] = '\0';
		value = json_string(plain);
	}
	return value;
}

json_t *sample_params(const struct cell *cell, const int64_t *values)
{
	const struct wl_param *params = cell_params(cell);
	json_t *object = json_object();

	for (int i = 0; params[i].name; i++)
		json_object_set_new(object, params[i].name, json_integer(values[i]));
	return object;
}

static json_t *phases(const struct sample *s)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < s->nmarks; i++) {
		const struct channel_mark *m = &s->marks[i];
		json_t *o = json_object();

		json_object_set_new(o, "name", text(m->name));
		json_object_set_new(o, "at_ns", number(m->at_ns - s->begin_ns));
		json_object_set_new(o, "ops", number(m->ops));
		json_object_set_new(o, "rss_bytes", number(m->rss_bytes));
		json_object_set_new(o, "pss_bytes", number(m->pss_bytes));
		json_object_set_new(o, "anon_bytes", number(m->anon_bytes));
		json_object_set_new(o, "anon_huge_bytes", number(m->anon_huge_bytes));
		json_object_set_new(o, "lazy_free_bytes", number(m->lazy_free_bytes));
		json_object_set_new(o, "shmem_bytes", number(m->shmem_bytes));
		json_object_set_new(o, "swap_bytes", number(m->swap_bytes));
		json_object_set_new(o, "table_bytes", number(m->table_bytes));
		json_object_set_new(o, "live_bytes", number(m->live_bytes));
		json_object_set_new(o, "live_objects", number(m->live_objects));
		json_object_set_new(o, "floor_bytes", number(m->floor_bytes));
		json_object_set_new(o, "mappings", number(m->mappings));
		if (m->lines) {
			json_object_set_new(o, "lines", number(m->lines));
			json_object_set_new(o, "shared_lines", number(m->shared_lines));
		}
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *latency(const struct sample *s)
{
	json_t *o, *kinds;
	int rate = cell_find_param(s->cell, "rate");

	if (!s->has_latency)
		return json_null();
	o = json_object();
	kinds = json_object();
	json_object_set_new(o, "file", json_sprintf(SET_LATENCY "/%d.tsv", s->id));
	for (int k = 0; k < CHANNEL_HIST_KINDS; k++) {
		const struct latency_summary *l = &s->latency[k];
		json_t *kind;

		if (l->count == 0)
			continue;
		kind = json_object();
		json_object_set_new(kind, "count", number(l->count));
		for (int p = 0; p < LATENCY_PERCENTILES; p++)
			json_object_set_new(kind, latency_names[p],
					    sample_saturated(s) || l->value_ns[p] < 0
						    ? json_null()
						    : json_integer(l->value_ns[p]));
		json_object_set_new(kind, "max", number(l->max_ns));
		json_object_set_new(kinds, latency_kinds[k], kind);
	}
	json_object_set_new(o, "kinds", kinds);
	json_object_set_new(o, "clock_cost_ns", number(s->clock_cost_ns));
	json_object_set_new(o, "sample_every", number(s->sample_every));
	json_object_set_new(o, "rate", rate < 0 ? json_null() : json_integer(s->values[rate]));
	return o;
}

/* Whether the replay of a trace did what the trace promises; null: no trace. */
static json_t *validated(const struct sample *s)
{
	return s->replay.used ? json_boolean(s->replay.validated) : json_null();
}

static json_t *replay(const struct sample *s)
{
	const struct channel_replay *r = &s->replay;
	json_t *o, *threads;
	double worst = 0;

	if (!r->used)
		return json_null();
	o = json_object();
	threads = json_array();
	for (uint64_t i = 0; i < r->contexts; i++) {
		double share =
			s->alive_ns[i] ? (double)s->wait_ns[i] / (double)s->alive_ns[i] : 0;

		worst = share > worst ? share : worst;
		json_array_append_new(threads, json_pack("{s:I, s:I, s:I}", "wait_ns",
							 (json_int_t)s->wait_ns[i], "idle_ns",
							 (json_int_t)s->idle_ns[i], "alive_ns",
							 (json_int_t)s->alive_ns[i]));
	}
	json_object_set_new(o, "invalid", text(r->invalid));
	json_object_set_new(o, "events", number(r->events));
	json_object_set_new(o, "threads", number(r->threads));
	json_object_set_new(o, "peak_live_bytes", number(r->peak_live_bytes));
	json_object_set_new(o, "recorded_peak_live_bytes", number(r->recorded_peak_live_bytes));
	json_object_set_new(o, "recorded_ns", number(r->recorded_ns));
	json_object_set_new(o, "wait_share", json_real(worst));
	json_object_set_new(o, "waits_much", json_boolean(worst > CHANNEL_WAIT_NOTE));
	json_object_set_new(o, "contexts", threads);
	return o;
}

static json_t *per(uint64_t sum, uint64_t of, double unit)
{
	return of ? json_real((double)sum / ((double)of / unit)) : json_null();
}

static json_t *locality(const struct sample *s)
{
	const struct channel_locality *l = &s->locality;
	json_t *o;

	if (!l->operations)
		return json_null();
	o = json_object();
	json_object_set_new(o, "operations", number(l->operations));
	json_object_set_new(o, "lines", number(l->lines));
	json_object_set_new(o, "pages", number(l->pages));
	json_object_set_new(o, "regions", number(l->regions));
	json_object_set_new(o, "lines_per_1000", per(l->lines_in_windows, l->windows, 1));
	json_object_set_new(o, "pages_per_1000", per(l->pages_in_windows, l->windows, 1));
	json_object_set_new(o, "regions_per_1000", per(l->regions_in_windows, l->windows, 1));
	json_object_set_new(o, "touches", number(l->touches));
	json_object_set_new(o, "l1_misses_per_1000", per(l->l1_misses, l->operations, 1000));
	json_object_set_new(o, "l2_misses_per_1000", per(l->l2_misses, l->operations, 1000));
	if (l->sharing) {
		json_object_set_new(o, "shared_lines", number(l->shared_lines));
		json_object_set_new(o, "transfers_per_1000",
				    per(l->transfers, l->operations, 1000));
	}
	if (s->own.calls) {
		const struct lackey_figures *own = &s->own;

		json_object_set_new(o, "own_calls", number(own->calls));
		json_object_set_new(o, "own_accesses_per_1000",
				    per(own->accesses, own->calls, 1000));
		json_object_set_new(o, "own_shared_lines", number(own->shared));
		json_object_set_new(o, "own_transfers_per_1000",
				    per(own->transfers, own->calls, 1000));
		json_object_set_new(o, "atomics_per_1000",
				    own->atomics_known ? per(own->atomics, own->calls, 1000)
						       : json_null());
		json_object_set_new(o, "atomic_transfers_per_1000",
				    own->atomics_known
					    ? per(own->atomic_transfers, own->calls, 1000)
					    : json_null());
	}
	return o;
}

uint64_t sample_area(const struct sample *s)
{
	const struct channel_footprint *f = &s->footprint;
	uint64_t area = 0;

	for (uint64_t i = 0; i < f->count && i < CHANNEL_CHECKPOINTS; i++)
		area += f->bytes[i] * (f->calls[i] - (i ? f->calls[i - 1] : 0));
	return area;
}

uint64_t sample_most(const struct sample *s)
{
	const struct channel_footprint *f = &s->footprint;
	uint64_t most = 0;

	for (uint64_t i = 0; i < f->count && i < CHANNEL_CHECKPOINTS; i++)
		most = f->bytes[i] > most ? f->bytes[i] : most;
	return most;
}

static json_t *numbers(const uint64_t *list, uint64_t count)
{
	json_t *array = json_array();

	for (uint64_t i = 0; i < count && i < CHANNEL_CHECKPOINTS; i++)
		json_array_append_new(array, number(list[i]));
	return array;
}

static json_t *footprint(const struct sample *s)
{
	const struct channel_footprint *f = &s->footprint;
	json_t *o;

	if (!f->count)
		return json_null();
	o = json_object();
	json_object_set_new(o, "area_byte_events", number(sample_area(s)));
	json_object_set_new(o, "peak_bytes", number(sample_most(s)));
	json_object_set_new(o, "calls", numbers(f->calls, f->count));
	json_object_set_new(o, "bytes", numbers(f->bytes, f->count));
	json_object_set_new(o, "live_bytes", numbers(f->live_bytes, f->count));
	return o;
}

static json_t *count_or_null(int64_t count, bool counted)
{
	return counted ? json_integer(count) : json_null();
}

static json_t *environment(const struct contender *c)
{
	json_t *env = json_object();

	for (int i = 0; i < c->nenv; i++) {
		const char *variable = c->env[i], *equals = strchr(variable, '=');

		char *name = text_format("%.*s", (int)(equals - variable), variable);

		json_object_set_new(env, name, text(equals + 1));
		free(name);
	}
	return env;
}

static bool is_of_kind(const json_t *value, enum sample_kind kind)
{
	switch (kind) {
	case KIND_INT:
		return json_is_integer(value);
	case KIND_INT_NULL:
		return json_is_integer(value) || json_is_null(value);
	case KIND_STRING:
		return json_is_string(value);
	case KIND_STRING_NULL:
		return json_is_string(value) || json_is_null(value);
	case KIND_BOOL_NULL:
		return json_is_boolean(value) || json_is_null(value);
	case KIND_OBJECT:
		return json_is_object(value);
	case KIND_OBJECT_NULL:
		return json_is_object(value) || json_is_null(value);
	case KIND_ARRAY:
		return json_is_array(value);
	}
	return false;
}

/* The record of these values, in the order of the schema. */
static json_t *record_of(json_t *const values[FIELD_COUNT])
{
	json_t *o = json_object();

	for (size_t i = 0; i < FIELD_COUNT; i++) {
		/* A mistake in this file, which every test that writes a sample finds. */
		if (!is_of_kind(values[i], sample_fields[i].kind)) {
			complain("the field %s of a sample is no %s", sample_fields[i].name,
				 sample_kind_name(sample_fields[i].kind));
			abort();
		}
		json_object_set_new(o, sample_fields[i].name, values[i]);
	}
	return o;
}

json_t *sample_to_json(const struct sample *s)
{
	bool within = s->allocator_instructions >= 0;
	json_t *const values[FIELD_COUNT] = {
		[FIELD_schema] = json_integer(SAMPLE_SCHEMA),
		[FIELD_suite_version] = text(SUITE_VERSION),
		[FIELD_id] = json_integer(s->id),
		[FIELD_cell] = text(s->cell->name),
		[FIELD_workload] = text(cell_workload_name(s->cell)),
		[FIELD_kind] = text(s->cell->workload ? "workload" : "program"),
		[FIELD_mode] = text(cell_modes[s->cell->mode]),
		[FIELD_allocator] = text(s->contender->name),
		[FIELD_block] = json_integer(s->block),
		[FIELD_order] = json_integer(s->order),
		[FIELD_seed] = number(s->seed),
		[FIELD_params] = sample_params(s->cell, s->values),
		[FIELD_status] = text(sample_statuses[s->status]),
		[FIELD_reason] = text(s->reason),
		[FIELD_cpu_ns] = number(s->cpu_ns),
		[FIELD_user_ns] = number(s->user_ns),
		[FIELD_sys_ns] = number(s->sys_ns),
		[FIELD_wall_ns] = number(s->wall_ns),
		[FIELD_ops] = number(s->ops),
		[FIELD_allocs] = number(s->allocs),
		[FIELD_expected_allocs] = number(s->expected_allocs),
		[FIELD_peak_rss_bytes] = number(s->peak_rss_bytes),
		[FIELD_table_bytes] = number(s->table_bytes),
		[FIELD_minor_faults] = number(s->minor_faults),
		[FIELD_major_faults] = number(s->major_faults),
		[FIELD_voluntary_switches] = number(s->voluntary_switches),
		[FIELD_involuntary_switches] = number(s->involuntary_switches),
		[FIELD_runqueue_delay_ns] = number(s->runqueue_delay_ns),
		[FIELD_steal_ns] = number(s->steal_ns),
		[FIELD_others_ns] = number(s->others_ns),
		[FIELD_throttled_ns] = number(s->throttled_ns),
		[FIELD_throttled_periods] = number(s->throttled_periods),
		[FIELD_disturbed] = s->timed ? text(s->disturbed) : json_null(),
		[FIELD_attempt] = json_integer(s->attempt),
		[FIELD_duration_ns] = number(s->duration_ns),
		[FIELD_ops_unit] = text(s->ops_unit),
		[FIELD_instructions] = count_or_null(s->instructions, s->instructions >= 0),
		[FIELD_allocator_instructions] =
			count_or_null(s->allocator_instructions, within),
		[FIELD_usable_size_instructions] =
			count_or_null(s->usable_size_instructions, within),
		[FIELD_callgrind] = s->has_dump ? json_sprintf(SET_CALLGRIND "/%d.out", s->id)
						: json_null(),
		[FIELD_phases] = phases(s),
		[FIELD_timeline] = s->has_timeline ? json_sprintf(SET_TIMELINE "/%d.tsv", s->id)
						   : json_null(),
		[FIELD_latency] = latency(s),
		[FIELD_offered_rate] =
			count_or_null((int64_t)sample_offered_rate(s), s->served_ns > 0),
		[FIELD_achieved_rate] =
			count_or_null((int64_t)sample_achieved_rate(s), s->served_ns > 0),
		[FIELD_saturated] =
			s->served_ns ? json_boolean(sample_saturated(s)) : json_null(),
		[FIELD_counters] = counters_to_json(&s->counters),
		[FIELD_validated] = validated(s),
		[FIELD_replay] = replay(s),
		[FIELD_locality] = locality(s),
		[FIELD_footprint] = footprint(s),
		[FIELD_allocator_file] = text(s->allocator_file),
		[FIELD_usable_size_file] = text(s->usable_size_file),
		[FIELD_build_id] = text(s->build_id),
		[FIELD_version] = text(s->version),
		[FIELD_world] =
			text(s->contender->world ? s->contender->world->name : WORLD_SYSTEM),
		[FIELD_libc] = text(s->libc),
		[FIELD_env] = environment(s->contender),
		[FIELD_started] = text(s->started),
		[FIELD_node] = s->node ? text(s->node) : json_null(),
	};

	return record_of(values);
}
