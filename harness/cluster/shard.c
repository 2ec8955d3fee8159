#include "harness/cluster/shard.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/message.h"
#include "harness/base/sha256.h"
#include "harness/cluster/node.h"
#include "harness/cluster/plan.h"
#include "harness/cluster/scratch.h"
#include "harness/cluster/state.h"
#include "harness/cluster/whole.h"
#include "harness/machine/environment.h"
#include "harness/run/measure.h"
#include "harness/run/packing.h"
#include "harness/run/plan.h"
#include "harness/run/request.h"
#include "harness/run/runset.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

char *cluster_shard_folder(const char *dir, int shard)
{
	return text_format("%s/shards/%d", dir, shard);
}

void cluster_shards_look(const char *dir)
{
	char *folder = text_format("%s/shards", dir),
	     *probe = text_format("%s/.look.%ld", folder, (long)getpid());
	DIR *list;

	/* NFS asks its server again about a folder that is changed, and one that is opened. */
	file_write(probe, "");
	unlink(probe);
	list = opendir(folder);
	while (list && readdir(list))
		;
	if (list)
		closedir(list);
	free(probe);
	free(folder);
}

/* Whether it was handed over; says so. */
static bool is_there(const char *folder, int shard)
{
	char why[600], *path;
	json_t *manifest;

	if (whole_check(folder, why, sizeof(why)) < 0)
		return false;
	path = text_format("%s/manifest.json", folder);
	manifest = json_load_file(path, 0, NULL);
	printf("shard %d was finished at %s on %s: nothing is left to measure\n", shard,
	       text_of(manifest, "finished"),
	       text_of(json_object_get(json_object_get(manifest, "shard"), "node"), "name"));
	json_decref(manifest);
	free(path);
	return true;
}

/* By how many seconds this machine's clock is ahead of the one that gives the files of the
 * plan's folder their times: of a server, where the folder is shared; else its own. */
static int clock_ahead(const char *dir)
{
	char *path = text_format("%s/shards/.clock.%ld", dir, (long)getpid());
	time_t now = time(NULL);
	struct stat st;
	int ahead = 0;

	if (file_write(path, "") == 0 && stat(path, &st) == 0)
		ahead = (int)(now - st.st_mtime);
	unlink(path);
	free(path);
	return ahead;
}

static json_t *hashes_of(const struct manifest *m)
{
	json_t *hashes = json_object();

	for (int i = 0; i < m->ncontenders; i++) {
		char hash[SHA256_TEXT] = "";

		if (m->contenders[i].path && sha256_file(m->contenders[i].path, hash) < 0)
			hash[0] = '\0';
		json_object_set_new(hashes, m->contenders[i].name, json_string(hash));
	}
	return hashes;
}

/* A contender's name must stand for one library in the whole set; the system's own C library
 * is part of the machine's class. */
static int check_hashes(const struct cluster_plan *p, int shard, const struct manifest *m,
			const json_t *here)
{
	for (int i = 0; i < m->ncontenders; i++) {
		const struct contender *c = &m->contenders[i];
		json_t *planned = json_object_get(p->hashes, c->name),
		       *found = json_object_get(here, c->name);

		if (!json_equal(planned, found) && strcmp(c->library, "libc.so.6") != 0)
			return complain_usage("shard %d cannot run here: %s is another library "
					      "than planned (%s: SHA-256 %.12s..., planned "
					      "%.12s...)",
					      shard, c->name, c->path ? c->path : "missing",
					      json_string_value(found),
					      json_string_value(planned));
	}
	return STATUS_OK;
}

/* The plan's set with what is of this shard and machine. */
static int begin(const struct cluster_shard_request *r, struct cluster_plan *p,
		 const struct cluster_node *node, const char *work, struct runset *set,
		 struct manifest *m)
{
	const struct cluster_shard *shard = &p->shards[r->shard];
	char *refusal = text_format("shard %d cannot run here", r->shard), why[600];
	int status;
	json_t *hashes;

	*m = p->set;
	memset(&p->set, 0, sizeof(p->set));
	status = plan_resolve(refusal, true, m);
	free(refusal);
	if (status != STATUS_OK)
		return status;
	hashes = hashes_of(m);
	status = check_hashes(p, r->shard, m, hashes);
	if (status != STATUS_OK)
		return status;
	m->shard =
		json_pack("{s:s, s:i, s:i, s:i, s:i, s:{s:s, s:s}, s:i, s:o}", "plan", p->id,
			  "index", r->shard, "of", p->nshards, "first_turn", shard->first_turn,
			  "turns", shard->turns, "node", "name", node->name, "boot", node->boot,
			  "clock_ahead_s", clock_ahead(r->dir), "hashes", hashes);
	snprintf(m->host, sizeof(m->host), "%s", node->name);
	clock_utc(m->started, sizeof(m->started));
	json_decref(m->environment);
	m->environment = environment_take();
	if (runset_make(set, work, why, sizeof(why)) == 0)
		return STATUS_OK;
	complain("shard %d: %s", r->shard, why);
	return STATUS_FAILED;
}

