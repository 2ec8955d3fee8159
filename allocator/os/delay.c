#include "os/delay.h"

#if ASH_DEBUG >= 1
#include <stdbool.h>

#include "os/os.h"
#include "util/prng.h"

uint64_t ash_delay_seed;

static __thread struct ash_prng prng;
static __thread bool begun;
static uint32_t threads; /* that were delayed; atomic */

static void spin(unsigned n)
{
	while (n-- > 0)
		ash_cpu_relax();
}

/* Of 1,024 times 768 none, 224 a spin that lets another CPU make a few steps, 30 the CPU for
 * whoever waits, and 2 a sleep, which is what a holder that was preempted looks like. */
void ash_delay_some(void)
{
	uint64_t random;
	unsigned kind;

	if (!begun) {
		uint64_t number = ash_add_relaxed(&threads, 1);

		begun = true;
		prng = ash_prng_seeded(ash_load_relaxed(&ash_delay_seed) * 1000003 + number);
	}
	random = ash_prng_next(&prng);
	kind = random % 1024;
	if (kind < 768)
		return;
	if (kind < 992)
		spin((unsigned)(random >> 10) % 256);
	else if (kind < 1022)
		ash_os_yield();
	else
		ash_os_sleep(1000 + (random >> 10) % 50000);
}
#endif
