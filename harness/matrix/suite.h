/* Which cells a run set measures. */
#ifndef HARNESS_SUITE_H
#define HARNESS_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include "harness/matrix/cell.h"

struct suite_choice {
	const char *suite;      /* "quick", "verdict" or "full" */
	const char **workloads; /* arguments of --workload: globs with commas */
	int nworkloads;         /* 0 = the suite, or the commands where there are any */
	bool modes[MODE_COUNT]; /* those asked for */
	bool modes_given;       /* false: those of the suite */
	bool adds[MODE_COUNT];  /* and beside them, as if named: those of sets of counters */
	const char **settings;  /* arguments of --set */
	int nsettings;
	int blocks; /* 0 = the suite's */
	bool again; /* in all throughput cells the reference runs twice, not only in the suite's
		       own four */
	const char *
		*blame; /* which of the arguments above was wrong, if one was; may be NULL */
};

/* Makes the list of cells (free it).  Returns 0, or -1 with `why` naming what was
 * wrong and what is accepted. */
int suite_cells(const struct suite_choice *choice, struct cell **cells, int *ncells, char *why,
		size_t why_size);

#endif
