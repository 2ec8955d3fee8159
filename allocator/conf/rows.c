#include "conf/rows.h"

#include <stddef.h>

#include "meta/descriptor.h"
#include "util/fmt.h"

enum row_type {
	ROW_BOOL,
	ROW_COUNT,  /* uint64_t */
	ROW_SHARDS, /* the same, or "default" for 0 */
	ROW_BYTES,
	ROW_WORD,
	ROW_SIGNED, /* int64_t, -1 or a count */
	ROW_AMOUNT,
	ROW_FACTOR, /* int64_t, in 1/65536; -1 is kept as it is */
	ROW_SHARE,  /* uint64_t: as many bytes as that share of a hugeblock */
	ROW_POWER,  /* nowhere: -n to n */
	ROW_RANGES, /* nowhere: counts for ranges of sizes */
	ROW_TEXT,   /* nowhere: anything */
};

struct row {
	const char *key;
	enum row_type type;
	size_t offset;        /* in struct ash_conf, or NOWHERE */
	const char *accepted; /* words in the order of their values; or what a message says */
	uint64_t most;        /* counts */
	uint64_t kept;        /* counts: a larger one is taken for this; 0 = as it is */
};

#define FIELD(name) offsetof(struct ash_conf, name)

/* jemalloc's, for mechanisms that are not here or need no steering: values are checked, and
 * mean nothing. */
#define NOWHERE SIZE_MAX

#define BOOL_TEXT "true or false"
#define BYTES_TEXT "bytes, also with k, m or g"
#define NUMBER_TEXT "a number"
#define SIGNED_TEXT "a number, or -1"
#define FACTOR_TEXT "a decimal number, -1 for no bound"
#define SHARE_TEXT "a decimal number from 0 to 1"
#define FACTOR_MOST 65536 /* whole ones */
#define AMOUNT_TEXT "bytes, also with k, m or g; n% of the memory limit; none"
#define MS_TEXT "milliseconds, 0 for at once, -1 for never"
#define MS_MOST ((uint64_t)1 << 40)          /* 35 years */
#define MS_THEIRS 18446744072000             /* jemalloc's most */
#define BYTES_THEIRS (INT64_MAX / 8 * 7 + 7) /* its largest object */
#define RANGES_TEXT "SIZE-SIZE:NUMBER, and more behind |"

/* clang-format off */
#define ON_OFF(key, field) {key, ROW_BOOL, FIELD(field), BOOL_TEXT, 0, 0}
#define WORD(key, field, words) {key, ROW_WORD, FIELD(field), words, 0, 0}
#define BYTES(key, field) {key, ROW_BYTES, FIELD(field), BYTES_TEXT, 0, 0}
#define TIME(key, field) {key, ROW_COUNT, FIELD(field), "milliseconds", UINT64_MAX, MS_MOST}
#define DECAY(key, field) {key, ROW_SIGNED, FIELD(field), MS_TEXT, MS_THEIRS, MS_MOST}
#define AMOUNT(key, field) {key, ROW_AMOUNT, FIELD(field), AMOUNT_TEXT, 0, 0}
/* clang-format on */

static const struct row rows[] = {
	ON_OFF("abort_conf", abort_conf),
	ON_OFF("confirm_conf", confirm_conf),
	ON_OFF("abort_on_misuse", abort_on_misuse),
	ON_OFF("tcache", tcache),
	WORD("background_thread", background_thread, "auto|true|false"),
	ON_OFF("stats_print", stats_print),
	WORD("checks", checks, "default|on|full"),
	WORD("zero_realloc", zero_realloc, "free|alloc|abort"),
	WORD("thp", thp, "default|always|never"),
	WORD("hugetlb", hugetlb, "never|2m"),
	ON_OFF("hpa", hpa),
	WORD("hpa_hugify_style", hpa_hugify_style, "auto|none|eager|lazy"),
	BYTES("hpa_hugification_threshold", hpa_hugification_threshold),
	{"hpa_hugification_threshold_ratio", ROW_SHARE, FIELD(hpa_hugification_threshold),
	 SHARE_TEXT, 1, 0},
	TIME("hpa_hugify_delay_ms", hpa_hugify_delay_ms),
	TIME("hpa_min_purge_interval_ms", hpa_min_purge_interval_ms),
	{"hpa_dirty_mult", ROW_FACTOR, FIELD(hpa_dirty_mult), FACTOR_TEXT, FACTOR_MOST, 0},
	{"narenas", ROW_SHARDS, FIELD(narenas),
	 "a number, of which 64 count; 0 or default for one per usable CPU", UINT32_MAX, 64},
	{"max_alloc", ROW_BYTES, FIELD(max_alloc), "bytes, also with k, m or g; 0 for no bound",
	 0, 0},
#if ASH_DEBUG >= 1
	{"debug_delay", ROW_COUNT, FIELD(debug_delay), "a seed, or 0 for no delays", UINT64_MAX,
	 0},
#endif
	DECAY("dirty_decay_ms", dirty_decay_ms),
	DECAY("muzzy_decay_ms", muzzy_decay_ms),
	AMOUNT("dirty_max", dirty_max),
	AMOUNT("limit_hard", limit_hard),
	AMOUNT("limit_soft", limit_soft),
	WORD("pressure_purge", pressure_purge, "auto|true|false"),
};

