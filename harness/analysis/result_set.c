#include "harness/analysis/result_set.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/set_files.h"

double json_field_number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

const char *json_field_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

json_t *results_value(const json_t *record, enum sample_field field)
{
	return json_object_get(record, sample_fields[field].name);
}

double results_number(const json_t *record, enum sample_field field)
{
	return json_field_number(record, sample_fields[field].name);
}

const char *results_text(const json_t *record, enum sample_field field)
{
	return json_field_text(record, sample_fields[field].name);
}

static int64_t field_integer(const json_t *object, const char *key, int64_t otherwise)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

void results_remark(struct result_set *set, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	for (size_t i = 0; i < set->nremarks; i++)
		if (!strcmp(set->remarks[i], text)) {
			free(text);
			return;
		}
	set->remarks = list_grown(set->remarks, set->nremarks, sizeof(*set->remarks));
	set->remarks[set->nremarks++] = text;
}

size_t results_find_contender(const struct result_set *set, const char *name)
{
	for (size_t i = 0; i < set->ncontenders; i++)
		if (!strcmp(set->contenders[i].name, name))
			return i;
	return SIZE_MAX;
}

/* Records of before there were worlds are of the system's own. */
static const char *world_of(const char *name)
{
	return *name ? name : "stable";
}

const char *results_machine_class(const struct result_set *set)
{
	return json_field_text(json_object_get(set->manifest, "environment"), "machine_class");
}

const char *results_world(const struct result_set *set)
{
	return world_of(json_field_text(json_object_get(set->manifest, "world"), "name"));
}

const char *results_libc(const struct result_set *set)
{
	return json_field_text(json_object_get(set->manifest, "world"), "libc");
}

bool results_has_good(const struct result_set *set, size_t contender)
{
	for (size_t i = 0; i < set->nsamples; i++)
		if (set->samples[i].ok && set->samples[i].contender == contender)
			return true;
	return false;
}

bool results_is_mode(const struct result_cell *cell, const char *mode)
{
	return !strcmp(cell->mode, mode);
}

bool results_is_program(const struct result_cell *cell)
{
	return !strcmp(cell->kind, "program");
}

bool results_is_null(const struct result_contender *contender)
{
	return !strcmp(contender->name, "null");
}

bool results_is_disturbed(const struct result_sample *s)
{
	double duration = results_number(s->json, FIELD_duration_ns);

	if (s->disturbed)
		return *s->disturbed != '\0';
	return s->steal_ns > 20e6 &&
	       s->steal_ns > 0.01 * (isnan(duration) ? s->wall_ns : duration);
}

static size_t add_contender(struct result_set *set, const char *name, json_t *json)
{
	size_t at = results_find_contender(set, name);

	if (at != SIZE_MAX)
		return at;
	set->contenders =
		list_grown(set->contenders, set->ncontenders, sizeof(*set->contenders));
	set->contenders[set->ncontenders] = (struct result_contender){
		.name = name,
		.status = json_field_text(json, "status"),
		.reason = json_field_text(json, "reason"),
		.json = json,
	};
	return set->ncontenders++;
}

/* The contender that a sample names; SIZE_MAX, with a remark, where it is the second run of one
 * that the set has not. */
static size_t contender_of(struct result_set *set, const char *name, bool *again)
{
	size_t length = strlen(name), own = strlen(SAMPLE_AGAIN);

	*again = length > own && strcmp(name + length - own, SAMPLE_AGAIN) == 0;
	if (!*again)
		return add_contender(set, name, NULL);
	for (size_t i = 0; i < set->ncontenders; i++)
		if (strlen(set->contenders[i].name) == length - own &&
		    !strncmp(set->contenders[i].name, name, length - own))
			return i;
	results_remark(set, "%s ran a second time, but the set has no such contender", name);
	return SIZE_MAX;
}

