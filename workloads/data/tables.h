/* Published distributions, condensed; each file of this folder names its source. */
#ifndef WORKLOADS_DATA_TABLES_H
#define WORKLOADS_DATA_TABLES_H

#include <stdint.h>

struct fleet_row {
	uint32_t size; /* bytes */
	uint32_t rate; /* allocations per unit of time, in parts per 10^9 of all */
	uint32_t live; /* live objects, in parts per 10^9 of all */
};

extern const struct fleet_row fleet_rows[];
extern const unsigned fleet_rows_count;

struct size_row {
	uint32_t size;   /* bytes */
	uint32_t weight; /* parts per 10^9 */
};

extern const struct size_row meta_kvcache_rows[];
extern const unsigned meta_kvcache_rows_count;

#endif
