#include "front/misuse.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/doubles.h"
#include "conf/conf.h"
#include "front/object.h"
#include "reclaim/claim.h"
#include "util/atomic.h"
#include "util/fmt.h"

#define SILENCE ASH_CONF_NAME "=abort_on_misuse:false continues"
#define PREFIX "<ashlar>: "
#define LINE 400

static ash_misuse_told *hook; /* atomic */

void ash_misuse_set_hook(ash_misuse_told *told)
{
	ash_store_release(&hook, told);
}

/* Told to go on, a program that misuses the heap in a loop gets one line, not millions. */
static int first_time(void)
{
	static uint32_t told;

	return ash_exchange_acq_rel(&told, 1) == 0;
}

static ASH_PRINTF(3, 0) void tell(bool ends, const char *prefix, const char *format,
				  va_list args)
{
	ash_misuse_told *told = ash_load_acquire(&hook);
	char line[LINE];
	size_t length = ash_format(line, sizeof(line), "%s", prefix);

	length += ash_vformat(line + length, sizeof(line) - length - 1, format, args);
	if (told != NULL) {
		told(line);
		return;
	}
	ends = ends || ash_conf.abort_on_misuse || ash_conf.abort;
	if (ends || first_time()) {
		line[length++] = '\n';
		line[length] = '\0';
		ash_tell_line(line, length);
	}
	if (ends)
		abort();
}

static ASH_PRINTF(1, 2) void report(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(false, PREFIX, format, args);
	va_end(args);
}

void ash_misuse_fatal(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(true, PREFIX, format, args);
	va_end(args);
}

void ash_misuse_fatal_as(const char *prefix, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(true, prefix, format, args);
	va_end(args);
}

void ash_misuse_report(const struct ash_misuse *misuse)
{
	if (ash_claim_postpone(&ash_heap, misuse))
		return;
	if (misuse->kind == ASH_MISUSE_DOUBLE_FREE && misuse->size != 0)
		report("double free of %p (size class %zu bytes); " SILENCE, misuse->pointer,
		       misuse->size);
	else if (misuse->kind == ASH_MISUSE_DOUBLE_FREE)
		report("double free of %p; " SILENCE, misuse->pointer);
	else if (misuse->size != 0)
		report("invalid free of %p: %s (size class %zu bytes); " SILENCE,
		       misuse->pointer, misuse->why, misuse->size);
	else
		report("invalid free of %p: %s; " SILENCE, misuse->pointer, misuse->why);
}

void ash_misuse_pointer(const char *call, const void *p, const struct ash_object *object)
{
	struct ash_misuse misuse = {ASH_MISUSE_INVALID_FREE, p, object->usable, object->why};

	if (strcmp(call, "free") == 0) {
		if (object->kind == ASH_OBJECT_FREED)
			misuse.kind = ASH_MISUSE_DOUBLE_FREE;
		ash_misuse_report(&misuse);
		return;
	}
	report("invalid pointer %p passed to %s: %s; " SILENCE, p, call,
	       object->kind == ASH_OBJECT_FREED ? "it was freed" : object->why);
}

#define REPORTS 4

void ash_misuse_look_at_caches(void)
{
#ifdef ASH_SAFETY_CHECKS
	struct ash_misuse found[REPORTS];
	unsigned n = ash_doubles_find(found, REPORTS);

	for (unsigned i = 0; i < n; i++)
		ash_misuse_report(&found[i]);
#endif
}

#if ASH_DEBUG >= 1
void ash_misuse_check_size(const void *p, size_t align, size_t size)
{
	struct ash_object object;

	if (p == NULL)
		return;
	object = ash_object_of(p);
	if (object.kind == ASH_OBJECT_NONE || object.kind == ASH_OBJECT_FREED)
		return; /* free itself reports it */
	if (size > object.usable || ((uintptr_t)p & (align - 1)) != 0) {
		object.why = "its size or alignment is not what free_sized was told";
		object.kind = ASH_OBJECT_NONE;
		ash_misuse_pointer("free", p, &object);
	}
}
#endif
