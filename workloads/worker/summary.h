/* What a person reads when the worker runs alone. */
#ifndef WORKLOADS_SUMMARY_H
#define WORKLOADS_SUMMARY_H

#include <stdbool.h>
#include "workloads/shared/workload.h"

/* Formatted text to a descriptor, at most 2 KiB, without stdio's buffers. */
void say(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether all of it was written. */
bool say_arrived(void);

void summary_list(void);
void summary_print(const struct wl_run *run);

#endif
