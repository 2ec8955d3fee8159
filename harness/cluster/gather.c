#include "harness/cluster/gather.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/sample_fields.h"
#include "harness/cluster/shard.h"
#include "harness/cluster/whole.h"
#include "harness/trial/sample.h"

/* A clock that differs by more is told. */
#define CLOCK_S 60

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static int read_plans(struct gathered *all, const char *const *dirs, int n)
{
	char why[1400];

	for (int i = 0; i < n; i++) {
		struct cluster_plan plan;

		if (cluster_plan_read(&plan, dirs[i], why, sizeof(why)) < 0) {
			cluster_plan_free(&plan);
			return complain_usage("%s", why);
		}
		if (i > 0 && strcmp(plan.id, all->plan.id) != 0) {
			complain_usage("%s is of another plan (%s) than %s (%s)", dirs[i],
				       plan.id, dirs[0], all->plan.id);
			cluster_plan_free(&plan);
			return STATUS_USAGE;
		}
		if (i > 0 && plan.nshards <= all->plan.nshards) {
			cluster_plan_free(&plan);
			continue;
		}
		if (i > 0)
			cluster_plan_free(&all->plan);
		all->plan = plan;
	}
	return STATUS_OK;
}

/* Whether the samples are those of the shard's turns, all of them and each once. */
static int check_samples(const struct cluster_plan *p, int k, const char *folder, char *why,
			 size_t why_size)
{
	const struct cluster_shard *shard = &p->shards[k];
	char *path = text_format("%s/samples.jsonl", folder), *text = file_read(path),
	     *line = text;
	struct schedule s;
	int result = 0, missing = 0;
	bool *seen;

	manifest_schedule(&p->set, &s);
	seen = calloc((size_t)s.ids + 1, sizeof(*seen));
	while (seen && line && *line && result == 0) {
		size_t length = strcspn(line, "\n");
		json_t *sample = json_loadb(line, length, 0, NULL);
		int attempt, place,
			id = (int)json_integer_value(
				json_object_get(sample, sample_fields[FIELD_id].name)),
			turn = schedule_find(&s, id, &attempt, &place);
		const char *cell = text_of(sample, sample_fields[FIELD_cell].name);

		if (turn < shard->first_turn || turn >= shard->first_turn + shard->turns ||
		    strcmp(cell, p->set.cells[s.turns[turn].cell].name) != 0)
			result = because(why, why_size, "sample %d is none of its turns", id);
		else if (seen[id])
			result = because(why, why_size, "sample %d is there twice", id);
		else
			seen[id] = true;
		json_decref(sample);
		line += length + (line[length] == '\n');
	}
	for (int turn = shard->first_turn; turn < shard->first_turn + shard->turns; turn++)
		for (int place = 0; seen && place < schedule_places(&s, turn); place++)
			missing += !seen[schedule_sample_id(&s, turn, 0, place)];
	if (result == 0 && missing)
		result = because(why, why_size, "it lacks %d sample%s", missing,
				 missing == 1 ? "" : "s");
	free(seen);
	schedule_free(&s);
	free(text);
	free(path);
	return result;
}

/* Is it the shard of this plan, measured with what was planned? */
static int check_manifest(const struct gathered *all, int k, const json_t *m, char *why,
			  size_t why_size)
{
	const struct cluster_plan *p = &all->plan;
	const char *plan = "", *name;
	json_t *shard = json_object_get(m, "shard"), *found;
	int index = -1, first = -1, turns = -1;

	json_unpack(shard, "{s:s, s:i, s:i, s:i}", "plan", &plan, "index", &index, "first_turn",
		    &first, "turns", &turns);
	if (strcmp(plan, p->id) != 0)
		return because(why, why_size, "plan: '%s', not '%s'", plan, p->id);
	if (index != k || first != p->shards[k].first_turn || turns != p->shards[k].turns)
		return because(why, why_size, "turns: it is shard %d, of %d turns from %d on",
			       index, turns, first);
	if (strcmp(text_of(m, "suite_version"), SUITE_VERSION) != 0)
		return because(why, why_size, "suite_version: '%s', not '%s'",
			       text_of(m, "suite_version"), SUITE_VERSION);
	if (json_integer_value(json_object_get(m, "seed")) != (json_int_t)p->set.seed)
		return because(why, why_size, "seed: not that of the plan");
	for (int i = 0; i < p->set.ncontenders; i++) {
		const struct contender *c = &p->set.contenders[i];

		name = c->name;
		found = json_object_get(json_object_get(shard, "hashes"), name);
		if (strcmp(c->library, "libc.so.6") != 0 &&
		    !json_equal(found, json_object_get(p->hashes, name)))
			return because(why, why_size,
				       "contender %s: SHA-256 %.12s..., planned %.12s...", name,
				       found ? json_string_value(found) : "of none",
				       text_of(p->hashes, name));
	}
	if (!*text_of(m, "finished"))
		return because(why, why_size, "finished: it is not");
	return 0;
}

