/* Trials whose outcome does not depend on what else runs: several at a time. */
#ifndef HARNESS_GATE_TRIALS_H
#define HARNESS_GATE_TRIALS_H

#include <stdbool.h>
#include <stddef.h>
#include "harness/gate/measure.h"
#include "harness/matrix/cell.h"
#include "harness/trial/sample.h"

/* A cell of a tier, among those that are measured unless the user wants fewer. */
struct gate_choice {
	const char *workload, *settings;
	enum cell_mode mode;
};

/* Those of n that are wanted (place->cells), in their order, on the heap in *cells, which may
 * be freed in any case.  Returns their number, or -1 with `why`: the bench lacks one. */
int gate_trials_cells(const struct gate_place *place, const struct gate_choice *chosen,
		      size_t n, struct cell **cells, char *why, size_t why_size);

struct gate_trials {
	struct sample *samples; /* one a cell, in their order */
	size_t count;
	char *dumps; /* folder of callgrind's output, where that is kept */
};

/* Runs every cell once under the contender, as many at a time as there are CPUs for this
 * process, at most GATE_AT_A_TIME; `what` names them in the line that shows how far it is.
 * Seeds are the same every time: so is the work.  What a trial fails by stands in its sample;
 * once one ran out of time the others are not tried.
 * Returns 0, or -1 with `why`: nothing could be run, or the user ended it
 * (interrupt_wanted()). Free it with gate_trials_free, even then. */
int gate_trials_run(const struct gate_place *place, const struct contender *contender,
		    const struct cell *cells, size_t count, const char *what,
		    struct gate_trials *trials, char *why, size_t why_size);
void gate_trials_free(struct gate_trials *trials);

#define GATE_AT_A_TIME 8

/* Whether a sample has no value to take: it was skipped, or failed, or its replay did not do
 * what the trace promises.  Then the reason stands in `value`. */
bool gate_trials_absent(const struct sample *sample, struct gate_value *value);

/* Callgrind's output of a trial, on the heap; NULL where there is none. */
char *gate_trials_dump(const struct gate_trials *trials, size_t index);

/* Whether the user's globs of cells (NULL: all) mean this cell, by its name or its
 * workload's. */
bool gate_cell_wanted(const char *globs, const char *cell);

#endif
