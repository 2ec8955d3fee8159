/*
 * Calls to the kernel and the threads library fail in turn, by the library's own hook: while
 * the process starts, each of the calls that this takes; afterwards of each kind of call the
 * k-th, k = 1 … 200; and every k-th of all kinds together, with one thread and with four.
 */
#include "os/mutex.h"

#include "test/support/faults.h"

#ifdef ASH_SANITIZER
#define MOST 25 /* its forks take a hundred times as long */
#else
#define MOST 200
#endif
#define OPERATIONS 1500

static struct {
	int kind;     /* enum ash_os_call; ASH_OS_CALLS = all */
	unsigned k;   /* which, from 1 */
	bool every;   /* multiples of it, too */
	bool onwards; /* and all that follow */
} aim;

static unsigned asked, failed;
static unsigned seen[ASH_OS_CALLS];

static bool fail_aimed(enum ash_os_call call)
{
	unsigned n;

	__atomic_add_fetch(&seen[call], 1, __ATOMIC_RELAXED);
	if (aim.kind != ASH_OS_CALLS && aim.kind != (int)call)
		return false;
	n = __atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED);
	if (aim.every ? n % aim.k != 0 : aim.onwards ? n < aim.k : n != aim.k)
		return false;
	__atomic_add_fetch(&failed, 1, __ATOMIC_RELAXED);
	errno = fault_kinds[call].error;
	return true;
}

/* --- while the process starts ----------------------------------------------------------- */

/* Before the library's own constructor: of equal priority it comes later in the link. */
__attribute__((constructor(101))) static void aim_at_boot(void)
{
	const char *k = getenv("KTH_BOOT");

	if (!k)
		return;
	aim.kind = ASH_OS_CALLS;
	aim.onwards = k[0] == '+';
	aim.k = (unsigned)strtoul(k + aim.onwards, NULL, 10);
	faults_on(fail_aimed);
}

#define BOOT_HAS_NO_SUCH_CALL 3

/* What a process does that was started with a fault: the library works, at the latest now. */
static int after_boot(void)
{
	unsigned refused;

	faults_off();
	tap_start();
	family_start();
	if (failed == 0)
		return BOOT_HAS_NO_SUCH_CALL;
	ash_heap.rounds.background = false;
	refused = faults_load(300);
	faults_free_all();
	faults_recovered();
	CHECK(refused == 0, "%u requests refused though nothing fails any more", refused);
	return tap_shared->failures != 0;
}

static int start_with_fault(const char *aimed)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		setenv("KTH_BOOT", aimed, 1);
		execl("/proc/self/exe", "kth", (char *)NULL);
		_exit(127);
	}
	NEED(child > 0 && waitpid(child, &status, 0) == child, "fork");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void at_boot(const char *how)
{
	char aimed[32];
	unsigned k;

	for (k = 1; k <= 1000; k++) {
		int status;

		snprintf(aimed, sizeof(aimed), "%s%u", how, k);
		status = start_with_fault(aimed);
		if (status == BOOT_HAS_NO_SUCH_CALL)
			break;
		CHECK(status == 0, "call %s failed while the process started: status %d", aimed,
		      status);
	}
	tap_note("%u calls while the process starts", k - 1);
	CHECK(k > 10 && k < 1000, "%u calls while the process starts", k - 1);
}

static void one_at_boot(void)
{
	at_boot("");
}

static void from_one_on_at_boot(void)
{
	at_boot("+");
}

/* --- each kind afterwards --------------------------------------------------------------- */

/* What only threads ask for, the background thread among them. */
static bool kind_wants_threads(int kind)
{
	return kind == ASH_OS_PRCTL || kind == ASH_OS_FUTEX_WAIT || kind == ASH_OS_SLEEP ||
	       kind == ASH_OS_YIELD || kind == ASH_OS_THREAD || kind == ASH_OS_THREAD_VALUE;
}

/* The k-th call of the kind fails in a process of its own, which goes on until it came to that
 * call, and some way from there; false where it never came. */
