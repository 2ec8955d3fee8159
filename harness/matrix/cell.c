#include "harness/matrix/cell.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"
#include "harness/matrix/traces.h"
#include "workloads/replay/workload.h"
#include "workloads/shared/procfs.h"
#include "workloads/shared/memory_fit.h"
#include "workloads/catalogue/workloads.h"
#include "workloads/catalogue/programs.h"

const char *const cell_modes[MODE_COUNT] = {
	[MODE_THROUGHPUT] = "throughput",
	[MODE_LATENCY] = "latency",
	[MODE_MEMORY] = "memory",
	[MODE_VERIFY] = "verify",
	[MODE_INSTRUCTIONS] = "instructions",
	[MODE_LOCALITY] = "locality",
	[MODE_FOOTPRINT] = "footprint",
	[MODE_SHARING] = "sharing",
};

/* Keys that are no workload's parameter. */
#define LOAD "load"
#define STEP "step_ns"
#define STEP_MOST_NS 1000000000
/* A million calls are then 20 s: what allocators give back by time is given back within a run,
 * in the ten seconds of jemalloc's decay as in a tenth of one. */
#define STEP_FOOTPRINT_NS 20000

enum cell_mode cell_mode_find(const char *name)
{
	int m = 0;

	while (m < MODE_COUNT && strcmp(name, cell_modes[m]) != 0)
		m++;
	return (enum cell_mode)m;
}

const struct wl_param *cell_params(const struct cell *cell)
{
	static const struct wl_param none = {.name = NULL};
	const struct wl_param *params =
		cell->workload ? cell->workload->params : cell->program->params;

	return params ? params : &none;
}

const char *cell_workload_name(const struct cell *cell)
{
	return cell->workload ? cell->workload->name : cell->program->name;
}

char *cell_worker_name(const struct cell *cell)
{
	const char *trace = replay_workload_path(cell->workload);

	return trace ? text_format("%s=%s", cell->workload->name, trace)
		     : text_format("%s", cell->workload->name);
}

int cell_find_param(const struct cell *cell, const char *name)
{
	const struct wl_param *params = cell_params(cell);

	for (int i = 0; params[i].name; i++)
		if (strcmp(params[i].name, name) == 0)
			return i;
	return -1;
}

static int64_t step_default(enum cell_mode mode)
{
	return mode == MODE_FOOTPRINT ? STEP_FOOTPRINT_NS : 0;
}

/* A load stands for the rate, which differs from machine to machine and would give
 * the same cell another name on each. */
static void make_name(struct cell *cell)
{
	const struct wl_param *params = cell_params(cell);
	char separator = ':', number[24];
	const char *word;
	int used = snprintf(cell->name, sizeof(cell->name), "%s", cell_workload_name(cell));

	for (int i = 0; params[i].name && used < (int)sizeof(cell->name); i++) {
		if (cell->values[i] == params[i].value ||
		    (cell->load && strcmp(params[i].name, "rate") == 0))
			continue;
		word = cell->workload
			       ? wl_word_of(cell->workload, params[i].name, cell->values[i])
			       : NULL;
		snprintf(number, sizeof(number), "%" PRId64, cell->values[i]);
		used += snprintf(cell->name + used, sizeof(cell->name) - (size_t)used,
				 "%c%s=%s", separator, params[i].name, word ? word : number);
		separator = ',';
	}
	if (cell->load && used < (int)sizeof(cell->name)) {
		used += snprintf(cell->name + used, sizeof(cell->name) - (size_t)used,
				 "%cload=%d", separator, cell->load);
		separator = ',';
	}
	if (cell->step_ns != step_default(cell->mode) && used < (int)sizeof(cell->name))
		snprintf(cell->name + used, sizeof(cell->name) - (size_t)used,
			 "%c" STEP "=%" PRId64, separator, cell->step_ns);
}

