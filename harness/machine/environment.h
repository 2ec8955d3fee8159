/* The facts about a machine without which its figures say nothing. */
#ifndef HARNESS_ENVIRONMENT_H
#define HARNESS_ENVIRONMENT_H

#include <jansson.h>

/* A new object: processor, caches, kernel and its settings, memory, limits, compiler,
 * clocks, load.  `machine_class` is a hash of the part that does not change from day to
 * day: figures of equal classes are of like machines. */
json_t *environment_take(void);

#endif
