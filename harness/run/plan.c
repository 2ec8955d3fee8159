#include "harness/run/plan.h"

#include <glob.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "harness/base/clock.h"
#include "harness/machine/environment.h"
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/contenders/choice.h"
#include "harness/matrix/suite.h"
#include "harness/run/ranges.h"

static void host_name(char *name, size_t size)
{
	if (gethostname(name, size) < 0 || !*name)
		snprintf(name, size, "host");
	name[size - 1] = '\0';
	for (char *p = name; *p; p++) /* it becomes part of a file's name */
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-",
			    *p))
			*p = '_';
}

char *plan_default_out(const struct manifest *m)
{
	char date[32], *path;
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	path = text_format("%s/%s-%s-%s", paths_find()->results, date, m->host, m->revision);
	/* A second set of the same day gets a number. */
	for (int n = 2; file_exists(path); n++) {
		free(path);
		path = text_format("%s/%s-%s-%s.%d", paths_find()->results, date, m->host,
				   m->revision, n);
	}
	return path;
}

char *plan_newest(void)
{
	char *pattern = text_format("%s/*/manifest.json", paths_find()->results),
	     *newest = NULL;
	time_t when = 0;
	glob_t found;

	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			struct stat st;

			if (stat(found.gl_pathv[i], &st) == 0 &&
			    (!newest || st.st_mtime > when)) {
				free(newest);
				newest = text_format("%.*s",
						     (int)(strrchr(found.gl_pathv[i], '/') -
							   found.gl_pathv[i]),
						     found.gl_pathv[i]);
				when = st.st_mtime;
			}
		}
		globfree(&found);
	}
	free(pattern);
	return newest;
}

/* The world of that name, NULL for the system's own, and what the manifest says of it.  Its
 * contenders point to it, so it lives as long as the process. */
static int open_world(const char *name, const struct world **world, struct manifest *m)
{
	static struct world opened;
	char why[600];

	*world = NULL;
	snprintf(m->world, sizeof(m->world), "%s", name);
	if (strcmp(name, WORLD_SYSTEM) == 0) {
		snprintf(m->libc, sizeof(m->libc), "glibc %s", gnu_get_libc_version());
		return STATUS_OK;
	}
	if (world_open(&opened, paths_find()->worlds, name, why, sizeof(why)) < 0)
		return complain_usage("--world %s: %s", name, why);
	snprintf(m->libc, sizeof(m->libc), "%s", opened.version);
	m->world_packages = json_array();
	for (int i = 0; i < opened.npackages; i++)
		json_array_append_new(m->world_packages, json_string(opened.packages[i]));
	*world = &opened;
	return STATUS_OK;
}

/* Reads the contender files and what the user says of them; leaves the selected ones,
 * resolved, in the manifest. */
static int choose_contenders(const struct run_request *o, const struct world *world,
			     struct manifest *m)
{
	const struct contender_choice choice = {o->only, o->nonly, o->allocators,
						o->nallocators};
	struct contenders all;
	char why[1024];

	if (contenders_read(&all, paths_find()->contenders, why, sizeof(why)) < 0) {
		complain("%s", why);
		return STATUS_FAILED;
	}
	for (int i = 0; i < all.count; i++)
		all.list[i].selected = !all.list[i].configuration;
	if (contenders_pick(&all, &choice, why, sizeof(why)) < 0)
		return complain_usage("%s", why);
	m->contenders = calloc((size_t)all.count + 1, sizeof(m->contenders[0]));
	if (!m->contenders)
		return STATUS_FAILED;
	for (int i = 0; i < all.count; i++) {
		struct contender *c = &all.list[i];

		if (!c->selected) {
			contender_free(c);
			continue;
		}
		contender_resolve_in(c, world);
		contender_note_origin(c);
		if (c->named && !c->usable)
			return complain_usage("allocator '%s': %s", c->name, c->reason);
		m->contenders[m->ncontenders++] = *c;
	}
	free(all.list);
	return STATUS_OK;
}

/* The cells of one choice behind those that are there; one that is there already is not
 * measured twice. */
static int add_cells(const struct suite_choice *choice, void *manifest, char *why,
		     size_t why_size)
{
	struct manifest *m = manifest;
	struct cell *more;
	int n;

	if (suite_cells(choice, &more, &n, why, why_size) < 0)
		return -1;
	m->cells = realloc(m->cells, (size_t)(m->ncells + n) * sizeof(m->cells[0]));
	if (!m->cells)
		out_of_memory();
	for (int i = 0; i < n; i++) {
		int k = 0;

		while (k < m->ncells && (m->cells[k].mode != more[i].mode ||
					 strcmp(m->cells[k].name, more[i].name) != 0))
			k++;
		if (k == m->ncells)
			m->cells[m->ncells++] = more[i];
	}
	free(more);
	return 0;
}

static int choose_cells(const struct run_request *o, struct manifest *m, char *why,
			size_t why_size)
{
	/* Beside the sections of a job file only what the options themselves name. */
	int first = o->nparts && !o->choice.nworkloads ? 0 : -1;

	for (int i = first; i < o->nparts; i++) {
		struct suite_choice choice = i < 0 ? o->choice : o->parts[i]->choice;
		const char *blame = NULL, *where;
		char reason[1200];

		choice.blame = &blame;
		if (ranges_each(&choice, add_cells, m, reason, sizeof(reason)) == 0)
			continue;
		where = request_where(o, blame);
		if (!where && i >= 0)
			where = o->parts[i]->where;
		return because(why, why_size, "%s%s%s", where ? where : "", where ? ": " : "",
			       reason);
	}
	return 0;
}

