/* What the kernel allows a process, as far as an allocator meets it. */
#ifndef ASH_TOOLS_ALLOWED_H
#define ASH_TOOLS_ALLOWED_H

#include <stdbool.h>

#include "tools/diagnosis.h"
#include "tools/process.h"

/* Huge pages, the filter of system calls, resource limits, and the memory limit of its control
 * group.  `huge`: the library is to make huge pages there. */
void allowed_find(const struct process *p, bool huge, struct diagnosis *d);

#endif
