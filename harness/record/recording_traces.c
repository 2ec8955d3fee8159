/* The traces of a recording: which process goes into which file, and what is said of it. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "harness/base/build_id.h"
#include "harness/trial/child.h"
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/record/recording.h"
#include "workloads/convert/convert.h"
#include "workloads/recorder/ticks.h"
#include "workloads/trace/reader.h"
#include "workloads/trace/writer.h"

#define BASELINE_NS 20000000u /* the clock's rate is measured over so long at least */

/* Value of the first line "KEY : value" of a file. */
static char *line_value(const char *path, const char *key)
{
	char *text = file_read(path), *at = text ? strstr(text, key) : NULL, *value;

	at = at ? strchr(at, ':') : NULL;
	if (at)
		at += 1 + strspn(at + 1, " \t");
	value = text_format("%.*s", at ? (int)strcspn(at, "\n") : 0, at ? at : "");
	free(text);
	return value;
}

/* "always [madvise] never" -> madvise */
static char *thp_mode(void)
{
	char line[128];
	const char *open = strchr(
		file_line("/sys/kernel/mm/transparent_hugepage/enabled", line, sizeof(line)),
		'[');

	return text_format("%.*s", open ? (int)strcspn(open + 1, "]") : 0,
			   open ? open + 1 : "");
}

static void add_allocator(struct trace_keys *keys, const struct raw_process *image)
{
	const char *slash = strrchr(image->allocator, '/');
	char id[BUILD_ID_TEXT], why[256];

	trace_keys_add(keys, "allocator", "%s", slash ? slash + 1 : image->allocator);
	if (build_id_read(image->allocator, id, why, sizeof(why)) == 0)
		trace_keys_add(keys, "allocator-build-id", "%s", id);
}

static void add_machine(struct trace_keys *keys)
{
	char *cpu = line_value("/proc/cpuinfo", "model name"), *thp = thp_mode();
	struct utsname system;

	if (*cpu)
		trace_keys_add(keys, "cpu", "%s", cpu);
	trace_keys_add(keys, "cpus", "%ld", sysconf(_SC_NPROCESSORS_ONLN));
	if (uname(&system) == 0)
		trace_keys_add(keys, "kernel", "%s", system.release);
	if (*thp)
		trace_keys_add(keys, "thp", "%s", thp);
	free(cpu);
	free(thp);
}

static struct trace_keys make_header(const struct recording *r, const struct raw_process *image,
				     uint64_t ns_per_tick_32)
{
	struct trace_keys keys = {0};
	time_t start = (time_t)image->start_unix;
	struct tm utc;
	char when[32] = "";

	gmtime_r(&start, &utc);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &utc);
	trace_keys_add(&keys, "program", "%s", image->program);
	trace_keys_add(&keys, "arguments", "%u, hash %016" PRIx64, image->arguments,
		       image->arguments_hash);
	add_allocator(&keys, image);
	add_machine(&keys);
	trace_keys_add(&keys, "page-size", "%u", image->page_size);
	trace_keys_add(&keys, "tick-rate", "%.0f", 4294967296e9 / (double)ns_per_tick_32);
	trace_keys_add(&keys, "start", "%s", when);
	trace_keys_add(&keys, "pid", "%u", image->pid);
	trace_keys_add(&keys, "parent", "%u", image->parent);
	if (image->forked)
		trace_keys_add(&keys, "forked", "yes");
	if (r->co_scheduled)
		trace_keys_add(&keys, "co-scheduled", "yes");
	trace_keys_add(&keys, "recorder", "ashlar-bench " PACKAGE_VERSION);
	trace_keys_add(&keys, "zstd-level", "%d", r->level ? r->level : TRACE_LEVEL);
	return keys;
}

/* How the process ended, as far as we can know: only the command is our child. */
static void add_end(const struct recording *r, const struct raw_process *image, bool replaced,
		    struct trace_keys *notes)
{
	char text[64];
	const char *status;

	if (replaced)
		trace_keys_add(notes, "ended", "by exec");
	else if ((pid_t)image->pid == r->pid)
		trace_keys_add(notes, "ended", "%s",
			       (status = child_status_text(r->status, text, sizeof(text)))
				       ? status
				       : "exit status 0");
	else if (kill((pid_t)image->pid, 0) == 0 || errno == EPERM)
		trace_keys_add(notes, "ended", "not when this was written");
	else
		trace_keys_add(notes, "ended", "unknown, not the command itself");
}

/* Was it followed by another program in the same process? */
static bool is_replaced(const struct raw_images *images, const struct raw_process *image)
{
	for (size_t i = 0; i < images->count; i++)
		if (images->list[i].pid == image->pid && images->list[i].image > image->image)
			return true;
	return false;
}

