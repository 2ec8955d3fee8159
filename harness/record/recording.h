/* The parts of a recording: the command that runs, the traces made of it, what it cost. */
#ifndef HARNESS_RECORDING_H
#define HARNESS_RECORDING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "harness/contenders/contender.h"

struct recording {
	const char *out;        /* the trace of the command's own process */
	char **command;         /* ends with NULL */
	struct contender *with; /* NULL: whatever serves the command anyway */
	int level;              /* zstd's; 0 for the usual one */
	uint64_t most;          /* events after which a trace ends; 0 for all */
	bool children, co_scheduled;

	char *folder;   /* of the raw files */
	char *recorder; /* the library */
	pid_t pid;
	int status; /* of the command, as wait has it */
};

/* Runs the command to its end, passing signals on.  Returns 0, or the exit status for a
 * command that could not be started (126, 127), with a message given. */
int recording_run(struct recording *r);

/* Makes, checks and reports the traces.  Returns 0, or -1 with messages given. */
int recording_convert(const struct recording *r);

/* Prints what an event costs in an allocation loop. */
void recording_price(const struct recording *r);

/* The loop itself, in a process of its own: prints ns per event. */
int recording_loop(void);

/* Sets LD_PRELOAD, the allocator's variables and, with a folder, the recorder's: in the
 * child, before its exec. */
void recording_environment(const struct recording *r, const char *folder);

#endif