/* Are both of the same contender, and of its first run in a block or of its second? */
static bool same_turn(const struct result_sample *a, const struct result_sample *b)
{
	return a->contender == b->contender && a->again == b->again;
}

static void set_apart_again(struct result_set *set)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->nsamples; i++) {
		struct result_sample s = set->samples[i];

		if (!s.again) {
			set->samples[kept++] = s;
			continue;
		}
		set->again = list_grown(set->again, set->nagain, sizeof(*set->again));
		set->again[set->nagain++] = s;
	}
	set->nsamples = kept;
}

/* `json` is the manifest's entry or, for a cell the manifest does not list, a sample:
 * both have these fields. */
static size_t add_cell(struct result_set *set, json_t *json, bool listed)
{
	const char *name = results_text(json, FIELD_cell),
		   *mode = results_text(json, FIELD_mode);

	if (!*mode)
		mode = "throughput";
	for (size_t i = 0; i < set->ncells; i++)
		if (!strcmp(set->cells[i].name, name) && !strcmp(set->cells[i].mode, mode))
			return i;
	set->cells = list_grown(set->cells, set->ncells, sizeof(*set->cells));
	set->cells[set->ncells] = (struct result_cell){
		.name = name,
		.workload = results_text(json, FIELD_workload),
		.kind = results_text(json, FIELD_kind),
		.mode = mode,
		.ops_unit = results_text(json, FIELD_ops_unit),
		.json = listed ? json : NULL,
	};
	return set->ncells++;
}

/* Whether an open loop kept up, by the sample's own word; older sets have the rate that was
 * asked for, and of the time taken the whole of the run, which is a hair more than the loop. */
static void take_load(struct result_sample *s)
{
	const json_t *said = results_value(s->json, FIELD_saturated);
	double offered = results_number(s->json, FIELD_offered_rate),
	       achieved = results_number(s->json, FIELD_achieved_rate);

	if (!results_value(s->json, FIELD_achieved_rate)) {
		offered = json_field_number(results_value(s->json, FIELD_latency), "rate");
		achieved = s->wall_ns > 0 ? s->ops / s->wall_ns * 1e9 : NAN;
	}
	s->achieved_share = offered > 0 ? achieved / offered : NAN;
	s->saturated = json_is_boolean(said) ? json_is_true(said)
					     : s->achieved_share < RESULTS_SATURATED;
}

/* The repeat of a block counts where it is whole: a sample of the first time beside samples of
 * the second would be no pair. */
static bool repeat_is_whole(const struct result_set *set, const struct result_sample *of)
{
	for (size_t i = 0; i < set->nsamples; i++) {
		const struct result_sample *s = &set->samples[i];
		bool again = false;

		if (s->cell != of->cell || s->block != of->block || s->attempt)
			continue;
		for (size_t k = 0; k < set->nsamples && !again; k++)
			again = set->samples[k].cell == s->cell &&
				set->samples[k].block == s->block && set->samples[k].attempt &&
				same_turn(&set->samples[k], s);
		if (!again)
			return false;
	}
	return true;
}

static void choose_attempts(struct result_set *set)
{
	for (size_t i = 0; i < set->nsamples; i++) {
		struct result_sample *again = &set->samples[i];
		bool whole = again->attempt && repeat_is_whole(set, again);

		if (!again->attempt)
			continue;
		again->superseded |= !whole;
		for (size_t k = 0; k < set->nsamples && whole; k++) {
			struct result_sample *first = &set->samples[k];

			if (!first->attempt && first->cell == again->cell &&
			    first->block == again->block && same_turn(first, again))
				first->superseded = true;
		}
		if (!whole)
			results_remark(set,
				       "the repeat of block %lld of %s (%s) is not whole: the "
				       "first time counts",
				       (long long)again->block + 1,
				       set->cells[again->cell].name,
				       set->cells[again->cell].mode);
	}
}

