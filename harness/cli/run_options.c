#include "harness/cli/run_options.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"
#include "harness/cli/number.h"
#include "harness/cli/run_job.h"
#include "harness/run/counting.h"

enum {
	KEY_SEED = 256,
	KEY_WORLD,
	KEY_DRY_RUN,
	KEY_NO_REPORT,
	KEY_TIMEOUT,
	KEY_STRICT,
	KEY_ONLY,
	KEY_NO_REPEAT,
	KEY_KEEP_DUMPS,
	KEY_COUNTERS,
	KEY_AGAIN,
	KEY_JOB,
	KEY_COMMAND /* and those of its keys behind it */
};

static const struct argp_option table[] = {
	{"suite", 's', "NAME", 0,
	 "quick (default, 10 minutes), verdict (half an hour) or full (everything)", 0},
	{"workload", 'w', "GLOB,...", 0,
	 "only these workloads, programs and traces (trace:FILE, trace:NAME=FILE); may be "
	 "repeated",
	 0},
	{"allocator", 'a', "LIST", 0,
	 "beside the suite's allocators: NAME=/path/lib.so[,ENV=VALUE...] adds another, !GLOB "
	 "leaves out; may be repeated",
	 0},
	{"only", KEY_ONLY, "LIST", 0,
	 "nothing but these allocators: GLOB, !GLOB or NAME=/path/lib.so[,ENV=VALUE...]; may "
	 "be "
	 "repeated",
	 0},
	{"world", KEY_WORLD, "NAME", 0,
	 "on whose C library: stable (default, this system's own) or one that `fetch --world` "
	 "unpacked (unstable)",
	 0},
	{"mode", 'm', "MODE,...", 0,
	 "only these kinds of cells: throughput, latency, memory, instructions (the clock held "
	 "still), locality (of one thread, likewise), sharing (of several, by turns); and "
	 "verify "
	 "and footprint (resident memory by the number of calls, in one thread), which are in "
	 "no suite",
	 0},
	{"set", 'p', "KEY=VALUE,...", 0,
	 "parameters of the workloads that have them; may be repeated", 0},
	{"blocks", 'n', "N", 0,
	 "blocks of each throughput cell, or of the modes named by --mode", 0},
	{"budget", 'b', "TIME", 0, "as many blocks as fit into 90s, 10m or 2h", 0},
	{"out", 'o', "DIR", 0, "folder of the results (default: results/DATE-HOST-REVISION)",
	 0},
	{"resume", 'r', NULL, 0,
	 "complete an interrupted run set: that of --out or of the argument DIR, else the "
	 "newest; with --blocks, --workload or --allocator add to it, finished or not",
	 0},
	{"no-repeat", KEY_NO_REPEAT, NULL, 0,
	 "keep blocks that others disturbed as they are, instead of repeating them", 0},
	{"again", KEY_AGAIN, NULL, 0,
	 "the reference runs twice in every block of every throughput cell (A/A), not only in "
	 "the suite's four",
	 0},
	{"seed", KEY_SEED, "N", 0, "of orders and workloads (default: drawn)", 0},
	{"timeout", KEY_TIMEOUT, "TIME", 0, "of one sample (default: what the workload says)",
	 0},
	{"dry-run", KEY_DRY_RUN, NULL, 0, "say what would be measured, and end", 0},
	{"strict", KEY_STRICT, NULL, 0,
	 "exit status 1 when any sample failed (default: when all of an allocator's did)", 0},
	{"keep-dumps", KEY_KEEP_DUMPS, NULL, 0,
	 "keep what callgrind wrote of each sample of mode instructions, for `explain`", 0},
	{"counters", KEY_COUNTERS, "SET,...", 0,
	 "core, tlb, cache (default: these three), numa, software: events, a set a block in "
	 "turn; callgrind, locality, lackey: cells of modes instructions (with simulated "
	 "caches "
	 "and branches), locality and sharing (with what the allocator touches for itself)",
	 0},
	{"quiet", 'q', NULL, 0, "no progress", 0},
	{"no-report", KEY_NO_REPORT, NULL, 0,
	 "leave the report to a later `ashlar-bench report DIR`", 0},
	{"job", KEY_JOB, "FILE", 0,
	 "what this job file says; options behind it have the last word; may be repeated", 0},
	{0, 0, 0, 0, "Any command as a workload (each --command begins another):", 1},
	{"command", KEY_COMMAND + COMMAND_LINE, "CMD", 0,
	 "the command line; by a shell where it needs one, then with --measure", 1},
	{"name", KEY_COMMAND + COMMAND_NAME, "N", 0,
	 "of its cell, command:N (default: the program's)", 1},
	{"prepare", KEY_COMMAND + COMMAND_PREPARE, "CMD", 0,
	 "run before each sample, without the allocator", 1},
	{"cleanup", KEY_COMMAND + COMMAND_CLEANUP, "CMD", 0, "and after each", 1},
	{"server", KEY_COMMAND + COMMAND_SERVER, NULL, 0,
	 "it serves until it is ended: --ready and --load are needed", 1},
	{"ready", KEY_COMMAND + COMMAND_READY, "CMD", 0,
	 "exits with 0 once the server serves; asked again and again", 1},
	{"load", KEY_COMMAND + COMMAND_LOAD, "CMD", 0,
	 "what the server serves; its end is that of the sample", 1},
	{"measure", KEY_COMMAND + COMMAND_MEASURE, "PROCESS", 0,
	 "name of the one process that has the allocator and is measured", 1},
	{"output", KEY_COMMAND + COMMAND_OUTPUT, "compare|ignore", 0,
	 "with what a run without any preloaded allocator prints (default: compare)", 1},
	{"directory", KEY_COMMAND + COMMAND_DIRECTORY, "DIR", 0,
	 "where all of these run (default: here)", 1},
	{0},
};

