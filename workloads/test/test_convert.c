/* From stamped records to a history: what contradicts itself is put right or counted. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "workloads/convert/convert.h"
#include "workloads/trace/reader.h"
#include "workloads/trace/text.h"

/* A tick is a nanosecond here, and times are written in units of 10. */
#define AT(time, op) ((uint64_t)(time)*10 << 8 | (op))
#define EXTRA(x) ((uint64_t)(x) << RAW_SIZE_BITS)

static char folder[64];
static struct raw_process image;

static void thread(uint32_t number, const struct raw_record *records, size_t count)
{
	static const struct raw_record nothing[3];
	char path[128];
	FILE *out;

	snprintf(path, sizeof(path), "%s/77.0.%u", folder, number);
	out = fopen(path, "wb");
	assert_non_null(out);
	fwrite(records, sizeof(*records), count, out);
	/* A window is longer than what is in it. */
	fwrite(nothing, sizeof(nothing), 1, out);
	assert_int_equal(fclose(out), 0);
	if (number >= image.threads)
		image.threads = number + 1;
}

#define THREAD(number, ...)                                      \
	thread(number, (const struct raw_record[]){__VA_ARGS__}, \
	       sizeof((const struct raw_record[]){__VA_ARGS__}) / sizeof(struct raw_record))

