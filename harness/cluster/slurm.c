#include "harness/cluster/slurm.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/cluster/merged.h"
#include "harness/cluster/plan.h"
#include "harness/cluster/shard.h"
#include "harness/cluster/shell.h"
#include "harness/cluster/slurm_queue.h"
#include "harness/cluster/whole.h"
#include "harness/run/json_file.h"

/* Slurm's default for MaxArraySize: the number of a task is below it. */
#define MAX_ARRAY_SIZE 1001

struct submission {
	const struct cluster_submit_request *request;
	char *dir, *out;  /* absolute */
	char *bench;      /* for a shell, like the next */
	json_t *notes;    /* slurm.json */
	char *waited_for; /* ":12:13", what the merge comes after */
	const char *plan_id;
};

static int largest_task(void)
{
	const char *const ask[] = {"scontrol", "show", "config", NULL};
	char why[200], *text = slurm_ask(ask, why, sizeof(why)),
		       *row = text ? strstr(text, "MaxArraySize") : NULL;
	int size = MAX_ARRAY_SIZE;

	if (row)
		sscanf(row, "MaxArraySize = %d", &size);
	free(text);
	return size > 1 ? size : MAX_ARRAY_SIZE;
}

static int note(struct submission *s)
{
	char *path = text_format("%s/slurm.json", s->dir), why[700];
	int result = json_file_write(path, s->notes, why, sizeof(why));

	if (result < 0)
		complain("%s", why);
	free(path);
	return result;
}

/* Replaces it in one step: jobs in the queue have a copy of their own. */
static int write_script(const char *path, const char *text)
{
	if (file_write(path, text) == 0)
		return 0;
	complain("%s: %s", path, strerror(errno));
	return -1;
}

/* The id that sbatch gave; null after its message. */
static char *sbatch(const struct submission *s, const char *const *first,
		    const char *const *last, const char *script)
{
	const char **argv = NULL;
	size_t n = 0;
	char why[700], *said, *id = NULL;

#define ADD(word)                                          \
	do {                                               \
		argv = list_grown(argv, n, sizeof(*argv)); \
		argv[n++] = (word);                        \
	} while (0)
	ADD("sbatch");
	for (; *first; first++)
		ADD(*first);
	for (int i = 0; i < s->request->noptions; i++)
		ADD(s->request->options[i]);
	for (; *last; last++)
		ADD(*last);
	ADD(script);
	ADD(NULL);
#undef ADD
	said = slurm_ask(argv, why, sizeof(why));
	free(argv);
	if (!said) {
		complain("%s", why);
		return NULL;
	}
	/* Warnings may come before; with several clusters ";CLUSTER" comes behind. */
	for (char *rest = said, *line; (line = strsep(&rest, "\n"));)
		if (isdigit((unsigned char)*line)) {
			free(id);
			id = text_format("%.*s", (int)strspn(line, "0123456789"), line);
		}
	if (!id)
		complain("sbatch gave no id: it said '%.200s'", said);
	free(said);
	return id;
}

/* A file's name as sbatch takes it. */
static char *pattern(const char *dir, const char *name)
{
	char *text = text_format("%s", "");

	for (const char *p = dir; *p; p++)
		text_append(&text, "%.*s%c", *p == '%', "%", *p);
	text_append(&text, "/log/%s", name);
	return text;
}

/* "0-3,7", less `offset` each; free it. */
static char *ranges(const int *numbers, int n, int offset)
{
	char *list = NULL;

	for (int i = 0, begin; i < n; i++) {
		begin = numbers[i];
		while (i + 1 < n && numbers[i + 1] == numbers[i] + 1)
			i++;
		text_append(&list, "%s%d", list ? "," : "", begin - offset);
		if (numbers[i] > begin)
			text_append(&list, "-%d", numbers[i] - offset);
	}
	return list;
}

/* An array of these shards, whose numbers less `offset` are those of its tasks. */
static int submit_array(struct submission *s, const int *shards, int n, int offset)
{
	char *list, *said, *script = text_format("%s/shard.sh", s->dir), *text, *id = NULL,
			   *dir = shell_quoted(s->dir), *log = pattern(s->dir, "%A_%a"), *array,
			   *output, *name, now[32];
	const char *scratch = s->request->scratch;
	char *quoted = scratch ? shell_quoted(scratch) : NULL;
	json_t *tasks = json_array();
	int result = -1;

	list = ranges(shards, n, offset);
	said = ranges(shards, n, 0);
	for (int i = 0; i < n; i++)
		json_array_append_new(tasks, json_integer(shards[i] - offset));
	array = text_format("--array=%s", list);
	output = text_format("--output=%s", log);
	name = text_format("--job-name=ashlar-%s", s->plan_id);
	/* exec: so that who ends the job speaks to the bench itself. */
	text = text_format("#!/bin/sh\n"
			   "# A shard: written by `ashlar-bench cluster submit` for sbatch.\n"
			   "[ -d \"${TMPDIR:-/tmp}\" ] || unset TMPDIR\n"
			   "exec %s cluster shard --quiet%s%s %s \"$((SLURM_ARRAY_TASK_ID + "
			   "%d))\"\n",
			   s->bench, quoted ? " --scratch=" : "", quoted ? quoted : "", dir,
			   offset);
	const char *const first[] = {"--exclusive", "--requeue", "--ntasks=1", NULL};
	const char *const last[] = {"--parsable", "--open-mode=append", name, output, array,
				    NULL};

	if (write_script(script, text) == 0)
		id = sbatch(s, first, last, script);
	if (id) {
		json_array_append_new(json_object_get(s->notes, "arrays"),
				      json_pack("{s:s, s:i, s:O, s:s}", "id", id, "offset",
						offset, "tasks", tasks, "submitted",
						clock_utc(now, sizeof(now))));
		text_append(&s->waited_for, ":%s", id);
		result = note(s);
		if (result < 0)
			complain("job %s is in the queue all the same: `scancel %s` takes it "
				 "back",
				 id, id);
		else
			printf("job %s: shards %s\n", id, said);
	}
	json_decref(tasks);
	free(array);
	free(output);
	free(name);
	free(text);
	free(id);
	free(quoted);
	free(log);
	free(dir);
	free(script);
	free(said);
	free(list);
	return result;
}

