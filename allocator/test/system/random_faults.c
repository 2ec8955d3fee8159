/*
 * Every call to the kernel and the threads library fails with a chance of one in ten, by the
 * library's own hook and from a seed: in one thread, which then fails at the same calls each
 * time, and in several that are born and end meanwhile.
 *
 *	random_faults [SEED [SEEDS]]
 */
#include "test/support/faults.h"

#include "reclaim/stall.h"
#include "util/prng.h"

#define OPERATIONS 3000
#define CHANCE 10
#define HOUR_NS ((uint64_t)3600 * 1000000000u)
#define LIMIT (6 * FAULTS_MIB)

static unsigned seed = 1, seeds = 10;
static uint64_t number; /* of calls so far; atomic */
static unsigned failed, asked;
static uint64_t now_seed; /* atomic: a background thread may still be at work */

static bool fail_at_random(enum ash_os_call call)
{
	uint64_t n = __atomic_fetch_add(&number, 1, __ATOMIC_RELAXED);
	struct ash_prng prng = ash_prng_seeded(ash_load_relaxed(&now_seed) * 1000003 + n);

	__atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED);
	if (ash_prng_below(&prng, CHANCE) != 0)
		return false;
	__atomic_add_fetch(&failed, 1, __ATOMIC_RELAXED);
	errno = fault_kinds[call].error;
	return true;
}

static void one_thread(void)
{
	unsigned refused = 0;
	struct ash_stalls stalls;
	size_t before, after;

	ash_heap.rounds.background = false;
	faults_load(OPERATIONS);
	faults_free_all();
	before = faults_at_rest();
	for (unsigned i = 0; i < seeds; i++) {
		unsigned failures = tap_shared->failures;

		ash_store_relaxed(&now_seed, (uint64_t)seed + i);
		faults_state = seed + i;
		number = 0;
		faults_mappings = i % 2 == 0;
		/* Every other time under a limit, which is met by giving back. */
		ash_heap.limits.hard = i / 2 % 2 ? before + LIMIT : ASH_NO_LIMIT;
		faults_on(fail_at_random);
		refused += faults_load(OPERATIONS);
		faults_free_all();
		faults_off();
		CHECK(failures == tap_shared->failures, "that was random_faults %u 1",
		      seed + i);
	}
	ash_heap.limits.hard = ASH_NO_LIMIT;
	after = faults_at_rest();
	tap_note("%u of %u calls failed, %u of %u requests refused; %zu KiB held before, %zu "
		 "after",
		 failed, asked, refused, OPERATIONS * seeds, before >> 10, after >> 10);
	CHECK(failed > 10 * seeds, "%u calls failed", failed);
	ash_stall_read(&ash_heap, &stalls);
	CHECK(stalls.longest_ns < HOUR_NS, "one call was kept up for %llu ns",
	      (unsigned long long)stalls.longest_ns);
	CHECK(after <= before + 4 * FAULTS_MIB, "%zu KiB held before, %zu after", before >> 10,
	      after >> 10);
	CHECK(ash_account_cached(&ash_heap) == 0, "%zu bytes wait to be unmapped",
	      ash_account_cached(&ash_heap));
	CHECK(faults_load(OPERATIONS) == 0,
	      "requests are refused though nothing fails any more");
	faults_free_all();
	faults_recovered();
}

static void with_threads(void)
{
	m.free(m.malloc(100));
	for (unsigned i = 0; i < seeds; i++) {
		ash_store_relaxed(&now_seed, (uint64_t)seed + i);
		faults_in_threads(fail_at_random, seed + i);
	}
	CHECK(failed > 10 * seeds, "%u calls failed", failed);
	faults_recovered();
}

int main(int argc, char **argv)
{
	char name[120];

	if (argc > 1)
		seed = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		seeds = (unsigned)strtoul(argv[2], NULL, 10);
	tap_start();
	family_start();
	faults_make_group();
	snprintf(name, sizeof(name), "one call in ten fails, seeds %u to %u", seed,
		 seed + seeds - 1);
	tap_case(name, one_thread);
	tap_case("the same with four threads", with_threads);
	faults_remove_group();
	return tap_finish();
}