static bool kth_of_kind(unsigned k)
{
	unsigned more = 0;

	aim.k = k;
	asked = failed = 0;
	if (kind_wants_threads(aim.kind)) {
		faults_in_threads(fail_aimed, k);
	} else {
		faults_on(fail_aimed);
		for (unsigned round = 0; round < 60 && more < 2; round++) {
			faults_load(50);
			more += failed != 0;
		}
	}
	faults_off();
	faults_free_all();
	CHECK(faults_load(50) == 0, "requests are refused though nothing fails any more");
	faults_free_all();
	faults_recovered();
	return failed != 0;
}

/* How often the load makes a call at the least.  None: what is asked while the process starts,
 * and what depends on the machine. */
static unsigned least_of(int kind)
{
	switch (kind) {
	case ASH_OS_MMAP:
	case ASH_OS_MUNMAP:
	case ASH_OS_MADVISE:
	case ASH_OS_CLOCK:
		return MOST;
	case ASH_OS_MREMAP:
	case ASH_OS_OPEN:
	case ASH_OS_READ:
	case ASH_OS_CLOSE:
	case ASH_OS_FSTAT:
	case ASH_OS_FCNTL:
		return 20;
	case ASH_OS_MPROTECT:
	case ASH_OS_GETCPU:
		return 1;
	case ASH_OS_THREAD_VALUE:
		return FAULTS_THREADS;
	default:
		return 0;
	}
}

static void each_of_kind(void)
{
	unsigned reached = 0;

	ash_heap.rounds.background = false;
	faults_mappings = true;
	for (unsigned k = 1; k <= MOST; k++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			bool came = kth_of_kind(k);

			_exit(tap_shared->failures != 0 ? 1 : came ? 0 : 2);
		}
		NEED(child > 0 && waitpid(child, &status, 0) == child, "fork");
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) != 1, "k = %u: status %x", k,
		      (unsigned)status);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			break;
		reached = k;
		tap_alive();
	}
	tap_note("%s: %u calls failed, each once", fault_kinds[aim.kind].name, reached);
	CHECK(reached >= least_of(aim.kind), "%s: no %u-th call", fault_kinds[aim.kind].name,
	      reached + 1);
}

static void *allocate_large(void *arg)
{
	void *p = m.malloc((size_t)100 << 10);

	CHECK(p, "no memory");
	m.free(p);
	return arg;
}

/* A thread that waits for a lock is woken early again and again. */
static void early_wakes(void)
{
	pthread_t thread;

	m.free(m.malloc(1));
	aim.kind = ASH_OS_FUTEX_WAIT;
	aim.every = true;
	aim.k = 1;
	ash_mutex_lock(&ash_heap.pages.lock);
	faults_on(fail_aimed);
	NEED(!pthread_create(&thread, NULL, allocate_large, NULL), "no thread");
	while (__atomic_load_n(&failed, __ATOMIC_RELAXED) < MOST)
		usleep(100);
	faults_off();
	usleep(1000);
	ash_mutex_unlock(&ash_heap.pages.lock);
	pthread_join(thread, NULL);
	faults_recovered();
}

/* Under a limit a run that grows where it lies makes room by giving back what is idle; that the
 * kernel refused some of it on the way is not for errno to say. */
