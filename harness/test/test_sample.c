/* The record, the proof, and the folder that keeps both. */
#include "harness/test/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/run/manifest.h"
#include "harness/trial/proof.h"
#include "harness/run/runset.h"
#include "harness/trial/sample.h"

static char folder[] = "/tmp/ashlar-sample-XXXXXX";
static struct cell cell;
static struct contender contender;
static struct sample sample;

static int setup(void **state)
{
	char why[256];

	(void)state;
	memset(&sample, 0, sizeof(sample));
	if (!cell_init(&cell, "larson", MODE_THROUGHPUT) ||
	    cell_set(&cell, "threads=4", why, sizeof(why)) < 0)
		return -1;
	if (contender_parse_argument(&contender, "mine=/lib/x.so,A=1,B=two", why, sizeof(why)) <
	    0)
		return -1;
	sample.id = 17;
	sample.block = 2;
	sample.order = 1;
	sample.cell = &cell;
	sample.contender = &contender;
	sample.seed = (1ull << 53) - 1;
	memcpy(sample.values, cell.values, sizeof(sample.values));
	sample.cpu_ns = 1234567890123;
	sample.instructions = -1;
	sample.nmarks = 1;
	sample.begin_ns = 1000;
	snprintf(sample.marks[0].name, sizeof(sample.marks[0].name), "steady");
	sample.marks[0].at_ns = 1500;
	sample.marks[0].rss_bytes = 4096;
	sample.counters.tier = "software";
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	contender_free(&contender);
	return 0;
}

static void a_record_survives_text(void **state)
{
	json_t *out = sample_to_json(&sample), *in;
	char *text = json_dumps(out, JSON_COMPACT);
	const char *name, *status, *env, *mark;
	json_int_t seed, cpu, threads, at;
	int id, block;

	(void)state;
	assert_non_null(text);
	assert_null(strchr(text, '\n')); /* one record, one line */
	in = json_loads(text, 0, NULL);
	assert_true(json_equal(in, out));
	assert_int_equal(
		json_unpack(in,
			    "{s:i, s:s, s:i, s:I, s:I, s:s, s:{s:I}, s:{s:s}, s:[{s:s, s:I}]}",
			    "id", &id, "cell", &name, "block", &block, "seed", &seed, "cpu_ns",
			    &cpu, "status", &status, "params", "threads", &threads, "env", "B",
			    &env, "phases", "name", &mark, "at_ns", &at),
		0);
	assert_int_equal(id, 17);
	assert_string_equal(name, "larson:threads=4");
	assert_true((uint64_t)seed == sample.seed);
	assert_true(cpu == 1234567890123);
	assert_string_equal(status, "ok");
	assert_int_equal(threads, 4);
	assert_string_equal(env, "two");
	assert_string_equal(mark, "steady");
	assert_int_equal(at, 500);
	assert_true(json_is_null(json_object_get(in, "instructions")));
	assert_true(json_is_null(json_object_get(in, "latency")));
	json_decref(in);
	json_decref(out);
	free(text);
}

/* The table in results/README.md is that of the schema, row by row. */
static void the_readme_tells_every_field(void **state)
{
	const char *top = getenv("top_srcdir");
	char *path, *readme, *at;

	(void)state;
	assert_non_null(top); /* make check sets it */
	assert_true(asprintf(&path, "%s/results/README.md", top) > 0);
	readme = file_read(path);
	assert_non_null(readme);
	at = strstr(readme, "| field | type, unit | meaning |\n|---|---|---|\n");
	assert_non_null(at);
	at = strstr(at, "|---|\n") + 6;
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct sample_field_row *f = &sample_fields[i];
		char *row;

		assert_true(asprintf(&row, "| `%s` | %s%s%s | %s |\n", f->name,
				     sample_kind_name(f->kind), *f->unit ? ", " : "", f->unit,
				     f->meaning) > 0);
		if (strncmp(at, row, strlen(row)) != 0)
			fail_msg("the README says '%.*s', the schema '%s'",
				 (int)strcspn(at, "\n"), at, row);
		at += strlen(row);
		free(row);
	}
	assert_true(*at == '\n'); /* and no row more */
	free(readme);
	free(path);
}

/* Written are the fields of the schema, all of them, in its order. */
static void a_record_has_the_fields_of_the_schema(void **state)
{
	json_t *out = sample_to_json(&sample), *value;
	const char *name;
	size_t i = 0;

	(void)state;
	json_object_foreach(out, name, value) {
		assert_true(i < FIELD_COUNT);
		assert_string_equal(name, sample_fields[i++].name);
	}
	assert_int_equal(i, FIELD_COUNT);
	json_decref(out);
}

static void odd_bytes_do_not_lose_a_record(void **state)
{
	json_t *out;

	(void)state;
	sample_fail(&sample, SAMPLE_FAILED, "it said \"\xff\xfe\"\nand\tdied");
	out = sample_to_json(&sample);
	assert_string_equal(json_string_value(json_object_get(out, "reason")),
			    "it said \"??\" and died");
	assert_string_equal(json_string_value(json_object_get(out, "status")), "failed");
	json_decref(out);
	/* The first failure is the cause. */
	sample_fail(&sample, SAMPLE_TIMEOUT, "later");
	assert_int_equal(sample.status, SAMPLE_FAILED);
}