/* Within a class of machines the C library and the workloads are one build. */
static int check_class(const struct gathered *all, int k, char *why, size_t why_size)
{
	const struct gathered_shard *own = &all->shards[k];

	for (int i = 0; i < k; i++) {
		const struct gathered_shard *other = &all->shards[i];
		json_t *here = json_object_get(own->manifest, "environment"),
		       *there = json_object_get(other->manifest, "environment"), *a, *b;
		const char *name;

		if (!other->folder || strcmp(own->machine_class, other->machine_class) != 0)
			continue;
		if (strcmp(text_of(here, "worker_build_id"),
			   text_of(there, "worker_build_id")) != 0)
			return because(why, why_size,
				       "worker_build_id: the workloads are another build than "
				       "those of shard %d (%.12s, %.12s)",
				       i, text_of(here, "worker_build_id"),
				       text_of(there, "worker_build_id"));
		a = json_object_get(json_object_get(own->manifest, "shard"), "hashes");
		json_object_foreach(a, name, b) {
			json_t *c = json_object_get(
				json_object_get(json_object_get(other->manifest, "shard"),
						"hashes"),
				name);

			if (!json_equal(b, c))
				return because(why, why_size,
					       "contender %s: another library than that of "
					       "shard %d, on a machine of one class",
					       name, i);
		}
		return 0;
	}
	return 0;
}

static bool same_file(const char *a, const char *b, const char *name)
{
	char *x = text_format("%s/%s", a, name), *y = text_format("%s/%s", b, name);
	char *s = file_read(x), *t = file_read(y);
	bool same = s && t && strcmp(s, t) == 0;

	free(s);
	free(t);
	free(x);
	free(y);
	return same;
}

/* One shard in one folder, which is whole.  Returns false, with `why`, where it cannot be
 * taken.
 */
static bool take(struct gathered *all, int k, const char *dir, char *why, size_t why_size)
{
	struct gathered_shard *shard = &all->shards[k];
	char *folder = cluster_shard_folder(dir, k), reason[1000], *path;
	const char *name = "", *boot = "";
	json_t *m;

	if (shard->folder && same_file(folder, shard->folder, "samples.jsonl")) {
		free(folder);
		return true;
	}
	if (shard->folder) {
		because(why, why_size, "it was run twice: %s counts, %s does not",
			shard->folder, folder);
		free(folder);
		return false;
	}
	path = text_format("%s/manifest.json", folder);
	m = json_load_file(path, 0, NULL);
	free(path);
	if (check_manifest(all, k, m, reason, sizeof(reason)) < 0 ||
	    check_samples(&all->plan, k, folder, reason, sizeof(reason)) < 0) {
		because(why, why_size, "%s: %s", folder, reason);
		json_decref(m);
		free(folder);
		return false;
	}
	json_unpack(m, "{s:{s:{s:s, s:s}}}", "shard", "node", "name", &name, "boot", &boot);
	snprintf(shard->node.name, sizeof(shard->node.name), "%s", name);
	snprintf(shard->node.boot, sizeof(shard->node.boot), "%s", boot);
	shard->manifest = m;
	shard->machine_class = text_of(json_object_get(m, "environment"), "machine_class");
	shard->folder = folder;
	if (check_class(all, k, reason, sizeof(reason)) < 0) {
		because(why, why_size, "%s: %s", folder, reason);
		shard->folder = NULL;
		shard->manifest = NULL;
		json_decref(m);
		free(folder);
		return false;
	}
	return true;
}

/* What a copy that broke off left, for who looks for the shard. */
static bool find_partial(const char *dir, int k, char *name, size_t size)
{
	char *path = text_format("%s/shards", dir), *begin = text_format(".%d-", k);
	DIR *list = opendir(path);
	struct dirent *entry;
	bool found = false;

	while (list && !found && (entry = readdir(list)))
		if (strncmp(entry->d_name, begin, strlen(begin)) == 0) {
			snprintf(name, size, "%s/%s", path, entry->d_name);
			found = true;
		}
	if (list)
		closedir(list);
	free(begin);
	free(path);
	return found;
}

