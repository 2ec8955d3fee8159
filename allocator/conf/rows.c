#include "conf/rows.h"

#include <stddef.h>

#include "meta/descriptor.h"
#include "util/fmt.h"

enum row_type {
	ROW_BOOL,
	ROW_COUNT,
	ROW_BYTES,
	ROW_WORD,
	ROW_MS,
	ROW_AMOUNT,
	ROW_FACTOR, /* int64_t, in 1/65536; -1 is kept as it is */
	ROW_SHARE,  /* uint64_t: as many bytes as that share of a hugeblock */
};

struct row {
	const char *key;
	enum row_type type;
	size_t offset;        /* in struct ash_conf, or NOWHERE */
	const char *accepted; /* words in the order of their values; or what a message says */
	uint64_t most;        /* counts, ms */
};

#define FIELD(name) offsetof(struct ash_conf, name)

/* jemalloc's, for mechanisms that are not here or need no steering: values are checked, and
 * mean nothing. */
#define NOWHERE SIZE_MAX

#define BYTES_TEXT "bytes, also with k, m or g"
#define FACTOR_TEXT "a decimal number, -1 for no bound"
#define SHARE_TEXT "a decimal number from 0 to 1"
#define FACTOR_MOST 65536 /* whole ones */
#define AMOUNT_TEXT "bytes, also with k, m or g; n% of the memory limit; none"
#define MS_TEXT "milliseconds, 0 for at once, -1 for never"
#define MS_MOST ((uint64_t)1 << 40)

