#include "test/support/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/rows.h"

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
	/* What jemalloc takes is taken here, as far as it goes. */
	assert_int_equal(parse(&conf, "narenas:4294967295,dirty_decay_ms:18446744072000", said,
			       sizeof(said)),
			 0);
	assert_int_equal(conf.narenas, 4093);
	assert_int_equal(conf.dirty_decay_ms, (int64_t)1 << 40);
	assert_int_equal(parse(&conf, "narenas:default,max_alloc:0x1fk", said, sizeof(said)),
			 0);
	assert_int_equal(conf.narenas, 0);
	assert_int_equal(conf.max_alloc, 31 << 10);
	assert_string_equal(said, "");
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

/* Its names that steer something here, and what mallctl reads them as. */
static struct ash_opt_value read_option(const struct ash_conf *conf, const char *key)
{
	for (unsigned i = 0; i < ash_rows_count(); i++)
		if (strcmp(ash_rows_key(ash_rows_at(i)), key) == 0)
			return ash_row_read(ash_rows_at(i), conf);
	fail_msg("no option %s", key);
	return (struct ash_opt_value){0};
}

/* They lie in the rows: one that is as long as its room would go on in the next. */
static void texts_end_in_their_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ash_rows_count(); i++) {
		const struct ash_row *row = ash_rows_at(i);

		assert_non_null(memchr(row->name, '\0', sizeof(row->name)));
		assert_non_null(memchr(row->accepted, '\0', sizeof(row->accepted)));
		assert_non_null(memchr(row->in_force, '\0', sizeof(row->in_force)));
	}
}

static void values_are_read(void **state)
{
	struct ash_conf conf = {0};
	char said[2000];

	(void)state;
	assert_int_equal(
		parse(&conf,
		      "tcache_max:4096,max_background_threads:7,stats_print_opts:Jga,"
		      "background_thread:auto,thp:never,hpa_dirty_mult:-1,dirty_max:25%,"
		      "dirty_decay_ms:-1,zero_realloc:abort,narenas:3,junk:alloc,zero:true,"
		      "xmalloc:true,abort:true,stats_interval:1073741824,"
		      "stats_interval_opts:Jx,experimental_infallible_new:true",
		      said, sizeof(said)),
		0);
	assert_string_equal(said, "");
	assert_int_equal(read_option(&conf, "tcache_max").n, 4096);
	assert_int_equal(read_option(&conf, "lg_tcache_max").n, 12);
	assert_int_equal(read_option(&conf, "max_background_threads").n, 7);
	assert_string_equal(read_option(&conf, "stats_print_opts").text, "Jga");
	assert_int_equal(read_option(&conf, "background_thread").n, 1);
	assert_string_equal(read_option(&conf, "thp").text, "never");
	assert_int_equal((uint32_t)read_option(&conf, "hpa_dirty_mult").n, UINT32_MAX);
	assert_string_equal(read_option(&conf, "dirty_max").text, "25%");
	assert_string_equal(read_option(&conf, "limit_hard").text, "auto");
	assert_int_equal((int64_t)read_option(&conf, "dirty_decay_ms").n, -1);
	assert_string_equal(read_option(&conf, "zero_realloc").text, "abort");
	assert_string_equal(read_option(&conf, "junk").text, "alloc");
	assert_int_equal(conf.junk, ASH_JUNK_ALLOC);
	assert_int_equal(read_option(&conf, "zero").n, 1);
	assert_int_equal(read_option(&conf, "xmalloc").n, 1);
	assert_int_equal(read_option(&conf, "abort").n, 1);
	assert_int_equal(read_option(&conf, "experimental_infallible_new").n, 1);
	assert_int_equal(read_option(&conf, "stats_interval").n, 1 << 30);
	assert_string_equal(read_option(&conf, "stats_interval_opts").text, "Jx");
	/* Letters that mean something, each once. */
	assert_int_equal(parse(&conf, "stats_print_opts:gzJ.gPq,stats_interval_opts:", said,
			       sizeof(said)),
			 0);
	assert_string_equal(read_option(&conf, "stats_print_opts").text, "gJP");
	assert_string_equal(read_option(&conf, "stats_interval_opts").text, "");
	assert_int_equal((int64_t)read_option(&ash_conf_defaults, "stats_interval").n, -1);
	/* What means nothing is read as what is so. */
	assert_int_equal(read_option(&conf, "retain").n, 1);
	assert_int_equal((int64_t)read_option(&conf, "lg_prof_interval").n, -1);
	assert_int_equal(parse(&conf, "lg_tcache_max:10,background_thread:false,tcache_max:1g",
			       said, sizeof(said)),
			 0);
	assert_int_equal(conf.tcache_max, 32768);
	assert_int_equal(read_option(&conf, "background_thread").n, 0);
	assert_int_equal(parse(&conf, "lg_tcache_max:63", said, sizeof(said)), 0);
	assert_int_equal(conf.tcache_max, 32768);
	assert_int_equal(parse(&conf, "lg_tcache_max:10,lg_tcache_max:-1", said, sizeof(said)),
			 0);
	assert_string_equal(said, "");
	assert_int_equal(conf.tcache_max, 32768);
	assert_int_equal(read_option(&conf, "lg_tcache_max").n, 15);
}

