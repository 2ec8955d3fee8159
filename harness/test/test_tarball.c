#include "harness/test/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>
#include "harness/base/file.h"
#include "harness/base/tarball.h"

static char folder[] = "/tmp/ashlar-tarball-XXXXXX";
static char path[64], other[64];
static char why[512];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/a.tar.zst", folder);
	snprintf(other, sizeof(other), "%s/b.tar.zst", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	file_remove_tree(folder);
	return 0;
}

static void expect_refused(const char *word)
{
	struct tarball t;

	why[0] = '\0';
	assert_int_equal(tarball_read(&t, path, why, sizeof(why)), -1);
	if (!strstr(why, word) || !strstr(why, path))
		fail_msg("'%s' does not say '%s' of '%s'", why, word, path);
	assert_int_equal(t.count, 0);
}

static void what_is_written_is_read(void **state)
{
	static const char odd[] = {0, 1, '\n', (char)0xff, 0};
	struct tarball t = {0}, back;
	char *large = malloc(3000000);

	(void)state;
	assert_non_null(large);
	for (size_t i = 0; i < 3000000; i++)
		large[i] = (char)(i * i >> 7);
	tarball_add(&t, "timeline/2.tsv", "ms\n", 3);
	tarball_add(&t, "cdf/x.tsv", odd, sizeof(odd));
	tarball_add(&t, "timeline/10.tsv", large, 3000000);
	tarball_add(&t, "latency/1.tsv", "", 0);
	assert_int_equal(tarball_write(&t, path, why, sizeof(why)), 0);
	assert_int_equal(tarball_read(&back, path, why, sizeof(why)), 0);
	assert_int_equal(back.count, 4);
	for (size_t i = 0; i < t.count; i++) {
		const struct tarball_file *file = tarball_find(&back, t.files[i].name);

		assert_non_null(file);
		assert_int_equal(file->size, t.files[i].size);
		assert_memory_equal(file->data, t.files[i].data, file->size);
	}
	assert_null(tarball_find(&back, "timeline/3.tsv"));
	tarball_free(&back);
	tarball_free(&t);
	free(large);
}

static void the_same_files_give_the_same_bytes(void **state)
{
	struct tarball there = {0}, back = {0};
	char name[32], *a, *b;
	size_t na, nb;

	(void)state;
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "timeline/%d.tsv", i);
		tarball_add(&there, name, name, strlen(name));
	}
	for (int i = 49; i >= 0; i--) {
		snprintf(name, sizeof(name), "timeline/%d.tsv", i);
		tarball_add(&back, name, name, strlen(name));
	}
	assert_int_equal(tarball_write(&there, path, why, sizeof(why)), 0);
	sleep(1); /* the time of day is not in it either */
	assert_int_equal(tarball_write(&back, other, why, sizeof(why)), 0);
	a = file_read_bytes(path, &na);
	b = file_read_bytes(other, &nb);
	assert_int_equal(na, nb);
	assert_memory_equal(a, b, na);
	free(a);
	free(b);
	tarball_free(&there);
	tarball_free(&back);
}

static void names_that_leave_the_folder_are_refused(void **state)
{
	static const char *const bad[] = {"../x", "/etc/x", "a/../../x", "a/..", ".."};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct tarball t = {0};

		tarball_add(&t, "timeline/1.tsv", "good", 4);
		tarball_add(&t, bad[i], "bad", 3);
		assert_int_equal(tarball_write(&t, path, why, sizeof(why)), 0);
		tarball_free(&t);
		expect_refused("leaves its folder");
	}
}

static void dots_within_a_name_are_no_harm(void **state)
{
	struct tarball t = {0}, back;

	(void)state;
	tarball_add(&t, "a/..x/b..", "1", 1);
	tarball_add(&t, "./c", "2", 1);
	assert_int_equal(tarball_write(&t, path, why, sizeof(why)), 0);
	assert_int_equal(tarball_read(&back, path, why, sizeof(why)), 0);
	assert_non_null(tarball_find(&back, "a/..x/b.."));
	assert_non_null(tarball_find(&back, "c"));
	tarball_free(&t);
	tarball_free(&back);
}