/* What is odd but spoils nothing: samples follow each other by their numbers. */
static void tell_clock(const struct gathered *all, int k)
{
	const json_t *m = all->shards[k].manifest;
	json_int_t ahead = json_integer_value(
		json_object_get(json_object_get(m, "shard"), "clock_ahead_s"));
	const char *node = all->shards[k].node.name;

	if (ahead > CLOCK_S || ahead < -CLOCK_S)
		complain(
			"shard %d: the clock of %s is %lld minutes %s; its times are as it had "
			"them",
			k, node, (long long)(ahead < 0 ? -ahead : ahead) / 60,
			ahead > 0 ? "ahead" : "behind");
	else if (strcmp(text_of(m, "started"), all->plan.created) < 0)
		complain("shard %d: the clock of %s is behind: it began at %s, before the plan "
			 "was made at %s; its times are as it had them",
			 k, node, text_of(m, "started"), all->plan.created);
}

static bool is_named(const struct gathered *all, int before, const char *name)
{
	for (int k = 0; k < before; k++)
		if (all->shards[k].folder && strcmp(all->shards[k].node.name, name) == 0)
			return true;
	return false;
}

/* Two machines of one name get two. */
static void part_names(struct gathered *all)
{
	for (int k = 0; k < all->plan.nshards; k++)
		for (int i = 0; i < k; i++) {
			struct cluster_node *own = &all->shards[k].node,
					    *other = &all->shards[i].node;
			char name[sizeof(own->name)];

			if (!all->shards[i].folder || !all->shards[k].folder ||
			    strcmp(own->name, other->name) != 0 ||
			    strcmp(own->boot, other->boot) == 0)
				continue;
			snprintf(name, sizeof(name), "%.*s~%.8s", (int)sizeof(name) - 10,
				 own->name, own->boot);
			if (!is_named(all, k, name))
				complain("shard %d: another machine than that of shard %d has "
					 "the name %s, or it was started anew: it is called %s",
					 k, i, own->name, name);
			snprintf(own->name, sizeof(own->name), "%s", name);
			break;
		}
}

/* One shard wherever it may be.  A half copy spoils nothing where there is a whole one. */
static void find(struct gathered *all, int k, const char *const *dirs, int n)
{
	char why[1600], half[1600] = "", partial[600] = "", reason[1000];
	int whole = 0, bad = 0;

	for (int i = 0; i < n; i++) {
		char *folder = cluster_shard_folder(dirs[i], k);

		if (!file_exists(folder)) {
			if (!*partial)
				find_partial(dirs[i], k, partial, sizeof(partial));
		} else if (whole_check(folder, reason, sizeof(reason)) < 0) {
			if (!*half)
				because(half, sizeof(half), "half copied: %s: %s", folder,
					reason);
		} else {
			whole++;
			if (!take(all, k, dirs[i], why, sizeof(why))) {
				complain("shard %d: %s", k, why);
				bad++;
			}
		}
		free(folder);
	}
	if (*half)
		complain("shard %d: %s%s", k, half, whole ? "; another copy is whole" : "");
	else if (!whole && *partial)
		complain("shard %d is missing: half copied: %s", k, partial);
	else if (!whole)
		complain("shard %d is missing: `ashlar-bench cluster shard %s %d` measures it",
			 k, dirs[0], k);
	all->amiss += bad || !whole;
	if (all->shards[k].folder)
		tell_clock(all, k);
}

int gather(struct gathered *all, const char *const *dirs, int n)
{
	int status;

	memset(all, 0, sizeof(*all));
	status = read_plans(all, dirs, n);
	if (status != STATUS_OK) {
		gathered_free(all);
		return status;
	}
	for (int i = 0; i < n; i++)
		cluster_shards_look(dirs[i]);
	all->shards = calloc((size_t)all->plan.nshards + 1, sizeof(all->shards[0]));
	for (int k = 0; all->shards && k < all->plan.nshards; k++)
		find(all, k, dirs, n);
	part_names(all);
	return STATUS_OK;
}

void gathered_free(struct gathered *all)
{
	for (int k = 0; k < all->plan.nshards && all->shards; k++) {
		free(all->shards[k].folder);
		json_decref(all->shards[k].manifest);
	}
	free(all->shards);
	cluster_plan_free(&all->plan);
	memset(all, 0, sizeof(*all));
}
