#include "test/support/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/cgroup.h"
#include "os/os.h"
#include "test/support/opens.h"
#include "test/support/tree.h"

static char root[] = "/tmp/ashlar-cgroup.XXXXXX";

static void put(const char *path, const char *text)
{
	assert_true(tree_put(root, path, text));
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
	ash_cgroup_keep(false);
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

/* Programs start by the thousand: of each group they read what they go by, and nothing that is
 * looked at when it is watched. */
static void the_start_reads_two_files_a_level(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "0::/one\n");
	put("/sys/fs/cgroup/one/cpu.max", "max 100000\n");
	put("/sys/fs/cgroup/one/memory.max", "1073741824\n");
	put("/sys/fs/cgroup/one/memory.high", "536870912\n");
	put("/sys/fs/cgroup/one/memory.pressure", "some avg10=0.00 total=0\n");
	ash_store_relaxed(&ash_os_fault_hook, count_opens);
	opens = 0;
	ash_cgroup_init();
	assert_int_equal(opens, 1 + 2 * 2);
	assert_true(ash_cgroup_memory() == (uint64_t)1 << 30);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
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
#define TENTH (SECOND / 10)
#define MIB (1ull << 20)

static int teardown(void **state)
{
	ash_cgroup_let_go();
	ash_cgroup_after_fork(); /* what was lost may be opened again */
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	return drop_root(state);
}

static void begin(void)
{
	ash_cgroup_init();
	ash_cgroup_keep(true);
}

/* As the kernel writes it, with so many MiB each. */
static void put_stat_v2(unsigned anon, unsigned file, unsigned slab)
{
	char text[500];

	snprintf(text, sizeof(text),
		 "anon %llu\nfile %llu\nkernel %llu\nkernel_stack 0\npagetables 0\n"
		 "percpu 0\nsock 0\nshmem 0\nfile_mapped 0\nfile_dirty 0\n"
		 "inactive_anon %llu\nactive_anon 0\ninactive_file %llu\nactive_file 0\n"
		 "unevictable 0\nslab_reclaimable 0\nslab_unreclaimable %llu\nslab %llu\n",
		 anon * MIB, file * MIB, slab * MIB, anon * MIB, file * MIB, slab * MIB,
		 slab * MIB);
	put("/sys/fs/cgroup/g/memory.stat", text);
}

static void put_stalls(unsigned us)
{
	char text[200];

	snprintf(text, sizeof(text),
		 "some avg10=0.00 avg60=0.00 avg300=0.00 total=%u\n"
		 "full avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
		 us);
	put("/sys/fs/cgroup/g/memory.pressure", text);
}

/* A group of version 2 with a limit of 100 MiB, 10 of them in use by its own. */
static void put_group(void)
{
	put("/proc/self/cgroup", "0::/g\n");
	put("/proc/pressure/memory", "some avg10=0.00 total=0\n");
	put("/sys/fs/cgroup/g/memory.max", "104857600\n");
	put("/sys/fs/cgroup/g/memory.high", "max\n");
	put("/sys/fs/cgroup/g/memory.current", "104853504\n");
	put("/sys/fs/cgroup/g/memory.events", "low 0\nhigh 7\nmax 7\noom 0\n");
	put_stat_v2(10, 89, 1);
	put_stalls(5000);
}

/* A server that writes a log: page cache fills the group, the limit is hit again and again, and
 * taking the cache back keeps its tasks waiting somewhat. */
static void page_cache_is_no_pressure(void **state)
{
	uint64_t now = SECOND;

	(void)state;
	put_group();
	begin();
	assert_true(ash_cgroup_is_watched());
	for (unsigned i = 1; i < 50; i++) {
		char events[100];

		snprintf(events, sizeof(events), "low 0\nhigh %u\nmax %u\noom 0\n", 7 + i,
			 7 + 900 * i);
		put("/sys/fs/cgroup/g/memory.events", events);
		put_stalls(5000 + 5000 * i); /* 5 %, then 40 % */
		if (i >= 25)
			put_stalls(200000 + 40000 * i);
		assert_false(ash_cgroup_pressure(now += TENTH));
	}
}

/* Each sign alone, and none of them lasts. */
static void pressure_v2(void **state)
{
	uint64_t now = SECOND;

	(void)state;
	put_group();
	put_stat_v2(60, 30, 1);
	begin();
	assert_false(ash_cgroup_pressure(now)); /* counts so far are history */
	put_stalls(5000 + 9000);
	assert_false(ash_cgroup_pressure(now += TENTH)); /* 9 % of the time */
	put_stalls(5000 + 9000 + 11000);
	assert_true(ash_cgroup_pressure(now += TENTH));
	assert_false(ash_cgroup_pressure(now += TENTH));
	put_stat_v2(86, 10, 1);
	assert_false(ash_cgroup_pressure(now += TENTH));
	put_stat_v2(88, 10, 1);
	assert_true(ash_cgroup_pressure(now += TENTH));
	put_stat_v2(48, 10, 40); /* the kernel's own */
	assert_true(ash_cgroup_pressure(now += TENTH));
	put_stat_v2(60, 30, 1);
	assert_false(ash_cgroup_pressure(now += TENTH));
	/* A lower limit, set meanwhile. */
	put("/sys/fs/cgroup/g/memory.high", "62914560\n");
	assert_true(ash_cgroup_pressure(now += TENTH));
	put("/sys/fs/cgroup/g/memory.high", "max\n");
	put("/sys/fs/cgroup/g/memory.max", "max\n");
	put_stat_v2(1000, 30, 1);
	assert_false(ash_cgroup_pressure(now += TENTH));
}

static void pressure_v1(void **state)
{
	static const char *const stat =
		"cache 0\nrss 0\nhierarchical_memory_limit 104857600\n"
		"total_cache %llu\ntotal_rss %llu\ntotal_inactive_anon %llu\n"
		"total_active_anon 0\ntotal_inactive_file %llu\ntotal_unevictable %llu\n";
	/* Of page cache, of no file, on the lists of those, locked; in MiB. */
	static const struct {
		unsigned cache, rss, anon, locked;
		bool pressure;
	} look[] = {{89, 10, 10, 0, false}, {1, 99, 99, 0, true},
		    {10, 89, 10, 0, true},  {80, 10, 88, 0, true}, /* shared memory */
		    {70, 10, 20, 70, true}, {60, 38, 38, 0, false}};
	uint64_t now = SECOND;
	char text[600];

	(void)state;
	put("/proc/self/cgroup", "4:memory:/g\n0::/\n");
	put("/sys/fs/cgroup/memory/g/memory.limit_in_bytes", "104857600\n");
	put("/sys/fs/cgroup/memory/g/memory.usage_in_bytes", "104857600\n");
	put("/sys/fs/cgroup/memory/g/memory.failcnt", "3\n");
	put("/sys/fs/cgroup/memory/g/memory.stat", "total_rss 0\n");
	begin();
	for (unsigned i = 0; i < sizeof(look) / sizeof(look[0]); i++) {
		snprintf(text, sizeof(text), "%u\n", 3 + 1000 * i);
		put("/sys/fs/cgroup/memory/g/memory.failcnt", text);
		snprintf(text, sizeof(text), stat, look[i].cache * MIB, look[i].rss * MIB,
			 look[i].anon * MIB, look[i].cache * MIB, look[i].locked * MIB);
		put("/sys/fs/cgroup/memory/g/memory.stat", text);
		assert_int_equal(ash_cgroup_pressure(now += TENTH), look[i].pressure);
	}
}

/* In a namespace of groups the own one is the root. */
static void in_a_namespace(void **state)
{
	uint64_t now = SECOND;

	(void)state;
	put("/proc/self/cgroup", "0::/\n");
	put("/proc/pressure/memory", "some avg10=0.00 total=0\n");
	put("/sys/fs/cgroup/memory.max", "104857600\n");
	put("/sys/fs/cgroup/memory.stat", "anon 60000000\nfile 30000000\n");
	put("/sys/fs/cgroup/memory.pressure", "some avg10=0.00 total=0\n");
	begin();
	assert_false(ash_cgroup_pressure(now));
	put("/proc/pressure/memory", "some avg10=0.00 total=99000\n"); /* somebody else's */
	assert_false(ash_cgroup_pressure(now += TENTH));
	put("/sys/fs/cgroup/memory.pressure", "some avg10=0.00 total=99000\n");
	assert_true(ash_cgroup_pressure(now += TENTH));
	put("/sys/fs/cgroup/memory.stat", "anon 99000000\nfile 30000\n");
	assert_true(ash_cgroup_pressure(now += TENTH));
}

/* The same with version 1: the group's folder is what is mounted, and there is no PSI of it. */
static void in_a_namespace_v1(void **state)
{
	uint64_t now = SECOND;

	(void)state;
	put("/proc/self/cgroup", "4:memory:/\n1:cpu:/\n");
	put("/proc/pressure/memory", "some avg10=0.00 total=0\n");
	put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "104857600\n");
	put("/sys/fs/cgroup/memory/memory.stat", "total_rss 60000000\n");
	begin();
	assert_false(ash_cgroup_pressure(now));
	put("/proc/pressure/memory", "some avg10=0.00 total=99000\n");
	assert_false(ash_cgroup_pressure(now += TENTH));
	put("/sys/fs/cgroup/memory/memory.stat", "total_rss 99000000\n");
	assert_true(ash_cgroup_pressure(now += TENTH));
}

