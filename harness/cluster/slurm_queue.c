#include "harness/cluster/slurm_queue.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/tool.h"
#include "harness/cluster/plan.h"

char *slurm_ask(const char *const *argv, char *why, size_t why_size)
{
	const char *tmp = getenv("TMPDIR");
	char *folder = text_format("%s/ashlar-bench-XXXXXX", tmp && *tmp ? tmp : "/tmp"), *log,
	     *text = NULL;

	if (!mkdtemp(folder)) {
		because(why, why_size, "%s: %s", folder, strerror(errno));
	} else {
		log = text_format("%s/said", folder);
		text = tool_output(argv, log, why, why_size);
		file_remove_tree(folder);
		free(log);
	}
	free(folder);
	return text;
}

static enum slurm_state state_of(const char *word)
{
	static const char *const ended[] = {
		"BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE",      "FAILED",
		"NODE_FAIL", "PREEMPTED", "REVOKED",   "OUT_OF_MEMORY", "TIMEOUT"};

	if (strcmp(word, "PENDING") == 0 || strncmp(word, "REQUEUE", 7) == 0 ||
	    strcmp(word, "SPECIAL_EXIT") == 0)
		return SLURM_WAITING;
	for (size_t i = 0; i < sizeof(ended) / sizeof(ended[0]); i++)
		if (strcmp(word, ended[i]) == 0)
			return SLURM_ENDED;
	return SLURM_RUNNING; /* also while it is set up, suspended or cleaned up */
}

/* The shard of a task of an array; -1 when it is none of ours. */
static int shard_of(const json_t *notes, const char *id, int task)
{
	json_t *job;
	size_t i;

	json_array_foreach(json_object_get(notes, "arrays"), i, job) {
		const char *known = "";
		int offset = 0;

		if (json_unpack(job, "{s:s, s:i}", "id", &known, "offset", &offset) == 0 &&
		    strcmp(known, id) == 0)
			return offset + task;
	}
	return -1;
}

/* A line of squeue: array, task, state, node, since, reason. */
static void take_line(struct slurm_queue *q, const json_t *notes, char *line)
{
	char *part[6], *end = NULL;
	struct slurm_job *job, found = {.state = SLURM_UNKNOWN};
	const char *merge =
		json_string_value(json_object_get(json_object_get(notes, "merge"), "id"));
	int shard;
	long task;

	for (int i = 0; i < 6; i++) {
		part[i] = strsep(&line, "|");
		if (!part[i])
			return;
	}
	task = strtol(part[1], &end, 10);
	shard = *end || end == part[1] ? -1 : shard_of(notes, part[0], (int)task);
	if (shard >= 0 && shard < q->nshards)
		job = &q->shards[shard];
	else if (merge && strcmp(merge, part[0]) == 0)
		job = &q->merge;
	else
		return;
	found.state = state_of(part[2]);
	/* Of several submissions the one that lives counts, else the last: lines come in the
	 * order of ids, the queue's own is that of priorities. */
	if (found.state == SLURM_ENDED && job->state != SLURM_UNKNOWN &&
	    job->state != SLURM_ENDED)
		return;
	snprintf(found.id, sizeof(found.id), job == &q->merge ? "%s" : "%s_%ld", part[0], task);
	snprintf(found.word, sizeof(found.word), "%s", part[2]);
	snprintf(found.node, sizeof(found.node), "%s", part[3]);
	if (found.state != SLURM_WAITING)
		snprintf(found.since, sizeof(found.since), "%s", part[4]);
	if (found.state == SLURM_WAITING && strcmp(part[5], "None") != 0)
		snprintf(found.reason, sizeof(found.reason), "%s", part[5]);
	found.log = job->log;
	*job = found;
}

static void take_logs(struct slurm_queue *q, const char *dir, const json_t *notes)
{
	const json_t *merge = json_object_get(notes, "merge");
	const char *merge_id = json_string_value(json_object_get(merge, "id")),
		   *out = json_string_value(json_object_get(merge, "out"));
	json_t *job, *tasks, *task;
	size_t i, k;

	if (merge_id && out) {
		q->out = text_format("%s", out);
		q->merge.log = text_format("%s/log/merge_%s", dir, merge_id);
	}

	json_array_foreach(json_object_get(notes, "arrays"), i, job) {
		const char *id = "";
		int offset = 0;

		if (json_unpack(job, "{s:s, s:i, s:o}", "id", &id, "offset", &offset, "tasks",
				&tasks) < 0)
			continue;
		json_array_foreach(tasks, k, task) {
			int number = (int)json_integer_value(task), shard = number + offset;

			if (shard >= 0 && shard < q->nshards)
				text_set(&q->shards[shard].log, "%s/log/%s_%d", dir, id,
					 number);
		}
	}
}

