/* One of the two builds that a gate compares, as the user named it. */
#ifndef HARNESS_GATE_CANDIDATE_H
#define HARNESS_GATE_CANDIDATE_H

#include "harness/contenders/contender.h"
#include "harness/gate/outcome.h"

/* A library (FILE.so), a folder of a build that holds one, a known contender, or
 * NAME=/path/lib.so[,ENV=VALUE...].  Fills the contender, usable; free it with
 * contender_free().  Returns 0, or -1 with `why` naming what is accepted. */
int gate_candidate(const char *text, struct contender *contender, char *why, size_t why_size);

/* What the outcome says of it. */
void gate_candidate_side(const struct contender *contender, struct gate_side *side);

#endif