static size_t node_of(struct result_set *set, const char *name)
{
	for (size_t i = 0; i < set->nnodes; i++)
		if (!strcmp(set->nodes[i], name))
			return i;
	if (!*name)
		return 0;
	set->nodes = list_grown(set->nodes, set->nnodes, sizeof(*set->nodes));
	set->nodes[set->nnodes] = name;
	return set->nnodes++;
}

/* Takes the record. */
static void add_sample(struct result_set *set, json_t *json)
{
	bool again;
	size_t contender = contender_of(set, results_text(json, FIELD_allocator), &again);
	struct result_sample s = {
		.id = field_integer(json, sample_fields[FIELD_id].name, -1),
		.block = field_integer(json, sample_fields[FIELD_block].name, 0),
		.order = field_integer(json, sample_fields[FIELD_order].name, 0),
		.contender = contender,
		.again = again,
		.status = results_text(json, FIELD_status),
		.reason = results_text(json, FIELD_reason),
		.cpu_ns = results_number(json, FIELD_cpu_ns),
		.user_ns = results_number(json, FIELD_user_ns),
		.sys_ns = results_number(json, FIELD_sys_ns),
		.wall_ns = results_number(json, FIELD_wall_ns),
		.ops = results_number(json, FIELD_ops),
		.peak_rss_bytes = results_number(json, FIELD_peak_rss_bytes),
		.table_bytes = results_number(json, FIELD_table_bytes),
		.minor_faults = results_number(json, FIELD_minor_faults),
		.instructions = results_number(json, FIELD_instructions),
		.allocator_instructions = results_number(json, FIELD_allocator_instructions),
		.runqueue_delay_ns = results_number(json, FIELD_runqueue_delay_ns),
		.steal_ns = results_number(json, FIELD_steal_ns),
		.json = json,
	};

	if (contender == SIZE_MAX) {
		json_decref(json);
		return;
	}
	s.cell = add_cell(set, json, false);
	s.ok = !strcmp(s.status, "ok");
	s.attempt = field_integer(json, sample_fields[FIELD_attempt].name, 0);
	s.disturbed = json_string_value(results_value(json, FIELD_disturbed));
	s.node = node_of(set, results_text(json, FIELD_node));
	take_load(&s);
	if (!*set->cells[s.cell].ops_unit)
		set->cells[s.cell].ops_unit = results_text(json, FIELD_ops_unit);
	for (size_t i = 0; i < set->nsamples; i++) {
		struct result_sample *earlier = &set->samples[i];

		if (earlier->cell == s.cell && same_turn(earlier, &s) &&
		    earlier->block == s.block && earlier->attempt == s.attempt &&
		    !earlier->superseded) {
			earlier->superseded = true;
			results_remark(set,
				       "sample %lld repeats sample %lld (%s, %s, block %lld): "
				       "the later one counts",
				       (long long)s.id, (long long)earlier->id,
				       set->cells[s.cell].name,
				       results_text(json, FIELD_allocator), (long long)s.block);
		}
	}
	set->samples = list_grown(set->samples, set->nsamples, sizeof(*set->samples));
	set->samples[set->nsamples++] = s;
}

/* The major number of "2.1" is "2". */
static bool same_major(const char *a, const char *b)
{
	size_t n = strcspn(a, ".");

	return n == strcspn(b, ".") && !strncmp(a, b, n);
}

