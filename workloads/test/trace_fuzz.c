/* Whatever bytes a trace file, its text or another tool's file consist of, reading them
 * ends in a message, never in a crash: valid ones are changed at random, always the same
 * way for the same seed.
 *
 *	trace_fuzz [ROUNDS [SEED]]
 *
 * Half of the changes are made below the checksums, which are then made right again: a
 * reader that trusted them would not get far with damaged bytes. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "workloads/shared/rng.h"
#include "workloads/trace/bytes.h"
#include "workloads/trace/chunk.h"
#include "workloads/trace/format.h"
#include "workloads/convert/import.h"
#include "workloads/trace/reader.h"
#include "workloads/trace/text.h"
#include "workloads/trace/writer.h"

#define ROUNDS 4000
#define SEEDS 4
#define MOST (1u << 20)
#define EVENTS_MOST 400000u

struct blob {
	uint8_t *at;
	size_t length;
};

static struct rng rng;
static FILE *nowhere;

static void die(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(99);
}

static struct blob blob_of(const void *bytes, size_t length)
{
	struct blob b = {malloc(MOST), length};

	if (!b.at || length > MOST)
		die("no memory");
	memcpy(b.at, bytes, length);
	return b;
}

/* A file that exists only in memory, and its name. */
static const char *in_memory(int fd)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

static struct blob load(const char *path)
{
	FILE *in = fopen(path, "rb");
	struct blob b = {malloc(MOST), 0};

	if (!in || !b.at)
		die("cannot read back");
	b.length = fread(b.at, 1, MOST, in);
	fclose(in);
	return b;
}

/* ---- valid ones ---------------------------------------------------------------- */

#define OBJECTS 300u

static struct blob make_trace(const char *path, uint32_t threads, unsigned events)
{
	struct trace_keys header = {0}, notes = {0};
	struct trace_writer *writer;
	bool live[OBJECTS] = {false};
	char why[600];

	trace_keys_add(&header, "program", "fuzz");
	trace_keys_add(&header, "zstd-level", "1");
	writer = trace_create(path, &header, why, sizeof(why));
	if (!writer)
		die(why);
	for (uint32_t t = 1; t < threads; t++) {
		struct trace_event e = {.op = TRACE_CREATE, .tid = 0, .other = t};

		trace_write(writer, &e, 0, 0);
		e = (struct trace_event){.op = TRACE_START, .tid = t, .other = 0};
		trace_write(writer, &e, 0, 0);
	}
	for (unsigned i = 0; i < events; i++) {
		uint64_t o = rng_below(&rng, OBJECTS);
		struct trace_event e = {.time = i * 3,
					.tid = (uint32_t)rng_below(&rng, threads),
					.size = rng_below(&rng, 100000),
					.resident = TRACE_NOT_MEASURED,
					.other = TRACE_NO_THREAD};

		e.op = !live[o] ? (enum trace_op)rng_below(&rng, 3)
				: (enum trace_op)(3 + rng_below(&rng, 3));
		if (e.op == TRACE_ALIGNED)
			e.align_log2 = (uint32_t)rng_below(&rng, 20);
		if (e.op == TRACE_FREE && i % 5 == 0)
			e.resident = (uint32_t)rng_below(&rng, 50);
		trace_write(writer, &e, o, o);
		live[o] = e.op <= TRACE_REALLOC;
	}
	for (uint32_t t = 1; t < threads; t++) {
		struct trace_event e = {.op = TRACE_END, .tid = t, .time = events * 3};

		trace_write(writer, &e, 0, 0);
		e = (struct trace_event){
			.op = TRACE_JOIN, .tid = 0, .other = t, .time = events * 3};
		trace_write(writer, &e, 0, 0);
	}
	trace_keys_add(&notes, "ended", "well");
	if (trace_finish(writer, &notes, why, sizeof(why)))
		die(why);
	trace_keys_free(&header);
	trace_keys_free(&notes);
	return load(path);
}

static struct blob dump_of(const char *path)
{
	char *text = NULL, why[600];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct trace_reader *reader = trace_open(path, why, sizeof(why));
	struct blob b;

