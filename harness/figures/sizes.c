#include "harness/figures/sizes.h"

#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"
#include "harness/base/set_files.h"
#include "harness/figures/table.h"

/* One side file's rows of a quantity, as rows of a panel.  Returns their number. */
static size_t copy_rows(const struct comparison *c, FILE *to, const char *workload,
			const char *quantity, size_t panel)
{
	double value, count, bytes;
	char name[64], kind[32], line[256];
	char *path;
	size_t rows = 0;
	FILE *from;

	if (strchr(workload, '/'))
		return 0; /* a manifest names no file elsewhere */
	path = text_format(SET_CDF "/%s.tsv", workload);
	from = results_side_file(c->set, path);
	free(path);
	if (!from)
		return 0;
	while (fgets(line, sizeof(line), from)) {
		if (sscanf(line, "%63[^\t]\t%31[^\t]\t%lf\t%lf\t%lf", name, kind, &value,
			   &count, &bytes) != 5 ||
		    strcmp(kind, quantity))
			continue;
		/* A share of nothing first, so that the line rises from the axis. */
		if (!rows++)
			fprintf(to, "%zu\t%s\t%.0f\t0\t0\n", panel, workload, value);
		fprintf(to, "%zu\t%s\t%.0f\t%.6f\t%.6f\n", panel, workload, value, count,
			bytes);
	}
	fclose(from);
	return rows;
}

static bool is_named_before(const struct result_set *set, size_t cell)
{
	for (size_t i = 0; i < cell; i++)
		if (!strcmp(set->cells[i].workload, set->cells[cell].workload))
			return true;
	return false;
}

static bool write_shares(const struct study *study, struct figure *figure, const char *quantity,
			 const char *what)
{
	const struct comparison *c = study->c;
	const struct result_set *set = c->set;
	FILE *f = table_open(study, figure->name, "cumulative shares of objects",
			     "panel\tlabel\tvalue\tcount\tbytes");
	const char *before = " Not recorded: ";
	char *missing = NULL;
	size_t panel = 0;

	if (!f)
		return false;
	for (size_t i = 0; i < set->ncells; i++) {
		const char *workload = set->cells[i].workload;

		if (results_is_program(&set->cells[i]) || is_named_before(set, i))
			continue;
		if (copy_rows(c, f, workload, quantity, panel + 1)) {
			panel++;
		} else {
			text_append(&missing, "%s%s", before, workload);
			before = ", ";
		}
	}
	if (!panel)
		text_set(&figure->absent, "the folder cdf/ holds no %ss of a workload",
			 quantity);
	else
		text_set(&figure->caption,
			 "Cumulative shares of the objects of each own workload, by count and "
			 "by bytes, over their %s; recorded once, in a run of its own under "
			 "glibc. realloc ends one object and begins another. What programs "
			 "allocate is not recorded.%s%s",
			 what, missing ? missing : "", missing ? "." : "");
	free(missing);
	return table_close(study, figure->name, f);
}

bool sizes_write(const struct study *study, struct figure *figure)
{
	return write_shares(study, figure, "size", "size");
}

bool sizes_write_lifetimes(const struct study *study, struct figure *figure)
{
	return write_shares(study, figure, "lifetime",
			    "lifetime, counted in the allocation calls that the whole process "
			    "makes between birth and free");
}