/* The link's text is an option string; the environment is read after it. */
static void link_is_a_source(void **state)
{
	char path[] = "/tmp/ashlar-conf-XXXXXX";
	struct ash_conf before = ash_conf;

	(void)state;
	assert_non_null(mkdtemp(path));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink("narenas:5,max_alloc:77", path), 0);
	ash_conf_link = path;
	setenv("MALLOC_CONF", "narenas:6", 1);
	ash_conf_init();
	assert_string_equal(ash_conf_given(ASH_CONF_LINK), "narenas:5,max_alloc:77");
	assert_int_equal(ash_conf.narenas, 6);
	assert_int_equal(ash_conf.max_alloc, 77);
	assert_int_equal(unlink(path), 0);
	ash_conf_init();
	assert_null(ash_conf_given(ASH_CONF_LINK));
	unsetenv("MALLOC_CONF");
	ash_conf = before;
	ash_conf_link = "/etc/malloc.conf";
}

/* As a program would define them. */
extern const char *malloc_conf, *malloc_conf_2_conf_harder;
__attribute__((visibility("default"))) const char *malloc_conf, *malloc_conf_2_conf_harder;

static const char *source(enum ash_conf_source source)
{
	const char *text = ash_conf_given(source);

	return text != NULL ? text : "";
}

/* Each source says its number of one option more than the next one. */
static void later_sources_win(void **state)
{
	char path[] = "/tmp/ashlar-conf-XXXXXX";
	struct ash_conf before = ash_conf;
	const char *built_in = ash_conf_built_in;

	(void)state;
	assert_string_equal(built_in, ASH_MALLOC_CONF);
	assert_non_null(mkdtemp(path));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink("narenas:3,tcache_max:48,max_alloc:3,dirty_decay_ms:3", path),
			 0);
	ash_conf_link = path;
	ash_conf_built_in = "narenas:1,tcache_max:16,max_alloc:1,dirty_decay_ms:1,"
			    "muzzy_decay_ms:1,hpa_hugify_delay_ms:1,no_such:1";
	malloc_conf = "narenas:2,tcache_max:32,max_alloc:2,dirty_decay_ms:2,muzzy_decay_ms:2";
	setenv("MALLOC_CONF", "narenas:4,tcache_max:64,max_alloc:4", 1);
	setenv("ASHLAR_CONF", "narenas:5,tcache_max:80", 1);
	malloc_conf_2_conf_harder = "narenas:6";
	ash_conf = ash_conf_defaults;
	ash_conf_init();
	assert_int_equal(ash_conf.hpa_hugify_delay_ms, 1);
	assert_int_equal(ash_conf.muzzy_decay_ms, 2);
	assert_int_equal(ash_conf.dirty_decay_ms, 3);
	assert_int_equal(ash_conf.max_alloc, 4);
	assert_int_equal(ash_conf.tcache_max, 80);
	assert_int_equal(ash_conf.narenas, 6);
	assert_string_equal(source(ASH_CONF_BUILT_IN), ash_conf_built_in);
	assert_string_equal(source(ASH_CONF_GLOBAL), malloc_conf);
	assert_string_equal(source(ASH_CONF_OWN_ENVIRONMENT), "narenas:5,tcache_max:80");
	assert_string_equal(source(ASH_CONF_GLOBAL_HARDER), "narenas:6");
	assert_int_equal(unlink(path), 0);
	unsetenv("MALLOC_CONF");
	unsetenv("ASHLAR_CONF");
	malloc_conf = malloc_conf_2_conf_harder = NULL;
	ash_conf_built_in = built_in;
	ash_conf_link = "/etc/malloc.conf";
	ash_conf = before;
}

/* Every other name that jemalloc 5.0 to 5.4 had, with values that it takes: silent, and without
 * effect. */