static int begin(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/ashlar-convert-XXXXXX");
	image = (struct raw_process){
		.magic = RAW_MAGIC, .pid = 77, .page_size = 4096, .clock = RAW_CLOCK_NS};
	return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* Converts, and compares the trace's events with the text of them. */
static struct raw_result becomes(const char *expected)
{
	struct trace_keys header = {0}, notes = {0};
	struct raw_result result;
	struct trace_reader *reader;
	char path[128], why[600] = "", *text = NULL, *to;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	snprintf(path, sizeof(path), "%s/out.trace", folder);
	assert_int_equal(raw_convert(folder, &image, UINT64_C(1) << 32, 0, &header, &notes,
				     path, &result, why, sizeof(why)),
			 0);
	trace_keys_free(&notes);
	reader = trace_open(path, why, sizeof(why));
	assert_non_null(reader);
	assert_int_equal(trace_check(reader), 0);
	assert_int_equal(trace_dump(reader, out, why, sizeof(why)), 0);
	fclose(out);
	trace_close(reader);
	/* Without the lines that begin with '#'. */
	to = text;
	for (char *line = text, *next; *line; line = next) {
		next = strchr(line, '\n') + 1;
		if (*line != '#') {
			memmove(to, line, (size_t)(next - line));
			to += next - line;
		}
	}
	*to = '\0';
	assert_string_equal(text, expected);
	free(text);
	return result;
}

static void calls_become_events(void **state)
{
	struct raw_result r;

	(void)state;
	THREAD(0, {AT(1, RAW_MALLOC), 0x10, 100}, {AT(2, RAW_CALLOC), 0x20, 50},
	       {AT(3, RAW_ALIGNED), 0x30, 64 | EXTRA(6 | 2 << 6)}, {AT(4, RAW_FAILED), 0, 9},
	       {AT(5, RAW_REALLOC), 0x10, 0}, {AT(6, RAW_RESIZED), 0x40, 200},
	       {AT(7, RAW_REALLOC), 0x40, 0}, {AT(8, RAW_UNRESIZED), 0, 1 << 30},
	       {AT(9, RAW_REALLOC), 0x20, 0}, {AT(10, RAW_UNRESIZED), 0, 0},
	       {AT(11, RAW_FREE), 0x30, 18 | EXTRA(1)}, {AT(12, RAW_FREE_NULL), 0, 0},
	       {AT(13, RAW_FREE), 0x40, 0});
	r = becomes("1 0 start\n1 0 malloc #0 100\n2 0 calloc #1 50\n3 0 memalign #2 64 64\n"
		    "5 0 realloc #0 200\n9 0 realloc-free #1\n11 0 free_sized #2 resident 17\n"
		    "13 0 free #0\n");
	assert_int_equal(r.failed, 2);
	assert_int_equal(r.null_frees, 1);
	assert_int_equal(r.unknown_frees + r.lost_frees + r.inversions, 0);
}

static void threads_have_edges(void **state)
{
	(void)state;
	/* Number 1 did not come to life; 2 frees something after its end. */
	THREAD(0, {AT(1, RAW_CREATE), 0, 1}, {AT(2, RAW_CREATE_FAILED), 0, 0},
	       {AT(3, RAW_CREATE), 0, 2}, {AT(20, RAW_JOIN), 0, 2}, {AT(21, RAW_JOIN), 0, 1});
	THREAD(2, {AT(5, RAW_START), 0, 1}, {AT(6, RAW_MALLOC), 0x10, 8},
	       {AT(7, RAW_END), 0, 0}, {AT(8, RAW_FREE), 0x10, 0});
	becomes("3 0 start\n3 0 create 1\n5 1 start by 0\n6 1 malloc #0 8\n8 1 free #0\n8 1 "
		"end\n"
		"20 0 join 1\n");
}

static void a_free_stamped_too_early_waits(void **state)
{
	struct raw_result r;

	(void)state;
	THREAD(0, {AT(1, RAW_MALLOC), 0x90, 1}, {AT(100, RAW_MALLOC), 0x10, 8});
	THREAD(1, {AT(95, RAW_FREE), 0x10, 0});
	r = becomes(
		"1 0 start\n1 0 malloc #0 1\n100 0 malloc #1 8\n101 1 start\n101 1 free #1\n");
	assert_int_equal(r.inversions, 1);
	assert_int_equal(r.unknown_frees, 0);
}

static void an_address_given_too_early_waits(void **state)
{
	struct raw_result r;

	(void)state;
	THREAD(0, {AT(1, RAW_MALLOC), 0x10, 8}, {AT(100, RAW_FREE), 0x10, 0});
	THREAD(1, {AT(95, RAW_MALLOC), 0x10, 9});
	r = becomes(
		"1 0 start\n1 0 malloc #0 8\n100 0 free #0\n101 1 start\n101 1 malloc #1 9\n");
	assert_int_equal(r.inversions, 1);
	assert_int_equal(r.lost_frees, 0);
}

static void frees_that_were_not_seen_are_put_in(void **state)
{
	struct raw_result r;

	(void)state;
	THREAD(0, {AT(1, RAW_MALLOC), 0x10, 8}, {AT(5, RAW_MALLOC), 0x10, 9},
	       {AT(6, RAW_FREE), 0x10, 0});
	r = becomes("1 0 start\n1 0 malloc #0 8\n5 0 free #0\n5 0 malloc #0 9\n6 0 free #0\n");
	assert_int_equal(r.lost_frees, 1);
	assert_int_equal(r.inversions, 0);
}

static void unknown_objects_are_left_out(void **state)
{
	struct raw_result r;

	(void)state;
	THREAD(0, {AT(1, RAW_FREE), 0x10, 0}, {AT(2, RAW_REALLOC), 0x20, 0},
	       {AT(3, RAW_RESIZED), 0x20, 70}, {AT(4, RAW_FREE), 0x20, 0});
	r = becomes("2 0 start\n2 0 malloc #0 70\n4 0 free #0\n");
	assert_int_equal(r.unknown_frees, 2);
}

/* While thread 0 is inside realloc, its old address goes to thread 1, and the one it
 * gets comes from thread 2. */
static void a_realloc_lies_between_its_stamps(void **state)
{
	struct raw_result r;

	(void)state;
	THREAD(0, {AT(1, RAW_MALLOC), 0x10, 8}, {AT(10, RAW_REALLOC), 0x10, 0},
	       {AT(50, RAW_RESIZED), 0x20, 90}, {AT(60, RAW_FREE), 0x20, 0});
	THREAD(1, {AT(40, RAW_MALLOC), 0x10, 11}, {AT(61, RAW_FREE), 0x10, 0});
	THREAD(2, {AT(2, RAW_MALLOC), 0x20, 12}, {AT(20, RAW_FREE), 0x20, 0});
	r = becomes("1 0 start\n1 0 malloc #0 8\n2 2 start\n2 2 malloc #1 12\n20 2 free #1\n"
		    "50 0 realloc #0 90\n51 1 start\n51 1 malloc #2 11\n60 0 free #0\n"
		    "61 1 free #2\n");
	assert_int_equal(r.lost_frees + r.unknown_frees, 0);
}

static void a_program_that_ended_inside_a_call(void **state)
{
	(void)state;
	THREAD(0, {AT(1, RAW_MALLOC), 0x10, 8}, {AT(2, RAW_REALLOC), 0x10, 0});
	becomes("1 0 start\n1 0 malloc #0 8\n");
}

static void a_join_of_a_thread_that_runs_is_left_out(void **state)
{
	struct raw_result r;

	(void)state;
	THREAD(0, {AT(1, RAW_CREATE), 0, 1}, {AT(5, RAW_JOIN), 0, 1},
	       {AT(6, RAW_FREE_NULL), 0, 0});
	THREAD(1, {AT(2, RAW_START), 0, 1}, {AT(1000000, RAW_MALLOC), 0x10, 8});
	r = becomes("1 0 start\n1 0 create 1\n2 1 start by 0\n1000000 1 malloc #0 8\n");
	assert_int_equal(r.inversions, 1);
}

/* No file, and a message that begins with its name and has `said` in it. */
static void refused(const char *said)
{
	struct trace_keys header = {0}, notes = {0};
	struct raw_result result;
	char path[128], why[600] = "";

	snprintf(path, sizeof(path), "%s/out.trace", folder);
	assert_int_equal(raw_convert(folder, &image, UINT64_C(1) << 32, 0, &header, &notes,
				     path, &result, why, sizeof(why)),
			 -1);
	assert_int_equal(strncmp(why, path, strlen(path)), 0);
	assert_non_null(strstr(why, said));
	assert_int_equal(access(path, F_OK), -1);
}

static void lost_records_refuse_the_trace(void **state)
{
	(void)state;
	THREAD(0, {AT(1, RAW_MALLOC), 0x10, 8});
	image.lost = 3;
	refused("lost 3 events");
}

/* The files are mapped in the recorded program's memory, and it may have strayed there. */
static void what_a_program_wrote_over_is_refused(void **state)
{
	(void)state;
	THREAD(0, {AT(1, RAW_MALLOC), 0x10, 8},
	       {AT(2, RAW_ALIGNED), 0x20, UINT64_MAX}); /* aligned to 2^63 */
	refused("the records contradict each other");
	image.threads = UINT32_MAX;
	refused("counted 4294967295 threads");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(calls_become_events, begin, end),
		cmocka_unit_test_setup_teardown(threads_have_edges, begin, end),
		cmocka_unit_test_setup_teardown(a_free_stamped_too_early_waits, begin, end),
		cmocka_unit_test_setup_teardown(an_address_given_too_early_waits, begin, end),
		cmocka_unit_test_setup_teardown(frees_that_were_not_seen_are_put_in, begin,
						end),
		cmocka_unit_test_setup_teardown(unknown_objects_are_left_out, begin, end),
		cmocka_unit_test_setup_teardown(a_realloc_lies_between_its_stamps, begin, end),
		cmocka_unit_test_setup_teardown(a_program_that_ended_inside_a_call, begin, end),
		cmocka_unit_test_setup_teardown(a_join_of_a_thread_that_runs_is_left_out, begin,
						end),
		cmocka_unit_test_setup_teardown(lost_records_refuse_the_trace, begin, end),
		cmocka_unit_test_setup_teardown(what_a_program_wrote_over_is_refused, begin,
						end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
