#include "harness/run/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"
#include "harness/matrix/traces.h"
#include "harness/trial/sample.h"

/* Where a trace lies, and what it holds: its name tells neither. */
static json_t *trace_to_json(const struct workload *w)
{
	const char *sha256 = traces_sha256(w);

	return sha256 ? json_pack("{s:s, s:s}", "path", traces_path(w), "sha256", sha256)
		      : json_null();
}

static json_t *command_to_json(const struct command *command)
{
	json_t *o = json_object();

	for (int k = 0; k < COMMAND_KEYS; k++)
		if (command->text[k])
			json_object_set_new(o, command_keys[k], json_string(command->text[k]));
	return o;
}

/* Adds the command that a cell runs, unless an earlier cell did. */
static int command_from_json(const char *name, json_t *o, char *why, size_t why_size)
{
	struct command draft = {.name = NULL};
	const char *key;
	json_t *value;

	if (command_find(name))
		return 0;
	json_object_foreach(o, key, value) {
		enum command_key k = command_key_find(key);

		if (k == COMMAND_KEYS || !json_is_string(value))
			return because(why, why_size,
				       "cell %s: this version knows no '%s' of "
				       "a command",
				       name, key);
		if (command_set(&draft, k, json_string_value(value), why, why_size) < 0)
			return -1;
	}
	return command_add(&draft, why, why_size);
}

static json_t *cell_to_json(const struct cell *cell)
{
	json_t *o = json_object();
	const struct program *p = cell->program;
	const struct workload *w = cell->workload;
	const char *unit = w ? w->ops_unit : NULL; /* a program's unit is in its samples */

	json_object_set_new(o, "cell", json_string(cell->name));
	json_object_set_new(o, "workload", json_string(cell_workload_name(cell)));
	json_object_set_new(o, "kind", json_string(w ? "workload" : "program"));
	json_object_set_new(o, "params", sample_params(cell, cell->values));
	json_object_set_new(o, "summary", json_string(w ? w->summary : p->summary));
	json_object_set_new(o, "isolates", json_string(w ? w->isolates : p->isolates));
	json_object_set_new(o, "cannot_tell", json_string(w ? w->cannot_tell : p->cannot_tell));
	json_object_set_new(o, "source", json_string(w ? w->source : p->source));
	json_object_set_new(o, "trace", trace_to_json(w));
	json_object_set_new(o, "mode", json_string(cell_modes[cell->mode]));
	json_object_set_new(o, "ops_unit", unit ? json_string(unit) : json_null());
	json_object_set_new(o, "blocks", json_integer(cell->blocks));
	json_object_set_new(o, "load", cell->load ? json_integer(cell->load) : json_null());
	json_object_set_new(o, "step_ns",
			    cell_takes(cell, "step_ns") ? json_integer(cell->step_ns)
							: json_null());
	json_object_set_new(o, "again", json_boolean(cell->again));
	if (cell->command)
		json_object_set_new(o, "command", command_to_json(cell->command));
	return o;
}

static json_t *string_or_null(const char *text)
{
	return *text ? json_string(text) : json_null();
}

static json_t *contender_to_json(const struct contender *c)
{
	json_t *o = json_object(), *env = json_object();

	for (int i = 0; i < c->nenv; i++) {
		const char *equals = strchr(c->env[i], '=');
		char *name = text_format("%.*s", (int)(equals - c->env[i]), c->env[i]);

		json_object_set_new(env, name, json_string(equals + 1));
		free(name);
	}
	json_object_set_new(o, "name", json_string(c->name));
	json_object_set_new(o, "library", json_string(c->library));
	json_object_set_new(o, "package", c->package ? json_string(c->package) : json_null());
	json_object_set_new(o, "env", env);
	json_object_set_new(o, "notes", json_string(c->notes ? c->notes : ""));
	json_object_set_new(o, "reuses", json_boolean(c->reuses));
	json_object_set_new(o, "version", json_string(c->version ? c->version : ""));
	json_object_set_new(o, "build_id", json_string(c->build_id));
	json_object_set_new(o, "sha256", string_or_null(c->sha256));
	json_object_set_new(o, "archive_suite", string_or_null(c->archive_suite));
	json_object_set_new(o, "archive_date", string_or_null(c->archive_date));
	json_object_set_new(o, "file", json_string(c->path ? c->path : ""));
	json_object_set_new(o, "status",
			    json_string(!c->usable  ? "skipped"
					: c->failed ? "failed"
						    : "ok"));
	json_object_set_new(o, "reason", json_string(c->reason));
	return o;
}

