#include "ctl/json.h"

#include <string.h>

#include "arena/arena.h"
#include "util/fmt.h"

struct json {
	struct ash_out *out;
	const struct ash_walk_wanted *wanted;
	bool any; /* something stands before in this object */
};

static void text(struct ash_out *out, const char *s)
{
	ash_out_text(out, "\"");
	for (const unsigned char *c = (const unsigned char *)s; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			ash_out_add(out, "\\%c", *c);
		else if (*c < ' ' || *c > '~')
			ash_out_add(out, "\\u%04x", *c);
		else
			ash_out_add(out, "%c", *c);
	}
	ash_out_text(out, "\"");
}

void ash_json_value(struct ash_out *out, enum ash_ctl_type type, const union ash_ctl_value *v)
{
	switch (type) {
	case ASH_CTL_BOOL:
		ash_out_text(out, v->b ? "true" : "false");
		break;
	case ASH_CTL_UNSIGNED:
		ash_out_add(out, "%u", v->u);
		break;
	case ASH_CTL_I64:
	case ASH_CTL_SSIZE:
		ash_out_add(out, "%ld", (long)v->i64);
		break;
	case ASH_CTL_STRING:
	case ASH_CTL_BUFFER:
		text(out, v->s);
		break;
	default:
		ash_out_add(out, "%lu", (unsigned long)v->u64);
	}
}

/* In front of what stands in an object or array. */
static void comma(struct json *json)
{
	if (json->any)
		ash_out_text(json->out, ",");
	json->any = true;
}

static void open_named(struct json *json, const char *component, size_t length, const char *how)
{
	comma(json);
	ash_out_add(json->out, "\"%.*s\":%s", (int)length, component, how);
	json->any = false;
}

static void close_with(struct json *json, const char *how)
{
	ash_out_text(json->out, how);
	json->any = true;
}

static void begin(void *to, const char *component, size_t length)
{
	open_named(to, component, length, "{");
}

static void end(void *to)
{
	close_with(to, "}");
}

static void value(void *to, const char *component, size_t length, enum ash_ctl_type type,
		  const union ash_ctl_value *v)
{
	static const char uptime[] = "uptime_ns"; /* jemalloc's JSON has the unit, too */
	struct json *json = to;

	if (length == 6 && memcmp(component, uptime, length) == 0) {
		component = uptime;
		length = sizeof(uptime) - 1;
	}
	open_named(json, component, length, "");
	ash_json_value(json->out, type, v);
	json->any = true;
}

static void begin_array(void *to, const char *component, size_t length)
{
	open_named(to, component, length, "[");
}

static void begin_element(void *to, size_t number)
{
	struct json *json = to;

	(void)number;
	comma(json);
	ash_out_text(json->out, "{");
	json->any = false;
}

static void end_array(void *to)
{
	close_with(to, "]");
}

static const struct ash_walk_form form = {
	.begin = begin,
	.end = end,
	.value = value,
	.begin_array = begin_array,
	.begin_element = begin_element,
	.end_element = end,
	.end_array = end_array,
};

static void part(struct json *json, const char *title, const char *beginning, unsigned depth)
{
	begin(json, title, strlen(title));
	ash_walk(&form, json, json->wanted, beginning, depth);
	end(json);
}

static void arena(void *to, unsigned number)
{
	char title[12], beginning[40], name[ASH_ARENA_NAME];

	ash_format(title, sizeof(title), "%u", number);
	ash_format(beginning, sizeof(beginning), "stats.arenas.%u", number);
	if (number == ASH_CTL_ALL || number == ASH_CTL_DESTROYED) {
		part(to, number == ASH_CTL_ALL ? "merged" : "destroyed", beginning, 3);
		return;
	}
	begin(to, title, strlen(title));
	if (ash_arena_name(number, name) == 0)
		value(to, "name", 4, ASH_CTL_STRING, &(union ash_ctl_value){.s = name});
	ash_walk(&form, to, ((struct json *)to)->wanted, beginning, 3);
	end(to);
}

void ash_ctl_json(struct ash_out *out, const struct ash_walk_wanted *wanted)
{
	struct json json = {out, wanted, false};

	ash_out_text(out, "{\"jemalloc\":{");
	if (wanted->general) {
		value(&json, "version", 7, ASH_CTL_STRING,
		      &(union ash_ctl_value){.s = ASH_CTL_VERSION});
		part(&json, "config", "config", 1);
		part(&json, "opt", "opt", 1);
		part(&json, "arenas", "arenas", 1);
	}
	part(&json, "stats", "stats", 1);
	begin(&json, "stats.arenas", 12);
	ash_walk_arenas(wanted, arena, &json);
	end(&json);
	ash_out_text(out, "}}\n");
}
