#include "test/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/cgroup.h"
#include "os/os.h"

static char root[] = "/tmp/ashlar-cgroup.XXXXXX";

/* Writes a file under the root, with the folders that lead to it. */
static void put(const char *path, const char *text)
{
	char full[600];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *at = full + strlen(root) + 1; (at = strchr(at, '/')) != NULL; at++) {
		*at = '\0';
		mkdir(full, 0700);
		*at = '/';
	}
	file = fopen(full, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int fresh_root(void **state)
{
	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	ash_cgroup_root = root;
	return mkdtemp(root) != NULL ? 0 : -1;
}

static int drop_root(void **state)
{
	char command[100];

	(void)state;
	ash_cgroup_root = "";
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void nothing_there(void **state)
{
	(void)state;
	ash_cgroup_init();
	assert_int_equal(ash_cgroup_cpus(), 0);
	assert_true(ash_cgroup_memory() == UINT64_MAX);
	assert_false(ash_cgroup_bounded());
	assert_false(ash_cgroup_pressure(1000));
}

static void v2_takes_the_least_of_all_levels(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "0::/one/two/three\n");
	put("/sys/fs/cgroup/cpu.max", "max 100000\n");
	put("/sys/fs/cgroup/one/cpu.max", "250000 100000\n");
	put("/sys/fs/cgroup/one/two/cpu.max", "max 100000\n");
	put("/sys/fs/cgroup/one/two/three/cpu.max", "800000 100000\n");
	put("/sys/fs/cgroup/one/memory.max", "max\n");
	put("/sys/fs/cgroup/one/two/memory.max", "1073741824\n");
	put("/sys/fs/cgroup/one/two/three/memory.max", "4294967296\n");
	ash_cgroup_init();
	assert_int_equal(ash_cgroup_cpus(), 3); /* 2.5 rounded up */
	assert_true(ash_cgroup_memory() == (uint64_t)1 << 30);
	assert_true(ash_cgroup_bounded());
}

/* Inside a container without a namespace the path is the host's, and only the root is there. */
static void the_hosts_path(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "0::/system.slice/docker-0123456789abcdef.scope\n");
	put("/sys/fs/cgroup/cpu.max", "50000 100000\n");
	put("/sys/fs/cgroup/memory.max", "268435456\n");
	ash_cgroup_init();
	assert_int_equal(ash_cgroup_cpus(), 1);
	assert_true(ash_cgroup_memory() == (uint64_t)256 << 20);
}

