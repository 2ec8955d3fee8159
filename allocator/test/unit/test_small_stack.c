/* What a program asks of its memory in bad moments (mallinfo2, malloc_info, malloc_stats) goes
 * on a thread's smallest stack and on a signal's small one. */
#include "test/support/unit.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "api/compat.h"
#include "front/front.h"
#include "util/bits.h"

#define PAINT 0xa5
#define ROOM ((size_t)8 << 10) /* beside what the kernel writes for a signal */
#define MOST ((size_t)4 << 10) /* that a call takes of it */
#define GUARD ((size_t)64 << 10)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

static FILE *out;
static struct mallinfo2 info;

static void nothing(void)
{
}

static void ask_mallinfo2(void)
{
	info = ash_compat_mallinfo2();
}

static void ask_malloc_info(void)
{
	if (ash_compat_malloc_info(0, out) != 0)
		info.uordblks = 0;
}

static int error, nowhere; /* descriptors */

static void ask_malloc_stats(void)
{
	dup2(nowhere, STDERR_FILENO);
	ash_compat_malloc_stats();
	dup2(error, STDERR_FILENO);
}

static void (*const calls[])(void) = {ask_mallinfo2, ask_malloc_info, ask_malloc_stats};
#define CALLS (sizeof(calls) / sizeof(calls[0]))

static void (*called)(void);

static void on_signal(int number)
{
	(void)number;
	called();
}

/* Bytes of a small stack that a signal takes whose handler calls it. */
static size_t taken_by(void (*call)(void))
{
	size_t size = ash_align_up((size_t)sysconf(_SC_MINSIGSTKSZ) + ROOM, 4096), n = 0;
	unsigned char *guard = mmap(NULL, GUARD + size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
				    -1, 0),
		      *stack = guard + GUARD;
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK}, before;

	assert_true((void *)guard != MAP_FAILED);
	assert_int_equal(mprotect(stack, size, PROT_READ | PROT_WRITE), 0);
	memset(stack, PAINT, size);
	assert_int_equal(sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = size}, NULL), 0);
	assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
	called = call;
	raise(SIGUSR1);
	sigaction(SIGUSR1, &before, NULL);
	assert_int_equal(sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL), 0);
	while (n < size && stack[n] == PAINT)
		n++;
	munmap(guard, GUARD + size);
	return size - n;
}

static void on_a_signals_stack(void **state)
{
	size_t least;

	(void)state;
	if (SANITIZED)
		return; /* its frames are larger */
	least = taken_by(nothing);
	for (unsigned i = 0; i < CALLS; i++) {
		size_t took;

		info.uordblks = 0;
		calls[i](); /* once before: the loader may look names up on the stack, too */
		took = taken_by(calls[i]) - least;
		print_message("call %u: %zu bytes of stack\n", i, took);
#ifdef __OPTIMIZE__
		assert_true(took <= MOST);
#endif
	}
}

static void *call_all(void *unused)
{
	for (unsigned i = 0; i < CALLS; i++)
		calls[i]();
	return unused;
}

static void on_a_threads_smallest(void **state)
{
	pthread_attr_t attributes;
	pthread_t thread;

	(void)state;
	if (SANITIZED)
		return;
	pthread_attr_init(&attributes);
	assert_int_equal(pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN), 0);
	info.uordblks = 0;
	assert_int_equal(pthread_create(&thread, &attributes, call_all, NULL), 0);
	pthread_join(thread, NULL);
	assert_true(info.uordblks >= 5000);
	pthread_attr_destroy(&attributes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_a_signals_stack),
		cmocka_unit_test(on_a_threads_smallest),
	};
	static char text[4096];
	void *p = ash_front_malloc(5000);
	int failed;

	error = dup(STDERR_FILENO);
	nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	out = fopen("/dev/null", "w");
	if (out == NULL || p == NULL)
		return 1;
	setvbuf(out, text, _IOFBF, sizeof(text));
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	fclose(out);
	ash_front_free(p);
	return failed;
}
