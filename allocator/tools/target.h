/* A command that is to run with a library preloaded: where it is, and whether the loader will
 * load anything into it. */
#ifndef ASH_TOOLS_TARGET_H
#define ASH_TOOLS_TARGET_H

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses of those that start commands, as env(1) and the shell have them. */
enum { TARGET_REFUSED = 126, TARGET_NOT_FOUND = 127 };

/* The file of that command, looked for in PATH where the name has no slash; to be freed.  NULL
 * where there is none that can be run: *status then is one of the above, after a message. */
char *target_find(const char *name, int *status);

/* Whether what is preloaded gets into that program or script; where it is sure not to, `why`
 * says the reason.  Who runs this must have no raised privileges itself. */
bool target_takes_preload(const char *path, char *why, size_t size);

#endif
