/* What happens when the program frees what it must not: one line, and SIGABRT unless the
 * option abort_on_misuse says to go on. */
#ifndef ASH_API_MISUSE_H
#define ASH_API_MISUSE_H

#include "util/misuse_hook.h"

struct ash_object;

/* The hook for what lower layers find. */
void ash_misuse_report(const struct ash_misuse *misuse);

/* p was passed to `call` ("free", "realloc", ...) and is no live object.  Returns where the
 * program chose to go on. */
void ash_misuse_pointer(const char *call, const void *p, const struct ash_object *object);

#endif
