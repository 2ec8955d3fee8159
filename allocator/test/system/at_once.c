/*
 * Threads that want the same work done at the same time: who waits for the claim, and trims of
 * several threads at once.  By the library's own functions, and the calls that it makes.
 */
#include "test/support/family.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "api/compat.h"
#include "os/fault.h"
#include "os/os.h"
#include "page/heap.h"
#include "reclaim/claim.h"

#define KIB ((size_t)1 << 10)
#define THREADS 6

/* Sleeps of threads that are watched, of whatever kind. */
static __thread bool watched;
static atomic_uint sleeps;

/* Called once, before the next memory that this thread gives back. */
static __thread void (*at_call)(void);

static bool look(enum ash_os_call call)
{
	void (*fn)(void) = at_call;

	if (watched && (call == ASH_OS_FUTEX_WAIT || call == ASH_OS_SLEEP))
		atomic_fetch_add(&sleeps, 1);
	if (fn != NULL && call == ASH_OS_MADVISE) {
		at_call = NULL;
		fn();
	}
	return false;
}

static void begin(void)
{
	ash_heap.rounds.background = false;
	ash_heap.drain.enabled = false; /* what is freed stays for who trims */
	m.free(m.malloc(100));
	ash_store_relaxed(&ash_os_fault_hook, look);
}

/* Until the condition holds, and then for a moment in which who does not sleep shows. */
#define AWAIT(condition)              \
	do {                          \
		while (!(condition))  \
			usleep(1000); \
		usleep(100000);       \
	} while (0)

/* --- the claim ---------------------------------------------------------------------------- */

static atomic_uint awaiting;
static atomic_bool ended;

static void *await_claim(void *unused)
{
	watched = true;
	atomic_fetch_add(&awaiting, 1);
	ash_claim_await(&ash_heap);
	watched = false;
	while (!atomic_load(&ended))
		usleep(1000);
	ash_claim_give_back(&ash_heap);
	return unused;
}

/* Who waits sleeps until it is woken, and has it before who comes by. */
static void claim_is_awaited(void)
{
	pthread_t thread;

	begin();
	NEED(ash_claim_try(&ash_heap), "somebody works");
	NEED(!pthread_create(&thread, NULL, await_claim, NULL), "no thread");
	AWAIT(atomic_load(&awaiting) == 1 && atomic_load(&sleeps) > 0);
	ash_claim_give_back(&ash_heap);
	CHECK(!ash_claim_try(&ash_heap), "who comes by has it before who waits");
	atomic_store(&ended, true);
	pthread_join(thread, NULL);
	CHECK(atomic_load(&sleeps) <= 3, "%u sleeps of one thread", atomic_load(&sleeps));
	NEED(ash_claim_try(&ash_heap), "it is nobody's afterwards");
	ash_claim_give_back(&ash_heap);
}

static void claim_of_several(void)
{
	pthread_t thread[THREADS];

	begin();
	NEED(ash_claim_try(&ash_heap), "somebody works");
	for (unsigned i = 0; i < THREADS; i++)
		NEED(!pthread_create(&thread[i], NULL, await_claim, NULL), "no thread");
	AWAIT(atomic_load(&awaiting) == THREADS && atomic_load(&sleeps) >= THREADS);
	atomic_store(&ended, true);
	ash_claim_give_back(&ash_heap);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	CHECK(atomic_load(&sleeps) <= 4 * THREADS, "%u sleeps of %d threads",
	      atomic_load(&sleeps), THREADS);
	NEED(ash_claim_try(&ash_heap), "it is nobody's afterwards");
	ash_claim_give_back(&ash_heap);
}

