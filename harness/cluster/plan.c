#include "harness/cluster/plan.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/sha256.h"
#include "harness/base/paths.h"
#include "harness/cluster/estimate.h"
#include "harness/cluster/precision.h"
#include "harness/machine/environment.h"
#include "harness/run/extension.h"
#include "harness/run/plan.h"
#include "harness/run/json_file.h"

static void new_id(char id[CLUSTER_ID])
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		number = (uint64_t)time(NULL) ^ (uint64_t)getpid() << 32;
	snprintf(id, CLUSTER_ID, "%016llx", (unsigned long long)number);
}

static json_t *command_of(const char *verb, int argc, char **argv)
{
	json_t *command = json_pack("[s, s, s]", "ashlar-bench", "cluster", verb);

	for (int i = 1; i < argc; i++)
		json_array_append_new(command, json_string(argv[i]));
	return command;
}

/* What a contender's name stands for, beyond its build-id, which a program may not have. */
static void note_hashes(struct cluster_plan *plan)
{
	for (int i = 0; i < plan->set.ncontenders; i++) {
		const struct contender *c = &plan->set.contenders[i];
		char hash[SHA256_TEXT] = "";

		if (json_object_get(plan->hashes, c->name))
			continue;
		if (c->path && sha256_file(c->path, hash) < 0)
			hash[0] = '\0';
		json_object_set_new(plan->hashes, c->name, json_string(hash));
	}
}

int cluster_plan_new(const struct run_request *o, int argc, char **argv, struct cluster_plan *p)
{
	int status;

	memset(p, 0, sizeof(*p));
	status = plan_new(o, argc, argv, &p->set);
	if (status != STATUS_OK)
		return status;
	new_id(p->id);
	clock_utc(p->created, sizeof(p->created));
	json_decref(p->set.command);
	p->set.command = command_of("plan", argc, argv);
	p->set.environment = environment_take();
	p->no_repeat = o->no_repeat;
	p->strict = o->strict;
	p->counter_sets = json_integer(o->counters);
	p->hashes = json_object();
	p->history = json_array();
	note_hashes(p);
	return STATUS_OK;
}

int cluster_plan_extend(const struct run_request *o, int argc, char **argv,
			struct cluster_plan *p, bool *added)
{
	json_t *stage;
	int status = plan_resolve("the plan cannot be added to", true, &p->set);

	if (status == STATUS_OK)
		status = extension_add(o, argc, argv, &p->set, added);
	if (status != STATUS_OK || !*added)
		return status;
	stage = json_array_get(p->set.stages, json_array_size(p->set.stages) - 1);
	json_object_set_new(stage, "command", command_of("extend", argc, argv));
	note_hashes(p);
	return STATUS_OK;
}

int cluster_plan_narrow(struct result_set *pilot, double precision, int argc, char **argv,
			struct cluster_plan *p, bool *added)
{
	int status = plan_resolve("the plan cannot be added to", true, &p->set);
	json_t *command = command_of("extend", argc, argv);
	char now[32];

	if (status == STATUS_OK && !p->set.stages)
		manifest_note_stage(&p->set, p->set.started, p->set.command, p->set.revision);
	if (status == STATUS_OK)
		status = precision_apply(&p->set, pilot, precision, true, added);
	if (status == STATUS_OK && *added)
		manifest_note_stage(&p->set, clock_utc(now, sizeof(now)), command,
				    paths_find()->revision);
	json_decref(command);
	return status;
}

void cluster_plan_cut(struct cluster_plan *p, int count, const struct result_set *pilot)
{
	double *sample_s = estimate_sample_seconds(&p->set, pilot), all = 0, sum = 0;
	int next = 0, first, begin;
	struct schedule s;
	char now[32];

	manifest_schedule(&p->set, &s);
	for (int i = 0; i < p->nshards; i++)
		next += p->shards[i].turns;
	begin = p->nshards;
	if (count > s.count - next)
		count = s.count - next;
	for (int turn = next; turn < s.count; turn++)
		all += schedule_places(&s, turn) * sample_s[s.turns[turn].cell];
	first = next;
	for (int turn = next, k = 0; turn < s.count; turn++) {
		sum += schedule_places(&s, turn) * sample_s[s.turns[turn].cell];
		/* At the end of its share, or where each turn that is left begins a shard. */
		if (turn + 1 < s.count && s.count - turn - 1 > count - k - 1 &&
		    (sum < all * (k + 1) / count || k + 1 == count))
			continue;
		p->shards = list_grown(p->shards, (size_t)p->nshards, sizeof(p->shards[0]));
		p->shards[p->nshards] = (struct cluster_shard){first, turn + 1 - first, 0};
		for (int i = first; i <= turn; i++)
			p->shards[p->nshards].estimate_s +=
				schedule_places(&s, i) * sample_s[s.turns[i].cell];
		p->nshards++;
		first = turn + 1;
		k++;
	}
	json_array_append_new(p->history,
			      json_pack("{s:s, s:i, s:i, s:i}", "at",
					clock_utc(now, sizeof(now)), "first_shard", begin,
					"shards", p->nshards - begin, "turns", s.count));
	schedule_free(&s);
	free(sample_s);
}

double cluster_plan_seconds(const struct cluster_plan *p, int first, int nodes)
{
	double *free_at = NULL, last = 0;

	for (int i = 0; i < nodes; i++) {
		free_at = list_grown(free_at, (size_t)i, sizeof(*free_at));
		free_at[i] = 0;
	}
	for (int k = first; k < p->nshards; k++) {
		int node = 0;

		for (int i = 1; i < nodes; i++)
			if (free_at[i] < free_at[node])
				node = i;
		free_at[node] += p->shards[k].estimate_s;
		if (free_at[node] > last)
			last = free_at[node];
	}
	free(free_at);
	return last;
}

