/* Time and faults of the timed part, with the pauses taken out.  One run per process,
 * so the state is the file's own. */
#ifndef WORKLOADS_MEASURE_H
#define WORKLOADS_MEASURE_H

#include <stdint.h>
#include "workloads/shared/workload.h"

/* Around run(); the end writes the figures into the channel. */
void measure_begin(struct wl_run *run);
void measure_end(struct wl_run *run);

/* Around what is no part of the work (marks, idle time); every thread rests. */
void measure_pause(void);
void measure_resume(void);

/* A thread other than the first adds its waiting time before it ends. */
void measure_thread_end(void);

/* Peak of the resident set so far, bytes, not counting what marks add for themselves:
 * called before a mark builds its page set, with measure_peak_forget() after. */
void measure_peak_note(void);
void measure_peak_forget(void);

#endif
