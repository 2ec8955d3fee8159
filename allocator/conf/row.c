#include "conf/row.h"

#include <string.h>

#include "meta/descriptor.h"
#include "util/bits.h"

static bool set_count(const struct ash_row *row, struct ash_span value, uint64_t *n)
{
	uint64_t count;

	if (!ash_parse_number(value, &count) || (row->most != 0 && count > row->most) ||
	    count < row->least)
		return false;
	*n = row->kept != 0 && count > row->kept ? row->kept : count;
	return true;
}

static bool set_bytes(const struct ash_row *row, struct ash_span value, uint64_t *n)
{
	uint64_t bytes;

	if (!ash_parse_bytes(value, &bytes))
		return false;
	*n = row->kept != 0 && bytes > row->kept ? row->kept : bytes;
	return true;
}

/* "default", or "16-128:4|129-1024:8". */
static bool is_ranges(struct ash_span s)
{
	struct ash_range range;

	if (ash_parse_is(s, "default"))
		return true;
	do
		if (!ash_parse_range(&s, &range))
			return false;
	while (s.length != 0);
	return true;
}

static bool set_bounds(struct ash_range_text *ranges, struct ash_span value)
{
	if (value.length >= sizeof(ranges->text) || !is_ranges(value))
		return false;
	memset(ranges, 0, sizeof(*ranges));
	memcpy(ranges->text, value.at, value.length);
	return true;
}

/* Those that mean something, each once, as jemalloc keeps them. */
static bool set_letters(struct ash_letters *letters, struct ash_span value)
{
	size_t n = 0;

	if (value.length >= sizeof(letters->text))
		return false;
	for (size_t i = 0; i < value.length; i++)
		if (memchr(ASH_PRINT_LETTERS, value.at[i], sizeof(ASH_PRINT_LETTERS) - 1) !=
			    NULL &&
		    memchr(letters->text, value.at[i], n) == NULL)
			letters->text[n++] = value.at[i];
	letters->text[n] = '\0';
	return true;
}

bool ash_row_set(const struct ash_row *row, struct ash_conf *conf, struct ash_span value)
{
	struct ash_amount amount;
	uint64_t ignored[8], n; /* as large as any field */
	void *field =
		row->offset != ASH_ROW_NOWHERE ? (char *)conf + row->offset : (char *)ignored;

	switch (row->type) {
	case ASH_ROW_BOOL:
		if (!ash_parse_is(value, "true") && !ash_parse_is(value, "false"))
			return false;
		*(bool *)field = value.at[0] == 't';
		return true;
	case ASH_ROW_COUNT:
	case ASH_ROW_SHARDS:
		if (row->type == ASH_ROW_SHARDS && ash_parse_is(value, "default"))
			n = 0;
		else if (!set_count(row, value, &n))
			return false;
		*(uint64_t *)field = n;
		return true;
	case ASH_ROW_BYTES:
		return set_bytes(row, value, field);
	case ASH_ROW_LOG2:
		/* In jemalloc 5.0 to 5.2: all small sizes, and none above. */
		if (ash_parse_is(value, "-1"))
			n = row->kept;
		else if (!set_count(row, value, &n))
			return false;
		*(uint64_t *)field = (uint64_t)1 << n;
		return true;
	case ASH_ROW_SIGNED:
		if (ash_parse_is(value, "-1"))
			n = UINT64_MAX;
		else if (!set_count(row, value, &n))
			return false;
		*(int64_t *)field = (int64_t)n;
		return true;
	case ASH_ROW_AMOUNT:
		if (!ash_parse_amount(value, &amount))
			return false;
		*(struct ash_amount *)field = amount;
		return true;
	case ASH_ROW_FACTOR:
		if (ash_parse_is(value, "-1"))
			*(int64_t *)field = -1;
		else if (ash_parse_fraction(value, row->most, &n))
			*(int64_t *)field = (int64_t)n;
		else
			return false;
		return true;
	case ASH_ROW_SHARE:
		if (!ash_parse_fraction(value, row->most, &n))
			return false;
		*(uint64_t *)field = n * ASH_HUGE >> 16;
		return true;
	case ASH_ROW_WORD:
		return ash_parse_word(value, row->accepted, field);
	case ASH_ROW_LETTERS:
		return set_letters(field, value);
	case ASH_ROW_BOUNDS:
		return set_bounds(field, value);
	case ASH_ROW_POWER:
		if (value.length > 0 && value.at[0] == '-')
			value = (struct ash_span){value.at + 1, value.length - 1};
		return set_count(row, value, &n);
	case ASH_ROW_RANGES:
		return is_ranges(value);
	case ASH_ROW_TEXT:
		return true;
	}
	return false;
}

/* Numbers as they are written in the table; -1 is all ones. */
static struct ash_opt_value read_standard(const struct ash_row *row)
{
	struct ash_span text = {row->in_force, strlen(row->in_force)};
	struct ash_opt_value value = {0, row->in_force};

	if (ash_parse_is(text, "-1"))
		value.n = UINT64_MAX;
	else if (row->read == ASH_OPT_BOOL)
		value.n = ash_parse_is(text, "true");
	else if (row->read == ASH_OPT_U32)
		ash_parse_fraction(text, row->most, &value.n);
	else
		ash_parse_number(text, &value.n);
	return value;
}

/* The words of a row are kept apart by |, and the program wants each with its end. */
static const char *word_of(const char *words, unsigned value)
{
	static const char *const known[] = {"default", "always", "never", "free",  "alloc",
					    "abort",   "auto",   "none",  "eager", "lazy",
					    "true",    "false",  "on",    "full",  "2m"};
	struct ash_span rest = {words, strlen(words)}, word;

	do
		word = ash_parse_before(&rest, '|');
	while (value-- > 0);
	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (ash_parse_is(word, known[i]))
			return known[i];
	return "";
}

struct ash_opt_value ash_row_read(const struct ash_row *row, const struct ash_conf *conf)
{
	const void *field = (const char *)conf + row->offset;
	struct ash_opt_value value = {0, ""};

	if (row->offset == ASH_ROW_NOWHERE)
		return read_standard(row);
	switch (row->type) {
	case ASH_ROW_BOOL:
		value.n = *(const bool *)field;
		break;
	case ASH_ROW_WORD:
		value.text = word_of(row->accepted, *(const unsigned *)field);
		value.n = value.text[0] != 'f'; /* of true, false and auto */
		break;
	case ASH_ROW_AMOUNT:
		value.n = ((const struct ash_amount *)field)->n;
		value.text = ((const struct ash_amount *)field)->text;
		if (value.text[0] == '\0')
			value.text = "auto";
		break;
	case ASH_ROW_LETTERS:
		value.text = ((const struct ash_letters *)field)->text;
		break;
	case ASH_ROW_BOUNDS:
		value.text = ((const struct ash_range_text *)field)->text;
		break;
	case ASH_ROW_LOG2:
		value.n = 63 - (uint64_t)__builtin_clzll(*(const uint64_t *)field | 1);
		break;
	case ASH_ROW_SHARE:
		value.n = (*(const uint64_t *)field << 16) / ASH_HUGE;
		break;
	default:
		value.n = *(const uint64_t *)field;
	}
	return value;
}
