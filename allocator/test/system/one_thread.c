/*
 * A program that has one thread again: how long the library's own thread stays, and who does
 * its work afterwards.  By the rounds of that thread, called here at times of the test's own
 * clock; no such thread runs.
 */
#include <pthread.h>

#include "cache/depot.h"
#include "cache/thread.h"
#include "os/background.h"
#include "page/account.h"
#include "page/heap.h"
#include "reclaim/rounds.h"
#include "test/support/clock.h"
#include "test/support/family.h"

#define MIB ((size_t)1 << 20)
#define MS 1000000u

static pthread_barrier_t step;

static void begin(void)
{
	clock_start();
	ash_heap.rounds.background = false;
	m.free(m.malloc(100));
	pthread_barrier_init(&step, NULL, 2);
}

static uint64_t now_ms(void)
{
	return ash_load_relaxed(&clock_time_ns) / MS;
}

static void fill_and_empty(size_t bytes)
{
	static const size_t sizes[] = {300, 3000, 40000, 300000};

	for (unsigned i = 0; i < 4; i++) {
		size_t count;

		family_free_list(family_take_list(sizes[i], bytes / 4, &count));
	}
	m.free(m.malloc(3 * MIB));
}

/* There between two meetings; and it leaves something to do. */
static void *second(void *unused)
{
	fill_and_empty(40 * MIB);
	pthread_barrier_wait(&step);
	pthread_barrier_wait(&step);
	fill_and_empty(20 * MIB);
	return unused;
}

static pthread_t begin_second(void)
{
	pthread_t thread;

	NEED(!pthread_create(&thread, NULL, second, NULL), "no thread");
	pthread_barrier_wait(&step);
	return thread;
}

static void end_second(pthread_t thread)
{
	pthread_barrier_wait(&step);
	pthread_join(thread, NULL);
}

/* Goes on as the library's thread would, at most so long; returns for how long it did.  A busy
 * program ticks all the time, and relies on that thread. */
static uint64_t stays_ms(uint64_t most_ms, bool busy, unsigned *wakes)
{
	uint64_t start = now_ms();

	*wakes = 0;
	while (now_ms() - start < most_ms) {
		uint64_t ns = ash_background_hook();

		if (ns == ASH_BACKGROUND_END)
			break;
		++*wakes;
		if (ns == 0) /* it sleeps until it is woken, which is not its end */
			ns = most_ms * MS;
		ash_add_relaxed(&clock_time_ns, ns);
		if (busy)
			ash_store_seq_cst(&ash_heap.rounds.ticked_ns,
					  ash_load_relaxed(&clock_time_ns));
	}
	return now_ms() - start;
}

/* With two threads it does not end; with one it does, at once, though there is work left and
 * the last tick was just now. */
static void ends_at_once(bool busy)
{
	pthread_t thread;
	unsigned wakes;
	uint64_t ms;

	begin();
	thread = begin_second();
	CHECK(stays_ms(3000, busy, &wakes) >= 3000, "it ends while there are two threads");
	for (unsigned again = 0; again < 3; again++) {
		if (again > 0) {
			thread = begin_second();
			CHECK(stays_ms(3000, busy, &wakes) >= 3000, "it ends beside two");
		}
		end_second(thread);
		ms = stays_ms(20000, busy, &wakes);
		CHECK(ms == 0 && wakes == 0, "it stays for %u ms and wakes %u times",
		      (unsigned)ms, wakes);
	}
}

static void ends_in_silence(void)
{
	ends_at_once(false);
}

static void ends_beside_calls(void)
{
	ends_at_once(true);
}

/* A program that makes a thread for each of its tasks has it all the time, and for a second
 * after the last. */
static void stays_for_threads_that_come_and_go(void)
{
	unsigned wakes, left = 0;
	uint64_t ms;

	begin();
	for (unsigned i = 0; i < 8; i++) {
		end_second(begin_second());
		left += ash_background_hook() == ASH_BACKGROUND_END;
	}
	CHECK(left == 4, "it left %u times of 8", left);
	ms = stays_ms(20000, false, &wakes);
	CHECK(ms >= 500 && ms <= 1100, "it stays for %u ms", (unsigned)ms);
	CHECK(wakes <= 4, "it wakes %u times", wakes);
	ash_add_relaxed(&clock_time_ns, 5000 * (uint64_t)MS);
	end_second(begin_second());
	CHECK(ash_background_hook() == ASH_BACKGROUND_END, "it stays after a rest");
}

static size_t idle(void)
{
	return (ash_account_dirty(&ash_heap) << ASH_GRANULE_SHIFT) +
	       ash_account_cached(&ash_heap) + ash_depot_bytes();
}

/* What threads left that the last of them freed, is gone when it has ended. */
static void leaves_nothing_behind(void)
{
	begin();
	end_second(begin_second());
	CHECK(ash_depot_bytes() == 0, "the depot has %zu bytes", ash_depot_bytes());
	CHECK(ash_account_cached(&ash_heap) <= 4 * MIB, "%zu KiB of mappings wait",
	      ash_account_cached(&ash_heap) >> 10);
}

static void stays_where_it_was_asked_for(void)
{
	unsigned wakes;

	begin();
	ash_store_relaxed(&ash_heap.rounds.alone, true);
	end_second(begin_second());
	CHECK(stays_ms(20000, true, &wakes) >= 20000, "it ends");
}

/* What it leaves goes in later calls. */
static void calls_do_the_rest(void)
{
	pthread_t thread;
	size_t count, before;
	unsigned wakes;

	begin();
	ash_heap.drain.enabled = false; /* else it goes when it is freed */
	thread = begin_second();
	stays_ms(1000, true, &wakes);
	end_second(thread);
	stays_ms(20000, true, &wakes);
	family_free_list(family_take_list(100000, 60 * MIB, &count));
	before = idle();
	CHECK(before >= 30 * MIB, "only %zu KiB lie idle", before >> 10);
	for (unsigned i = 0; i < 200; i++) {
		for (unsigned k = 0; k < 40; k++)
			m.free(m.malloc(40000));
		ash_add_relaxed(&clock_time_ns, 50 * (uint64_t)MS);
	}
	tap_note("%zu KiB lay idle, then %zu", before >> 10, idle() >> 10);
	CHECK(idle() <= 4 * MIB, "%zu KiB lie idle", idle() >> 10);
}

/* A thread that was to begin the library's, and is alone when it comes to it, does not. */
static void none_for_one_thread(void)
{
	begin();
	ash_heap.rounds.background = true;
	end_second(begin_second());
	ash_store_relaxed(&ash_heap.rounds.stopped,
			  true); /* the second thread's ends at once */
	while (ash_background_running() || ash_background_starts()) {
		ash_background_hurry(true);
		ash_os_sleep(1000000);
	}
	ash_store_relaxed(&ash_heap.rounds.stopped, false);
	ash_tls.thread->fresh = true;
	for (unsigned i = 0; i < 100; i++)
		fill_and_empty(MIB);
	CHECK(!ash_background_running() && !ash_background_starts(), "there is a thread");
}

int main(void)
{
	tap_start();
	family_start();
	tap_case("one thread again: it ends, the program being silent", ends_in_silence);
	tap_case("one thread again: it ends, the program calling", ends_beside_calls);
	tap_case("threads that come and go keep it", stays_for_threads_that_come_and_go);
	tap_case("threads leave nothing behind", leaves_nothing_behind);
	tap_case("it stays where the program asked for it", stays_where_it_was_asked_for);
	tap_case("what it leaves goes in calls", calls_do_the_rest);
	tap_case("a program of one thread gets none", none_for_one_thread);
	return tap_finish();
}
