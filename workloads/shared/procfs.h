/* /proc, read with open and read into the caller's buffer: nothing is allocated. */
#ifndef WORKLOADS_PROCFS_H
#define WORKLOADS_PROCFS_H

#include <stddef.h>
#include <stdint.h>

/* Reads up to size - 1 bytes and ends them with a NUL; returns their number, 0 when
 * the file cannot be read. */
size_t procfs_read(const char *path, char *text, size_t size);

/* The number of the line "KEY: N" or "KEY N" (the key as given), or 0. */
uint64_t procfs_number(const char *text, const char *key);

/* The value in bytes of the line "Key:  N kB" (the key without colon), or 0. */
uint64_t procfs_kb(const char *text, const char *key);

/* Number of lines of a file of any length. */
uint64_t procfs_lines(const char *path);

/* Second number of a schedstat file: ns spent waiting for a CPU. */
uint64_t procfs_runqueue_delay(const char *path);

/* What may still be allocated on this machine: MemAvailable, or less where the
 * control group of the process has less left. */
uint64_t procfs_memory_available(void);
/* What there is in all: the machine's memory, or the group's limit where that is less. */
uint64_t procfs_memory_installed(void);

#endif
