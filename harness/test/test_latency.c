#include "harness/test/unit.h"

#include <string.h>
#include "harness/trial/latency.h"
#include "workloads/shared/histogram.h"

static struct channel_histogram h;
static struct latency_summary s;

static void known_percentiles(void **state)
{
	(void)state;
	memset(&h, 0, sizeof(h));
	/* 1 … 100,000 ns: the p-quantile is p × 100,000, exact to 1/128 from above. */
	for (uint64_t ns = 1; ns <= 100000; ns++)
		histogram_add(&h, ns);
	latency_summarise(&h, &s);
	assert_int_equal(s.count, 100000);
	assert_int_equal(s.max_ns, 100000);
	for (int p = 0; p < 4; p++) {
		double exact = 100000 * latency_quantiles[p];

		assert_true((double)s.value_ns[p] >= exact);
		assert_true((double)s.value_ns[p] <= exact * (1 + 1.0 / 128));
	}
	/* Only 10 values lie beyond 99.99 %. */
	assert_int_equal(s.value_ns[4], -1);
}

static void too_few_values_give_no_percentile(void **state)
{
	(void)state;
	memset(&h, 0, sizeof(h));
	for (int i = 0; i < 999; i++)
		histogram_add(&h, 50);
	latency_summarise(&h, &s);
	assert_int_equal(s.value_ns[0], 50);
	assert_int_equal(s.value_ns[1], -1); /* 99.9 beyond p90 */
	histogram_add(&h, 50);
	latency_summarise(&h, &s);
	assert_int_equal(s.value_ns[1], 50); /* now 100 */
	memset(&h, 0, sizeof(h));
	latency_summarise(&h, &s);
	assert_int_equal(s.value_ns[0], -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_percentiles),
		cmocka_unit_test(too_few_values_give_no_percentile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
