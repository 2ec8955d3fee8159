/* Whatever a recorded program wrote over the recorder's files, which are mapped in its
 * memory: making a trace of them ends in a message or in a trace that holds, never in a crash.
 * Records of three threads are changed at random, always the same way for the same seed.
 *
 *	raw_fuzz [ROUNDS [SEED]] */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "workloads/convert/convert.h"
#include "workloads/shared/rng.h"
#include "workloads/trace/reader.h"

#define ROUNDS 1000
#define THREADS 3u
#define RECORDS 200u
#define OBJECTS 20u
#define PID 77u

static struct rng rng;
static char folder[] = "/tmp/ashlar-raw-fuzz-XXXXXX";
static struct raw_process image;
static struct raw_record records[THREADS][RECORDS];

static void die(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(99);
}

static const char *file(const char *name)
{
	static char path[2][128];
	static unsigned turn;
	char *p = path[turn++ % 2];

	snprintf(p, sizeof(path[0]), "%s/%u.0.%s", folder, PID, name);
	return p;
}

static const char *lane(unsigned thread)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", thread);
	return file(name);
}

static struct raw_record record(unsigned time, enum raw_op op, uint64_t address, uint64_t value)
{
	return (struct raw_record){(uint64_t)time * 50 << 8 | op, address, value};
}

/* Each thread allocates, resizes and frees its own; the first creates and joins the rest. */
static void make(void)
{
	image = (struct raw_process){.magic = RAW_MAGIC,
				     .pid = PID,
				     .page_size = 4096,
				     .clock = RAW_CLOCK_NS,
				     .threads = THREADS};
	strcpy(image.program, "fuzz");
	for (unsigned t = 0; t < THREADS; t++) {
		bool live[OBJECTS] = {false};
		unsigned n = 0, time = 1 + 2 * t;

		if (t)
			records[t][n++] = record(time++, RAW_START, 0, 1);
		else
			for (unsigned other = 1; other < THREADS; other++)
				records[t][n++] = record(2 * other, RAW_CREATE, 0, other);
		for (time = 10; n < RECORDS - THREADS; time++) {
			uint64_t o = rng_below(&rng, OBJECTS), size = rng_below(&rng, 5000);
			uint64_t at = (1 + o + t * OBJECTS) * 0x10000;

			if (!live[o]) {
				records[t][n++] = record(time, RAW_MALLOC, at, size);
			} else if (rng_below(&rng, 4) == 0) {
				records[t][n++] = record(time, RAW_REALLOC, at, 0);
				records[t][n++] = record(++time, RAW_RESIZED, at, size);
				continue;
			} else {
				records[t][n++] = record(time, RAW_FREE, at, 0);
			}
			live[o] = !live[o];
		}
		if (t)
			records[t][n] = record(1000, RAW_END, 0, 0);
		else
			for (unsigned other = 1; other < THREADS; other++)
				records[t][n++] = record(2000 + other, RAW_JOIN, 0, other);
	}
}

static void change(uint8_t *bytes, size_t length)
{
	size_t at = (size_t)rng_below(&rng, length);
	size_t n = 1 + (size_t)rng_below(&rng, rng_below(&rng, 4) ? 8 : 100);
	size_t from;

	n = n < length - at ? n : length - at;
	from = (size_t)rng_below(&rng, length - n + 1);
	switch (rng_below(&rng, 5)) {
	case 0:
		bytes[at] ^= (uint8_t)(1u << rng_below(&rng, 8));
		break;
	case 1:
		memset(bytes + at, 0, n);
		break;
	case 2:
		memset(bytes + at, 0xff, n);
		break;
	case 3:
		memmove(bytes + at, bytes + from, n);
		break;
	default:
		for (size_t i = 0; i < n; i++)
			bytes[at + i] = (uint8_t)rng_below(&rng, 256);
	}
}

static void store(const char *path, const void *bytes, size_t length)
{
	FILE *out = fopen(path, "wb");

	if (!out || fwrite(bytes, 1, length, out) != length || fclose(out) != 0)
		die("no room for a file");
}

static void store_changed(const char *path, const void *bytes, size_t length, uint64_t changes)
{
	uint8_t copy[sizeof(records)];

	memcpy(copy, bytes, length);
	for (; changes > 0; changes--)
		change(copy, length);
	/* A file may also end early. */
	store(path, copy, rng_below(&rng, 8) ? length : (size_t)rng_below(&rng, length));
}

struct tally {
	unsigned refused, nothing, good;
};

static void convert(const struct raw_process *one, const char *path, struct tally *tally)
{
	struct trace_keys header = {0}, notes = {0};
	struct raw_result result;
	struct trace_reader *reader;
	char why[600] = "";
	int got = raw_convert(folder, one, raw_ns_per_tick_32(one, 1000000, 1000000), 0,
			      &header, &notes, path, &result, why, sizeof(why));

	trace_keys_free(&header);
	trace_keys_free(&notes);
	if (got < 0 && strncmp(why, path, strlen(path)) != 0 &&
	    strncmp(why, folder, strlen(folder)) != 0)
		die("a refusal that names no file");
	*(got < 0 ? &tally->refused : got > 0 ? &tally->nothing : &tally->good) += 1;
	if (got != 0) {
		if (access(path, F_OK) == 0)
			die("a trace was left where there is none");
		return;
	}
	reader = trace_open(path, why, sizeof(why));
	if (!reader || trace_check(reader))
		die(reader ? trace_error(reader) : why);
	trace_close(reader);
	unlink(path);
}

int main(int argc, char **argv)
{
	uint64_t rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : ROUNDS;
	char path[128], why[600] = "";
	struct tally tally = {0};

	if (!mkdtemp(folder))
		die("no place for files");
	snprintf(path, sizeof(path), "%s/trace", folder);
	rng_seed(&rng, argc > 2 ? strtoull(argv[2], NULL, 10) : 1, 0);
	make();
	for (uint64_t i = 0; i < rounds; i++) {
		struct raw_images images;

		store_changed(file("process"), &image, sizeof(image), rng_below(&rng, 4) == 0);
		for (unsigned t = 0; t < THREADS; t++)
			store_changed(lane(t), records[t], sizeof(records[t]),
				      rng_below(&rng, 4));
		if (raw_images_read(&images, folder, why, sizeof(why)))
			die(why);
		for (size_t k = 0; k < images.count; k++)
			convert(&images.list[k], path, &tally);
		raw_images_free(&images);
	}
	unlink(file("process"));
	for (unsigned t = 0; t < THREADS; t++)
		unlink(lane(t));
	rmdir(folder);
	printf("1..2\nok 1 - %llu changed recordings: %u refused, %u with nothing in them, %u "
	       "traces\n",
	       (unsigned long long)rounds, tally.refused, tally.nothing, tally.good);
	printf("%s 2 - every way of ending was met\n",
	       tally.refused && tally.nothing && tally.good ? "ok" : "not ok");
	return 0;
}