static void growth_in_place(void)
{
	enum { OTHERS = 8, SIZE = 300000 };
	void *others[OTHERS], *p, *behind, *elsewhere[4], *q;

	ash_heap.rounds.background = false;
	/* Idle pieces that are each less than what is asked for, of which one is refused; room
	 * behind p; and more idle memory in another hugeblock. */
	for (unsigned i = 0; i < OTHERS; i++)
		others[i] = memset(m.malloc(SIZE / 3), 1, SIZE / 3);
	p = memset(m.malloc(SIZE), 1, SIZE);
	behind = memset(m.malloc(SIZE), 1, SIZE);
	for (unsigned i = 0; i < 4; i++)
		elsewhere[i] = memset(m.malloc(2 * SIZE), 1, 2 * SIZE);
	for (unsigned i = 1; i < OTHERS; i += 2)
		m.free(others[i]);
	m.free(behind);
	m.free(elsewhere[3]);
	ash_heap.limits.hard = ash_account_held(&ash_heap);
	aim.kind = ASH_OS_MADVISE;
	aim.k = 1;
	faults_on(fail_aimed);
	errno = MARK;
	q = m.realloc(p, 2 * SIZE);
	CHECK(errno == MARK, "a realloc that succeeded set errno %d", errno);
	faults_off();
	CHECK(failed == 1, "nothing had to be given back");
	CHECK(q == p, "%p went to %p", p, q);
	ash_heap.limits.hard = ASH_NO_LIMIT;
	m.free(q);
	for (unsigned i = 0; i < OTHERS; i += 2)
		m.free(others[i]);
	for (unsigned i = 0; i < 3; i++)
		m.free(elsewhere[i]);
	faults_recovered();
}

/* --- every k-th of all ------------------------------------------------------------------ */

static void every_kth(void)
{
	size_t before, after;
	unsigned refused = 0;

	ash_heap.rounds.background = false;
	faults_load(OPERATIONS);
	faults_free_all();
	before = faults_at_rest();
	aim.kind = ASH_OS_CALLS;
	aim.every = true;
	for (aim.k = 1; aim.k <= MOST; aim.k++) {
		faults_on(fail_aimed);
		refused += faults_load(OPERATIONS);
		faults_free_all();
		faults_off();
	}
	after = faults_at_rest();
	tap_note("%u of %u calls failed, %u of %u requests refused; %zu KiB held before, %zu "
		 "after",
		 failed, asked, refused, MOST * OPERATIONS, before >> 10, after >> 10);
	for (unsigned i = 0; i < ASH_OS_CALLS; i++)
		if (seen[i] != 0)
			tap_note("%s: %u", fault_kinds[i].name, seen[i]);
	/* Most requests are served all the same; how many are not is chance, 19 to 46 here. */
	CHECK(failed > 500 && refused > 5, "%u calls failed, %u requests refused", failed,
	      refused);
	/* Metadata stays, and slabs that caches of this thread keep alive. */
	CHECK(after <= before + 4 * FAULTS_MIB, "%zu KiB held before, %zu after", before >> 10,
	      after >> 10);
	CHECK(ash_account_cached(&ash_heap) == 0, "%zu bytes wait to be unmapped",
	      ash_account_cached(&ash_heap));
	CHECK(faults_load(OPERATIONS) == 0,
	      "requests are refused though nothing fails any more");
	faults_free_all();
	faults_recovered();
}

/* The same with threads, that are born and end meanwhile. */
static void with_threads(void)
{
	static const unsigned ks[] = {1, 2, 3, 5, 10, 50};

	m.free(m.malloc(100));
	aim.kind = ASH_OS_CALLS;
	aim.every = true;
	for (unsigned i = 0; i < sizeof(ks) / sizeof(ks[0]); i++) {
		aim.k = ks[i];
		faults_in_threads(fail_aimed, i);
	}
	faults_recovered();
}

int main(void)
{
	if (getenv("KTH_BOOT"))
		return after_boot();
	tap_start();
	family_start();
	faults_make_group();
	tap_case("each call while the process starts fails once", one_at_boot);
	tap_case("each of them and all that follow it fail", from_one_on_at_boot);
	for (aim.kind = 0; aim.kind < ASH_OS_CALLS; aim.kind++) {
		char name[100];

		snprintf(name, sizeof(name),
			 "%s fails, the k-th call, k = 1 to " TAP_STRING(MOST),
			 fault_kinds[aim.kind].name);
		tap_case(name, each_of_kind);
	}
	tap_case("a run that grows where it lies keeps errno", growth_in_place);
	tap_case("a wait for a lock ends early " TAP_STRING(MOST) " times", early_wakes);
	tap_case("every k-th request to the kernel fails, k = 1 to " TAP_STRING(MOST),
		 every_kth);
	tap_case("the same with four threads", with_threads);
	faults_remove_group();
	return tap_finish();
}