/* The machine's stalls count for a process that is in no group, and for no other. */
static void stalls_of_the_machine(void **state)
{
	static const struct {
		const char *groups;
		bool pressure;
	} look[] = {{"0::/\n", true},
		    {"9:pids:/a\n0::/\n", false},
		    {"0::/a/b\n", false},
		    {"4:memory:/a\n", false}};

	(void)state;
	for (unsigned i = 0; i < sizeof(look) / sizeof(look[0]); i++) {
		put("/proc/self/cgroup", look[i].groups);
		put("/proc/pressure/memory", "some avg10=0.00 total=0\n");
		ash_cgroup_init();
		ash_cgroup_keep(false);
		assert_false(ash_cgroup_pressure(SECOND));
		put("/proc/pressure/memory", "some avg10=0.00 total=99000\n");
		assert_int_equal(ash_cgroup_pressure(SECOND + TENTH), look[i].pressure);
		ash_cgroup_let_go();
	}
	/* By default only limits are a reason to look. */
	put("/proc/self/cgroup", "0::/\n");
	ash_cgroup_keep(true);
	assert_false(ash_cgroup_is_watched());
}

/* --- descriptors that are kept --- */

static int open_descriptors(int *least)
{
	int n = 0;

	*least = -1;
	for (int fd = 3; fd < 1000; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			continue;
		n++;
		if (*least < 0)
			*least = fd;
	}
	return n;
}

