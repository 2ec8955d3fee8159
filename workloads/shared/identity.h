/* Which allocator serves this process: proven from inside, for the worker and for the
 * probe library that goes into programs which are not ours.  Uses libc alone and
 * allocates nothing. */
#ifndef WORKLOADS_IDENTITY_H
#define WORKLOADS_IDENTITY_H

#include <stddef.h>

/* The file that is mapped at an address, from /proc/self/maps; "" where none is.
 * Returns 0, or -1 (with "") when the address is in no file or the path is longer
 * than size. */
int identity_file_of(const void *address, char *path, size_t size);

/* The files that hold the malloc and the malloc_usable_size that calls reach ("" =
 * none), and what the allocator in malloc's file says of its own version ("" =
 * nothing): mallctl("version"), mi_version(), tc_version(), ashlar_version() or
 * gnu_get_libc_version(), whichever lies in that same file. */
void identity_take(char *malloc_file, size_t malloc_file_size, char *usable_size_file,
		   size_t usable_size_file_size, char *version, size_t version_size);

/* The file that holds the C library this process stands on ("" = none that says so), and that
 * one's own word for its version. */
void identity_libc(char *file, size_t file_size, char *version, size_t version_size);

#endif
