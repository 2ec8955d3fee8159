/* Commands of the user's as workloads: a batch program, or a server with its load.  They are
 * added once, from options, a job file or a manifest, and from then on cells find them by
 * name. */
#ifndef HARNESS_COMMAND_H
#define HARNESS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include "workloads/shared/program.h"

#define COMMAND_PREFIX "command:"

/* What can be said of one; the names are those of the options and of a job file's keys. */
enum command_key {
	COMMAND_LINE,      /* "command": what is run */
	COMMAND_NAME,      /* "name": what its cell is called, behind the prefix */
	COMMAND_PREPARE,   /* "prepare": run before it, each time */
	COMMAND_CLEANUP,   /* "cleanup": run after it, each time */
	COMMAND_SERVER,    /* "server": yes or no */
	COMMAND_READY,     /* "ready": exits with 0 once the server serves */
	COMMAND_LOAD,      /* "load": the server's work; its end is the end of the sample */
	COMMAND_MEASURE,   /* "measure": name of the process that is measured */
	COMMAND_OUTPUT,    /* "output": compare or ignore */
	COMMAND_DIRECTORY, /* "directory": where all of these run */
	COMMAND_KEYS
};

extern const char *const command_keys[COMMAND_KEYS];

struct command {
	const char *text[COMMAND_KEYS]; /* as given; NULL = not given */
	const char *name;               /* with the prefix */
	const char **argv;              /* NULL = a shell runs the line */
	bool server, ignore_output;
	struct program program; /* what cells and reports know of it */
};

/* COMMAND_KEYS when there is none of that name. */
enum command_key command_key_find(const char *name);

/* Sets one thing of a command that is being put together (begin with zeroes); the value is
 * copied.  Returns 0, or -1 with `why`: said before, or not among what is accepted. */
int command_set(struct command *draft, enum command_key key, const char *value, char *why,
		size_t why_size);

/* Whether anything was set. */
bool command_begun(const struct command *draft);

/* Checks a command as a whole, completes it (name, words, directory) and adds it.  Returns 0,
 * or -1 with `why`. */
int command_add(const struct command *draft, char *why, size_t why_size);

/* Whether the folders of all that were added are there: on the machine that runs them, before
 * any of them runs.  Returns 0, or -1 with `why`. */
int command_check_folders(char *why, size_t why_size);

/* By full name, with the prefix; NULL = unknown. */
const struct command *command_find(const char *name);
bool command_named(const char *name);

/* The i-th that was added, from 0; NULL behind the last. */
const struct command *command_at(int i);

#endif
