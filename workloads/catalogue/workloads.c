#include "workloads/catalogue/workloads.h"

#include <stddef.h>
#include <string.h>

/* Made by the build from rows.inc: ROW(name) for each. */
#define ROW(name) extern const struct workload workload_##name;
#include <workloads/catalogue/rows.h>
#undef ROW

const struct workload *const workloads_all[] = {
#define ROW(name) &workload_##name,
#include <workloads/catalogue/rows.h>
#undef ROW
	NULL,
};

const struct workload *workload_find(const char *name)
{
	for (const struct workload *const *w = workloads_all; *w; w++)
		if (strcmp((*w)->name, name) == 0)
			return *w;
	return NULL;
}
