#include "harness/base/build_id.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/base/message.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OWN_DATA ELFDATA2LSB
#else
#define OWN_DATA ELFDATA2MSB
#endif

static uint64_t align_up(uint64_t n, uint64_t align)
{
	return (n + align - 1) & ~(align - 1);
}

/* Walks one segment of notes; every step is checked against its end, because the
 * file may be anything that a user named. */
static int search_notes(const unsigned char *note, uint64_t size, uint64_t align, char *hex)
{
	align = align == 8 ? 8 : 4;
	while (size >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr head;
		uint64_t name_at = sizeof(head), value_at, next;

		memcpy(&head, note, sizeof(head));
		value_at = align_up(name_at + head.n_namesz, align);
		next = align_up(value_at + head.n_descsz, align);
		if (value_at > size || head.n_descsz > size - value_at)
			return -1;
		if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 &&
		    memcmp(note + name_at, "GNU", 4) == 0 && head.n_descsz > 0 &&
		    head.n_descsz <= (BUILD_ID_TEXT - 1) / 2) {
			for (uint32_t i = 0; i < head.n_descsz; i++)
				sprintf(hex + 2 * i, "%02x", note[value_at + i]);
			return 0;
		}
		if (next > size)
			return -1;
		note += next;
		size -= next;
	}
	return -1;
}

static int search_file(const unsigned char *file, uint64_t size, char *hex)
{
	Elf64_Ehdr head;

	memcpy(&head, file, sizeof(head));
	if (head.e_phentsize != sizeof(Elf64_Phdr) || head.e_phoff > size ||
	    head.e_phnum > (size - head.e_phoff) / sizeof(Elf64_Phdr))
		return -1;
	for (unsigned i = 0; i < head.e_phnum; i++) {
		Elf64_Phdr segment;

		memcpy(&segment, file + head.e_phoff + i * sizeof(segment), sizeof(segment));
		if (segment.p_type != PT_NOTE || segment.p_offset > size ||
		    segment.p_filesz > size - segment.p_offset)
			continue;
		if (search_notes(file + segment.p_offset, segment.p_filesz, segment.p_align,
				 hex) == 0)
			return 0;
	}
	return -1;
}

int build_id_read(const char *path, char hex[BUILD_ID_TEXT], char *why, size_t why_size)
{
	unsigned char *file;
	struct stat st;
	int fd, result;

	hex[0] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return because(why, why_size, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return because(why, why_size, "%s: not a regular file", path);
	}
	if ((uint64_t)st.st_size < sizeof(Elf64_Ehdr)) {
		close(fd);
		return because(why, why_size, "%s: too short for an ELF file", path);
	}
	file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (file == MAP_FAILED)
		return because(why, why_size, "%s: %s", path, strerror(errno));
	if (memcmp(file, ELFMAG, SELFMAG) != 0 || file[EI_CLASS] != ELFCLASS64 ||
	    file[EI_DATA] != OWN_DATA)
		result =
			because(why, why_size,
				"%s: not a 64-bit ELF file of this machine's byte order", path);
	else if (search_file(file, (uint64_t)st.st_size, hex) < 0)
		result = because(why, why_size, "%s: has no build-id", path);
	else
		result = 0;
	munmap(file, (size_t)st.st_size);
	return result;
}
