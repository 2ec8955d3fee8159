#include "ctl/walk.h"

#include <string.h>

#include "ctl/ctl.h"
#include "ctl/figures.h"
#include "ctl/names.h"

struct walk {
	const struct ash_walk_form *form;
	void *to;
	const struct ash_walk_wanted *wanted;
	size_t at[ASH_CTL_NUMBERS];
	unsigned numbers;
};

/* (A lock is called hpa_shard, too, further down.) */
static bool is_wanted(const struct walk *w, const char *component, size_t length, unsigned d)
{
	if (length >= 3 && memcmp(component, "bin", 3) == 0)
		return w->wanted->bins;
	if (length >= 5 && memcmp(component, "mutex", 5) == 0)
		return w->wanted->mutexes;
	if (length == 7 && memcmp(component, "extents", 7) == 0)
		return w->wanted->extents;
	if (d == 3 && length == 9 && memcmp(component, "hpa_shard", 9) == 0)
		return w->wanted->blocks && ash_ctl_has_heap(w->at[0]);
	return length < 7 || memcmp(component, "lextent", 7) != 0 || w->wanted->larges;
}

/* False also for what is written alone, or stands for nothing here. */
static bool read_row(const struct walk *w, const struct ash_ctl_row *row,
		     union ash_ctl_value *value)
{
	return row->call != NULL && row->type != ASH_CTL_POINTER &&
	       ash_ctl_get(row, w->at, value) == 0;
}

/* Of an element's rows lo .. hi-1, which are numbers. */
static bool are_zeroes(const struct walk *w, unsigned lo, unsigned hi)
{
	for (unsigned r = lo; r < hi; r++) {
		struct ash_ctl_row row = ash_ctl_row_at(r);
		union ash_ctl_value value = {.u64 = 0};

		if (read_row(w, &row, &value) &&
		    (row.type == ASH_CTL_UNSIGNED ? value.u : value.u64) != 0)
			return false;
	}
	return true;
}

static void members(struct walk *w, unsigned lo, unsigned hi, unsigned d);

/* One element for each value of the number that is component d. */
static void elements(struct walk *w, unsigned lo, unsigned hi, unsigned d,
		     const char *component)
{
	size_t n = ash_ctl_values(component);

	for (size_t i = 0; i < n; i++) {
		w->at[w->numbers++] = i;
		if (!w->form->skips_zeroes || !are_zeroes(w, lo, hi)) {
			w->form->begin_element(w->to, i);
			members(w, lo, hi, d + 1);
			w->form->end_element(w->to);
		}
		w->numbers--;
	}
}

/* Rows lo .. hi-1, which have their first d components in common. */
static void members(struct walk *w, unsigned lo, unsigned hi, unsigned d)
{
	for (unsigned r = lo, end; r < hi; r = end) {
		struct ash_ctl_row row = ash_ctl_row_at(r);
		size_t length, ignored;
		const char *component = ash_ctl_component(row.name, d, &length);
		const char *next = ash_ctl_component(row.name, d + 1, &ignored);
		union ash_ctl_value value;

		end = ash_ctl_group_end(r, hi, d);
		if (next == NULL) {
			if (read_row(w, &row, &value))
				w->form->value(w->to, component, length,
					       (enum ash_ctl_type)row.type, &value);
		} else if (!is_wanted(w, component, length, d)) {
			continue;
		} else if (next[0] != '<') {
			w->form->begin(w->to, component, length);
			members(w, r, end, d + 1);
			w->form->end(w->to);
		} else if (strncmp(next, "<arena>", 7) != 0 && w->form->begin_array != NULL) {
			w->form->begin_array(w->to, component, length);
			elements(w, r, end, d + 1, next);
			w->form->end_array(w->to);
		}
	}
}

void ash_walk(const struct ash_walk_form *form, void *to, const struct ash_walk_wanted *wanted,
	      const char *beginning, unsigned depth)
{
	struct walk w = {form, to, wanted, {0}, 0};
	size_t mib[ASH_CTL_DEPTH], found = ASH_CTL_DEPTH;
	unsigned lo, hi = ash_ctl_rows();

	if (ash_ctl_find(beginning, mib, &found) != 0)
		return;
	lo = (unsigned)mib[0];
	for (unsigned i = 0; i < depth; i++) {
		size_t length;
		const char *component = ash_ctl_component(ash_ctl_row_at(lo).name, i, &length);

		if (component[0] == '<')
			w.at[w.numbers++] = mib[i];
		else
			lo = (unsigned)mib[i];
		hi = ash_ctl_group_end(lo, hi, i);
	}
	members(&w, lo, hi, depth);
}

static bool has_statistics(unsigned arena)
{
	size_t mib[ASH_CTL_DEPTH], depth = ASH_CTL_DEPTH, n = sizeof(unsigned);
	unsigned threads;

	if (ash_ctl_find("stats.arenas.0.nthreads", mib, &depth) != 0)
		return false;
	mib[2] = arena;
	return ash_ctl_by_mib(mib, depth, &threads, &n, NULL, 0) == 0;
}

void ash_walk_arenas(const struct ash_walk_wanted *wanted, void (*fn)(void *to, unsigned arena),
		     void *to)
{
	if (wanted->merged)
		fn(to, ASH_CTL_ALL);
	if (wanted->destroyed && has_statistics(ASH_CTL_DESTROYED))
		fn(to, ASH_CTL_DESTROYED);
	for (unsigned i = 0; wanted->arenas && i < ash_ctl_arenas_count(); i++)
		if (has_statistics(i))
			fn(to, i);
}
