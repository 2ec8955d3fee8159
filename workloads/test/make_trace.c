/* Writes synthetic traces for the tests of the replayer.
 *
 *	make_trace KIND FILE [EVENTS [SEED]]
 *	make_trace lie FILE FIELD        changes the FIELD-th number of its summary by one
 *
 * KIND: one (thread), four (threads that free and resize each other's objects), late
 * (threads started by threads, some joined, more of them in all than can be alive),
 * aligned, crowd (more alive than can be replayed). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "workloads/shared/rng.h"
#include "workloads/trace/bytes.h"
#include "workloads/trace/format.h"
#include "workloads/trace/writer.h"

#define LIVE 3000 /* objects, about */

static struct trace_writer *writer;
static struct rng rng;
static uint64_t now, next_object = 1;

struct object {
	uint64_t name, size;
};

static struct object live[2 * LIVE];
static unsigned nlive;

static void fail(const char *why)
{
	fprintf(stderr, "make_trace: %s\n", why);
	exit(1);
}

static void put(struct trace_event *e, uint64_t object, uint64_t resized)
{
	now += rng_below(&rng, 20);
	e->time = now;
	if (trace_write(writer, e, object, resized) != TRACE_PUT_OK)
		fail(trace_writer_error(writer));
}

static void thread_event(enum trace_op op, uint32_t tid, uint32_t other)
{
	struct trace_event e = {.op = op, .tid = tid, .other = other};

	put(&e, 0, 0);
}

/* Mostly small; one in a hundred is of several pages, some of those used in part. */
static uint64_t any_size(void)
{
	uint64_t small = 1 + rng_below(&rng, 400);

	return rng_below(&rng, 100) ? small : 20000 + rng_below(&rng, 300000);
}

static void allocate(uint32_t tid, bool aligned)
{
	struct trace_event e = {.tid = tid, .size = any_size()};
	struct object o = {next_object++, e.size};
	uint64_t kind = rng_below(&rng, 10);

	if (aligned || kind == 0) {
		e.op = TRACE_ALIGNED;
		e.align_log2 = (uint32_t)rng_below(&rng, aligned ? 14 : 8);
	} else {
		e.op = kind < 3 ? TRACE_CALLOC : TRACE_MALLOC;
	}
	put(&e, o.name, 0);
	live[nlive++] = o;
}

static void release(uint32_t tid, unsigned i)
{
	struct trace_event e = {.op = TRACE_FREE, .tid = tid, .resident = TRACE_NOT_MEASURED};

	if (live[i].size >= 65536)
		e.resident = (uint32_t)rng_below(&rng, live[i].size / 4096);
	put(&e, live[i].name, 0);
	live[i] = live[--nlive];
}

static void resize(uint32_t tid, unsigned i)
{
	struct trace_event e = {.op = TRACE_REALLOC, .tid = tid, .size = any_size()};
	uint64_t after = next_object++;

	put(&e, live[i].name, after);
	live[i] = (struct object){after, e.size};
}

static void one_of(uint32_t tid, bool aligned)
{
	uint64_t choice = rng_below(&rng, 100);

	if (nlive == 0 || (choice < 50 && nlive < LIVE))
		allocate(tid, aligned);
	else if (choice < 90 || nlive >= LIVE)
		release(tid, (unsigned)rng_below(&rng, nlive));
	else
		resize(tid, (unsigned)rng_below(&rng, nlive));
}

static void few_threads(unsigned threads, uint64_t events, bool aligned)
{
	for (uint32_t t = 1; t < threads; t++) {
		thread_event(TRACE_CREATE, 0, t);
		thread_event(TRACE_START, t, 0);
	}
	while (events--)
		one_of((uint32_t)rng_below(&rng, threads), aligned);
	for (uint32_t t = 1; t < threads; t++) {
		thread_event(TRACE_END, t, TRACE_NO_THREAD);
		if (t % 2)
			thread_event(TRACE_JOIN, 0, t);
	}
}

/* The first thread only waits, as most do: twice in the middle of a thread's work, of which it
 * then frees an object, then in a join; the end of the second thread it does not wait for. */
