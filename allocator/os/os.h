/* The contract with the kernel: all that the allocator asks of it.
 *
 * Addresses and lengths are multiples of the OS page unless said otherwise.  Functions
 * that can fail return false or NULL and leave errno as the kernel set it; nothing here
 * prints, allocates, or takes a lock. */
#ifndef ASH_OS_OS_H
#define ASH_OS_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "os/fault.h"
#include "util/compiler.h"

/* Reads page size, CPUs and memory.  Called once, before anything else here. */
void ash_os_init(void);

/* Size of an OS page in bytes: 4, 16 or 64 KiB. */
extern size_t ash_os_page ASH_HIDDEN;
extern unsigned ash_os_page_shift ASH_HIDDEN;

/* Fresh zeroed memory, readable and writable, at an address of the kernel's choice that
 * is a multiple of `align` (a power of two; 0 = the OS page).  NULL on failure. */
void *ash_os_map(size_t size, size_t align);

/* The same at exactly this address.  False with EEXIST where something lies there. */
bool ash_os_map_at(void *address, size_t size);
/* The same, with more flags of mmap's. */
bool ash_os_map_at_with(void *address, size_t size, int flags);

/* Fresh zeroed memory that a child by fork shares with its parent, written or not.  NULL on
 * failure. */
void *ash_os_map_shared(size_t size);

/* Address space that reads as zero and cannot be written; costs no memory or commit. */
void *ash_os_map_readonly(size_t size);
/* Makes part of it writable. */
bool ash_os_make_writable(void *address, size_t size);
/* Gives whole pages of anybody's this protection, a sum of PROT_*. */
bool ash_os_protect(void *address, size_t size, int protection);

/* Gives the range back whole.  May fail where it would split a mapping and the limit of
 * mappings is reached; the memory is then still there, with its content. */
bool ash_os_unmap(void *address, size_t size);

/* Gives the pages back and keeps the range: it reads as zero again when touched.  False
 * where the kernel refuses (mlocked memory). */
bool ash_os_purge(void *address, size_t size);

/* Leaves the pages to the kernel, which takes them when it needs memory: until then they hold
 * what they held, and writing to them keeps them.  False where the kernel refuses or does not
 * know how. */
bool ash_os_purge_lazily(void *address, size_t size);

/* What this thread gave back by the three calls above, in all: how much one call of the program
 * did is a difference of two looks. */
struct ash_os_given {
	uint64_t ranges, bytes;
};
extern __thread struct ash_os_given ash_os_given ASH_HIDDEN;

/* The same as time, for budgets: about what the kernel took for it on a machine of 2020.  A
 * clock of CPU time is a system call, and counts what others did to this CPU. */
#define ASH_OS_RANGE_NS 1000u
#define ASH_OS_MIB_NS 32000u
ASH_INLINE uint64_t ash_os_given_ns(void)
{
	return ash_os_given.ranges * ASH_OS_RANGE_NS +
	       (ash_os_given.bytes >> 10) * ASH_OS_MIB_NS / 1024;
}

/* CPU time that calls of this room may have taken since the last look at ash_os_thread_cpu_ns.
 */
extern __thread uint64_t ash_os_plausible_ns ASH_HIDDEN;

/* Grows or shrinks a mapping, moving it where `may_move`; returns the new address or
 * NULL, the old mapping then being as before. */
void *ash_os_remap(void *address, size_t old_size, size_t new_size, bool may_move);

/* Whether something is mapped at this page, anybody's; true where that cannot be told.  errno
 * stays. */
bool ash_os_is_mapped(const void *page);

/* Whether the kernel would map so many bytes now, nothing being left mapped; true also where
 * asking would make them resident (mlockall). */
bool ash_os_could_map(size_t size);

/* These ask the kernel once, while the process starts: a program that confined itself may not.
 */
uint64_t ash_os_memory_bytes(void); /* RAM of the machine */
/* The lesser of RLIMIT_AS and RLIMIT_DATA in bytes, UINT64_MAX = none.  Memory of ours counts
 * toward both, but for what is mapped to be read only. */