static const char *keep(const char **list, int *count, const char *argument, const char *option)
{
	if (*count == REQUEST_ARGUMENTS)
		exit(complain_usage("%s is given more than %d times", option,
				    REQUEST_ARGUMENTS));
	return list[(*count)++] = argument;
}

static void take_modes(struct suite_choice *choice, const char *argument)
{
	for (const char *p = argument;; p++) {
		size_t length = strcspn(p, ",");
		char *name = text_format("%.*s", (int)length, p);
		enum cell_mode mode = cell_mode_find(name);

		if (mode == MODE_COUNT)
			exit(complain_usage(
				"unknown mode '%s': throughput, latency, memory, verify, "
				"instructions, locality, footprint and sharing are known",
				name));
		choice->modes[mode] = choice->modes_given = true;
		free(name);
		p += length;
		if (!*p)
			return;
	}
}

static void end_draft(struct run_request *o)
{
	char why[700];

	if (command_begun(&o->draft) && command_add(&o->draft, why, sizeof(why)) < 0)
		exit(complain_usage("%s", why));
	o->draft = (struct command){.name = NULL};
}

static void take_command(struct run_request *o, enum command_key key, const char *argument)
{
	char why[700];

	if (key == COMMAND_LINE && o->draft.text[COMMAND_LINE])
		end_draft(o);
	if (command_set(&o->draft, key, argument ? argument : "yes", why, sizeof(why)) < 0)
		exit(complain_usage("%s", why));
}

/* The commands are meant beside the workloads that are named, unless some of them are named. */
static void add_commands(struct run_request *o)
{
	static const char all[] = COMMAND_PREFIX "*";

	if (!o->choice.nworkloads || !command_at(0))
		return;
	for (int i = 0; i < o->choice.nworkloads; i++)
		if (strstr(o->workloads[i], COMMAND_PREFIX))
			return;
	keep(o->workloads, &o->choice.nworkloads, all, "--workload");
}

static run_job_set set_by_name;

