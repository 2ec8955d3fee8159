/* The wrappers one by one: what they count, and what verify mode says of a caller or
 * allocator that breaks a promise.  Failures end the process, so they happen in a
 * child, whose exit status and recorded reason are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "workloads/lib/calls.h"
#include "workloads/lib/thread.h"
#include "workloads/lib/verify.h"

static const struct workload fake = {.name = "fake"};
static struct wl_run run = {.workload = &fake, .mode = WL_VERIFY, .seed = 1};
static struct wl_thread *t;

static int start(void **state)
{
	(void)state;
	run.channel = wl_table(sizeof(*run.channel));
	wl_threads_setup(&run, 0);
	verify_start(&run, true);
	wl_threads_arm(&run);
	t = &run.threads[0];
	return 0;
}

static void counts(void **state)
{
	const struct channel_thread *c = t->count;
	unsigned char *p, *q;

	(void)state;
	p = wl_malloc(t, 100);
	assert_true(c->allocs == 1 && c->live_objects == 1 && c->live_bytes == 100);
	p = wl_realloc(t, p, 100, 5000);
	assert_true(c->allocs == 1 && c->reallocs == 1 && c->live_bytes == 5000);
	p = wl_realloc(t, p, 5000, 7);
	assert_true(c->reallocs == 2 && c->live_bytes == 7);
	q = wl_aligned(t, 4096, 8192);
	assert_true((uintptr_t)q % 4096 == 0 && c->allocs == 2 && c->live_bytes == 7 + 8192);
	assert_true(wl_is_live(t, p) && wl_is_live(t, q) && !wl_is_live(t, q + 16));
	wl_free(t, p, 7);
	assert_false(wl_is_live(t, p));
	p = wl_calloc(t, 10, 10);
	wl_own(t, p, 50);
	memset(p, 1, 50); /* allowed: its own */
	wl_free(t, p, 100);
	wl_free(t, q, 8192);
	assert_true(c->allocs == 3 && c->frees == 3 && !c->live_objects && !c->live_bytes);
	verify_end(&run);
}

/* Many blocks, so that the book grows and entries move back when some are struck. */
static void many(void **state)
{
	static void *block[20000];
	const size_t n = sizeof(block) / sizeof(block[0]);

	(void)state;
	for (size_t i = 0; i < n; i++)
		block[i] = wl_malloc(t, i % 61 + 1);
	for (size_t i = 0; i < n; i += 2)
		wl_free(t, block[i], i % 61 + 1);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(wl_is_live(t, block[i]), i % 2);
	for (size_t i = 1; i < n; i += 2)
		wl_free(t, block[i], i % 61 + 1);
	verify_end(&run);
}

static void write_past_own(void)
{
	unsigned char *p = wl_malloc(t, 100);

	wl_own(t, p, 50);
	p[50] ^= 1;
	wl_free(t, p, 100);
}

static void write_last_byte(void)
{
	unsigned char *p = wl_malloc(t, 33);

	p[32] ^= 0x80;
	wl_realloc(t, p, 33, 66);
}

static void wrong_size(void)
{
	wl_free(t, wl_malloc(t, 33), 32);
}

static void free_twice(void)
{
	void *p = wl_malloc(t, 33);

	wl_free(t, p, 33);
	wl_free(t, p, 33);
}

static void leave_behind(void)
{
	wl_malloc(t, 33);
	verify_end(&run);
}

static void handed_out_twice(void)
{
	void *p = wl_malloc(t, 33);

	verify_new(&run, p, 33, VERIFY_ALIGNMENT);
}

static void not_zero(void)
{
	verify_zero(&run, "\0\0\1", 3);
}

static void expect(void (*fault)(void), const char *reason)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		dup2(open("/dev/null", O_WRONLY), 2);
		verify_start(&run, true); /* the parent's book is shared memory */
		fault();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_int_equal(run.channel->state, CHANNEL_FAILED);
	if (!strstr(run.channel->reason, reason))
		fail_msg("\"%s\" is not in \"%s\"", reason, run.channel->reason);
	memset(run.channel->reason, 0, sizeof(run.channel->reason));
	run.channel->state = CHANNEL_STARTING;
}

static void faults(void **state)
{
	(void)state;
	expect(write_past_own, "damaged block: byte 50 of 100");
	expect(write_last_byte, "damaged block: byte 32 of 33");
	expect(wrong_size, "has 33 bytes, its owner says 32");
	expect(free_twice, "is no live block");
	expect(leave_behind, "1 blocks were never freed");
	expect(handed_out_twice, "overlapping blocks");
	expect(not_zero, "calloc: byte 2 of 3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(many),
		cmocka_unit_test(faults),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
