#include "harness/analysis/fleet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"

double fleet_worth(const struct fleet *f, double time_part, double memory_part)
{
	const struct fleet_terms *t = &f->terms;

	if (isnan(t->memory_bound))
		return t->servers * (f->cpu_year * time_part + f->memory_year * memory_part);
	return t->servers * (f->cpu_year + f->memory_year) *
	       (t->memory_bound * memory_part + (1 - t->memory_bound) * time_part);
}

double fleet_unit(const struct fleet *f, const char **name)
{
	static const struct {
		double unit;
		const char *name;
	} units[] = {{1e9, "billion"}, {1e6, "million"}, {1e3, "thousand"}, {1, ""}};
	double greatest = 0;
	size_t k = 0;

	for (size_t i = 0; i < f->nrows; i++)
		greatest = fmax(greatest, fabs(f->row[i].change.point));
	while (units[k].unit > 1 && greatest < units[k].unit)
		k++;
	*name = units[k].name;
	return units[k].unit;
}

/* For stat_combined_interval. */
static double change_of(const double mean[2], const void *fleet)
{
	return fleet_worth(fleet, mean[0] - 1, isnan(mean[1]) ? 0 : mean[1] - 1);
}

static double memory_of(const double mean[2], const void *unused)
{
	(void)unused;
	return mean[1];
}

static void memory_values(const struct fleet *f, const struct comparison *c, size_t cell,
			  size_t contender, double *out)
{
	comparison_values(c, cell, contender,
			  f->terms.mean_memory ? METRIC_MEAN_RSS : METRIC_RSS, out);
}

/* The log ratios of the blocks in which both contenders have all that the cell takes part in.
 * Each array has room for c->nblocks; the machines of these blocks go into `nodes` unless it is
 * null. Returns their number. */
static size_t paired(const struct fleet *f, const struct comparison *c, size_t cell,
		     size_t contender, double *time, double *memory, size_t *nodes)
{
	double *value[4];
	size_t n = 0;

	for (int i = 0; i < 4; i++) {
		size_t who = i % 2 ? f->reference : contender;

		value[i] = malloc((c->nblocks + 1) * sizeof(**value));
		if (!value[i])
			abort();
		if (i < 2)
			comparison_values(c, cell, who, METRIC_CPU, value[i]);
		else if (f->of_memory[cell])
			memory_values(f, c, cell, who, value[i]);
	}
	for (size_t b = 0; b < c->nblocks; b++)
		if (stat_log_ratios(&value[0][b], &value[1][b], 1, &time[n]) &&
		    (!f->of_memory[cell] ||
		     stat_log_ratios(&value[2][b], &value[3][b], 1, &memory[n]))) {
			if (nodes)
				nodes[n] = comparison_node(c, cell, b);
			n++;
		}
	for (int i = 0; i < 4; i++)
		free(value[i]);
	return n;
}

/* Does every ranked contender have memory over time in two blocks (one, where there is but
 * one)? */
static bool has_averages(const struct fleet *f, const struct comparison *c,
			 const struct means *m, size_t cell)
{
	double *x = malloc((c->nblocks + 1) * sizeof(*x) * 2);
	bool all = true;

	if (!x)
		abort();
	for (size_t k = 0; k < c->set->ncontenders && all; k++)
		if (m->ranked[k * SCOPES + SCOPE_PROGRAMS])
			all = paired(f, c, cell, k, x, x + c->nblocks, NULL) >=
			      (c->nblocks > 1 ? 2 : 1);
	free(x);
	return all;
}

static double weight_of(const struct comparison *c, const bool *chosen, size_t cell)
{
	size_t kin = 0;

	for (size_t i = 0; i < c->set->ncells && chosen[cell]; i++)
		kin += chosen[i] &&
		       !strcmp(c->set->cells[i].workload, c->set->cells[cell].workload);
	return kin ? 1 / (double)kin : 0;
}

static struct fleet_row one_row(const struct fleet *f, const struct comparison *c,
				const struct means *m, size_t contender)
{
	struct stat_pairs *members = calloc(f->cells + 1, sizeof(*members));
	double *x = malloc((f->cells * c->nblocks * 2 + 1) * sizeof(*x)), *at = x, server;
	struct fleet_row row = {.contender = contender, .memory = {0, NAN, NAN, NAN, 0}};
	bool any_memory = false;
	size_t n = 0, *nodes = malloc((f->cells * c->nblocks + 1) * sizeof(*nodes)), *own;

	if (!members || !x || !nodes)
		abort();
	for (size_t i = 0; i < c->set->ncells; i++) {
		if (!f->of_time[i])
			continue;
		own = nodes + n * c->nblocks;
		members[n] = (struct stat_pairs){
			{at, at + c->nblocks},
			paired(f, c, i, contender, at, at + c->nblocks, own),
			{weight_of(c, f->of_time, i), weight_of(c, f->of_memory, i)},
			comparison_strata(c, own)};
		any_memory |= f->of_memory[i];
		at += 2 * c->nblocks;
		n++;
	}
	row.time = means_of(m, c, contender, SCOPE_PROGRAMS, METRIC_CPU)->ratio;
	if (any_memory && f->terms.mean_memory)
		row.memory = stat_combined_interval(members, n, memory_of, NULL);
	else if (any_memory)
		row.memory = means_of(m, c, contender, SCOPE_PROGRAMS, METRIC_RSS)->ratio;
	row.change = stat_combined_interval(members, n, change_of, f);
	server = f->cpu_year + f->memory_year;
	row.servers = (struct interval){row.change.n, row.change.point / server,
					row.change.low / server, row.change.high / server,
					row.change.machines};
	free(members);
	free(nodes);
	free(x);
	return row;
}

