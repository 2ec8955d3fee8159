#include "test/support/unit.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/lock_rank.h"
#include "os/mutex.h"
#include "os/os.h"

static void in_order(void **state)
{
	struct ash_mutex a = ASH_MUTEX_INIT(ASH_RANK_DEPOT), b = ASH_MUTEX_INIT(ASH_RANK_PAGE);

	(void)state;
	ash_mutex_lock(&a);
	ash_mutex_lock(&b);
	ash_mutex_unlock(&b);
	assert_true(ash_mutex_try_lock(&b));
	assert_false(ash_mutex_try_lock(&b));
	ash_mutex_unlock(&b);
	ash_mutex_unlock(&a);
	assert_int_equal(a.word, 0);
	assert_int_equal(b.word, 0);
}

#if ASH_DEBUG >= 1
/* Signal that ends a child which runs `fn`; 0 where it lives. */
static int ends_with(void (*fn)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		close(STDERR_FILENO);
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void inverted(void)
{
	ash_lock_rank_acquire(ASH_RANK_PAGE);
	ash_lock_rank_acquire(ASH_RANK_DEPOT);
}

static void same_twice(void)
{
	ash_lock_rank_acquire(ASH_RANK_BIN);
	ash_lock_rank_acquire(ASH_RANK_BIN);
}

static void same_in_fork(void)
{
	ash_lock_rank_allow_same(1);
	same_twice();
}

static void not_held(void)
{
	ash_lock_rank_release(ASH_RANK_BIN);
}

static void system_call_under(enum ash_lock_rank rank)
{
	ash_lock_rank_acquire(rank);
	ash_lock_rank_assert_system_call();
}

static void system_call_under_far(void)
{
	system_call_under(ASH_RANK_FAR);
}

static void system_call_under_grow(void)
{
	system_call_under(ASH_RANK_GROW);
}

static void system_call_under_lock_aborts(void **state)
{
	(void)state;
	assert_int_equal(ends_with(system_call_under_far), SIGABRT);
	assert_int_equal(ends_with(system_call_under_grow), 0);
}

static void out_of_order_aborts(void **state)
{
	(void)state;
	assert_int_equal(ends_with(inverted), SIGABRT);
	assert_int_equal(ends_with(same_twice), SIGABRT);
	assert_int_equal(ends_with(not_held), SIGABRT);
	assert_int_equal(ends_with(same_in_fork), 0);
}
#endif

static struct ash_mutex shared = ASH_MUTEX_INIT(ASH_RANK_BIN);
static unsigned counter;

static void *add_many(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < 20000; i++) {
		ash_mutex_lock(&shared);
		counter++;
		ash_mutex_unlock(&shared);
	}
	return NULL;
}

static void excludes(void **state)
{
	pthread_t thread[8];

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, add_many, NULL), 0);
	for (unsigned i = 0; i < 8; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(counter, 8 * 20000);
	assert_int_equal(shared.word, 0);
}

static struct ash_mutex held = ASH_MUTEX_INIT(ASH_RANK_FAR);

static void *take_held(void *unused)
{
	ash_mutex_lock(&held);
	ash_mutex_unlock(&held);
	return unused;
}

/* Two threads sleep until a third one gives it back, and are counted among locks of its rank.
 */
static void waits_are_counted(void **state)
{
	struct ash_mutex_waits before, now, others;
	pthread_t thread[2];

	(void)state;
	ash_mutex_reset_waits();
	ash_mutex_read_waits(ASH_RANK_FAR, &before);
	assert_int_equal(before.slept + before.spun + before.most, 0);
	ash_mutex_lock(&held);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, take_held, NULL), 0);
	do {
		ash_os_sleep(1000000);
		ash_mutex_read_waits(ASH_RANK_FAR, &now);
	} while (now.most < 2);
	ash_mutex_unlock(&held);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	ash_mutex_read_waits(ASH_RANK_FAR, &now);
	assert_int_equal(now.slept, 2);
	assert_int_equal(now.spun, 0);
	assert_int_equal(now.most, 2);
	assert_true(now.longest_ns > 0 && now.slept_ns >= now.longest_ns);
	assert_true(now.slept_ns <= 2 * now.longest_ns);
	ash_mutex_read_waits(ASH_RANK_TCACHE, &others);
	assert_int_equal(others.slept + others.spun, 0);
	ash_mutex_reset_waits();
	ash_mutex_read_waits(ASH_RANK_FAR, &now);
	assert_int_equal(now.slept + now.slept_ns + now.longest_ns + now.most, 0);
}