static const struct row rows[] = {
	{"abort_conf", ROW_BOOL, FIELD(abort_conf), "true or false", 0},
	{"confirm_conf", ROW_BOOL, FIELD(confirm_conf), "true or false", 0},
	{"abort_on_misuse", ROW_BOOL, FIELD(abort_on_misuse), "true or false", 0},
	{"tcache", ROW_BOOL, FIELD(tcache), "true or false", 0},
	{"background_thread", ROW_BOOL, FIELD(background_thread), "true or false", 0},
	{"stats_print", ROW_BOOL, FIELD(stats_print), "true or false", 0},
	{"checks", ROW_WORD, FIELD(checks), "default|full", 0},
	{"zero_realloc", ROW_WORD, FIELD(zero_realloc), "free|alloc|abort", 0},
	{"thp", ROW_WORD, FIELD(thp), "default|always|never", 0},
	{"hugetlb", ROW_WORD, FIELD(hugetlb), "never|2m", 0},
	{"hpa", ROW_BOOL, FIELD(hpa), "true or false", 0},
	{"hpa_hugify_style", ROW_WORD, FIELD(hpa_hugify_style), "auto|none|eager|lazy", 0},
	{"hpa_hugification_threshold", ROW_BYTES, FIELD(hpa_hugification_threshold), BYTES_TEXT,
	 0},
	{"hpa_hugification_threshold_ratio", ROW_SHARE, FIELD(hpa_hugification_threshold),
	 SHARE_TEXT, 1},
	{"hpa_hugify_delay_ms", ROW_COUNT, FIELD(hpa_hugify_delay_ms), "milliseconds", MS_MOST},
	{"hpa_min_purge_interval_ms", ROW_COUNT, FIELD(hpa_min_purge_interval_ms),
	 "milliseconds", MS_MOST},
	{"hpa_dirty_mult", ROW_FACTOR, FIELD(hpa_dirty_mult), FACTOR_TEXT, FACTOR_MOST},
	{"hpa_slab_max_alloc", ROW_BYTES, NOWHERE, BYTES_TEXT, 0},
	{"hpa_hugify_sync", ROW_BOOL, NOWHERE, "true or false", 0},
	{"hpa_min_purge_delay_ms", ROW_COUNT, NOWHERE, "milliseconds", MS_MOST},
	{"hpa_purge_threshold", ROW_BYTES, NOWHERE, BYTES_TEXT, 0},
	{"hpa_purge_threshold_ratio", ROW_SHARE, NOWHERE, SHARE_TEXT, 1},
	{"hpa_sec_nshards", ROW_COUNT, NOWHERE, "a number", UINT32_MAX},
	{"hpa_sec_max_alloc", ROW_BYTES, NOWHERE, BYTES_TEXT, 0},
	{"hpa_sec_max_bytes", ROW_BYTES, NOWHERE, BYTES_TEXT, 0},
	{"hpa_sec_bytes_after_flush", ROW_BYTES, NOWHERE, BYTES_TEXT, 0},
	{"hpa_sec_batch_fill_extra", ROW_COUNT, NOWHERE, "a number", UINT32_MAX},
	{"experimental_hpa_max_purge_nhp", ROW_MS, NOWHERE, "a number, -1 for no bound",
	 UINT32_MAX},
	{"experimental_hpa_start_huge_if_thp_always", ROW_BOOL, NOWHERE, "true or false", 0},
	{"experimental_hpa_enforce_hugify", ROW_BOOL, NOWHERE, "true or false", 0},
	{"huge_arena_pac_thp", ROW_BOOL, NOWHERE, "true or false", 0},
	{"narenas", ROW_COUNT, FIELD(narenas), "1 to 64, or 0 for one per usable CPU", 64},
	{"max_alloc", ROW_BYTES, FIELD(max_alloc), "bytes, also with k, m or g; 0 for no bound",
	 0},
#if ASH_DEBUG >= 1
	{"debug_delay", ROW_COUNT, FIELD(debug_delay), "a seed, or 0 for no delays",
	 UINT64_MAX},
#endif
	{"dirty_decay_ms", ROW_MS, FIELD(dirty_decay_ms), MS_TEXT, MS_MOST},
	{"muzzy_decay_ms", ROW_MS, FIELD(muzzy_decay_ms), MS_TEXT, MS_MOST},
	{"dirty_max", ROW_AMOUNT, FIELD(dirty_max), AMOUNT_TEXT, 0},
	{"limit_hard", ROW_AMOUNT, FIELD(limit_hard), AMOUNT_TEXT, 0},
	{"limit_soft", ROW_AMOUNT, FIELD(limit_soft), AMOUNT_TEXT, 0},
	{"pressure_purge", ROW_WORD, FIELD(pressure_purge), "auto|true|false", 0},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static bool set_field(struct ash_conf *conf, const struct row *row, struct ash_span value)
{
	uint64_t ignored[2], n; /* as large as any field */
	void *field = row->offset != NOWHERE ? (char *)conf + row->offset : (char *)ignored;

	switch (row->type) {
	case ROW_BOOL:
		if (!ash_parse_is(value, "true") && !ash_parse_is(value, "false"))
			return false;
		*(bool *)field = value.at[0] == 't';
		return true;
	case ROW_COUNT:
		if (!ash_parse_number(value, &n) || n > row->most)
			return false;
		*(uint64_t *)field = n;
		return true;
	case ROW_BYTES:
		return ash_parse_bytes(value, field);
	case ROW_MS:
		if (ash_parse_is(value, "-1")) {
			*(int64_t *)field = -1;
			return true;
		}
		if (!ash_parse_number(value, &n) || n > row->most)
			return false;
		*(int64_t *)field = (int64_t)n;
		return true;
	case ROW_AMOUNT:
		return ash_parse_amount(value, field);
	case ROW_FACTOR:
		if (ash_parse_is(value, "-1"))
			*(int64_t *)field = -1;
		else if (ash_parse_fraction(value, row->most, &n))
			*(int64_t *)field = (int64_t)n;
		else
			return false;
		return true;
	case ROW_SHARE:
		if (!ash_parse_fraction(value, row->most, &n))
			return false;
		*(uint64_t *)field = n * ASH_HUGE >> 16;
		return true;
	case ROW_WORD:
		return ash_parse_word(value, row->accepted, field);
	}
	return false;
}

bool ash_rows_set(struct ash_conf *conf, struct ash_span key, struct ash_span value,
		  const char *source)
{
	for (unsigned i = 0; i < ROWS; i++) {
		if (!ash_parse_is(key, rows[i].key))
			continue;
		if (set_field(conf, &rows[i], value))
			return true;
		ash_message("%s: invalid value %.*s:%.*s (accepted: %s)", source,
			    ASH_SPAN_SHOWN(key), ASH_SPAN_SHOWN(value), rows[i].accepted);
		return false;
	}
	ash_message("%s: unknown option %.*s", source, ASH_SPAN_SHOWN(key));
	return false;
}