static void a_name_twice_is_refused(void **state)
{
	struct tarball t = {0};

	(void)state;
	tarball_add(&t, "x", "1", 1);
	tarball_add(&t, "x", "2", 1);
	assert_int_equal(tarball_write(&t, path, why, sizeof(why)), 0);
	tarball_free(&t);
	expect_refused("'x' twice");
}

/* A tar of one entry without content, of this type ('0' a file, '2' a link, '5' a folder). */
static void write_entry(const char *name, char type)
{
	char tar[2048] = "", packed[4096];
	unsigned sum = 0;
	size_t size;

	snprintf(tar, 100, "%s", name);
	memcpy(tar + 100, "0000644\0000000000\0000000000\00000000000000\00000000000000", 48);
	memset(tar + 148, ' ', 8);
	tar[156] = type;
	if (type == '2')
		memcpy(tar + 157, "/etc/passwd", 11);
	memcpy(tar + 257, "ustar\00000", 8);
	for (int i = 0; i < 512; i++)
		sum += (unsigned char)tar[i];
	snprintf(tar + 148, 8, "%06o", sum);
	size = ZSTD_compress(packed, sizeof(packed), tar, sizeof(tar), 1);
	assert_false(ZSTD_isError(size));
	assert_int_equal(file_write_bytes(path, packed, size), 0);
}

static void only_regular_files_are_taken(void **state)
{
	struct tarball t;

	(void)state;
	write_entry("timeline/1.tsv", '2');
	expect_refused("no regular file");
	write_entry("timeline/", '5'); /* other tars name the folders too */
	assert_int_equal(tarball_read(&t, path, why, sizeof(why)), 0);
	assert_int_equal(t.count, 0);
	write_entry("timeline/1.tsv", '0');
	assert_int_equal(tarball_read(&t, path, why, sizeof(why)), 0);
	assert_int_equal(t.count, 1);
	tarball_free(&t);
}

/* Each byte changed, and each length cut: refused, or (a byte that means nothing, such as an
 * unused bit of a header) read as it was. */
static void no_damage_goes_unseen(void **state)
{
	struct tarball t = {0};
	char *whole;
	size_t size;

	(void)state;
	for (int i = 0; i < 40; i++) {
		char name[32];

		snprintf(name, sizeof(name), "latency/%d.tsv", i);
		tarball_add(&t, name, folder, (size_t)(i % 20));
	}
	assert_int_equal(tarball_write(&t, path, why, sizeof(why)), 0);
	whole = file_read_bytes(path, &size);
	assert_non_null(whole);
	for (size_t n = 0; n < size; n++) {
		assert_int_equal(file_write_bytes(path, whole, n), 0);
		expect_refused(n < 5 ? "" : "cut short");
	}
	for (size_t i = 0; i < size; i++) {
		struct tarball back;

		whole[i] ^= 0x10;
		assert_int_equal(file_write_bytes(path, whole, size), 0);
		whole[i] ^= 0x10;
		if (tarball_read(&back, path, why, sizeof(why)) < 0)
			continue;
		assert_int_equal(back.count, t.count);
		for (size_t k = 0; k < t.count; k++)
			assert_memory_equal(back.files[k].data, t.files[k].data,
					    t.files[k].size);
		tarball_free(&back);
	}
	free(whole);
	tarball_free(&t);
}

static void what_is_no_archive_is_refused(void **state)
{
	char packed[256];
	size_t size = ZSTD_compress(packed, sizeof(packed), "a text of some length", 21, 1);

	(void)state;
	assert_int_equal(file_write(path, "just a text"), 0);
	expect_refused("not zstd");
	assert_int_equal(file_write_bytes(path, packed, size), 0);
	expect_refused("no tar archive");
	unlink(path);
	expect_refused("No such file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(the_same_files_give_the_same_bytes),
		cmocka_unit_test(names_that_leave_the_folder_are_refused),
		cmocka_unit_test(dots_within_a_name_are_no_harm),
		cmocka_unit_test(a_name_twice_is_refused),
		cmocka_unit_test(only_regular_files_are_taken),
		cmocka_unit_test(no_damage_goes_unseen),
		cmocka_unit_test(what_is_no_archive_is_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
