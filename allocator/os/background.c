#include "os/background.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "os/lock_rank.h"
#include "os/os.h"
#include "util/atomic.h"

#define STACK_BYTES ((size_t)64 << 10)
#define RETRY_NS 10000000000u
/* Nobody woke it for so long: it ends, and is made again when there is work. */
#define IDLE_NS 10000000000u

enum { NONE, STARTING, RUNNING, NEVER };

uint64_t (*ash_background_hook)(void);

static uint32_t state;
static uint32_t awake = 1; /* 0: it sleeps until woken, or is about to */
static uint64_t failed_ns; /* when the last start failed; atomic */

/* Rounds of work, until the hook wants the end or nobody woke it for long. */
static void rounds(void)
{
	for (;;) {
		uint64_t ns = ash_background_hook();
		bool woken;

		if (ns == ASH_BACKGROUND_END)
			return;
		if (ns != 0) {
			/* Nobody wakes it from this sleep: slow paths tick far more often than
			 * there is work. */
			ash_os_sleep(ns);
			continue;
		}
		/* No wake is missed from here on.  Whoever ticks stores its time and then looks
		 * at `awake`; here `awake` is stored, and then the hook looks at that time.
		 * All four are sequentially consistent, so one of the two sees the other. */
		ash_store_seq_cst(&awake, 0);
		ns = ash_background_hook();
		if (ns == 0)
			ash_os_futex_wait_for(&awake, 0, IDLE_NS);
		woken = ash_exchange_acq_rel(&awake, 1) != 0;
		if (ns == ASH_BACKGROUND_END || (ns == 0 && !woken))
			return;
	}
}

static void *work(void *unused)
{
	uint32_t none;
	uint64_t ns;

	(void)unused;
	if (!ash_os_faulted(ASH_OS_PRCTL))
		prctl(PR_SET_NAME, "ashlar", 0, 0, 0); /* itself: its maker may end before */
	do {
		rounds();
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

static bool start(void)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = make_thread(STACK_BYTES);
	if (error == EINVAL) /* static TLS alone is larger than the stack */
		error = make_thread(0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error == 0;
}

void ash_background_start(uint64_t now_ns)
{
	uint32_t none = NONE;
	uint64_t failed;
	int saved = errno;

	ash_lock_rank_assert_none();
	failed = ash_load_relaxed(&failed_ns);
	if (failed != 0 && now_ns - failed < RETRY_NS)
		return;
	if (!ash_cas_acq_rel(&state, &none, STARTING))
		return;
	if (start()) {
		uint32_t starting = STARTING;

		ash_cas_release(&state, &starting,
				RUNNING); /* not where it has ended already */
	} else {
		ash_store_relaxed(&failed_ns, now_ns);
		ash_store_release(&state, NONE);
	}
	errno = saved;
}

bool ash_background_running(void)
{
	return ash_load_seq_cst(&state) == RUNNING;
}

void ash_background_wake(void)
{
	if (ash_load_seq_cst(&awake) == 0 && ash_exchange_acq_rel(&awake, 1) == 0)
		ash_os_futex_wake(&awake);
}

void ash_background_after_fork(void)
{
#ifdef __SANITIZE_THREAD__
	ash_store_relaxed(&state, NEVER); /* ThreadSanitizer ends a child that starts threads */
#else
	ash_store_relaxed(&state, NONE);
#endif
	ash_store_relaxed(&awake, 1);
	failed_ns = 0;
}
