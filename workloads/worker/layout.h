/* A process whose addresses and pages repeat. */
#ifndef WORKLOADS_LAYOUT_H
#define WORKLOADS_LAYOUT_H

#include <stdbool.h>

/* Starts this process anew without address space layout randomisation, and with `small_pages`
 * also without transparent huge pages, unless it is so already: an allocator has made its
 * first mappings before main().  Returns only then, or if the kernel refuses: -1. */
int layout_fix(char **argv, bool small_pages);

#endif
