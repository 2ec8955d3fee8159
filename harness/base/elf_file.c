#include "harness/base/elf_file.h"

#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/file.h"
#include "harness/base/message.h"

/* A file in memory.  Whatever it says of places in itself is checked against its end: it may be
 * anything that a user named. */
struct image {
	char *bytes;
	size_t size;
	const Elf64_Shdr *sections; /* aligned, or the file is refused */
	size_t nsections;
};

static bool holds(const struct image *image, uint64_t at, uint64_t size)
{
	return at <= image->size && size <= image->size - at;
}

static bool open_image(struct image *image, const char *path)
{
	Elf64_Ehdr head;

	*image = (struct image){.size = 0};
	image->bytes = file_read_bytes(path, &image->size);
	if (!image->bytes)
		return false;
	if (image->size < sizeof(head))
		return false;
	memcpy(&head, image->bytes, sizeof(head));
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
	    head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_shentsize != sizeof(Elf64_Shdr) ||
	    head.e_shoff % _Alignof(Elf64_Shdr) ||
	    !holds(image, head.e_shoff, (uint64_t)head.e_shnum * sizeof(Elf64_Shdr)))
		return false;
	image->sections = (const Elf64_Shdr *)(const void *)(image->bytes + head.e_shoff);
	image->nsections = head.e_shnum;
	return true;
}

/* A section's bytes, or NULL where the file lacks them. */
static const char *bytes_of(const struct image *image, const Elf64_Shdr *section)
{
	if (section->sh_type == SHT_NOBITS ||
	    !holds(image, section->sh_offset, section->sh_size))
		return NULL;
	return image->bytes + section->sh_offset;
}

/* A text in a table of them; "" where it does not end within. */
static const char *text_at(const struct image *image, size_t table, uint64_t at)
{
	const Elf64_Shdr *section = &image->sections[table];
	const char *bytes = table < image->nsections ? bytes_of(image, section) : NULL;

	if (!bytes || at >= section->sh_size ||
	    !memchr(bytes + at, '\0', section->sh_size - at))
		return "";
	return bytes + at;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *joined(const char *bytes, size_t size)
{
	const char **words = NULL;
	size_t n = 0;
	char *text = text_format("%s", "");

	for (size_t at = 0; at < size;) {
		size_t length = strnlen(bytes + at, size - at);

		if (length && at + length < size) {
			words = list_grown(words, n, sizeof(*words));
			words[n++] = bytes + at;
		}
		at += length + 1;
	}
	if (n)
		qsort(words, n, sizeof(*words), by_name);
	for (size_t i = 0; i < n; i++)
		if (!i || strcmp(words[i], words[i - 1]) != 0)
			text_append(&text, "%s%s", *text ? "; " : "", words[i]);
	free(words);
	return text;
}

char *elf_compilers(const char *path)
{
	char *text = NULL;
	struct image image;

	if (open_image(&image, path)) {
		Elf64_Ehdr head;

		memcpy(&head, image.bytes, sizeof(head));
		for (size_t i = 0; i < image.nsections && !text; i++) {
			const Elf64_Shdr *s = &image.sections[i];
			const char *bytes = bytes_of(&image, s);

			if (bytes && strcmp(text_at(&image, head.e_shstrndx, s->sh_name),
					    ".comment") == 0)
				text = joined(bytes, s->sh_size);
		}
	}
	free(image.bytes);
	return text ? text : text_format("%s", "");
}

bool elf_defines(const char *path, const char *symbol)
{
	struct image image;
	bool found = false;

	if (open_image(&image, path))
		for (size_t i = 0; i < image.nsections && !found; i++) {
			const Elf64_Shdr *s = &image.sections[i];
			const char *bytes =
				s->sh_type == SHT_DYNSYM ? bytes_of(&image, s) : NULL;

			for (size_t at = 0;
			     bytes && !found && at + sizeof(Elf64_Sym) <= s->sh_size;
			     at += sizeof(Elf64_Sym)) {
				Elf64_Sym sym;

				memcpy(&sym, bytes + at, sizeof(sym));
				found = sym.st_shndx != SHN_UNDEF &&
					strcmp(text_at(&image, s->sh_link, sym.st_name),
					       symbol) == 0;
			}
		}
	free(image.bytes);
	return found;
}
