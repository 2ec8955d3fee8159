#include "harness/matrix/traces.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/base/sha256.h"
#include "workloads/replay/workload.h"
#include "workloads/trace/keys.h"
#include "workloads/trace/reader.h"
#include "workloads/catalogue/workloads.h"

#define SUFFIX ".trace"
#define PREFIX_LENGTH (sizeof(REPLAY_PREFIX) - 1)

/* The workload comes first: whoever has it has the rest. */
struct trace {
	struct replay_workload made;
	char sha256[SHA256_TEXT]; /* "" = not asked for yet */
};

static struct trace **list;
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

static void append(struct trace *made)
{
	list = list_grown(list, (size_t)count, sizeof(list[0]));
	list[count++] = made;
	free(together);
	together = NULL;
}

static struct trace *blank(void)
{
	struct trace *made = calloc(1, sizeof(*made));

	if (!made)
		out_of_memory();
	return made;
}

/* The name that a file gives its trace, on the heap: without folder and suffix, and what would
 * be odd in a name of a file or a cell replaced. */
static char *name_of(const char *file)
{
	const char *base = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	size_t length = strlen(base), suffix = sizeof(SUFFIX) - 1;
	char *name;

	if (length > suffix && strcmp(base + length - suffix, SUFFIX) == 0)
		length -= suffix;
	name = text_format(REPLAY_PREFIX "%.*s", (int)length, base);
	for (char *p = name + PREFIX_LENGTH; *p; p++) {
		char alone[] = {*p, '=', '\0'};

		if (!replay_name_length(alone))
			*p = '_';
	}
	return name;
}

static struct trace *known_as(const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(list[i]->made.name, name) == 0)
			return list[i];
	return NULL;
}

/* One that cannot be read keeps its place, so that nothing is left out in silence: its
 * summary says what is wrong, and so will its samples. */
static void take_shipped(const char *file, const char *path)
{
	char *name = name_of(file), why[160];
	struct trace *made = blank();
	size_t folder = (size_t)(strrchr(path, '/') + 1 - path);

	if (strlen(name) > PREFIX_LENGTH + REPLAY_NAME_MOST)
		name[PREFIX_LENGTH + REPLAY_NAME_MOST] = '\0';
	/* Names that differ in odd characters alone. */
	for (int n = 2; known_as(name); n++) {
		free(name);
		name = name_of(file);
		name[strnlen(name, PREFIX_LENGTH + REPLAY_NAME_MOST - 4)] = '\0';
		text_append(&name, "-%d", n);
	}
	if (look(path, &made->made, name, why, sizeof(why)) < 0) {
		replay_workload_make(&made->made, name, path, NULL);
		/* It will be published: without the folder. */
		snprintf(made->made.summary, sizeof(made->made.summary), "unusable: %s",
			 why + (strncmp(why, path, folder) == 0 ? folder : 0));
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
				take_shipped(found.gl_pathv[i], path);
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
	if (!together)
		out_of_memory();
	memcpy(together, workloads_all, (size_t)own * sizeof(together[0]));
	for (int i = 0; i < count; i++)
		together[own + i] = &list[i]->made.workload;
	return together;
}

bool traces_named(const char *name)
{
	return strncmp(name, REPLAY_PREFIX, PREFIX_LENGTH) == 0;
}

bool traces_is_one(const char *name)
{
	const char *file = name + PREFIX_LENGTH;

	return traces_named(name) && (!strpbrk(file, "*?[") || replay_name_length(file) > 0 ||
				      access(file, F_OK) == 0);
}

void traces_known(char *text, size_t size)
{
	size_t used = 0;

	find_shipped();
	snprintf(text, size, "there are none here");
	for (int i = 0; i < shipped && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "",
					 list[i]->made.name);
}

const char *traces_path(const struct workload *workload)
{
	return workload ? replay_workload_path(workload) : NULL;
}

const char *traces_sha256(const struct workload *workload)
{
	struct trace *trace;

	if (!traces_path(workload))
		return NULL;
	trace = (struct trace *)(void *)(uintptr_t)workload;
	if (!*trace->sha256 && sha256_file(trace->made.path, trace->sha256) < 0)
		*trace->sha256 = '\0';
	return trace->sha256;
}

/* A file as a trace of that name; one that is known already must be the same.  `given`: the
 * user chose the name, and the same file may have another one beside. */
static struct trace *take_file(const char *path, const char *name, bool given, char *why,
			       size_t why_size)
{
	char sha256[SHA256_TEXT];
	struct trace *trace = known_as(name);

	if (trace && strcmp(trace->made.path, path) != 0 &&
	    (sha256_file(path, sha256) < 0 ||
	     strcmp(sha256, traces_sha256(&trace->made.workload)) != 0)) {
		because(why, why_size,
			"%s: another trace is called '%s' already, %s: trace:NAME=FILE gives "
			"it a name of its own",
			path, name + PREFIX_LENGTH, trace->made.path);
		return NULL;
	}
	for (int i = 0; i < count && !trace && !given; i++)
		if (strcmp(list[i]->made.path, path) == 0)
			trace = list[i];
	if (trace)
		return trace;
	if (!name[PREFIX_LENGTH] || strlen(name) > PREFIX_LENGTH + REPLAY_NAME_MOST) {
		because(why, why_size,
			"%s: the name of a trace has 1 to %d characters: trace:NAME=FILE gives "
			"it "
			"one",
			path, REPLAY_NAME_MOST);
		return NULL;
	}
	trace = blank();
	if (look(path, &trace->made, name, why, why_size) < 0) {
		free(trace);
		return NULL;
	}
	append(trace);
	return trace;
}

const struct workload *traces_find(const char *name, char *why, size_t why_size)
{
	const char *file = name + PREFIX_LENGTH;
	size_t length = replay_name_length(file);
	struct trace *trace;
	char *path, *full, known[400];
	struct stat st;

	find_shipped();
	trace = known_as(name);
	if (trace)
		return &trace->made.workload;
	if (length)
		file += length + 1;
	path = realpath(file, NULL);
	if (!path || stat(path, &st) < 0 || !S_ISREG(st.st_mode)) {
		traces_known(known, sizeof(known));
		because(why, why_size,
			"no trace '%s': no such file, and of the shipped ones %s%s", file,
			shipped ? "known are " : "", known);
		free(path);
		return NULL;
	}
	full = length ? text_format("%.*s", (int)(PREFIX_LENGTH + length), name)
		      : name_of(file);
	trace = take_file(path, full, length > 0, why, why_size);
	free(path);
	free(full);
	return trace ? &trace->made.workload : NULL;
}

int traces_expect(const char *name, const char *path, const char *sha256, char *why,
		  size_t why_size)
{
	const struct trace *trace;

	find_shipped();
	trace = known_as(name);
	if (!trace)
		trace = take_file(path, name, true, why, why_size);
	if (!trace)
		return -1;
	if (strcmp(traces_sha256(&trace->made.workload), sha256) == 0)
		return 0;
	return because(why, why_size,
		       "%s is not the trace that it was (%s has the SHA-256 %s, it was %s)",
		       name, trace->made.path, trace->sha256, sha256);
}
