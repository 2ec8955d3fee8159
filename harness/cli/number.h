/* Numbers among the arguments of the verbs.  Where a text is none, or is out of bounds, each
 * ends the process with one message that begins with `name` and the text and says what is
 * accepted; `name` is the argument as the user knows it, like "--pairs" or "record: --level".
 */
#ifndef HARNESS_CLI_NUMBER_H
#define HARNESS_CLI_NUMBER_H

#include <stdint.h>

/* Decimal digits alone, from `least` (0 or more) to `most`. */
int64_t number_whole(const char *name, const char *text, int64_t least, int64_t most);

/* A seed: whole numbers that JSON keeps exactly. */
uint64_t number_seed(const char *name, const char *text);

/* "3%" or "2.5%" as a share: above 0 % and below 100 %. */
double number_percent(const char *name, const char *text);

/* From `least` to `most`, finite; `wanted` is what the message says is wanted.  What follows
 * the number goes to *rest; with rest NULL nothing may follow. */
double number_real(const char *name, const char *text, double least, double most,
		   const char *wanted, const char **rest);

#endif
