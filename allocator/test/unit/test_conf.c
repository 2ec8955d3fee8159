#include "test/support/unit.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"

/* Parses with stderr going to a pipe; returns the number of refused pairs. */
static unsigned parse(struct ash_conf *conf, const char *text, char *said, size_t size)
{
	int ends[2], saved = dup(STDERR_FILENO);
	unsigned refused;
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	dup2(ends[1], STDERR_FILENO);
	refused = ash_conf_parse(conf, text, "TEST_CONF");
	dup2(saved, STDERR_FILENO);
	n = read(ends[0], said, size - 1);
	said[n > 0 ? n : 0] = '\0';
	close(ends[0]);
	close(ends[1]);
	close(saved);
	return refused;
}

static void good_values(void **state)
{
	struct ash_conf conf = {0};
	char said[2000];

	(void)state;
	assert_int_equal(parse(&conf,
			       "abort_on_misuse:true,checks:full,zero_realloc:alloc,narenas:7,"
			       "max_alloc:3g",
			       said, sizeof(said)),
			 0);
	assert_string_equal(said, "");
	assert_true(conf.abort_on_misuse);
	assert_int_equal(conf.checks, ASH_CHECKS_FULL);
	assert_int_equal(conf.zero_realloc, ASH_ZERO_REALLOC_ALLOC);
	assert_int_equal(conf.narenas, 7);
	assert_int_equal(conf.max_alloc, (uint64_t)3 << 30);
	assert_int_equal(parse(&conf,
			       "dirty_decay_ms:-1,dirty_max:20%,limit_hard:3g,limit_soft:none,"
			       "pressure_purge:false",
			       said, sizeof(said)),
			 0);
	assert_string_equal(said, "");
	assert_int_equal(conf.dirty_decay_ms, -1);
	assert_int_equal(conf.dirty_max.kind, ASH_AMOUNT_PERCENT);
	assert_int_equal(conf.dirty_max.n, 20);
	assert_int_equal(conf.limit_hard.kind, ASH_AMOUNT_BYTES);
	assert_int_equal(conf.limit_hard.n, (uint64_t)3 << 30);
	assert_int_equal(conf.limit_soft.kind, ASH_AMOUNT_NONE);
	assert_int_equal(conf.pressure_purge, ASH_PRESSURE_FALSE);
	/* The later one wins, and empty pairs mean nothing. */
	assert_int_equal(parse(&conf, ",,narenas:1,,narenas:2,", said, sizeof(said)), 0);
	assert_int_equal(conf.narenas, 2);
}

/* jemalloc's names for its allocator of huge pages: some steer something here, the others are
 * checked and mean nothing. */
static void names_of_huge_pages(void **state)
{
	static const struct ash_conf none;
	struct ash_conf conf = none;
	char said[2000];

	(void)state;
	assert_int_equal(parse(&conf,
			       "hpa:true,hpa_hugification_threshold:1m,hpa_hugify_delay_ms:0,"
			       "hpa_min_purge_interval_ms:5000,hpa_dirty_mult:0.25,"
			       "hpa_hugify_style:eager,hugetlb:2m",
			       said, sizeof(said)),
			 0);
	assert_string_equal(said, "");
	assert_true(conf.hpa);
	assert_int_equal(conf.hpa_hugification_threshold, 1 << 20);
	assert_int_equal(conf.hpa_hugify_delay_ms, 0);
	assert_int_equal(conf.hpa_min_purge_interval_ms, 5000);
	assert_int_equal(conf.hpa_dirty_mult, 65536 / 4);
	assert_int_equal(conf.hpa_hugify_style, ASH_HUGIFY_EAGER);
	assert_int_equal(conf.hugetlb, ASH_HUGETLB_2M);
	assert_int_equal(parse(&conf,
			       "hpa_hugification_threshold_ratio:0.95,hpa_dirty_mult:-1,"
			       "hpa_hugify_style:lazy,hugetlb:never",
			       said, sizeof(said)),
			 0);
	assert_in_range(conf.hpa_hugification_threshold, 1992294 - 32, 1992294);
	assert_int_equal(conf.hpa_dirty_mult, -1);
	assert_int_equal(conf.hpa_hugify_style, ASH_HUGIFY_LAZY);
	assert_int_equal(conf.hugetlb, ASH_HUGETLB_NEVER);
	assert_int_equal(parse(&conf,
			       "hpa_hugification_threshold_ratio:1,hpa_dirty_mult:1.9999999999",
			       said, sizeof(said)),
			 0);
	assert_int_equal(conf.hpa_hugification_threshold, 2 << 20);
	assert_int_equal(conf.hpa_dirty_mult, 2 * 65536 - 1);
	conf = none;
	assert_int_equal(
		parse(&conf,
		      "hpa_slab_max_alloc:65536,hpa_hugify_sync:true,hpa_min_purge_delay_ms:1,"
		      "hpa_purge_threshold:4096,hpa_purge_threshold_ratio:0.5,hpa_sec_nshards:"
		      "2,"
		      "hpa_sec_max_alloc:32k,hpa_sec_max_bytes:262144,"
		      "hpa_sec_bytes_after_flush:131072,hpa_sec_batch_fill_extra:0,"
		      "experimental_hpa_max_purge_nhp:-1,"
		      "experimental_hpa_start_huge_if_thp_always:true,"
		      "experimental_hpa_enforce_hugify:false,huge_arena_pac_thp:false",
		      said, sizeof(said)),
		0);
	assert_string_equal(said, "");
	assert_memory_equal(&conf, &none, sizeof(conf));
}

