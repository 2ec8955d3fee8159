/* Tells the harness, from inside a program that is not ours, which allocator serves
 * it, and how much memory it held at most.  It allocates nothing, and of
 * the functions that a program calls it defines _exit alone: shells end by it, and what
 * they used would not be told.
 *
 * Only one process is measured.  As a rule it is the one that was started: a child of it
 * inherits the variables, so both are taken out of the environment at once, and a compiler's
 * assembler or a shell's command then runs plain and does not write over the record.
 *
 * Or it is the one of a given name among all that descend from what was started.  Those have
 * this library alone, without an allocator; the one of that name executes its program once
 * more, before any of it has run, now with the allocator, and from there on goes as above. */
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "workloads/shared/channel.h"
#include "workloads/shared/identity.h"

static struct channel *channel;
static pid_t owner;

static uint64_t monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Up to size - 1 bytes of a small file. */
static size_t read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static uint64_t number_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* A program that takes malloc's address (python does) and is not position independent
 * holds an entry for it that only jumps on; that entry is then the function's official
 * address, in every object, and says nothing about where calls end.  What a call from
 * here reaches does: this library is linked with -z now, so its own jump table is
 * filled when it is loaded. */
static const void *called(const char *name)
{
	extern const char __ehdr_start[] __attribute__((visibility("hidden")));
	const ElfW(Sym) *symbols = NULL;
	const ElfW(Rela) *jumps = NULL;
	const char *names = NULL;
	size_t bytes = 0;

	for (const ElfW(Dyn) *d = _DYNAMIC; d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_SYMTAB)
			symbols = (const void *)d->d_un.d_ptr;
		else if (d->d_tag == DT_STRTAB)
			names = (const void *)d->d_un.d_ptr;
		else if (d->d_tag == DT_JMPREL)
			jumps = (const void *)d->d_un.d_ptr;
		else if (d->d_tag == DT_PLTRELSZ)
			bytes = d->d_un.d_val;
	}
	for (size_t i = 0; symbols && names && jumps && i < bytes / sizeof(*jumps); i++) {
		const ElfW(Sym) *symbol = &symbols[ELF64_R_SYM(jumps[i].r_info)];

		if (strcmp(names + symbol->st_name, name) == 0)
			return *(const void *const *)(const void *)(__ehdr_start +
								    jumps[i].r_offset);
	}
	return NULL;
}

/* Never called: gives the jump table its entries. */
__attribute__((used)) static size_t entries(void)
{
	void *volatile p = malloc(1);
	size_t size = malloc_usable_size(p);

	free(p);
	return size;
}

static void identify(void)
{
	const void *address;
	ssize_t n = readlink("/proc/self/exe", channel->executable,
			     sizeof(channel->executable) - 1);

	channel->executable[n > 0 ? n : 0] = '\0';
	identity_take(channel->malloc_file, sizeof(channel->malloc_file),
		      channel->usable_size_file, sizeof(channel->usable_size_file),
		      channel->version_text, sizeof(channel->version_text));
	identity_libc(channel->libc_file, sizeof(channel->libc_file), channel->libc_version,
		      sizeof(channel->libc_version));
	address = called("malloc");
	if (address)
		identity_file_of(address, channel->malloc_file, sizeof(channel->malloc_file));
	address = called("malloc_usable_size");
	if (address)
		identity_file_of(address, channel->usable_size_file,
				 sizeof(channel->usable_size_file));
}

static struct channel *open_channel(void)
{
	const char *text = getenv(CHANNEL_ENV);
	struct channel *c = MAP_FAILED;
	struct stat st;
	char *end;
	long fd;

	if (!text)
		return NULL;
	if (*text == '/') {
		fd = open(text, O_RDWR | O_CLOEXEC);
	} else {
		fd = strtol(text, &end, 10);
		if (*end || end == text)
			return NULL;
	}
	if (fd < 0)
		return NULL;
	if (fstat((int)fd, &st) == 0 && (size_t)st.st_size >= sizeof(struct channel)) {
		c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
		close((int)fd); /* not the program's business, nor its children's */
	}
	if (c == MAP_FAILED || c->magic != CHANNEL_MAGIC || c->version != CHANNEL_VERSION)
		return NULL;
	return c;
}

static uint64_t ns_of(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * 1000000000u + (uint64_t)tv->tv_usec * 1000u;
}

/* By the kernel's short name for it, or by the file that it executes. */
static bool is_called(const char *name, const char *file, const char *comm)
{
	const char *slash = strrchr(file, '/');

	return strncmp(comm, name, sizeof(channel->comm) - 1) == 0 ||
	       strcmp(slash ? slash + 1 : file, name) == 0;
}

