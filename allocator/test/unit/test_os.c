#include "test/support/unit.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <sys/auxv.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/background.h"
#include "os/os.h"
#include "os/thp.h"
#include "os/tls.h"
#include "os/vdso.h"
#include "test/support/clock.h"
#include "util/bits.h"

static void mapping_with_alignment(void **state)
{
	(void)state;
	for (size_t align = ash_os_page; align <= ((size_t)1 << 26); align *= 4) {
		char *p = ash_os_map(3 * ash_os_page, align);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p & (align - 1), 0);
		for (size_t i = 0; i < 3 * ash_os_page; i++)
			assert_int_equal(p[i], 0);
		p[0] = p[3 * ash_os_page - 1] = 1;
		assert_true(ash_os_unmap(p, 3 * ash_os_page));
	}
}

static void mapping_at_an_address(void **state)
{
	char *place = ash_os_map_readonly((size_t)1 << 21);

	(void)state;
	assert_non_null(place);
	assert_true(ash_os_unmap(place, (size_t)1 << 21));
	assert_true(ash_os_map_at(place, 2 * ash_os_page));
	assert_false(ash_os_map_at(place + ash_os_page, ash_os_page));
	assert_int_equal(errno, EEXIST);
	memset(place, 1, 2 * ash_os_page);
	assert_true(ash_os_purge(place, ash_os_page));
	assert_int_equal(place[0], 0);
	assert_int_equal(place[ash_os_page], 1);
	assert_true(ash_os_unmap(place, 2 * ash_os_page));
}

static void readonly_until_opened(void **state)
{
	char *p = ash_os_map_readonly(4 * ash_os_page);

	(void)state;
	assert_non_null(p);
	assert_int_equal(p[3 * ash_os_page], 0);
	assert_true(ash_os_make_writable(p + ash_os_page, ash_os_page));
	p[ash_os_page] = 1;
	assert_true(ash_os_unmap(p, 4 * ash_os_page));
}

static void remap_grows(void **state)
{
	char *p = ash_os_map(ash_os_page, 0), *q;

	(void)state;
	memset(p, 7, ash_os_page);
	q = ash_os_remap(p, ash_os_page, 64 * ash_os_page, true);
	assert_non_null(q);
	assert_int_equal(q[ash_os_page - 1], 7);
	assert_int_equal(q[64 * ash_os_page - 1], 0);
	assert_true(ash_os_unmap(q, 64 * ash_os_page));
}

static bool refuse_all(enum ash_os_call call)
{
	(void)call;
	errno = EPERM;
	return true;
}

static void every_call_can_fail(void **state)
{
	char *p = ash_os_map(ash_os_page, 0);

	(void)state;
	ash_store_relaxed(&ash_os_fault_hook, refuse_all);
	assert_null(ash_os_map(ash_os_page, 0));
	assert_null(ash_os_map_readonly(ash_os_page));
	assert_null(ash_os_remap(p, ash_os_page, 2 * ash_os_page, true));
	assert_false(ash_os_map_at(p, ash_os_page));
	assert_false(ash_os_make_writable(p, ash_os_page));
	assert_false(ash_os_purge(p, ash_os_page));
	assert_false(ash_os_unmap(p, ash_os_page));
	assert_int_equal(errno, EPERM);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	assert_true(ash_os_unmap(p, ash_os_page));
}

/* Each call that the kernel or the threads library can refuse goes by the hook, under its own
 * name, and what asked for it says so. */
static enum ash_os_call refused;
static unsigned refusals;
static int refusal = EPERM;

static bool refuse_one(enum ash_os_call call)
{
	if (call != refused)
		return false;
	refusals++;
	errno = refusal;
	return true;
}

static void refuse(enum ash_os_call call)
{
	refused = call;
	refusals = 0;
	ash_store_relaxed(&ash_os_fault_hook, refuse_one);
}

static void assert_was_refused(void)
{
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	assert_int_not_equal(refusals, 0);
}

