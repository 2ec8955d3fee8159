#include "harness/export/numbers.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

json_t *json_of_number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

json_t *json_of_interval(const struct interval *i)
{
	if (!i->n)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:I}", "point", json_of_number(i->point), "low",
			 json_of_number(i->low), "high", json_of_number(i->high), "n",
			 (json_int_t)i->n);
}

void csv_words(FILE *f, const char *text)
{
	bool quoted = strpbrk(text, ",\"\r\n") != NULL;

	if (quoted)
		fputc('"', f);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', f);
		fputc(*text, f);
	}
	fputs(quoted ? "\"" : "", f);
}

void csv_row_words(FILE *f, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		csv_words(f, words[i]);
		fputc(',', f);
	}
}

void csv_number(FILE *f, double value)
{
	if (isfinite(value))
		fprintf(f, "%.9g", value);
	fputc(',', f);
}

void csv_interval(FILE *f, const struct interval *i)
{
	csv_number(f, i->point);
	csv_number(f, i->low);
	csv_number(f, i->high);
	fprintf(f, "%zu,", i->n);
}
