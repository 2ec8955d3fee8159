#include "harness/machine/procfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/base/file.h"

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

/* The number after "KEY:" in a file of such lines, or after "KEY " in one of
 * /proc/vmstat's kind; 0 when it is not there. */
static uint64_t find_value(const char *text, const char *key)
{
	size_t length = strlen(key);

	while (text && *text) {
		if (strncmp(text, key, length) == 0 && strchr(": \t", text[length]))
			return strtoull(text + length + 1, NULL, 10);
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return 0;
}

static uint64_t value_in(const char *path, const char *key)
{
	char *text = file_read(path);
	uint64_t value = find_value(text, key);

	free(text);
	return value;
}

uint64_t proc_peak_rss(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	return value_in(path, "VmHWM") * 1024;
}

static bool read_stat(pid_t pid, struct proc_counts *counts)
{
	char path[64], *text, *p;
	int found;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	text = file_read(path);
	if (!text)
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
	free(text);
	return found == 4;
}

bool proc_read_counts(pid_t pid, struct proc_counts *counts)
{
	char path[320];
	struct dirent *entry;
	DIR *tasks;

	memset(counts, 0, sizeof(*counts));
	if (!read_stat(pid, counts))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		char *text;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/status", (int)pid,
			 entry->d_name);
		text = file_read(path);
		counts->voluntary_switches += find_value(text, "voluntary_ctxt_switches");
		counts->involuntary_switches += find_value(text, "nonvoluntary_ctxt_switches");
		free(text);
		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)pid,
			 entry->d_name);
		text = file_read(path);
		if (text) {
			char *delay = strchr(text, ' '); /* run time, then the time it waited */

			counts->runqueue_delay_ns += delay ? strtoull(delay + 1, NULL, 10) : 0;
		}
		free(text);
	}
	if (tasks)
		closedir(tasks);
	return true;
}

uint64_t machine_steal_ns(void)
{
	char *text = file_read("/proc/stat");
	uint64_t steal = 0, hertz = (uint64_t)sysconf(_SC_CLK_TCK);

	if (text)
		sscanf(text, "cpu %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &steal);
	free(text);
	return steal * (1000000000u / hertz);
}

uint64_t machine_oom_kills(void)
{
	return value_in("/proc/vmstat", "oom_kill");
}

uint64_t machine_memory_bytes(void)
{
	return value_in("/proc/meminfo", "MemTotal") * 1024;
}
