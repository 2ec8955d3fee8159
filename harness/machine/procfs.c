#include "harness/machine/procfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
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

uint64_t machine_steal_ns(void)
{
	char text[512]; /* the first line */
	uint64_t steal = 0, hertz = (uint64_t)sysconf(_SC_CLK_TCK);

	procfs_read("/proc/stat", text, sizeof(text));
	sscanf(text, "cpu %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &steal);
	return steal * (1000000000u / hertz);
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
