#include "conf/rows.h"

#include <string.h>

#include "conf/row.h"
#include "meta/descriptor.h"
#include "util/fmt.h"

#define FIELD(field) offsetof(struct ash_conf, field)

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
#define ON_OFF(key, field) {"opt." key, ASH_ROW_BOOL, ASH_OPT_BOOL, FIELD(field), BOOL_TEXT, 0, 0, 0, ""}
#define WORD(key, read, field, words) {"opt." key, ASH_ROW_WORD, read, FIELD(field), words, 0, 0, 0, ""}
#define BYTES(key, field, kept, text) {"opt." key, ASH_ROW_BYTES, ASH_OPT_SIZE, FIELD(field), text, 0, 0, kept, ""}
#define TIME(key, field) {"opt." key, ASH_ROW_COUNT, ASH_OPT_U64, FIELD(field), "milliseconds", 0, 0, MS_MOST, ""}
#define DECAY(key, field) {"opt." key, ASH_ROW_SIGNED, ASH_OPT_SSIZE, FIELD(field), MS_TEXT, 0, MS_THEIRS, MS_MOST, ""}
#define AMOUNT(key, field) {"opt." key, ASH_ROW_AMOUNT, ASH_OPT_TEXT, FIELD(field), AMOUNT_TEXT, 0, 0, 0, ""}
#define COUNT_OF(key, read, type, field, least, most, kept, text) \
	{"opt." key, type, read, FIELD(field), text, least, most, kept, ""}
#define OTHER(key, read, type, field, most, text) {"opt." key, type, read, FIELD(field), text, 0, most, 0, ""}
/* clang-format on */

static const struct ash_row rows[] = {
	ON_OFF("abort", abort),
	ON_OFF("abort_conf", abort_conf),
	ON_OFF("confirm_conf", confirm_conf),
	ON_OFF("off", off),
	ON_OFF("abort_on_misuse", abort_on_misuse),
	ON_OFF("tcache", tcache),
	BYTES("tcache_max", tcache_max, ASH_SMALL_MAX, "bytes, of which 32768 count"),
	COUNT_OF("lg_tcache_max", ASH_OPT_SIZE, ASH_ROW_LOG2, tcache_max, 0, 63, 15,
		 "a number from 0 to 63, of which 15 count; -1 for these, too"),
	OTHER("tcache_ncached_max", ASH_OPT_TEXT, ASH_ROW_BOUNDS, tcache_ncached_max, 0,
	      RANGES_TEXT ", at most 199 characters"),
	WORD("background_thread", ASH_OPT_BOOL, background_thread, "auto|true|false"),
	COUNT_OF("max_background_threads", ASH_OPT_SIZE, ASH_ROW_COUNT, max_background_threads,
		 1, 4096, 0, "a number from 1 to 4096; there is one at most"),
	ON_OFF("stats_print", stats_print),
	OTHER("stats_print_opts", ASH_OPT_TEXT, ASH_ROW_LETTERS, stats_print_opts, 0,
	      "at most 31 letters of malloc_stats_print"),
	COUNT_OF("stats_interval", ASH_OPT_I64, ASH_ROW_SIGNED, stats_interval, 0, INT64_MAX, 0,
		 "bytes, or -1 for not at all"),
	OTHER("stats_interval_opts", ASH_OPT_TEXT, ASH_ROW_LETTERS, stats_interval_opts, 0,
	      "at most 31 letters of malloc_stats_print"),
	WORD("junk", ASH_OPT_TEXT, junk, "false|true|alloc|free"),
	ON_OFF("zero", zero),
	ON_OFF("xmalloc", xmalloc),
	ON_OFF("experimental_infallible_new", infallible_new),
	WORD("checks", ASH_OPT_TEXT, checks, "default|on|full"),
	WORD("zero_realloc", ASH_OPT_TEXT, zero_realloc, "free|alloc|abort"),
	WORD("thp", ASH_OPT_TEXT, thp, "default|always|never"),
	WORD("hugetlb", ASH_OPT_TEXT, hugetlb, "never|2m"),
	ON_OFF("hpa", hpa),
	WORD("hpa_hugify_style", ASH_OPT_TEXT, hpa_hugify_style, "auto|none|eager|lazy"),
	BYTES("hpa_hugification_threshold", hpa_hugification_threshold, 0, BYTES_TEXT),
	OTHER("hpa_hugification_threshold_ratio", ASH_OPT_U32, ASH_ROW_SHARE,
	      hpa_hugification_threshold, 1, SHARE_TEXT),
	TIME("hpa_hugify_delay_ms", hpa_hugify_delay_ms),
	TIME("hpa_min_purge_interval_ms", hpa_min_purge_interval_ms),
	OTHER("hpa_dirty_mult", ASH_OPT_U32, ASH_ROW_FACTOR, hpa_dirty_mult, FACTOR_MOST,
	      FACTOR_TEXT),
	COUNT_OF("narenas", ASH_OPT_UNSIGNED, ASH_ROW_SHARDS, narenas, 0, UINT32_MAX,
		 ASH_NARENAS_MOST,
		 "a number, of which 4093 count; 0 or default for one per usable CPU"),
	BYTES("max_alloc", max_alloc, 0, "bytes, also with k, m or g; 0 for no bound"),
#if ASH_DEBUG >= 1
	COUNT_OF("debug_delay", ASH_OPT_U64, ASH_ROW_COUNT, debug_delay, 0, 0, 0,
		 "a seed, or 0 for no delays"),
#endif
	DECAY("dirty_decay_ms", dirty_decay_ms),
	DECAY("muzzy_decay_ms", muzzy_decay_ms),
	AMOUNT("dirty_max", dirty_max),
	AMOUNT("limit_hard", limit_hard),
	AMOUNT("limit_soft", limit_soft),
	WORD("pressure_purge", ASH_OPT_TEXT, pressure_purge, "auto|true|false"),
};

