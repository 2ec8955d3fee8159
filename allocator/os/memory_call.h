/* The system calls that change what is mapped; arguments and results as of libc's functions of
 * these names.
 *
 * The sanitizers have to see them: they keep a shadow of what each address last held, and watch
 * libc's functions to know when it is another's.  In their builds these are libc's. */
#ifndef ASH_OS_MEMORY_CALL_H
#define ASH_OS_MEMORY_CALL_H

#include <stddef.h>
#include <sys/mman.h>
#include "util/system_call.h"

#ifdef ASH_SANITIZER
#define ash_memory_call_mmap mmap
#define ash_memory_call_munmap munmap
#define ash_memory_call_mprotect mprotect
#define ash_memory_call_madvise madvise
#define ash_memory_call_mremap mremap
#else

static inline void *ash_memory_call_mmap(void *address, size_t size, int protection, int flags,
					 int fd, long offset)
{
	return (void *)ash_system_call(SYS_mmap, address, size, protection, flags, fd, offset);
}

static inline int ash_memory_call_munmap(void *address, size_t size)
{
	return (int)ash_system_call(SYS_munmap, address, size);
}

static inline int ash_memory_call_mprotect(void *address, size_t size, int protection)
{
	return (int)ash_system_call(SYS_mprotect, address, size, protection);
}

static inline int ash_memory_call_madvise(void *address, size_t size, int advice)
{
	return (int)ash_system_call(SYS_madvise, address, size, advice);
}

static inline void *ash_memory_call_mremap(void *address, size_t old_size, size_t new_size,
					   int flags)
{
	return (void *)ash_system_call(SYS_mremap, address, old_size, new_size, flags);
}
#endif

#endif
