/*
 * What the library's own thread costs, by what the kernel says of it.
 */
#ifndef ASH_TEST_STRESS_BACKGROUND_H
#define ASH_TEST_STRESS_BACKGROUND_H

#include <dirent.h>

#include "test/support/tap.h"

/* CPU seconds of the library's own thread; it may come and go, so the sum of what was seen. */
static inline double background_cpu(void)
{
	static unsigned long of_thread, before, sum;
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;

	NEED(tasks, "no /proc/self/task");
	while ((task = readdir(tasks))) {
		char path[300], line[600];
		unsigned long user, system;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/task/%s/stat", task->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fgets(line, sizeof(line), file) && strstr(line, " (ashlar) ") &&
		    sscanf(strstr(line, ") ") + 2,
			   "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
			   &system) == 2) {
			unsigned long id = strtoul(line, NULL, 10);

			if (id != of_thread)
				before = 0;
			of_thread = id;
			sum += user + system - before;
			before = user + system;
		}
		fclose(file);
	}
	closedir(tasks);
	return (double)sum / (double)sysconf(_SC_CLK_TCK);
}

#endif