static void numbers(void **state)
{
	int before, kept, least;

	(void)state;
	before = open_descriptors(&least);
	put_group();
	ash_cgroup_init();
	assert_int_equal(open_descriptors(&least), before);
	ash_cgroup_keep(true);
	kept = open_descriptors(&least) - before;
	assert_int_equal(kept, 4); /* stat, pressure, max, high */
	for (int fd = 100; fd < 100 + kept; fd++)
		assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ash_cgroup_let_go();
	assert_int_equal(open_descriptors(&least), before);
	assert_false(ash_cgroup_is_watched());
	assert_false(ash_cgroup_pressure(SECOND));
}

/* Takes the numbers of descriptors that were kept for files of the test's own, which would read
 * as a limit of 1 MiB that is exceeded. */
static void take_over(void)
{
	put("/mine", "1048576\nanon 1048576\ntotal_rss 1048576\n"
		     "hierarchical_memory_limit 1048576\nsome total=4294967295\n");
	for (int fd = 100; fd < 104; fd++) {
		char path[600];
		int mine;

		snprintf(path, sizeof(path), "%s/mine", root);
		mine = open(path, O_RDONLY);
		assert_true(mine >= 0);
		close(fd);
		assert_int_equal(dup2(mine, fd), fd);
		close(mine);
	}
}

