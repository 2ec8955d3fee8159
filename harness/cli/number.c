#include "harness/cli/number.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"

#define SEED_MOST (((uint64_t)1 << 53) - 1)

/* Digits and nothing else: strtoull by itself takes blanks and signs before them. */
static bool is_whole(const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	return isdigit((unsigned char)*text) && !*end && errno == 0;
}

int64_t number_whole(const char *name, const char *text, int64_t least, int64_t most)
{
	uint64_t value;

	if (!is_whole(text, &value) || value < (uint64_t)least || value > (uint64_t)most)
		exit(complain_usage("%s %s: a number from %" PRId64 " to %" PRId64 " is needed",
				    name, text, least, most));
	return (int64_t)value;
}

uint64_t number_seed(const char *name, const char *text)
{
	uint64_t value;

	if (!is_whole(text, &value) || value > SEED_MOST)
		exit(complain_usage("%s %s: a number from 0 to 2^53-1 is needed", name, text));
	return value;
}

/* strtod also takes blanks, a sign and hexadecimal digits. */
static bool is_plain(const char *text)
{
	return (isdigit((unsigned char)*text) || *text == '.') && strpbrk(text, "xX") == NULL;
}

double number_percent(const char *name, const char *text)
{
	char *end;
	double share = strtod(text, &end) / 100;

	if (!is_plain(text) || strcmp(end, "%") != 0 || !(share > 0 && share < 1))
		exit(complain_usage("%s %s: a percentage like 3%% is needed", name, text));
	return share;
}

double number_real(const char *name, const char *text, double least, double most,
		   const char *wanted, const char **rest)
{
	char *end;
	double value;

	errno = 0;
	value = strtod(text, &end);
	if (end == text || errno || !isfinite(value) || value < least || value > most ||
	    (*end && !rest))
		exit(complain_usage("%s %s: %s is wanted", name, text, wanted));
	if (rest)
		*rest = end;
	return value;
}