static error_t take(int key, char *argument, struct argp_state *state)
{
	struct run_request *o = state->input;
	char why[256];

	switch (key) {
	case 's':
		o->choice.suite = argument;
		o->suite_given = true;
		break;
	case 'w':
		keep(o->workloads, &o->choice.nworkloads, argument, "--workload");
		break;
	case 'a':
		keep(o->allocators, &o->nallocators, argument, "--allocator");
		break;
	case KEY_NO_REPEAT:
		o->no_repeat = true;
		break;
	case KEY_ONLY:
		keep(o->only, &o->nonly, argument, "--only");
		break;
	case 'p':
		keep(o->settings, &o->choice.nsettings, argument, "--set");
		break;
	case KEY_WORLD:
		o->world = argument;
		break;
	case 'm':
		take_modes(&o->choice, argument);
		break;
	case 'n':
		o->choice.blocks = (int)number_whole("--blocks", argument, 1, 10000);
		break;
	case 'b':
		o->budget_s = request_duration(argument);
		if (o->budget_s < 0)
			exit(complain_usage("--budget %s: a time like 90s, 10m or 2h is needed",
					    argument));
		break;
	case KEY_TIMEOUT:
		o->timeout_s = request_duration(argument);
		if (o->timeout_s < 0)
			exit(complain_usage(
				"--timeout %s: a time like 90s, 10m or 2h is needed",
				argument));
		break;
	case 'o':
		o->out = argument;
		break;
	case 'r':
		o->resume = true;
		break;
	case KEY_SEED:
		o->seed = number_seed("--seed", argument);
		o->seed_given = true;
		break;
	case KEY_JOB:
		run_job_read(o, argument, set_by_name);
		break;
	case KEY_AGAIN:
		o->choice.again = true;
		break;
	case KEY_DRY_RUN:
		o->dry_run = true;
		break;
	case KEY_STRICT:
		o->strict = true;
		break;
	case KEY_COUNTERS:
		if (counter_sets_parse(&o->counters, argument, why, sizeof(why)) < 0)
			exit(complain_usage("--counters: %s", why));
		break;
	case KEY_KEEP_DUMPS:
		o->keep_dumps = true;
		break;
	case 'q':
		o->quiet = true;
		break;
	case KEY_NO_REPORT:
		o->no_report = true;
		break;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0 || o->out)
			exit(complain_usage("'%s': one folder is enough", argument));
		o->out = o->argument = argument;
		break;
	case ARGP_KEY_END:
		/* A workload that is mistaken for a folder would be the whole suite. */
		if (o->argument && !o->resume)
			exit(complain_usage("'%s': unexpected; a workload is named by -w %s, a "
					    "folder by --out %s",
					    o->argument, o->argument, o->argument));
		end_draft(o);
		add_commands(o);
		run_job_complete(o);
		counting_add_modes(o);
		break;
	default:
		if (key >= KEY_COMMAND && key < KEY_COMMAND + COMMAND_KEYS) {
			take_command(o, (enum command_key)(key - KEY_COMMAND), argument);
			break;
		}
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static int set_by_name(struct run_request *o, const char *key, char *value, char *why,
		       size_t why_size)
{
	struct argp_state state = {.input = o};
	char known[700] = "";

	for (const struct argp_option *t = table; t->name || t->doc; t++) {
		size_t used = strlen(known);

		/* A file that goes on with a run set, or a command, is none of these. */
		if (!t->name || t->key >= KEY_JOB || t->key == 'r')
			continue;
		if (strcmp(t->name, key) != 0) {
			snprintf(known + used, sizeof(known) - used, "%s%s", used ? ", " : "",
				 t->name);
			continue;
		}
		if (!t->arg && strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
			return because(why, why_size, "%s = %s: yes and no are accepted", key,
				       value);
		if (t->arg || strcmp(value, "yes") == 0)
			take(t->key, t->arg ? value : NULL, &state);
		return 0;
	}
	return because(why, why_size, "unknown key '%s' in [global]: known are %s", key, known);
}

const struct argp run_options_argp = {.options = table, .parser = take};

static const struct argp run_argp = {
	table,
	take,
	"[--resume DIR]",
	"Measure: a fresh process per sample, every allocator once per block in random "
	"order.\v"
	"ctrl-C ends after the running sample; --resume completes what was begun.  "
	"The exit status is 0 when all was measured, 1 when an allocator failed in "
	"every sample (with --strict: in any) or something could not be done, 2 for a "
	"mistake in the command, 3 when only the report failed, 130 when interrupted.",
	NULL,
	NULL,
	NULL};

void run_options_job(struct run_request *o, const char *path)
{
	run_job_read(o, path, set_by_name);
}

void run_options_parse(int argc, char **argv, struct run_request *o)
{
	char why[700];

	request_begin(o);
	argp_parse(&run_argp, argc, argv, 0, NULL, o);
	if (request_check(o, why, sizeof(why)) < 0 ||
	    command_check_folders(why, sizeof(why)) < 0)
		exit(complain_usage("%s", why));
}
