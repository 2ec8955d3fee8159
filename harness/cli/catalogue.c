#include "harness/cli/verbs.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/contenders/contender.h"
#include "harness/contenders/fetch.h"
#include "harness/contenders/world.h"
#include "harness/cli/json_output.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/matrix/traces.h"
#include "workloads/shared/program.h"
#include "workloads/shared/workload.h"
#include "workloads/catalogue/workloads.h"
#include "workloads/catalogue/programs.h"

enum { KEY_JSON = 256 };

static int list_contenders(void)
{
	struct contenders all;
	char why[512];

	if (contenders_read(&all, paths_find()->contenders, why, sizeof(why)) < 0) {
		complain("%s", why);
		return STATUS_FAILED;
	}
	printf("\nAllocators (any other: --allocator NAME=/path/lib.so[,ENV=VALUE...])\n");
	for (int i = 0; i < all.count; i++) {
		struct contender *c = &all.list[i];

		contender_resolve(c);
		printf("  %-14s %s\n", c->name, c->usable ? c->path : c->reason);
		if (c->usable && c->version && *c->version)
			printf("  %-14s %s\n", "", c->version);
	}
	return STATUS_OK;
}

static void list_worlds(void)
{
	printf("\nWorlds (run --world NAME)\n  %-14s this system's own libraries\n",
	       WORLD_SYSTEM);
	for (const char *const *world = fetch_worlds; *world; world++) {
		char *text;

		world_told(paths_find()->worlds, *world, &text);
		printf("  %-14s %s\n", *world, text);
		free(text);
	}
}

static json_t *named(const char *name, const char *summary)
{
	return json_pack("{s:s, s:s}", "name", name, "summary", summary);
}

/* What is not here has the reason, what is here the file. */
static json_t *with_file(json_t *object, bool here, const char *file, const char *reason)
{
	json_object_set_new(object, "available", json_boolean(here));
	json_object_set_new(object, here ? "file" : "reason",
			    json_string(here ? file : reason));
	return object;
}

static int list_json(void)
{
	json_t *workloads = json_array(), *traces = json_array(), *programs = json_array(),
	       *worlds = json_array(), *allocators = json_array();
	struct contenders all;
	char why[512];

	if (contenders_read(&all, paths_find()->contenders, why, sizeof(why)) < 0) {
		complain("%s", why);
		return STATUS_FAILED;
	}
	for (const struct workload *const *w = workloads_all; *w; w++)
		json_array_append_new(workloads, named((*w)->name, (*w)->summary));
	for (const struct workload *const *w = traces_and_workloads(); *w; w++)
		if (traces_named((*w)->name))
			json_array_append_new(traces, named((*w)->name, (*w)->summary));
	for (const struct program *const *p = programs_all; *p; p++) {
		const char *path = (*p)->available(why, sizeof(why));

		json_array_append_new(programs, with_file(named((*p)->name, (*p)->summary),
							  path != NULL, path, why));
	}
	for (int i = 0; i < all.count; i++) {
		struct contender *c = &all.list[i];

		contender_resolve(c);
		json_array_append_new(
			allocators,
			with_file(json_pack("{s:s, s:s, s:s}", "name", c->name, "version",
					    c->version ? c->version : "", "build_id",
					    c->usable ? c->build_id : ""),
				  c->usable, c->path, c->reason));
	}
	for (const char *const *world = fetch_worlds; *world; world++) {
		char *text;
		bool here = world_told(paths_find()->worlds, *world, &text);

		json_array_append_new(worlds,
				      json_pack("{s:s, s:b, s:s}", "name", *world, "available",
						(int)here, here ? "holds" : "reason", text));
		free(text);
	}
	print_json(json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "schema", "ashlar-list 1",
			     "workloads", workloads, "traces", traces, "programs", programs,
			     "worlds", worlds, "allocators", allocators));
	return STATUS_OK;
}

static error_t take_list(int key, char *argument, struct argp_state *state)
{
	(void)argument;
	if (key != KEY_JSON)
		return ARGP_ERR_UNKNOWN;
	*(bool *)state->input = true;
	return 0;
}

