#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/cli/cluster_verbs.h"
#include "harness/cli/number.h"
#include "harness/cli/run_options.h"
#include "harness/cluster/plan.h"
#include "harness/cluster/precision.h"
#include "harness/run/plan.h"

enum { KEY_SHARDS = 256, KEY_NODES, KEY_PILOT, KEY_PRECISION };

static const struct argp_option options[] = {
	{"shards", KEY_SHARDS, "N", 0, "how many (default: four for each node)", 0},
	{"nodes", KEY_NODES, "N", 0,
	 "machines that the estimate counts with (default: of plan 1, of extend the plan's)",
	 0},
	{"pilot", KEY_PILOT, "SET", 0,
	 "results that say how long a sample takes (default: what is usual) and how it "
	 "scatters",
	 0},
	{"precision", KEY_PRECISION, "SHARE", 0,
	 "with --pilot: as many blocks of each throughput cell as its ratios need to be within "
	 "it to either side, like 2%",
	 0},
	{0, 0, 0, 0, "What is measured, as of run:", 1},
	{0},
};

struct arguments {
	struct run_request request;
	const char *dir; /* of the plan */
	const char *pilot;
	int shards, nodes;
	double precision; /* a share; 0 = not asked for */
	bool extend;
};

static error_t take(int key, char *argument, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->request;
		return 0;
	case KEY_SHARDS:
		a->shards = (int)number_whole("--shards", argument, 1, CLUSTER_MOST);
		return 0;
	case KEY_NODES:
		a->nodes = (int)number_whole("--nodes", argument, 1, CLUSTER_MOST);
		return 0;
	case KEY_PILOT:
		a->pilot = argument;
		return 0;
	case KEY_PRECISION:
		a->precision = number_percent("--precision", argument);
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			exit(complain_usage("'%s': unexpected; one %s is enough", argument,
					    a->extend ? "DIR" : "job file"));
		if (a->extend)
			a->dir = argument;
		else
			run_options_job(&a->request, argument);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&run_options_argp, 0, NULL, 0}, {0}};

static void parse(int argc, char **argv, const struct argp *parser, struct arguments *a)
{
	char why[400];

	request_begin(&a->request);
	a->request.resume = a->extend;
	argp_parse(parser, argc, argv, 0, NULL, a);
	if (!a->extend)
		a->dir = a->request.out;
	if (!a->dir)
		exit(complain_usage(a->extend ? "the DIR of a plan is needed"
					      : "where to? --out DIR is needed"));
	if (a->request.budget_s)
		exit(complain_usage("--budget: a shard measures all of its blocks; --blocks "
				    "says how many there are"));
	if (!a->extend && a->request.resume)
		exit(complain_usage("--resume: `cluster shard` goes on by itself, `cluster "
				    "extend` adds to a plan"));
	if (a->precision > 0 && !a->pilot)
		exit(complain_usage(
			"--precision: how much ratios scatter is to be learned from "
			"--pilot SET, results of an earlier run"));
	if (a->precision > 0 && a->request.choice.blocks)
		exit(complain_usage("--precision goes without --blocks, of which it finds the "
				    "number"));
	if (request_check(&a->request, why, sizeof(why)) < 0)
		exit(complain_usage("%s", why));
}

/* "1 h 5 min" */
static const char *duration(double seconds, char *text, size_t size)
{
	int s = (int)(seconds + 0.5);

	if (s < 120)
		snprintf(text, size, "%d s", s);
	else if (s < 7200)
		snprintf(text, size, "%d min", (s + 30) / 60);
	else
		snprintf(text, size, "%d h %d min", s / 3600, s % 3600 / 60);
	return text;
}

static void show(const struct cluster_plan *p, int first, const char *pilot)
{
	struct schedule s;
	char all[40], each[40];
	int turns = 0, before = 0, samples = 0;

	manifest_schedule(&p->set, &s);
	for (int k = 0; k < p->nshards; k++)
		*(k < first ? &before : &turns) += p->shards[k].turns;
	for (int turn = before; turn < before + turns; turn++)
		samples += schedule_places(&s, turn);
	schedule_free(&s);
	printf("%d samples in %d blocks of cells, %d shards; by %s %s on 1 node, %s on %d\n",
	       samples, turns, p->nshards - first, pilot ? pilot : "what is usual",
	       duration(cluster_plan_seconds(p, first, 1), all, sizeof(all)),
	       duration(cluster_plan_seconds(p, first, p->nodes), each, sizeof(each)),
	       p->nodes);
}

