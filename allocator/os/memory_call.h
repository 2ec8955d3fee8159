/* The system calls that change what is mapped; arguments and results as of libc's functions of
 * these names.  Each is timed: the kernel takes far longer than the clock.
 *
 * The sanitizers have to see them: they keep a shadow of what each address last held, and watch
 * libc's functions to know when it is another's.  In their builds these are libc's. */
#ifndef ASH_OS_MEMORY_CALL_H
#define ASH_OS_MEMORY_CALL_H

#include <stddef.h>
#include <sys/mman.h>
#include "os/stalls.h"
#include "util/system_call.h"

#ifdef ASH_SANITIZER
#define ASH_MEMORY_CALL(name, ...) name(__VA_ARGS__)
#else
#define ASH_MEMORY_CALL(name, ...) ash_system_call(SYS_##name, __VA_ARGS__)
#endif

static inline void *ash_memory_call_mmap(void *address, size_t size, int protection, int flags,
					 int fd, long offset)
{
	uint64_t begin_ns = ash_os_stall_begin();
	void *p = (void *)ASH_MEMORY_CALL(mmap, address, size, protection, flags, fd, offset);

	ash_os_stall_end(ASH_OS_STALL_SYSCALL, begin_ns);
	return p;
}

static inline int ash_memory_call_munmap(void *address, size_t size)
{
	uint64_t begin_ns = ash_os_stall_begin();
	int result = (int)ASH_MEMORY_CALL(munmap, address, size);

	ash_os_stall_end(ASH_OS_STALL_SYSCALL, begin_ns);
	return result;
}

static inline int ash_memory_call_mprotect(void *address, size_t size, int protection)
{
	uint64_t begin_ns = ash_os_stall_begin();
	int result = (int)ASH_MEMORY_CALL(mprotect, address, size, protection);

	ash_os_stall_end(ASH_OS_STALL_SYSCALL, begin_ns);
	return result;
}

static inline int ash_memory_call_madvise(void *address, size_t size, int advice)
{
	uint64_t begin_ns = ash_os_stall_begin();
	int result = (int)ASH_MEMORY_CALL(madvise, address, size, advice);

	ash_os_stall_end(ASH_OS_STALL_SYSCALL, begin_ns);
	return result;
}

static inline void *ash_memory_call_mremap(void *address, size_t old_size, size_t new_size,
					   int flags)
{
	uint64_t begin_ns = ash_os_stall_begin();
	void *p = (void *)ASH_MEMORY_CALL(mremap, address, old_size, new_size, flags);

	ash_os_stall_end(ASH_OS_STALL_SYSCALL, begin_ns);
	return p;
}

#endif