int list_main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"json", KEY_JSON, NULL, 0, "the same as one JSON object", 0}, {0}};
	static const struct argp parser = {
		options, take_list,
		NULL,    "Name the workloads, the programs and the allocators.",
		NULL,    NULL,
		NULL};
	bool json = false;
	char why[256];

	argp_parse(&parser, argc, argv, 0, NULL, &json);
	if (json)
		return list_json();
	printf("Workloads\n");
	for (const struct workload *const *w = workloads_all; *w; w++)
		printf("  %-14s %s\n", (*w)->name, (*w)->summary);
	printf("\nTraces (any other: trace:FILE or trace:NAME=FILE, as `ashlar-bench record` "
	       "wrote it)\n");
	for (const struct workload *const *w = traces_and_workloads(); *w; w++)
		if (traces_named((*w)->name))
			printf("  %-14s %s\n", (*w)->name, (*w)->summary);
	printf("\nPrograms\n");
	for (const struct program *const *p = programs_all; *p; p++) {
		printf("  %-14s %s\n", (*p)->name, (*p)->summary);
		if (!(*p)->available(why, sizeof(why)))
			printf("  %-14s not here: %s\n", "", why);
	}
	list_worlds();
	return list_contenders();
}

static void show(const char *label, const char *text)
{
	if (text && *text)
		printf("%-16s %s\n", label, text);
}

static void show_words(const struct wl_word *words, const char *param)
{
	char text[200] = "";

	for (; words && words->param; words++)
		if (strcmp(words->param, param) == 0)
			snprintf(text + strlen(text), sizeof(text) - strlen(text),
				 "%s%s = %" PRId64, *text ? ", " : "", words->word,
				 words->value);
	if (*text)
		printf("  %-14s words: %s\n", "", text);
}

static void show_params(const struct wl_param *p, const struct wl_word *words)
{
	if (!p || !p->name)
		return;
	printf("\nparameters (--set NAME=VALUE)\n");
	for (; p->name; p++) {
		printf("  %-14s %s\n", p->name, p->summary);
		printf("  %-14s default %" PRId64 " (%s); %" PRId64 " to %" PRId64 "\n", "",
		       p->value, p->source ? p->source : "no source", p->min, p->max);
		show_words(words, p->name);
	}
}

static int describe_one(const char *name)
{
	const struct workload *w = workload_find(name);
	const struct program *p = program_find(name);
	char known[1600] = "", why[600];

	if (traces_named(name)) {
		w = traces_find(name, why, sizeof(why));
		if (!w)
			return complain_usage("%s", why);
	}
	if (w) {
		printf("%s: %s\n\n", w->name, w->summary);
		show("isolates", w->isolates);
		show("cannot tell", w->cannot_tell);
		show("source", w->source);
		show("touches", w->touch);
		show("unit", w->ops_unit);
		show("threads", traces_named(w->name) ? "those of the recording"
				: w->threaded ? "as many as its parameter `threads` says"
					      : "one");
		if (w->processes)
			show("processes", "starts others, whose time counts with its own");
		if (w->open_loop)
			show("open loop", "latency cells run at 50, 70 and 90 % of the "
					  "reference's capacity (load=N)");
		show_params(w->params, w->words);
		return STATUS_OK;
	}
	if (p) {
		printf("%s: %s\n\n", p->name, p->summary);
		show("isolates", p->isolates);
		show("cannot tell", p->cannot_tell);
		show("source", p->source);
		show("allocation", p->allocation_share);
		if (!p->available(why, sizeof(why)))
			show("not here", why);
		show_params(p->params, NULL);
		return STATUS_OK;
	}
	for (const struct workload *const *i = workloads_all; *i; i++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
			 *known ? ", " : "", (*i)->name);
	for (const struct program *const *i = programs_all; *i; i++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), ", %s",
			 (*i)->name);
	return complain_usage("unknown workload '%s': known are %s", name, known);
}

static error_t take(int key, char *argument, struct argp_state *state)
{
	switch (key) {
	case ARGP_KEY_ARG:
		((const char **)state->input)[state->arg_num > 7 ? 7 : state->arg_num] =
			argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		exit(complain_usage(
			"describe: a workload is needed; `ashlar-bench list` names them"));
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int describe_main(int argc, char **argv)
{
	static const struct argp parser = {NULL,
					   take,
					   "WORKLOAD...",
					   "Say what a workload does, what it isolates, where "
					   "it comes from, and its parameters.",
					   NULL,
					   NULL,
					   NULL};
	const char *names[9] = {NULL};
	int status = STATUS_OK;

	argp_parse(&parser, argc, argv, 0, NULL, names);
	for (int i = 0; names[i] && status == STATUS_OK; i++) {
		if (i)
			putchar('\n');
		status = describe_one(names[i]);
	}
	return status;
}
