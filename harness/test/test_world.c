/* Worlds: what one is, the command lines of its loader, what it takes, and the proof that a
 * process stood on its C library.  The world is made of empty files by the test. */
#include "harness/test/unit.h"

#include <elf.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/contenders/world.h"
#include "harness/trial/proof.h"

static char worlds[] = "/tmp/ashlar-world-XXXXXX";
static char *loader; /* the base name of this program's own */

static void put(const char *name, const char *text)
{
	char *path = text_format("%s/new/%s", worlds, name), *slash = strrchr(path, '/');

	*slash = '\0';
	assert_int_equal(file_make_folder(path), 0);
	*slash = '/';
	assert_int_equal(file_write(path, text), 0);
	free(path);
}

static void make(void)
{
	char *path = text_format("usr/lib/here/%s", loader);

	put(path, "");
	free(path);
	put("usr/lib/here/libc.so.6", "");
	put("usr/lib/here/libquick.so.3", "");
	put("usr/lib/far/away/libfar.so", "");
	put("packages", "libc6 2.43-7 new 1\nlibquick3 3.7.0-1 backports 2\n");
	put("refused", "slow: no suite has it\nslower: nor this: one\n");
}

static void a_world_is_found(void **state)
{
	struct world w;
	char why[600], line[100], *text, *there = text_format("%s/new/usr/lib/here", worlds);

	(void)state;
	make();
	assert_int_equal(world_open(&w, worlds, "new", why, sizeof(why)), 0);
	assert_string_equal(w.libraries, there);
	assert_string_equal(w.version, "libc6 2.43-7");
	assert_int_equal(w.npackages, 2);
	assert_true(strncmp(w.loader, there, strlen(there)) == 0);
	text = world_find(&w, "libquick.so.3");
	assert_true(strstr(text, "/here/libquick.so.3"));
	free(text);
	text = world_find(&w, "libfar.so");
	assert_true(strstr(text, "/far/away/libfar.so"));
	free(text);
	assert_null(world_find(&w, "libnone.so"));
	text = world_package(&w, "libquick2 libquick[0-9]");
	assert_string_equal(text, "libquick3 3.7.0-1");
	free(text);
	assert_null(world_package(&w, "libquick"));
	assert_string_equal(world_refusal(&w, "slow", line, sizeof(line)), "no suite has it");
	assert_string_equal(world_refusal(&w, "slower", line, sizeof(line)), "nor this: one");
	assert_string_equal(world_refusal(&w, "slo", line, sizeof(line)), "");
	world_close(&w);
	free(there);
}

static void what_is_none_says_why(void **state)
{
	struct world w;
	char why[600], *path;

	(void)state;
	assert_int_equal(world_open(&w, worlds, "none", why, sizeof(why)), -1);
	assert_non_null(strstr(why, "fetch --world none"));
	assert_int_equal(world_open(&w, worlds, "../etc", why, sizeof(why)), -1);
	make();
	put("packages", "libquick3 3.7.0-1 backports 2\n");
	assert_int_equal(world_open(&w, worlds, "new", why, sizeof(why)), -1);
	assert_non_null(strstr(why, "libc6"));
	make();
	path = text_format("%s/new/usr/lib/here/libc.so.6", worlds);
	assert_int_equal(remove(path), 0);
	free(path);
	assert_int_equal(world_open(&w, worlds, "new", why, sizeof(why)), -1);
	assert_non_null(strstr(why, "libc.so.6"));
	path = text_format("%s/new/usr/lib/here/%s", worlds, loader);
	assert_int_equal(remove(path), 0);
	free(path);
	assert_int_equal(world_open(&w, worlds, "new", why, sizeof(why)), -1);
	assert_non_null(strstr(why, "no loader"));
}