static void facts_that_are_refused(void **state)
{
	char *p = ash_os_map(ash_os_page, 0), text[64];
	uint64_t cpu_ns = ash_os_thread_cpu_ns();

	(void)state;
	assert_int_not_equal(cpu_ns, 0);
	refuse(ASH_OS_SYSINFO);
	assert_int_equal(ash_os_memory_bytes(), (uint64_t)4 << 30);
	assert_was_refused();
	refuse(ASH_OS_GETRLIMIT);
	assert_int_equal(ash_os_address_limit(), UINT64_MAX);
	assert_was_refused();
	refuse(ASH_OS_AFFINITY);
	assert_int_equal(ash_os_usable_cpus(), 1);
	assert_was_refused();
	refuse(ASH_OS_GETCPU);
	assert_int_equal(ash_os_current_cpu(), 0);
	assert_was_refused();
	refuse(ASH_OS_CLOCK);
	assert_int_equal(ash_os_clock_ns(), 0);
	assert_int_equal(ash_os_coarse_clock_ns(), 0);
	assert_int_equal(ash_os_thread_cpu_ns(), cpu_ns);
	assert_was_refused();
	memset(p, 1, ash_os_page);
	assert_int_equal(ash_os_resident(p, ash_os_page), 1);
	refuse(ASH_OS_MINCORE);
	assert_int_equal(ash_os_resident(p, ash_os_page), 0);
	assert_was_refused();
	refuse(ASH_OS_PRCTL); /* whether it may is then for the system's setting to say */
	assert_true(ash_os_thp_allowed(ash_os_page / sizeof(void *) * ash_os_page,
				       ASH_OS_THP_ADVISED));
	assert_was_refused();
	assert_true(ash_os_read_file("/proc/self/stat", text, sizeof(text)) > 0);
	refuse(ASH_OS_OPEN);
	assert_int_equal(ash_os_read_file("/proc/self/stat", text, sizeof(text)), 0);
	assert_was_refused();
	refuse(ASH_OS_READ);
	assert_int_equal(ash_os_read_file("/proc/self/stat", text, sizeof(text)), 0);
	assert_was_refused();
	refuse(ASH_OS_CLOSE); /* all was read */
	assert_true(ash_os_read_file("/proc/self/stat", text, sizeof(text)) > 0);
	assert_was_refused();
	assert_true(ash_os_unmap(p, ash_os_page));
}

static unsigned calls_left;

static bool refuse_last(enum ash_os_call call)
{
	if (call != refused || --calls_left != 0)
		return false;
	errno = EPERM;
	return true;
}

static void refuse_nth(enum ash_os_call call, unsigned n)
{
	refused = call;
	calls_left = n;
	ash_store_relaxed(&ash_os_fault_hook, refuse_last);
}

/* Whoever asks with room for a line has it with one read, and does not look behind it. */
static void a_line_takes_one_read(void **state)
{
	char path[] = "/tmp/ashlar-line-XXXXXX", text[64], more[128];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "4096\n", 5), 5);
	refuse_nth(ASH_OS_READ, 2);
	assert_int_equal(ash_os_read_file(path, text, sizeof(text)), 5);
	assert_string_equal(text, "4096\n");
	assert_int_equal(calls_left, 1);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	/* With room for several all are read. */
	assert_int_equal(ash_os_read_file(path, more, sizeof(more)), 5);
	refuse_nth(ASH_OS_READ, 2);
	assert_int_equal(ash_os_read_file(path, more, sizeof(more)), 0);
	/* Nor is half a line one. */
	assert_int_equal(ftruncate(fd, 4), 0);
	refuse_nth(ASH_OS_READ, 2);
	assert_int_equal(ash_os_read_file(path, text, sizeof(text)), 0);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	unlink(path);
	close(fd);
}

/* What there is of it may end in the middle of a number. */
static void half_a_file_is_none(void **state)
{
	char text[4096];

	(void)state;
	refuse_nth(ASH_OS_READ, 2);
	assert_int_equal(ash_os_read_file("/proc/self/stat", text, sizeof(text)), 0);
	assert_int_equal(calls_left, 0);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
}

/* Whether purged pages read as zero is tried once; a try that the kernel refused says nothing.
 * (The first in this process to purge.) */
static void refused_try_of_purging(void **state)
{
	char *p = ash_os_map(ash_os_page, 0);

	(void)state;
	memset(p, 1, ash_os_page);
	refuse_nth(ASH_OS_MADVISE, 2); /* the first is that of p, made last */
	assert_false(ash_os_purge(p, ash_os_page));
	assert_int_equal(calls_left, 0);
	assert_int_equal(p[0], 1);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	assert_true(ash_os_purge(p, ash_os_page));
	assert_int_equal(p[0], 0);
	assert_true(ash_os_unmap(p, ash_os_page));
}

