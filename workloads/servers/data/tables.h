/* Published distributions, condensed; each file of this folder names its source. */
#ifndef WORKLOADS_DATA_TABLES_H
#define WORKLOADS_DATA_TABLES_H

#include <stdint.h>

/* Server binaries at Google.  The source has one row per requested size: allocations
 * per unit of time and live objects.  Here sizes up to 128 are summed over steps of 8
 * bytes (named by the upper end), larger ones over eighths of a doubling (named by
 * their mean size, weighted by rate), up to 1 MiB: of larger objects a heap of the
 * size used here would hold none. */
struct fleet_row {
	uint32_t size; /* bytes */
	uint32_t rate; /* allocations per unit of time, in parts per 10^9 of all */
	uint32_t live; /* live objects, in parts per 10^9 of all */
};

struct fleet_table {
	const struct fleet_row *rows;
	unsigned count;
};

extern const struct fleet_table fleet_0, fleet_1, fleet_2, fleet_3, fleet_4, fleet_5, fleet_6,
	fleet_7, fleet_8, fleet_9;

struct size_row {
	uint32_t size;   /* bytes */
	uint32_t weight; /* parts per 10^9 */
};

extern const struct size_row meta_kvcache_rows[];
extern const unsigned meta_kvcache_rows_count;

struct twitter_row {
	uint16_t key; /* mean bytes; 0 = the source has no figures */
	uint32_t value;
	uint8_t writes; /* percent */
	uint16_t zipf;  /* exponent times 100 */
};

extern const struct twitter_row twitter_rows[];
extern const unsigned twitter_rows_count;

struct azure_table {
	uint16_t prompt[101], answer[101]; /* percentiles, tokens */
};

enum { AZURE_CONVERSATION, AZURE_CODE, AZURE_TABLES };
extern const struct azure_table azure_tables[AZURE_TABLES];

#endif