static bool load_samples(struct result_set *set, const char *path, char *message, size_t size)
{
	const char *suite = json_field_text(set->manifest, "suite_version");
	FILE *file = fopen(path, "re");
	size_t room = 0, line = 0;
	char *text = NULL;
	bool good = false;
	ssize_t length;

	if (!file) {
		snprintf(message, size, "%s: %s", path, strerror(errno));
		return false;
	}
	while ((length = getline(&text, &room, file)) > 0) {
		json_t *json;

		line++;
		if (text[strspn(text, " \t\r\n")] == '\0')
			continue;
		json = json_loadb(text, (size_t)length, 0, NULL);
		if (!json_is_object(json)) {
			results_remark(
				set,
				"line %zu of samples.jsonl is no complete record%s: left out",
				line, text[length - 1] == '\n' ? "" : " (the run was cut off)");
			json_decref(json);
			continue;
		}
		if (field_integer(json, sample_fields[FIELD_schema].name, -1) !=
			    SAMPLE_SCHEMA ||
		    !same_major(results_text(json, FIELD_suite_version), suite)) {
			snprintf(message, size,
				 "%s:%zu: schema %lld of suite %s; this report reads schema %d "
				 "of suite %s",
				 path, line,
				 (long long)field_integer(json,
							  sample_fields[FIELD_schema].name, -1),
				 results_text(json, FIELD_suite_version), SAMPLE_SCHEMA, suite);
			json_decref(json);
			goto out;
		}
		if (strcmp(world_of(results_text(json, FIELD_world)), results_world(set)) !=
		    0) {
			snprintf(message, size,
				 "%s:%zu: measured on the C library of %s, the set is of %s: "
				 "these make no ratio",
				 path, line, world_of(results_text(json, FIELD_world)),
				 results_world(set));
			json_decref(json);
			goto out;
		}
		add_sample(set, json);
	}
	if (ferror(file)) {
		snprintf(message, size, "%s: %s", path, strerror(errno));
		goto out;
	}
	good = true;
out:
	free(text);
	fclose(file);
	return good;
}

static bool load_manifest(struct result_set *set, const char *path, char *message, size_t size)
{
	json_error_t error = {0};
	json_t *entry;
	FILE *file;
	size_t i;

	file = fopen(path, "re");
	if (!file) {
		snprintf(message, size, "%s: %s", path, strerror(errno));
		return false;
	}
	set->manifest = json_loadf(file, 0, &error);
	fclose(file);
	if (!json_is_object(set->manifest)) {
		if (set->manifest)
			snprintf(message, size, "%s: not a JSON object", path);
		else
			snprintf(message, size, "%s:%d: %s", path, error.line, error.text);
		return false;
	}
	if (field_integer(set->manifest, "schema", -1) != SAMPLE_SCHEMA) {
		snprintf(message, size, "%s: schema %lld; this report reads schema %d", path,
			 (long long)field_integer(set->manifest, "schema", -1), SAMPLE_SCHEMA);
		return false;
	}
	json_array_foreach(json_object_get(set->manifest, "contenders"), i, entry)
		add_contender(set, json_field_text(entry, "name"), entry);
	json_array_foreach(json_object_get(set->manifest, "cells"), i, entry)
		add_cell(set, entry, true);
	return true;
}

/* The archive of a packed set; a set that is not packed has none. */
static bool load_packed(struct result_set *set, char *message, size_t size)
{
	char *path = text_format("%s/" SET_PACKED, set->dir);
	bool good = !file_exists(path) || tarball_read(&set->packed, path, message, size) == 0;

	free(path);
	return good;
}

struct result_set *results_load(const char *dir, char *message, size_t size)
{
	struct result_set *set = calloc(1, sizeof(*set));
	char *manifest = NULL, *samples = NULL;

	if (!set || !(set->dir = strdup(dir)) ||
	    asprintf(&manifest, "%s/manifest.json", dir) < 0 ||
	    asprintf(&samples, "%s/samples.jsonl", dir) < 0)
		abort();
	if (!load_manifest(set, manifest, message, size) ||
	    !load_samples(set, samples, message, size) || !load_packed(set, message, size)) {
		results_free(set);
		set = NULL;
	} else if (choose_attempts(set), set_apart_again(set), set->nsamples == 0) {
		snprintf(message, size, "%s: no sample in it", samples);
		results_free(set);
		set = NULL;
	}
	free(manifest);
	free(samples);
	return set;
}

