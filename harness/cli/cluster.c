#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"
#include "harness/cli/cluster_engine.h"
#include "harness/cli/cluster_verbs.h"
#include "harness/cli/number.h"
#include "harness/cli/verbs.h"
#include "harness/cluster/merge.h"
#include "harness/cluster/plan.h"
#include "harness/cluster/shard.h"

enum { KEY_SCRATCH = 256, KEY_NODE, KEY_PARTIAL, KEY_POOL };

static error_t take_shard(int key, char *argument, struct argp_state *state)
{
	struct cluster_shard_request *r = state->input;

	switch (key) {
	case KEY_SCRATCH:
		r->scratch = argument;
		return 0;
	case KEY_NODE:
		r->node = argument;
		return 0;
	case 'q':
		r->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 1)
			exit(complain_usage("'%s': unexpected; DIR and the number of one shard "
					    "are enough",
					    argument));
		if (state->arg_num == 0)
			r->dir = argument;
		else
			r->shard = (int)number_whole("shard", argument, 0, CLUSTER_MOST);
		return 0;
	case ARGP_KEY_END:
		if (state->arg_num < 2)
			exit(complain_usage(
				"which shard? The plan's DIR and a number from 0 are "
				"needed"));
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int shard_main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"scratch", KEY_SCRATCH, "FOLDER", 0,
		 "where it is worked on, of this machine (default: $TMPDIR, else /tmp)", 0},
		{"node", KEY_NODE, "NAME", 0,
		 "of this machine (default: $SLURMD_NODENAME, else the host's)", 0},
		{"quiet", 'q', NULL, 0, "no progress", 0},
		{0},
	};
	static const struct argp parser = {
		.options = options,
		.parser = take_shard,
		.args_doc = "DIR K",
		.doc = "Measure shard K of the plan in DIR, from 0, into DIR/shards/K.\v"
		       "It is worked on in a folder of this machine and copied whole. The same "
		       "command goes on with what was interrupted, and ends at once, with "
		       "status 0, where the shard is there. The exit status is else that of "
		       "`run`.",
	};
	struct cluster_shard_request r = {.shard = -1};

	argp_parse(&parser, argc, argv, 0, NULL, &r);
	return cluster_shard_run(&r);
}

struct merge_arguments {
	struct cluster_merge_request request;
	const char **dirs;
};

static error_t take_merge(int key, char *argument, struct argp_state *state)
{
	struct merge_arguments *a = state->input;

	switch (key) {
	case 'o':
		a->request.out = argument;
		return 0;
	case KEY_PARTIAL:
		a->request.partial = true;
		return 0;
	case KEY_POOL:
		a->request.pool = true;
		return 0;
	case ARGP_KEY_ARG:
		a->dirs = list_grown(a->dirs, (size_t)a->request.ndirs, sizeof(*a->dirs));
		a->dirs[a->request.ndirs++] = argument;
		return 0;
	case ARGP_KEY_END:
		if (!a->request.ndirs)
			exit(complain_usage("the DIR of a plan is needed"));
		if (!a->request.out)
			exit(complain_usage("where to? --out SET is needed"));
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int merge_main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"out", 'o', "SET", 0, "the folder of results to make", 0},
		{"partial", KEY_PARTIAL, NULL, 0,
		 "merge the shards that are whole and fit, where others are missing or amiss",
		 0},
		{"pool", KEY_POOL, NULL, 0,
		 "put nodes of unlike classes of machines into one set, not one for each", 0},
		{0},
	};
	static const struct argp parser = {
		.options = options,
		.parser = take_merge,
		.args_doc = "DIR...",
		.doc = "Make one set of results from the shards of a plan; DIR may be copies "
		       "of "
		       "it that "
		       "have different shards.\v"
		       "Each shard that is missing, half copied, run twice or of another suite "
		       "or contender is told in one line; then the exit status is 1 and "
		       "nothing "
		       "is written, but with --partial. Nodes of unlike classes (processor, "
		       "memory, kernel, huge pages, C library) become SET.CLASS each.",
	};
	struct merge_arguments a = {.dirs = NULL};
	int status;

	argp_parse(&parser, argc, argv, 0, NULL, &a);
	a.request.dirs = a.dirs;
	status = cluster_merge(&a.request);
	free(a.dirs);
	return status;
}

static const struct verb {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *summary;
} verbs[] = {
	{"plan", cluster_plan_main, "cut what `run` would measure into shards"},
	{"shard", shard_main, "measure one of them, here"},
	{"submit", cluster_submit_main, "hand them to Slurm"},
	{"run", cluster_run_main, "measure them on hosts reached by ssh"},
	{"status", cluster_status_main, "say where each of them is"},
	{"cancel", cluster_cancel_main, "take back what Slurm has not finished"},
	{"merge", merge_main, "make one set of results from them"},
	{"extend", cluster_extend_main, "add shards: more blocks, workloads or allocators"},
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void help(FILE *out)
{
	fprintf(out, "Usage: ashlar-bench cluster VERB [OPTION...]\n"
		     "A run set that many machines measure.\n\n");
	for (size_t i = 0; i < VERBS; i++)
		fprintf(out, "  %-8s %s\n", verbs[i].name, verbs[i].summary);
	fprintf(out, "\n`ashlar-bench cluster VERB --help` tells the options of one.\n");
}

int cluster_main(int argc, char **argv)
{
	char known[300] = "";

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0)) {
		help(stdout);
		return STATUS_OK;
	}
	for (size_t i = 0; i < VERBS; i++) {
		if (argc > 1 && strcmp(argv[1], verbs[i].name) == 0) {
			char *name = text_format("ashlar-bench cluster %s", argv[1]);
			int status;

			argv[1] = name;
			message_speaker(name + strlen("ashlar-bench "));
			status = verbs[i].main(argc - 1, argv + 1);
			message_speaker(NULL);
			free(name);
			return status;
		}
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
			 i == 0          ? ""
			 : i + 1 < VERBS ? ", "
					 : " and ",
			 verbs[i].name);
	}
	return complain_usage("cluster: %s%s%s: %s are known", argc > 1 ? "'" : "",
			      argc > 1 ? argv[1] : "a verb is needed", argc > 1 ? "'" : "",
			      known);
}