static void bad_values_change_nothing(void **state)
{
	static const char *const bad[] = {
		"narenas:-1",
		"narenas:65",
		"narenas:",
		"narenas:99999999999999999999",
		"narenas:1x",
		"checks:",
		"checks:ful",
		"checks:default|full",
		"zero_realloc:FREE",
		"abort_on_misuse:1",
		"abort_on_misuse:truee",
		"max_alloc:k",
		"max_alloc:99999999999999999g",
		"no_such_option:1",
		"narenas",
		":",
		":1",
		"narenas :1",
		"dirty_decay_ms:-2",
		"dirty_decay_ms:1k",
		"dirty_max:101%",
		"dirty_max:1.5g",
		"limit_hard:-1",
		"limit_soft:nothing",
		"pressure_purge:auto|true",
		"hpa:1",
		"hpa_hugification_threshold:-1",
		"hpa_hugification_threshold_ratio:1.01",
		"hpa_hugification_threshold_ratio:-1",
		"hpa_hugify_delay_ms:1.5",
		"hpa_dirty_mult:-2",
		"hpa_dirty_mult:-0.5",
		"hpa_dirty_mult:1.",
		"hpa_dirty_mult:.5",
		"hpa_dirty_mult:1.2.3",
		"hpa_dirty_mult:0.1234567890x",
		"hpa_dirty_mult:65536.1",
		"hpa_dirty_mult:",
		"hpa_hugify_style:",
		"hugetlb:1g",
		"hugetlb:true",
		"hpa_hugify_sync:yes",
		"hpa_sec_nshards:-1",
		"hpa_slab_max_alloc:many",
	};
	struct ash_conf before, conf;
	char said[2000];

	(void)state;
	memset(&before, 0, sizeof(before));
	before.narenas = 3;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		conf = before;
		assert_int_equal(parse(&conf, bad[i], said, sizeof(said)), 1);
		assert_memory_equal(&conf, &before, sizeof(conf));
		/* One line, that names the source. */
		assert_ptr_equal(strstr(said, "<ashlar>: TEST_CONF: "), said);
		assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	}
}

static void long_nonsense(void **state)
{
	static char text[70000];
	struct ash_conf conf = {0};
	char said[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(parse(&conf, text, said, sizeof(said)), 1);
	assert_true(strlen(said) < 200);
	text[60000] = ':';
	assert_int_equal(parse(&conf, text, said, sizeof(said)), 1);
	assert_true(strlen(said) < 200);
	assert_int_equal(parse(&conf, ",,,:::,", said, sizeof(said)), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_values),
		cmocka_unit_test(names_of_huge_pages),
		cmocka_unit_test(bad_values_change_nothing),
		cmocka_unit_test(long_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
