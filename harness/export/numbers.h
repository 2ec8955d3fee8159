/* How numbers and words stand in JSON and in CSV. */
#ifndef HARNESS_EXPORT_NUMBERS_H
#define HARNESS_EXPORT_NUMBERS_H

#include <stdio.h>
#include <jansson.h>

#include "harness/stats/statistics.h"

/* null for what is not known */
json_t *json_of_number(double value);
/* {point, low, high, n}, null with n = 0 */
json_t *json_of_interval(const struct interval *i);

/* Quoted where need be, as in RFC 4180. */
void csv_words(FILE *f, const char *text);
/* Each of n words and a comma. */
void csv_row_words(FILE *f, const char *const *words, size_t n);
/* A number and a comma; of what is not known the comma alone. */
void csv_number(FILE *f, double value);
/* point,low,high,n, */
void csv_interval(FILE *f, const struct interval *i);

#endif
