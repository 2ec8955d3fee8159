#include "test/unit.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "api/conf.h"

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
		cmocka_unit_test(bad_values_change_nothing),
		cmocka_unit_test(long_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