	if (!reader || !out || trace_dump(reader, out, why, sizeof(why)))
		die(why);
	fclose(out);
	trace_close(reader);
	b = blob_of(text, size);
	free(text);
	return b;
}

/* ---- changes ------------------------------------------------------------------- */

static void remove_range(struct blob *b, size_t from, size_t length)
{
	memmove(b->at + from, b->at + from + length, b->length - from - length);
	b->length -= length;
}

static void insert(struct blob *b, size_t at, const uint8_t *bytes, size_t length)
{
	if (b->length + length > MOST)
		return;
	memmove(b->at + at + length, b->at + at, b->length - at);
	memmove(b->at + at, bytes, length);
	b->length += length;
}

/* One change, of bytes anywhere, with pieces of `other`. */
static void change(struct blob *b, const struct blob *other)
{
	size_t at = b->length ? (size_t)rng_below(&rng, b->length) : 0;
	size_t length = b->length ? 1 + (size_t)rng_below(&rng, b->length - at) : 0;
	size_t from = (size_t)rng_below(&rng, other->length);
	static const uint8_t ends[] = {0, 1, 0x7f, 0x80, 0xff, 0xfe, 0x10, 0x40};

	if (length > 64 && rng_below(&rng, 4))
		length = 1 + (size_t)rng_below(&rng, 64);
	if (!b->length)
		return;
	switch (rng_below(&rng, 7)) {
	case 0:
		b->at[at] ^= (uint8_t)(1u << rng_below(&rng, 8));
		break;
	case 1:
		b->at[at] = (uint8_t)rng_below(&rng, 256);
		break;
	case 2:
		b->at[at] = ends[rng_below(&rng, sizeof(ends))];
		break;
	case 3:
		b->length = at;
		break;
	case 4:
		remove_range(b, at, length);
		break;
	case 5:
		if (length > other->length - from)
			length = other->length - from;
		insert(b, at, other->at + from, length);
		break;
	default:
		if (length > other->length - from)
			length = other->length - from;
		if (length > b->length - at)
			length = b->length - at;
		memcpy(b->at + at, other->at + from, length);
	}
}

static void some_changes(struct blob *b, const struct blob *other)
{
	for (uint64_t n = 1 + rng_below(&rng, 4); n > 0; n--)
		change(b, other);
}

/* ---- changes below the checksums ------------------------------------------------ */

static void sign(uint8_t *from, size_t length)
{
	put_fixed(from + length, trace_crc32c(0, from, length), 4);
}

static void change_header(struct blob *b, const struct blob *other)
{
	size_t length = (size_t)get_fixed(b->at + 12, 4);
	struct blob text = blob_of(b->at + TRACE_PREFIX, length);

	some_changes(&text, other);
	if (text.length <= TRACE_HEADER_MAX) {
		remove_range(b, TRACE_PREFIX, length);
		insert(b, TRACE_PREFIX, text.at, text.length);
		put_fixed(b->at + 12, text.length, 4);
		sign(b->at, TRACE_PREFIX + text.length);
	}
	free(text.at);
}

/* The i-th chunk's offset, or 0. */
static size_t find_chunk(const struct blob *b, uint64_t i)
{
	size_t at = TRACE_PREFIX + (size_t)get_fixed(b->at + 12, 4) + 4;

	while (at + TRACE_CHUNK_HEADER < b->length &&
	       get_fixed(b->at + at, 4) == TRACE_CHUNK_MAGIC) {
		if (i-- == 0)
			return at;
		at += TRACE_CHUNK_HEADER + (size_t)get_fixed(b->at + at + 12, 4) + 4;
	}
	return 0;
}