static char *name_of(const struct recording *r, const struct raw_process *image, bool replaced)
{
	const char *slash = strrchr(r->out, '/');
	const char *dot = strrchr(slash ? slash : r->out, '.');
	int stem = dot ? (int)(dot - r->out) : (int)strlen(r->out);

	if (replaced)
		return text_format("%.*s.%u.%u%s", stem, r->out, image->pid, image->image,
				   dot ? dot : "");
	if ((pid_t)image->pid == r->pid)
		return text_format("%s", r->out);
	return text_format("%.*s.%u%s", stem, r->out, image->pid, dot ? dot : "");
}

static void say_count(const char *what, uint64_t count)
{
	if (count)
		fprintf(stderr, "  %" PRIu64 " %s\n", count, what);
}

static void say(const char *path, const struct raw_process *image,
		const struct raw_result *result)
{
	double events = result->events ? (double)result->events : 1;
	double s = (double)result->duration_ns * 1e-9;

	fprintf(stderr,
		"%s: %s, pid %u: %" PRIu64 " events of %" PRIu64
		" threads in %.3f s (%.0f a second), "
		"%.2f bytes an event, %.2f packed; none lost\n",
		path, image->program, image->pid, result->events, result->threads, s,
		s > 0 ? events / s : 0, (double)result->raw_bytes / events,
		(double)result->packed_bytes / events);
	say_count("allocations failed", result->failed);
	say_count("frees of objects from before the recording, left out",
		  result->unknown_frees);
	say_count("frees were not seen and put in where the address came again",
		  result->lost_frees);
	say_count("time stamps contradicted another thread's", result->inversions);
}

/* Reads it back: what is said to be written can be read. */
static int verify(const char *path, struct raw_result *result)
{
	char why[1024];
	struct trace_reader *reader = trace_open(path, why, sizeof(why));
	int status = 0;

	if (!reader || trace_check(reader)) {
		complain("record: the trace does not read back: %s",
			 reader ? trace_error(reader) : why);
		status = -1;
	} else {
		result->raw_bytes = trace_layout(reader).raw_bytes;
		result->packed_bytes = trace_layout(reader).packed_bytes;
	}
	trace_close(reader);
	return status;
}

static int convert_one(const struct recording *r, const struct raw_images *images,
		       const struct raw_process *image, uint64_t ns_per_tick_32)
{
	bool replaced = is_replaced(images, image);
	struct trace_keys header = make_header(r, image, ns_per_tick_32), notes = {0};
	char *path = name_of(r, image, replaced), why[1024];
	struct raw_result result;
	int status;

	add_end(r, image, replaced, &notes);
	status = raw_convert(r->folder, image, ns_per_tick_32, r->most, &header, &notes, path,
			     &result, why, sizeof(why));
	if (status < 0)
		complain("record: %s", why);
	else if (status == 0 && verify(path, &result) == 0)
		say(path, image, &result);
	else if (status == 0)
		status = -1;
	trace_keys_free(&header);
	trace_keys_free(&notes);
	free(path);
	return status < 0 ? -1 : 0;
}

/* Measured from the first image's start to now, on this machine's same clock. */
static uint64_t clock_rate(const struct raw_process *first)
{
	uint64_t ns = ticks_ns();

	if (ns - first->start_ns < BASELINE_NS) {
		struct timespec rest = {0, (long)(BASELINE_NS - (ns - first->start_ns))};

		nanosleep(&rest, NULL);
	}
	ns = ticks_ns();
	return raw_ns_per_tick_32(first, ticks_read((enum raw_clock)first->clock), ns);
}

int recording_convert(const struct recording *r)
{
	struct raw_images images;
	char why[1024];
	bool own = false;
	uint64_t rate;
	int status = 0;

	if (raw_images_read(&images, r->folder, why, sizeof(why))) {
		complain("record: %s", why);
		return -1;
	}
	rate = images.count ? clock_rate(&images.list[0]) : 0;
	for (size_t i = 0; i < images.count; i++) {
		const struct raw_process *image = &images.list[i];

		own = own || (pid_t)image->pid == r->pid;
		if (!r->children &&
		    ((pid_t)image->pid != r->pid || is_replaced(&images, image)))
			continue;
		if (convert_one(r, &images, image, rate))
			status = -1;
	}
	if (!own) {
		complain("record: %s: not written: the recorder was not loaded into %s, which "
			 "is "
			 "linked statically, changes its user, or cleared its environment",
			 r->out, r->command[0]);
		status = -1;
	}
	raw_images_free(&images);
	return status;
}
