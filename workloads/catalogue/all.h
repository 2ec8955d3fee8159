/* The workloads, each defined in the file of its name; those that end in a number or
 * differ in one choice share a file. */
#ifndef WORKLOADS_ALL_H
#define WORKLOADS_ALL_H

#include "workloads/shared/workload.h"

extern const struct workload workload_tiny_churn;
extern const struct workload workload_live_sweep;
extern const struct workload workload_size_sweep;
extern const struct workload workload_skew_slots;
extern const struct workload workload_realloc_growth;
extern const struct workload workload_aligned_calloc;
extern const struct workload workload_batch_reverse;
extern const struct workload workload_set_cover;
extern const struct workload workload_heap_walk;
extern const struct workload workload_tree_rewrite;
extern const struct workload workload_json_dom;
extern const struct workload workload_compiler_passes;
extern const struct workload workload_larson;
extern const struct workload workload_prod_cons;
extern const struct workload workload_cross_rate;
extern const struct workload workload_glibc_thread;
extern const struct workload workload_thread_churn;
extern const struct workload workload_wave_leak;
extern const struct workload workload_thread_return;
extern const struct workload workload_mixed_ageing;
extern const struct workload workload_false_sharing_active;
extern const struct workload workload_false_sharing_passive;
extern const struct workload workload_fleet_0;
extern const struct workload workload_fleet_1;
extern const struct workload workload_fleet_2;
extern const struct workload workload_fleet_3;
extern const struct workload workload_fleet_4;
extern const struct workload workload_fleet_5;
extern const struct workload workload_fleet_6;
extern const struct workload workload_fleet_7;
extern const struct workload workload_fleet_8;
extern const struct workload workload_fleet_9;
extern const struct workload workload_kv_server;
extern const struct workload workload_req_region;
extern const struct workload workload_llm_kv;
extern const struct workload workload_frag_drain;
extern const struct workload workload_frag_attack;
extern const struct workload workload_size_shift;
extern const struct workload workload_diurnal;
extern const struct workload workload_big_buffers;
extern const struct workload workload_startup_exit;
extern const struct workload workload_fork_cow;
extern const struct workload workload_oom_limit;
extern const struct workload workload_op_matrix;

#endif
