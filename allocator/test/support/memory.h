/*
 * What the kernel says of this process's memory, read without allocating anything.
 */
#ifndef ASH_TEST_MEMORY_H
#define ASH_TEST_MEMORY_H

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

#include "test/support/tap.h"

/* The number behind `key` in a file of lines "Key:  123 kB", in bytes; 0 where there is none.
 */
static inline size_t memory_field(const char *path, const char *key)
{
	static char text[8192];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	unsigned long kib;
	const char *at;

	if (fd < 0)
		return 0;
	while (length < sizeof(text) - 1) {
		ssize_t n = read(fd, text + length, sizeof(text) - 1 - length);

		if (n <= 0)
			break;
		length += (size_t)n;
	}
	close(fd);
	text[length] = '\0';
	at = strstr(text, key);
	if (at == NULL || sscanf(at + strlen(key), "%lu", &kib) != 1)
		return 0;
	return (size_t)kib << 10;
}

/* Exact; one thread at a time may ask.  VmRSS is good to some dozen pages per CPU only. */
static inline size_t resident_bytes(void)
{
	size_t n = memory_field("/proc/self/smaps_rollup", "\nRss:");

	if (n == 0) /* a kernel before 4.14 */
		n = memory_field("/proc/self/status", "\nVmRSS:");
	NEED(n != 0, "neither smaps_rollup nor status say what is resident");
	return n;
}

/* The same without the pages of files, which other processes share. */
static inline size_t anonymous_bytes(void)
{
	size_t n = memory_field("/proc/self/smaps_rollup", "\nAnonymous:");

	return n != 0 ? n : memory_field("/proc/self/status", "\nRssAnon:");
}

/* The most that was resident since the process began. */
static inline size_t peak_resident_bytes(void)
{
	size_t n = memory_field("/proc/self/status", "\nVmHWM:");

	NEED(n != 0, "status does not say VmHWM");
	return n;
}

/* Memory that no allocator knows of, resident at once. */
static inline void *memory_table(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	NEED(p != MAP_FAILED, "no memory for a table of %zu bytes", size);
	return p;
}

#endif