/* Its events change and are packed again; sometimes its header's numbers too. */
static void change_chunk(struct blob *b, const struct blob *other)
{
	static ZSTD_CCtx *pack;
	static ZSTD_DCtx *unpack;
	static uint8_t packed[CHUNK_FILE_MAX];
	size_t at = find_chunk(b, rng_below(&rng, 6)), length, fresh;
	struct trace_chunk_header head;
	struct blob raw = {malloc(MOST), 0};

	pack = pack ? pack : ZSTD_createCCtx();
	unpack = unpack ? unpack : ZSTD_createDCtx();
	if (!at || chunk_get_header(b->at + at, &head)) {
		free(raw.at);
		return;
	}
	length = TRACE_CHUNK_HEADER + head.packed + 4;
	if (chunk_get(b->at + at, length, &head, unpack, raw.at))
		die("a chunk of the original does not unpack");
	raw.length = head.raw;
	some_changes(&raw, other);
	if (raw.length > 0 && raw.length <= TRACE_CHUNK_RAW) {
		head.raw = (uint32_t)raw.length;
		if (rng_below(&rng, 8) == 0)
			head.events = (uint32_t)rng_below(&rng, TRACE_CHUNK_RAW);
		if (rng_below(&rng, 16) == 0)
			head.tid = (uint32_t)rng_below(&rng, 2 * TRACE_THREADS_MAX);
		if (rng_below(&rng, 16) == 0)
			head.base_object = rng_below(&rng, UINT64_MAX);
		if (rng_below(&rng, 16) == 0)
			head.base_time = rng_below(&rng, UINT64_MAX);
		fresh = chunk_put(&head, raw.at, pack, 1, packed);
		remove_range(b, at, length);
		insert(b, at, packed, fresh);
	}
	free(raw.at);
}

static void change_trailer(struct blob *b, const struct blob *other)
{
	size_t at = (size_t)get_fixed(b->at + b->length - TRACE_FOOTER, 8);
	size_t length = (size_t)get_fixed(b->at + at + 4, 4);
	struct blob body = blob_of(b->at + at + 8, length);

	some_changes(&body, other);
	b->length = at + 8;
	insert(b, b->length, body.at, body.length);
	put_fixed(b->at + at + 4, body.length, 4);
	sign(b->at + at, 8 + body.length);
	b->length += 4;
	put_fixed(b->at + b->length, at, 8);
	memcpy(b->at + b->length + 8, TRACE_END_MAGIC, 8);
	b->length += TRACE_FOOTER;
	free(body.at);
}

/* ---- what is tried --------------------------------------------------------------- */

struct tally {
	unsigned refused, damaged, cut, good;
};

static void read_trace(const char *path, struct tally *tally)
{
	char why[600] = "";
	struct trace_reader *reader = trace_open(path, why, sizeof(why));
	struct trace_event event;
	unsigned events = 0;
	int got;

	if (!reader) {
		if (!why[0])
			die("a file was refused without a word");
		tally->refused++;
		return;
	}
	while ((got = trace_next(reader, &event)) > 0 && events++ < EVENTS_MOST)
		if (event.slot >= trace_summary(reader)->slots && event.op <= TRACE_FREE)
			die("a slot lies beyond the last");
	if (got < 0 && !trace_error(reader)[0])
		die("damage was found without a word");
	if (events < EVENTS_MOST && trace_check(reader) == 0)
		tally->good++;
	else
		*(trace_cut_short(reader) ? &tally->cut : &tally->damaged) += 1;
	trace_rewind(reader);
	if (events < EVENTS_MOST)
		trace_dump(reader, nowhere, why, sizeof(why));
	trace_close(reader);
}

static void try_trace(const struct blob *from, const struct blob *other, int fd,
		      struct tally *tally)
{
	struct blob b = blob_of(from->at, from->length);

	switch (rng_below(&rng, 8)) {
	case 0:
		change_header(&b, other);
		break;
	case 1:
	case 2:
	case 3:
		change_chunk(&b, other);
		break;
	case 4:
		change_trailer(&b, other);
		break;
	default:
		some_changes(&b, other);
	}
	if (ftruncate(fd, 0) != 0 || pwrite(fd, b.at, b.length, 0) != (ssize_t)b.length)
		die("no room for a file in memory");
	read_trace(in_memory(fd), tally);
	free(b.at);
}

