/* Tells the harness, from inside a program that is not ours, which allocator serves
 * it, and how much memory it held at most.  Preloaded last, it defines no function
 * that a program could call, and allocates nothing.
 *
 * Only the process that was started is measured.  A child of it inherits the
 * variables, so both are taken out of the environment at once: a compiler's
 * assembler or a shell's command then runs plain and does not write over the record.  */
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
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

	identity_take(channel->malloc_file, sizeof(channel->malloc_file),
		      channel->usable_size_file, sizeof(channel->usable_size_file),
		      channel->version_text, sizeof(channel->version_text));
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
	struct channel *c;
	struct stat st;
	char *end;
	long fd;

	if (!text)
		return NULL;
	fd = strtol(text, &end, 10);
	if (*end || end == text || fd < 0 || fstat((int)fd, &st) < 0 ||
	    (size_t)st.st_size < sizeof(struct channel))
		return NULL;
	c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
	close((int)fd); /* not the program's business, nor its children's */
	if (c == MAP_FAILED || c->magic != CHANNEL_MAGIC || c->version != CHANNEL_VERSION)
		return NULL;
	return c;
}

__attribute__((constructor)) static void begin(void)
{
	channel = open_channel();
	unsetenv(CHANNEL_ENV); /* moves pointers only */
	unsetenv("LD_PRELOAD");
	if (!channel)
		return;
	owner = getpid();
	identify();
	channel->start_ns = monotonic();
	__atomic_store_n(&channel->state, CHANNEL_RUNNING, __ATOMIC_RELEASE);
}

/* At the normal end.  A program that ends by a signal or _exit() leaves this out,
 * and the harness reads what it can from outside. */
__attribute__((destructor)) static void end(void)
{
	struct rusage usage;
	char text[4096];

	if (!channel || getpid() != owner) /* a forked child that exits */
		return;
	channel->end_ns = monotonic();
	if (read_text("/proc/self/status", text, sizeof(text)))
		channel->peak_rss_bytes = number_after(text, "VmHWM:") * 1024;
	if (read_text("/proc/self/schedstat", text, sizeof(text)))
		channel->runqueue_delay_ns = number_after(text, " ");
	if (getrusage(RUSAGE_SELF, &usage) == 0) {
		channel->minor_faults = (uint64_t)usage.ru_minflt;
		channel->major_faults = (uint64_t)usage.ru_majflt;
		channel->voluntary_switches = (uint64_t)usage.ru_nvcsw;
		channel->involuntary_switches = (uint64_t)usage.ru_nivcsw;
	}
	__atomic_store_n(&channel->state, CHANNEL_DONE, __ATOMIC_RELEASE);
}