/* clang-format off */
#define THEIR_BOOL(key) {key, ROW_BOOL, NOWHERE, BOOL_TEXT, 0, 0}
#define THEIR_WORD(key, words) {key, ROW_WORD, NOWHERE, words, 0, 0}
#define THEIR_BYTES(key) {key, ROW_BYTES, NOWHERE, BYTES_TEXT, 0, 0}
#define THEIR_COUNT(key, most) {key, ROW_COUNT, NOWHERE, NUMBER_TEXT, most, 0}
#define THEIR_SIGNED(key, most) {key, ROW_SIGNED, NOWHERE, SIGNED_TEXT, most, 0}
#define THEIR_RANGES(key) {key, ROW_RANGES, NOWHERE, RANGES_TEXT, 0, 0}
#define THEIR_TEXT(key) {key, ROW_TEXT, NOWHERE, "any text", 0, 0}
/* clang-format on */

/* The other options of jemalloc 5.0 to 5.4, by its manual page, its ChangeLog and the
 * development branch that became 5.4.  Images carry them in MALLOC_CONF.  Bounds are those that
 * it refuses beyond; where it takes the bound instead, none is given. */
static const struct row theirs[] = {
	/* 5.0, or older */
	THEIR_BOOL("abort"),
	THEIR_WORD("dss", "disabled|primary|secondary"),
	THEIR_WORD("junk", "true|false|alloc|free"),
	THEIR_SIGNED("lg_prof_interval", 63),
	THEIR_COUNT("lg_prof_sample", UINT64_MAX),
	THEIR_COUNT("lg_tcache_max", UINT64_MAX),
	THEIR_WORD("percpu_arena", "disabled|percpu|phycpu"),
	THEIR_BOOL("prof"),
	THEIR_BOOL("prof_accum"),
	THEIR_BOOL("prof_active"),
	THEIR_BOOL("prof_final"),
	THEIR_BOOL("prof_gdump"),
	THEIR_BOOL("prof_leak"),
	THEIR_TEXT("prof_prefix"),
	THEIR_BOOL("prof_thread_active_init"),
	THEIR_BOOL("retain"),
	THEIR_TEXT("stats_print_opts"),
	THEIR_BOOL("utrace"),
	THEIR_BOOL("xmalloc"),
	THEIR_BOOL("zero"),
	/* 5.1 */
	THEIR_COUNT("lg_extent_max_active_fit", 64),
	THEIR_TEXT("log"),
	THEIR_COUNT("max_background_threads", UINT64_MAX),
	THEIR_WORD("metadata_thp", "disabled|auto|always"),
	/* 5.2 */
	THEIR_RANGES("bin_shards"),
	THEIR_BOOL("experimental_infallible_new"),
	THEIR_COUNT("oversize_threshold", BYTES_THEIRS),
	THEIR_BOOL("prof_log"),
	THEIR_RANGES("slab_sizes"),
	/* 5.3 */
	THEIR_BOOL("cache_oblivious"),
	THEIR_COUNT("hpa_sec_batch_fill_extra", UINT64_MAX),
	THEIR_BYTES("hpa_sec_bytes_after_flush"),
	THEIR_BYTES("hpa_sec_max_alloc"),
	THEIR_BYTES("hpa_sec_max_bytes"),
	THEIR_COUNT("hpa_sec_nshards", UINT64_MAX),
	THEIR_BYTES("hpa_slab_max_alloc"),
	THEIR_SIGNED("lg_san_uaf_align", INT64_MAX),
	THEIR_COUNT("lg_tcache_flush_large_div", UINT64_MAX),
	THEIR_COUNT("lg_tcache_flush_small_div", UINT64_MAX),
	{"lg_tcache_nslots_mul", ROW_POWER, NOWHERE, "a number from -16 to 16", 16, 0},
	THEIR_SIGNED("mutex_max_spin", INT64_MAX),
	{"narenas_ratio", ROW_FACTOR, NOWHERE, "a decimal number", FACTOR_MOST, 0},
	THEIR_BOOL("prof_leak_error"),
	THEIR_SIGNED("prof_recent_alloc_max", INT64_MAX),
	THEIR_BOOL("prof_stats"),
	THEIR_BOOL("prof_sys_thread_name"),
	THEIR_WORD("prof_time_resolution", "default|high"),
	THEIR_BOOL("prof_unbias"),
	THEIR_COUNT("san_guard_large", UINT64_MAX),
	THEIR_COUNT("san_guard_small", UINT64_MAX),
	THEIR_SIGNED("stats_interval", INT64_MAX),
	THEIR_TEXT("stats_interval_opts"),
	THEIR_COUNT("tcache_gc_delay_bytes", UINT64_MAX),
	THEIR_COUNT("tcache_gc_incr_bytes", UINT64_MAX),
	THEIR_COUNT("tcache_max", UINT64_MAX),
	THEIR_COUNT("tcache_nslots_large", UINT64_MAX),
	THEIR_COUNT("tcache_nslots_small_max", UINT64_MAX),
	THEIR_COUNT("tcache_nslots_small_min", UINT64_MAX),
	THEIR_BOOL("trust_madvise"),
	/* 5.3.1, 5.4 */
	THEIR_COUNT("calloc_madvise_threshold", BYTES_THEIRS),
	THEIR_COUNT("debug_double_free_max_scan", UINT64_MAX),
	THEIR_BOOL("disable_large_size_classes"),
	THEIR_BOOL("experimental_hpa_enforce_hugify"),
	THEIR_SIGNED("experimental_hpa_max_purge_nhp", INT64_MAX),
	THEIR_BOOL("experimental_hpa_start_huge_if_thp_always"),
	THEIR_COUNT("experimental_lg_prof_threshold", UINT64_MAX),
	THEIR_BOOL("experimental_tcache_gc"),
	THEIR_BOOL("hpa_hugify_sync"),
	THEIR_COUNT("hpa_min_purge_delay_ms", UINT64_MAX),
	THEIR_BYTES("hpa_purge_threshold"),
	{"hpa_purge_threshold_ratio", ROW_SHARE, NOWHERE, SHARE_TEXT, 1, 0},
	THEIR_BOOL("huge_arena_pac_thp"),
	THEIR_COUNT("process_madvise_max_batch", UINT64_MAX),
	THEIR_COUNT("prof_bt_max", UINT64_MAX),
	THEIR_BOOL("prof_pid_namespace"),
	THEIR_RANGES("tcache_ncached_max"),
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool set_count(const struct row *row, struct ash_span value, uint64_t *n)
{
	if (!ash_parse_number(value, n) || *n > row->most)
		return false;
	if (row->kept != 0 && *n > row->kept)
		*n = row->kept;
	return true;
}

/* "default", or "16-128:4|129-1024:8". */
static bool is_ranges(struct ash_span s)
{
	uint64_t n;

	if (ash_parse_is(s, "default"))
		return true;
	for (;;) {
		struct ash_span segment = ash_parse_before(&s, '|');
		struct ash_span range = ash_parse_before(&segment, ':');
		struct ash_span from = ash_parse_before(&range, '-');

		if (!ash_parse_number(from, &n) || !ash_parse_number(range, &n) ||
		    !ash_parse_number(segment, &n))
			return false;
		if (s.length == 0)
			return true;
	}
}

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
	case ROW_SHARDS:
		if (row->type == ROW_SHARDS && ash_parse_is(value, "default"))
			n = 0;
		else if (!set_count(row, value, &n))
			return false;
		*(uint64_t *)field = n;
		return true;
	case ROW_BYTES:
		return ash_parse_bytes(value, field);
	case ROW_SIGNED:
		if (ash_parse_is(value, "-1"))
			n = UINT64_MAX;
		else if (!set_count(row, value, &n))
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
	case ROW_POWER:
		if (value.length > 0 && value.at[0] == '-')
			value = (struct ash_span){value.at + 1, value.length - 1};
		return set_count(row, value, &n);
	case ROW_RANGES:
		return is_ranges(value);
	case ROW_TEXT:
		return true;
	}
	return false;
}

static const struct row *find(struct ash_span key)
{
	for (unsigned i = 0; i < COUNT(rows); i++)
		if (ash_parse_is(key, rows[i].key))
			return &rows[i];
	for (unsigned i = 0; i < COUNT(theirs); i++)
		if (ash_parse_is(key, theirs[i].key))
			return &theirs[i];
	return NULL;
}

bool ash_rows_set(struct ash_conf *conf, struct ash_span key, struct ash_span value,
		  const char *source)
{
	const struct row *row = find(key);

	if (row == NULL) {
		ash_message("%s: unknown option %.*s", source, ASH_SPAN_SHOWN(key));
		return false;
	}
	if (set_field(conf, row, value))
		return true;
	ash_message("%s: invalid value %.*s:%.*s (accepted: %s)", source, ASH_SPAN_SHOWN(key),
		    ASH_SPAN_SHOWN(value), row->accepted);
	return false;
}

bool ash_rows_is_nowhere(struct ash_span key)
{
	const struct row *row = find(key);

	return row != NULL && row->offset == NOWHERE;
}
