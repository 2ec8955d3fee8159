#include "ctl/json.h"

#include <string.h>

#include "ctl/ctl.h"
#include "ctl/figures.h"
#include "ctl/names.h"
#include "util/fmt.h"

struct walk {
	struct ash_out *out;
	const struct ash_json_wanted *wanted;
	size_t at[ASH_CTL_NUMBERS];
	unsigned numbers;
};

void ash_json_string(struct ash_out *out, const char *text)
{
	ash_out_text(out, "\"");
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			ash_out_add(out, "\\%c", *c);
		else if (*c < ' ' || *c > '~')
			ash_out_add(out, "\\u%04x", *c);
		else
			ash_out_add(out, "%c", *c);
	}
	ash_out_text(out, "\"");
}

static void value(struct ash_out *out, enum ash_ctl_type type, const union ash_ctl_value *v)
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
		ash_json_string(out, v->s);
		break;
	default:
		ash_out_add(out, "%lu", (unsigned long)v->u64);
	}
}

static bool is_wanted(const struct walk *w, const char *component, size_t length)
{
	if (length >= 3 && memcmp(component, "bin", 3) == 0)
		return w->wanted->bins;
	if (length >= 5 && memcmp(component, "mutex", 5) == 0)
		return w->wanted->mutexes;
	if (length == 7 && memcmp(component, "extents", 7) == 0)
		return w->wanted->extents;
	if (length == 9 && memcmp(component, "hpa_shard", 9) == 0)
		return w->wanted->blocks && (w->numbers == 0 || ash_ctl_has_heap(w->at[0]));
	return length < 7 || memcmp(component, "lextent", 7) != 0 || w->wanted->larges;
}

static void name(struct walk *w, const char *component, size_t length, bool *any)
{
	ash_out_add(w->out, "%s\"%.*s\":", *any ? "," : "", (int)length, component);
	*any = true;
}

static void members(struct walk *w, unsigned lo, unsigned hi, unsigned d);

/* One object for each value of the number that is component d. */
static void array(struct walk *w, unsigned lo, unsigned hi, unsigned d, const char *component)
{
	size_t n = ash_ctl_values(component);

	ash_out_text(w->out, "[");
	for (size_t i = 0; i < n; i++) {
		w->at[w->numbers++] = i;
		ash_out_text(w->out, i > 0 ? ",{" : "{");
		members(w, lo, hi, d + 1);
		ash_out_text(w->out, "}");
		w->numbers--;
	}
	ash_out_text(w->out, "]");
}

/* Rows lo .. hi-1, which have their first d components in common. */
static void members(struct walk *w, unsigned lo, unsigned hi, unsigned d)
{
	bool any = false;

	for (unsigned r = lo, end; r < hi; r = end) {
		struct ash_ctl_row row = ash_ctl_row_at(r);
		size_t length, ignored;
		const char *component = ash_ctl_component(row.name, d, &length);
		const char *next = ash_ctl_component(row.name, d + 1, &ignored);
		union ash_ctl_value v;

		end = ash_ctl_group_end(r, hi, d);
		if (next == NULL) {
			if (row.call != NULL && ash_ctl_get(&row, w->at, &v) == 0 &&
			    row.type != ASH_CTL_POINTER) {
				name(w, component, length, &any);
				value(w->out, row.type, &v);
			}
		} else if (!is_wanted(w, component, length)) {
			continue;
		} else if (next[0] != '<') {
			name(w, component, length, &any);
			ash_out_text(w->out, "{");
			members(w, r, end, d + 1);
			ash_out_text(w->out, "}");
		} else if (strncmp(next, "<arena>", 7) != 0) {
			name(w, component, length, &any);
			array(w, r, end, d + 1, next);
		}
	}
}

/* Rows that begin with `beginning`, of d components. */
static void part(struct walk *w, const char *title, const char *beginning, unsigned d)
{
	size_t mib[ASH_CTL_DEPTH], depth = ASH_CTL_DEPTH;
	unsigned lo, hi = ash_ctl_rows();

	if (ash_ctl_find(beginning, mib, &depth) != 0)
		return;
	lo = (unsigned)mib[0];
	for (unsigned i = 0; i < d; i++) {
		size_t length;
		const char *component = ash_ctl_component(ash_ctl_row_at(lo).name, i, &length);

		if (component[0] == '<')
			w->at[w->numbers++] = mib[i];
		else
			lo = (unsigned)mib[i];
		hi = ash_ctl_group_end(lo, hi, i);
	}
	ash_out_add(w->out, "\"%s\":{", title);
	members(w, lo, hi, d);
	ash_out_text(w->out, "}");
	w->numbers = 0;
}

/* An arena without statistics of its own has no part. */
static bool has_statistics(unsigned arena)
{
	size_t mib[ASH_CTL_DEPTH], depth = ASH_CTL_DEPTH, n = sizeof(unsigned);
	unsigned threads;

	if (ash_ctl_find("stats.arenas.0.nthreads", mib, &depth) != 0)
		return false;
	mib[2] = arena;
	return ash_ctl_by_mib(mib, depth, &threads, &n, NULL, 0) == 0;
}

static void arena(struct walk *w, const char *title, unsigned number, bool *any)
{
	char beginning[40];

	if (!has_statistics(number))
		return;
	if (*any)
		ash_out_text(w->out, ",");
	*any = true;
	ash_format(beginning, sizeof(beginning), "stats.arenas.%u", number);
	part(w, title, beginning, 3);
}

static void arenas(struct walk *w)
{
	bool any = false;

	ash_out_text(w->out, "\"stats.arenas\":{");
	if (w->wanted->merged)
		arena(w, "merged", ASH_CTL_ALL, &any);
	if (w->wanted->destroyed)
		arena(w, "destroyed", ASH_CTL_DESTROYED, &any);
	for (unsigned i = 0; w->wanted->arenas && i < ash_ctl_arenas_count(); i++) {
		char number[12];

		ash_format(number, sizeof(number), "%u", i);
		arena(w, number, i, &any);
	}
	ash_out_text(w->out, "}");
}

void ash_ctl_json(struct ash_out *out, const struct ash_json_wanted *wanted)
{
	struct walk w = {out, wanted, {0}, 0};

	ash_out_text(out, "{\"jemalloc\":{");
	if (wanted->general) {
		ash_out_text(out, "\"version\":");
		ash_json_string(out, ASH_CTL_VERSION);
		ash_out_text(out, ",");
		part(&w, "config", "config", 1);
		ash_out_text(out, ",");
		part(&w, "opt", "opt", 1);
		ash_out_text(out, ",");
		part(&w, "arenas", "arenas", 1);
		ash_out_text(out, ",");
	}
	part(&w, "stats", "stats", 1);
	ash_out_text(out, ",");
	arenas(&w);
	ash_out_text(out, "}}\n");
}