int slurm_queue_read(struct slurm_queue *q, const char *dir, const char *plan_id, int nshards,
		     char *why, size_t why_size)
{
	char *path = text_format("%s/slurm.json", dir),
	     *names = text_format("--name=ashlar-%s,ashlar-%s-merge", plan_id, plan_id),
	     *text = NULL, *rest;
	const char *const squeue[] = {"squeue", "-h",       "-a",  "-r", "-t",
				      "all",    "--sort=i", names, "-o", "%F|%K|%T|%N|%S|%r",
				      NULL};
	json_t *notes = json_load_file(path, 0, NULL);
	bool answered = true;

	memset(q, 0, sizeof(*q));
	q->nshards = nshards;
	for (int i = 0; i < nshards; i++) {
		q->shards = list_grown(q->shards, (size_t)i, sizeof(q->shards[0]));
		memset(&q->shards[i], 0, sizeof(q->shards[i]));
	}
	q->submitted = notes != NULL;
	if (notes) {
		take_logs(q, dir, notes);
		text = slurm_ask(squeue, why, why_size);
		answered = text != NULL;
		rest = text;
		for (char *line; text && (line = strsep(&rest, "\n"));)
			take_line(q, notes, line);
	}
	json_decref(notes);
	free(names);
	free(path);
	free(text);
	return answered ? 0 : -1;
}

void slurm_queue_free(struct slurm_queue *q)
{
	for (int i = 0; i < q->nshards; i++)
		free(q->shards[i].log);
	free(q->shards);
	free(q->merge.log);
	free(q->out);
	memset(q, 0, sizeof(*q));
}

bool slurm_lives(const struct slurm_job *job)
{
	return job->state == SLURM_WAITING || job->state == SLURM_RUNNING;
}

int slurm_cancel(const char *id)
{
	const char *const argv[] = {"scancel", id, NULL};
	char why[400], *said = slurm_ask(argv, why, sizeof(why));

	if (!said)
		complain("%s", why);
	free(said);
	return said ? 0 : -1;
}

char *slurm_living(const struct slurm_queue *q)
{
	char *list = text_format("%s", "");

	for (int k = 0; k < q->nshards; k++) {
		char *id;

		if (!slurm_lives(&q->shards[k]))
			continue;
		id = text_format(":%.*s", (int)strcspn(q->shards[k].id, "_"), q->shards[k].id);
		if (!strstr(list, id) || strcspn(strstr(list, id) + 1, ":") + 1 != strlen(id))
			text_append(&list, "%s", id);
		free(id);
	}
	return list;
}

int cluster_cancel(const char *dir)
{
	struct slurm_queue q;
	struct cluster_plan plan;
	char why[1400], *arrays, *rest;
	int status = STATUS_OK, n = 0;

	if (cluster_plan_read(&plan, dir, why, sizeof(why)) < 0)
		return complain_usage("%s", why);
	if (slurm_queue_read(&q, dir, plan.id, plan.nshards, why, sizeof(why)) < 0) {
		complain("Slurm does not tell what is in the queue: %s", why);
		status = STATUS_FAILED;
	} else if (!q.submitted) {
		status = complain_usage("%s was not submitted to Slurm; ctrl-C ends what runs "
					"otherwise",
					dir);
	} else {
		/* First the merge, which would else begin. */
		if (slurm_lives(&q.merge) && slurm_cancel(q.merge.id) < 0)
			status = STATUS_FAILED;
		arrays = slurm_living(&q);
		rest = arrays;
		for (char *id; (id = strsep(&rest, ":"));)
			if (*id && slurm_cancel(id) < 0)
				status = STATUS_FAILED;
		free(arrays);
		for (int k = 0; k < q.nshards; k++)
			n += slurm_lives(&q.shards[k]);
		if (status == STATUS_OK && n == 0 && !slurm_lives(&q.merge))
			printf("nothing to cancel: none of its jobs is in the queue\n");
		else if (status == STATUS_OK)
			printf("cancelled: %d shards%s; finished ones stay, `cluster submit` "
			       "goes on with the others\n",
			       n, slurm_lives(&q.merge) ? " and the merge" : "");
	}
	slurm_queue_free(&q);
	cluster_plan_free(&plan);
	return status;
}