static json_t *world_to_json(const struct manifest *m)
{
	json_t *o = json_object();

	json_object_set_new(o, "name", json_string(m->world));
	json_object_set_new(o, "libc", json_string(m->libc));
	json_object_set(o, "packages", m->world_packages ? m->world_packages : json_null());
	return o;
}

/* Sets of before there were worlds were made in the system's own. */
static void world_from_json(struct manifest *m, json_t *o)
{
	const char *name = WORLD_SYSTEM, *libc = "";

	json_unpack(o, "{s?s, s?s}", "name", &name, "libc", &libc);
	snprintf(m->world, sizeof(m->world), "%s", name);
	snprintf(m->libc, sizeof(m->libc), "%s", libc);
	if (json_is_array(json_object_get(o, "packages")))
		m->world_packages = json_incref(json_object_get(o, "packages"));
}

json_t *manifest_to_json(const struct manifest *m)
{
	json_t *o = json_object(), *cells = json_array(), *contenders = json_array();

	for (int i = 0; i < m->ncells; i++)
		json_array_append_new(cells, cell_to_json(&m->cells[i]));
	for (int i = 0; i < m->ncontenders; i++)
		json_array_append_new(contenders, contender_to_json(&m->contenders[i]));
	json_object_set_new(o, "schema", json_integer(SAMPLE_SCHEMA));
	json_object_set_new(o, "suite_version", json_string(SUITE_VERSION));
	json_object_set_new(o, "suite", json_string(m->suite));
	json_object_set(o, "command", m->command);
	json_object_set_new(o, "seed", json_integer((json_int_t)m->seed));
	json_object_set_new(o, "started", json_string(m->started));
	json_object_set_new(o, "finished",
			    *m->finished ? json_string(m->finished) : json_null());
	json_object_set_new(o, "host", json_string(m->host));
	json_object_set_new(o, "revision", json_string(m->revision));
	json_object_set_new(o, "blocks", json_integer(m->blocks));
	json_object_set_new(o, "budget_s",
			    m->budget_s ? json_integer(m->budget_s) : json_null());
	json_object_set_new(o, "timeout_s",
			    m->timeout_s ? json_integer(m->timeout_s) : json_null());
	json_object_set_new(o, "world", world_to_json(m));
	json_object_set_new(o, "keep_dumps", json_boolean(m->keep_dumps));
	json_object_set_new(o, "contenders", contenders);
	json_object_set_new(o, "cells", cells);
	json_object_set(o, "capacity", m->capacity);
	json_object_set(o, "counters", m->counters);
	json_object_set(o, "environment", m->environment);
	json_object_set(o, "unfinished", m->unfinished);
	if (m->stages)
		json_object_set(o, "stages", m->stages);
	if (m->shard)
		json_object_set(o, "shard", m->shard);
	if (m->merged)
		json_object_set(o, "merged", m->merged);
	return o;
}

int manifest_reference(const struct manifest *m)
{
	for (int i = 0; i < m->ncontenders; i++)
		if (strcmp(m->contenders[i].name, "glibc") == 0)
			return i;
	for (int i = 0; i < m->ncontenders; i++)
		if (m->contenders[i].reuses)
			return i;
	return 0;
}

const char *manifest_node(const struct manifest *m)
{
	return json_string_value(json_object_get(json_object_get(m->shard, "node"), "name"));
}

