/* The workloads, each defined in the file of its name. */
#ifndef WORKLOADS_ALL_H
#define WORKLOADS_ALL_H

#include "workloads/workload.h"

extern const struct workload workload_tiny_churn;
extern const struct workload workload_live_sweep;
extern const struct workload workload_larson;
extern const struct workload workload_prod_cons;
extern const struct workload workload_fleet;
extern const struct workload workload_kv_server;
extern const struct workload workload_frag_drain;
extern const struct workload workload_big_buffers;

#endif