static bool begins(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* Whether one of the list sets the variable that `entry` sets. */
static bool is_set(char *const *list, size_t count, const char *entry)
{
	size_t length = strcspn(entry, "=");

	for (size_t i = 0; i < count; i++)
		if (strncmp(list[i], entry, length) == 0 && list[i][length] == '=')
			return true;
	return false;
}

/* The same program once more with the variables that were kept for it.  Returns only where
 * that cannot be done: the process then goes on plain, and the harness misses its proof. */
static void execute_again(const char *file, char **argv)
{
	size_t count = 0, n = 0, then;
	struct rusage usage;
	char **list;

	while (environ[count])
		count++;
	/* No heap is to be touched here. */
	list = mmap(NULL, (count + 1) * sizeof(list[0]), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (list == MAP_FAILED)
		return;

	for (char **e = environ; *e; e++)
		if (begins(*e, CHANNEL_THEN_ENV) && strchr(*e, '='))
			list[n++] = strchr(*e, '=') + 1;
	then = n;
	for (char **e = environ; *e; e++)
		if (!begins(*e, CHANNEL_THEN_ENV) && !begins(*e, CHANNEL_MEASURE_ENV "=") &&
		    !is_set(list, then, *e))
			list[n++] = *e;
	list[n] = NULL;
	if (getrusage(RUSAGE_SELF, &usage) == 0) {
		channel->before_user_ns = ns_of(&usage.ru_utime);
		channel->before_sys_ns = ns_of(&usage.ru_stime);
		channel->before_minor_faults = (uint64_t)usage.ru_minflt;
		channel->before_major_faults = (uint64_t)usage.ru_majflt;
		channel->before_voluntary_switches = (uint64_t)usage.ru_nvcsw;
		channel->before_involuntary_switches = (uint64_t)usage.ru_nivcsw;
	}
	execve(file, argv, list);
}

/* In a process that may be the one that is measured.  Of several only the first is: the
 * harness is told how many there were. */
static void pick(const char *name, char **argv)
{
	char file[CHANNEL_PATH], comm[sizeof(channel->comm)] = "";
	ssize_t n = readlink("/proc/self/exe", file, sizeof(file) - 1);
	int32_t none = 0;

	if (getpid() == channel->root && !channel->root_seen) {
		channel->root_seen = 1;
		return;
	}
	file[n > 0 ? n : 0] = '\0';
	prctl(PR_GET_NAME, comm);
	if (!is_called(name, file, comm))
		return;
	__atomic_add_fetch(&channel->matches, 1, __ATOMIC_RELAXED);
	if (!__atomic_compare_exchange_n(&channel->pid, &none, getpid(), false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return;
	memcpy(channel->comm, comm, sizeof(comm));
	execute_again(file, argv);
}

__attribute__((constructor)) static void begin(int argc, char **argv)
{
	const char *name = getenv(CHANNEL_MEASURE_ENV);

	(void)argc;
	channel = open_channel();
	if (name) { /* in the tree; its other processes find it by these variables */
		if (channel)
			pick(name, argv);
		channel = NULL;
		return;
	}
	unsetenv(CHANNEL_ENV); /* moves pointers only */
	unsetenv("LD_PRELOAD");
	if (!channel)
		return;
	if (*channel->comm)
		prctl(PR_SET_NAME, channel->comm);
	owner = getpid();
	identify();
	channel->start_ns = monotonic();
	__atomic_store_n(&channel->state, CHANNEL_RUNNING, __ATOMIC_RELEASE);
}

/* At the normal end.  A program that ends by a signal or by the system call itself leaves this
 * out, and the harness reads what it can from outside. */
__attribute__((destructor)) static void end(void)
{
	struct rusage usage;
	char text[4096];

	if (!channel || getpid() != owner || channel->state == CHANNEL_DONE)
		return; /* a forked child that exits; _exit after exit */
	channel->end_ns = monotonic();
	if (read_text("/proc/self/status", text, sizeof(text)))
		channel->peak_rss_bytes = number_after(text, "VmHWM:") * 1024;
	if (read_text("/proc/self/schedstat", text, sizeof(text)))
		channel->runqueue_delay_ns = number_after(text, " ");
	if (getrusage(RUSAGE_SELF, &usage) == 0) {
		channel->user_ns = ns_of(&usage.ru_utime) - channel->before_user_ns;
		channel->sys_ns = ns_of(&usage.ru_stime) - channel->before_sys_ns;
		channel->minor_faults =
			(uint64_t)usage.ru_minflt - channel->before_minor_faults;
		channel->major_faults =
			(uint64_t)usage.ru_majflt - channel->before_major_faults;
		channel->voluntary_switches =
			(uint64_t)usage.ru_nvcsw - channel->before_voluntary_switches;
		channel->involuntary_switches =
			(uint64_t)usage.ru_nivcsw - channel->before_involuntary_switches;
	}
	if (getrusage(RUSAGE_CHILDREN, &usage) == 0)
		channel->children = usage.ru_maxrss > 0;
	__atomic_store_n(&channel->state, CHANNEL_DONE, __ATOMIC_RELEASE);
}

/* A forked child's _exit, and one between vfork and exec, is the system's alone. */
__attribute__((visibility("default"), noreturn)) void _exit(int status)
{
	end();
	for (;;)
		syscall(SYS_exit_group, status);
}
