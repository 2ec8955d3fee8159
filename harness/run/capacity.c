#include "harness/run/capacity.h"

#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"

#define RUNS 3

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double one_run(const struct capacity_place *p, const struct cell *cell,
		      const struct contender *reference, int run, char *why, size_t why_size)
{
	static struct sample s;
	struct cell plain = *cell;

	plain.mode = MODE_THROUGHPUT;
	plain.load = 0;
	plain.values[cell_find_param(cell, "rate")] = 0;
	memset(&s, 0, sizeof(s));
	/* Numbers of scheduled samples are positive; these leave no record. */
	s.id = -1 - run;
	s.cell = &plain;
	s.contender = reference;
	s.seed = schedule_workload_seed(p->schedule, &plain, run);
	memcpy(s.values, plain.values, sizeof(s.values));
	trial_run(p->trial, &s);
	if (s.status == SAMPLE_OK && s.wall_ns > 0 && s.ops > 0)
		return (double)s.ops / ((double)s.wall_ns / 1e9);
	because(why, why_size, "%s", s.status == SAMPLE_OK ? "it did no work" : s.reason);
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
	contender_resolve(made);
	return made;
}

void capacity_measure(const struct capacity_place *p, const struct cell *cell)
{
	const char *workload = cell_workload_name(cell);
	struct contender made;
	const struct contender *reference;
	double rates[RUNS];
	char why[320] = "";
	json_t *manifest;

	if (json_object_get(p->manifest->capacity, workload))
		return;
	reference = capacity_reference(p->manifest, &made);
	for (int i = 0; i < RUNS; i++)
		rates[i] = one_run(p, cell, reference, i, why, sizeof(why));
	qsort(rates, RUNS, sizeof(rates[0]), ascending);
	if (rates[RUNS / 2] <= 0)
		complain("the capacity of %s under glibc could not be measured: %s", workload,
			 why);
	json_object_set_new(p->manifest->capacity, workload,
			    json_integer((json_int_t)rates[RUNS / 2]));
	manifest = manifest_to_json(p->manifest);
	if (runset_write_manifest(p->set, manifest, why, sizeof(why)) < 0)
		complain("%s", why);
	json_decref(manifest);
	contender_free(&made);
}
