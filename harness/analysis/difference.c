#include "harness/analysis/difference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"

/* Not of the machine's class (harness/machine/environment.h): they say how it was at that time,
 * or what was built for it. */
static const char *const of_the_moment[] = {
	"machine_class",   "memory_bytes",  "system",          "compiler",
	"compiler_flags",  "bench_version", "worker_build_id", "clock_cost_ns",
	"clock_step_ns",   "load",          "uptime_s",        "swap_in_use",
	"variables_passed"};

static bool is_of_class(const char *key)
{
	for (size_t i = 0; i < sizeof(of_the_moment) / sizeof(*of_the_moment); i++)
		if (!strcmp(of_the_moment[i], key))
			return false;
	return true;
}

static char *value_text(const json_t *value)
{
	char *dumped, *text;

	if (!value)
		return text_format("(absent)");
	if (json_is_string(value))
		return text_format("%s", json_string_value(value));
	dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
	text = text_format("%s", dumped ? dumped : "?");
	free(dumped);
	return text;
}

/* Objects and lists of the same length are gone into, so that what is told is the one thing in
 * them that differs. */
static void compare_values(struct difference *d, const char *prefix, const char *key, json_t *a,
			   json_t *b, bool refused)
{
	char *name = text_format("%s%s", prefix, key), *below = text_format("%s.", name);
	const char *part;
	json_t *value;
	size_t i;

	if (json_is_object(a) && json_is_object(b)) {
		json_object_foreach(a, part, value)
			compare_values(d, below, part, value, json_object_get(b, part),
				       refused);
		json_object_foreach(b, part, value)
			if (!json_object_get(a, part))
				compare_values(d, below, part, NULL, value, refused);
	} else if (json_is_array(a) && json_is_array(b) &&
		   json_array_size(a) == json_array_size(b)) {
		json_array_foreach(a, i, value) {
			char number[24];

			snprintf(number, sizeof(number), "%zu", i);
			compare_values(d, below, number, value, json_array_get(b, i), refused);
		}
	} else if ((a || b) && !json_equal(a, b)) {
		d->list = list_grown(d->list, d->count, sizeof(*d->list));
		d->list[d->count++] = (struct difference_field){
			.name = text_format("%s", name),
			.a = value_text(a),
			.b = value_text(b),
			.refused = refused,
		};
	}
	free(name);
	free(below);
}

/* Fields of the environment; where the class is the same none of them is a reason to refuse. */
static void compare_environments(struct difference *d, json_t *a, json_t *b)
{
	bool other_class = !json_equal(json_object_get(a, "machine_class"),
				       json_object_get(b, "machine_class"));
	json_t *value;
	const char *key;

	compare_values(d, "environment.", "machine_class", json_object_get(a, "machine_class"),
		       json_object_get(b, "machine_class"), true);
	json_object_foreach(a, key, value) {
		if (strcmp(key, "machine_class") != 0 && strcmp(key, "uptime_s") != 0)
			compare_values(d, "environment.", key, value, json_object_get(b, key),
				       other_class && is_of_class(key));
	}
	json_object_foreach(b, key, value) {
		if (!json_object_get(a, key))
			compare_values(d, "environment.", key, NULL, value,
				       other_class && is_of_class(key));
	}
}

/* Of the contenders that both sets have. */
static void compare_contenders(struct difference *d, const struct result_set *a,
			       const struct result_set *b)
{
	static const char *const keys[] = {"version", "build_id", "env", "status"};

	for (size_t i = 0; i < a->ncontenders; i++) {
		size_t k = results_find_contender(b, a->contenders[i].name);
		char *prefix = text_format("%s.", a->contenders[i].name);

		for (size_t j = 0; k != SIZE_MAX && j < sizeof(keys) / sizeof(*keys); j++)
			compare_values(d, prefix, keys[j],
				       json_object_get(a->contenders[i].json, keys[j]),
				       json_object_get(b->contenders[k].json, keys[j]), false);
		free(prefix);
	}
}

struct difference *difference_make(const struct result_set *a, const struct result_set *b)
{
	static const char *const keys[] = {"suite",  "host",      "revision",
					   "blocks", "timeout_s", "counters"};
	struct difference *d = calloc(1, sizeof(*d));
	json_t *world[2] = {json_object_get(a->manifest, "world"),
			    json_object_get(b->manifest, "world")};

	if (!d)
		abort();
	compare_values(d, "", "suite_version", json_object_get(a->manifest, "suite_version"),
		       json_object_get(b->manifest, "suite_version"), true);
	/* Another world is another C library below all of them; of before there were worlds
	 * a set says nothing. */
	compare_values(d, "", "world", world[0], world[1],
		       json_is_object(world[0]) && json_is_object(world[1]));
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		compare_values(d, "", keys[i], json_object_get(a->manifest, keys[i]),
			       json_object_get(b->manifest, keys[i]), false);
	compare_environments(d, json_object_get(a->manifest, "environment"),
			     json_object_get(b->manifest, "environment"));
	compare_contenders(d, a, b);
	return d;
}

void difference_free(struct difference *d)
{
	for (size_t i = 0; i < d->count; i++) {
		free(d->list[i].name);
		free(d->list[i].a);
		free(d->list[i].b);
	}
	free(d->list);
	free(d);
}

char *difference_refusal(const struct difference *d)
{
	char *text = NULL;

	for (size_t i = 0; i < d->count; i++) {
		if (!d->list[i].refused)
			continue;
		if (!text)
			text_set(&text, "%s", "");
		text_append(&text, "%s%s (%.40s, %.40s)", *text ? ", " : "", d->list[i].name,
			    d->list[i].a, d->list[i].b);
	}
	return text;
}
