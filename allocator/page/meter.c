#include "page/meter.h"

#include "os/os.h"
#include "util/assert.h"

#define PIECES 64 /* in one step, however fast they are */

struct ash_meter ash_meter_start(uint64_t most_ns)
{
	return (struct ash_meter){ash_os_given_ns(), ash_os_thread_cpu_ns(), most_ns, 0};
}

bool ash_meter_is_up(struct ash_meter *meter)
{
	ash_assert(meter->pieces < PIECES); /* else it was up before */
	return meter->most_ns != UINT64_MAX &&
	       (++meter->pieces >= PIECES ||
		ash_os_given_ns() - meter->start_ns >= meter->most_ns ||
		ash_os_thread_cpu_ns() - meter->start_cpu_ns >= meter->most_ns);
}