static const char *const jemallocs[] = {
	"bin_shards:1-160:16|129-512:8|16384-28672:1",
	"cache_oblivious:false",
	"calloc_madvise_threshold:0",
	"debug_double_free_max_scan:4294967295",
	"disable_large_size_classes:true",
	"dss:primary",
	"experimental_hpa_max_purge_nhp:5",
	"experimental_lg_prof_threshold:27",
	"experimental_pac_sec_max_alloc:32768",
	"experimental_pac_sec_max_bytes:262144",
	"experimental_pac_sec_nshards:2",
	"experimental_tcache_gc:false",
	"lg_extent_max_active_fit:64",
	"lg_prof_interval:-1",
	"lg_prof_interval:63",
	"lg_prof_sample:19",
	"lg_san_uaf_align:-1",
	"lg_tcache_flush_large_div:4",
	"lg_tcache_flush_small_div:100",
	"lg_tcache_nslots_mul:-16",
	"lg_tcache_nslots_mul:16",
	"log:.",
	"metadata_thp:always",
	"mutex_max_spin:-1",
	"narenas_ratio:0.25",
	"oversize_threshold:0x800000",
	"oversize_threshold:8070450532247928832",
	"percpu_arena:phycpu",
	"process_madvise_max_batch:64",
	"prof:true",
	"prof_accum:false",
	"prof_active:false",
	"prof_bt_max:128",
	"prof_final:false",
	"prof_gdump:false",
	"prof_leak:false",
	"prof_leak_error:false",
	"prof_log:false",
	"prof_pid_namespace:true",
	"prof_prefix:/tmp/jeprof.out:1",
	"prof_prefix:",
	"prof_recent_alloc_max:-1",
	"prof_stats:true",
	"prof_sys_thread_name:true",
	"prof_thread_active_init:true",
	"prof_time_resolution:high",
	"prof_unbias:true",
	"retain:true",
	"san_guard_large:0",
	"san_guard_small:0",
	"slab_sizes:default",
	"slab_sizes:1-4096:17|100-200:1",
	"tcache_gc_delay_bytes:0",
	"tcache_gc_incr_bytes:65536",
	"tcache_nslots_large:20",
	"tcache_nslots_small_max:200",
	"tcache_nslots_small_min:20",
	"trust_madvise:true",
	"utrace:false",
};

static void names_of_jemalloc(void **state)
{
	static const struct ash_conf none;
	struct ash_conf conf = none;
	char said[2000];

	(void)state;
	for (unsigned i = 0; i < sizeof(jemallocs) / sizeof(jemallocs[0]); i++) {
		struct ash_span name = {jemallocs[i], strcspn(jemallocs[i], ":")};

		assert_int_equal(parse(&conf, jemallocs[i], said, sizeof(said)), 0);
		assert_string_equal(said, "");
		assert_memory_equal(&conf, &none, sizeof(conf));
		assert_true(ash_rows_is_nowhere(name));
	}
	assert_false(ash_rows_is_nowhere((struct ash_span){"narenas", 7}));
	assert_false(ash_rows_is_nowhere((struct ash_span){"narena", 6}));
	assert_int_equal(
		parse(&conf, "tcache_ncached_max:64-1024:8|2048-4096:0", said, sizeof(said)),
		0);
	assert_string_equal(conf.tcache_ncached_max.text, "64-1024:8|2048-4096:0");
	assert_int_equal(parse(&conf, "tcache_ncached_max:64-1024", said, sizeof(said)), 1);
	assert_string_equal(conf.tcache_ncached_max.text, "64-1024:8|2048-4096:0");
	/* It goes on past an experimental one that it does not know, without a word; of one
	 * that it knows a bad value is told. */
	assert_int_equal(parse(&conf, "experimental_no_such:1", said, sizeof(said)), 0);
	assert_string_equal(said, "");
	assert_int_equal(parse(&conf, "experimental_:1", said, sizeof(said)), 1);
	assert_int_equal(parse(&conf, "experimental_tcache_gc:maybe", said, sizeof(said)), 0);
	assert_string_not_equal(said, "");
	/* One that is unknown is told with its value. */
	assert_int_equal(parse(&conf, "no_such_option:some_value", said, sizeof(said)), 1);
	assert_non_null(strstr(said, "unknown option no_such_option:some_value"));
}

static void bad_values_change_nothing(void **state)
{
	static const char *const bad[] = {
		"narenas:-1",
		"narenas:4294967296",
		"narenas:0x",
		"narenas:x10",
		"narenas:defaults",
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
		"dirty_decay_ms:18446744072001",
		"abort:1",
		"abort",
		"junk:TRUE",
		"junk:",
		"stats_interval:-2",
		"stats_interval:1m",
		"stats_interval_opts:JJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJ",
		"xmalloc:yes",
		"dss:",
		"percpu_arena:on",
		"metadata_thp:never",
		"prof_time_resolution:low",
		"lg_tcache_max:-2",
		"lg_tcache_max:-",
		"lg_tcache_max:64",
		"max_background_threads:0",
		"max_background_threads:4097",
		"max_background_threads:999999",
		"tcache_max:",
		"stats_print_opts:JJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJ",
		"lg_tcache_max:13k",
		"lg_tcache_nslots_mul:17",
		"lg_tcache_nslots_mul:-17",
		"lg_tcache_nslots_mul:-",
		"lg_extent_max_active_fit:65",
		"lg_prof_interval:64",
		"mutex_max_spin:-2",
		"oversize_threshold:8070450532247928833",
		"narenas_ratio:half",
		"bin_shards:",
		"bin_shards:1-160",
		"bin_shards:160:16",
		"bin_shards:1-160:16|x",
		"slab_sizes:1:2:3",
		"retained:true",
		"retai:true",
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
		cmocka_unit_test(names_of_jemalloc),
		cmocka_unit_test(texts_end_in_their_rows),
		cmocka_unit_test(values_are_read),
		cmocka_unit_test(link_is_a_source),
		cmocka_unit_test(later_sources_win),
		cmocka_unit_test(bad_values_change_nothing),
		cmocka_unit_test(long_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
