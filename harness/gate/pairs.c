#include "harness/gate/pairs.h"

#include <errno.h>
#include <gnu/libc-version.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/machine/environment.h"
#include "harness/run/runner.h"

static void add_contender(struct manifest *m, const struct contender *c, const char *name)
{
	struct contender *own = &m->contenders[m->ncontenders++];

	*own = *c; /* all but the name stays the caller's */
	own->name = text_format("%s", name);
	own->reuses = true; /* the first is the reference */
}

int pairs_begin(struct pairs *p, const char *dir, const struct cell *cells, int ncells,
		const struct contender *base, const struct contender *head, uint64_t seed,
		char *why, size_t why_size)
{
	struct manifest *m = &p->manifest;

	*p = (struct pairs){.set.samples = -1};
	snprintf(m->suite, sizeof(m->suite), "gate");
	snprintf(m->host, sizeof(m->host), "gate");
	snprintf(m->revision, sizeof(m->revision), "%s", paths_find()->revision);
	snprintf(m->world, sizeof(m->world), "%s", WORLD_SYSTEM);
	snprintf(m->libc, sizeof(m->libc), "glibc %s", gnu_get_libc_version());
	clock_utc(m->started, sizeof(m->started));
	m->seed = seed;
	m->command = json_pack("[s, s]", "ashlar-bench", "gate");
	m->capacity = json_object();
	m->counters = json_pack("{s:s, s:s}", "tier", "none", "reason", "a gate asks for none");
	m->unfinished = json_array();
	m->environment = environment_take();
	m->cells = calloc((size_t)ncells + 1, sizeof(*m->cells));
	m->contenders = calloc(2, sizeof(*m->contenders));
	if (!m->cells || !m->contenders)
		return because(why, why_size, "out of memory");
	for (; m->ncells < ncells; m->ncells++) {
		m->cells[m->ncells] = cells[m->ncells];
		m->cells[m->ncells].again = !head;
	}
	add_contender(m, base, PAIRS_BASE);
	if (head)
		add_contender(m, head, PAIRS_HEAD);
	if (runset_make(&p->set, dir, why, why_size) < 0)
		return -1;
	p->begun = true;
	return 0;
}

static int save(struct pairs *p, char *why, size_t why_size)
{
	json_t *object = manifest_to_json(&p->manifest);
	int result = runset_write_manifest(&p->set, object, why, why_size);

	json_decref(object);
	return result;
}

static int run(struct pairs *p, const char *scratch, uint64_t deadline_ns, bool quiet,
	       char *why, size_t why_size)
{
	struct runner r = {.manifest = &p->manifest,
			   .set = &p->set,
			   .deadline_ns = deadline_ns,
			   .quiet = quiet,
			   .progress = stderr,
			   .no_repeat = true, /* ranks bear with what disturbs a few */
			   .place = {.out = p->set.path,
				     .scratch = scratch,
				     .source = &counters_of_kernel,
				     .seed = p->manifest.seed}};
	int result = runner_begin(&r, why, why_size);

	if (result == 0 && runner_go(&r, why, why_size) == RUNNER_BROKEN)
		result = -1;
	runner_free(&r);
	return result;
}

int pairs_measure(struct pairs *p, const int *blocks, uint64_t deadline_ns, bool quiet,
		  char *why, size_t why_size)
{
	struct manifest *m = &p->manifest;
	const char *tmp = getenv("TMPDIR");
	char *scratch = text_format("%s/ashlar-pairs-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	char now[32];
	int result = 0;

	for (int i = 0; i < m->ncells; i++) {
		m->cells[i].blocks = blocks[i];
		m->blocks = blocks[i] > m->blocks ? blocks[i] : m->blocks;
	}
	manifest_note_stage(m, clock_utc(now, sizeof(now)), m->command, m->revision);
	if (!mkdtemp(scratch)) {
		result = because(why, why_size, "%s: %s", scratch, strerror(errno));
	} else {
		result = save(p, why, why_size);
		if (result == 0)
			result = run(p, scratch, deadline_ns, quiet, why, why_size);
		file_remove_tree(scratch);
	}
	free(scratch);
	return result;
}

bool pairs_are_none(const struct pairs *p)
{
	struct stat st;

	return fstat(p->set.samples, &st) == 0 && st.st_size == 0;
}

struct comparison *pairs_open(const struct pairs *p, char *why, size_t why_size)
{
	struct result_set *set = results_load(p->set.path, why, why_size);

	return set ? comparison_open(set, results_find_contender(set, PAIRS_BASE)) : NULL;
}

void pairs_close(struct comparison *c)
{
	results_free(c->set);
	comparison_free(c);
}

static double seconds_of(const struct result_sample *samples, size_t n, size_t cell)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		if (samples[i].cell == cell && samples[i].ok)
			sum += results_number(samples[i].json, FIELD_duration_ns) / 1e9;
	return sum;
}

double pairs_seconds(const struct comparison *c, size_t cell)
{
	const struct result_set *set = c->set;
	size_t blocks = 0;

	for (size_t i = 0; i < set->nsamples; i++)
		blocks += set->samples[i].cell == cell && set->samples[i].ok &&
			  set->samples[i].contender == c->reference;
	return blocks ? (seconds_of(set->samples, set->nsamples, cell) +
			 seconds_of(set->again, set->nagain, cell)) /
				(double)blocks
		      : NAN;
}

void pairs_free(struct pairs *p)
{
	struct manifest *m = &p->manifest;

	if (p->begun)
		runset_close(&p->set);
	for (int i = 0; i < m->ncontenders; i++)
		free(m->contenders[i].name);
	m->ncontenders = 0; /* all else is not ours */
	manifest_free(m);
}
