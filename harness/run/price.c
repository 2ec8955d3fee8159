#include "harness/run/price.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/interrupt.h"
#include "harness/base/message.h"

/* Pairs of a counted run: batches of 10,000 twice, and a second under callgrind.  Those
 * of a timed one take some tens of milliseconds. */
#define COUNTED_PAIRS 20000
#define TIMED_PAIRS 2000000

const char *const price_patterns[] = {"steady", "batch-100", "all-10000",  "random-10000",
				      "walk",   "hand-100",  "hand-10000", NULL};

/* What one run gave: instructions or ns of CPU time in all; NaN with `why` set. */
static double one_run(const struct trial_place *place, const struct contender *contender,
		      enum cell_mode mode, int pattern, int64_t size, bool idle, int64_t pairs,
		      char *why, size_t why_size)
{
	static struct cell cell;
	static struct sample s; /* large */
	static int id;
	char *settings = text_format("pattern=%d,size=%" PRId64 ",idle=%d,ops=%" PRId64,
				     pattern, size, idle, pairs);

	cell_init(&cell, "op-matrix", mode);
	if (cell_set(&cell, settings, why, why_size) < 0) {
		free(settings);
		return NAN;
	}
	free(settings);
	memset(&s, 0, sizeof(s));
	s.id = ++id;
	s.cell = &cell;
	s.contender = contender;
	s.seed = 1; /* the same walk for all */
	memcpy(s.values, cell.values, sizeof(s.values));
	trial_run(place, &s);
	if (s.status != SAMPLE_OK) {
		snprintf(why, why_size, "%.*s", (int)why_size - 1, s.reason);
		return NAN;
	}
	return mode == MODE_INSTRUCTIONS ? (double)s.instructions
					 : (double)s.cpu_ns / (double)s.ops;
}

/* Instructions of one pair, driver included. */
static double count(const struct trial_place *place, const struct contender *c, int pattern,
		    int64_t size, bool idle, char *why, size_t why_size)
{
	double once = one_run(place, c, MODE_INSTRUCTIONS, pattern, size, idle, COUNTED_PAIRS,
			      why, why_size);

	if (isnan(once))
		return NAN;
	return (one_run(place, c, MODE_INSTRUCTIONS, pattern, size, idle, 2 * COUNTED_PAIRS,
			why, why_size) -
		once) /
	       COUNTED_PAIRS;
}

static void count_all(const struct trial_place *place, const struct contender *contenders,
		      int n, int pattern, int64_t size, struct price *prices,
		      struct price *driver)
{
	if (!place->valgrind) {
		because(driver->reason, sizeof(driver->reason), "valgrind is not installed");
		return;
	}
	driver->instructions = count(place, &contenders[0], pattern, size, true, driver->reason,
				     sizeof(driver->reason));
	for (int i = 0; i < n && !interrupt_wanted(); i++)
		prices[i].instructions = count(place, &contenders[i], pattern, size, false,
					       prices[i].reason, sizeof(prices[i].reason)) -
					 driver->instructions;
}

/* Each round begins with another contender; the driver is one of them. */
static void time_all(const struct trial_place *place, const struct contender *contenders, int n,
		     int pattern, int64_t size, struct price *prices, struct price *driver)
{
	double(*ns)[PRICE_ROUNDS] = calloc((size_t)n + 1, sizeof(*ns)), own;
	int rounds = 0;

	if (!ns) {
		because(driver->reason, sizeof(driver->reason), "out of memory");
		return;
	}
	for (; rounds < PRICE_ROUNDS && !interrupt_wanted(); rounds++)
		for (int k = 0; k <= n; k++) {
			int i = (k + rounds) % (n + 1);
			bool idle = i == n;
			struct price *p = idle ? driver : &prices[i];

			ns[i][rounds] = one_run(place, &contenders[idle ? 0 : i],
						MODE_THROUGHPUT, pattern, size, idle,
						TIMED_PAIRS, p->reason, sizeof(p->reason));
		}
	own = stat_median(ns[n], (size_t)rounds);
	driver->ns = stat_median_interval(ns[n], (size_t)rounds);
	for (int i = 0; i < n; i++) {
		prices[i].ns = stat_median_interval(ns[i], (size_t)rounds);
		prices[i].ns.point -= own;
		prices[i].ns.low -= own;
		prices[i].ns.high -= own;
	}
	free(ns);
}

void price_all(const struct trial_place *place, const struct contender *contenders, int n,
	       int pattern, int64_t size, struct price *prices, struct price *driver)
{
	static const struct price none = {NAN, {0, NAN, NAN, NAN, 0}, ""};

	for (int i = 0; i < n; i++)
		prices[i] = none;
	*driver = none;
	count_all(place, contenders, n, pattern, size, prices, driver);
	if (!interrupt_wanted())
		time_all(place, contenders, n, pattern, size, prices, driver);
}
