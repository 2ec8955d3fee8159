#include "harness/gate/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"

struct gate_value *gate_values_add(struct gate_values *values, int tier, const char *cell,
				   const char *metric, enum gate_unit unit)
{
	struct gate_value *value;

	values->list = list_grown(values->list, values->count, sizeof(*values->list));
	value = &values->list[values->count++];
	*value = (struct gate_value){.tier = tier, .unit = unit, .value = NAN, .accepted = NAN};
	value->cell = text_format("%s", cell);
	value->metric = text_format("%s", metric);
	return value;
}

void gate_value_share(struct gate_value *value, const char *name, double part)
{
	value->shares = list_grown(value->shares, value->nshares, sizeof(*value->shares));
	value->shares[value->nshares++] =
		(struct gate_share){.name = text_format("%s", name), .value = part};
}

void gate_values_free(struct gate_values *values)
{
	for (size_t i = 0; i < values->count; i++) {
		struct gate_value *value = &values->list[i];

		for (size_t k = 0; k < value->nshares; k++)
			free(value->shares[k].name);
		free(value->shares);
		free(value->cell);
		free(value->metric);
		free(value->failure);
		free(value->skipped);
		free(value->because);
	}
	free(values->list);
	*values = (struct gate_values){0};
}

const struct gate_value *gate_values_find(const struct gate_values *values, int tier,
					  const char *cell, const char *metric)
{
	for (size_t i = 0; i < values->count; i++) {
		const struct gate_value *value = &values->list[i];

		if (value->tier == tier && strcmp(value->cell, cell) == 0 &&
		    strcmp(value->metric, metric) == 0)
			return value;
	}
	return NULL;
}