/* Makes room where a copy of the shard broke off; what cannot be read now may be whole. */
static void clear_half(const char *dir, const char *folder, int shard)
{
	char *aside = text_format("%s/shards/.half-%d-%ld", dir, shard, (long)getpid()),
	     why[600];

	if (file_exists(folder) && whole_check(folder, why, sizeof(why)) == -1) {
		printf("shard %d: %s was a half copy (%s) and is replaced\n", shard, folder,
		       why);
		if (rename(folder, aside) == 0)
			file_remove_tree(aside);
	}
	free(aside);
}

/* Copies beside the place and renames.  Another node may have been as fast: its copy stays. */
static int hand_over(const struct cluster_shard_request *r, const struct cluster_node *node,
		     const char *work)
{
	char *folder = cluster_shard_folder(r->dir, r->shard),
	     *partial = text_format("%s/shards/.%d-%s-%ld", r->dir, r->shard, node->name,
				    (long)getpid()),
	     why[1200];
	struct packing done;
	int status = STATUS_OK, error;

	if ((set_pack(work, &done, why, sizeof(why)) != STATUS_OK && !done.nothing) ||
	    whole_copy(work, partial, why, sizeof(why)) < 0) {
		complain("shard %d could not be handed over: %s; what was measured is kept in "
			 "%s, and the same command goes on with it",
			 r->shard, why, work);
		status = STATUS_FAILED;
	} else if (clear_half(r->dir, folder, r->shard), rename(partial, folder) == 0) {
		printf("results: %s\n", folder);
	} else if (error = errno, cluster_shards_look(r->dir), is_there(folder, r->shard)) {
		printf("shard %d was finished twice: this copy, of %s, is dropped\n", r->shard,
		       node->name);
	} else {
		complain("shard %d could not be handed over: %s: %s; what was measured is kept "
			 "in %s",
			 r->shard, folder, strerror(error), work);
		status = STATUS_FAILED;
	}
	file_remove_tree(partial);
	if (status == STATUS_OK)
		file_remove_tree(work);
	free(partial);
	free(folder);
	return status;
}

static int measure(const struct cluster_shard_request *r, struct cluster_plan *p,
		   const struct cluster_node *node, const char *work)
{
	struct run_request options;
	struct runset set = {.samples = -1};
	struct manifest m = {.seed = 0};
	char *manifest = text_format("%s/manifest.json", work),
	     *again = text_format("ashlar-bench cluster shard %s %d", r->dir, r->shard);
	bool measured, finished;
	int status, handed = STATUS_OK;

	request_begin(&options);
	options.quiet = r->quiet;
	options.no_repeat = p->no_repeat;
	options.strict = p->strict;
	options.counters = (counter_choice)json_integer_value(p->counter_sets);
	if (!file_exists(manifest)) {
		status = begin(r, p, node, work, &set, &m);
	} else {
		status = plan_resumed(work, &set, &m);
		if (status == STATUS_OK) {
			json_t *hashes = hashes_of(&m);

			status = check_hashes(p, r->shard, &m, hashes);
			json_decref(hashes);
		}
	}
	free(manifest);
	if (status == STATUS_OK) {
		cluster_state_begin(r->dir, r->shard, node);
		interrupt_catch();
		status = measure_set(&m, &set, &options, false, again, &measured);
	}
	finished = status == STATUS_OK || status == STATUS_FAILED ? *m.finished : false;
	runset_close(&set);
	if (finished)
		handed = hand_over(r, node, work);
	free(again);
	manifest_free(&m);
	return handed == STATUS_OK ? status : handed;
}

int cluster_shard_run(const struct cluster_shard_request *r)
{
	struct cluster_scratch scratch;
	struct cluster_node node;
	struct cluster_plan plan;
	char *folder, why[1400];
	int status = STATUS_OK;

	if (cluster_plan_read(&plan, r->dir, why, sizeof(why)) < 0)
		return complain_usage("%s", why);
	if (r->shard < 0 || r->shard >= plan.nshards)
		return complain_usage("shard %d: %s has shards 0 to %d", r->shard, r->dir,
				      plan.nshards - 1);
	cluster_node_here(&node, r->node);
	folder = cluster_shard_folder(r->dir, r->shard);
	if (!is_there(folder, r->shard)) {
		status = cluster_scratch_take(&scratch, r->scratch, plan.id, r->shard, &node);
		if (status == STATUS_OK && !is_there(folder, r->shard)) {
			cluster_scratch_clear(&scratch, r->shard, &node);
			status = measure(r, &plan, &node, scratch.folder);
		}
		cluster_scratch_release(&scratch);
		cluster_state_end(r->dir, r->shard, &node, status);
	}
	free(folder);
	cluster_plan_free(&plan);
	return status;
}