/* The turns of the whole plan. */
static void make_schedule(const struct manifest *m, struct schedule *s)
{
	int *blocks = calloc((size_t)m->ncells + 1, sizeof(*blocks));
	bool *again = calloc((size_t)m->ncells + 1, sizeof(*again));
	json_t *stage, *number;
	size_t i, k;

	if (!blocks || !again)
		out_of_memory();
	if (!m->stages) {
		schedule_make(s, m->cells, m->ncells, m->ncontenders, m->seed);
		free(again);
		free(blocks);
		return;
	}
	for (int cell = 0; cell < m->ncells; cell++)
		again[cell] = m->cells[cell].again;
	schedule_begin(s, manifest_reference(m), m->seed);
	s->again = again;
	json_array_foreach(m->stages, i, stage) {
		json_t *list = json_object_get(stage, "blocks");

		json_array_foreach(list, k, number)
			blocks[k] = (int)json_integer_value(number);
		schedule_extend(s, blocks, (int)json_array_size(list),
				(int)json_integer_value(json_object_get(stage, "contenders")));
	}
	s->again = NULL;
	free(again);
	free(blocks);
}

void manifest_schedule(const struct manifest *m, struct schedule *s)
{
	int first, turns;

	make_schedule(m, s);
	if (m->shard &&
	    json_unpack(m->shard, "{s:i, s:i}", "first_turn", &first, "turns", &turns) == 0)
		schedule_keep(s, first, turns);
}

void manifest_note_stage(struct manifest *m, const char *started, json_t *command,
			 const char *revision)
{
	json_t *blocks = json_array();

	for (int i = 0; i < m->ncells; i++)
		json_array_append_new(blocks, json_integer(m->cells[i].blocks));
	if (!m->stages)
		m->stages = json_array();
	json_array_append_new(m->stages,
			      json_pack("{s:s, s:O, s:s, s:i, s:o}", "started", started,
					"command", command, "revision", revision, "contenders",
					m->ncontenders, "blocks", blocks));
}

/* What a schedule is made from must not lead out of the lists of cells and contenders: every
 * stage names no fewer than the one before, the last all. */
static bool stages_fit(const struct manifest *m)
{
	size_t i, k, cells = 0;
	json_int_t contenders = 0;
	json_t *stage, *number;

	json_array_foreach(m->stages, i, stage) {
		json_t *blocks = json_object_get(stage, "blocks");
		json_int_t n = json_integer_value(json_object_get(stage, "contenders"));

		if (json_array_size(blocks) < cells || n < contenders || n > m->ncontenders ||
		    json_array_size(blocks) > (size_t)m->ncells)
			return false;
		cells = json_array_size(blocks);
		contenders = n;
		json_array_foreach(blocks, k, number)
			if (json_integer_value(number) < 1 ||
			    json_integer_value(number) > m->cells[k].blocks)
				return false;
	}
	return !m->stages || (cells == (size_t)m->ncells && contenders == m->ncontenders);
}

/* Nor out of the list of turns. */
static bool shard_fits(const struct manifest *m)
{
	struct schedule s;
	int first, turns;
	bool fits;

	if (!m->shard)
		return true;
	if (json_unpack(m->shard, "{s:i, s:i}", "first_turn", &first, "turns", &turns) < 0)
		return false;
	make_schedule(m, &s);
	fits = first >= 0 && turns >= 1 && first < s.count && turns <= s.count - first;
	schedule_free(&s);
	return fits;
}

/* Nothing to do where it is null or not there. */
static int set_from(struct cell *cell, const char *key, json_t *value, char *why,
		    size_t why_size)
{
	char *setting;
	int result;

	if (!json_is_integer(value))
		return 0;
	setting = text_format("%s=%lld", key, (long long)json_integer_value(value));
	result = cell_set(cell, setting, why, why_size);
	free(setting);
	return result;
}

