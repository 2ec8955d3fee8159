#include "front/tcache_settings.h"

#include <string.h>

#include "conf/conf.h"
#include "front/capacity.h"
#include "front/tcache_flush.h"

bool ash_tcache_enabled = true;

/* Ranges that can be read. */
static void read_bounds(struct ash_span ranges, uint8_t bounds[ASH_CLASSES])
{
	struct ash_range range;

	while (ranges.length != 0 && ash_parse_range(&ranges, &range))
		ash_capacity_bound_range(bounds, &range);
}

void ash_tcache_settings_init(void)
{
	const char *ranges = ash_conf.tcache_ncached_max.text;

	read_bounds((struct ash_span){ranges, strlen(ranges)}, ash_thread_bounds);
}

bool ash_tcache_set_enabled(bool enabled)
{
	struct ash_thread *t = ash_thread_self();

	if (enabled && !ash_tcache_enabled)
		return false;
	if (t == NULL && ash_tls.phase == ASH_THREAD_DEAD) { /* there will be none */
		ash_tls.said_on = enabled;
		return true;
	}
	if (t == NULL)
		return false;
	if (enabled && !t->tcache_on)
		ash_thread_unbound(t); /* it is another one */
	t->tcache_on = enabled;
	t->tcache_max = enabled ? t->tcache_most : 0;
	if (!enabled)
		ash_tcache_flush();
	return true;
}

bool ash_tcache_is_enabled(void)
{
	const struct ash_thread *t = ash_thread_self();

	return t != NULL ? ash_tcache_enabled && t->tcache_on : ash_tls.said_on;
}

size_t ash_tcache_max(void)
{
	const struct ash_thread *t = ash_thread_self();

	return t != NULL ? t->tcache_most : 0;
}

unsigned ash_tcache_most(unsigned class)
{
	const struct ash_thread *t = ash_thread_self();

	return t != NULL && ash_tcache_enabled && ash_class_size(class) <= t->tcache_max
		       ? ash_capacity_most_of(t, class)
		       : 0;
}

bool ash_tcache_set_most(struct ash_span ranges)
{
	struct ash_thread *t = ash_thread_self();
	uint8_t bounds[ASH_CLASSES];

	if (t == NULL)
		return false;
	for (unsigned c = 1; c < ASH_CLASSES; c++)
		bounds[c] = t->classes[c].bound;
	read_bounds(ranges, bounds);
	for (unsigned c = 1; c < ASH_CLASSES; c++) {
		if (bounds[c] == t->classes[c].bound)
			continue;
		ash_tcache_flush_class(t, t->top, c);
		ash_capacity_bound(t, c, bounds[c]);
	}
	return true;
}

bool ash_tcache_set_max(size_t bytes)
{
	struct ash_thread *t = ash_thread_self();

	if (t == NULL)
		return false;
	t->tcache_most = bytes >= ASH_SMALL_MAX ? ASH_SMALL_MAX
			 : bytes == 0           ? 0
						: (uint32_t)ash_class_size(ash_class_of(bytes));
	if (t->tcache_on)
		t->tcache_max = t->tcache_most;
	for (unsigned c = 1; c < ASH_CLASSES; c++)
		if (ash_class_size(c) > t->tcache_max)
			ash_tcache_flush_class(t, t->top, c);
	return true;
}
