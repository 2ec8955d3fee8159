#include "harness/run/extension.h"

#include <stdlib.h>
#include <string.h>
#include "harness/base/clock.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/contenders/choice.h"
#include "harness/matrix/suite.h"
#include "harness/run/ranges.h"

bool extension_wanted(const struct run_request *o)
{
	return o->choice.nworkloads || o->choice.blocks || o->nallocators;
}

static bool raise_blocks(struct cell *cell, int blocks)
{
	if (blocks <= cell->blocks)
		return false;
	cell->blocks = blocks;
	return true;
}

static int find_cell(const struct manifest *m, const struct cell *cell)
{
	for (int i = 0; i < m->ncells; i++)
		if (m->cells[i].mode == cell->mode && strcmp(m->cells[i].name, cell->name) == 0)
			return i;
	return -1;
}

struct addition {
	struct manifest *manifest;
	bool *added;
};

static int add_choice(const struct suite_choice *choice, void *addition, char *why,
		      size_t why_size)
{
	const struct addition *a = addition;
	struct manifest *m = a->manifest;
	struct cell *cells;
	int n;

	if (suite_cells(choice, &cells, &n, why, why_size) < 0)
		return -1;
	for (int i = 0; i < n; i++) {
		int at = find_cell(m, &cells[i]);

		if (at >= 0) {
			if (choice->blocks)
				*a->added |= raise_blocks(&m->cells[at], cells[i].blocks);
			continue;
		}
		m->cells = list_grown(m->cells, m->ncells, sizeof(m->cells[0]));
		m->cells[m->ncells++] = cells[i];
		*a->added = true;
	}
	free(cells);
	return 0;
}

/* The cells that --workload names. */
static int add_cells(const struct run_request *o, struct manifest *m, bool *added)
{
	struct suite_choice choice = o->choice;
	struct addition addition = {m, added};
	const char *blame = NULL;
	char why[1200];

	choice.suite = m->suite;
	choice.blame = &blame;
	if (ranges_each(&choice, add_choice, &addition, why, sizeof(why)) < 0)
		return complain_usage("%s", why);
	return STATUS_OK;
}

/* More blocks of the cells that the set has. */
static int add_blocks(const struct run_request *o, struct manifest *m, bool *added)
{
	const struct suite_choice *c = &o->choice;
	bool any = false;

	for (int i = 0; i < m->ncells; i++) {
		enum cell_mode mode = m->cells[i].mode;

		if (c->modes_given ? !c->modes[mode] : mode != MODE_THROUGHPUT)
			continue;
		any = true;
		*added |= raise_blocks(&m->cells[i], c->blocks);
	}
	if (any)
		return STATUS_OK;
	return complain_usage("--blocks %d: the set has no cell of %s; --workload adds some",
			      c->blocks,
			      c->modes_given ? "the modes named" : "mode throughput");
}

static const struct contender *find_contender(const struct manifest *m, const char *name)
{
	for (int i = 0; i < m->ncontenders; i++)
		if (strcmp(m->contenders[i].name, name) == 0)
			return &m->contenders[i];
	return NULL;
}

/* The same library and variables: what a name stands for in a set cannot change. */
static bool is_same(const struct contender *a, const struct contender *b)
{
	bool same = strcmp(a->library, b->library) == 0 && a->nenv == b->nenv;

	for (int i = 0; same && i < a->nenv; i++)
		same = strcmp(a->env[i], b->env[i]) == 0;
	return same;
}

static int add_contender(struct manifest *m, struct contender *c, bool *added)
{
	const struct contender *known = find_contender(m, c->name);

	if (known && c->named && !is_same(known, c))
		return complain_usage("--allocator %s=%s: the set has another allocator of "
				      "that name, %s: give it a new one",
				      c->name, c->library, known->library);
	if (known) {
		contender_free(c);
		return STATUS_OK;
	}
	/* In the world that the others were resolved in when the set was opened. */
	contender_resolve_in(c, m->ncontenders ? m->contenders[0].world : NULL);
	if (!c->usable)
		return complain_usage("allocator '%s': %s", c->name, c->reason);
	contender_note_origin(c);
	m->contenders = list_grown(m->contenders, m->ncontenders, sizeof(m->contenders[0]));
	m->contenders[m->ncontenders++] = *c;
	*added = true;
	return STATUS_OK;
}

static int add_contenders(const struct run_request *o, struct manifest *m, bool *added)
{
	struct contenders all;
	char why[1024];
	int status = STATUS_OK;

	if (contenders_read(&all, paths_find()->contenders, why, sizeof(why)) < 0)
		return complain_usage("%s", why);
	for (int i = 0; i < o->nallocators; i++)
		if (contenders_select(&all, o->allocators[i], why, sizeof(why)) < 0)
			return complain_usage("%s", why);
	for (int i = 0; i < all.count; i++) {
		if (all.list[i].selected && status == STATUS_OK)
			status = add_contender(m, &all.list[i], added);
		else
			contender_free(&all.list[i]);
	}
	free(all.list);
	return status;
}

int extension_add(const struct run_request *o, int argc, char **argv, struct manifest *m,
		  bool *added)
{
	char now[32];
	json_t *command;
	int status = STATUS_OK;

	*added = false;
	if (!m->stages)
		manifest_note_stage(m, m->started, m->command, m->revision);
	if (o->choice.nworkloads)
		status = add_cells(o, m, added);
	else if (o->choice.blocks)
		status = add_blocks(o, m, added);
	if (status == STATUS_OK && o->nallocators)
		status = add_contenders(o, m, added);
	if (status != STATUS_OK)
		return status;
	if (!*added) {
		if (json_array_size(m->stages) == 1) {
			json_decref(m->stages);
			m->stages = NULL;
		}
		return STATUS_OK;
	}
	clock_utc(now, sizeof(now));
	command = json_pack("[s, s]", "ashlar-bench", "run");
	for (int i = 1; i < argc; i++)
		json_array_append_new(command, json_string(argv[i]));
	manifest_note_stage(m, now, command, paths_find()->revision);
	json_decref(command);
	for (int i = 0; i < m->ncells; i++)
		if (m->cells[i].blocks > m->blocks)
			m->blocks = m->cells[i].blocks;
	m->budget_s = o->budget_s;
	return STATUS_OK;
}