static int cell_from_json(struct cell *cell, json_t *o, char *why, size_t why_size)
{
	const char *name, *workload, *mode, *key;
	json_t *params, *value, *trace = json_object_get(o, "trace");
	const char *path, *sha256;
	int blocks;

	if (json_unpack(o, "{s:s, s:s, s:s, s:o, s:i}", "cell", &name, "workload", &workload,
			"mode", &mode, "params", &params, "blocks", &blocks) < 0)
		return because(why, why_size,
			       "a cell lacks its name, workload, mode, params or blocks");
	if (cell_mode_find(mode) == MODE_COUNT)
		return because(why, why_size, "cell %s: unknown mode '%s'", name, mode);
	if (json_unpack(trace, "{s:s, s:s}", "path", &path, "sha256", &sha256) == 0 &&
	    traces_expect(workload, path, sha256, why, why_size) < 0)
		return -1;
	if (json_is_object(json_object_get(o, "command")) &&
	    command_from_json(workload, json_object_get(o, "command"), why, why_size) < 0)
		return -1;
	if (!cell_init(cell, workload, cell_mode_find(mode)))
		return because(why, why_size, "cell %s: this version has no workload '%s'",
			       name, workload);
	json_object_foreach(params, key, value) {
		if (set_from(cell, key, value, why, why_size) < 0)
			return -1;
	}
	if (set_from(cell, "load", json_object_get(o, "load"), why, why_size) < 0 ||
	    set_from(cell, "step_ns", json_object_get(o, "step_ns"), why, why_size) < 0)
		return -1;
	cell->blocks = blocks;
	cell->again = json_is_true(json_object_get(o, "again"));
	if (blocks < 1 || strcmp(cell->name, name) != 0)
		return because(why, why_size, "cell %s: means %s to this version", name,
			       cell->name);
	return 0;
}

/* What older sets lack, or nobody knew, stays empty. */
static void take_text(const json_t *o, const char *key, char *text, size_t size)
{
	const char *value = json_string_value(json_object_get(o, key));

	snprintf(text, size, "%s", value ? value : "");
}

static int contender_from_json(struct contender *c, json_t *o, char *why, size_t why_size)
{
	const char *name, *library, *key, *build_id, *version;
	json_t *env, *value, *package = json_object_get(o, "package");

	if (json_unpack(o, "{s:s, s:s, s:o, s:s, s:s}", "name", &name, "library", &library,
			"env", &env, "build_id", &build_id, "version", &version) < 0)
		return because(why, why_size,
			       "a contender lacks its name, library, env, build_id or version");
	memset(c, 0, sizeof(*c));
	c->name = text_format("%s", name);
	c->library = text_format("%s", library);
	if (json_is_string(package))
		c->package = text_format("%s", json_string_value(package));
	c->notes = text_format("%s", json_is_string(json_object_get(o, "notes"))
					     ? json_string_value(json_object_get(o, "notes"))
					     : "");
	c->reuses = !json_is_false(json_object_get(o, "reuses"));
	c->selected = true;
	c->configuration = strchr(name, ':') != NULL;
	snprintf(c->build_id, sizeof(c->build_id), "%s", build_id);
	take_text(o, "sha256", c->sha256, sizeof(c->sha256));
	take_text(o, "archive_suite", c->archive_suite, sizeof(c->archive_suite));
	take_text(o, "archive_date", c->archive_date, sizeof(c->archive_date));
	json_object_foreach(env, key, value) {
		if (c->nenv == CONTENDER_ENV || !json_is_string(value))
			return because(why, why_size,
				       "contender %s: its env is no list of variables", name);
		c->env[c->nenv++] = text_format("%s=%s", key, json_string_value(value));
	}
	return 0;
}

