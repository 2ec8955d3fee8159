#include "os/stalls.h"

#include "os/vdso.h"
#include "util/atomic.h"

const uint32_t ash_os_stall_bound_us[ASH_OS_STALL_BOUNDS] = {
	5, 10, 20, 50, 100, 200, 500, 1000, 2000, 10000, 100000, 1000000};

__thread uint32_t ash_os_stalls_apart;

static struct ash_os_stalled stalled[ASH_OS_STALL_CAUSES]; /* atomic */

unsigned ash_os_stall_class(uint64_t ns, unsigned bounds)
{
	unsigned i = 0;

	while (i < bounds && ns > (uint64_t)ash_os_stall_bound_us[i] * 1000)
		i++;
	return i;
}

static void add(enum ash_os_stall_cause cause, uint64_t ns)
{
	struct ash_os_stalled *s = &stalled[cause];
	uint64_t longest = ash_load_relaxed(&s->longest_ns);

	ash_add_relaxed(&s->lasted[ash_os_stall_class(ns, ASH_OS_STALL_BOUNDS)], 1);
	ash_add_relaxed(&s->ns, ns);
	while (ns > longest && !ash_cas_relaxed(&s->longest_ns, &longest, ns))
		;
}

/* (Not by ash_os_clock_ns: the clocks of tests stand still, and who asks for nothing but this
 * is not to make a system call for it.) */
uint64_t ash_os_stall_begin_at(uint64_t now_ns)
{
	return ash_os_stalls_apart != 0 ? 0 : now_ns != 0 ? now_ns : ash_vdso_now_ns();
}

uint64_t ash_os_stall_begin(void)
{
	return ash_os_stall_begin_at(0);
}

void ash_os_stall_end_at(enum ash_os_stall_cause cause, uint64_t begin_ns, uint64_t now_ns)
{
	if (begin_ns == 0)
		return;
	now_ns = ash_os_stall_begin_at(now_ns);
	if (now_ns != 0)
		add(cause, now_ns > begin_ns ? now_ns - begin_ns : 0);
}

void ash_os_stall_end(enum ash_os_stall_cause cause, uint64_t begin_ns)
{
	ash_os_stall_end_at(cause, begin_ns, 0);
}

void ash_os_stall_count(enum ash_os_stall_cause cause, uint64_t ns)
{
	if (ash_os_stalls_apart == 0)
		add(cause, ns);
}

void ash_os_stall_read(enum ash_os_stall_cause cause, struct ash_os_stalled *into)
{
	const struct ash_os_stalled *s = &stalled[cause];

	for (unsigned i = 0; i <= ASH_OS_STALL_BOUNDS; i++)
		into->lasted[i] = ash_load_relaxed(&s->lasted[i]);
	into->ns = ash_load_relaxed(&s->ns);
	into->longest_ns = ash_load_relaxed(&s->longest_ns);
}
