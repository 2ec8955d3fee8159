#include "harness/gate/baseline.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/file.h"
#include "harness/base/message.h"

#define SCHEMA "ashlar-baseline 1"

static bool is_number_or_absent(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return !value || json_is_number(value);
}

/* One value of a metric: false where it is not of the form above. */
static bool is_value(json_t *value)
{
	const char *name;
	json_t *share, *shares = json_object_get(value, "shares");

	if (!json_is_number(json_object_get(value, "value")) ||
	    !json_is_integer(json_object_get(value, "tier")) ||
	    !is_number_or_absent(value, "accepted") || (shares && !json_is_object(shares)))
		return false;
	json_object_foreach(shares, name, share)
		if (!json_is_number(share))
			return false;
	return !json_object_get(value, "accepted") ||
	       json_is_string(json_object_get(value, "because"));
}

static int check_baseline(json_t *baseline, char *why, size_t why_size)
{
	json_t *class = json_object_get(baseline, "class"),
	       *cells = json_object_get(baseline, "cells"), *field, *metrics, *value;
	const char *key, *cell, *metric;

	if (!json_is_object(class) || !json_is_object(cells))
		return because(why, why_size, "a baseline lacks its class or its cells");
	json_object_foreach(class, key, field)
		if (!json_is_string(field))
			return because(why, why_size, "class: '%s' is no text", key);
	json_object_foreach(cells, cell, metrics) {
		if (!json_is_object(metrics))
			return because(why, why_size, "%s: no metrics", cell);
		json_object_foreach(metrics, metric, value)
			if (!is_value(value))
				return because(why, why_size,
					       "%s: %s is no value of a baseline", cell,
					       metric);
	}
	return 0;
}

static int check_file(json_t *file, char *why, size_t why_size)
{
	const char *schema = json_string_value(json_object_get(file, "schema"));
	json_t *baselines = json_object_get(file, "baselines"), *baseline;
	size_t i;

	if (!schema || strcmp(schema, SCHEMA) != 0)
		return because(why, why_size, "schema '%s': '" SCHEMA "' is needed",
			       schema ? schema : "(none)");
	if (!json_is_array(baselines))
		return because(why, why_size, "there is no list of baselines");
	json_array_foreach(baselines, i, baseline)
		if (check_baseline(baseline, why, why_size) < 0)
			return -1;
	return 0;
}

json_t *gate_baseline_read(const char *path, bool make, char *why, size_t why_size)
{
	char *text = file_read(path), inner[300];
	json_error_t error;
	json_t *file;

	why[0] = '\0';
	if (!text && errno == ENOENT)
		return make ? json_pack("{s:s, s:[]}", "schema", SCHEMA, "baselines") : NULL;
	if (!text) {
		because(why, why_size, "%s: %s", path, strerror(errno));
		return NULL;
	}
	file = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	free(text);
	if (!file) {
		because(why, why_size, "%s:%d: %s", path, error.line, error.text);
		return NULL;
	}
	if (check_file(file, inner, sizeof(inner)) == 0)
		return file;
	because(why, why_size, "%s: not a file of baselines: %s", path, inner);
	json_decref(file);
	return NULL;
}

int gate_baseline_write(const char *path, const json_t *file, char *why, size_t why_size)
{
	char *text = json_dumps(file, JSON_INDENT(1) | JSON_SORT_KEYS), *line;
	int result = -1;

	if (text) {
		line = text_format("%s\n", text);
		result = file_write(path, line);
		free(line);
	}
	free(text);
	return result == 0 ? 0 : because(why, why_size, "%s: %s", path, strerror(errno));
}

static void read_class(const json_t *baseline, struct gate_class *class)
{
	const char *key;
	json_t *value;

	*class = (struct gate_class){.count = 0};
	json_object_foreach(json_object_get(baseline, "class"), key, value)
		gate_class_add(class, key, json_string_value(value));
}

static bool same_fields(const struct gate_class *a, const struct gate_class *b)
{
	for (size_t i = 0; i < a->count; i++) {
		bool there = false;

		for (size_t k = 0; k < b->count; k++)
			there |= strcmp(a->list[i].key, b->list[k].key) == 0;
		if (!there)
			return false;
	}
	return a->count == b->count;
}

/* The baseline of that class; else NULL, with how the nearest differs where one has the same
 * fields. */
static json_t *find(const json_t *file, const struct gate_class *class, char **nearest)
{
	json_t *baselines = json_object_get(file, "baselines"), *baseline;
	size_t i, least = SIZE_MAX;

	*nearest = NULL;
	json_array_foreach(baselines, i, baseline) {
		struct gate_class other;
		size_t count;
		char *difference;
		bool same;

		read_class(baseline, &other);
		difference = gate_class_difference(&other, class, &count);
		same = same_fields(&other, class);
		gate_class_free(&other);
		if (!difference) {
			free(*nearest);
			*nearest = NULL;
			return baseline;
		}
		if (same && count < least) {
			free(*nearest);
			*nearest = difference;
			least = count;
		} else {
			free(difference);
		}
	}
	return NULL;
}

