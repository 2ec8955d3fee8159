/* What happens when the program frees what it must not: one line, and SIGABRT unless the
 * option abort_on_misuse says to go on. */
#ifndef ASH_FRONT_MISUSE_H
#define ASH_FRONT_MISUSE_H

#include <stddef.h>
#include "util/compiler.h"
#include "util/misuse_hook.h"

struct ash_object;

/* The hook for what lower layers find. */
void ash_misuse_report(const struct ash_misuse *misuse);

/* p was passed to `call` ("free", "realloc", ...) and is no live object.  Returns where the
 * program chose to go on. */
void ash_misuse_pointer(const char *call, const void *p, const struct ash_object *object);

/* Who is told of misuse, and of realloc(p, 0) under zero_realloc:abort, by the line that would
 * be written; nothing is written then, and the process does not end.  NULL as before. */
typedef void ash_misuse_told(const char *line);
void ash_misuse_set_hook(ash_misuse_told *hook);

/* Tells one line, and ends the process where nobody else was told.  The second: with a prefix
 * that is not ours, for who compares it. */
void ash_misuse_fatal(const char *format, ...) ASH_PRINTF(1, 2);
void ash_misuse_fatal_as(const char *prefix, const char *format, ...) ASH_PRINTF(2, 3);

/* Looks at what lies in the caches when the process ends, and reports what is wrong. */
void ash_misuse_look_at_caches(void);

/* A sized free must name a size and an alignment that lead to the object's own class or pages:
 * reports one that does not.  In debug builds only. */
#if ASH_DEBUG >= 1
void ash_misuse_check_size(const void *p, size_t align, size_t size);
#else
#define ash_misuse_check_size(p, align, size) ((void)(align), (void)(size))
#endif

#endif
