#include "conf/parse.h"

#include <limits.h>
#include <string.h>

bool ash_parse_is(struct ash_span s, const char *word)
{
	return strlen(word) == s.length && memcmp(s.at, word, s.length) == 0;
}

struct ash_span ash_parse_before(struct ash_span *rest, char mark)
{
	const char *end = memchr(rest->at, mark, rest->length);
	struct ash_span before = {rest->at, rest->length};

	if (end != NULL)
		before.length = (size_t)(end - rest->at);
	rest->at += before.length + (end != NULL);
	rest->length -= before.length + (end != NULL);
	return before;
}

static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : UINT_MAX;
}

bool ash_parse_number(struct ash_span s, uint64_t *n)
{
	bool hexadecimal = s.length > 2 && s.at[0] == '0' && (s.at[1] | 0x20) == 'x';
	unsigned base = hexadecimal ? 16 : 10;

	*n = 0;
	for (size_t i = hexadecimal ? 2 : 0; i < s.length; i++) {
		unsigned digit = digit_of(s.at[i]);

		if (digit >= base || *n > (UINT64_MAX - digit) / base)
			return false;
		*n = *n * base + digit;
	}
	return s.length > 0;
}

bool ash_parse_fraction(struct ash_span s, uint64_t most, uint64_t *n)
{
	const char *point = memchr(s.at, '.', s.length);
	size_t length = point != NULL ? (size_t)(point - s.at) : s.length;
	struct ash_span fraction = {s.at + length + 1,
				    point != NULL ? s.length - length - 1 : 0};
	uint64_t whole, digits = 0, scale = 1;

	if (!ash_parse_number((struct ash_span){s.at, length}, &whole) || whole > most ||
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

bool ash_parse_bytes(struct ash_span s, uint64_t *n)
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
	if (!ash_parse_number(s, &number) || number > UINT64_MAX >> shift)
		return false;
	*n = number << shift;
	return true;
}

bool ash_parse_amount(struct ash_span s, struct ash_amount *amount)
{
	struct ash_amount parsed = {0};
	struct ash_span number = {s.at, s.length - 1};

	if (s.length == 0 || s.length >= sizeof(parsed.text))
		return false;
	memcpy(parsed.text, s.at, s.length);
	if (ash_parse_is(s, "none")) {
		parsed.kind = ASH_AMOUNT_NONE;
	} else if (s.at[s.length - 1] == '%') {
		parsed.kind = ASH_AMOUNT_PERCENT;
		if (!ash_parse_number(number, &parsed.n) || parsed.n > 100)
			return false;
	} else {
		parsed.kind = ASH_AMOUNT_BYTES;
		if (!ash_parse_bytes(s, &parsed.n))
			return false;
	}
	*amount = parsed;
	return true;
}

bool ash_parse_word(struct ash_span s, const char *words, unsigned *value)
{
	for (unsigned i = 0; *words != '\0'; i++) {
		struct ash_span word = {words, strcspn(words, "|")};

		if (word.length == s.length && memcmp(word.at, s.at, s.length) == 0) {
			*value = i;
			return true;
		}
		words += word.length + (words[word.length] == '|');
	}
	return false;
}

bool ash_parse_range(struct ash_span *s, struct ash_range *range)
{
	struct ash_span segment = ash_parse_before(s, '|');
	struct ash_span to = ash_parse_before(&segment, ':');
	struct ash_span from = ash_parse_before(&to, '-');

	return ash_parse_number(from, &range->from) && ash_parse_number(to, &range->to) &&
	       ash_parse_number(segment, &range->n);
}
