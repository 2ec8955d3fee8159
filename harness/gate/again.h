/* The commands that a gate tells: each does the same again when it is given to a shell. */
#ifndef HARNESS_GATE_AGAIN_H
#define HARNESS_GATE_AGAIN_H

#include <stdbool.h>
#include "harness/gate/request.h"

/* The beginning of the command that measures what the request asks for, on the heap: all that
 * the values depend on but tier and cell.  `timed`: with what is of tier 3 alone, and the
 * commands that are measured. */
char *gate_again(const struct gate_request *request, bool timed);

/* Such a beginning with a tier and a cell (NULL: all of the tier), on the heap. */
char *gate_again_cell(const char *beginning, int tier, const char *cell);

/* The command that puts head's values of a tier into the request's baseline, on the heap. */
char *gate_again_update(const struct gate_request *request, int tier);

#endif