int plan_new(const struct run_request *o, int argc, char **argv, struct manifest *m)
{
	const struct world *world;
	char why[1200];
	int status;

	memset(m, 0, sizeof(*m));
	if (choose_cells(o, m, why, sizeof(why)) < 0)
		return complain_usage("%s", why);
	status = open_world(o->world ? o->world : WORLD_SYSTEM, &world, m);
	if (status == STATUS_OK)
		status = choose_contenders(o, world, m);
	if (status != STATUS_OK)
		return status;
	snprintf(m->suite, sizeof(m->suite), "%s", o->choice.suite);
	snprintf(m->revision, sizeof(m->revision), "%s", paths_find()->revision);
	host_name(m->host, sizeof(m->host));
	clock_utc(m->started, sizeof(m->started));
	m->budget_s = o->budget_s;
	m->timeout_s = o->timeout_s;
	m->keep_dumps = o->keep_dumps;
	m->seed = o->seed;
	if (!o->seed_given) {
		if (getrandom(&m->seed, sizeof(m->seed), 0) != sizeof(m->seed))
			m->seed = (uint64_t)time(NULL) ^ (uint64_t)getpid() << 32;
		m->seed >>= 11; /* what every reader of JSON takes exactly */
	}
	for (int i = 0; i < m->ncells; i++)
		if (m->cells[i].blocks > m->blocks)
			m->blocks = m->cells[i].blocks;
	m->command = json_array();
	json_array_append_new(m->command, json_string("ashlar-bench"));
	json_array_append_new(m->command, json_string("run"));
	for (int i = 1; i < argc; i++)
		json_array_append_new(m->command, json_string(argv[i]));
	m->capacity = json_object();
	m->unfinished = json_array();
	return STATUS_OK;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

int plan_resolve(const char *refusal, bool any_libc, struct manifest *m)
{
	const struct world *world;
	struct manifest of_world = {.world_packages = NULL};
	int status;
	bool same;

	status = open_world(m->world, &world, &of_world);
	if (status != STATUS_OK)
		return status;
	same = json_equal(of_world.world_packages, m->world_packages) ||
	       (!world && !m->world_packages);
	json_decref(of_world.world_packages);
	if (!same)
		return complain_usage("%s: the world %s was fetched anew since "
				      "(%s, was %s)",
				      refusal, m->world, of_world.libc, m->libc);
	for (int i = 0; i < m->ncontenders; i++) {
		struct contender *c = &m->contenders[i];
		char before[BUILD_ID_TEXT];

		snprintf(before, sizeof(before), "%s", c->build_id);
		c->build_id[0] = '\0';
		contender_resolve_in(c, world);
		contender_note_origin(c);
		if (any_libc && !world && strcmp(c->library, "libc.so.6") == 0)
			continue;
		if (!c->usable && (*before || *c->sha256))
			return complain_usage("%s: the library of %s cannot be had any more: "
					      "%s",
					      refusal, c->name, c->reason);
		if (strcmp(before, c->build_id) != 0)
			return complain_usage("%s: the library of %s is another one now "
					      "(build-id '%s', was '%s')",
					      refusal, c->name, c->build_id, before);
	}
	return STATUS_OK;
}

int plan_resumed(const char *out, struct runset *set, struct manifest *m)
{
	char why[1200];
	json_t *object, *now;
	const char *then, *here;
	char *refusal;
	int result;

	if (runset_open(set, out, &object, why, sizeof(why)) < 0)
		return complain_usage("cannot resume: %s", why);
	result = manifest_from_json(m, object, why, sizeof(why));
	json_decref(object);
	if (result < 0 || command_check_folders(why, sizeof(why)) < 0)
		return complain_usage("%s cannot be resumed: %s", out, why);
	if (m->merged)
		return complain_usage("%s was merged of the shards of a cluster: `ashlar-bench "
				      "cluster extend` adds to its plan",
				      out);
	now = environment_take();
	then = text_of(m->environment, "machine_class");
	here = text_of(now, "machine_class");
	if (strcmp(then, here) != 0)
		return complain_usage(
			"%s cannot be resumed: it was begun on another machine, or "
			"this one has changed (machine class '%s', now '%s')",
			out, then, here);
	then = text_of(m->environment, "worker_build_id");
	here = text_of(now, "worker_build_id");
	if (strcmp(then, here) != 0)
		return complain_usage(
			"%s cannot be resumed: the workloads were built anew since "
			"(build-id '%s', was '%s')",
			out, here, then);
	json_decref(now);
	refusal = text_format("%s cannot be resumed", out);
	result = plan_resolve(refusal, false, m);
	free(refusal);
	return result;
}

void plan_show(const struct manifest *m)
{
	struct schedule schedule;

	for (int i = 0; i < m->ncells; i++) {
		const struct cell *c = &m->cells[i];

		printf("%-32s %-12s %3d block%s x %d allocators\n", c->name,
		       cell_modes[c->mode], c->blocks, c->blocks == 1 ? " " : "s",
		       m->ncontenders);
		for (int k = 0; c->command && k < COMMAND_KEYS; k++)
			if (c->command->text[k] && k != COMMAND_NAME)
				printf("  %-10s %s\n", command_keys[k], c->command->text[k]);
	}
	for (int i = 0; i < m->ncontenders; i++) {
		const struct contender *c = &m->contenders[i];

		printf("%-32s %s\n", c->name, c->usable ? c->path : c->reason);
	}
	printf("world %s: %s\n", m->world, m->libc);
	manifest_schedule(m, &schedule);
	printf("%d samples\n", schedule.samples);
	schedule_free(&schedule);
}
