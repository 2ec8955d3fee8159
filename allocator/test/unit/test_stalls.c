#include "test/support/unit.h"

#include <errno.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/mutex.h"
#include "os/os.h"
#include "os/stalls.h"
#include "os/vdso.h"
#include "page/heap.h"
#include "reclaim/stall.h"

#define HELD_MS 30u

static uint64_t times(enum ash_os_stall_cause cause)
{
	struct ash_os_stalled s;
	uint64_t sum = 0;

	ash_os_stall_read(cause, &s);
	for (unsigned i = 0; i <= ASH_OS_STALL_BOUNDS; i++)
		sum += s.lasted[i];
	return sum;
}

static struct ash_os_stalled of(enum ash_os_stall_cause cause)
{
	struct ash_os_stalled s;

	ash_os_stall_read(cause, &s);
	return s;
}

static void each_bound_is_the_last_of_its_class(void **state)
{
	(void)state;
	assert_int_equal(ash_os_stall_class(0, ASH_OS_STALL_BOUNDS), 0);
	for (unsigned i = 0; i < ASH_OS_STALL_BOUNDS; i++) {
		uint64_t ns = (uint64_t)ash_os_stall_bound_us[i] * 1000;

		assert_int_equal(ash_os_stall_class(ns, ASH_OS_STALL_BOUNDS), i);
		assert_int_equal(ash_os_stall_class(ns + 1, ASH_OS_STALL_BOUNDS), i + 1);
	}
	assert_int_equal(ash_os_stall_class(UINT64_MAX, ASH_OS_STALL_BOUNDS),
			 ASH_OS_STALL_BOUNDS);
	assert_int_equal(ash_os_stall_class(UINT64_MAX, 3), 3);
}

static struct ash_mutex lock = ASH_MUTEX_INIT(ASH_RANK_TCACHES);
static uint32_t has_it;

/* Until somebody waits for the lock, and has looked at the clock. */
static void await_sleeper(void)
{
	struct ash_mutex_waits waits = {0};

	for (; waits.most == 0; usleep(100))
		ash_mutex_read_waits(ASH_RANK_TCACHES, &waits);
}

static void *hold(void *unused)
{
	(void)unused;
	ash_mutex_lock(&lock);
	ash_store_release(&has_it, 1);
	await_sleeper();
	usleep(HELD_MS * 1000);
	ash_mutex_unlock(&lock);
	return NULL;
}

static void a_lock_that_another_holds(void **state)
{
	struct ash_os_stalled before = of(ASH_OS_STALL_LOCK), now;
	uint64_t n = times(ASH_OS_STALL_LOCK), calls = times(ASH_OS_STALL_SYSCALL);
	unsigned ten_ms = ash_os_stall_class(10000000, ASH_OS_STALL_BOUNDS);
	pthread_t thread;

	(void)state;
	ash_mutex_lock(&lock); /* nobody has it: nothing is counted */
	ash_mutex_unlock(&lock);
	assert_int_equal(times(ASH_OS_STALL_LOCK), n);
	assert_int_equal(pthread_create(&thread, NULL, hold, NULL), 0);
	while (!ash_load_acquire(&has_it))
		ash_os_yield();
	ash_mutex_lock(&lock);
	ash_mutex_unlock(&lock);
	pthread_join(thread, NULL);
	now = of(ASH_OS_STALL_LOCK);
	assert_int_equal(times(ASH_OS_STALL_LOCK), n + 1);
	assert_true(now.ns - before.ns >= HELD_MS * 1000000u);
	assert_true(now.longest_ns >= HELD_MS * 1000000u);
	for (unsigned i = 0; i <= ten_ms; i++)
		assert_int_equal(now.lasted[i], before.lasted[i]);
	/* To sleep is no call that changes what is mapped. */
	assert_int_equal(times(ASH_OS_STALL_SYSCALL), calls);
}

