#include "harness/machine/procfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "workloads/shared/procfs.h"

#define STATUS 16384 /* of a status file, whose lists of CPUs grow with the machine */

int proc_statm_open(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

bool proc_statm_read(int fd, uint64_t *rss_bytes, uint64_t *anon_bytes)
{
	uint64_t size, resident, shared, page = (uint64_t)sysconf(_SC_PAGESIZE);
	char text[128];
	ssize_t n;

	n = pread(fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return false;
	text[n] = '\0';
	if (sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64, &size, &resident, &shared) != 3 ||
	    resident == 0) /* a process that has given back its memory and is about to go */
		return false;
	*rss_bytes = resident * page;
	*anon_bytes = resident > shared ? (resident - shared) * page : 0;
	return true;
}

uint64_t proc_peak_rss(pid_t pid)
{
	char path[64], text[STATUS];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	procfs_read(path, text, sizeof(text));
	return procfs_kb(text, "VmHWM");
}

static bool read_stat(pid_t pid, struct proc_counts *counts)
{
	char path[64], text[1024], *p;
	int found;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (!procfs_read(path, text, sizeof(text)))
		return false;
	/* The name in parentheses may hold anything, so fields are counted from the
	 * last closing one: the next is field 3. */
	p = strrchr(text, ')');
	found = p ? sscanf(p + 1,
			   " %*c %*d %*d %*d %*d %*d %*u %" SCNu64 " %*u %" SCNu64
			   " %*u %" SCNu64 " %" SCNu64,
			   &counts->minor_faults, &counts->major_faults, &counts->user_ticks,
			   &counts->sys_ticks)
		  : 0;
	return found == 4;
}

bool proc_read_counts(pid_t pid, struct proc_counts *counts)
{
	char path[320], text[STATUS];
	struct dirent *entry;
	DIR *tasks;

	memset(counts, 0, sizeof(*counts));
	if (!read_stat(pid, counts))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/status", (int)pid,
			 entry->d_name);
		procfs_read(path, text, sizeof(text));
		counts->voluntary_switches += procfs_number(text, "voluntary_ctxt_switches");
		counts->involuntary_switches +=
			procfs_number(text, "nonvoluntary_ctxt_switches");
		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)pid,
			 entry->d_name);
		counts->runqueue_delay_ns += procfs_runqueue_delay(path);
	}
	if (tasks)
		closedir(tasks);
	return true;
}

static bool is_marked(const char *pid, const char *variable)
{
	char path[320], *text, *end = NULL;
	size_t length = 0, wanted = strlen(variable);
	ssize_t n;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/environ", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	text = NULL;
	n = getdelim(&text, &length, EOF, file); /* zeroes part the variables */
	fclose(file);
	if (n > 0)
		end = memmem(text, (size_t)n, variable, wanted + 1);
	end = end && (end == text || end[-1] == '\0') ? end : NULL;
	free(text);
	return end != NULL;
}

void proc_end_marked(const char *variable)
{
	struct dirent *entry;
	DIR *all = opendir("/proc");

	while (all && (entry = readdir(all))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 1 && pid != getpid() && is_marked(entry->d_name, variable))
			kill(pid, SIGKILL);
	}
	if (all)
		closedir(all);
}

bool machine_cpu_ticks(const char *stat, uint64_t *busy, uint64_t *steal)
{
	uint64_t user, nice, sys, irq = 0, softirq = 0;

	*steal = 0;
	/* user nice system idle iowait irq softirq steal; time of guests is within user. */
	if (sscanf(stat,
		   "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %*u %*u %" SCNu64 " %" SCNu64
		   " %" SCNu64,
		   &user, &nice, &sys, &irq, &softirq, steal) < 3)
		return false;
	*busy = user + nice + sys + irq + softirq;
	return true;
}

/* A tick in ns times the first (busy) or second number. */
static uint64_t cpu_ns(bool stolen)
{
	char text[512]; /* the first line */
	uint64_t busy = 0, steal = 0, hertz = (uint64_t)sysconf(_SC_CLK_TCK);

	procfs_read("/proc/stat", text, sizeof(text));
	machine_cpu_ticks(text, &busy, &steal);
	return (stolen ? steal : busy) * (1000000000u / hertz);
}

uint64_t machine_steal_ns(void)
{
	return cpu_ns(true);
}

uint64_t machine_busy_ns(void)
{
	return cpu_ns(false);
}

/* Adds what the limits from a group up to the root of its hierarchy say: any of them holds
 * the process back.  Within a container the path may be the host's, which is not there; the
 * mount's root is then the group. */
static void add_throttling(struct throttling *t, const char *mount, const char *group,
			   const char *key, uint64_t unit)
{
	char path[1024], text[4096];
	size_t length = strlen(group);

	for (;;) {
		while (length && group[length - 1] == '/')
			length--;
		snprintf(path, sizeof(path), "%s%.*s/cpu.stat", mount, (int)length, group);
		if (procfs_read(path, text, sizeof(text))) {
			t->periods += procfs_number(text, "nr_throttled");
			t->ns += procfs_number(text, key) * unit;
		}
		if (!length)
			return;
		while (length && group[length - 1] != '/')
			length--;
	}
}

struct throttling machine_throttling_of(const char *groups, const char *root)
{
	struct throttling t = {0, 0};

	for (const char *line = groups; *line;) {
		char names[128], group[512], mount[1024];
		size_t length = strcspn(line, "\n");

		/* "0::GROUP" of version 2, "N:cpu,cpuacct:GROUP" of version 1. */
		if (sscanf(line, "0::%511[^\n]", group) == 1) {
			add_throttling(&t, root, group, "throttled_usec", 1000);
		} else if (sscanf(line, "%*u:%127[^:\n]:%511[^\n]", names, group) == 2) {
			for (char *rest = names, *name; (name = strsep(&rest, ","));)
				if (strcmp(name, "cpu") == 0) {
					snprintf(mount, sizeof(mount), "%s/cpu", root);
					add_throttling(&t, mount, group, "throttled_time", 1);
				}
		}
		line += length + (line[length] == '\n');
	}
	return t;
}

struct throttling machine_throttling(void)
{
	char text[4096];

	procfs_read("/proc/self/cgroup", text, sizeof(text));
	return machine_throttling_of(text, "/sys/fs/cgroup");
}

uint64_t machine_oom_kills(void)
{
	char text[1 << 16];

	procfs_read("/proc/vmstat", text, sizeof(text));
	return procfs_number(text, "oom_kill");
}

uint64_t machine_memory_bytes(void)
{
	char text[4096];

	procfs_read("/proc/meminfo", text, sizeof(text));
	return procfs_kb(text, "MemTotal");
}