void results_free(struct result_set *set)
{
	for (size_t i = 0; i < set->nsamples; i++)
		json_decref(set->samples[i].json);
	for (size_t i = 0; i < set->nagain; i++)
		json_decref(set->again[i].json);
	free(set->again);
	free(set->nodes);
	for (size_t i = 0; i < set->nremarks; i++)
		free(set->remarks[i]);
	free(set->remarks);
	free(set->samples);
	free(set->cells);
	free(set->contenders);
	json_decref(set->manifest);
	tarball_free(&set->packed);
	free(set->dir);
	free(set);
}

/* Two points are part of some names, and a folder of their own only between slashes. */
static bool leaves_folder(const char *name)
{
	for (const char *p = name; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
		if (*p == '/' || strcmp(p, "..") == 0 || strncmp(p, "../", 3) == 0)
			return true;
	return false;
}

FILE *results_side_file(const struct result_set *set, const char *name)
{
	const struct tarball_file *packed = tarball_find(&set->packed, name);
	char *path;
	FILE *file;

	if (leaves_folder(name)) {
		errno = EPERM;
		return NULL;
	}
	path = text_format("%s/%s", set->dir, name);
	file = fopen(path, "re");
	free(path);
	if (!file && errno == ENOENT && packed)
		file = fmemopen(packed->data, packed->size, "r");
	return file;
}

/* A side file that a sample names; a remark when it cannot be read. */
static FILE *open_side_file(struct result_set *set, const struct result_sample *sample,
			    const char *name)
{
	FILE *file = results_side_file(set, name);

	if (!file && errno == EPERM)
		results_remark(set, "sample %lld names a file outside its folder: %s",
			       (long long)sample->id, name);
	else if (!file)
		results_remark(set, "sample %lld: %s: %s", (long long)sample->id, name,
			       strerror(errno));
	return file;
}

bool results_add_latency(struct result_set *set, const struct result_sample *sample,
			 const char *kind, struct distribution *d)
{
	json_t *latency = results_value(sample->json, FIELD_latency);
	json_t *summary = json_object_get(json_object_get(latency, "kinds"), kind);
	char line[256], row_kind[32];
	double from, to, max;
	unsigned long long count;
	FILE *file;

	if (!json_is_object(summary))
		return true;
	file = open_side_file(set, sample, json_field_text(latency, "file"));
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%31[^\t]\t%lf\t%lf\t%llu", row_kind, &from, &to, &count) ==
			    4 &&
		    !strcmp(row_kind, kind))
			distribution_add(d, from, to, count);
	fclose(file);
	max = json_field_number(summary, "max");
	if (max > d->max_ns)
		d->max_ns = max;
	return true;
}

static double cell_number(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	return end == text ? NAN : value;
}

size_t results_timeline(struct result_set *set, const struct result_sample *sample,
			struct timeline_row **rows)
{
	static const char *const columns[] = {"ms", "rss_bytes", "anon_bytes", "live_bytes"};
	const char *name = results_text(sample->json, FIELD_timeline);
	int place[4] = {-1, -1, -1, -1};
	bool header = true;
	size_t n = 0;
	char line[1024];
	FILE *file;

	*rows = NULL;
	if (!*name || !(file = open_side_file(set, sample, name)))
		return 0;
	while (fgets(line, sizeof(line), file)) {
		double value[4] = {NAN, NAN, NAN, NAN};
		char *rest = line, *word;

		line[strcspn(line, "\r\n")] = '\0';
		for (int column = 0; (word = strsep(&rest, "\t")); column++)
			for (int k = 0; k < 4; k++) {
				if (header && !strcmp(word, columns[k]))
					place[k] = column;
				else if (!header && place[k] == column)
					value[k] = cell_number(word);
			}
		if (header) {
			header = false;
			continue;
		}
		if (isnan(value[0]) || isnan(value[1]))
			continue;
		*rows = list_grown(*rows, n, sizeof(**rows));
		(*rows)[n++] = (struct timeline_row){value[0], value[1], value[2], value[3]};
	}
	fclose(file);
	return n;
}