/* clang-format off */
#define THEIRS(key, type, read, accepted, least, most, in_force) \
	{"opt." key, type, read, ASH_ROW_NOWHERE, accepted, least, most, 0, in_force}
#define THEIR_BOOL(key, so) THEIRS(key, ASH_ROW_BOOL, ASH_OPT_BOOL, BOOL_TEXT, 0, 0, so)
#define THEIR_WORD(key, words, so) THEIRS(key, ASH_ROW_WORD, ASH_OPT_TEXT, words, 0, 0, so)
#define THEIR_BYTES(key, so) THEIRS(key, ASH_ROW_BYTES, ASH_OPT_SIZE, BYTES_TEXT, 0, 0, so)
#define THEIR_COUNT(key, read, most, so) THEIRS(key, ASH_ROW_COUNT, read, NUMBER_TEXT, 0, most, so)
#define THEIR_SIGNED(key, read, most, so) THEIRS(key, ASH_ROW_SIGNED, read, SIGNED_TEXT, 0, most, so)
#define THEIR_RANGES(key, read, so) THEIRS(key, ASH_ROW_RANGES, read, RANGES_TEXT, 0, 0, so)
#define THEIR_TEXT(key, read, so) THEIRS(key, ASH_ROW_TEXT, read, "any text", 0, 0, so)
/* Gone in 5.4: accepted, and no name of mallctl. */
#define GONE(key) THEIRS(key, ASH_ROW_COUNT, ASH_OPT_UNREAD, NUMBER_TEXT, 0, 0, "0")
/* clang-format on */

/* The other options of jemalloc 5.0 to 5.4, by its manual page, its ChangeLog and the
 * development branch that became 5.4.  Images carry them in MALLOC_CONF.  Bounds are those that
 * it refuses beyond; where it takes the bound instead, none is given.  The last column is what
 * is so here, and what opt.KEY reads as, whatever was set. */
