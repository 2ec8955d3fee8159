#include "harness/cli/run_options.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"

enum { KEY_SEED = 256, KEY_DRY_RUN, KEY_NO_REPORT, KEY_TIMEOUT, KEY_ONLY, KEY_NO_REPEAT };

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
	{"mode", 'm', "MODE,...", 0,
	 "only these kinds of cells: throughput, latency, memory, instructions, locality (of "
	 "traces); and verify, which is in no suite",
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
	 "newest",
	 0},
	{"no-repeat", KEY_NO_REPEAT, NULL, 0,
	 "keep blocks that others disturbed as they are, instead of repeating them", 0},
	{"seed", KEY_SEED, "N", 0, "of orders and workloads (default: drawn)", 0},
	{"timeout", KEY_TIMEOUT, "TIME", 0, "of one sample (default: what the workload says)",
	 0},
	{"dry-run", KEY_DRY_RUN, NULL, 0, "say what would be measured, and end", 0},
	{"quiet", 'q', NULL, 0, "no progress", 0},
	{"no-report", KEY_NO_REPORT, NULL, 0,
	 "leave the report to a later `ashlar-bench report DIR`", 0},
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
				"instructions and locality are known",
				name));
		choice->modes[mode] = choice->modes_given = true;
		free(name);
		p += length;
		if (!*p)
			return;
	}
}

static error_t take(int key, char *argument, struct argp_state *state)
{
	struct run_request *o = state->input;
	char *end;

	switch (key) {
	case 's':
		o->choice.suite = argument;
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
	case 'm':
		take_modes(&o->choice, argument);
		break;
	case 'n':
		errno = 0;
		o->choice.blocks = (int)strtol(argument, &end, 10);
		if (errno || *end || o->choice.blocks < 1 || o->choice.blocks > 10000)
			exit(complain_usage("--blocks %s: a number from 1 to 10000 is needed",
					    argument));
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
		errno = 0;
		o->seed = strtoull(argument, &end, 10);
		if (errno || *end || *argument == '-' || end == argument || o->seed >> 53)
			exit(complain_usage("--seed %s: a number from 0 to 2^53-1 is needed",
					    argument));
		o->seed_given = true;
		break;
	case KEY_DRY_RUN:
		o->dry_run = true;
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
		o->out = argument;
		break;
	case ARGP_KEY_END:
		if (state->arg_num > 0 && !o->resume)
			exit(complain_usage("'%s': unexpected; a folder is named by --out DIR",
					    o->out));
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

void run_options_parse(int argc, char **argv, struct run_request *o)
{
	static const struct argp parser = {
		table,
		take,
		"[--resume DIR]",
		"Measure: a fresh process per sample, every allocator once per block in random "
		"order.\v"
		"ctrl-C ends after the running sample; --resume completes what was begun.  "
		"The exit status is 0 when all was measured (failing allocators are results), "
		"1 when "
		"something could not be done, 2 for a mistake in the command, 130 when "
		"interrupted.",
		NULL,
		NULL,
		NULL};
	char why[256];

	request_begin(o);
	argp_parse(&parser, argc, argv, 0, NULL, o);
	if (request_check(o, why, sizeof(why)) < 0)
		exit(complain_usage("%s", why));
}