/* What a server has: as the user says or as the machine that measured has it. */
static bool complete_terms(struct fleet *f, const struct comparison *c, char *why, size_t size)
{
	json_t *environment = json_object_get(c->set->manifest, "environment");
	struct fleet_terms *t = &f->terms;

	if (isnan(t->cores))
		t->cores = json_field_number(environment, "cpus_online");
	if (isnan(t->gib))
		t->gib = json_field_number(environment, "memory_bytes") / 0x1p30;
	if (isnan(t->gib))
		t->gib = json_field_number(environment, "memory_gib");
	if (!(t->cores > 0) || !(t->gib > 0)) {
		because(why, size,
			"%s does not tell how %s its machine has: %s says what a server has",
			c->set->dir, t->cores > 0 ? "much memory" : "many CPUs",
			t->cores > 0 ? "--memory GIB" : "--cores N");
		return false;
	}
	f->cpu_year = t->cores * t->core_hour * FLEET_HOURS;
	f->memory_year = t->gib * t->gib_year;
	if (f->cpu_year + f->memory_year > 0)
		return true;
	because(why, size,
		"with both prices 0 a server costs nothing: --gib or --core-hour "
		"must be more");
	return false;
}

static bool choose_cells(struct fleet *f, const struct comparison *c, const struct means *m,
			 char *why, size_t size)
{
	bool any = false, memory = false;

	for (size_t i = 0; i < c->set->ncells; i++)
		any |= means_in_scope(c, i, SCOPE_PROGRAMS);
	if (!any) {
		because(why, size,
			"%s has no program and no command of yours with times: own workloads "
			"do "
			"little but allocate, so no fleet's cost can be told from them",
			c->set->dir);
		return false;
	}
	for (size_t i = 0; i < c->set->ncells; i++) {
		f->of_time[i] =
			means_in_scope(c, i, SCOPE_PROGRAMS) && m->common[METRIC_CPU][i];
		f->of_memory[i] = f->of_time[i] && m->common[METRIC_RSS][i];
		if (f->of_memory[i] && f->terms.mean_memory)
			f->of_memory[i] = has_averages(f, c, m, i);
		f->cells += f->of_time[i];
		memory |= f->of_memory[i];
	}
	if (!f->cells) {
		because(why, size,
			"%s has no program or command in which all allocators have times",
			c->set->dir);
		return false;
	}
	if (!memory &&
	    (isnan(f->terms.memory_bound) ? f->memory_year : f->terms.memory_bound) > 0) {
		because(why, size,
			f->terms.mean_memory
				? "%s has no program or command of 8 MiB and more whose memory "
				  "over "
				  "time all allocators have: --by=peak takes the peak"
				: "%s has no program or command of 8 MiB and more, so that "
				  "memory "
				  "tells nothing of the allocators: --gib=0 leaves it out",
			c->set->dir);
		return false;
	}
	return true;
}

struct fleet *fleet_make(const struct comparison *c, const struct means *m,
			 const struct fleet_terms *terms, char *why, size_t why_size)
{
	struct fleet *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->terms = *terms;
	f->reference = c->reference;
	f->of_time = calloc(c->set->ncells + 1, sizeof(*f->of_time));
	f->of_memory = calloc(c->set->ncells + 1, sizeof(*f->of_memory));
	f->row = calloc(c->nshown + 1, sizeof(*f->row));
	if (!f->of_time || !f->of_memory || !f->row)
		abort();
	if (!complete_terms(f, c, why, why_size) || !choose_cells(f, c, m, why, why_size)) {
		fleet_free(f);
		return NULL;
	}
	for (size_t j = 0; j < c->nshown; j++)
		if (c->shown[j] != c->reference &&
		    m->ranked[c->shown[j] * SCOPES + SCOPE_PROGRAMS])
			f->row[f->nrows++] = one_row(f, c, m, c->shown[j]);
	if (f->nrows)
		return f;
	because(why, why_size,
		"%s has nobody whose programs could be compared with those of %s", c->set->dir,
		c->set->contenders[c->reference].name);
	fleet_free(f);
	return NULL;
}

void fleet_free(struct fleet *f)
{
	free(f->of_time);
	free(f->of_memory);
	free(f->row);
	free(f);
}
