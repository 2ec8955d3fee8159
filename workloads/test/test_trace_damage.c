/* Damaged, foreign and future trace files: each is told from a good one, and in words. */
#include "workloads/test/trace_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "workloads/trace/format.h"

static void store(const char *path, const void *bytes, size_t length)
{
	FILE *out = fopen(path, "wb");

	assert_non_null(out);
	assert_int_equal(fwrite(bytes, 1, length, out), length);
	assert_int_equal(fclose(out), 0);
}

/* What opening and reading it says; "" when all is well.  Counts the events. */
static const char *verdict(const char *path, uint64_t *events, bool *cut)
{
	static char why[600];
	struct trace_reader *reader = trace_open(path, why, sizeof(why));

	*events = 0;
	*cut = false;
	if (!reader)
		return why;
	why[0] = '\0';
	if (trace_check(reader))
		snprintf(why, sizeof(why), "%s", trace_error(reader));
	*events = trace_summary(reader)->events;
	*cut = trace_cut_short(reader);
	trace_close(reader);
	return why;
}

static void a_cut_file_is_read_to_its_last_chunk(void **state)
{
	struct bytes whole;
	uint64_t events, most = 0;
	bool cut;

	(void)state;
	write_all_kinds(file("kinds.trace"));
	whole = load(file("kinds.trace"));
	for (size_t length = 0; length < whole.length; length++) {
		const char *said;

		store(file("cut.trace"), whole.at, length);
		said = verdict(file("cut.trace"), &events, &cut);
		assert_string_not_equal(said, "");
		assert_true(strstr(said, "cut short") || length < 8);
		assert_true(events >= most || length < 8);
		most = events;
		if (cut) {
			char expected[80];

			snprintf(expected, sizeof(expected), "cut short after %u events",
				 (unsigned)events);
			assert_non_null(strstr(said, expected));
		}
	}
	assert_int_equal(most, KINDS_EVENTS); /* only the trailer is missing then */
	free(whole.at);
}

/* Each byte of the file changed once: never a trace that passes for good. */
static void every_changed_byte_is_found(void **state)
{
	struct bytes whole;
	uint64_t events;
	bool cut;

	(void)state;
	write_all_kinds(file("kinds.trace"));
	whole = load(file("kinds.trace"));
	for (size_t i = 0; i < whole.length; i++) {
		const char *said;

		whole.at[i] ^= 0x41;
		store(file("changed.trace"), whole.at, whole.length);
		whole.at[i] ^= 0x41;
		said = verdict(file("changed.trace"), &events, &cut);
		/* A new minor version is the one thing that a reader does not mind, but
		 * it is under the checksum too. */
		assert_string_not_equal(said, "");
		assert_non_null(strstr(said, "changed.trace: "));
	}
	free(whole.at);
}

static void damaged_chunks_are_named(void **state)
{
	static struct model model;
	struct bytes whole;
	uint64_t events;
	bool cut;
	unsigned chunks = 0;

	(void)state;
	memset(&model, 0, sizeof(model));
	write_random(file("random.trace"), &model);
	whole = load(file("random.trace"));
	for (size_t i = 0; i + 8 < whole.length; i++) {
		char expected[64];

		if (memcmp(whole.at + i, "CHNK", 4) != 0)
			continue;
		chunks++;
		whole.at[i + TRACE_CHUNK_HEADER + 9] ^= 1;
		store(file("damaged.trace"), whole.at, whole.length);
		whole.at[i + TRACE_CHUNK_HEADER + 9] ^= 1;
		snprintf(expected, sizeof(expected), "chunk %u of ", chunks);
		const char *said = verdict(file("damaged.trace"), &events, &cut);

		assert_non_null(strstr(said, expected));
		assert_non_null(strstr(said, "its checksum does not hold"));
		snprintf(expected, sizeof(expected), "at byte %zu)", i);
		assert_non_null(strstr(said, expected));
		assert_false(cut);
	}
	assert_true(chunks > MODEL_THREADS);
	free(whole.at);
}

static void foreign_and_future_files_are_named(void **state)
{
	struct bytes whole;
	uint64_t events;
	bool cut;

	(void)state;
	store(file("foreign"), "#!/bin/sh\n", 10);
	assert_non_null(strstr(verdict(file("foreign"), &events, &cut),
			       "not a trace: it does not begin with ASHTRACE"));
	store(file("empty"), "", 0);
	assert_non_null(
		strstr(verdict(file("empty"), &events, &cut), "not a trace: it is empty"));
	assert_non_null(strstr(verdict(folder_path(), &events, &cut), "not a trace"));
	assert_non_null(strstr(verdict(file("none"), &events, &cut), "No such file"));
	write_all_kinds(file("kinds.trace"));
	whole = load(file("kinds.trace"));
	whole.at[8] = 7;
	store(file("future"), whole.at, whole.length);
	assert_non_null(strstr(verdict(file("future"), &events, &cut),
			       "version 7 of the format; this ashlar-bench reads up to 1"));
	free(whole.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cut_file_is_read_to_its_last_chunk),
		cmocka_unit_test(every_changed_byte_is_found),
		cmocka_unit_test(damaged_chunks_are_named),
		cmocka_unit_test(foreign_and_future_files_are_named),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
