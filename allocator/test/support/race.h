/* For unit tests in which threads race: a number of threads run one function, with the random
 * delays of debug builds on; and marks in objects, so that one that is in two hands shows. */
#ifndef ASH_TEST_RACE_H
#define ASH_TEST_RACE_H

#include <pthread.h>
#include <unistd.h>

#include "os/delay.h"
#include "test/support/patience.h"
#include "test/support/unit.h"
#include "util/prng.h"

#define RACE_MOST 8

static inline void race_delays(uint64_t seed)
{
#if ASH_DEBUG >= 1
	ash_store_relaxed(&ash_delay_seed, seed);
#else
	(void)seed;
#endif
}

/* Thread number i gets (void *)i. */
static inline void race(unsigned threads, void *(*fn)(void *))
{
	pthread_t id[RACE_MOST];

	race_delays(1);
	alarm(patience(120)); /* what is lost may be waited for: that ends the test */
	for (uintptr_t i = 0; i < threads; i++)
		assert_int_equal(pthread_create(&id[i], NULL, fn, (void *)i), 0);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(id[i], NULL);
	alarm(0);
	race_delays(0);
}

/* Assertions of cmocka jump, which only the first thread may do: others count what is wrong
 * here and the test looks at the end. */
static uint32_t race_wrong;

static inline void race_check(int fine)
{
	if (!fine)
		ash_add_relaxed(&race_wrong, 1);
}

/* An object says in its first two words who has it.  The words are plain: that whoever gets the
 * object may read and write them is what the structures promise, and ThreadSanitizer
 * looks. */
static inline void mark_own(void *object, uintptr_t owner)
{
	uintptr_t *word = object;

	word[0] = (uintptr_t)object ^ 0x5ca1ab1e;
	word[1] = owner;
}

static inline void mark_check(void *object, uintptr_t owner)
{
	uintptr_t *word = object;

	race_check(word[0] == ((uintptr_t)object ^ 0x5ca1ab1e) && word[1] == owner);
}

#endif