uint64_t ash_os_address_limit(void);
unsigned ash_os_usable_cpus(void); /* by affinity mask and CPU quota of the container; >= 1 */
unsigned ash_os_current_cpu(void); /* a hint; 0 where it cannot be told */
uint64_t ash_os_coarse_clock_ns(void); /* monotonic, a few ms of resolution, a few ns of cost */
uint64_t ash_os_clock_ns(void);        /* monotonic, exact, tens of ns of cost */
/* CPU time of this thread, as far as it can be told without a system call: the time that
 * passes, of which between two looks no more counts than what was given back meanwhile may have
 * taken.  The rest the thread did not run. */
uint64_t ash_os_thread_cpu_ns(void);
/* What the vDSO's clock said when this thread last asked for its CPU time; 0 where that was not
 * told by it. */
extern __thread uint64_t ash_os_looked_ns ASH_HIDDEN;
/* (Where a clock cannot be read: 0, but CPU time stands still, for it is its differences that
 * are asked for.) */
bool ash_os_secure_process(void); /* setuid or the like: the environment is not to be trusted */
const char *
ash_os_environment(const char *name); /* NULL where unset or the process is secure */
/* The path that the program was started by, as the kernel was given it; NULL where it told
 * none. */
const char *ash_os_started_as(void);

/* Reads a small file of the kernel, `size` bytes at most with the NUL at the end; returns its
 * length, 0 where it cannot be read. */
size_t ash_os_read_file(const char *path, char *text, size_t size);

/* Where a symbolic link leads to, as text; its length, 0 where there is no such link or the
 * text does not fit with its NUL. */
size_t ash_os_read_link(const char *path, char *text, size_t size);

/* A file of the kernel that is kept open, to be read again by the thread that opened it.
 * Programs close descriptors that are not theirs, and get their numbers for files of their own:
 * one that is no longer what was opened is forgotten. */
struct ash_os_kept {
	int fd; /* < 0: none */
	uint64_t device, file;
};
#define ASH_OS_NOT_KEPT ((struct ash_os_kept){-1, 0, 0})

/* False where it cannot be opened.  The descriptor's number is 100 or more where the limit
 * allows, and it is closed by exec. */
bool ash_os_keep_file(const char *path, struct ash_os_kept *kept);
/* Whether the descriptor still is what was opened; forgets it where it is not. */
bool ash_os_is_kept(struct ash_os_kept *kept);
/* From its beginning, as ash_os_read_file. */
size_t ash_os_read_kept(struct ash_os_kept *kept, char *text, size_t size);
void ash_os_let_go(struct ash_os_kept *kept);

/* Whether the program has taken system calls from this thread since the process started
 * (seccomp): opening a file might then kill it.  The first notes how it was at the start.  The
 * last is true also where that cannot be told, for what can as well be left. */
void ash_os_note_confinement(void);
bool ash_os_is_confined(void);
bool ash_os_may_be_confined(void);

/* Gives this thread the CPUs that the process had when ash_os_usable_cpus was asked, and the
 * ordinary scheduling policy, whoever made it. */
void ash_os_schedule_as_process(void);

/* Waits while *word == value, at most until woken; wakes one waiter. */
void ash_os_futex_wait(uint32_t *word, uint32_t value);
/* At most so long; UINT64_MAX = however long. */
void ash_os_futex_wait_for(uint32_t *word, uint32_t value, uint64_t ns);
void ash_os_futex_wake(uint32_t *word);
void ash_os_futex_wake_all(uint32_t *word);
void ash_os_sleep(uint64_t ns);
/* Gives the CPU to whoever waits for it, for some 60 us. */
void ash_os_yield(void);

/* Tests bring clocks of their own: where set it is asked in place of the kernel, in ns.  NULL
 * in production. */
enum ash_clock { ASH_CLOCK_COARSE, ASH_CLOCK_MONOTONIC, ASH_CLOCK_THREAD_CPU };
extern uint64_t (*ash_os_clock_hook)(enum ash_clock clock);

#endif
