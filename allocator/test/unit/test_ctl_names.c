/* The tree of names, by the rows: halving finds what a walk over all of them would. */
#include "test/support/unit.h"

#include <stdio.h>
#include <string.h>

#include "ctl/names.h"
#include "front/front.h"

static bool has(unsigned r, unsigned d, const char *of, size_t length)
{
	size_t own;
	const char *component = ash_ctl_component(ash_ctl_row_at(r).name, d, &own);

	return component != NULL && own == length && memcmp(component, of, length) == 0;
}

/* Of rows lo .. hi-1, which have their first d components in common: each group ends where it
 * is told to, and none goes on behind another. */
static void groups_of(unsigned lo, unsigned hi, unsigned d)
{
	for (unsigned r = lo, end; r < hi; r = end) {
		size_t length;
		const char *component = ash_ctl_component(ash_ctl_row_at(r).name, d, &length);

		end = ash_ctl_group_end(r, hi, d);
		assert_true(end > r && end <= hi);
		if (component == NULL) {
			assert_int_equal(end, r + 1);
			continue;
		}
		for (unsigned i = r; i < hi; i++)
			assert_int_equal(has(i, d, component, length), i < end);
		groups_of(r, end, d + 1);
	}
}

static void rows_of_a_group_stand_together(void **state)
{
	(void)state;
	groups_of(0, ash_ctl_rows(), 0);
}

/* Numbers stand for themselves: each is 0 here. */
static void write_name(char *to, const char *row)
{
	for (; *row != '\0'; row++)
		if (*row == '<') {
			*to++ = '0';
			row = strchr(row, '>');
		} else {
			*to++ = *row;
		}
	*to = '\0';
}

static void each_name_leads_to_its_row(void **state)
{
	size_t mib[ASH_CTL_DEPTH], at[ASH_CTL_NUMBERS], depth;
	struct ash_ctl_row row;
	char name[200];
	unsigned found = 0;

	(void)state;
	for (unsigned r = 0; r < ash_ctl_rows(); r++) {
		struct ash_ctl_row one = ash_ctl_row_at(r);

		if (one.call == NULL)
			continue;
		write_name(name, one.name);
		depth = ASH_CTL_DEPTH;
		assert_int_equal(ash_ctl_find(name, mib, &depth), 0);
		assert_int_equal(ash_ctl_resolve(mib, depth, &row, at), 0);
		assert_string_equal(row.name, one.name);
		found++;
	}
	assert_true(found > 200);
}

static void what_is_no_name_is_none(void **state)
{
	static const char *const none[] = {"",         ".",        "stats.",          "stat",
					   "statsx",   "epoch.0",  "stats.arenas.x",  "opt",
					   "version.", "stats..a", "thread.tcache.x", "zzz"};
	size_t mib[ASH_CTL_DEPTH], at[ASH_CTL_NUMBERS];
	struct ash_ctl_row row;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		size_t depth = ASH_CTL_DEPTH;

		assert_true(ash_ctl_find(none[i], mib, &depth) != 0 ||
			    ash_ctl_resolve(mib, depth, &row, at) != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_a_group_stand_together),
		cmocka_unit_test(each_name_leads_to_its_row),
		cmocka_unit_test(what_is_no_name_is_none),
	};

	ash_front_free(ash_front_malloc(1));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
