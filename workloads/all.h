/* The workloads, each defined in the file of its name. */
#ifndef WORKLOADS_ALL_H
#define WORKLOADS_ALL_H

#include "workloads/workload.h"

extern const struct workload workload_tiny_churn;

#endif