int cluster_plan_write(const struct cluster_plan *p, const char *dir, char *why,
		       size_t why_size)
{
	char *path = text_format("%s/plan.json", dir), *folder = text_format("%s/shards", dir);
	json_t *o = json_object(), *shards = json_array();
	int result;

	for (int i = 0; i < p->nshards; i++)
		json_array_append_new(
			shards, json_pack("{s:i, s:i, s:i, s:I, s:f}", "shard", i, "first_turn",
					  p->shards[i].first_turn, "turns", p->shards[i].turns,
					  "seed", (json_int_t)p->set.seed, "estimate_s",
					  round(p->shards[i].estimate_s * 10) / 10));
	json_object_set_new(o, "schema", json_string(CLUSTER_SCHEMA));
	json_object_set_new(o, "id", json_string(p->id));
	json_object_set_new(o, "created", json_string(p->created));
	json_object_set_new(o, "nodes", json_integer(p->nodes));
	json_object_set_new(o, "options",
			    json_pack("{s:b, s:b, s:O}", "no_repeat", p->no_repeat, "strict",
				      p->strict, "counters", p->counter_sets));
	json_object_set(o, "hashes", p->hashes);
	json_object_set_new(o, "shards", shards);
	json_object_set(o, "history", p->history);
	json_object_set_new(o, "set", manifest_to_json(&p->set));
	if (file_make_folder(folder) < 0)
		result = because(why, why_size, "the folder %s cannot be made: %s", folder,
				 strerror(errno));
	else
		result = json_file_write(path, o, why, why_size);
	free(folder);
	free(path);
	json_decref(o);
	return result;
}

/* Shards must follow each other and have the turns of the schedule, all and no others. */
static int take_shards(struct cluster_plan *p, json_t *shards, char *why, size_t why_size)
{
	struct schedule s;
	json_t *part;
	int next = 0, turns;
	size_t i;

	manifest_schedule(&p->set, &s);
	turns = s.count;
	schedule_free(&s);
	json_array_foreach(shards, i, part) {
		struct cluster_shard shard;

		if (json_unpack(part, "{s:i, s:i, s:F}", "first_turn", &shard.first_turn,
				"turns", &shard.turns, "estimate_s", &shard.estimate_s) < 0 ||
		    shard.first_turn != next || shard.turns < 1 || shard.turns > turns - next)
			return because(why, why_size, "shard %zu does not go on where %s", i,
				       i ? "the one before ends" : "the plan begins");
		p->shards = list_grown(p->shards, i, sizeof(p->shards[0]));
		p->shards[p->nshards++] = shard;
		next += shard.turns;
	}
	if (next != turns)
		return because(why, why_size, "its shards have %d of its %d turns", next,
			       turns);
	return 0;
}

static int from_json(struct cluster_plan *p, json_t *o, char *why, size_t why_size)
{
	const char *schema = "", *id = "", *created = "";
	json_t *set, *shards, *counters, *hashes, *history;
	char reason[1000];
	int no_repeat, strict;

	json_unpack(o, "{s:s}", "schema", &schema);
	if (strcmp(schema, CLUSTER_SCHEMA) != 0)
		return because(why, why_size, "its schema is '%s': this version reads '%s'",
			       schema, CLUSTER_SCHEMA);
	if (json_unpack(o, "{s:s, s:s, s:i, s:{s:b, s:b, s:o}, s:o, s:o, s:o, s:o}", "id", &id,
			"created", &created, "nodes", &p->nodes, "options", "no_repeat",
			&no_repeat, "strict", &strict, "counters", &counters, "hashes", &hashes,
			"shards", &shards, "history", &history, "set", &set) < 0)
		return because(why, why_size,
			       "it lacks id, created, nodes, options, hashes, shards, history "
			       "or set");
	if (manifest_from_json(&p->set, set, reason, sizeof(reason)) < 0)
		return because(why, why_size, "its set: %s", reason);
	snprintf(p->id, sizeof(p->id), "%s", id);
	snprintf(p->created, sizeof(p->created), "%s", created);
	p->no_repeat = no_repeat;
	p->strict = strict;
	p->counter_sets = json_incref(counters);
	p->hashes = json_incref(hashes);
	p->history = json_incref(history);
	return take_shards(p, shards, why, why_size);
}

int cluster_plan_read(struct cluster_plan *p, const char *dir, char *why, size_t why_size)
{
	char *path = text_format("%s/plan.json", dir);
	json_error_t error;
	json_t *o = json_load_file(path, 0, &error);
	char reason[1200];
	int result = 0;

	memset(p, 0, sizeof(*p));
	if (!o && !file_exists(path))
		result = because(why, why_size,
				 "%s holds no plan (no plan.json): `ashlar-bench "
				 "cluster plan -o DIR` makes one",
				 dir);
	else if (!o)
		result =
			because(why, why_size, "%s: line %d: %s", path, error.line, error.text);
	else if (from_json(p, o, reason, sizeof(reason)) < 0)
		result = because(why, why_size, "%s: %s", path, reason);
	json_decref(o);
	free(path);
	return result;
}

void cluster_plan_free(struct cluster_plan *p)
{
	manifest_free(&p->set);
	free(p->shards);
	json_decref(p->counter_sets);
	json_decref(p->hashes);
	json_decref(p->history);
	memset(p, 0, sizeof(*p));
}