bool cell_init(struct cell *cell, const char *workload, enum cell_mode mode)
{
	const struct wl_param *params;
	char why[256];

	memset(cell, 0, sizeof(*cell));
	cell->mode = mode;
	cell->blocks = 1;
	cell->step_ns = step_default(mode);
	cell->workload = traces_named(workload) ? traces_find(workload, why, sizeof(why))
						: workload_find(workload);
	if (command_named(workload))
		cell->command = command_find(workload);
	if (!cell->workload)
		cell->program =
			cell->command ? &cell->command->program : program_find(workload);
	if (!cell->workload && !cell->program)
		return false;
	params = cell_params(cell);
	for (int i = 0; params[i].name; i++)
		cell->values[i] = params[i].value;
	make_name(cell);
	return true;
}

static bool takes_load(const struct cell *cell, const char *key)
{
	return strcmp(key, LOAD) == 0 && cell->workload && cell->workload->open_loop &&
	       cell->mode == MODE_LATENCY;
}

static bool takes_step(const struct cell *cell, const char *key)
{
	return strcmp(key, STEP) == 0 && cell->workload &&
	       (cell->mode == MODE_INSTRUCTIONS || cell->mode == MODE_LOCALITY ||
		cell->mode == MODE_FOOTPRINT || cell->mode == MODE_SHARING);
}

bool cell_takes(const struct cell *cell, const char *key)
{
	return cell_find_param(cell, key) >= 0 || takes_load(cell, key) ||
	       takes_step(cell, key);
}

static int set_one(struct cell *cell, const char *key, const char *text, char *why,
		   size_t why_size)
{
	const struct wl_param *params = cell_params(cell);
	int64_t value, min = 1, max = 100;
	int i = cell_find_param(cell, key);
	bool is_load = takes_load(cell, key), is_step = takes_step(cell, key);
	char *end;

	if (!cell_takes(cell, key)) {
		char known[400] = "";

		for (int k = 0; params[k].name; k++)
			snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
				 k ? ", " : "", params[k].name);
		return because(why, why_size, "%s has no parameter '%s': %s%s",
			       cell_workload_name(cell), key,
			       *known ? "known are " : "it has none", known);
	}
	if (i >= 0 && cell->workload && wl_word_value(cell->workload, key, text, &value)) {
		cell->values[i] = value;
		make_name(cell);
		return 0;
	}
	errno = 0;
	value = strtoll(text, &end, 10);
	if (is_step) {
		min = 0;
		max = STEP_MOST_NS;
	} else if (!is_load) {
		min = params[i].min;
		max = params[i].max;
	}
	if (errno || end == text || *end || value < min || value > max) {
		char words[400];

		if (i >= 0 && cell->workload &&
		    wl_words_named(cell->workload, key, words, sizeof(words)))
			return because(why, why_size, "'%s=%s': %s takes %s", key, text,
				       cell_workload_name(cell), words);
		return because(why, why_size,
			       "'%s=%s': %s takes integers from %" PRId64 " to %" PRId64, key,
			       text, cell_workload_name(cell), min, max);
	}
	if (is_step)
		cell->step_ns = value;
	else if (is_load)
		cell->load = (int)value;
	else
		cell->values[i] = value;
	make_name(cell);
	return 0;
}

int cell_set(struct cell *cell, const char *settings, char *why, size_t why_size)
{
	const char *p = settings;

	while (*p) {
		size_t length = strcspn(p, ","), key_length = strcspn(p, "=,");
		char *key, *value;
		int result;

		if (key_length == 0 || p[key_length] != '=')
			return because(why, why_size, "'%s': KEY=VALUE is needed", settings);
		key = text_format("%.*s", (int)key_length, p);
		value = text_format("%.*s", (int)(length - key_length - 1), p + key_length + 1);
		result = set_one(cell, key, value, why, why_size);
		free(key);
		free(value);
		if (result < 0)
			return -1;
		p += length;
		if (*p == ',')
			p++;
	}
	return 0;
}

int cell_check_room(const struct cell *cell, char *why, size_t why_size)
{
	return cell->workload
		       ? room_check(cell->workload, cell->values, procfs_memory_available(),
				    procfs_memory_installed(), why, why_size)
		       : 0;
}

uint64_t cell_total_bytes(const struct cell *cell)
{
	struct wl_run run = {.workload = cell->workload};

	if (!cell->workload || !cell->workload->total_bytes)
		return 0;
	memcpy(run.values, cell->values, sizeof(run.values));
	return cell->workload->total_bytes(&run);
}
