#include "harness/cli/cluster_engine.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"
#include "harness/cluster/hosts.h"
#include "harness/cluster/slurm.h"
#include "harness/cluster/slurm_queue.h"
#include "harness/cluster/status.h"

enum { KEY_SLURM = 256, KEY_BENCH, KEY_SCRATCH, KEY_POOL, KEY_PARTIAL, KEY_HOSTS, KEY_SSH };

/* What is asked of the other machines; options of `submit` and of `run` alike. */
struct there {
	const char *bench, *scratch;
};

static error_t take_there(int key, char *argument, struct argp_state *state)
{
	struct there *there = state->input;

	switch (key) {
	case KEY_BENCH:
		there->bench = argument;
		return 0;
	case KEY_SCRATCH:
		there->scratch = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option there_options[] = {
	{"bench", KEY_BENCH, "PATH", 0,
	 "ashlar-bench there (default: where this one lies here)", 0},
	{"scratch", KEY_SCRATCH, "FOLDER", 0,
	 "where shards are worked on, there (default: $TMPDIR, else /tmp)", 0},
	{0},
};
static const struct argp there_argp = {.options = there_options, .parser = take_there};
static const struct argp_child there_children[] = {{&there_argp, 0, NULL, 0}, {0}};

struct submit_arguments {
	struct cluster_submit_request request;
	struct there there;
	const char **options;
	bool slurm;
};

static void set_dir(const char **dir, const char *argument)
{
	if (*dir)
		exit(complain_usage("'%s': unexpected; one DIR is enough", argument));
	*dir = argument;
}

static void need_dir(const char *dir)
{
	if (!dir)
		exit(complain_usage("the DIR of a plan is needed"));
}

static error_t take_submit(int key, char *argument, struct argp_state *state)
{
	struct submit_arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->there;
		return 0;
	case KEY_SLURM:
		a->slurm = true;
		return 0;
	case KEY_POOL:
		a->request.pool = true;
		return 0;
	case KEY_PARTIAL:
		a->request.partial = true;
		return 0;
	case 'o':
		a->request.out = argument;
		return 0;
	case ARGP_KEY_ARG:
		if (!a->request.dir) {
			a->request.dir = argument;
			return 0;
		}
		if (!state->quoted || state->next <= state->quoted)
			exit(complain_usage("'%s': unexpected; options of sbatch come after --",
					    argument));
		a->options = list_grown(a->options, (size_t)a->request.noptions,
					sizeof(*a->options));
		a->options[a->request.noptions++] = argument;
		return 0;
	case ARGP_KEY_END:
		need_dir(a->request.dir);
		if (!a->slurm)
			exit(complain_usage("to what? --slurm is needed; `cluster run` goes "
					    "without"));
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cluster_submit_main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"slurm", KEY_SLURM, NULL, 0, "to Slurm, by sbatch", 0},
		{"out", 'o', "SET", 0, "of the merge (default: DIR/merged)", 0},
		{"pool", KEY_POOL, NULL, 0, "of the merge", 0},
		{"partial", KEY_PARTIAL, NULL, 0, "of the merge", 0},
		{0},
	};
	static const struct argp parser = {
		.options = options,
		.parser = take_submit,
		.args_doc = "DIR --slurm [-- SBATCH OPTIONS]",
		.doc = "Hand the shards of the plan in DIR to Slurm, those that are neither "
		       "finished nor in its queue: a job array, and a job that merges them "
		       "once "
		       "all have ended.\v"
		       "Each shard has a node for itself (--exclusive) and may be begun again "
		       "(--requeue); what comes after -- is for sbatch and goes before these. "
		       "DIR and ashlar-bench must be on a file system that all nodes have. The "
		       "same command submits again what failed. DIR/log has what each job "
		       "said.",
		.children = there_children,
	};
	struct submit_arguments a = {.options = NULL};
	int status;

	argp_parse(&parser, argc, argv, 0, NULL, &a);
	a.request.options = a.options;
	a.request.bench = a.there.bench;
	a.request.scratch = a.there.scratch;
	status = cluster_submit(&a.request);
	free(a.options);
	return status;
}

