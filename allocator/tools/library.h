/* The library in a process: found by its note (os/presence.h) among what is mapped, whatever
 * the file is called. */
#ifndef ASH_TOOLS_LIBRARY_H
#define ASH_TOOLS_LIBRARY_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/process.h"

struct library {
	char *path;       /* of the file that was mapped */
	char version[32]; /* empty where it cannot be told */
	bool replaced;    /* that file is no more, or another has its name */
	char now[32];     /* the version of the other one; empty where there is none */
	bool known;       /* `state` was read */
	uint32_t state;   /* enum ash_presence_state */
};

/* False where there is none.  Of several the one that serves, else one that is off. */
bool library_find(const struct process *p, struct library *found);
void library_free(struct library *found);

#endif
