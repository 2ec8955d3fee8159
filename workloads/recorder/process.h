/* The recording of one process: when it begins, in forked children, too. */
#ifndef RECORDER_PROCESS_H
#define RECORDER_PROCESS_H

#include <stdbool.h>

/* Starts recording if the environment says so and it is time, and gives the calling thread its
 * number if it has none yet.  False when nothing is recorded. */
bool recorder_open(void);

#endif
