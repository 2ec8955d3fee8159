/* One fresh process per measurement; the outcome is a sample that was measured, or
 * one that says why it was not.
 *
 * A fresh process, because the state of the heap is part of what is measured; a
 * padding variable of random length in its environment, because the position of the
 * stack moves times by percents (Mytkowicz et al., "Producing wrong data without doing
 * anything obviously wrong", ASPLOS 2009). */
#ifndef HARNESS_TRIAL_H
#define HARNESS_TRIAL_H

#include "harness/trial/place.h"
#include "harness/trial/sample.h"

/* Runs the sample described by its first fields (id to values) and fills the rest.
 * Status SAMPLE_ABORTED means that the user ended it: not to be recorded. */
void trial_run(const struct trial_place *place, struct sample *sample);

#endif
