/* The channel as the harness sees it: a run that goes well, and runs that fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "workloads/shared/channel.h"

static struct channel *channel;

/* Runs the worker with a fresh channel; returns its exit status, -1 for a signal.
 * `limit`: its address space in MiB, 0 = any. */
static int work(unsigned limit, const char *const *argv)
{
	char number[16], path[4096];
	int fd = memfd_create("channel", 0), status;
	pid_t child;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, sizeof(*channel)), 0);
	if (channel)
		munmap(channel, sizeof(*channel));
	channel = mmap(NULL, sizeof(*channel), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(channel != MAP_FAILED);
	snprintf(number, sizeof(number), "%d", fd);
	snprintf(path, sizeof(path), "%s/ashlar-work",
		 getenv("top_builddir") ? getenv("top_builddir") : ".");
	child = fork();
	if (child == 0) {
		struct rlimit space = {(rlim_t)limit << 20, (rlim_t)limit << 20};
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 2);
		setenv(CHANNEL_ENV, number, 1);
		if (limit)
			setrlimit(RLIMIT_AS, &space);
		execv(path, (char *const *)argv);
		_exit(127);
	}
	close(fd);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define WORK(limit, ...) work(limit, (const char *[]){"ashlar-work", __VA_ARGS__, NULL})

static void throughput(void **state)
{
	const struct channel_mark *m;

	(void)state;
	assert_int_equal(WORK(0, "--set", "ops=20000", "--set", "live_mib=4", "frag-drain"), 0);
	assert_int_equal(channel->magic, CHANNEL_MAGIC);
	assert_int_equal(channel->version, CHANNEL_VERSION);
	assert_int_equal(channel->state, CHANNEL_DONE);
	assert_string_equal(channel->reason, "");
	assert_true(channel->malloc_file[0] == '/');
	assert_true(channel->allocs == channel->expected_allocs && channel->allocs > 50000);
	assert_true(channel->ops == channel->allocs);
	assert_true(channel->end_ns > channel->start_ns && channel->wall_ns > 0);
	assert_true(channel->wall_ns < channel->end_ns - channel->start_ns); /* marks are out */
	assert_true(channel->cpu_ns > 0 && channel->minor_faults > 0);
	assert_true(channel->table_bytes >= sizeof(*channel));
	assert_true(channel->peak_rss_bytes > 4 << 20);
	assert_int_equal(channel->sample_every, 0);
	assert_int_equal(channel->latency[CHANNEL_HIST_ALLOC].count, 0);
	assert_int_equal(channel->nmarks, 7);
	m = channel->marks;
	assert_string_equal(m[0].name, "ramp");
	assert_string_equal(m[2].name, "drained");
	assert_string_equal(m[6].name, "emptied");
	assert_true(m[0].at_ns >= channel->start_ns && m[6].at_ns <= channel->end_ns);
	for (uint32_t i = 0; i < channel->nmarks; i++) {
		assert_true(i == 0 ||
			    (m[i].at_ns > m[i - 1].at_ns && m[i].ops >= m[i - 1].ops));
		assert_true(m[i].rss_bytes >= m[i].anon_bytes && m[i].mappings > 10);
		/* The floor holds every live byte and stays below what is resident. */
		assert_true(m[i].floor_bytes <= m[i].rss_bytes);
		assert_true(m[i].live_objects == 0 || m[i].floor_bytes >= m[i].live_bytes / 2);
	}
	assert_true(m[0].live_bytes > 3 << 20 && m[0].live_bytes < 5 << 20);
	assert_true(m[2].live_objects <= m[1].live_objects / 10 + 1);
	assert_true(m[6].live_bytes == 0 && m[6].floor_bytes == 0 && m[6].live_objects == 0);
	assert_int_equal(channel->threads[0].live_objects, 0);
	assert_int_equal(channel->threads[0].allocs, channel->allocs);
	assert_int_equal(channel->threads[0].frees, channel->allocs);
}

static uint64_t sum(const struct channel_histogram *h)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < CHANNEL_HIST_BUCKETS; i++)
		n += h->bucket[i];
	return n;
}

static void latency(void **state)
{
	(void)state;
	assert_int_equal(WORK(0, "--mode", "latency", "--set", "ops=1000000", "larson"), 0);
	assert_true(channel->sample_every >= 1 && channel->sample_every <= 256);
	assert_true(channel->clock_cost_ns > 0 && channel->clock_cost_ns < 10000);
	for (int kind = 0; kind < 2; kind++) {
		const struct channel_histogram *h = &channel->latency[kind];

		assert_true(h->count >= 100000 && h->count < 1000000);
		assert_true(sum(h) == h->count && h->max_ns > 0);
		assert_true(h->sum_ns / h->count <= h->max_ns);
	}
	assert_int_equal(channel->latency[CHANNEL_HIST_REQUEST].count, 0);
}

static void out_of_memory(void **state)
{
	(void)state;
#ifndef ASH_SANITIZER /* whose shadow needs more address space than any limit */
	assert_int_equal(WORK(60, "--set", "live_mib=64", "frag-drain"), 1);
	assert_int_equal(channel->state, CHANNEL_FAILED);
	assert_non_null(strstr(channel->reason, "out of memory"));
#endif
}

static void refused(void **state)
{
	(void)state;
	assert_int_equal(WORK(0, "--set", "threads=5", "prod-cons"), 2);
	assert_int_equal(channel->state, CHANNEL_FAILED);
	assert_non_null(strstr(channel->reason, "even number"));
	assert_int_equal(WORK(0, "--set", "ops=0", "prod-cons"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(throughput),
		cmocka_unit_test(latency),
		cmocka_unit_test(out_of_memory),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
