/* Counters in words and in records. */
#include "harness/machine/counters.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "harness/base/message.h"

static const struct {
	int error;
	const char *name, *words;
} errors[] = {
	{ENOENT, "ENOENT", "this machine shows no such event"},
	{ENODEV, "ENODEV", "this CPU cannot count that"},
	{EOPNOTSUPP, "EOPNOTSUPP", "the machine's counters do not support it"},
	{EACCES, "EACCES", "not permitted (perf_event_paranoid, or a container's filter)"},
	{EPERM, "EPERM", "not permitted (perf_event_paranoid, or a container's filter)"},
	{EINVAL, "EINVAL", "the kernel takes no event of this form"},
	{EMFILE, "EMFILE", "too many open files in this process (ulimit -n)"},
	{ENFILE, "ENFILE", "too many open files on this machine"},
	{EBUSY, "EBUSY", "all hardware counters are taken by someone else"},
	{ENOSYS, "ENOSYS", "the kernel has no perf_event_open"},
	{ENOSPC, "ENOSPC", "the kernel gives more counts than were asked for"},
	{EIO, "EIO", "the kernel gave no count"},
	{0, "never ran", "it never got a counter"},
};

const char *counters_error_name(int error)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].error == error)
			return errors[i].name;
	return "unknown error";
}

const char *counters_error_words(int error)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].error == error)
			return errors[i].words;
	return strerror(error);
}

const char *counters_probe(const struct counter_source *source, const struct counter_set *set,
			   char *line, size_t size)
{
	struct counters c;
	const char *tier;
	int error, found = 0;

	counters_open(&c, source, 0, set);
	tier = counters_tier(&c);
	error = c.nmissing ? c.missing[0].error : 0;
	while (set && set->events[found].name)
		found++;
	if (c.hardware && !c.nmissing)
		because(line, size, "%d events in user mode", found);
	else if (c.hardware)
		because(line, size, "%d of %d events in user mode; %s: %s, %s",
			found - c.nmissing, found, c.missing[0].name,
			counters_error_name(error), counters_error_words(error));
	else if (set)
		because(line, size, "%s, %s: %s", counters_error_name(error),
			counters_error_words(error),
			c.count ? "software events only" : "no events at all");
	else
		because(line, size, "%s",
			c.count ? "events of the kernel" : "no events at all");
	counters_close(&c);
	return tier;
}

json_t *counters_to_json(const struct counters_reading *r)
{
	json_t *o = json_object(), *events = json_object(), *missing = json_object();

	for (int i = 0; i < r->count; i++) {
		const struct counter_value *v = &r->values[i];
		json_t *event = json_object();

		json_object_set_new(event, "value", json_integer((json_int_t)v->value));
		if (v->enabled_ns) { /* what was simulated took no turns */
			json_object_set_new(event, "enabled_ns",
					    json_integer((json_int_t)v->enabled_ns));
			json_object_set_new(event, "running_ns",
					    json_integer((json_int_t)v->running_ns));
			json_object_set_new(event, "scaled", json_boolean(v->scaled));
		}
		json_object_set_new(events, v->name, event);
	}
	for (int i = 0; i < r->nmissing; i++)
		json_object_set_new(missing, r->missing[i].name,
				    json_string(counters_error_name(r->missing[i].error)));
	json_object_set_new(o, "tier", json_string(r->tier ? r->tier : "none"));
	json_object_set_new(o, "set", json_string(r->set ? r->set : "software"));
	json_object_set_new(o, "events", events);
	json_object_set_new(o, "missing", missing);
	return o;
}
