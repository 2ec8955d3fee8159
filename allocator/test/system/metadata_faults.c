/*
 * Each allocation that the library makes for itself fails once: the n-th, n = 1, 2, … until the
 * load makes none more; and from the n-th on all of them, until the load has ended.
 */
#include "test/support/faults.h"

#include "meta/base.h"
#include "meta/window.h"

#define OPERATIONS 600
#define MOST 2000

static struct {
	unsigned n;
	bool onwards; /* and all that follow */
} aim;

static unsigned asked, failed;

static bool fail_nth(size_t size)
{
	unsigned n = __atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED);

	(void)size;
	if (aim.onwards ? n < aim.n : n != aim.n)
		return false;
	__atomic_add_fetch(&failed, 1, __ATOMIC_RELAXED);
	return true;
}

static void metadata_faults_on(bool (*hook)(size_t))
{
	__atomic_store_n(&ash_base_fault_hook, hook, __ATOMIC_RELAXED);
}

/* --- while the process starts ----------------------------------------------------------- */

/* Before the library's own constructor: of equal priority it comes later in the link. */
__attribute__((constructor(101))) static void aim_at_boot(void)
{
	const char *n = getenv("METADATA_BOOT");

	if (!n)
		return;
	aim.n = (unsigned)strtoul(n, NULL, 10);
	metadata_faults_on(fail_nth);
}

#define MADE_LESS 3

static int after_boot(void)
{
	metadata_faults_on(NULL);
	tap_start();
	family_start();
	if (failed == 0)
		return MADE_LESS;
	CHECK(faults_load(300) == 0, "requests are refused though nothing fails any more");
	faults_free_all();
	faults_recovered();
	return tap_shared->failures != 0;
}

static void at_boot(void)
{
	unsigned n;

	for (n = 1; n < MOST; n++) {
		pid_t child = fork();
		char text[16];
		int status;

		if (child == 0) {
			snprintf(text, sizeof(text), "%u", n);
			setenv("METADATA_BOOT", text, 1);
			execl("/proc/self/exe", "metadata_faults", (char *)NULL);
			_exit(127);
		}
		NEED(child > 0 && waitpid(child, &status, 0) == child, "fork");
		if (WIFEXITED(status) && WEXITSTATUS(status) == MADE_LESS)
			break;
		CHECK(status == 0, "allocation %u: status %x", n, (unsigned)status);
	}
	tap_note("%u allocations while the process starts", n - 1);
	CHECK(n > 1 && n < MOST, "%u allocations", n - 1);
}

/* --- afterwards ------------------------------------------------------------------------- */

/* A few hundred objects of each size at a time, in a thread that ends: slabs, magazines, blocks
 * and the thread's own record. */
static void *all_sizes(void *arg)
{
	enum { COUNT = 150 };
	static const size_t sizes[] = {16, 48, 200, 1000, 4000, 20000, 100000};

	for (unsigned s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		unsigned char *p[COUNT];

		for (unsigned i = 0; i < COUNT; i++) {
			errno = MARK;
			p[i] = m.malloc(sizes[s]);
			CHECK(errno == (p[i] ? MARK : ENOMEM), "errno %d", errno);
			if (p[i])
				p[i][0] = p[i][sizes[s] - 1] = (unsigned char)i;
		}
		for (unsigned i = 0; i < COUNT; i++) {
			if (p[i])
				CHECK(p[i][0] == (unsigned char)i &&
					      p[i][sizes[s] - 1] == (unsigned char)i,
				      "block of %zu changed", sizes[s]);
			errno = MARK;
			m.free(p[i]);
			CHECK(errno == MARK, "free set errno %d", errno);
		}
	}
	return arg;
}

static void load(void)
{
	pthread_t thread[2];

	faults_load(OPERATIONS);
	all_sizes(NULL);
	for (unsigned i = 0; i < 2; i++)
		NEED(!pthread_create(&thread[i], NULL, all_sizes, NULL), "no thread");
	for (unsigned i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
}

/* In a process of its own, which has allocated nothing yet. */
static void each_in_turn(void)
{
	ash_heap.rounds.background = false;
	for (aim.n = 1; aim.n < MOST; aim.n++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			metadata_faults_on(fail_nth);
			load();
			metadata_faults_on(NULL);
			faults_free_all();
			CHECK(faults_load(50) == 0,
			      "requests are refused though nothing fails any more");
			faults_free_all();
			faults_recovered();
			_exit(tap_shared->failures != 0 ? 1 : failed != 0 ? 0 : MADE_LESS);
		}
		NEED(child > 0 && waitpid(child, &status, 0) == child, "fork");
		if (WIFEXITED(status) && WEXITSTATUS(status) == MADE_LESS)
			break;
		CHECK(status == 0, "allocation %u: status %x", aim.n, (unsigned)status);
		tap_alive();
	}
	tap_note("%u allocations of its own in the load", aim.n - 1);
	CHECK(aim.n > 20 && aim.n < MOST, "%u allocations", aim.n - 1);
}

static void from_one_on(void)
{
	aim.onwards = true;
	each_in_turn();
}

/* A program that asks again and again while there is no metadata for another hugeblock uses up
 * no addresses: afterwards the window has room. */
static void asked_in_vain(void)
{
	unsigned blocks = ash_window.nblocks;
	void *list = NULL;

	ash_heap.rounds.background = false;
	aim.n = 1;
	aim.onwards = true;
	metadata_faults_on(fail_nth);
	for (unsigned i = 0; i < blocks + 1000; i++) {
		void **p = m.malloc(100000);

		if (p) {
			*p = list;
			list = p;
		}
	}
	metadata_faults_on(NULL);
	CHECK(failed > blocks, "%u allocations failed", failed);
	faults_recovered();
	CHECK(faults_load(300) == 0, "requests are refused though nothing fails any more");
	faults_free_all();
	family_free_list(list);
}

int main(void)
{
	if (getenv("METADATA_BOOT"))
		return after_boot();
	tap_start();
	family_start();
	tap_case("each allocation while the process starts fails once", at_boot);
	tap_case("each allocation of its own fails once", each_in_turn);
	tap_case("each of them and all that follow it fail", from_one_on);
	tap_case("asked for as many hugeblocks as the window holds, in vain", asked_in_vain);
	return tap_finish();
}