/* The merge comes after any end of the shards: where one failed it names that one, and merges
 * nothing.  After good ends alone it would wait for ever without a word. */
static int submit_merge(struct submission *s)
{
	char *script = text_format("%s/merge.sh", s->dir), *dir = shell_quoted(s->dir),
	     *out = shell_quoted(s->out), *log = pattern(s->dir, "merge_%j"),
	     *name = text_format("--job-name=ashlar-%s-merge", s->plan_id),
	     *output = text_format("--output=%s", log),
	     *after = text_format("--dependency=afterany%s", s->waited_for),
	     *text = text_format("#!/bin/sh\n"
				 "# The merge: written by `ashlar-bench cluster submit` for "
				 "sbatch.\n"
				 "exec %s cluster merge%s%s --out=%s %s\n",
				 s->bench, s->request->pool ? " --pool" : "",
				 s->request->partial ? " --partial" : "", out, dir),
	     *id = NULL, now[32];
	const char *const first[] = {"--requeue", "--ntasks=1", NULL};
	/* Where all are finished there is nothing to wait for. */
	const char *const last[] = {"--parsable", "--open-mode=append",          name,
				    output,       *s->waited_for ? after : NULL, NULL};
	int result = -1;

	if (write_script(script, text) == 0)
		id = sbatch(s, first, last, script);
	if (id) {
		json_object_set_new(s->notes, "merge",
				    json_pack("{s:s, s:s, s:s}", "id", id, "out", s->out,
					      "submitted", clock_utc(now, sizeof(now))));
		result = note(s);
		printf("job %s: merges them into %s\n", id, s->out);
	}
	free(id);
	free(text);
	free(after);
	free(output);
	free(name);
	free(log);
	free(out);
	free(dir);
	free(script);
	return result;
}

static int submit_all(struct submission *s, const struct slurm_queue *q)
{
	int *shards = NULL, n = 0, finished = 0, waiting = 0, most;
	char why[600], *sets = merged_sets(s->dir, s->out);
	bool merged = sets != NULL;

	free(sets);
	cluster_shards_look(s->dir);
	for (int k = 0; k < q->nshards; k++) {
		char *folder = cluster_shard_folder(s->dir, k);

		if (whole_check(folder, why, sizeof(why)) == 0) {
			finished++;
		} else if (slurm_lives(&q->shards[k])) {
			waiting++;
		} else {
			shards = list_grown(shards, (size_t)n, sizeof(*shards));
			shards[n++] = k;
		}
		free(folder);
	}
	if (n > 0 && merged) {
		free(shards);
		return complain_usage(
			"%s exists already: --out names another folder for what is "
			"merged",
			s->out);
	}
	/* Without its merge what waits would end, and nothing come of it. */
	if (n == 0 && (merged || (waiting > 0 && slurm_lives(&q->merge)))) {
		printf("nothing to submit: %d of %d shards are finished, %d in the queue\n",
		       finished, q->nshards, waiting);
		free(shards);
		return STATUS_OK;
	}
	s->waited_for = slurm_living(q);
	most = largest_task();
	for (int i = 0, next; i < n; i = next) {
		int offset = shards[i] / most * most;

		for (next = i; next < n && shards[next] < offset + most; next++)
			;
		if (submit_array(s, shards + i, next - i, offset) < 0) {
			free(shards);
			return STATUS_FAILED;
		}
	}
	free(shards);
	if (submit_merge(s) < 0)
		return STATUS_FAILED;
	/* The one before knew of fewer shards. */
	if (slurm_lives(&q->merge) && slurm_cancel(q->merge.id) < 0)
		return STATUS_FAILED;
	return STATUS_OK;
}

int cluster_submit(const struct cluster_submit_request *r)
{
	struct submission s = {.request = r};
	struct slurm_queue queue;
	struct cluster_plan plan;
	char why[1400], *notes, *log;
	int status;

	if (cluster_plan_read(&plan, r->dir, why, sizeof(why)) < 0)
		return complain_usage("%s", why);
	s.plan_id = plan.id;
	s.dir = shell_absolute(r->dir);
	s.out = r->out ? shell_absolute(r->out) : text_format("%s/merged", s.dir);
	s.bench = shell_quoted(r->bench ? r->bench : paths_find()->self);
	notes = text_format("%s/slurm.json", s.dir);
	log = text_format("%s/log", s.dir);
	s.notes = json_load_file(notes, 0, NULL);
	if (!json_is_array(json_object_get(s.notes, "arrays"))) {
		json_decref(s.notes);
		s.notes = json_pack("{s:[]}", "arrays");
	}
	if (slurm_queue_read(&queue, s.dir, plan.id, plan.nshards, why, sizeof(why)) < 0) {
		complain("Slurm does not tell what is in the queue: %s", why);
		status = STATUS_FAILED;
	} else if (file_make_folder(log) < 0) {
		complain("the folder %s cannot be made: %s", log, strerror(errno));
		status = STATUS_FAILED;
	} else {
		status = submit_all(&s, &queue);
	}
	slurm_queue_free(&queue);
	json_decref(s.notes);
	free(s.waited_for);
	free(log);
	free(notes);
	free(s.bench);
	free(s.out);
	free(s.dir);
	cluster_plan_free(&plan);
	return status;
}
