/*
 * The kernel says no: one system call after the other fails from a warm state on, as
 * under a sandbox or at a limit.  Allocation answers a block or NULL with ENOMEM, free
 * keeps errno and never gives up, and no byte is wrong.
 */
#include "test/support/family.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define LIVE 256

static struct {
	unsigned char *p;
	size_t size;
	unsigned char value;
} live[LIVE];

static const struct denial {
	const char *name;
	int call;
	int error;
} denials[] = {
	{"madvise: EPERM", SYS_madvise, EPERM},
	{"madvise: EINVAL", SYS_madvise, EINVAL},
	{"munmap: ENOMEM", SYS_munmap, ENOMEM},
	{"mprotect: ENOMEM", SYS_mprotect, ENOMEM},
	{"mprotect: EACCES", SYS_mprotect, EACCES},
	{"mremap: ENOMEM", SYS_mremap, ENOMEM},
	{"mmap: ENOMEM", SYS_mmap, ENOMEM},
	{"mmap: EAGAIN", SYS_mmap, EAGAIN},
	{"getrandom: ENOSYS", SYS_getrandom, ENOSYS},
	{"getcpu: EPERM", SYS_getcpu, EPERM},
	{"membarrier: EPERM", SYS_membarrier, EPERM},
	{"prctl: EPERM", SYS_prctl, EPERM},
	{"openat: EPERM", SYS_openat, EPERM},
	{"sched_getaffinity: EPERM", SYS_sched_getaffinity, EPERM},
	{"sched_yield: EPERM", SYS_sched_yield, EPERM},
	{"clock_gettime: EPERM", SYS_clock_gettime, EPERM},
	{"process_madvise: ENOSYS", SYS_process_madvise, ENOSYS},
};

/* From here on the call fails with this error. */
static void deny(const struct denial *d)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)d->call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K,
			 SECCOMP_RET_ERRNO | ((unsigned)d->error & SECCOMP_RET_DATA)),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0)
		tap_skip("system calls cannot be filtered here (seccomp)");
}

static size_t size_of(unsigned r)
{
	unsigned lg = r % 100 < 80 ? r / 7 % 10 : r % 100 < 95 ? r / 7 % 16 : r / 7 % 22;

	return ((size_t)1 << lg) + r % ((1u << lg) / 2 + 1);
}

static bool intact(unsigned i)
{
	for (size_t k = 0; k < live[i].size; k += k < 64 ? 1 : 509)
		if (live[i].p[k] != live[i].value)
			return false;
	return live[i].size == 0 || live[i].p[live[i].size - 1] == live[i].value;
}

static unsigned random_state = 12345;

static unsigned next_random(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return random_state >> 4;
}

/* Returns how many requests were refused. */
static unsigned work(unsigned operations)
{
	unsigned refused = 0;

	for (unsigned n = 0; n < operations; n++) {
		unsigned i = next_random() % LIVE;
		size_t size = size_of(next_random());
		unsigned char *p;

		CHECK(!live[i].p || intact(i), "block of %zu changed", live[i].size);
		errno = MARK;
		if (n % 7 == 0 && live[i].p) {
			p = m.realloc(live[i].p, size);
			CHECK(p || errno == ENOMEM, "realloc: errno %d", errno);
			if (!p) {
				refused++;
				CHECK(intact(i), "a refused realloc changed the block");
				continue;
			}
			if (live[i].size > size)
				live[i].size = size;
			live[i].p = p;
			CHECK(intact(i), "realloc lost bytes");
		} else {
			m.free(live[i].p);
			CHECK(errno == MARK, "free of %zu set errno %d", live[i].size, errno);
			errno = MARK;
			p = n % 3 ? m.malloc(size) : m.calloc(1, size);
			live[i].p = p;
			if (!p) {
				CHECK(errno == ENOMEM, "%zu bytes refused with errno %d", size,
				      errno);
				refused++;
				continue;
			}
			if (n % 3 == 0) {
				live[i].value = 0;
				live[i].size = size;
				CHECK(intact(i), "calloc(%zu) is not zero", size);
			}
		}
		live[i].size = size;
		live[i].value = (unsigned char)(n + 1);
		memset(p, live[i].value, size);
		if (n % 2000 == 0)
			m.trim(0);
	}
	return refused;
}

static const struct denial *current;

static void denied(void)
{
	unsigned refused;

	if (SANITIZED)
		tap_skip("sanitizer build: the sanitizer needs these calls itself");
	work(3000);
	deny(current);
	refused = work(15000);
	if (refused)
		tap_note("%s: %u of 15000 requests refused", current->name, refused);
	if (current->call != SYS_mmap)
		CHECK(refused == 0, "%u requests refused, though memory was there", refused);
	for (unsigned i = 0; i < LIVE; i++) {
		errno = MARK;
		m.free(live[i].p);
		CHECK(errno == MARK, "free set errno %d", errno);
	}
}

int main(void)
{
	tap_start();
	family_start();
	for (size_t i = 0; i < sizeof(denials) / sizeof(denials[0]); i++) {
		current = &denials[i];
		tap_case(current->name, denied);
	}
	return tap_finish();
}