static void waits_that_end_early(void **state)
{
	uint32_t word = 1;

	(void)state;
	errno = 0;
	refuse(ASH_OS_FUTEX_WAIT);
	ash_os_futex_wait(&word, 1); /* nobody would wake it */
	ash_os_futex_wait_for(&word, 1, UINT64_MAX / 2);
	assert_was_refused();
	refuse(ASH_OS_SLEEP);
	ash_os_sleep(UINT64_MAX / 2);
	assert_was_refused();
	refuse(ASH_OS_YIELD);
	ash_os_yield();
	assert_was_refused();
	assert_int_equal(errno, 0);
}

/* --- the background thread ---------------------------------------------------------------- */

static cpu_set_t cpus_of_process;

/* By a thread that is pinned to one CPU and, where that is allowed, runs by a real-time policy.
 */
static void *as_process(void *argument)
{
	bool real_time, *right = argument;
	struct sched_param urgent = {.sched_priority = 1};
	cpu_set_t one, now;
	int first = 0;

	while (!CPU_ISSET(first, &cpus_of_process))
		first++;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	if (sched_setaffinity(0, sizeof(one), &one) != 0)
		return NULL;
	real_time = sched_setscheduler(0, SCHED_RR, &urgent) == 0;
	refuse(ASH_OS_AFFINITY);
	ash_os_schedule_as_process();
	*right = refusals == 1 && sched_getaffinity(0, sizeof(now), &now) == 0 &&
		 CPU_EQUAL(&now, &one) && sched_getscheduler(0) == SCHED_OTHER;
	if (real_time && sched_setscheduler(0, SCHED_RR, &urgent) != 0)
		*right = false;
	refuse(ASH_OS_SCHEDULER);
	ash_os_schedule_as_process();
	*right &= refusals == 1 && sched_getaffinity(0, sizeof(now), &now) == 0 &&
		  CPU_EQUAL(&now, &cpus_of_process) &&
		  (!real_time || sched_getscheduler(0) == SCHED_RR);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	return NULL;
}

static void scheduled_as_the_process(void **state)
{
	bool right = false;
	pthread_t thread;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(cpus_of_process), &cpus_of_process), 0);
	assert_true(ash_os_usable_cpus() >= 1);
	assert_int_equal(pthread_create(&thread, NULL, as_process, &right), 0);
	pthread_join(thread, NULL);
	assert_true(right);
}

/* A filter that the program installs, seen from within. */
static int confine(bool strictly)
{
	struct sock_filter step[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {1, step};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return 2;
	if (ash_os_is_confined()) /* not yet */
		return 1;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		return 2;
	if (strictly) /* as where prctl may not be asked */
		refuse(ASH_OS_PRCTL);
	return ash_os_is_confined() ? 0 : 1;
}

static void a_program_that_confines_itself(void **state)
{
	(void)state;
	ash_os_note_confinement();
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0) /* what it then tells depends on more */
		skip();
	assert_false(ash_os_is_confined());
	for (int strictly = 0; strictly < 2; strictly++) {
		pid_t child = fork();
		int status;

		if (child == 0)
			_exit(confine(strictly != 0));
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_int_not_equal(WEXITSTATUS(status), 1);
	}
}

/* A container with a filter, or with both: what it then says of itself, in bits. */
static int start_in_container(bool privileges, bool more)
{
	struct sock_filter step[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {1, step};

	if ((privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		return 4; /* without the one only root may install the other */
	ash_os_note_confinement();
	if (more && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		     prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0))
		return 4;
	return ash_os_is_confined() + 2 * ash_os_may_be_confined();
}

static void a_container_with_filters(void **state)
{
	/* What shows of a further filter: all, or nothing where privileges were given up. */
	static const int expected[2][2] = {{0, 3}, {2, 2}};

	(void)state;
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0)
		skip();
	for (int which = 0; which < 4; which++) {
		pid_t child = fork();
		int status;

		if (child == 0)
			_exit(start_in_container(which & 1, which >> 1));
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) != 4)
			assert_int_equal(WEXITSTATUS(status), expected[which & 1][which >> 1]);
	}
}