/* In a child nobody waits any more. */
static void claim_of_vanished(void)
{
	pthread_t thread;
	int status;
	pid_t child;

	begin();
	NEED(ash_claim_try(&ash_heap), "somebody works");
	NEED(!pthread_create(&thread, NULL, await_claim, NULL), "no thread");
	AWAIT(atomic_load(&sleeps) > 0);
	child = fork(); /* by who has it */
	if (child == 0) {
		ash_claim_give_back(&ash_heap);
		_exit(!ash_claim_try(&ash_heap));
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0, "the child's is %#x", status);
	ash_claim_give_back(&ash_heap);
	atomic_store(&ended, true);
	pthread_join(thread, NULL);
}

/* --- trims -------------------------------------------------------------------------------- */

static atomic_uint called;
static atomic_bool go_on;

/* Most of some slabs is free, and a run: holes are purged with the claim, runs without. */
static void leave_idle(void)
{
	enum { OBJECTS = 2000 };
	static void *object[OBJECTS];
	void *run = m.malloc(300 * KIB);

	memset(run, 1, 300 * KIB);
	for (unsigned i = 0; i < OBJECTS; i++)
		memset(object[i] = m.malloc(3000), 1, 3000);
	for (unsigned i = 0; i < OBJECTS; i++)
		if (i % 8 != 0)
			m.free(object[i]);
	m.free(run);
}

static void stop_here(void)
{
	while (!atomic_load(&go_on))
		usleep(1000);
}

/* Not before it has the claim. */
static void stop_with_claim(void)
{
	if (ash_claim_is_mine(&ash_heap))
		stop_here();
	else
		at_call = stop_with_claim;
}

static void *trim_and_stop(void *where)
{
	at_call = (void (*)(void))(uintptr_t)where;
	atomic_fetch_add(&called, 1);
	ash_compat_malloc_trim(0);
	at_call = NULL;
	return NULL;
}

/* Resident pages of a range; what is not mapped is gone. */
static unsigned resident(void *p, size_t bytes)
{
	unsigned char there[128] = {0};
	unsigned n = 0;

	if (mincore(p, bytes, there) != 0)
		return 0;
	for (size_t i = 0; i < bytes / ash_os_page; i++)
		n += there[i] & 1;
	return n;
}

static void *free_and_trim(void *p)
{
	m.free(p);
	watched = true;
	atomic_fetch_add(&called, 1);
	ash_compat_malloc_trim(0);
	watched = false;
	CHECK(resident(p, 400 * KIB) == 0,
	      "%u pages of what was freed before are there after a trim",
	      resident(p, 400 * KIB));
	return NULL;
}

/* While one is at it others want the same: they sleep, and one of them does it for all. */
static void trims_at_once(void)
{
	pthread_t first, thread[THREADS];
	void *p[THREADS];

	begin();
	for (unsigned i = 0; i < THREADS; i++)
		memset(p[i] = m.malloc(400 * KIB), 1, 400 * KIB);
	leave_idle();
	NEED(!pthread_create(&first, NULL, trim_and_stop, (void *)(uintptr_t)stop_with_claim),
	     "no thread");
	AWAIT(atomic_load(&called) == 1);
	for (unsigned i = 0; i < THREADS; i++)
		NEED(!pthread_create(&thread[i], NULL, free_and_trim, p[i]), "no thread");
	AWAIT(atomic_load(&called) == 1 + THREADS && atomic_load(&sleeps) >= THREADS);
	atomic_store(&go_on, true);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	pthread_join(first, NULL);
	tap_note("%u sleeps of %d threads", atomic_load(&sleeps), THREADS);
	/* For the one that was under way, for their own, and where a round works. */
	CHECK(atomic_load(&sleeps) <= 5 * THREADS, "%u sleeps of %d threads",
	      atomic_load(&sleeps), THREADS);
	CHECK(ash_heap.trims.count % 2 == 0, "one is still under way");
	CHECK(ash_heap.trims.count / 2 <= 3, "%u trims for two", ash_heap.trims.count / 2);
}

static void trim_again(void)
{
	ash_compat_malloc_trim(0);
}

