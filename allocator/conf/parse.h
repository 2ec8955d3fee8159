/* The values of options as they are written: from characters to numbers.
 *
 * False where the whole span is not such a value.  Then number and fraction may have written
 * what they had so far, the others nothing. */
#ifndef ASH_CONF_PARSE_H
#define ASH_CONF_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "conf/options.h"

/* Characters of a text, without an end mark. */
struct ash_span {
	const char *at;
	size_t length;
};

/* Arguments for "%.*s" of a message: long nonsense is shown by its beginning. */
#define ASH_SPAN_SHOWN(s) (int)((s).length > 60 ? 60 : (s).length), (s).at

bool ash_parse_is(struct ash_span s, const char *word);

/* What stands before the first `mark`, or all of it; *rest becomes what stands behind. */
struct ash_span ash_parse_before(struct ash_span *rest, char mark);

/* Decimal digits, or hexadecimal ones behind 0x; no sign, no overflow. */
bool ash_parse_number(struct ash_span s, uint64_t *n);

/* A decimal number, at most `most`, in 1/65536, cut off.  Of its fraction nine digits count. */
bool ash_parse_fraction(struct ash_span s, uint64_t most, uint64_t *n);

/* A number with or without k, m or g behind it, in bytes. */
bool ash_parse_bytes(struct ash_span s, uint64_t *n);

/* Bytes, n% or none. */
bool ash_parse_amount(struct ash_span s, struct ash_amount *amount);

/* One of "16-128:4|129-1024:8": *s becomes what stands behind its mark. */
struct ash_range {
	uint64_t from, to, n;
};
bool ash_parse_range(struct ash_span *s, struct ash_range *range);

/* Which of `words`, "a|b|c", it is: 0 the first. */
bool ash_parse_word(struct ash_span s, const char *words, unsigned *value);

#endif
