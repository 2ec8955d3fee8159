#include "harness/cluster/status.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/cluster/merged.h"
#include "harness/cluster/plan.h"
#include "harness/cluster/shard.h"
#include "harness/cluster/slurm_queue.h"
#include "harness/cluster/state.h"
#include "harness/cluster/whole.h"

enum { PLANNED, WAITING, RUNNING, FINISHED, FAILED, STATES };

static const char *const words[] = {"planned", "waiting", "running", "finished", "failed"};

struct line {
	int state;
	char node[80], when[48], said[700];
};

/* What a finished shard tells of itself. */
static bool is_finished(const char *dir, int shard, struct line *line)
{
	char *folder = cluster_shard_folder(dir, shard),
	     *path = text_format("%s/manifest.json", folder), why[600];
	const char *name = "", *finished = "";
	bool whole = whole_check(folder, why, sizeof(why)) == 0;
	json_t *manifest = whole ? json_load_file(path, 0, NULL) : NULL;

	if (whole) {
		json_unpack(manifest, "{s:{s:{s:s}}}", "shard", "node", "name", &name);
		json_unpack(manifest, "{s:s}", "finished", &finished);
		line->state = FINISHED;
		snprintf(line->node, sizeof(line->node), "%s", name);
		snprintf(line->when, sizeof(line->when), "%s", finished);
	} else if (file_exists(folder)) {
		snprintf(line->said, sizeof(line->said), "a half copy: %s", why);
	}
	json_decref(manifest);
	free(path);
	free(folder);
	return whole;
}

/* Of one that is in nobody's queue. */
static void take_state(struct line *line, const struct cluster_state *s)
{
	snprintf(line->node, sizeof(line->node), "%s", s->node.name);
	snprintf(line->when, sizeof(line->when), "%s", *s->ended ? s->ended : s->since);
	if (!*s->ended && !s->gone) {
		line->state = RUNNING;
		if (!s->alive)
			snprintf(
				line->said, sizeof(line->said),
				"by its note: that its process lives cannot be seen from here");
		return;
	}
	line->state = FAILED;
	if (!*s->ended)
		snprintf(line->said, sizeof(line->said), "its process is gone without a word");
	else if (*s->line)
		snprintf(line->said, sizeof(line->said), "%s", s->line);
	else if (s->status)
		snprintf(line->said, sizeof(line->said), "exit status %d", s->status);
}

/* Of one that Slurm had: the last line of its log says most. */
static void take_slurm(struct line *line, const struct slurm_job *job)
{
	if (*job->node)
		snprintf(line->node, sizeof(line->node), "%s", job->node);
	if (*job->since)
		snprintf(line->when, sizeof(line->when), "%s", job->since);
	if (job->state == SLURM_WAITING) {
		line->state = WAITING;
		*line->node = *line->when = '\0';
		snprintf(line->said, sizeof(line->said), "%s", job->reason);
	} else if (job->state == SLURM_RUNNING) {
		line->state = RUNNING;
		*line->said = '\0';
	} else {
		char said[400];

		line->state = FAILED;
		file_last_line(job->log, said, sizeof(said));
		snprintf(line->said, sizeof(line->said), "%s%s%s",
			 job->state == SLURM_ENDED ? job->word : "not in the queue any more",
			 *said ? ": " : "", said);
	}
}

static void find(const char *dir, int shard, const struct slurm_job *job, bool slurm_answers,
		 struct line *line)
{
	struct cluster_state state;
	bool noted;

	memset(line, 0, sizeof(*line));
	if (is_finished(dir, shard, line))
		return;
	noted = cluster_state_read(dir, shard, &state);
	if (noted)
		take_state(line, &state);
	/* One that was begun by hand may live where Slurm's is dead. */
	if (slurm_answers && job->log && (slurm_lives(job) || !(noted && state.alive)))
		take_slurm(line, job);
}

static void show_merge(const char *dir, const struct slurm_queue *q)
{
	char *sets = merged_sets(dir, q->out), said[400];

	if (sets)
		printf("merge: done, in %s\n", sets);
	else if (slurm_lives(&q->merge))
		printf("merge: job %s, %s, into %s\n", q->merge.id, q->merge.word, q->out);
	else
		printf("merge: not done%s%s\n",
		       *file_last_line(q->merge.log, said, sizeof(said)) ? ": " : "", said);
	free(sets);
}

int cluster_status(const char *dir)
{
	int counts[STATES] = {0};
	struct slurm_queue queue;
	struct cluster_plan plan;
	char why[1400];
	bool answers;

	if (cluster_plan_read(&plan, dir, why, sizeof(why)) < 0)
		return complain_usage("%s", why);
	answers = slurm_queue_read(&queue, dir, plan.id, plan.nshards, why, sizeof(why)) == 0;
	if (!answers)
		printf("what Slurm has of it is not known (%s): by the folder alone\n", why);
	cluster_shards_look(dir);
	printf("%5s  %-8s  %-12s  %s\n", "shard", "state", "node", "since");
	for (int k = 0; k < plan.nshards; k++) {
		struct line line;

		find(dir, k, &queue.shards[k], answers, &line);
		counts[line.state]++;
		printf("%5d  %s", k, words[line.state]);
		if (*line.node || *line.when || *line.said)
			printf("%*s  %-12s  %s", 8 - (int)strlen(words[line.state]), "",
			       *line.node ? line.node : "-", *line.when ? line.when : "-");
		if (*line.said)
			printf("%*s  %s", 20 - (int)strlen(*line.when ? line.when : "-"), "",
			       line.said);
		printf("\n");
	}
	printf("%d shards:", plan.nshards);
	for (int i = STATES, some = 0; i-- > 0;)
		if (counts[i])
			printf("%s %d %s", some++ ? "," : "", counts[i], words[i]);
	printf("\n");
	if (queue.out)
		show_merge(dir, &queue);
	slurm_queue_free(&queue);
	cluster_plan_free(&plan);
	return counts[FAILED] ? STATUS_FAILED : STATUS_OK;
}