/* A handler that interrupts a trim and trims. */
static void trim_in_trim(void)
{
	begin();
	leave_idle();
	watched = true;
	at_call = trim_again;
	CHECK(ash_compat_malloc_trim(0) == 1, "nothing went");
	CHECK(at_call == NULL, "nothing was tried");
	CHECK(atomic_load(&sleeps) == 0, "%u sleeps of one thread", atomic_load(&sleeps));
}

static int trim_in_child(void)
{
	watched = true;
	m.free(m.malloc(400 * KIB));
	ash_compat_malloc_trim(0);
	return atomic_load(&sleeps) != 0 || ash_heap.trims.count % 2 != 0;
}

/* In a child the thread that was at it is no more. */
static void trim_of_vanished(void)
{
	pthread_t first;
	pid_t child;
	int status;

	begin();
	leave_idle();
	NEED(!pthread_create(&first, NULL, trim_and_stop, (void *)(uintptr_t)stop_here),
	     "no thread");
	AWAIT(atomic_load(&called) == 1);
	child = fork();
	if (child == 0)
		_exit(trim_in_child());
	CHECK(waitpid(child, &status, 0) == child && status == 0, "the child's is %#x", status);
	atomic_store(&go_on, true);
	pthread_join(first, NULL);
	CHECK(ash_heap.trims.count == 2, "%u trims begun and ended", ash_heap.trims.count);
}

static atomic_bool returned;

static void *trim_and_return(void *unused)
{
	atomic_fetch_add(&called, 1);
	ash_compat_malloc_trim(0);
	atomic_store(&returned, true);
	return unused;
}

static void ignore(int signal)
{
	(void)signal;
}

/* Signals that wake who waits, as a profiler's, do not make it do what another is at. */
static void trim_that_is_interrupted(void)
{
	enum { SIGNALS = 40 };
	const uint64_t soon_ns = 1500000000;
	struct sigaction action = {.sa_handler = ignore};
	pthread_t first, other;
	uint64_t begin_ns;

	begin();
	leave_idle();
	sigaction(SIGUSR1, &action, NULL);
	NEED(!pthread_create(&first, NULL, trim_and_stop, (void *)(uintptr_t)stop_here),
	     "no thread");
	AWAIT(atomic_load(&called) == 1);
	begin_ns = ash_os_clock_ns();
	NEED(!pthread_create(&other, NULL, trim_and_return, NULL), "no thread");
	AWAIT(atomic_load(&called) == 2);
	for (unsigned i = 0; i < SIGNALS && !atomic_load(&returned); i++) {
		pthread_kill(other, SIGUSR1);
		usleep(1000);
	}
	/* (On a busy machine it may have waited for as long as it waits for one that hangs.) */
	CHECK(!atomic_load(&returned) || ash_os_clock_ns() - begin_ns > soon_ns,
	      "it waits no more for the trim under way");
	atomic_store(&go_on, true);
	pthread_join(other, NULL);
	pthread_join(first, NULL);
	CHECK(ash_heap.trims.count % 2 == 0, "one is still under way");
}

/* Where one hangs others do not hang with it. */
static void trim_that_hangs(void)
{
	pthread_t first;

	begin();
	leave_idle();
	NEED(!pthread_create(&first, NULL, trim_and_stop, (void *)(uintptr_t)stop_here),
	     "no thread");
	AWAIT(atomic_load(&called) == 1);
	ash_compat_malloc_trim(0);
	atomic_store(&go_on, true);
	pthread_join(first, NULL);
}

int main(void)
{
	tap_start();
	family_start();
	tap_case("the claim is awaited asleep, and had in turn", claim_is_awaited);
	tap_case("several threads await the claim", claim_of_several);
	tap_case("in a child nobody awaits the claim", claim_of_vanished);
	tap_case("trims of several threads at once", trims_at_once);
	tap_case("a trim within a trim", trim_in_trim);
	tap_case("a trim of a thread that vanished in a fork", trim_of_vanished);
	tap_case("a trim whose wait signals interrupt", trim_that_is_interrupted);
	tap_case("a trim that hangs", trim_that_hangs);
	return tap_finish();
}