/* Rounds that say how long they want to sleep; what woke it is told by the next. */
static uint64_t sleep_next; /* atomic, as are the others */
static unsigned rounds_done, naps;
static bool round_ends;

static uint64_t count_rounds(void)
{
	uint64_t ns = ash_load_relaxed(&sleep_next);

	ash_add_relaxed(&rounds_done, 1);
	if (ash_load_relaxed(&round_ends))
		return ASH_BACKGROUND_END;
	ash_add_relaxed(&naps, ns != 0);
	return ns;
}

static void wake_for_a_round(void)
{
	unsigned n = ash_load_relaxed(&rounds_done);

	ash_background_wake();
	while (ash_load_relaxed(&rounds_done) == n)
		ash_os_sleep(1000000);
}

static void await_sleep(void)
{
	unsigned n;

	do {
		n = ash_load_relaxed(&rounds_done);
		ash_os_sleep(100000000);
	} while (ash_load_relaxed(&rounds_done) != n);
}

/* It sleeps for good where nothing is left to do, whatever the time; a tick wakes it then, and
 * not from the sleep between two rounds, from which only the end of all threads does. */
static void sleep_and_wakes(void **state)
{
	unsigned n;

	(void)state;
	ash_background_hook = count_rounds;
	ash_background_start();
	while (ash_load_relaxed(&rounds_done) == 0)
		ash_os_sleep(1000000);
	assert_true(ash_background_running());
	await_sleep();
	wake_for_a_round();
	await_sleep();
	ash_store_relaxed(&sleep_next, (uint64_t)3600 * 1000000000);
	ash_background_wake();
	while (ash_load_relaxed(&naps) == 0)
		ash_os_sleep(1000000);
	n = ash_load_relaxed(&rounds_done);
	for (unsigned i = 0; i < 50; i++) {
		ash_background_wake();
		ash_os_sleep(1000000);
	}
	assert_int_equal(ash_load_relaxed(&rounds_done), n);
	ash_store_relaxed(&round_ends, true);
	ash_background_hurry(true);
	while (ash_background_running())
		ash_os_sleep(1000000);
}

static void nothing(void *argument)
{
	(void)argument;
}

static bool start_was_tried(void)
{
	refusals = 0;
	ash_background_start();
	assert_false(ash_background_running());
	return refusals != 0;
}

/* Resources may be there a second later; whoever wants it for certain asks sooner. */
static void thread_for_want_of_resources(void **state)
{
	static const int errors[] = {EAGAIN, ENOMEM};

	(void)state;
	clock_start();
	ash_store_relaxed(&round_ends, false);
	ash_store_relaxed(&sleep_next, 0);
	for (unsigned i = 0; i < 2; i++) {
		refuse(ASH_OS_THREAD);
		refusal = errors[i];
		errno = 0;
		assert_true(start_was_tried());
		assert_int_equal(errno, 0);
		assert_false(ash_background_may_start());
		clock_advance_ms(999);
		assert_false(start_was_tried());
#ifndef __SANITIZE_THREAD__ /* whose children start none */
		ash_background_after_fork();
		assert_false(start_was_tried());
#endif
		clock_advance_ms(1);
		assert_true(start_was_tried());
		assert_false(start_was_tried());
		ash_background_retry();
		assert_true(start_was_tried());
		ash_store_relaxed(&ash_os_fault_hook, NULL);
		clock_advance_ms(1000);
		ash_background_start();
		assert_true(ash_background_running());
		ash_store_relaxed(&round_ends, true);
		ash_background_hurry(true);
		while (ash_background_running())
			ash_os_sleep(1000000);
		ash_store_relaxed(&round_ends, false);
	}
	refusal = EPERM;
	ash_os_clock_hook = NULL;
}

static void threads_that_are_refused(void **state)
{
	(void)state;
	errno = 0;
	refuse(ASH_OS_THREAD);
	ash_background_start();
	assert_was_refused();
	assert_int_equal(errno, 0);
	assert_false(ash_background_running());
	refuse(ASH_OS_THREAD); /* which it is not asked again, nor in a child */
	ash_background_start();
	ash_background_retry();
	ash_background_start();
	ash_background_after_fork();
	ash_background_start();
	assert_int_equal(refusals, 0);
	refuse(ASH_OS_THREAD_KEY);
	assert_false(ash_tls_init(nothing));
	assert_false(ash_tls_arm(&state));
	assert_was_refused();
	assert_true(ash_tls_init(nothing));
	refuse(ASH_OS_THREAD_VALUE);
	assert_false(ash_tls_arm(&state));
	assert_was_refused();
	assert_true(ash_tls_arm(&state));
}

