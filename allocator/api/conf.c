#include "api/conf.h"

#include <stdlib.h>
#include <string.h>

#include "os/os.h"
#include "page/purge.h"
#include "util/fmt.h"

struct ash_conf ash_conf = {
	.abort_on_misuse = true,
	.tcache = true,
	.background_thread = true,
	.dirty_decay_ms = ASH_DECAY_MS,
};

enum row_type { ROW_BOOL, ROW_COUNT, ROW_BYTES, ROW_WORD, ROW_MS, ROW_AMOUNT };

struct row {
	const char *key;
	enum row_type type;
	size_t offset;        /* in struct ash_conf */
	const char *accepted; /* words in the order of their values; or what a message says */
	uint64_t most;        /* counts, ms */
};

#define FIELD(name) offsetof(struct ash_conf, name)

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
	char *field = (char *)conf + row->offset;
	uint64_t n;

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
