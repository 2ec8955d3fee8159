/* A clock that is held, and by which calls it moves: between libashlar-still.so, which answers
 * for the clock, the worker, which knows how many calls were made, and the harness, which says
 * how far each moves it.  Likewise the CPU, where threads take turns. */
#ifndef SHARED_HELD_CLOCK_H
#define SHARED_HELD_CLOCK_H

#include <stdint.h>

#define HELD_CLOCK_STEP_ENV "ASHLAR_CLOCK_STEP_NS"
#define HELD_CLOCK_FOLLOW "held_clock_follow"

/* What HELD_CLOCK_FOLLOW names in libashlar-still.so: from now on the clock is at its beginning
 * plus `each_ns` for each call that `calls` counts.  `calls` is called at every reading: it
 * must not allocate, nor read a clock. */
typedef void held_clock_follow_fn(uint64_t (*calls)(void), uint64_t each_ns);

#define HELD_CPU_SET "held_cpu_set"

/* What HELD_CPU_SET names: from now on the thread that calls it is on this CPU. */
typedef void held_cpu_set_fn(unsigned cpu);

#endif
