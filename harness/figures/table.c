#include "harness/figures/table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"

FILE *table_open_other(const char *dir, const char *name, const char *suffix)
{
	char *path = text_format("%s/%s%s", dir, name, suffix);
	FILE *f = fopen(path, "we");

	if (!f)
		complain("%s: %s", path, strerror(errno));
	free(path);
	return f;
}

bool table_close_other(const char *dir, const char *name, const char *suffix, FILE *f)
{
	bool bad = ferror(f);

	if (fclose(f) || bad) {
		complain("%s/%s%s: %s", dir, name, suffix,
			 errno ? strerror(errno) : "write error");
		return false;
	}
	return true;
}

FILE *table_open(const struct study *study, const char *name, const char *what,
		 const char *header)
{
	FILE *f = table_open_other(study->dir, name, ".tsv");

	if (f)
		fprintf(f, "# %s; reference %s\n%s\n", what,
			study->c->set->contenders[study->c->reference].name, header);
	return f;
}

void table_number(FILE *f, double value)
{
	if (isnan(value))
		fputs("\tNaN", f);
	else
		fprintf(f, "\t%.6g", value);
}

void table_doubts(FILE *f, const struct doubts *doubts)
{
	char *text = doubts_text(doubts, ~(unsigned)DOUBTS_PLAIN);

	fprintf(f, "\t%s\n", text ? text : "-");
	free(text);
}

bool table_close(const struct study *study, const char *name, FILE *f)
{
	return table_close_other(study->dir, name, ".tsv", f);
}
