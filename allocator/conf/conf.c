#include "conf/conf.h"

#include <stdlib.h>
#include <string.h>

#include "meta/descriptor.h"
#include "os/os.h"
#include "util/epoch.h"
#include "util/fmt.h"

struct ash_conf ash_conf = {
	.abort_on_misuse = true,
	.tcache = true,
	.background_thread = true,
	.dirty_decay_ms = ASH_DECAY_MS,
	.hpa = true,
	.hpa_hugification_threshold = ASH_HUGE / 8 * 7,
	.hpa_hugify_delay_ms = 1000,
};

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

struct span {
	const char *at;
	size_t length;
};

static bool span_is(struct span s, const char *word)
{
	return strlen(word) == s.length && memcmp(s.at, word, s.length) == 0;
}

/* Decimal digits only, no overflow. */
static bool read_number(struct span s, uint64_t *n)
{
	*n = 0;
	for (size_t i = 0; i < s.length; i++) {
		unsigned digit = (unsigned)(s.at[i] - '0');

		if (digit > 9 || *n > (UINT64_MAX - digit) / 10)
			return false;
		*n = *n * 10 + digit;
	}
	return s.length > 0;
}

/* A decimal number, at most `most`, in 1/65536, cut off.  Of its fraction nine digits count. */
static bool read_fraction(struct span s, uint64_t most, uint64_t *n)
{
	const char *point = memchr(s.at, '.', s.length);
	size_t length = point != NULL ? (size_t)(point - s.at) : s.length;
	struct span fraction = {s.at + length + 1, point != NULL ? s.length - length - 1 : 0};
	uint64_t whole, digits = 0, scale = 1;

	if (!read_number((struct span){s.at, length}, &whole) || whole > most ||
	    (point != NULL && fraction.length == 0))
		return false;
	for (size_t i = 0; i < fraction.length; i++) {
		unsigned digit = (unsigned)(fraction.at[i] - '0');

		if (digit > 9)
			return false;
		if (i < 9) {
			digits = digits * 10 + digit;
			scale *= 10;
		}
	}
	*n = (whole << 16) + (digits << 16) / scale;
	return *n <= most << 16;
}

static bool read_bytes(struct span s, uint64_t *n)
{
	unsigned shift = 0;
	uint64_t number;

	if (s.length > 0) {
		switch (s.at[s.length - 1] | 0x20) {
		case 'k':
			shift = 10;
			break;
		case 'm':
			shift = 20;
			break;
		case 'g':
			shift = 30;
			break;
		}
	}
	s.length -= shift != 0;
	if (!read_number(s, &number) || number > UINT64_MAX >> shift)
		return false;
	*n = number << shift;
	return true;
}

static bool read_amount(struct span s, struct ash_amount *amount)
{
	uint64_t n;

	if (span_is(s, "none")) {
		*amount = (struct ash_amount){0, ASH_AMOUNT_NONE};
		return true;
	}
	if (s.length > 0 && s.at[s.length - 1] == '%') {
		s.length--;
		if (!read_number(s, &n) || n > 100)
			return false;
		*amount = (struct ash_amount){n, ASH_AMOUNT_PERCENT};
		return true;
	}
	if (!read_bytes(s, &n))
		return false;
	*amount = (struct ash_amount){n, ASH_AMOUNT_BYTES};
	return true;
}

/* Which of the words a|b|c it is. */
static bool read_word(struct span s, const char *words, unsigned *value)
{
	for (unsigned i = 0; *words != '\0'; i++) {
		struct span word = {words, strcspn(words, "|")};

		if (word.length == s.length && memcmp(word.at, s.at, s.length) == 0) {
			*value = i;
			return true;
		}
		words += word.length + (words[word.length] == '|');
	}
	return false;
}

static bool set_field(struct ash_conf *conf, const struct row *row, struct span value)
{
	uint64_t ignored[2], n; /* as large as any field */
	char *field = row->offset != NOWHERE ? (char *)conf + row->offset : (char *)ignored;

	switch (row->type) {
	case ROW_BOOL:
		if (!span_is(value, "true") && !span_is(value, "false"))
			return false;
		*(bool *)field = value.at[0] == 't';
		return true;
	case ROW_COUNT:
		if (!read_number(value, &n) || n > row->most)
			return false;
		*(uint64_t *)field = n;
		return true;
	case ROW_BYTES:
		return read_bytes(value, (uint64_t *)field);
	case ROW_MS:
		if (span_is(value, "-1")) {
			*(int64_t *)field = -1;
			return true;
		}
		if (!read_number(value, &n) || n > row->most)
			return false;
		*(int64_t *)field = (int64_t)n;
		return true;
	case ROW_AMOUNT:
		return read_amount(value, (struct ash_amount *)field);
	case ROW_FACTOR:
		if (span_is(value, "-1"))
			*(int64_t *)field = -1;
		else if (read_fraction(value, row->most, &n))
			*(int64_t *)field = (int64_t)n;
		else
			return false;
		return true;
	case ROW_SHARE:
		if (!read_fraction(value, row->most, &n))
			return false;
		*(uint64_t *)field = n * ASH_HUGE >> 16;
		return true;
	case ROW_WORD:
		return read_word(value, row->accepted, (unsigned *)field);
	}
	return false;
}

/* Long nonsense is shown by its beginning. */
#define SHOWN(s) (int)((s).length > 60 ? 60 : (s).length), (s).at

static bool set_pair(struct ash_conf *conf, struct span key, struct span value,
		     const char *source)
{
	for (unsigned i = 0; i < ROWS; i++) {
		if (!span_is(key, rows[i].key))
			continue;
		if (set_field(conf, &rows[i], value))
			return true;
		ash_message("%s: invalid value %.*s:%.*s (accepted: %s)", source, SHOWN(key),
			    SHOWN(value), rows[i].accepted);
		return false;
	}
	ash_message("%s: unknown option %.*s", source, SHOWN(key));
	return false;
}

unsigned ash_conf_parse(struct ash_conf *conf, const char *text, const char *source)
{
	unsigned refused = 0;

	while (*text != '\0') {
		struct span pair = {text, strcspn(text, ",")};
		const char *colon = memchr(pair.at, ':', pair.length);

		text += pair.length + (text[pair.length] == ',');
		if (pair.length == 0)
			continue;
		if (colon == NULL) {
			ash_message("%s: invalid pair %.*s (accepted: key:value)", source,
				    SHOWN(pair));
			refused++;
			continue;
		}
		struct span key = {pair.at, (size_t)(colon - pair.at)};
		struct span value = {colon + 1, pair.length - key.length - 1};

		refused += !set_pair(conf, key, value, source);
	}
	return refused;
}

void ash_conf_init(void)
{
	static const char *const sources[] = {ASH_CONF_NAME, "MALLOC_CONF"};
	unsigned refused = 0;

	for (unsigned i = 0; i < 2; i++) {
		const char *text = ash_os_environment(sources[i]);

		if (text != NULL)
			refused += ash_conf_parse(&ash_conf, text, sources[i]);
	}
	for (unsigned i = 0; i < 2 && ash_conf.confirm_conf; i++) {
		const char *text = ash_os_environment(sources[i]);

		ash_message("%s: \"%s\"", sources[i], text != NULL ? text : "");
	}
	if (refused != 0 && ash_conf.abort_conf) {
		ash_message("abort_conf:true and %u option%s refused", refused,
			    refused == 1 ? "" : "s");
		abort();
	}
}