static void the_loader_is_told_everything(void **state)
{
	struct world w = {.loader = (char *)"/w/ld.so", .libraries = (char *)"/w/lib:/w/usr"};
	static const struct {
		const char *preload, *argv0, *words[WORLD_WORDS];
	} cases[] = {
		{NULL, NULL, {"/w/ld.so", "--library-path", "/w/lib:/w/usr", "/bin/p"}},
		{"/a.so:/b.so",
		 NULL,
		 {"/w/ld.so", "--library-path", "/w/lib:/w/usr", "--preload", "/a.so:/b.so",
		  "/bin/p"}},
		{"/a.so",
		 "q",
		 {"/w/ld.so", "--argv0", "q", "--library-path", "/w/lib:/w/usr", "--preload",
		  "/a.so", "/bin/p"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *words[WORLD_WORDS];
		int n = world_start(&w, cases[i].preload, cases[i].argv0, "/bin/p", words);

		assert_null(words[n]);
		for (int k = 0; k <= n; k++)
			if (!words[k] || !cases[i].words[k])
				assert_ptr_equal(words[k], cases[i].words[k]);
			else
				assert_string_equal(words[k], cases[i].words[k]);
	}
}

static void only_its_own_kind_is_taken(void **state)
{
	struct world w = {.loader = text_format("/w/%s", loader)};
	ElfW(Ehdr) header;
	char why[400], *path = text_format("%s/program", worlds);
	static const struct {
		const char *text, *said;
	} cases[] = {
		{"#!/bin/sh\n", "script"},
		{"", "no program"},
		{"plain text of some length that is "
		 "no program, whatever it says",
		 "no program"},
	};

	(void)state;
	assert_int_equal(world_takes(&w, "/proc/self/exe", why, sizeof(why)), 0);
	assert_int_equal(world_takes(&w, "/no/such", why, sizeof(why)), -1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(file_write(path, cases[i].text), 0);
		assert_int_equal(world_takes(&w, path, why, sizeof(why)), -1);
		if (!strstr(why, cases[i].said))
			fail_msg("'%s' does not say '%s'", why, cases[i].said);
	}
	/* Without a loader of its own. */
	memset(&header, 0, sizeof(header));
	memcpy(header.e_ident, ELFMAG, SELFMAG);
	header.e_ident[EI_CLASS] = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
	assert_int_equal(file_write_bytes(path, &header, sizeof(header)), 0);
	assert_int_equal(world_takes(&w, path, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "statically"));
	header.e_ident[EI_CLASS] = sizeof(void *) == 8 ? ELFCLASS32 : ELFCLASS64;
	assert_int_equal(file_write_bytes(path, &header, sizeof(header)), 0);
	assert_int_equal(world_takes(&w, path, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "architecture"));
	/* Another loader. */
	free(w.loader);
	w.loader = text_format("/w/ld-other.so.9");
	assert_int_equal(world_takes(&w, "/proc/self/exe", why, sizeof(why)), -1);
	assert_non_null(strstr(why, "ld-other.so.9"));
	free(w.loader);
	free(path);
}

/* One process's word against the world's files. */
static enum sample_status proven(const char *libc, uint32_t children, bool in_world,
				 const char *said)
{
	static struct sample sample;
	static struct channel channel;
	char *mine = text_format("%s/mine.so", worlds), *own = text_format("%s/libc", worlds);
	struct world world = {.name = (char *)"new", .libc = own};
	struct contender c = {.name = (char *)"mine", .path = mine};

	assert_int_equal(file_write(mine, ""), 0);
	assert_int_equal(file_write(own, ""), 0);
	memset(&sample, 0, sizeof(sample));
	memset(&channel, 0, sizeof(channel));
	c.world = in_world ? &world : NULL;
	sample.contender = &c;
	snprintf(channel.malloc_file, sizeof(channel.malloc_file), "%s", mine);
	snprintf(channel.libc_file, sizeof(channel.libc_file), "%s", libc ? libc : own);
	snprintf(channel.libc_version, sizeof(channel.libc_version), "2.43");
	channel.children = children;
	proof_take(&sample, &channel);
	assert_string_equal(sample.libc, "2.43");
	if (said && !strstr(sample.reason, said))
		fail_msg("'%s' does not say '%s'", sample.reason, said);
	free(mine);
	free(own);
	return sample.status;
}

static void each_process_is_proven(void **state)
{
	(void)state;
	assert_int_equal(proven(NULL, 0, true, NULL), SAMPLE_OK);
	assert_int_equal(proven("/proc/self/exe", 0, true, "the C library was"), SAMPLE_FAILED);
	assert_int_equal(proven("", 0, true, "did not say which C library"), SAMPLE_FAILED);
	assert_int_equal(proven(NULL, 1, true, "started other processes"), SAMPLE_FAILED);
	/* In the system's own, children run plain as ever. */
	assert_int_equal(proven("/proc/self/exe", 1, false, NULL), SAMPLE_OK);
}

static int take_loader(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	for (int i = 0; i < info->dlpi_phnum && !loader; i++)
		if (info->dlpi_phdr[i].p_type == PT_INTERP) {
			const char *path =
				(const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);

			loader = text_format("%s", strrchr(path, '/') + 1);
		}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_world_is_found),
		cmocka_unit_test(what_is_none_says_why),
		cmocka_unit_test(the_loader_is_told_everything),
		cmocka_unit_test(only_its_own_kind_is_taken),
		cmocka_unit_test(each_process_is_proven),
	};
	int result;

	dl_iterate_phdr(take_loader, NULL);
	if (!loader || !mkdtemp(worlds))
		return 99;
	result = cmocka_run_group_tests(tests, NULL, NULL);
	file_remove_tree(worlds);
	return result;
}