int manifest_from_json(struct manifest *m, const json_t *object, char *why, size_t why_size)
{
	json_t *o = (json_t *)object, *cells, *contenders, *part;
	const char *suite, *started, *host, *revision, *version;
	json_int_t seed;
	int schema;
	size_t i;

	memset(m, 0, sizeof(*m));
	if (json_unpack(o, "{s:i, s:s, s:s, s:I, s:s, s:s, s:s, s:o, s:o}", "schema", &schema,
			"suite_version", &version, "suite", &suite, "seed", &seed, "started",
			&started, "host", &host, "revision", &revision, "cells", &cells,
			"contenders", &contenders) < 0)
		return because(why, why_size, "not the manifest of a run set");
	if (schema != SAMPLE_SCHEMA ||
	    strtol(version, NULL, 10) != strtol(SUITE_VERSION, NULL, 10))
		return because(why, why_size, "made by suite version %s, this is %s", version,
			       SUITE_VERSION);
	snprintf(m->suite, sizeof(m->suite), "%s", suite);
	snprintf(m->started, sizeof(m->started), "%s", started);
	snprintf(m->host, sizeof(m->host), "%s", host);
	snprintf(m->revision, sizeof(m->revision), "%s", revision);
	if (json_is_string(json_object_get(o, "finished")))
		snprintf(m->finished, sizeof(m->finished), "%s",
			 json_string_value(json_object_get(o, "finished")));
	world_from_json(m, json_object_get(o, "world"));
	m->seed = (uint64_t)seed;
	m->blocks = (int)json_integer_value(json_object_get(o, "blocks"));
	m->budget_s = (int)json_integer_value(json_object_get(o, "budget_s"));
	m->timeout_s = (int)json_integer_value(json_object_get(o, "timeout_s"));
	m->keep_dumps = json_is_true(json_object_get(o, "keep_dumps"));
	m->cells = calloc(json_array_size(cells) + 1, sizeof(m->cells[0]));
	m->contenders = calloc(json_array_size(contenders) + 1, sizeof(m->contenders[0]));
	m->command = json_incref(json_object_get(o, "command"));
	m->capacity = json_incref(json_object_get(o, "capacity"));
	m->counters = json_incref(json_object_get(o, "counters"));
	m->environment = json_incref(json_object_get(o, "environment"));
	m->unfinished = json_copy(json_object_get(o, "unfinished"));
	if (!json_is_array(m->unfinished)) {
		json_decref(m->unfinished);
		m->unfinished = json_array();
	}
	if (json_is_array(json_object_get(o, "stages")))
		m->stages = json_incref(json_object_get(o, "stages"));
	if (json_is_object(json_object_get(o, "shard")))
		m->shard = json_incref(json_object_get(o, "shard"));
	if (json_is_object(json_object_get(o, "merged")))
		m->merged = json_incref(json_object_get(o, "merged"));
	if (!m->cells || !m->contenders || !json_is_object(m->capacity) ||
	    !json_is_object(m->environment)) {
		manifest_free(m);
		return because(why, why_size, "not the manifest of a run set");
	}
	json_array_foreach(cells, i, part) {
		if (cell_from_json(&m->cells[m->ncells++], part, why, why_size) < 0)
			goto failed;
	}
	json_array_foreach(contenders, i, part) {
		if (contender_from_json(&m->contenders[m->ncontenders++], part, why, why_size) <
		    0)
			goto failed;
	}
	if (stages_fit(m) && shard_fits(m))
		return 0;
	because(why, why_size, "%s",
		stages_fit(m) ? "its shard has turns that its plan lacks"
			      : "its stages do not fit its cells and "
				"contenders");
failed:
	manifest_free(m);
	return -1;
}

void manifest_free(struct manifest *m)
{
	for (int i = 0; i < m->ncontenders; i++)
		contender_free(&m->contenders[i]);
	free(m->contenders);
	free(m->cells);
	json_decref(m->command);
	json_decref(m->capacity);
	json_decref(m->counters);
	json_decref(m->environment);
	json_decref(m->unfinished);
	json_decref(m->world_packages);
	json_decref(m->stages);
	json_decref(m->shard);
	json_decref(m->merged);
	memset(m, 0, sizeof(*m));
}
