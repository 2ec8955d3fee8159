#include "workloads/recorder/known.h"

#include <stdatomic.h>
#include <string.h>

#define KNOWN 16384u
#define PROBES 64u

/* Handles are reused with the stacks they lie on, so entries are too, and there are
 * not many more than threads at one time.  A thread that finds no room is only not known
 * when it is joined, which is counted. */
static struct {
	_Atomic uintptr_t handle;
	_Atomic uint32_t number;
} known[KNOWN];

static unsigned home(uintptr_t handle)
{
	return (unsigned)((handle >> 6) * UINT64_C(0x9e3779b97f4a7c15) >> 40) % KNOWN;
}

void known_put(pthread_t thread, uint32_t number)
{
	uintptr_t handle = (uintptr_t)thread;
	unsigned at = home(handle);

	for (unsigned i = 0; i < PROBES; i++, at = (at + 1) % KNOWN) {
		uintptr_t found = 0;

		if (atomic_compare_exchange_strong(&known[at].handle, &found, handle) ||
		    found == handle) {
			atomic_store(&known[at].number, number);
			return;
		}
	}
}

uint32_t known_number(pthread_t thread)
{
	uintptr_t handle = (uintptr_t)thread;
	unsigned at = home(handle);

	for (unsigned i = 0; i < PROBES; i++, at = (at + 1) % KNOWN) {
		uintptr_t found = atomic_load(&known[at].handle);

		if (found == handle)
			return atomic_load(&known[at].number);
		if (!found)
			break;
	}
	return KNOWN_NOT;
}

void known_forget(void)
{
	memset(known, 0, sizeof(known));
}
