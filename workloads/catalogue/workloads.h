/* The list of workloads.  Its rows stand in rows.inc. */
#ifndef WORKLOADS_CATALOGUE_H
#define WORKLOADS_CATALOGUE_H

#include "workloads/shared/workload.h"

/* All workloads, in the order in which they are listed; ends with NULL. */
extern const struct workload *const workloads_all[];
/* The workload of that name, or NULL. */
const struct workload *workload_find(const char *name);

#endif