static void v1(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "9:name=systemd:/\n5:cpu,cpuacct:/a\n4:memory:/a/b\n0::/\n");
	put("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "150000\n");
	put("/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "50000\n");
	put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
	put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "50000\n");
	put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	put("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "536870912\n");
	put("/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
	/* Not looked at: in v1 the controllers are not here. */
	put("/sys/fs/cgroup/memory.max", "1048576\n");
	ash_cgroup_init();
	assert_int_equal(ash_cgroup_cpus(), 3);
	assert_true(ash_cgroup_memory() == (uint64_t)512 << 20);
}

static void nonsense_is_no_limit(void **state)
{
	static char path[5000];

	(void)state;
	put("/sys/fs/cgroup/cpu.max", "lots of it\n");
	put("/sys/fs/cgroup/memory.max", "\n");
	put("/proc/self/cgroup", "::::\n\n:\n0:\nno colon\n");
	ash_cgroup_init();
	assert_int_equal(ash_cgroup_cpus(), 0);
	assert_true(ash_cgroup_memory() == UINT64_MAX);
	put("/sys/fs/cgroup/cpu.max", "100000 0\n");
	put("/sys/fs/cgroup/memory.max", "99999999999999999999999999999999\n");
	memset(path, 'x', sizeof(path) - 1);
	memcpy(path, "0::/", 4);
	put("/proc/self/cgroup", path);
	ash_cgroup_init();
	assert_int_equal(ash_cgroup_cpus(), 0);
	assert_true(ash_cgroup_memory() > (uint64_t)1 << 50);
}

#define SECOND 1000000000u

/* Each sign alone, and none of them lasts. */
static void pressure_v2(void **state)
{
	uint64_t now = SECOND;

	(void)state;
	put("/proc/self/cgroup", "0::/g\n");
	put("/sys/fs/cgroup/g/memory.max", "max\n");
	put("/sys/fs/cgroup/g/memory.high", "104857600\n");
	put("/sys/fs/cgroup/g/memory.current", "1000000\n");
	put("/sys/fs/cgroup/g/memory.events", "low 0\nhigh 7\nmax 0\noom 0\n");
	put("/sys/fs/cgroup/g/memory.pressure",
	    "some avg10=0.00 avg60=0.00 avg300=0.00 total=5000\nfull avg10=0.00 total=1\n");
	ash_cgroup_init();
	assert_true(ash_cgroup_bounded());
	assert_true(ash_cgroup_memory() == UINT64_MAX);
	assert_false(ash_cgroup_pressure(now)); /* counts so far are history */
	assert_false(ash_cgroup_pressure(now += SECOND / 10));
	put("/sys/fs/cgroup/g/memory.events", "low 0\nhigh 8\nmax 0\noom 0\n");
	assert_true(ash_cgroup_pressure(now += SECOND / 10));
	assert_false(ash_cgroup_pressure(now += SECOND / 10));
	put("/sys/fs/cgroup/g/memory.pressure", "some avg10=0.00 total=6500\n"); /* 1.5 % */
	assert_false(ash_cgroup_pressure(now += SECOND / 10));
	put("/sys/fs/cgroup/g/memory.pressure", "some avg10=0.00 total=9000\n"); /* 2.5 % */
	assert_true(ash_cgroup_pressure(now += SECOND / 10));
	assert_false(ash_cgroup_pressure(now += SECOND / 10));
	/* Nearly full: with page cache it is not, without it is. */
	put("/sys/fs/cgroup/g/memory.current", "99000000\n");
	put("/sys/fs/cgroup/g/memory.stat", "anon 30000000\nfile 69000000\n");
	assert_false(ash_cgroup_pressure(now += SECOND / 10));
	put("/sys/fs/cgroup/g/memory.stat", "anon 95000000\nfile 4000000\n");
	assert_true(ash_cgroup_pressure(now += SECOND / 10));
	put("/sys/fs/cgroup/g/memory.current", "50000000\n");
	assert_false(ash_cgroup_pressure(now += SECOND / 10));
}

static void pressure_v1(void **state)
{
	uint64_t now = SECOND;

	(void)state;
	put("/proc/self/cgroup", "4:memory:/g\n");
	put("/sys/fs/cgroup/memory/g/memory.limit_in_bytes", "104857600\n");
	put("/sys/fs/cgroup/memory/g/memory.usage_in_bytes", "1000000\n");
	put("/sys/fs/cgroup/memory/g/memory.failcnt", "3\n");
	put("/proc/pressure/memory", "some avg10=0.00 total=100\n");
	ash_cgroup_init();
	assert_false(ash_cgroup_pressure(now));
	put("/sys/fs/cgroup/memory/g/memory.failcnt", "4\n");
	assert_true(ash_cgroup_pressure(now += SECOND / 10));
	assert_false(ash_cgroup_pressure(now += SECOND / 10));
	put("/sys/fs/cgroup/memory/g/memory.usage_in_bytes", "100000000\n");
	put("/sys/fs/cgroup/memory/g/memory.stat",
	    "cache 0\nrss 0\ntotal_cache 60000000\ntotal_rss 40000000\n");
	assert_false(ash_cgroup_pressure(now += SECOND / 10));
	put("/sys/fs/cgroup/memory/g/memory.stat",
	    "cache 0\nrss 0\ntotal_cache 1000\ntotal_rss 99000000\n");
	assert_true(ash_cgroup_pressure(now += SECOND / 10));
	put("/proc/pressure/memory", "some avg10=0.00 total=90100\n");
	put("/sys/fs/cgroup/memory/g/memory.usage_in_bytes", "1000\n");
	assert_true(ash_cgroup_pressure(now += SECOND / 10));
}

static bool refuse_open(enum ash_os_call call)
{
	return call == ASH_OS_OPEN;
}

static void files_that_cannot_be_opened(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "0::/g\n");
	put("/sys/fs/cgroup/g/memory.max", "104857600\n");
	put("/sys/fs/cgroup/g/memory.current", "1000000\n");
	put("/sys/fs/cgroup/g/memory.events", "high 0\nmax 0\n");
	ash_cgroup_init();
	assert_false(ash_cgroup_pressure(SECOND));
	ash_os_fault_hook = refuse_open;
	assert_false(ash_cgroup_pressure(2 * SECOND));
	ash_cgroup_init();
	assert_false(ash_cgroup_bounded());
	ash_os_fault_hook = NULL;
}

/* The machine this runs on, whatever it is: no crash, and no more CPUs than a number. */
static void this_machine(void **state)
{
	(void)state;
	ash_cgroup_root = "";
	ash_cgroup_init();
	assert_true(ash_cgroup_memory() > ((uint64_t)1 << 20));
	ash_cgroup_pressure(SECOND);
	ash_cgroup_pressure(2 * SECOND);
}

#define IN_A_ROOT(test) cmocka_unit_test_setup_teardown(test, fresh_root, drop_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_ROOT(nothing_there),        IN_A_ROOT(v2_takes_the_least_of_all_levels),
		IN_A_ROOT(the_hosts_path),       IN_A_ROOT(v1),
		IN_A_ROOT(nonsense_is_no_limit), IN_A_ROOT(pressure_v2),
		IN_A_ROOT(pressure_v1),          IN_A_ROOT(files_that_cannot_be_opened),
		IN_A_ROOT(this_machine),
	};

	ash_os_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