static void read_value(struct gate_values *values, const char *cell, const char *metric,
		       json_t *from)
{
	struct gate_value *value =
		gate_values_add(values, (int)json_integer_value(json_object_get(from, "tier")),
				cell, metric, GATE_COUNT);
	const json_t *accepted = json_object_get(from, "accepted");
	const char *name;
	json_t *share;

	value->value = json_number_value(json_object_get(from, "value"));
	value->share_least = GATE_BASELINE_SHARE * value->value;
	if (accepted) {
		value->accepted = json_number_value(accepted);
		value->because =
			text_format("%s", json_string_value(json_object_get(from, "because")));
	}
	json_object_foreach(json_object_get(from, "shares"), name, share)
		gate_value_share(value, name, json_number_value(share));
}

bool gate_baseline_find(const json_t *file, const struct gate_class *class,
			struct gate_values *values, char **nearest)
{
	json_t *baseline = find(file, class, nearest), *metrics, *value;
	const char *cell, *metric;

	if (!baseline)
		return false;
	json_object_foreach(json_object_get(baseline, "cells"), cell, metrics) {
		json_object_foreach(metrics, metric, value)
			read_value(values, cell, metric, value);
	}
	return true;
}

static json_t *number(double value)
{
	return value == floor(value) && fabs(value) < 0x1p53 ? json_integer((json_int_t)value)
							     : json_real(value);
}

/* Of a value that is made of shares: what the file has of it, where that is as good. */
static double settled(const struct gate_value *of, double value, const json_t *before)
{
	double was = json_number_value(before);

	return of->nshares && fabs(value - was) < GATE_BASELINE_SAME * of->value ? was : value;
}

/* `before`: what the file has of it, or NULL. */
static json_t *make_value(const struct gate_value *value, const json_t *before)
{
	const json_t *was = json_object_get(before, "shares");
	double kept = settled(value, value->value, json_object_get(before, "value"));
	json_t *shares = json_object();
	json_t *object = json_pack("{s:i, s:o}", "tier", value->tier, "value", number(kept));

	for (size_t i = 0; i < value->nshares; i++)
		if (value->shares[i].value >= GATE_BASELINE_SHARE * kept)
			json_object_set_new(
				shares, value->shares[i].name,
				number(settled(value, value->shares[i].value,
					       json_object_get(was, value->shares[i].name))));
	if (json_object_size(shares))
		json_object_set(object, "shares", shares);
	json_decref(shares);
	return object;
}

/* Leaves out of `cells` what was measured of a tier before and is not now. */
static void remove_others(json_t *cells, int tier, const struct gate_values *now)
{
	const char *cell, *metric;
	json_t *metrics, *value;
	void *next, *next_metric;

	json_object_foreach_safe(cells, next, cell, metrics)
	{
		json_object_foreach_safe(metrics, next_metric, metric, value)
		{
			if (json_integer_value(json_object_get(value, "tier")) == tier &&
			    !gate_values_find(now, tier, cell, metric))
				json_object_del(metrics, metric);
		}
		if (json_object_size(metrics) == 0)
			json_object_del(cells, cell);
	}
}

static json_t *make_baseline(json_t *file, const struct gate_class *class)
{
	json_t *baseline = json_pack("{s:{}, s:{}}", "class", "cells");

	for (size_t i = 0; i < class->count; i++)
		json_object_set_new(json_object_get(baseline, "class"), class->list[i].key,
				    json_string(class->list[i].value));
	json_array_append_new(json_object_get(file, "baselines"), baseline);
	return baseline;
}

void gate_baseline_put(json_t *file, const struct gate_class *class, int tier,
		       const struct gate_values *values, bool keep)
{
	char *nearest;
	json_t *baseline = find(file, class, &nearest), *cells;

	free(nearest);
	if (!baseline)
		baseline = make_baseline(file, class);
	cells = json_object_get(baseline, "cells");
	if (!keep)
		remove_others(cells, tier, values);
	for (size_t i = 0; i < values->count; i++) {
		const struct gate_value *value = &values->list[i];
		json_t *metrics;

		if (value->tier != tier || isnan(value->value))
			continue;
		metrics = json_object_get(cells, value->cell);
		if (!metrics) {
			metrics = json_object();
			json_object_set_new(cells, value->cell, metrics);
		}
		json_object_set_new(metrics, value->metric,
				    make_value(value, json_object_get(metrics, value->metric)));
	}
}

bool gate_baseline_accept(json_t *file, const struct gate_class *class, const char *cell,
			  const char *metric, double accepted, const char *because)
{
	char *nearest;
	json_t *baseline = find(file, class, &nearest), *value;

	free(nearest);
	value = json_object_get(json_object_get(json_object_get(baseline, "cells"), cell),
				metric);
	if (!value)
		return false;
	json_object_set_new(value, "accepted", number(accepted));
	json_object_set_new(value, "because", json_string(because));
	return true;
}
