/* The list of workloads, and lookups in it and in their parameters. */
#include "workloads/shared/workload.h"

#include <stdlib.h>
#include <string.h>
#include "workloads/catalogue/all.h"

const struct workload *const workloads_all[] = {
	/* Small objects, one thread. */
	&workload_tiny_churn,
	&workload_live_sweep,
	&workload_size_sweep,
	&workload_skew_slots,
	&workload_realloc_growth,
	&workload_aligned_calloc,
	&workload_batch_reverse,
	&workload_set_cover,
	&workload_heap_walk,
	&workload_tree_rewrite,
	&workload_json_dom,
	&workload_compiler_passes,
	/* Threads. */
	&workload_larson,
	&workload_prod_cons,
	&workload_cross_rate,
	&workload_glibc_thread,
	&workload_thread_churn,
	&workload_wave_leak,
	&workload_thread_return,
	&workload_mixed_ageing,
	&workload_false_sharing_active,
	&workload_false_sharing_passive,
	/* Published distributions. */
	&workload_fleet_0,
	&workload_fleet_1,
	&workload_fleet_2,
	&workload_fleet_3,
	&workload_fleet_4,
	&workload_fleet_5,
	&workload_fleet_6,
	&workload_fleet_7,
	&workload_fleet_8,
	&workload_fleet_9,
	&workload_kv_server,
	&workload_req_region,
	&workload_llm_kv,
	/* Memory over a life. */
	&workload_frag_drain,
	&workload_frag_attack,
	&workload_size_shift,
	&workload_diurnal,
	&workload_big_buffers,
	/* Processes and limits. */
	&workload_startup_exit,
	&workload_fork_cow,
	&workload_oom_limit,
	/* Prices of single operations. */
	&workload_op_matrix,
	NULL,
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

bool wl_word_value(const struct workload *workload, const char *param, const char *word,
		   int64_t *value)
{
	for (const struct wl_word *w = workload->words; w && w->param; w++)
		if (strcmp(w->param, param) == 0 && strcmp(w->word, word) == 0) {
			*value = w->value;
			return true;
		}
	return false;
}

const char *wl_word_of(const struct workload *workload, const char *param, int64_t value)
{
	for (const struct wl_word *w = workload->words; w && w->param; w++)
		if (strcmp(w->param, param) == 0 && w->value == value)
			return w->word;
	return NULL;
}

int64_t wl_value(const struct wl_run *run, const char *name)
{
	int i = wl_param_index(run->workload, name);

	if (i < 0)
		abort(); /* a workload asks for a parameter that it does not declare */
	return run->values[i];
}
