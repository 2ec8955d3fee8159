#include "harness/run/capacity.h"

#include <stdlib.h>
#include <string.h>
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/message.h"
#include "harness/base/set_files.h"

#define RUNS 3

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double one_run(const struct capacity_place *p, const struct cell *cell,
		      const struct contender *reference, int block, int run, char *why,
		      size_t why_size)
{
	static struct sample s; /* large */
	struct trial_place place = *p->trial;
	struct cell plain = *cell;
	int rate = cell_find_param(cell, "rate");

	plain.load = 0;
	plain.values[rate] = cell_params(cell)[rate].max;
	memset(&s, 0, sizeof(s));
	/* Numbers of scheduled samples are positive; these leave no record. */
	s.id = -1 - run;
	s.cell = &plain;
	s.contender = reference;
	s.seed = schedule_workload_seed(p->schedule, &plain, block);
	memcpy(s.values, plain.values, sizeof(s.values));
	place.out = place.scratch; /* nor do their latencies */
	trial_run(&place, &s);
	if (s.status == SAMPLE_OK && sample_achieved_rate(&s) > 0)
		return sample_achieved_rate(&s);
	because(why, why_size, "%s", s.status == SAMPLE_OK ? "it served nothing" : s.reason);
	return 0;
}

const struct contender *capacity_reference(const struct manifest *m, struct contender *made)
{
	char why[320];

	*made = (struct contender){.name = NULL};
	for (int i = 0; i < m->ncontenders; i++)
		if (strcmp(m->contenders[i].name, "glibc") == 0)
			return &m->contenders[i];
	contender_parse(made, "name: glibc\nlibrary: libc.so.6\n", why, sizeof(why));
	contender_resolve_in(made, m->ncontenders ? m->contenders[0].world : NULL);
	return made;
}

int64_t capacity_of(const struct manifest *m, const struct cell *cell, int block)
{
	json_t *blocks = json_object_get(m->capacity, cell_workload_name(cell));

	return json_integer_value(json_array_get(blocks, (size_t)block));
}

void capacity_measure(const struct capacity_place *p, const struct cell *cell, int block)
{
	const char *workload = cell_workload_name(cell);
	json_t *blocks = json_object_get(p->manifest->capacity, workload), *manifest;
	struct contender made;
	const struct contender *reference;
	char *folder, why[320] = "";
	double rates[RUNS];

	if (!json_is_array(blocks)) {
		blocks = json_array();
		json_object_set_new(p->manifest->capacity, workload, blocks);
	}
	if (json_array_get(blocks, (size_t)block))
		return;
	while (json_array_size(blocks) < (size_t)block) /* blocks without it: not measured */
		json_array_append_new(blocks, json_integer(0));
	folder = text_format("%s/" SET_LATENCY, p->trial->scratch);
	reference = capacity_reference(p->manifest, &made);
	for (int i = 0; i < RUNS; i++)
		rates[i] = file_make_folder(folder) < 0
				   ? 0
				   : one_run(p, cell, reference, block, i, why, sizeof(why));
	free(folder);
	qsort(rates, RUNS, sizeof(rates[0]), ascending);
	/* The user ended it: the block is not begun, and its capacity is measured with it. */
	if (interrupt_wanted())
		goto out;
	if (rates[RUNS / 2] <= 0)
		complain("the capacity of %s under glibc could not be measured: %s", workload,
			 why);
	json_array_append_new(blocks, json_integer((json_int_t)rates[RUNS / 2]));
	manifest = manifest_to_json(p->manifest);
	if (runset_write_manifest(p->set, manifest, why, sizeof(why)) < 0)
		complain("%s", why);
	json_decref(manifest);
out:
	contender_free(&made);
}
