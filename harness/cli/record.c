#include "harness/cli/verbs.h"

#include <argp.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/cli/number.h"
#include "harness/contenders/choice.h"
#include "harness/record/recording.h"
#include "workloads/trace/writer.h"

struct options {
	const char *out, *with;
	char **command;
	int level;
	uint64_t most;
	bool own_only, co_scheduled, loop;
};

enum { KEY_EVENTS = 256, KEY_LEVEL, KEY_OWN, KEY_CO, KEY_LOOP, KEY_WITH };

static const struct argp_option table[] = {
	{"out", 'o', "FILE", 0, "the trace of the command's own process (default: NAME.trace)",
	 0},
	{"with", KEY_WITH, "ALLOCATOR", 0,
	 "run it under this allocator: a name, or NAME=/path/lib.so[,ENV=VALUE...]", 0},
	{"events", KEY_EVENTS, "N", 0, "let a trace end after N events", 0},
	{"level", KEY_LEVEL, "N", 0, "pack it with zstd's level N, 1 to 19 (default: 12)", 0},
	{"own-process", KEY_OWN, NULL, 0,
	 "keep only FILE: nothing of child processes or from before an exec", 0},
	{"co-scheduled", KEY_CO, NULL, 0,
	 "mark the trace: more ran than there are CPUs, so its times are stretched", 0},
	{"loop", KEY_LOOP, NULL, OPTION_HIDDEN, "", 0},
	{0},
};

static error_t take(int key, char *argument, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'o':
		o->out = argument;
		break;
	case KEY_WITH:
		o->with = argument;
		break;
	case KEY_EVENTS:
		o->most = (uint64_t)number_whole("record: --events", argument, 1, INT64_MAX);
		break;
	case KEY_LEVEL:
		o->level = (int)number_whole("record: --level", argument, 1, 19);
		break;
	case KEY_OWN:
		o->own_only = true;
		break;
	case KEY_CO:
		o->co_scheduled = true;
		break;
	case KEY_LOOP:
		o->loop = true;
		break;
	case ARGP_KEY_ARGS:
		o->command = state->argv + state->next;
		state->next = state->argc;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp parser = {
	.options = table,
	.parser = take,
	.args_doc = "[--] COMMAND [ARGUMENT...]",
	.doc = "Record every call of the allocator that a command makes, with its threads and "
	       "times."
	       "\vThe command's own process goes into FILE; each process that it forks or "
	       "starts "
	       "into FILE with its pid before the last dot. What a process allocated before it "
	       "called exec goes into a file with the number of that image, too. The exit "
	       "status is the "
	       "command's (128 + N if signal N ended it); 1 if a trace could not be written, 2 "
	       "for "
	       "wrong usage, 126 or 127 if the command could not be started.",
};

/* Exactly one allocator, usable here. */
static struct contender *choose(struct contenders *all, const char *argument)
{
	struct contender *found = NULL;
	char why[1024];

	if (contenders_read(all, paths_find()->contenders, why, sizeof(why)) < 0) {
		complain("%s", why);
		exit(STATUS_FAILED);
	}
	if (contenders_select(all, argument, why, sizeof(why)) < 0)
		exit(complain_usage("record: %s", why));
	for (int i = 0; i < all->count; i++) {
		if (!all->list[i].selected)
			continue;
		if (found)
			exit(complain_usage(
				"record: --with %s: one allocator is needed, and both "
				"%s and %s are meant",
				argument, found->name, all->list[i].name));
		found = &all->list[i];
	}
	if (!found)
		exit(complain_usage("record: --with %s: one allocator is needed", argument));
	contender_resolve(found);
	if (!found->usable)
		exit(complain_usage("record: allocator '%s': %s", found->name, found->reason));
	return found;
}

/* The raw files lie beside the trace: what has room for one has room for the other, and
 * a recorded program that changed its user may still write there. */
static char *make_folder(const char *out)
{
	char *copy = text_format("%s", out), absolute[PATH_MAX], *folder;

	if (!realpath(dirname(copy), absolute)) {
		complain("record: %s: %s", out, strerror(errno));
		free(copy);
		return NULL;
	}
	free(copy);
	copy = text_format("%s", out);
	folder = text_format("%s/%s.raw-XXXXXX", absolute, basename(copy));
	free(copy);
	if (!mkdtemp(folder) || chmod(folder, 01777) != 0) {
		complain("record: %s: %s", folder, strerror(errno));
		free(folder);
		return NULL;
	}
	return folder;
}

static int record(struct recording *r)
{
	int status;

	r->folder = make_folder(r->out);
	if (!r->folder)
		return STATUS_FAILED;
	status = recording_run(r);
	if (status == 0) {
		if (recording_convert(r))
			status = STATUS_FAILED;
		else if (WIFEXITED(r->status))
			status = WEXITSTATUS(r->status);
		else
			status = 128 + WTERMSIG(r->status);
		recording_price(r);
	}
	file_remove_tree(r->folder);
	free(r->folder);
	return status;
}

int record_main(int argc, char **argv)
{
	struct options o = {0};
	struct contenders all = {0};
	struct recording r;
	char *given_name = NULL, why[600];
	int status;

	argp_parse(&parser, argc, argv, ARGP_IN_ORDER, NULL, &o);
	if (o.loop)
		return recording_loop();
	if (!o.command || !*o.command)
		return complain_usage("record: a command to record is needed");
	if (o.out && !*o.out)
		return complain_usage("record: --out '': the name of a file is needed");
	if (!o.out) {
		char *copy = text_format("%s", *o.command);

		o.out = given_name = text_format("%s.trace", basename(copy));
		free(copy);
	}
	r = (struct recording){
		.out = o.out,
		.command = o.command,
		.with = o.with ? choose(&all, o.with) : NULL,
		.level = o.level,
		.most = o.most,
		.children = !o.own_only,
		.co_scheduled = o.co_scheduled,
		.recorder = text_format("%s/libashlar-record.so", paths_find()->libraries[0]),
	};
	if (!file_exists(r.recorder)) {
		complain("record: %s is missing", r.recorder);
		return STATUS_FAILED;
	}
	if (trace_may_take(r.out, why, sizeof(why))) {
		complain("record: %s", why);
		return STATUS_FAILED;
	}
	status = record(&r);
	for (int i = 0; i < all.count; i++)
		contender_free(&all.list[i]);
	free(all.list);
	free(r.recorder);
	free(given_name);
	return status;
}