static error_t take_dir(int key, char *argument, struct argp_state *state)
{
	const char **dir = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		set_dir(dir, argument);
		return 0;
	case ARGP_KEY_END:
		need_dir(*dir);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cluster_status_main(int argc, char **argv)
{
	static const struct argp parser = {
		.parser = take_dir,
		.args_doc = "DIR",
		.doc = "Say of each shard of the plan in DIR whether it is planned, waits, "
		       "runs "
		       "(where and since when), is finished or failed (with what it said "
		       "last).\v"
		       "It asks Slurm where the plan was submitted, else what shards leave in "
		       "DIR/state. Exit status 1 when a shard failed and is in no queue.",
	};
	const char *dir = NULL;

	argp_parse(&parser, argc, argv, 0, NULL, &dir);
	return cluster_status(dir);
}

int cluster_cancel_main(int argc, char **argv)
{
	static const struct argp parser = {
		.parser = take_dir,
		.args_doc = "DIR",
		.doc = "Take back the jobs of the plan in DIR that wait or run in Slurm.\v"
		       "Finished shards stay, and `cluster submit` goes on with the others.",
	};
	const char *dir = NULL;

	argp_parse(&parser, argc, argv, 0, NULL, &dir);
	return cluster_cancel(dir);
}

struct run_arguments {
	struct cluster_hosts_request request;
	struct there there;
	char *hosts[CLUSTER_HOSTS];
};

static void take_hosts(struct run_arguments *a, char *list)
{
	for (char *name; (name = strsep(&list, ","));) {
		if (!*name || *name == '-')
			exit(complain_usage("--hosts: '%s' is no host", name));
		for (int i = 0; i < a->request.nhosts; i++)
			if (strcmp(a->hosts[i], name) == 0)
				exit(complain_usage("--hosts: %s is named twice: a machine "
						    "measures one shard at a time",
						    name));
		if (a->request.nhosts == CLUSTER_HOSTS)
			exit(complain_usage("--hosts: more than %d", CLUSTER_HOSTS));
		a->hosts[a->request.nhosts++] = name;
	}
}

static error_t take_run(int key, char *argument, struct argp_state *state)
{
	struct run_arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->there;
		return 0;
	case KEY_HOSTS:
		take_hosts(a, argument);
		return 0;
	case KEY_SSH:
		a->request.ssh = argument;
		return 0;
	case 'q':
		a->request.quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		set_dir(&a->request.dir, argument);
		return 0;
	case ARGP_KEY_END:
		need_dir(a->request.dir);
		if (!a->request.nhosts)
			exit(complain_usage("where? --hosts a,b,c is needed"));
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cluster_run_main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"hosts", KEY_HOSTS, "LIST", 0, "as ssh knows them, like a,b,user@c", 0},
		{"ssh", KEY_SSH, "COMMAND", 0,
		 "called with a host and a command (default: " CLUSTER_SSH ")", 0},
		{"quiet", 'q', NULL, 0, "say only what went wrong", 0},
		{0},
	};
	static const struct argp parser = {
		.options = options,
		.parser = take_run,
		.args_doc = "DIR --hosts LIST",
		.doc = "Measure the shards of the plan in DIR on hosts: one at a time each, "
		       "the "
		       "next one once it is free.\v"
		       "A host that is lost or fails a shard takes no more, and the shard goes "
		       "to another; each of it is one line. The same command goes on with what "
		       "is not finished. DIR and ashlar-bench must be on a file system that "
		       "all "
		       "hosts have. DIR/log has what each shard said.",
		.children = there_children,
	};
	struct run_arguments a = {.request = {.ssh = CLUSTER_SSH}};

	argp_parse(&parser, argc, argv, 0, NULL, &a);
	a.request.hosts = a.hosts;
	a.request.bench = a.there.bench;
	a.request.scratch = a.there.scratch;
	return cluster_hosts_run(&a.request);
}
