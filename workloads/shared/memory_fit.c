#include "workloads/shared/memory_fit.h"

#include <stdio.h>
#include <string.h>

#define MOST_NAMED 2 /* parameters in one sentence */

uint64_t room_needed(const struct workload *w, const int64_t *values)
{
	struct wl_run run = {.workload = w};
	uint64_t peak;

	memcpy(run.values, values, sizeof(run.values));
	peak = w->peak_bytes(&run);
	return peak + peak / 4 + (w->table_bytes ? w->table_bytes(&run) : 0);
}

static bool fits(const struct workload *w, const int64_t *values, int param, int64_t value,
		 uint64_t available)
{
	int64_t changed[WL_MAX_PARAMS];

	memcpy(changed, values, sizeof(changed));
	changed[param] = value;
	return room_needed(w, changed) <= available;
}

bool room_range(const struct workload *w, const int64_t *values, int param, uint64_t available,
		int64_t *from, int64_t *to)
{
	const struct wl_param *p = &w->params[param];
	bool low = fits(w, values, param, p->min, available);
	bool high = fits(w, values, param, p->max, available);
	int64_t good = low ? p->min : p->max, bad = low ? p->max : p->min;

	if (!low && !high)
		return false;
	*from = p->min;
	*to = p->max;
	if (low && high)
		return true;
	while (good - bad > 1 || bad - good > 1) {
		int64_t middle = good + (bad - good) / 2;

		if (fits(w, values, param, middle, available))
			good = middle;
		else
			bad = middle;
	}
	*(low ? to : from) = good;
	return true;
}

static size_t name_ranges(const struct workload *w, const int64_t *values, bool set_only,
			  uint64_t available, char *text, size_t size)
{
	size_t used = 0;
	int named = 0;

	text[0] = '\0';
	for (int i = 0; w->params[i].name && named < MOST_NAMED && used < size; i++) {
		int64_t from, to;

		if (set_only && values[i] == w->params[i].value)
			continue;
		if (!room_range(w, values, i, available, &from, &to) ||
		    (values[i] >= from && values[i] <= to))
			continue;
		used += (size_t)snprintf(text + used, size - used,
					 "%s%s=%lld: from %lld to %lld is accepted",
					 named++ ? ", or " : "", w->params[i].name,
					 (long long)values[i], (long long)from, (long long)to);
	}
	return used;
}

int room_check(const struct workload *w, const int64_t *values, uint64_t available,
	       uint64_t installed, char *why, size_t why_size)
{
	uint64_t needed = room_needed(w, values);
	char ranges[256];

	if (needed <= available)
		return 0;
	if (!name_ranges(w, values, true, available, ranges, sizeof(ranges)) &&
	    !name_ranges(w, values, false, available, ranges, sizeof(ranges)))
		snprintf(ranges, sizeof(ranges), "no single parameter makes it fit");
	snprintf(
		why, why_size,
		"%s: too large for this machine's memory: %s (needs %.1f GiB, %.1f of %.1f GiB "
		"are available)",
		w->name, ranges, (double)needed / 0x1p30, (double)available / 0x1p30,
		(double)installed / 0x1p30);
	return -1;
}