static void one_that_waits(uint64_t events)
{
	for (uint32_t t = 1; t <= 2; t++) {
		thread_event(TRACE_CREATE, 0, t);
		thread_event(TRACE_START, t, 0);
		for (unsigned part = 0; part < 3; part++) {
			for (uint64_t i = 0; i < events / 6; i++)
				one_of(t, false);
			if (part < 2 && nlive)
				release(0, nlive - 1);
		}
		thread_event(TRACE_END, t, TRACE_NO_THREAD);
		if (t == 1)
			thread_event(TRACE_JOIN, 0, t);
	}
}

/* Each thread starts the next one in the middle of its life; every third is joined. */
static void many_threads(unsigned threads, uint64_t events)
{
	uint64_t each = events / threads + 1;

	for (uint64_t i = 0; i < each; i++)
		one_of(0, false);
	for (uint32_t t = 1; t < threads; t++) {
		uint32_t before = t - 1;

		thread_event(TRACE_CREATE, before, t);
		thread_event(TRACE_START, t, before);
		for (uint64_t i = 0; i < each; i++)
			one_of(rng_below(&rng, 2) ? t : before, false);
		if (before) {
			thread_event(TRACE_END, before, TRACE_NO_THREAD);
			if (t % 3 == 0)
				thread_event(TRACE_JOIN, t, before);
		}
	}
}

/* The trailer promises something else than the trace holds. */
static void lie(const char *path, unsigned field)
{
	static unsigned char bytes[16 << 20];
	FILE *file = fopen(path, "r+b");
	size_t n = file ? fread(bytes, 1, sizeof(bytes), file) : 0, at, length, notes = 0;
	uint64_t offset;
	unsigned shift = 0;
	uint32_t crc;

	if (n < TRACE_FOOTER || n == sizeof(bytes))
		fail("no trace to change");
	memcpy(&offset, bytes + n - TRACE_FOOTER, 8);
	at = offset + 8;
	length = n - TRACE_FOOTER - 4 - at;
	do {
		notes |= (size_t)(bytes[at] & 127) << shift;
		shift += 7;
	} while (bytes[at++] & 128);
	at += notes;
	for (; field; field--)
		while (bytes[at++] & 128)
			;
	bytes[at] ^= 1;
	crc = trace_crc32c(0, bytes + offset, 8 + length);
	memcpy(bytes + offset + 8 + length, &crc, 4);
	if (fseek(file, 0, SEEK_SET) || fwrite(bytes, 1, n, file) != n || fclose(file))
		fail("cannot write it back");
}

int main(int argc, char **argv)
{
	struct trace_keys header = {.failed = false}, notes = {.failed = false};
	uint64_t events = argc > 3 ? strtoull(argv[3], NULL, 10) : 20000;
	const char *kind = argc > 2 ? argv[1] : "";
	char why[256];

	if (argc == 4 && strcmp(kind, "lie") == 0) {
		lie(argv[2], (unsigned)events);
		return 0;
	}
	rng_seed(&rng, argc > 4 ? strtoull(argv[4], NULL, 10) : 1, 0);
	trace_keys_add(&header, "program", "make_trace");
	writer = argc > 2 ? trace_create(argv[2], &header, why, sizeof(why)) : NULL;
	if (!writer)
		fail(argc > 2 ? why : "KIND FILE [EVENTS [SEED]] are needed");
	if (strcmp(kind, "one") == 0)
		few_threads(1, events, false);
	else if (strcmp(kind, "four") == 0)
		few_threads(4, events, false);
	else if (strcmp(kind, "waits") == 0)
		one_that_waits(events);
	else if (strcmp(kind, "aligned") == 0)
		few_threads(1, events, true);
	else if (strcmp(kind, "late") == 0)
		many_threads(200, events);
	else if (strcmp(kind, "crowd") == 0)
		few_threads(200, events, false);
	else
		fail("unknown kind");
	trace_keys_free(&header);
	if (trace_finish(writer, &notes, why, sizeof(why)) < 0)
		fail(why);
	return 0;
}