/* A text is changed and read: what comes out of it without a message is a valid trace. */
static void try_text(const struct blob *from, const struct blob *other, const char *path,
		     unsigned kind)
{
	struct blob b = blob_of(from->at, from->length);
	struct import_result result;
	struct trace_reader *reader;
	char why[600] = "";
	FILE *in;
	int failed;

	some_changes(&b, other);
	in = fmemopen(b.at, b.length ? b.length : 1, "r");
	if (!in)
		die("fmemopen");
	failed = kind == 0   ? trace_undump(in, "text", path, why, sizeof(why))
		 : kind == 1 ? import_mtrace(in, "text", path, &result, why, sizeof(why))
			     : import_heaptrack(in, "text", path, &result, why, sizeof(why));
	fclose(in);
	free(b.at);
	if (failed) {
		if (!why[0])
			die("a text was refused without a word");
		return;
	}
	reader = trace_open(path, why, sizeof(why));
	if (!reader || trace_check(reader))
		die(reader ? trace_error(reader) : why);
	trace_close(reader);
}

static const char mtrace_text[] =
	"= Start\n@ a:(f+0x1c)[0x55d0] + 0x1000 0x64\n@ a:[0x4] + 0x2000 0x20\n"
	"@ a:[0x8] < 0x1000\n@ a:[0x8] > 0x3000 0x100\n@ a:[0xc] - 0x2000\n@ a:[0x1] - 0x3000\n"
	"@ a:[0x1] + (nil) 0x7\n! 0x10 0x20\n= End\n";
static const char heaptrack_text[] =
	"v 10500 3\nX 3 ./a\nt 1 0\n+ 64 1 1000\n+ 20 1 2000\nc a\n"
	"- 1000\n+ 100 1 1000\nR 5\n- 2000\n";
static const char kinds_text[] =
	"v 10500 2\na 64 1\na 20 2\n+ 0\n+ 1\n+ 0\n- 0\n- 1\n- 1\nc ff\n";

int main(int argc, char **argv)
{
	uint64_t rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : ROUNDS;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	char folder[] = "/tmp/ashlar-fuzz-XXXXXX", path[64];
	struct blob traces[SEEDS], texts[SEEDS];
	struct tally tally = {0};
	int fd = memfd_create("trace", MFD_CLOEXEC);

	if (fd < 0 || !mkdtemp(folder) || !(nowhere = fopen("/dev/null", "w")))
		die("no place for files");
	snprintf(path, sizeof(path), "%s/trace", folder);
	rng_seed(&rng, seed, 0);
	traces[0] = make_trace(path, 1, 20);
	texts[0] = dump_of(path);
	traces[1] = make_trace(path, 4, 200);
	texts[1] = blob_of(mtrace_text, sizeof(mtrace_text) - 1);
	traces[2] = make_trace(path, 3, 60000);
	texts[2] = blob_of(heaptrack_text, sizeof(heaptrack_text) - 1);
	traces[3] = make_trace(path, 40, 500);
	texts[3] = blob_of(kinds_text, sizeof(kinds_text) - 1);
	for (uint64_t i = 0; i < rounds; i++) {
		/* The long one is worth a small part of the time. */
		unsigned which = rng_below(&rng, 50) == 0 ? 2 : (unsigned[]){0, 1, 3}[i % 3];

		try_trace(&traces[which], &traces[rng_below(&rng, SEEDS)], fd, &tally);
		if (i % 8 == 0) {
			unsigned text = (unsigned)(i / 8 % SEEDS);

			try_text(&texts[text], &texts[rng_below(&rng, SEEDS)], path,
				 text == 0   ? 0
				 : text == 1 ? 1
					     : 2);
		}
	}
	unlink(path);
	rmdir(folder);
	printf("1..2\nok 1 - %llu changed files: %u refused, %u damaged, %u cut short, %u as "
	       "good as "
	       "new\n",
	       (unsigned long long)rounds, tally.refused, tally.damaged, tally.cut, tally.good);
	/* Each kind of end must have been seen, or the changes do not reach the code. */
	printf("%s 2 - every way of ending was met\n",
	       tally.refused && tally.damaged && tally.cut && tally.good ? "ok" : "not ok");
	for (unsigned i = 0; i < SEEDS; i++) {
		free(traces[i].at);
		free(texts[i].at);
	}
	fclose(nowhere);
	return 0;
}
