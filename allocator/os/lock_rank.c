#include "os/lock_rank.h"

#if ASH_DEBUG >= 1
#include "util/assert.h"

/* How many locks of each rank this thread holds: more than one only while forking. */
static __thread unsigned held[ASH_RANKS];
static __thread unsigned same_allowed; /* so many times, one inside of another */
static __thread bool any_order;

void ash_lock_rank_acquire(enum ash_lock_rank rank)
{
	for (unsigned r = rank + (same_allowed != 0 ? 1 : 0); r < ASH_RANKS && !any_order; r++)
		if (held[r] != 0)
			ash_fatal("lock of rank %u taken while one of rank %u is held",
				  (unsigned)rank, r);
	held[rank]++;
}

void ash_lock_rank_release(enum ash_lock_rank rank)
{
	if (held[rank] == 0)
		ash_fatal("lock of rank %u released but not held", (unsigned)rank);
	held[rank]--;
}

bool ash_lock_rank_holds_any(void)
{
	for (unsigned r = 0; r < ASH_RANKS; r++)
		if (held[r] != 0)
			return true;
	return false;
}

void ash_lock_rank_assert_none(void)
{
	for (unsigned r = 0; r < ASH_RANKS; r++)
		if (held[r] != 0)
			ash_fatal("lock of rank %u held where none may be", r);
}

void ash_lock_rank_assert_system_call(void)
{
	if (same_allowed != 0)
		return;
	for (unsigned r = 0; r < ASH_RANKS; r++)
		if (held[r] != 0 && r != ASH_RANK_GROW && r != ASH_RANK_TAIL)
			ash_fatal("lock of rank %u held over a system call", r);
}

void ash_lock_rank_allow_same(int allow)
{
	same_allowed += allow ? 1 : -1u;
}

void ash_lock_rank_fork_begins(void)
{
	any_order |= same_allowed++ != 0 || ash_lock_rank_holds_any();
}

void ash_lock_rank_fork_ends(void)
{
	any_order &= --same_allowed != 0;
}
#endif
