#include "harness/cli/verbs.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"
#include "harness/cli/number.h"
#include "harness/export/gate_output.h"
#include "harness/gate/gate.h"
#include "harness/matrix/command.h"
#include "harness/run/request.h"
#include "harness/stats/signed_rank.h"

enum {
	KEY_BASE = 256,
	KEY_HEAD,
	KEY_BASELINE,
	KEY_UPDATE,
	KEY_ACCEPT,
	KEY_BECAUSE,
	KEY_TIERS,
	KEY_JOB,
	KEY_INCONCLUSIVE,
	KEY_SEED,
	KEY_AUTOMAKE,
	KEY_PRECISION,
	KEY_PAIRS,
	KEY_COMMAND
};

static const struct argp_option options[] = {
	{"base", KEY_BASE, "OLD", 0,
	 "what was: a library, a folder of a build that holds one, a known allocator or "
	 "NAME=/path/lib.so[,ENV=VALUE...]",
	 0},
	{"head", KEY_HEAD, "NEW", 0, "what is to come, named as OLD is (default: ashlar)", 0},
	{"baseline", KEY_BASELINE, "FILE", 0,
	 "in place of --base: what a file holds of earlier builds, for tiers 0 to 2", 0},
	{"update", KEY_UPDATE, "FILE", 0, "make such a file of head, or put head into it", 0},
	{"accept", KEY_ACCEPT, "CELL", 0,
	 "with --baseline: what exceeds its limit there is wanted", 0},
	{"because", KEY_BECAUSE, "REASON", 0, "and why; it is kept in the file", 0},
	{"tiers", KEY_TIERS, "LIST", 0,
	 "like 0-2 or 1,3 (default: all): 0 static counts of fast paths, 1 instructions, 2 "
	 "memory, 3 time",
	 0},
	{"workload", 'w', "LIST", 0, "only cells, or cells of workloads, that a glob means", 0},
	{"job", KEY_JOB, "FILE", 0,
	 "limits, in sections [gate] and [gate CELLS]: METRIC = 0.5%, METRIC.mean = 0.2%", 0},
	{"budget", 'b', "TIME", 0, "of tier 3 (default: 10m)", 0},
	{"pairs", KEY_PAIRS, "N", 0, "of tier 3 at most, in each cell", 0},
	{"precision", KEY_PRECISION, "SHARE", 0,
	 "of tier 3, like 3%: go on until each interval is as narrow to either side, or the "
	 "budget is spent, and not end before that",
	 0},
	{"command", KEY_COMMAND, "CMD", 0,
	 "tier 3 of this command in place of its own cells; may be repeated", 0},
	{"inconclusive", KEY_INCONCLUSIVE, "WORD", 0,
	 "what an undecided gate ends as: pass (status 0) or fail (4, the default)", 0},
	{"automake", KEY_AUTOMAKE, NULL, 0,
	 "end as a test of Automake does: 99 where the statuses are 2 and 3", 0},
	{"seed", KEY_SEED, "N", 0, "of schedules and of the padding of environments", 0},
	{"quiet", 'q', NULL, 0, "say nothing while it measures", 0},
	{0},
};

struct gate_arguments {
	struct gate_request request;
	bool as_automake;
	struct gate_files files;
};

static void take_inconclusive(struct gate_request *r, const char *argument)
{
	if (strcmp(argument, "pass") != 0 && strcmp(argument, "fail") != 0)
		exit(complain_usage("--inconclusive %s: pass or fail is needed", argument));
	r->inconclusive_passes = *argument == 'p';
}

static void take_command(const char *argument)
{
	struct command draft = {.name = NULL};
	char why[700];

	if (command_set(&draft, COMMAND_LINE, argument, why, sizeof(why)) < 0 ||
	    command_add(&draft, why, sizeof(why)) < 0)
		exit(complain_usage("%s", why));
}

static error_t take(int key, char *argument, struct argp_state *state)
{
	struct gate_arguments *arguments = state->input;
	struct gate_request *r = &arguments->request;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->files;
		break;
	case KEY_BASE:
		r->base = argument;
		break;
	case KEY_HEAD:
		r->head = argument;
		break;
	case KEY_BASELINE:
		r->baseline = argument;
		break;
	case KEY_UPDATE:
		r->update = argument;
		break;
	case KEY_ACCEPT:
		r->accept = argument;
		break;
	case KEY_BECAUSE:
		r->because = argument;
		break;
	case KEY_TIERS:
		r->tiers = argument;
		break;
	case 'w':
		r->cells = argument;
		break;
	case KEY_JOB:
		r->job = argument;
		break;
	case 'b':
		r->budget_s = request_duration(argument);
		if (r->budget_s < 0)
			exit(complain_usage("--budget %s: a time like 90s, 10m or 2h is needed",
					    argument));
		break;
	case KEY_INCONCLUSIVE:
		take_inconclusive(r, argument);
		break;
	case KEY_PRECISION:
		r->precision = number_percent("--precision", argument);
		break;
	case KEY_PAIRS:
		r->pairs = (int)number_whole("--pairs", argument, 1, STAT_SIGNED_RANK_MOST);
		break;
	case KEY_COMMAND:
		take_command(argument);
		break;
	case KEY_SEED:
		r->seed = number_seed("--seed", argument);
		break;
	case KEY_AUTOMAKE:
		arguments->as_automake = true;
		break;
	case 'q':
		r->quiet = true;
		break;
	case ARGP_KEY_ARG:
		exit(complain_usage("'%s': unexpected; builds are named by --base and --head",
				    argument));
	case ARGP_KEY_SUCCESS:
		if ((r->update || r->accept) && gate_files_wanted(&arguments->files))
			exit(complain_usage("--%s: --%s %s changes a file of baselines and "
					    "judges nothing that could be written",
					    gate_files_wanted(&arguments->files),
					    r->update ? "update" : "accept",
					    r->update ? r->update : r->accept));
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* A mistake may stand before the option in the command: it is looked for first, whole or cut as
 * getopt_long(3) lets it be. */
static bool asks_automake(char **argv)
{
	static const char option[] = "--automake";

	for (int i = 1; argv[i] && strcmp(argv[i], "--") != 0; i++)
		if (strlen(argv[i]) > 3 && strncmp(argv[i], option, strlen(argv[i])) == 0)
			return true;
	return false;
}

int gate_main(int argc, char **argv)
{
	static const struct argp_child children[] = {{&gate_output_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		options,
		take,
		NULL,
		"Say whether a build of an allocator is worse than another.\v"
		"Exit status: 0 it is not, 1 it is, 2 a mistake in the command, 3 the bench or "
		"an "
		"allocator failed, 4 undecided, 77 nothing could be compared here, 130 "
		"interrupted.",
		children,
		NULL,
		NULL};
	struct gate_arguments arguments = {.request.seed = GATE_SEED};
	struct gate_outcome outcome;
	int status;

	argp_err_exit_status = asks_automake(argv) ? GATE_EXIT_AUTOMAKE_ERROR : GATE_EXIT_USAGE;
	message_statuses(asks_automake(argv) ? GATE_EXIT_AUTOMAKE_ERROR : GATE_EXIT_BROKEN,
			 argp_err_exit_status);
	message_speaker("gate");
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	status = gate_run(&arguments.request, &outcome);
	if (status == GATE_JUDGED)
		status = gate_write(&outcome, &arguments.files);
	gate_outcome_free(&outcome);
	message_speaker(NULL);
	if (arguments.as_automake && (status == GATE_EXIT_USAGE || status == GATE_EXIT_BROKEN))
		return GATE_EXIT_AUTOMAKE_ERROR;
	return status;
}