static const struct ash_row theirs[] = {
	/* 5.0, or older */
	THEIR_WORD("dss", "disabled|primary|secondary", "disabled"),
	THEIR_SIGNED("lg_prof_interval", ASH_OPT_SSIZE, 63, "-1"),
	THEIR_COUNT("lg_prof_sample", ASH_OPT_SIZE, 0, "19"),
	THEIR_WORD("percpu_arena", "disabled|percpu|phycpu", "disabled"),
	THEIR_BOOL("prof", "false"),
	THEIR_BOOL("prof_accum", "false"),
	THEIR_BOOL("prof_active", "false"),
	THEIR_BOOL("prof_final", "false"),
	THEIR_BOOL("prof_gdump", "false"),
	THEIR_BOOL("prof_leak", "false"),
	THEIR_TEXT("prof_prefix", ASH_OPT_TEXT, ""),
	THEIR_BOOL("prof_thread_active_init", "false"),
	THEIR_BOOL("retain", "true"),
	THEIR_BOOL("utrace", "false"),
	/* 5.1 */
	THEIR_COUNT("lg_extent_max_active_fit", ASH_OPT_SIZE, 64, "0"),
	THEIR_TEXT("log", ASH_OPT_UNREAD, ""),
	THEIR_WORD("metadata_thp", "disabled|auto|always", "disabled"),
	/* 5.2 */
	THEIR_RANGES("bin_shards", ASH_OPT_UNREAD, ""),
	/* Above 1 MiB each is a mapping of its own. */
	THEIR_COUNT("oversize_threshold", ASH_OPT_SIZE, BYTES_THEIRS, "1048577"),
	THEIR_BOOL("prof_log", "false"),
	THEIR_RANGES("slab_sizes", ASH_OPT_UNREAD, ""),
	/* 5.3 */
	THEIR_BOOL("cache_oblivious", "false"),
	THEIR_COUNT("hpa_sec_batch_fill_extra", ASH_OPT_SIZE, 0, "0"),
	THEIR_BYTES("hpa_sec_bytes_after_flush", "0"),
	THEIR_BYTES("hpa_sec_max_alloc", "0"),
	THEIR_BYTES("hpa_sec_max_bytes", "0"),
	THEIR_COUNT("hpa_sec_nshards", ASH_OPT_SIZE, 0, "0"),
	THEIR_BYTES("hpa_slab_max_alloc", "0"),
	THEIR_SIGNED("lg_san_uaf_align", ASH_OPT_SSIZE, INT64_MAX, "-1"),
	GONE("lg_tcache_flush_large_div"),
	GONE("lg_tcache_flush_small_div"),
	THEIRS("lg_tcache_nslots_mul", ASH_ROW_POWER, ASH_OPT_UNREAD, "a number from -16 to 16",
	       0, 16, "0"),
	THEIR_SIGNED("mutex_max_spin", ASH_OPT_I64, INT64_MAX, "0"),
	THEIRS("narenas_ratio", ASH_ROW_FACTOR, ASH_OPT_U32, "a decimal number", 0, FACTOR_MOST,
	       "1"),
	THEIR_BOOL("prof_leak_error", "false"),
	THEIR_SIGNED("prof_recent_alloc_max", ASH_OPT_SSIZE, INT64_MAX, "0"),
	THEIR_BOOL("prof_stats", "false"),
	THEIR_BOOL("prof_sys_thread_name", "false"),
	THEIR_WORD("prof_time_resolution", "default|high", "default"),
	THEIR_BOOL("prof_unbias", "false"),
	THEIR_COUNT("san_guard_large", ASH_OPT_SIZE, 0, "0"),
	THEIR_COUNT("san_guard_small", ASH_OPT_SIZE, 0, "0"),
	GONE("tcache_gc_delay_bytes"),
	THEIR_COUNT("tcache_gc_incr_bytes", ASH_OPT_SIZE, 0, "0"),
	GONE("tcache_nslots_large"),
	GONE("tcache_nslots_small_max"),
	GONE("tcache_nslots_small_min"),
	THEIR_BOOL("trust_madvise", "true"),
	/* 5.3.1, 5.4 */
	THEIR_COUNT("calloc_madvise_threshold", ASH_OPT_SIZE, BYTES_THEIRS, "0"),
	THEIR_COUNT("debug_double_free_max_scan", ASH_OPT_UNSIGNED, 0, "2"),
	THEIR_BOOL("disable_large_size_classes", "true"),
	THEIR_BOOL("experimental_hpa_enforce_hugify", "false"),
	THEIR_SIGNED("experimental_hpa_max_purge_nhp", ASH_OPT_SSIZE, INT64_MAX, "-1"),
	THEIR_BOOL("experimental_hpa_start_huge_if_thp_always", "false"),
	THEIR_COUNT("experimental_lg_prof_threshold", ASH_OPT_U64, 0, "0"),
	THEIR_BYTES("experimental_pac_sec_max_alloc", "0"),
	THEIR_BYTES("experimental_pac_sec_max_bytes", "0"),
	THEIR_COUNT("experimental_pac_sec_nshards", ASH_OPT_SIZE, 0, "0"),
	THEIR_BOOL("experimental_tcache_gc", "true"),
	THEIR_BOOL("hpa_hugify_sync", "false"),
	THEIR_COUNT("hpa_min_purge_delay_ms", ASH_OPT_U64, 0, "0"),
	THEIR_BYTES("hpa_purge_threshold", "0"),
	THEIRS("hpa_purge_threshold_ratio", ASH_ROW_SHARE, ASH_OPT_U32, SHARE_TEXT, 0, 1, "0"),
	THEIR_BOOL("huge_arena_pac_thp", "false"),
	THEIR_COUNT("process_madvise_max_batch", ASH_OPT_SIZE, 0, "0"),
	THEIR_COUNT("prof_bt_max", ASH_OPT_UNSIGNED, 0, "0"),
	THEIR_BOOL("prof_pid_namespace", "false"),
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

unsigned ash_rows_count(void)
{
	return COUNT(rows) + COUNT(theirs);
}

const struct ash_row *ash_rows_at(unsigned i)
{
	return i < COUNT(rows) ? &rows[i] : &theirs[i - COUNT(rows)];
}

const char *ash_rows_key(const struct ash_row *row)
{
	return row->name + sizeof("opt.") - 1;
}

static const struct ash_row *find(struct ash_span key)
{
	for (unsigned i = 0; i < ash_rows_count(); i++)
		if (ash_parse_is(key, ash_rows_key(ash_rows_at(i))))
			return ash_rows_at(i);
	return NULL;
}

bool ash_rows_set(struct ash_conf *conf, struct ash_span key, struct ash_span value,
		  const char *source)
{
	const struct ash_row *row = find(key);

	if (row == NULL) {
		ash_message("%s: unknown option %.*s:%.*s", source, ASH_SPAN_SHOWN(key),
			    ASH_SPAN_SHOWN(value));
		return false;
	}
	if (ash_row_set(row, conf, value))
		return true;
	ash_message("%s: invalid value %.*s:%.*s (accepted: %s)", source, ASH_SPAN_SHOWN(key),
		    ASH_SPAN_SHOWN(value), row->accepted);
	return false;
}

bool ash_rows_has(struct ash_span key)
{
	return find(key) != NULL;
}

bool ash_rows_is_nowhere(struct ash_span key)
{
	const struct ash_row *row = find(key);

	return row != NULL && row->offset == ASH_ROW_NOWHERE;
}
