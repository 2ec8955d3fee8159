#include "test/support/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "os/os.h"
#include "test/support/clock.h"
#include "test/support/relative.h"

/* Each test is a process with a family of its own, and says by its status what became of it:
 * the line that was wrong. */
#define MUST(condition)                        \
	do {                                   \
		if (!(condition))              \
			_exit(__LINE__ % 256); \
	} while (0)

static void in_a_family(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(patience(60));
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("status %#x: line %d or so of %s", (unsigned)status,
			 WEXITSTATUS(status), __FILE__);
}

static bool shares(uint32_t filled)
{
	return ash_relatives_share(ash_relatives_sharing(), filled);
}

/* What was filled before a fork is shared as long as the child lives, what was filled since is
 * not. */
static void children(void)
{
	struct relative first, second;

	MUST(ash_relatives_sharing() == 0 && !shares(0));
	first = relative_start(NULL);
	MUST(ash_relatives_forks == 1 && shares(0) && !shares(1));
	second = relative_start(NULL);
	MUST(ash_relatives_forks == 2 && shares(0) && shares(1) && !shares(2));
	relative_end(second);
	MUST(shares(0) && !shares(1));
	relative_end(first);
	MUST(ash_relatives_sharing() == 0);
	/* In another order. */
	first = relative_start(NULL);
	second = relative_start(NULL);
	relative_end(first);
	MUST(shares(3) && !shares(4));
	relative_end(second);
	MUST(ash_relatives_sharing() == 0);
}

/* Who calls exec has its memory no longer. */
static void program(int fd)
{
	dup2(fd, 0);
	execlp("cat", "cat", (char *)NULL);
	_exit(1);
}

static void exec(void)
{
	struct relative r;
	int ends[2];
	char byte;

	MUST(pipe2(ends, O_CLOEXEC) == 0);
	r = relative_start(program);
	close(ends[1]);
	MUST(read(ends[0], &byte, 1) == 0); /* it has called exec */
	MUST(kill(r.pid, 0) == 0 && ash_relatives_sharing() == 0);
	relative_end(r);
}

/* A child's child has the memory, too. */
static void have_child(int fd)
{
	char byte;

	if (relative_fork() == 0)
		_exit(read(fd, &byte, 1) != 0);
	_exit(0);
}

static void grandchild(void)
{
	struct relative r = relative_start(have_child);

	waitpid(r.pid, NULL, 0);
	MUST(shares(0) && !shares(1));
	close(r.hold);
	while (ash_relatives_sharing() != 0)
		ash_os_sleep(1000000);
}

/* What a child has from before its birth is shared with its parent, and with what its parent
 * has made before and since; what it has filled itself is not. */
static void sees_parent(int fd)
{
	(void)fd;
	MUST(ash_relatives_forks == 2 && shares(1) && !shares(2));
	_exit(0);
}

static void siblings(void)
{
	struct relative first = relative_start(NULL), second = relative_start(sees_parent);
	int status;

	MUST(waitpid(second.pid, &status, 0) == second.pid && status == 0);
	relative_end(first);
}

/* A parent that ends, as one of a daemon does: then its child is alone. */
static int told, asks;

static bool heard(int fd)
{
	char byte;

	return read(fd, &byte, 1) == 1;
}

static void tell(int fd)
{
	MUST(write(fd, "", 1) == 1);
}

static void becomes_alone(int fd)
{
	MUST(heard(fd));
	MUST(shares(0) && !shares(1));
	tell(asks);
	while (ash_relatives_sharing() != 0)
		ash_os_sleep(1000000);
	tell(told);
	_exit(0);
}

static struct relative start_it(void)
{
	return relative_start(becomes_alone);
}

/* It has a child by `start`, does `then` and lets the child look, and ends; the child must see
 * both. */
static void ends_before_child(struct relative (*start)(void), void (*then)(void))
{
	int ends[2], back[2];

	MUST(pipe(ends) == 0 && pipe(back) == 0);
	told = ends[1];
	asks = back[1];
	if (fork() == 0) {
		struct relative r;

		alarm(patience(60));
		r = start();
		if (then != NULL)
			then();
		tell(r.hold);
		MUST(heard(back[0]));
		ash_relatives_thread_goes_on();
		_exit(0);
	}
	close(ends[1]);
	close(back[1]);
	MUST(heard(ends[0]));
}

static void parent(void)
{
	ends_before_child(start_it, NULL);
}

/* The thread that forked may end before its process does: another stands in for it. */
static void *forks_and_ends(void *relative)
{
	*(struct relative *)relative = start_it();
	ash_relatives_thread_ends();
	return NULL;
}

static struct relative start_in_thread(void)
{
	struct relative r;
	pthread_t id;

	MUST(pthread_create(&id, NULL, forks_and_ends, &r) == 0);
	pthread_join(id, NULL);
	return r;
}

static void thread(void)
{
	ends_before_child(start_in_thread, NULL);
}

static void other_thread(void)
{
	ends_before_child(start_in_thread, ash_relatives_thread_goes_on);
}

/* A fork that failed made no child, which is seen when none has come for long. */
static void failed(void)
{
	ash_relatives_before_fork();
	ash_relatives_in_parent();
	MUST(shares(0));
	clock_advance_ms(9000);
	MUST(shares(0));
	clock_advance_ms(2000);
	MUST(!shares(0));
}

/* Places are used again; and where there are none the end of a child is not seen. */
static void many(void)
{
	struct relative r;

	for (unsigned i = 0; i < ASH_RELATIVES_MOST + 100; i++) {
		if (i % 1000 == 0)
			clock_advance_ms(11000);
		ash_relatives_before_fork();
		ash_relatives_in_parent();
	}
	clock_advance_ms(11000);
	MUST(ash_relatives_sharing() == 0);
	for (unsigned i = 0; i < ASH_RELATIVES_MOST - 1; i++) {
		ash_relatives_before_fork();
		ash_relatives_in_parent();
	}
	r = relative_start(NULL);
	clock_advance_ms(11000);
	relative_end(r);
	MUST(shares(ash_relatives_forks - 1) && !shares(ash_relatives_forks));
}

/* Without memory for it nothing is known of a child's end. */
static bool no_memory(enum ash_os_call call)
{
	return call == ASH_OS_MMAP;
}

static void unknown(void)
{
	ash_store_relaxed(&ash_os_fault_hook, no_memory);
	relative_end(relative_start(NULL));
	MUST(shares(0) && !shares(1));
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	relative_end(relative_start(NULL));
	MUST(ash_relatives_forks == 2 && shares(0) && !shares(1));
}

#define IN_A_FAMILY(name)                     \
	static void test_##name(void **state) \
	{                                     \
		(void)state;                  \
		in_a_family(name);            \
	}
IN_A_FAMILY(children)
IN_A_FAMILY(exec)
IN_A_FAMILY(grandchild)
IN_A_FAMILY(siblings)
IN_A_FAMILY(parent)
IN_A_FAMILY(thread)
IN_A_FAMILY(other_thread)
IN_A_FAMILY(failed)
IN_A_FAMILY(many)
IN_A_FAMILY(unknown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_children),     cmocka_unit_test(test_exec),
		cmocka_unit_test(test_grandchild),   cmocka_unit_test(test_siblings),
		cmocka_unit_test(test_parent),       cmocka_unit_test(test_thread),
		cmocka_unit_test(test_other_thread), cmocka_unit_test(test_failed),
		cmocka_unit_test(test_many),         cmocka_unit_test(test_unknown),
	};

	clock_start();
	ash_os_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
