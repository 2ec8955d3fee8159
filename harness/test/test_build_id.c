#include "harness/test/unit.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/base/build_id.h"

static char path[] = "/tmp/ashlar-build-id-XXXXXX";

static void write_file(const void *data, size_t size)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

/* An ELF file of one note segment that holds a foreign note and the build-id. */
struct made {
	Elf64_Ehdr head;
	Elf64_Phdr segment;
	Elf64_Nhdr other;
	char other_owner[4];
	unsigned char other_value[8];
	Elf64_Nhdr note;
	char owner[4];
	unsigned char id[20];
};

static struct made make(void)
{
	struct made m;

	memset(&m, 0, sizeof(m));
	memcpy(m.head.e_ident, ELFMAG, SELFMAG);
	m.head.e_ident[EI_CLASS] = ELFCLASS64;
	m.head.e_ident[EI_DATA] =
		__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	m.head.e_phoff = offsetof(struct made, segment);
	m.head.e_phentsize = sizeof(Elf64_Phdr);
	m.head.e_phnum = 1;
	m.segment.p_type = PT_NOTE;
	m.segment.p_offset = offsetof(struct made, other);
	m.segment.p_filesz = sizeof(m) - offsetof(struct made, other);
	m.segment.p_align = 4;
	m.other.n_namesz = 4;
	m.other.n_descsz = 8;
	m.other.n_type = NT_GNU_BUILD_ID;
	memcpy(m.other_owner, "XYZ", 4);
	m.note.n_namesz = 4;
	m.note.n_descsz = 20;
	m.note.n_type = NT_GNU_BUILD_ID;
	memcpy(m.owner, "GNU", 4);
	for (int i = 0; i < 20; i++)
		m.id[i] = (unsigned char)(0xa0 + i);
	return m;
}

static void it_is_found_behind_another_note(void **state)
{
	struct made m = make();
	char hex[BUILD_ID_TEXT], why[256];

	(void)state;
	write_file(&m, sizeof(m));
	assert_int_equal(build_id_read(path, hex, why, sizeof(why)), 0);
	assert_string_equal(hex, "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3");
}

static void damaged_files_are_refused(void **state)
{
	struct made m;
	char hex[BUILD_ID_TEXT], why[256];

	(void)state;
	m = make();
	m.note.n_descsz = 4000; /* beyond the segment */
	write_file(&m, sizeof(m));
	assert_int_equal(build_id_read(path, hex, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "no build-id"));
	m = make();
	m.other.n_namesz = 0xfffffff0u; /* a sum that would wrap in 32 bits */
	write_file(&m, sizeof(m));
	assert_int_equal(build_id_read(path, hex, why, sizeof(why)), -1);
	m = make();
	m.segment.p_offset = ~0ull;
	write_file(&m, sizeof(m));
	assert_int_equal(build_id_read(path, hex, why, sizeof(why)), -1);
	m = make();
	m.head.e_phoff = ~0ull - 8;
	write_file(&m, sizeof(m));
	assert_int_equal(build_id_read(path, hex, why, sizeof(why)), -1);
	m = make();
	m.head.e_ident[EI_CLASS] = ELFCLASS32;
	write_file(&m, sizeof(m));
	assert_int_equal(build_id_read(path, hex, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "64-bit"));
	/* Cut at every length: never a crash, never a made-up answer. */
	m = make();
	for (size_t size = 0; size < sizeof(m); size++) {
		write_file(&m, size);
		assert_int_equal(build_id_read(path, hex, why, sizeof(why)), -1);
		assert_string_equal(hex, "");
	}
	assert_int_equal(build_id_read("/nowhere/at/all", hex, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "/nowhere/at/all"));
	assert_int_equal(build_id_read("/", hex, why, sizeof(why)), -1);
}

static int create(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int destroy(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_found_behind_another_note),
		cmocka_unit_test(damaged_files_are_refused),
	};

	return cmocka_run_group_tests(tests, create, destroy);
}
