#include "os/background.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "os/lock_rank.h"
#include "os/os.h"
#include "os/stalls.h"
#include "util/atomic.h"
#include "util/system_call.h"

/* A report of misuse is made on it, and the program's handler of SIGABRT runs on it: 256 KiB,
 * and what thread-local storage takes of it. */
#define STACK_BYTES ((size_t)(256 + 64) << 10)

/* What threads need may be there again: memory, a place in the group or among the user's. */
#define RETRY_NS 1000000000u

enum {
	NONE,
	STARTING,
	RUNNING,
	REFUSED, /* for want of resources, at refused_ns */
	NEVER    /* because it is not allowed */
};

uint64_t (*ash_background_hook)(void);
void (*ash_background_begins)(void);
void (*ash_background_ends)(void);

static uint32_t state;
static uint64_t refused_ns;
/* 0: it sleeps until woken, or is about to; 2: for a while, from which only haste wakes it. */
static uint32_t awake = 1;
static uint32_t hurried;
static uint32_t task; /* its number for the kernel; 0 = not known */

/* Sleeps where `awake` still is `how`; no haste is missed: whoever hurries it stores `hurried`
 * and then looks at `awake`, which was stored before the look at `hurried` here.  All four are
 * sequentially consistent. */
static void sleep_as(uint32_t how, uint64_t ns)
{
	if (ash_exchange_seq_cst(&hurried, 0) == 0)
		ash_os_futex_wait_for(&awake, how, ns);
}

/* Rounds of work, until the hook wants the end. */
static void rounds(void)
{
	for (;;) {
		uint64_t ns = ash_background_hook();

		if (ns == ASH_BACKGROUND_END)
			return;
		if (ns != 0) {
			/* No tick wakes it from this sleep: slow paths tick far more often than
			 * there is work. */
			ash_store_seq_cst(&awake, 2);
			sleep_as(2, ns);
			ash_store_seq_cst(&awake, 1);
			continue;
		}
		/* No wake is missed from here on.  Whoever ticks stores its time and then looks
		 * at `awake`; here `awake` is stored, and then the hook looks at that time.
		 * All four are sequentially consistent, so one of the two sees the other. */
		ash_store_seq_cst(&awake, 0);
		ns = ash_background_hook();
		if (ns == 0)
			sleep_as(0, UINT64_MAX);
		ash_store_seq_cst(&awake, 1);
		if (ns == ASH_BACKGROUND_END)
			return;
	}
}

/* What it is called and where it runs.  By itself: its maker may end before. */
static void settle_in(void)
{
	ash_store_relaxed(&task, (uint32_t)ash_system_call(SYS_gettid));
	if (!ash_os_faulted(ASH_OS_PRCTL))
		ash_system_call(SYS_prctl, PR_SET_NAME, "ashlar");
	ash_os_schedule_as_process();
}

static void *work(void *unused)
{
	uint32_t none;
	uint64_t ns;

	(void)unused;
	ash_os_stalls_apart++; /* nobody waits for what it does but by locks */
	if (!ash_os_is_confined()) {
		settle_in();
		if (ash_background_begins != NULL)
			ash_background_begins();
	}
	do {
		rounds();
		if (ash_background_ends != NULL)
			ash_background_ends();
		/* A tick that still saw this thread running relied on it.  The tick and this
		 * end each write what the other reads, sequentially consistent, so one of the
		 * two sees the other. */
		ash_store_seq_cst(&state, NONE);
		ns = ash_background_hook();
		none = NONE;
	} while (ns != 0 && ns != ASH_BACKGROUND_END &&
		 ash_cas_acq_rel(&state, &none, RUNNING));
	return NULL;
}

/* With a stack of `stack` bytes, 0 = the usual; returns 0 or the error. */
static int make_thread(size_t stack)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	if (ash_os_faulted(ASH_OS_THREAD))
		return errno;
	error = pthread_attr_init(&attributes);
	if (error != 0)
		return error;
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	if (stack != 0)
		pthread_attr_setstacksize(&attributes, stack);
	error = pthread_create(&thread, &attributes, work, NULL);
	pthread_attr_destroy(&attributes);
	return error;
}

/* Returns 0 or the error. */
static int start(void)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = make_thread(STACK_BYTES);
	if (error == EINVAL) /* static TLS alone is larger than the stack */
		error = make_thread(0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

static bool is_to_try(uint32_t now)
{
	uint64_t since_ns = ash_load_relaxed(&refused_ns);

	return now == NONE ||
	       (now == REFUSED && ash_os_coarse_clock_ns() - since_ns >= RETRY_NS);
}

void ash_background_start(void)
{
	uint32_t now = ash_load_acquire(&state), starting = STARTING;
	int saved = errno, error;

	ash_lock_rank_assert_none();
	if (!is_to_try(now) || !ash_cas_acq_rel(&state, &now, STARTING))
		return;
	error = start();
	if (error == 0) {
		ash_cas_release(&state, &starting,
				RUNNING); /* not where it has ended already */
	} else {
		ash_store_relaxed(&refused_ns, ash_os_coarse_clock_ns());
		ash_store_release(&state, error == EAGAIN || error == ENOMEM ? REFUSED : NEVER);
	}
	errno = saved;
}

void ash_background_retry(void)
{
	uint32_t refused = REFUSED;

	ash_cas_acq_rel(&state, &refused, NONE);
}

bool ash_background_running(void)
{
	return ash_load_seq_cst(&state) == RUNNING;
}

bool ash_background_is_there(void)
{
	uint32_t now = ash_load_seq_cst(&state), number = ash_load_relaxed(&task);
	int saved = errno;
	bool there = now == RUNNING || now == STARTING;

	if (!there && number != 0 && !ash_os_may_be_confined())
		there = ash_system_call(SYS_tgkill, ash_system_call(SYS_getpid), number, 0) ==
			0;
	errno = saved;
	return there;
}

bool ash_background_starts(void)
{
	return ash_load_seq_cst(&state) == STARTING;
}

bool ash_background_may_start(void)
{
	uint32_t now = ash_load_relaxed(&state);

	return now != NEVER && now != REFUSED;
}

void ash_background_wake(void)
{
	if (ash_load_seq_cst(&awake) == 0 && ash_exchange_acq_rel(&awake, 1) == 0)
		ash_os_futex_wake(&awake);
}

void ash_background_hurry(bool over)
{
	uint32_t how;

	ash_store_seq_cst(&hurried, 1);
	how = ash_load_seq_cst(&awake);
	if ((how == 0 || (how == 2 && over)) && ash_exchange_acq_rel(&awake, 1) != 1)
		ash_os_futex_wake(&awake);
}

void ash_background_after_fork(void)
{
#ifdef __SANITIZE_THREAD__
	ash_store_relaxed(&state, NEVER); /* ThreadSanitizer ends a child that starts threads */
#else
	if (ash_background_may_start())
		ash_store_relaxed(&state, NONE);
#endif
	ash_store_relaxed(&awake, 1);
	ash_store_relaxed(&hurried, 0);
	ash_store_relaxed(&task, 0);
}
