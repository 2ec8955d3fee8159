#include "harness/matrix/traces.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "workloads/replay/workload.h"
#include "workloads/trace/keys.h"
#include "workloads/trace/reader.h"
#include "workloads/catalogue/workloads.h"

#define SUFFIX ".trace"
#define PREFIX_LENGTH (sizeof(REPLAY_PREFIX) - 1)
#define LONGEST 240 /* of a path that becomes a cell's name */

static struct replay_workload **list;
static int count, shipped;
static const struct workload **together;

/* Opens a trace for what its trailer says; the reader reads no event. */
static int look(const char *path, struct replay_workload *made, const char *name, char *why,
		size_t why_size)
{
	struct trace_reader *reader = trace_open(path, why, why_size);
	const struct trace_summary *s;
	struct replay_facts facts = {.events = 0};
	const char *program;

	if (!reader)
		return -1;
	s = trace_stored_summary(reader);
	if (s)
		facts = (struct replay_facts){
			.events = s->events,
			.allocs = s->count[TRACE_MALLOC] + s->count[TRACE_CALLOC] +
				  s->count[TRACE_ALIGNED] + s->count[TRACE_REALLOC],
			.total_bytes = s->bytes,
			.peak_live_bytes = s->peak_live_bytes,
		};
	facts.threads = trace_threads(reader);
	program = trace_keys_get(trace_header(reader), "program");
	if (!replay_workload_make(made, name, path, &facts)) {
		trace_close(reader);
		return because(why, why_size, "%s: its name is too long", path);
	}
	if (s)
		snprintf(made->summary, sizeof(made->summary),
			 "%s recorded: %llu events of %u thread%s in %.1f s, %.1f MiB live at "
			 "the peak",
			 program ? program : "a program", (unsigned long long)s->events,
			 facts.threads, facts.threads == 1 ? "" : "s",
			 (double)s->duration * 1e-8, (double)s->peak_live_bytes / 0x1p20);
	else
		snprintf(made->summary, sizeof(made->summary),
			 "%s recorded, cut short: a replay of it is never validated",
			 program ? program : "a program");
	trace_close(reader);
	return 0;
}

static void append(struct replay_workload *made)
{
	list = realloc(list, (size_t)(count + 1) * sizeof(list[0]));
	if (!list) {
		complain("out of memory");
		exit(STATUS_FAILED);
	}
	list[count++] = made;
	free(together);
	together = NULL;
}

static struct replay_workload *blank(void)
{
	struct replay_workload *made = calloc(1, sizeof(*made));

	if (!made) {
		complain("out of memory");
		exit(STATUS_FAILED);
	}
	return made;
}

/* One that cannot be read keeps its place, so that nothing is left out in silence: its
 * summary says what is wrong, and so will its samples. */
static void take_shipped(const char *path)
{
	const char *base = strrchr(path, '/') + 1;
	char *name = text_format(REPLAY_PREFIX "%.*s",
				 (int)(strlen(base) - (sizeof(SUFFIX) - 1)), base);
	struct replay_workload *made = blank();
	char why[160];

	if (look(path, made, name, why, sizeof(why)) < 0) {
		replay_workload_make(made, name, path, NULL);
		snprintf(made->summary, sizeof(made->summary), "unusable: %s", why);
	}
	append(made);
	free(name);
}

static void find_shipped(void)
{
	const char *folder = getenv(TRACES_ENV);
	static bool done;
	char *pattern;
	glob_t found;

	if (done)
		return;
	done = true;
	pattern = text_format("%s/*" SUFFIX, folder && *folder ? folder : paths_find()->traces);
	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			char *path = realpath(found.gl_pathv[i], NULL);

			if (path)
				take_shipped(path);
			free(path);
		}
		globfree(&found);
	}
	free(pattern);
	shipped = count;
}

const struct workload *const *traces_and_workloads(void)
{
	int own = 0;

	find_shipped();
	if (together)
		return together;
	while (workloads_all[own])
		own++;
	together = calloc((size_t)(own + count) + 1, sizeof(together[0]));
	if (!together) {
		complain("out of memory");
		exit(STATUS_FAILED);
	}
	memcpy(together, workloads_all, (size_t)own * sizeof(together[0]));
	for (int i = 0; i < count; i++)
		together[own + i] = &list[i]->workload;
	return together;
}

bool traces_named(const char *name)
{
	return strncmp(name, REPLAY_PREFIX, PREFIX_LENGTH) == 0;
}

void traces_known(char *text, size_t size)
{
	size_t used = 0;

	find_shipped();
	snprintf(text, size, "there are none here");
	for (int i = 0; i < shipped && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "",
					 list[i]->name);
}

const struct workload *traces_find(const char *name, char *why, size_t why_size)
{
	const char *file = name + PREFIX_LENGTH;
	struct replay_workload *made;
	char *path, *full, known[400];
	struct stat st;

	find_shipped();
	for (int i = 0; i < count; i++)
		if (strcmp(list[i]->name, name) == 0)
			return &list[i]->workload;
	path = realpath(file, NULL);
	if (!path || stat(path, &st) < 0 || !S_ISREG(st.st_mode)) {
		traces_known(known, sizeof(known));
		because(why, why_size,
			"no trace '%s': no such file, and of the shipped ones %s%s", file,
			shipped ? "known are " : "", known);
		free(path);
		return NULL;
	}
	if (strlen(path) > LONGEST) {
		because(why, why_size, "%s: the path of a trace has at most %d characters",
			path, LONGEST);
		free(path);
		return NULL;
	}
	full = text_format(REPLAY_PREFIX "%s", path);
	for (int i = 0; i < count; i++)
		if (strcmp(list[i]->name, full) == 0) {
			free(path);
			free(full);
			return &list[i]->workload;
		}
	made = blank();
	if (look(path, made, full, why, why_size) < 0) {
		free(made);
		made = NULL;
	} else {
		append(made);
	}
	free(path);
	free(full);
	return made ? &made->workload : NULL;
}
