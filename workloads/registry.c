/* The list of workloads, and lookups in it and in their parameters. */
#include "workloads/workload.h"

#include <stdlib.h>
#include <string.h>
#include "workloads/all.h"

const struct workload *const workloads_all[] = {
	&workload_tiny_churn, &workload_live_sweep,  &workload_larson,
	&workload_prod_cons,  &workload_fleet,       &workload_kv_server,
	&workload_frag_drain, &workload_big_buffers, NULL,
};

const struct workload *workload_find(const char *name)
{
	for (const struct workload *const *w = workloads_all; *w; w++)
		if (strcmp((*w)->name, name) == 0)
			return *w;
	return NULL;
}

int wl_param_index(const struct workload *workload, const char *name)
{
	for (int i = 0; workload->params[i].name; i++)
		if (strcmp(workload->params[i].name, name) == 0)
			return i;
	return -1;
}

int64_t wl_value(const struct wl_run *run, const char *name)
{
	int i = wl_param_index(run->workload, name);

	if (i < 0)
		abort(); /* a workload asks for a parameter that it does not declare */
	return run->values[i];
}
