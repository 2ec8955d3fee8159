#include "harness/cluster/merge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/message.h"
#include "harness/base/sample_fields.h"
#include "harness/base/set_files.h"
#include "harness/base/tarball.h"
#include "harness/cluster/gather.h"

/* The shards of one set: all, or those of a class. */
struct part {
	const struct gathered *all;
	const char *machine_class; /* null = any */
};

static const struct gathered_shard *shard_of(const struct part *part, int k)
{
	const struct gathered_shard *shard = &part->all->shards[k];

	if (!shard->folder ||
	    (part->machine_class && strcmp(shard->machine_class, part->machine_class) != 0))
		return NULL;
	return shard;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* What was measured anywhere counts; a block whose loads lie in two shards was measured on two
 * nodes, and the first one's is told. */
static void add_capacity(json_t *all, json_t *own)
{
	const char *workload;
	json_t *rates, *rate, *to;
	size_t block;

	json_object_foreach(own, workload, rates) {
		to = json_object_get(all, workload);
		if (!to) {
			json_object_set_new(all, workload, json_deep_copy(rates));
			continue;
		}
		json_array_foreach(rates, block, rate) {
			if (block >= json_array_size(to))
				json_array_append(to, rate);
			else if (json_integer_value(json_array_get(to, block)) <= 0)
				json_array_set(to, block, rate);
		}
	}
}

/* A contender is what it is in most: failed or skipped where it is so in every shard. */
static void add_contenders(json_t *all, json_t *own)
{
	json_t *to, *from;
	size_t i;

	json_array_foreach(all, i, to) {
		from = json_array_get(own, i);
		if (strcmp(text_of(to, "status"), "ok") == 0 ||
		    strcmp(text_of(from, "status"), "skipped") == 0)
			continue;
		json_object_set(to, "status", json_object_get(from, "status"));
		json_object_set(to, "reason", json_object_get(from, "reason"));
	}
}

static void add_node(json_t *nodes, const struct gathered_shard *shard, int k)
{
	json_t *node, *environment = json_object_get(shard->manifest, "environment");
	size_t i;

	json_array_foreach(nodes, i, node) {
		if (strcmp(text_of(node, "name"), shard->node.name) == 0) {
			json_array_append_new(json_object_get(node, "shards"), json_integer(k));
			return;
		}
	}
	json_array_append_new(
		nodes, json_pack("{s:s, s:s, s:s, s:s, s:s, s:O?, s:O?, s:O?, s:[i]}", "name",
				 shard->node.name, "boot", shard->node.boot, "machine_class",
				 shard->machine_class, "cpu", text_of(environment, "cpu"),
				 "kernel", text_of(environment, "kernel"), "cpus_online",
				 json_object_get(environment, "cpus_online"), "memory_bytes",
				 json_object_get(environment, "memory_bytes"), "clock_ahead_s",
				 json_object_get(json_object_get(shard->manifest, "shard"),
						 "clock_ahead_s"),
				 "shards", k));
}

/* Of several classes the environment is the first node's, with a class of its own. */
static void pool_environment(json_t *manifest, json_t *nodes)
{
	json_t *environment = json_deep_copy(json_object_get(manifest, "environment")), *node;
	uint64_t hash = 0;
	size_t i;
	bool unlike = false;

	json_array_foreach(nodes, i, node) {
		const char *class = text_of(node, "machine_class");

		unlike |= strcmp(class, text_of(environment, "machine_class")) != 0;
		hash ^= hash_text(0, class);
	}
	if (unlike)
		json_object_set_new(environment, "machine_class",
				    json_sprintf("pool-%016llx", (unsigned long long)hash));
	json_object_set_new(manifest, "environment", environment);
}

/* The whole plan's manifest, with what its shards say of themselves. */
static json_t *make_manifest(const struct part *part)
{
	const struct cluster_plan *p = &part->all->plan;
	json_t *m = NULL, *plan = manifest_to_json(&p->set), *nodes = json_array(),
	       *missing = json_array(), *entry;
	static const char *const planned[] = {"cells", "blocks", "stages", "command"};
	const char *first = "", *last = "";
	char *host = NULL;
	size_t i;

	for (int k = 0; k < p->nshards; k++) {
		const struct gathered_shard *shard = shard_of(part, k);

		if (!shard) {
			json_array_append_new(missing, json_integer(k));
			continue;
		}
		add_node(nodes, shard, k);
		if (!*first || strcmp(text_of(shard->manifest, "started"), first) < 0)
			first = text_of(shard->manifest, "started");
		if (strcmp(text_of(shard->manifest, "finished"), last) > 0)
			last = text_of(shard->manifest, "finished");
		if (!m) {
			m = json_deep_copy(shard->manifest);
			continue;
		}
		add_capacity(json_object_get(m, "capacity"),
			     json_object_get(shard->manifest, "capacity"));
		add_contenders(json_object_get(m, "contenders"),
			       json_object_get(shard->manifest, "contenders"));
		json_array_extend(json_object_get(m, "unfinished"),
				  json_object_get(shard->manifest, "unfinished"));
	}
	for (i = 0; i < sizeof(planned) / sizeof(planned[0]); i++)
		if (json_object_get(plan, planned[i]))
			json_object_set(m, planned[i], json_object_get(plan, planned[i]));
	json_array_foreach(nodes, i, entry)
		text_append(&host, "%s%s", i ? "," : "", text_of(entry, "name"));
	json_object_set_new(m, "host", json_sprintf("%.79s", host ? host : ""));
	free(host);
	json_object_set_new(m, "started", json_string(first));
	json_object_set_new(m, "finished", json_string(last));
	if (!part->machine_class)
		pool_environment(m, nodes);
	json_object_del(m, "shard");
	json_object_set_new(m, "merged",
			    json_pack("{s:s, s:s, s:i, s:b, s:o, s:o}", "plan", p->id,
				      "created", p->created, "shards", p->nshards, "pool",
				      !part->machine_class, "nodes", nodes, "missing",
				      missing));
	json_decref(plan);
	return m;
}

struct record {
	int id;
	json_t *sample;
};

static int by_id(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* Every record as it was, with the node's name in the set, in the order of their numbers. */
static int write_samples(const struct part *part, const char *out, char *why, size_t why_size)
{
	char *to = text_format("%s/samples.jsonl", out);
	struct record *records = NULL;
	FILE *file = fopen(to, "we");
	size_t n = 0;
	bool good = file != NULL;

	for (int k = 0; k < part->all->plan.nshards; k++) {
		const struct gathered_shard *shard = shard_of(part, k);
		char *path, *text, *line;

		if (!shard)
			continue;
		path = text_format("%s/samples.jsonl", shard->folder);
		text = line = file_read(path);
		while (line && *line) {
			size_t length = strcspn(line, "\n");
			json_t *sample = json_loadb(line, length, 0, NULL);

			json_object_set_new(sample, sample_fields[FIELD_node].name,
					    json_string(shard->node.name));
			records = list_grown(records, n, sizeof(*records));
			records[n++] =
				(struct record){(int)json_integer_value(json_object_get(
							sample, sample_fields[FIELD_id].name)),
						sample};
			line += length + (line[length] == '\n');
		}
		free(text);
		free(path);
	}
	qsort(records, n, sizeof(*records), by_id);
	for (size_t i = 0; i < n; i++) {
		good = good && json_dumpf(records[i].sample, file, JSON_COMPACT) == 0 &&
		       fputc('\n', file) != EOF;
		json_decref(records[i].sample);
	}
	free(records);
	if (file && (fflush(file) != 0 || fsync(fileno(file)) < 0))
		good = false;
	if (!good)
		because(why, why_size, "%s: %s", to, strerror(errno));
	if (file)
		fclose(file);
	free(to);
	return good ? 0 : -1;
}

/* Their names hold the samples' numbers; what is of a workload, its sizes and lifetimes, is the
 * same in every shard. */
static int write_side_files(const struct part *part, const char *out, char *why,
			    size_t why_size)
{
	int result = 0;

	for (int k = 0; k < part->all->plan.nshards && result == 0; k++) {
		const struct gathered_shard *shard = shard_of(part, k);
		struct tarball packed = {NULL, 0};
		char *path;

		if (!shard)
			continue;
		path = text_format("%s/" SET_PACKED, shard->folder);
		if (file_exists(path))
			result = tarball_read(&packed, path, why, why_size);
		for (size_t i = 0; i < packed.count && result == 0; i++) {
			const struct tarball_file *f = &packed.files[i];
			char *to = text_format("%s/%s", out, f->name),
			     *folder = text_format("%.*s", (int)(strrchr(to, '/') - to), to);

			if (file_make_folder(folder) < 0 ||
			    file_write_bytes(to, f->data, f->size) < 0)
				result = because(why, why_size, "%s: %s", to, strerror(errno));
			free(folder);
			free(to);
		}
		tarball_free(&packed);
		free(path);
	}
	return result;
}

static int write_manifest(const struct part *part, const char *out, char *why, size_t why_size)
{
	json_t *manifest = make_manifest(part);
	char *path = text_format("%s/manifest.json", out);
	char *text = json_dumps(manifest, JSON_INDENT(1)), *whole;
	int result = 0;

	whole = text_format("%s\n", text ? text : "");
	if (!text || file_write(path, whole) < 0)
		result = because(why, why_size, "%s: %s", path,
				 text ? strerror(errno) : "cannot be written as JSON");
	free(whole);
	free(text);
	free(path);
	json_decref(manifest);
	return result;
}

static int write_set(const struct part *part, const char *out)
{
	char *partial = text_format("%s.part-%ld", out, (long)getpid()), why[1200];
	int shards = 0, status = STATUS_OK;

	for (int k = 0; k < part->all->plan.nshards; k++)
		shards += shard_of(part, k) != NULL;
	if (file_make_folder(partial) < 0) {
		because(why, sizeof(why), "%s: %s", partial, strerror(errno));
		status = STATUS_FAILED;
	} else if (write_samples(part, partial, why, sizeof(why)) < 0 ||
		   write_side_files(part, partial, why, sizeof(why)) < 0 ||
		   write_manifest(part, partial, why, sizeof(why)) < 0) {
		status = STATUS_FAILED;
	} else if (rename(partial, out) < 0) {
		because(why, sizeof(why), "%s: %s", out, strerror(errno));
		status = STATUS_FAILED;
	}
	if (status == STATUS_OK)
		printf("merged: %s, %d of %d shards\n", out, shards, part->all->plan.nshards);
	else
		complain("nothing was merged: %s", why);
	file_remove_tree(partial);
	free(partial);
	return status;
}

/* The classes, in the order of their shards. */
static int count_classes(const struct gathered *all, const char ***classes)
{
	int n = 0;

	*classes = NULL;
	for (int k = 0; k < all->plan.nshards; k++) {
		const char *class = all->shards[k].machine_class;
		int i = 0;

		while (class && i < n && strcmp((*classes)[i], class) != 0)
			i++;
		if (!all->shards[k].folder || i < n)
			continue;
		*classes = list_grown(*classes, (size_t)n, sizeof(**classes));
		(*classes)[n++] = class;
	}
	return n;
}

static int write_sets(const struct gathered *all, const struct cluster_merge_request *r)
{
	const char **classes;
	int n = count_classes(all, &classes), status = STATUS_OK;

	if (n == 0) {
		complain("nothing was merged: no shard is there");
		status = STATUS_FAILED;
	} else if (n == 1 || r->pool) {
		struct part part = {all, r->pool ? NULL : classes[0]};

		status = write_set(&part, r->out);
	} else {
		complain(
			"the nodes are of %d classes of machines, which are kept apart; --pool "
			"puts them together",
			n);
	}
	for (int i = 0; i < n && n > 1 && !r->pool && status == STATUS_OK; i++) {
		struct part part = {all, classes[i]};
		char *out = text_format("%s.%.8s", r->out, classes[i]);

		status = write_set(&part, out);
		free(out);
	}
	free(classes);
	return status;
}

int cluster_merge(const struct cluster_merge_request *r)
{
	struct gathered all;
	int status;

	if (file_exists(r->out)) {
		complain("%s is there already: -o names another folder", r->out);
		return STATUS_FAILED;
	}
	status = gather(&all, r->dirs, r->ndirs);
	if (status != STATUS_OK)
		return status;
	if (all.amiss && !r->partial) {
		complain("nothing was merged: %d of %d shards are amiss; --partial merges the "
			 "others",
			 all.amiss, all.plan.nshards);
		status = STATUS_FAILED;
	} else {
		status = write_sets(&all, r);
	}
	gathered_free(&all);
	return status;
}