static void let_own_go(void)
{
	for (int fd = 100; fd < 104; fd++)
		assert_int_equal(close(fd), 0); /* it was still there */
}

static void descriptors_that_are_taken_over(void **state)
{
	uint64_t now = SECOND;
	char text[32];

	(void)state;
	put_group();
	begin();
	assert_false(ash_cgroup_pressure(now));
	take_over();
	opens = 0;
	ash_store_relaxed(&ash_os_fault_hook, count_opens);
	for (unsigned i = 0; i < 10; i++)
		assert_false(ash_cgroup_pressure(now += TENTH));
	assert_false(ash_cgroup_is_watched());
	ash_cgroup_let_go();
	assert_int_equal(opens, 0);
	assert_true(pread(100, text, sizeof(text), 0) > 0);
	assert_int_equal(lseek(100, 0, SEEK_CUR), 0);
	/* Nor does the next background thread of this process open them. */
	ash_cgroup_keep(true);
	assert_false(ash_cgroup_is_watched());
	let_own_go();
}

/* Left open by a thread that ended, for the next one; what the program took meanwhile is lost,
 * as before. */
static void left_for_the_next_thread(void **state)
{
	int before, least;

	(void)state;
	before = open_descriptors(&least);
	put_group();
	begin();
	ash_cgroup_leave();
	assert_false(ash_cgroup_is_watched());
	ash_cgroup_let_go(); /* not by who has none */
	assert_int_equal(open_descriptors(&least), before + 4);
	ash_cgroup_keep(true);
	assert_true(ash_cgroup_is_watched());
	assert_int_equal(open_descriptors(&least), before + 4);
	ash_cgroup_leave();
	take_over();
	ash_cgroup_keep(true);
	assert_false(ash_cgroup_is_watched());
	ash_cgroup_let_go();
	let_own_go();
}

/* The same where nothing was looked at in between. */
static void closed_and_taken_over_before_a_look(void **state)
{
	(void)state;
	put_group();
	begin();
	take_over();
	ash_cgroup_let_go();
	let_own_go();
	begin();
	assert_false(ash_cgroup_is_watched());
}

/* Some are lost: the others go on as long as they tell something. */
static void one_that_is_closed(void **state)
{
	uint64_t now = SECOND;

	(void)state;
	put_group();
	begin();
	close(102); /* both limits: they are what they were */
	close(103);
	assert_false(ash_cgroup_pressure(now));
	put_stat_v2(90, 5, 1);
	assert_true(ash_cgroup_pressure(now += TENTH));
	close(100);
	close(101);
	assert_false(ash_cgroup_pressure(now += TENTH));
	assert_false(ash_cgroup_is_watched());
}

static void few_descriptors_are_allowed(void **state)
{
	struct rlimit before, few;
	int least, n;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	n = open_descriptors(&least);
	put_group();
	few = before;
	few.rlim_cur = 50;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	begin();
	assert_true(ash_cgroup_is_watched());
	assert_int_equal(open_descriptors(&least), n + 4);
	ash_cgroup_let_go();
	few.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	begin();
	assert_false(ash_cgroup_is_watched());
	assert_false(ash_cgroup_pressure(SECOND));
	ash_cgroup_let_go();
	/* Standard input is nobody's but the program's. */
	few.rlim_cur = 50;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	close(STDIN_FILENO);
	ash_cgroup_keep(true);
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
	ash_cgroup_let_go();
	assert_int_equal(open("/dev/null", O_RDONLY), STDIN_FILENO);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(open_descriptors(&least), n);
}