/* A signal handler forks that interrupted a thread with a lock, and again in that fork: nobody
 * waits for what the thread has, and each gives back what it took itself. */
static void own_is_not_awaited_in_fork(void **state)
{
	struct ash_mutex own = ASH_MUTEX_INIT(ASH_RANK_PAGE);
	struct ash_mutex free = ASH_MUTEX_INIT(ASH_RANK_DEPOT);
	struct ash_mutex later = ASH_MUTEX_INIT(ASH_RANK_BASE);

	(void)state;
	ash_mutex_lock(&own);
	ash_lock_rank_fork_begins();
	ash_mutex_fork_prepare(&free, 1);
	ash_mutex_fork_prepare(&own, 1);
	ash_lock_rank_fork_begins();
	ash_mutex_fork_prepare(&free, 2);
	ash_mutex_fork_prepare(&own, 2);
	ash_mutex_fork_prepare(&later, 2);
	ash_mutex_fork_parent(&free, 2);
	ash_mutex_fork_parent(&own, 2);
	ash_mutex_fork_parent(&later, 2);
	ash_lock_rank_fork_ends();
	assert_int_equal(later.word, 0);
	assert_true(ash_mutex_is_mine(&free) && ash_mutex_is_mine(&own));
	ash_mutex_fork_prepare(&later, 1);
	ash_mutex_fork_child(&free, 1);
	ash_mutex_fork_child(&own, 1);
	ash_mutex_fork_child(&later, 1);
	ash_lock_rank_fork_ends();
	assert_int_equal(free.word | later.word, 0);
	assert_true(ash_mutex_is_mine(&own));
	ash_mutex_unlock(&own);
	assert_int_equal(own.word, 0);
}

static struct ash_mutex of_other = ASH_MUTEX_INIT(ASH_RANK_FAR);
static uint32_t step; /* atomic */

static void *holds_for_a_while(void *unused)
{
	ash_mutex_lock(&of_other);
	ash_store_release(&step, 1);
	ash_os_sleep(20000000);
	ash_store_relaxed(&step, 2);
	ash_mutex_unlock(&of_other);
	return unused;
}

static void *holds_for_ever(void *unused)
{
	ash_mutex_lock(&of_other);
	ash_store_release(&step, 1);
	for (;;)
		pause();
	return unused;
}

/* What another has is waited for; a child does without that one. */
static void others_are_awaited_in_fork(void **state)
{
	pthread_t thread;
	int status;
	pid_t child;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, holds_for_a_while, NULL), 0);
	while (ash_load_acquire(&step) == 0)
		ash_os_yield();
	assert_false(ash_mutex_is_mine(&of_other));
	ash_lock_rank_fork_begins();
	ash_mutex_fork_prepare(&of_other, 1);
	assert_int_equal(ash_load_relaxed(&step), 2);
	ash_mutex_fork_parent(&of_other, 1);
	ash_lock_rank_fork_ends();
	pthread_join(thread, NULL);
	assert_int_equal(of_other.word, 0);
	child = fork();
	if (child == 0) { /* for in this process a thread is left at its end */
		ash_store_relaxed(&step, 0);
		if (pthread_create(&thread, NULL, holds_for_ever, NULL) != 0)
			_exit(1);
		while (ash_load_acquire(&step) == 0)
			ash_os_yield();
		ash_mutex_fork_child(&of_other, 1);
		_exit(of_other.word != 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
#if ASH_DEBUG >= 1
		cmocka_unit_test(out_of_order_aborts),
		cmocka_unit_test(system_call_under_lock_aborts),
#endif
		cmocka_unit_test(excludes),
		cmocka_unit_test(waits_are_counted),
		cmocka_unit_test(own_is_not_awaited_in_fork),
		cmocka_unit_test(others_are_awaited_in_fork),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
