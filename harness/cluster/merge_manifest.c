#include "harness/cluster/merge_manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/hash.h"
#include "harness/base/message.h"

const struct gathered_shard *merge_shard(const struct merge_part *part, int k)
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

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A name for what is of all these classes, however many nodes each has. */
static json_t *class_of_pool(const json_t *nodes)
{
	const char **classes = NULL;
	size_t n = 0, i;
	char *text = NULL;
	json_t *node, *name;

	json_array_foreach(nodes, i, node) {
		classes = list_grown(classes, n, sizeof(*classes));
		classes[n++] = text_of(node, "machine_class");
	}
	if (n > 0)
		qsort(classes, n, sizeof(*classes), by_text);
	for (i = 0; i < n; i++)
		if (i == 0 || strcmp(classes[i], classes[i - 1]) != 0)
			text_append(&text, "%s\n", classes[i]);
	name = json_sprintf("pool-%016llx", (unsigned long long)hash_text(0, text ? text : ""));
	free(text);
	free(classes);
	return name;
}

/* Of several classes the environment is the first node's, with a class of its own. */
static void pool_environment(json_t *manifest, json_t *nodes)
{
	json_t *environment = json_deep_copy(json_object_get(manifest, "environment")), *node;
	size_t i;
	bool unlike = false;

	json_array_foreach(nodes, i, node)
		unlike |= strcmp(text_of(node, "machine_class"),
				 text_of(environment, "machine_class")) != 0;
	if (unlike)
		json_object_set_new(environment, "machine_class", class_of_pool(nodes));
	json_object_set_new(manifest, "environment", environment);
}

json_t *merge_manifest(const struct merge_part *part)
{
	const struct cluster_plan *p = &part->all->plan;
	json_t *m = NULL, *plan = manifest_to_json(&p->set), *nodes = json_array(),
	       *missing = json_array(), *entry;
	static const char *const planned[] = {"cells", "blocks", "stages", "command"};
	const char *first = "", *last = "";
	char *host = NULL;
	size_t i;

	for (int k = 0; k < p->nshards; k++) {
		const struct gathered_shard *shard = merge_shard(part, k);

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
