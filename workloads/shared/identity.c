#include "workloads/shared/identity.h"

#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- the definition that calls reach ------------------------------------------
 *
 * Not dlsym(): for a name that does not exist it allocates an error message, and in a
 * program that is not position independent and takes malloc's address (python does)
 * it returns an entry of the program itself, which only jumps on.  The list of loaded
 * objects is in the order in which the linker searches them, so the first object that
 * defines the name is the one that serves. */
struct search {
	const char *name;
	const void *found;
};

/* The parts of an object's dynamic section that a lookup needs. */
struct object {
	const ElfW(Sym) * symbols;
	const char *names;
	const uint32_t *gnu_hash, *hash;
};

static struct object read_object(const struct dl_phdr_info *info)
{
	struct object o = {NULL, NULL, NULL, NULL};
	const ElfW(Dyn) *d = NULL;

	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			d = (const ElfW(Dyn) *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
	for (; d && d->d_tag != DT_NULL; d++) {
		/* The linker writes addresses over the offsets, save in the kernel's vdso. */
		uintptr_t at = d->d_un.d_ptr;

		if (at < info->dlpi_addr)
			at += info->dlpi_addr;
		if (d->d_tag == DT_SYMTAB)
			o.symbols = (const ElfW(Sym) *)at;
		else if (d->d_tag == DT_STRTAB)
			o.names = (const char *)at;
		else if (d->d_tag == DT_GNU_HASH)
			o.gnu_hash = (const uint32_t *)at;
		else if (d->d_tag == DT_HASH)
			o.hash = (const uint32_t *)at;
	}
	return o;
}

static bool defines(const struct object *o, uint32_t i, const char *name)
{
	return o->symbols[i].st_shndx != SHN_UNDEF &&
	       strcmp(o->names + o->symbols[i].st_name, name) == 0;
}

/* Index of a defined symbol, or 0.  The GNU hash table: a header of four words, a
 * Bloom filter (skipped here), the buckets, then one word per symbol from the first
 * hashed one on, whose lowest bit ends a chain. */
static uint32_t find_gnu(const struct object *o, const char *name)
{
	uint32_t buckets = o->gnu_hash[0], first = o->gnu_hash[1], filter = o->gnu_hash[2];
	const uint32_t *bucket = o->gnu_hash + 4 + filter * (sizeof(ElfW(Addr)) / 4);
	const uint32_t *chain = bucket + buckets;
	uint32_t hash = 5381, i;

	for (const unsigned char *c = (const unsigned char *)name; *c; c++)
		hash = hash * 33 + *c;
	i = buckets ? bucket[hash % buckets] : 0;
	if (i < first)
		return 0;
	for (;; i++) {
		if ((chain[i - first] | 1) == (hash | 1) && defines(o, i, name))
			return i;
		if (chain[i - first] & 1)
			return 0;
	}
}

static int look_into(struct dl_phdr_info *info, size_t size, void *data)
{
	struct search *search = data;
	struct object o = read_object(info);
	uint32_t i = 0;

	(void)size;
	if (!o.symbols || !o.names)
		return 0;
	if (o.gnu_hash) {
		i = find_gnu(&o, search->name);
	} else if (o.hash) { /* the old table's second word is the number of symbols */
		for (i = o.hash[1] - 1; i > 0 && !defines(&o, i, search->name); i--)
			continue;
	}
	if (i)
		search->found = (const void *)(info->dlpi_addr + o.symbols[i].st_value);
	return i != 0;
}

static const void *address_of(const char *name)
{
	struct search search = {name, NULL};

	dl_iterate_phdr(look_into, &search);
	return search.found;
}

/* --- the file at an address ---------------------------------------------------- */

/* Of one line of maps: "from-to perms offset dev inode   path". */
static bool line_covers(const char *line, uintptr_t address)
{
	uintptr_t bound[2] = {0, 0};

	for (int i = 0; i < 2; i++, line++)
		for (; *line && *line != '-' && *line != ' '; line++)
			bound[i] = bound[i] << 4 |
				   (uintptr_t)(*line <= '9' ? *line - '0' : *line - 'a' + 10);
	return address >= bound[0] && address < bound[1];
}

int identity_file_of(const void *address, char *path, size_t size)
{
	char text[8192];
	size_t used = 0;
	ssize_t n;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	path[0] = '\0';
	if (fd < 0)
		return -1;
	/* A line has at most PATH_MAX and some characters: a whole one always fits. */
	while ((n = read(fd, text + used, sizeof(text) - 1 - used)) > 0) {
		char *line = text, *end;

		used += (size_t)n;
		text[used] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			const char *file;

			*end = '\0';
			if (!line_covers(line, (uintptr_t)address))
				continue;
			close(fd);
			file = strchr(line, '/');
			if (!file || strlen(file) >= size)
				return -1;
			strcpy(path, file);
			return 0;
		}
		used -= (size_t)(line - text);
		memmove(text, line, used);
	}
	close(fd);
	return -1;
}

/* --- the version ----------------------------------------------------------------- */

/* The function of that name, if it lies in `file`: redis-server carries a jemalloc of
 * its own that speaks for itself while another allocator serves. */
static const void *function_in(const char *file, const char *name)
{
	const void *function = address_of(name);
	char path[4096];

	if (!function || identity_file_of(function, path, sizeof(path)) < 0 ||
	    strcmp(path, file) != 0)
		return NULL;
	return function;
}

/* ISO C has no conversion from a data to a function pointer, POSIX does. */
#define CALL(type, function) ((type)(uintptr_t)(function))

static void take_version(const char *file, char *version, size_t size)
{
	const char *text = NULL, *patch = "";
	const void *f;
	int major, minor;

	if ((f = function_in(file, "ashlar_version"))) {
		text = CALL(const char *(*)(void), f)();
	} else if ((f = function_in(file, "mi_version"))) {
		int v = CALL(int (*)(void), f)();

		/* One digit each for minor and patch, two each in newer releases. */
		if (v >= 10000)
			snprintf(version, size, "%d.%d.%d", v / 10000, v / 100 % 100, v % 100);
		else
			snprintf(version, size, "%d.%d.%d", v / 100, v / 10 % 10, v % 10);
		return;
	} else if ((f = function_in(file, "tc_version"))) {
		text = CALL(const char *(*)(int *, int *, const char **), f)(&major, &minor,
									     &patch);
	} else if ((f = function_in(file, "mallctl"))) {
		size_t length = sizeof(text);

		if (CALL(int (*)(const char *, void *, size_t *, void *, size_t),
			 f)("version", &text, &length, NULL, 0) != 0)
			text = NULL;
	} else if ((f = function_in(file, "gnu_get_libc_version"))) {
		text = CALL(const char *(*)(void), f)();
	}
	snprintf(version, size, "%s", text ? text : "");
}

void identity_take(char *malloc_file, size_t malloc_file_size, char *usable_size_file,
		   size_t usable_size_file_size, char *version, size_t version_size)
{
	version[0] = '\0';
	if (identity_file_of(address_of("malloc"), malloc_file, malloc_file_size) == 0)
		take_version(malloc_file, version, version_size);
	identity_file_of(address_of("malloc_usable_size"), usable_size_file,
			 usable_size_file_size);
}

void identity_libc(char *file, size_t file_size, char *version, size_t version_size)
{
	const void *f = address_of("gnu_get_libc_version");

	file[0] = version[0] = '\0';
	if (f && identity_file_of(f, file, file_size) == 0)
		snprintf(version, version_size, "%s", CALL(const char *(*)(void), f)());
}