static void facts_of_the_machine(void **state)
{
	uint64_t before = ash_os_coarse_clock_ns();

	(void)state;
	assert_true(ash_is_pow2(ash_os_page) && ash_os_page >= 4096 &&
		    (size_t)1 << ash_os_page_shift == ash_os_page);
	assert_true(ash_os_memory_bytes() > (1u << 20));
	assert_true(ash_os_usable_cpus() >= 1);
	assert_true(ash_os_coarse_clock_ns() >= before);
	assert_false(ash_os_secure_process());
}

/* The vDSO is found by hand: it must be the clock that libc finds. */
static void clock_of_the_kernel(void **state)
{
	static const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_MONOTONIC_COARSE,
					   CLOCK_THREAD_CPUTIME_ID};
	static const char no_image[64] = "\177FLE";
	struct timespec before, now, after;

	(void)state;
	for (unsigned i = 0; i < 3 * sizeof(clocks) / sizeof(clocks[0]); i++) {
		clockid_t clock = clocks[i / 3];

		/* In turn with it, without it, and with what is no such image. */
		ash_vdso_init(i % 3 == 0   ? getauxval(AT_SYSINFO_EHDR)
			      : i % 3 == 1 ? 0
					   : (unsigned long)no_image);
		assert_int_equal(ash_vdso_found(),
				 i % 3 == 0 && getauxval(AT_SYSINFO_EHDR) != 0);
		assert_int_equal(clock_gettime(clock, &before), 0);
		assert_int_equal(ash_vdso_clock_gettime(clock, &now), 0);
		assert_int_equal(clock_gettime(clock, &after), 0);
		assert_true(before.tv_sec < now.tv_sec ||
			    (before.tv_sec == now.tv_sec && before.tv_nsec <= now.tv_nsec));
		assert_true(now.tv_sec < after.tv_sec ||
			    (now.tv_sec == after.tv_sec && now.tv_nsec <= after.tv_nsec));
	}
	errno = 0;
	assert_int_equal(ash_vdso_clock_gettime(12345, &now), -1);
	assert_int_equal(errno, EINVAL);
	ash_vdso_init(getauxval(AT_SYSINFO_EHDR));
}

static void environment_of_the_process(void **state)
{
	const char *value;
	char **variables;

	(void)state;
	assert_int_equal(setenv("ASHLAR_TEST_OS", "first=second", 1), 0);
	assert_string_equal(ash_os_environment("ASHLAR_TEST_OS"), "first=second");
	assert_null(ash_os_environment("ASHLAR_TEST_O"));
	variables = environ;
	environ = NULL; /* as clearenv leaves it */
	value = ash_os_environment("ASHLAR_TEST_OS");
	environ = variables;
	assert_null(value);
	assert_int_equal(unsetenv("ASHLAR_TEST_OS"), 0);
	assert_null(ash_os_environment("ASHLAR_TEST_OS"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_try_of_purging),
		cmocka_unit_test(mapping_with_alignment),
		cmocka_unit_test(mapping_at_an_address),
		cmocka_unit_test(readonly_until_opened),
		cmocka_unit_test(remap_grows),
		cmocka_unit_test(every_call_can_fail),
		cmocka_unit_test(facts_that_are_refused),
		cmocka_unit_test(a_line_takes_one_read),
		cmocka_unit_test(half_a_file_is_none),
		cmocka_unit_test(waits_that_end_early),
		cmocka_unit_test(scheduled_as_the_process),
		cmocka_unit_test(a_program_that_confines_itself),
		cmocka_unit_test(a_container_with_filters),
		cmocka_unit_test(sleep_and_wakes),
		cmocka_unit_test(thread_for_want_of_resources),
		cmocka_unit_test(threads_that_are_refused),
		cmocka_unit_test(facts_of_the_machine),
		cmocka_unit_test(clock_of_the_kernel),
		cmocka_unit_test(environment_of_the_process),
	};

	ash_os_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
