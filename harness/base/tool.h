/* Tools of the system that are run to their end: no shell, so that no name needs quoting. */
#ifndef HARNESS_TOOL_H
#define HARNESS_TOOL_H

#include <stddef.h>

/* Runs argv[0] (searched in the PATH) in a folder (NULL = ours), what it says on both outputs
 * into the file `log`.  Returns 0 when it ended with exit status 0; else -1, with `why` naming
 * the tool and the last line it said, or that it is not installed. */
int tool_run(const char *const *argv, const char *folder, const char *log, char *why,
	     size_t why_size);

/* The same, for what it prints: on the heap (free it), NULL with `why`.  `log` is a file for
 * the time being. */
char *tool_output(const char *const *argv, const char *log, char *why, size_t why_size);

#endif