/* A child may be in another group by the time it has a background thread. */
static int in_the_child(bool moved)
{
	uint64_t now = SECOND;
	int least, before = open_descriptors(&least);
	bool right;

	ash_cgroup_after_fork();
	right = !ash_cgroup_is_watched();
	if (moved) {
		put("/proc/self/cgroup", "0::/h\n");
		put("/sys/fs/cgroup/h/memory.max", "10485760\n");
		put("/sys/fs/cgroup/h/memory.stat", "anon 10000000\nfile 0\n");
	}
	ash_cgroup_keep(true);
	right = right && ash_cgroup_is_watched() && ash_cgroup_pressure(now) == moved;
	/* It reads what it inherited where that is its own group's. */
	right = right && open_descriptors(&least) == before + (moved ? 2 : 0);
	return right ? 0 : 1;
}

static void a_fork_into_another_group(void **state)
{
	(void)state;
	put_group();
	begin();
	for (int moved = 0; moved < 2; moved++) {
		pid_t child = fork();
		int status;

		if (child == 0)
			_exit(in_the_child(moved));
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
}

/* What the thread keeps is of use to it alone. */
static void *look_from_elsewhere(void *argument)
{
	bool *saw = argument;

	*saw = ash_cgroup_is_watched() || ash_cgroup_pressure(5 * SECOND);
	ash_cgroup_let_go();
	return NULL;
}

static void another_thread(void **state)
{
	bool saw = true;
	pthread_t thread;

	(void)state;
	put_group();
	put_stat_v2(99, 0, 0);
	begin();
	assert_int_equal(pthread_create(&thread, NULL, look_from_elsewhere, &saw), 0);
	pthread_join(thread, NULL);
	assert_false(saw);
	assert_true(ash_cgroup_pressure(SECOND));
}

static bool refuse_open(enum ash_os_call call)
{
	return call == ASH_OS_OPEN;
}

static void files_that_cannot_be_opened(void **state)
{
	(void)state;
	put_group();
	ash_cgroup_init();
	ash_store_relaxed(&ash_os_fault_hook, refuse_open);
	ash_cgroup_keep(true);
	assert_false(ash_cgroup_is_watched());
	assert_false(ash_cgroup_pressure(2 * SECOND));
	ash_cgroup_init();
	assert_false(ash_cgroup_bounded());
}

/* The machine this runs on, whatever it is: no crash, and no more CPUs than a number. */
static void this_machine(void **state)
{
	(void)state;
	ash_cgroup_root = "";
	ash_cgroup_init();
	assert_true(ash_cgroup_memory() > ((uint64_t)1 << 20));
	ash_cgroup_keep(false);
	ash_cgroup_pressure(SECOND);
	ash_cgroup_pressure(2 * SECOND);
}

#define IN_A_ROOT(test) cmocka_unit_test_setup_teardown(test, fresh_root, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_ROOT(nothing_there),
		IN_A_ROOT(v2_takes_the_least_of_all_levels),
		IN_A_ROOT(the_hosts_path),
		IN_A_ROOT(the_start_reads_two_files_a_level),
		IN_A_ROOT(v1),
		IN_A_ROOT(nonsense_is_no_limit),
		IN_A_ROOT(page_cache_is_no_pressure),
		IN_A_ROOT(pressure_v2),
		IN_A_ROOT(pressure_v1),
		IN_A_ROOT(in_a_namespace),
		IN_A_ROOT(in_a_namespace_v1),
		IN_A_ROOT(stalls_of_the_machine),
		IN_A_ROOT(numbers),
		IN_A_ROOT(left_for_the_next_thread),
		IN_A_ROOT(descriptors_that_are_taken_over),
		IN_A_ROOT(closed_and_taken_over_before_a_look),
		IN_A_ROOT(one_that_is_closed),
		IN_A_ROOT(few_descriptors_are_allowed),
		IN_A_ROOT(a_fork_into_another_group),
		IN_A_ROOT(another_thread),
		IN_A_ROOT(files_that_cannot_be_opened),
		IN_A_ROOT(this_machine),
	};

	ash_os_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
