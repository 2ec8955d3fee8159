#include "os/vdso.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "util/system_call.h"

#ifdef __x86_64__
#define CLOCK_NAME "__vdso_clock_gettime"
#else
#define CLOCK_NAME "__kernel_clock_gettime"
#endif

static int (*clock_function)(clockid_t clock, struct timespec *now);

/* What of the image leads to a symbol. */
struct image {
	const char *start;
	uintptr_t shift; /* from the addresses that it speaks of to where it lies */
	const Elf64_Sym *symbols;
	const char *names;
	const uint32_t *hash, *gnu_hash; /* one of the two may not be there */
};

static bool read_image(struct image *image)
{
	const Elf64_Ehdr *header = (const void *)image->start;
	const Elf64_Phdr *segment = (const void *)(image->start + header->e_phoff);
	const Elf64_Dyn *entry = NULL;
	bool loaded = false;

	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
		return false;
	for (unsigned i = 0; i < header->e_phnum; i++) {
		if (segment[i].p_type == PT_LOAD && !loaded) {
			image->shift = (uintptr_t)image->start + segment[i].p_offset -
				       segment[i].p_vaddr;
			loaded = true;
		} else if (segment[i].p_type == PT_DYNAMIC) {
			entry = (const void *)(image->start + segment[i].p_offset);
		}
	}
	if (entry == NULL || !loaded)
		return false;
	for (; entry->d_tag != DT_NULL; entry++) {
		const void *at = (const void *)(entry->d_un.d_ptr + image->shift);

		switch (entry->d_tag) {
		case DT_SYMTAB:
			image->symbols = at;
			break;
		case DT_STRTAB:
			image->names = at;
			break;
		case DT_HASH:
			image->hash = at;
			break;
		case DT_GNU_HASH:
			image->gnu_hash = at;
			break;
		default:
			break;
		}
	}
	return image->symbols != NULL && image->names != NULL;
}

/* How many symbols there are, which only the tables of hashes tell. */
static uint32_t count_symbols(const struct image *image)
{
	const uint32_t *header = image->gnu_hash, *buckets, *chain;
	uint32_t last = 0;

	if (image->hash != NULL)
		return image->hash[1];
	if (header == NULL)
		return 0;
	/* Number of buckets, first symbol, words of the filter (of 64 bits), a shift; the
	 * filter, the buckets, and a chain in which the last symbol of each bucket is odd. */
	buckets = header + 4 + 2 * (size_t)header[2];
	chain = buckets + header[0];
	for (uint32_t i = 0; i < header[0]; i++)
		if (buckets[i] > last)
			last = buckets[i];
	if (last < header[1])
		return 0;
	while ((chain[last - header[1]] & 1) == 0)
		last++;
	return last + 1;
}

void ash_vdso_init(unsigned long start)
{
	struct image image = {.start = (const char *)start};
	uint32_t count;

	clock_function = ashlar_clock_gettime;
	if (clock_function != NULL || start == 0 || !read_image(&image))
		return;
	count = count_symbols(&image);
	for (uint32_t i = 0; i < count; i++) {
		const Elf64_Sym *symbol = &image.symbols[i];

		if (symbol->st_shndx != SHN_UNDEF &&
		    strcmp(image.names + symbol->st_name, CLOCK_NAME) == 0) {
			uintptr_t address = symbol->st_value + image.shift;

			memcpy(&clock_function, &address, sizeof(address));
			return;
		}
	}
}

bool ash_vdso_found(void)
{
	return clock_function != NULL;
}

int ash_vdso_clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock_function != NULL && clock_function(clock, now) == 0)
		return 0;
	return (int)ash_system_call(SYS_clock_gettime, clock, now);
}

uint64_t ash_vdso_now_ns(void)
{
	struct timespec now;

	/* (It knows of no errno; another one that is asked for this has no reason to fail.) */
	if (clock_function == NULL || clock_function(CLOCK_MONOTONIC, &now) != 0)
		return 0;
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