static void calls_that_change_what_is_mapped(void **state)
{
	size_t size = 16 * ash_os_page;
	struct ash_os_stalled before = of(ASH_OS_STALL_SYSCALL);
	uint64_t n = times(ASH_OS_STALL_SYSCALL);
	char *p;

	(void)state;
	ash_os_map_readonly(size); /* left there */
	assert_int_equal(times(ASH_OS_STALL_SYSCALL), ++n);
	p = ash_os_map(size, 0);
	assert_non_null(p);
	assert_int_equal(times(ASH_OS_STALL_SYSCALL), ++n);
	assert_true(ash_os_purge(p, size)); /* the first also tries it on a page of its own */
	n = times(ASH_OS_STALL_SYSCALL);
	assert_true(ash_os_purge(p, size));
	assert_int_equal(times(ASH_OS_STALL_SYSCALL), ++n);
	assert_true(ash_os_protect(p, size, PROT_READ | PROT_WRITE));
	assert_int_equal(times(ASH_OS_STALL_SYSCALL), ++n);
#ifndef __SANITIZE_THREAD__
	p = ash_os_remap(p, size, 2 * size, true);
	assert_non_null(p);
	assert_int_equal(times(ASH_OS_STALL_SYSCALL), ++n);
	size *= 2;
#endif
	errno = 7;
	assert_true(ash_os_unmap(p, size));
	assert_int_equal(errno, 7);
	assert_int_equal(times(ASH_OS_STALL_SYSCALL), ++n);
	assert_true(of(ASH_OS_STALL_SYSCALL).ns > before.ns);
	/* One that is refused takes its time, too. */
	assert_false(ash_os_map_at((void *)ash_os_page, 0));
	assert_int_equal(times(ASH_OS_STALL_SYSCALL), ++n);
	assert_int_equal(errno, EINVAL);
}

static struct ash_heap heap;

static void purging_counts_as_a_whole(void **state)
{
	uint64_t purges = times(ASH_OS_STALL_PURGE), calls = times(ASH_OS_STALL_SYSCALL);
	struct ash_stall stall, inner;

	(void)state;
	for (unsigned background = 0; background < 2; background++) {
		char *p = ash_os_map(ash_os_page, 0);

		ash_stall_begin(&stall, background != 0);
		assert_true(ash_os_purge(p, ash_os_page));
		ash_stall_begin(&inner, false);
		assert_true(ash_os_unmap(p, ash_os_page));
		ash_stall_end(&heap, &inner);
		ash_stall_end(&heap, &stall);
		assert_int_equal(times(ASH_OS_STALL_SYSCALL), calls + 1 + background);
		assert_int_equal(times(ASH_OS_STALL_PURGE), purges + 1);
	}
	assert_int_equal(ash_os_stalls_apart, 0);
}

static void without_a_clock_no_call_is_made_for_it(void **state)
{
	uint64_t n = times(ASH_OS_STALL_SYSCALL);
	char *p;

	(void)state;
	ash_vdso_init(0);
	assert_int_equal(ash_os_stall_begin(), 0);
	p = ash_os_map(ash_os_page, 0);
	assert_true(ash_os_unmap(p, ash_os_page));
	ash_vdso_init(getauxval(AT_SYSINFO_EHDR));
	assert_int_equal(times(ASH_OS_STALL_SYSCALL), n);
}

static uint64_t now_ns;

static uint64_t tell(enum ash_clock clock)
{
	(void)clock;
	return now_ns;
}

/* How long the call of the program has worked, from the first that began: no more than the
 * clock says, and nothing where none is under way or it is not the program's. */
static void a_call_that_lasts(void **state)
{
	struct ash_stall stall, inner;

	(void)state;
	ash_os_clock_hook = tell;
	assert_false(ash_stall_lasts(0));
	ash_stall_begin(&stall, true);
	now_ns += 1000;
	assert_false(ash_stall_lasts(1));
	ash_stall_end(&heap, &stall);
	ash_stall_begin(&stall, false);
	assert_true(ash_stall_lasts(0));
	assert_false(ash_stall_lasts(1));
	now_ns += 500;
	ash_stall_begin(&inner, false);
	now_ns += 500;
	assert_true(ash_stall_lasts(1000));
	ash_stall_end(&heap, &inner);
	assert_true(ash_stall_lasts(1000));
	assert_false(ash_stall_lasts(1001));
	ash_stall_end(&heap, &stall);
	assert_false(ash_stall_lasts(0));
	ash_os_clock_hook = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_bound_is_the_last_of_its_class),
		cmocka_unit_test(a_lock_that_another_holds),
		cmocka_unit_test(calls_that_change_what_is_mapped),
		cmocka_unit_test(purging_counts_as_a_whole),
		cmocka_unit_test(without_a_clock_no_call_is_made_for_it),
		cmocka_unit_test(a_call_that_lasts),
	};

	ash_os_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