static void another_library_is_a_failure(void **state)
{
	static struct channel channel;
	char *wanted, *other;

	(void)state;
	wanted = realpath("/proc/self/exe", NULL);
	other = strdup("/bin/sh");
	assert_non_null(wanted);
	contender.path = wanted;
	memset(&channel, 0, sizeof(channel));
	snprintf(channel.malloc_file, sizeof(channel.malloc_file), "%s", wanted);
	snprintf(channel.usable_size_file, sizeof(channel.usable_size_file), "%s", wanted);
	proof_take(&sample, &channel);
	assert_int_equal(sample.status, SAMPLE_OK);
	assert_true(strlen(sample.build_id) >= 8 || *sample.build_id == '\0');
	/* The same file by another name is the same file. */
	snprintf(channel.malloc_file, sizeof(channel.malloc_file), "/proc/self/exe");
	proof_take(&sample, &channel);
	assert_int_equal(sample.status, SAMPLE_OK);
	snprintf(channel.usable_size_file, sizeof(channel.usable_size_file), "%s", other);
	proof_take(&sample, &channel);
	assert_int_equal(sample.status, SAMPLE_FAILED);
	assert_non_null(strstr(sample.reason, "malloc_usable_size served by /bin/sh, wanted "));
	sample.status = SAMPLE_OK;
	snprintf(channel.malloc_file, sizeof(channel.malloc_file), "%s", other);
	proof_take(&sample, &channel);
	assert_int_equal(sample.status, SAMPLE_FAILED);
	assert_non_null(strstr(sample.reason, "malloc served by /bin/sh, wanted "));
	sample.status = SAMPLE_OK;
	channel.malloc_file[0] = '\0';
	proof_take(&sample, &channel);
	assert_int_equal(sample.status, SAMPLE_FAILED);
	free(other);
}

static int count_one(const json_t *record, void *arg, char *why, size_t why_size)
{
	(void)record;
	(void)why;
	(void)why_size;
	(*(int *)arg)++;
	return 0;
}

static void a_torn_last_line_is_cut_off(void **state)
{
	struct runset set = {.samples = -1}, again = {.samples = -1};
	json_t *record = sample_to_json(&sample), *manifest = json_pack("{s:i}", "schema", 1),
	       *read;
	char why[512], *path;
	int n = 0, fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(runset_make(&set, folder, why, sizeof(why)), 0);
	assert_int_equal(runset_write_manifest(&set, manifest, why, sizeof(why)), 0);
	assert_int_equal(runset_append(&set, record, why, sizeof(why)), 0);
	assert_int_equal(runset_append(&set, record, why, sizeof(why)), 0);
	/* One writer at a time; a finished folder is not begun again. */
	assert_int_equal(runset_open(&again, folder, &read, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "another ashlar-bench"));
	runset_close(&set);
	assert_int_equal(runset_make(&again, folder, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "holds a run set already"));
	assert_true(asprintf(&path, "%s/samples.jsonl", folder) > 0);
	fd = open(path, O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "{\"id\": 3, \"ce", 13), 13);
	close(fd);
	assert_int_equal(runset_open(&set, folder, &read, why, sizeof(why)), 0);
	json_decref(read);
	assert_int_equal(runset_append(&set, record, why, sizeof(why)), 0);
	assert_int_equal(runset_each(&set, count_one, &n, why, sizeof(why)), 0);
	assert_int_equal(n, 3);
	runset_close(&set);
	free(path);
	json_decref(record);
	json_decref(manifest);
	file_remove_tree(folder);
	assert_false(file_exists(folder));
}

static void a_manifest_can_be_gone_on_with(void **state)
{
	struct manifest m = {.suite = "quick",
			     .seed = 99,
			     .started = "2026-01-01T00:00:00Z",
			     .blocks = 2},
			back;
	json_t *out;
	char why[512];

	(void)state;
	cell.blocks = 2;
	m.cells = &cell;
	m.ncells = 1;
	m.contenders = &contender;
	m.ncontenders = 1;
	m.command = json_array();
	m.capacity = json_object();
	m.counters = json_object();
	m.environment = json_object();
	m.unfinished = json_array();
	out = manifest_to_json(&m);
	assert_int_equal(manifest_from_json(&back, out, why, sizeof(why)), 0);
	assert_int_equal(back.seed, 99);
	assert_int_equal(back.ncells, 1);
	assert_string_equal(back.cells[0].name, "larson:threads=4");
	assert_int_equal(back.cells[0].blocks, 2);
	assert_string_equal(back.contenders[0].library, "/lib/x.so");
	assert_int_equal(back.contenders[0].nenv, 2);
	assert_string_equal(back.finished, "");
	manifest_free(&back);
	/* A name that means something else to this version: refused. */
	json_object_set_new(json_array_get(json_object_get(out, "cells"), 0), "cell",
			    json_string("larson"));
	assert_int_equal(manifest_from_json(&back, out, why, sizeof(why)), -1);
	json_object_set_new(out, "suite_version", json_string("999.0"));
	assert_int_equal(manifest_from_json(&back, out, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "999.0"));
	json_decref(out);
	out = json_pack("{s:s}", "hello", "world");
	assert_int_equal(manifest_from_json(&back, out, why, sizeof(why)), -1);
	json_decref(out);
	json_decref(m.command);
	json_decref(m.capacity);
	json_decref(m.counters);
	json_decref(m.environment);
	json_decref(m.unfinished);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_record_survives_text, setup, teardown),
		cmocka_unit_test_setup_teardown(a_record_has_the_fields_of_the_schema, setup,
						teardown),
		cmocka_unit_test(the_readme_tells_every_field),
		cmocka_unit_test_setup_teardown(odd_bytes_do_not_lose_a_record, setup,
						teardown),
		cmocka_unit_test_setup_teardown(another_library_is_a_failure, setup, teardown),
		cmocka_unit_test_setup_teardown(a_torn_last_line_is_cut_off, setup, teardown),
		cmocka_unit_test_setup_teardown(a_manifest_can_be_gone_on_with, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
