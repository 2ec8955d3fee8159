#include "test/support/unit.h"

#include <errno.h>
#include <string.h>

#include "os/background.h"
#include "os/os.h"
#include "os/thp.h"
#include "os/tls.h"
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
	char *place = ash_os_probe_address((size_t)1 << 21);

	(void)state;
	assert_non_null(place);
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
	ash_os_fault_hook = refuse_all;
	assert_null(ash_os_map(ash_os_page, 0));
	assert_null(ash_os_map_readonly(ash_os_page));
	assert_null(ash_os_probe_address(ash_os_page));
	assert_null(ash_os_remap(p, ash_os_page, 2 * ash_os_page, true));
	assert_false(ash_os_map_at(p, ash_os_page));
	assert_false(ash_os_make_writable(p, ash_os_page));
	assert_false(ash_os_purge(p, ash_os_page));
	assert_false(ash_os_unmap(p, ash_os_page));
	assert_int_equal(errno, EPERM);
	ash_os_fault_hook = NULL;
	assert_true(ash_os_unmap(p, ash_os_page));
}

/* Each call that the kernel or the threads library can refuse goes by the hook, under its own
 * name, and what asked for it says so. */
static enum ash_os_call refused;
static unsigned refusals;

static bool refuse_one(enum ash_os_call call)
{
	if (call != refused)
		return false;
	refusals++;
	errno = EPERM;
	return true;
}

static void refuse(enum ash_os_call call)
{
	refused = call;
	refusals = 0;
	ash_os_fault_hook = refuse_one;
}

static void assert_was_refused(void)
{
	ash_os_fault_hook = NULL;
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
	ash_os_thp_allowed(ash_os_page / sizeof(void *) * ash_os_page);
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
	ash_os_fault_hook = refuse_last;
}

/* What there is of it may end in the middle of a number. */
static void half_a_file_is_none(void **state)
{
	char text[4096];

	(void)state;
	refuse_nth(ASH_OS_READ, 2);
	assert_int_equal(ash_os_read_file("/proc/self/stat", text, sizeof(text)), 0);
	assert_int_equal(calls_left, 0);
	ash_os_fault_hook = NULL;
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
	ash_os_fault_hook = NULL;
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

static uint64_t no_work(void)
{
	return ASH_BACKGROUND_END;
}

static void nothing(void *argument)
{
	(void)argument;
}

static void threads_that_are_refused(void **state)
{
	(void)state;
	errno = 0;
	ash_background_hook = no_work;
	refuse(ASH_OS_THREAD);
	ash_background_start(1);
	assert_was_refused();
	assert_int_equal(errno, 0);
	assert_false(ash_background_running());
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
		cmocka_unit_test(half_a_file_is_none),
		cmocka_unit_test(waits_that_end_early),
		cmocka_unit_test(threads_that_are_refused),
		cmocka_unit_test(facts_of_the_machine),
	};

	ash_os_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
