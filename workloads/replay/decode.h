/* Reading a trace for a replay, in a process of its own.
 *
 * That process is ashlar-work again, started without the allocator under test: neither
 * does reading touch the measured heap, nor can a broken allocator break the reading. */
#ifndef REPLAY_DECODE_H
#define REPLAY_DECODE_H

#include "workloads/replay/script.h"

struct wl_run;

#define DECODE_OPTION "--decode"

/* Has the trace read and maps the script, faulted in; it lives as long as the process.
 * NULL after wl_fail().  Allocates nothing. */
const struct replay_script *decode(struct wl_run *run, const struct replay_settings *settings);

/* The other side: reads as the memory file of that descriptor says, and fills it.
 * Returns the exit status. */
int decode_main(const char *descriptor);

#endif