static int load_pilot(const char *dir, struct result_set **pilot)
{
	char why[600];

	*pilot = dir ? results_load(dir, why, sizeof(why)) : NULL;
	if (dir && !*pilot)
		return complain_usage("--pilot: %s", why);
	return STATUS_OK;
}

/* Cuts, says, and writes unless it was only asked what would be. */
static int finish(struct cluster_plan *p, const struct arguments *a,
		  const struct result_set *pilot)
{
	char why[1200];
	int first = p->nshards;

	if (a->nodes)
		p->nodes = a->nodes;
	cluster_plan_cut(p, a->shards ? a->shards : CLUSTER_SHARDS_PER_NODE * p->nodes, pilot);
	if (a->request.dry_run)
		plan_show(&p->set);
	show(p, first, a->pilot);
	if (a->request.dry_run)
		return STATUS_OK;
	if (cluster_plan_write(p, a->dir, why, sizeof(why)) < 0) {
		complain("%s", why);
		return STATUS_FAILED;
	}
	printf("shards %d to %d: ashlar-bench cluster shard %s K\n", first, p->nshards - 1,
	       a->dir);
	return STATUS_OK;
}

int cluster_plan_main(int argc, char **argv)
{
	static const struct argp parser = {
		options,
		take,
		"[JOB.ini]",
		"Cut what `run` would measure, by the same options or a job file, into shards: "
		"whole blocks, each with all allocators. --out DIR holds plan.json then.\v"
		"`cluster shard DIR K` measures one, anywhere; `cluster merge DIR -o SET` "
		"makes "
		"one set of them. --dry-run says what would be.",
		children,
		NULL,
		NULL};
	struct arguments a = {.nodes = 0};
	struct cluster_plan plan;
	struct result_set *pilot;
	bool changed;
	char *file;
	int status;

	parse(argc, argv, &parser, &a);
	file = text_format("%s/plan.json", a.dir);
	if (file_exists(file)) {
		complain("%s holds a plan already: `cluster extend` adds to it, --out names "
			 "another folder",
			 a.dir);
		free(file);
		return STATUS_FAILED;
	}
	free(file);
	status = load_pilot(a.pilot, &pilot);
	if (status == STATUS_OK)
		status = cluster_plan_new(&a.request, argc, argv, &plan);
	if (status != STATUS_OK)
		return status;
	plan.nodes = 1;
	if (a.precision > 0)
		status = precision_apply(&plan.set, pilot, a.precision, false, &changed);
	if (status == STATUS_OK)
		status = finish(&plan, &a, pilot);
	cluster_plan_free(&plan);
	if (pilot)
		results_free(pilot);
	return status;
}

int cluster_extend_main(int argc, char **argv)
{
	static const struct argp parser = {
		options,
		take,
		"DIR",
		"Add shards to the plan in DIR: more --blocks, another --workload or "
		"--allocator, "
		"as `run --resume` adds to a set. What was measured stays.",
		children,
		NULL,
		NULL};
	struct arguments a = {.extend = true};
	struct cluster_plan plan;
	struct result_set *pilot;
	char why[1400];
	bool added = false;
	int status;

	parse(argc, argv, &parser, &a);
	if (cluster_plan_read(&plan, a.dir, why, sizeof(why)) < 0)
		return complain_usage("%s", why);
	status = load_pilot(a.pilot, &pilot);
	if (status == STATUS_OK && a.precision > 0)
		status = cluster_plan_narrow(pilot, a.precision, argc, argv, &plan, &added);
	else if (status == STATUS_OK)
		status = cluster_plan_extend(&a.request, argc, argv, &plan, &added);
	if (status == STATUS_OK && !added)
		printf("%s holds all of it already: nothing is added\n", a.dir);
	else if (status == STATUS_OK)
		status = finish(&plan, &a, pilot);
	cluster_plan_free(&plan);
	if (pilot)
		results_free(pilot);
	return status;
}
