/* Package indexes, versions, mirrors, dates of the archive and contenders' configurations, on
 * texts of the test's own. */
#include "harness/test/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/contenders/archive.h"
#include "harness/contenders/contender.h"
#include "harness/contenders/fetch.h"
#include "harness/contenders/packages.h"

static void versions_are_in_order(void **state)
{
	/* Each is older than the next. */
	static const char *const order[] = {"1.0~rc1-1",
					    "1.0-0.1",
					    "1.0-1~bpo13+1",
					    "1.0-1",
					    "1.0-1+b1",
					    "1.0-1.1",
					    "1.0-2",
					    "1.0a-1",
					    "1.0+ds-1",
					    "1.0.1-1",
					    "1.2-1",
					    "1.10-1",
					    "2-1",
					    "24~++20261025-1~exp1",
					    "24-1",
					    "1:0.1",
					    "1:23.1.4-2",
					    "1:23.1.10-1",
					    "2:0"};
	size_t n = sizeof(order) / sizeof(order[0]);

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			int c = package_version_compare(order[i], order[k]);

			if ((c < 0) != (i < k) || (c > 0) != (i > k))
				fail_msg("%s and %s: %d", order[i], order[k], c);
		}
	assert_int_equal(package_version_compare("1.0", "1.0-0"), 0);
	assert_int_equal(package_version_compare("0:1.0-1", "1.00-01"), 0);
	assert_true(package_is_unreleased("24~++20261025-1~exp1"));
	assert_false(package_is_unreleased("3.7.0+ds-1~bpo13+1"));
	assert_true(package_is_unreleased("1.0~rc1"));
}

static void add(struct packages *all, const char *suite, const char *text)
{
	packages_read(all, text_format("%s", text), suite);
}

/* Three suites: a stable one, one of backports, one that needs a newer C library. */
static struct packages suites(void)
{
	struct packages all = {NULL, 0, NULL, 0};

	add(&all, "old",
	    "Package: libquick3\nVersion: 3.0.1-1\nArchitecture: amd64\n"
	    "Depends: libc6 (>= 2.34)\nDescription: one\n two lines\n .\n Package: trap\n"
	    "Section: libs\n\n"
	    "package: libwide-19-dev\nversion: 1:19.1-1\nDepends: libc6 (>= 2.34), lib32x\n\n\n"
	    "Version: 9\nSection: libs\n");
	add(&all, "backports",
	    "Package: libquick3\r\nVersion: 3.7.0-1~bpo13+1\r\nDepends: libc6 (>= "
	    "2.34)\r\n\r\n");
	add(&all, "new",
	    "Package: libquick3\nVersion: 3.6.0-1\nDepends: libc6 (>= 2.34), libpart1 (>= 2)\n"
	    "SHA256: abc\n\n"
	    "Package: libquick3-data\nVersion: 9-1\n\n"
	    "Package: libwide-23-dev\nVersion: 1:23.1-1\nDepends: libc6 (>= 2.38)\n\n"
	    "Package: libwide-24-dev\nVersion: 1:24~++1-1\nDepends: libc6 (>= 2.38)\n\n"
	    "Package: libwide-23-dev-wasm\nVersion: 1:99-1\n\n"
	    "Package: libc6\nVersion: 2.43-7\nSection: libs\nDepends: libgcc-s1\n\n"
	    "Package: libgcc-s1\nVersion: 16-1\nSection: libs\nDepends: base (= 16), libc6\n\n"
	    "Package: base\nVersion: 16-1\nSection: libs\n\n"
	    "Package: libpart1\nVersion: 1-1\nSection: libs\n\n"
	    "Package: libpart1\nVersion: 2-1\nSection: libs\nDepends: tool | other, lib32z, "
	    "doc\n\n"
	    "Package: tool\nVersion: 1\nSection: utils\n\n"
	    "Package: lib32z\nVersion: 1\nSection: libs\n\n"
	    "Package: doc\nVersion: 1\nSection: doc");
	return all;
}

static void the_greatest_that_runs_is_chosen(void **state)
{
	struct packages all = suites();
	const struct package *p;
	char why[300];

	(void)state;
	p = packages_greatest(&all, "libquick3", NULL, "2.36-9", why, sizeof(why));
	assert_non_null(p);
	assert_string_equal(p->version, "3.7.0-1~bpo13+1");
	assert_string_equal(p->suite, "backports");
	p = packages_greatest(&all, "libquick3", "new", "2.36-9", why, sizeof(why));
	assert_string_equal(p->version, "3.6.0-1");
	assert_string_equal(p->sha256, "abc");
	/* Globs, several names; what needs a newer C library is not for this system. */
	p = packages_greatest(&all, "nosuch libwide-[1-9]*-dev", NULL, "2.36-9", why,
			      sizeof(why));
	assert_string_equal(p->name, "libwide-19-dev");
	/* In a world it is; what is not released yet is not taken. */
	p = packages_greatest(&all, "libwide-[1-9]*-dev", NULL, "2.43-7", why, sizeof(why));
	assert_string_equal(p->name, "libwide-23-dev");
	p = packages_greatest(&all, "libwide-24-dev", NULL, "2.43-7", why, sizeof(why));
	assert_string_equal(p->version, "1:24~++1-1");
	assert_null(
		packages_greatest(&all, "libwide-23-dev", NULL, "2.36-9", why, sizeof(why)));
	assert_non_null(strstr(why, "libwide-23-dev 1:23.1-1 of new needs libc6 >= 2.38"));
	assert_null(packages_greatest(&all, "nosuch1", NULL, "", why, sizeof(why)));
	assert_non_null(strstr(why, "nosuch1"));
	assert_null(packages_greatest(&all, "trap", NULL, "", why, sizeof(why)));
	packages_free(&all);
}

static void needs_are_followed_into_libraries_alone(void **state)
{
	static const char *const wanted[] = {"libquick3", "libc6", "libpart1", "libgcc-s1",
					     "base"};
	struct packages all = suites();
	const struct package *chosen[8];
	char why[300];
	int count = 1;

	(void)state;
	chosen[0] = packages_greatest(&all, "libquick3", "new", "", why, sizeof(why));
	packages_closure(&all, "new", chosen, &count, 8);
	assert_int_equal(count, 5);
	for (int i = 0; i < count; i++)
		assert_string_equal(chosen[i]->name, wanted[i]);
	assert_string_equal(chosen[2]->version, "2-1");
	/* No more than there is room for. */
	count = 1;
	packages_closure(&all, "new", chosen, &count, 2);
	assert_int_equal(count, 2);
	packages_free(&all);
}

static void mirrors_are_read_in_both_forms(void **state)
{
	static const struct {
		const char *text, *suite, *mirror;
	} cases[] = {
		{"# deb x://no s main\ndeb-src x://src s main\ndeb x://a s main contrib\n", "s",
		 "x://a"},
		{"deb [arch=amd64 signed-by=/k] x://b t s main\n", "t", "x://b"},
		{"deb x://b t main\n", "s", NULL},
		{"deb x://b\n", "main", NULL},
		{"Types: deb\nURIs: x://c\nSuites: r r-updates\nComponents: main\n",
		 "r-updates", "x://c"},
		{"Types: deb\n# URIs: x://no\nURIs: x://d x://e\nSuites: r\n\nTypes: deb\n"
		 "URIs: x://f\nSuites: s\n",
		 "s", "x://f"},
		{"Enabled: no\nTypes: deb\nURIs: x://g\nSuites: s\n\n", "s", NULL},
		{"Types: deb-src\nURIs: x://h\nSuites: s\n", "s", NULL},
		{"", "s", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *mirror = archive_mirror_in(cases[i].text, cases[i].suite);

		if (!cases[i].mirror)
			assert_null(mirror);
		else if (!mirror || strcmp(mirror, cases[i].mirror) != 0)
			fail_msg("case %zu: %s", i, mirror ? mirror : "none");
		free(mirror);
	}
}

static char folder[] = "/tmp/ashlar-fetch-XXXXXX";

static void put(const char *name, const char *text)
{
	char *path = text_format("%s/%s", folder, name);

	assert_int_equal(file_write(path, text), 0);
	free(path);
}

static void configurations_are_contenders_of_their_own(void **state)
{
	struct contenders all;
	struct contender *c;
	char why[400];

	(void)state;
	put("quick.conf", "name: quick\nlibrary: libquick.so\npackage: libquick3\nenv: A=1\n"
			  "config: bg CONF=x:true,y:1  B=2\nconfig: now B=0\n");
	assert_int_equal(contenders_read(&all, folder, why, sizeof(why)), 0);
	assert_int_equal(all.count, 3);
	c = contenders_find(&all, "quick:bg");
	assert_non_null(c);
	assert_true(c->configuration);
	assert_string_equal(c->library, "libquick.so");
	assert_string_equal(c->package, "libquick3");
	assert_int_equal(c->nenv, 3);
	assert_string_equal(c->env[0], "A=1");
	assert_string_equal(c->env[1], "CONF=x:true,y:1");
	assert_string_equal(c->env[2], "B=2");
	/* Asked for by name or by what has a colon, never by the way. */
	assert_true(contender_matches(c, "quick:bg"));
	assert_true(contender_matches(c, "quick:*"));
	assert_true(contender_matches(c, "*:bg"));
	assert_false(contender_matches(c, "*"));
	assert_false(contender_matches(c, "quick*"));
	assert_true(contender_matches(contenders_find(&all, "quick"), "q*"));
	assert_false(contenders_find(&all, "quick")->configuration);
	for (int i = 0; i < all.count; i++)
		contender_free(&all.list[i]);
	free(all.list);
}

static void bad_configurations_are_named(void **state)
{
	static const struct {
		const char *line, *said;
	} bad[] = {
		{"config: bg", "NAME=VALUE is needed"},
		{"config: bg novalue", "NAME=VALUE"},
		{"config: b/g A=1", "letters, digits"},
		{"config: bg LD_PRELOAD=/x", "set by the bench itself"},
		{"config: bg A=1\nconfig: bg A=2", "taken"},
	};
	struct contenders all;
	char why[400];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *text =
			text_format("name: quick\nlibrary: libquick.so\n%s\n", bad[i].line);

		put("quick.conf", text);
		free(text);
		strcpy(why, "");
		assert_int_equal(contenders_read(&all, folder, why, sizeof(why)), -1);
		if (!strstr(why, bad[i].said) || !strstr(why, "quick.conf"))
			fail_msg("'%s' does not say '%s'", why, bad[i].said);
		for (int k = 0; k < all.count; k++)
			contender_free(&all.list[k]);
		free(all.list);
	}
}

#define DEBIAN "Origin: Debian\n"

static void the_archive_has_a_date(void **state)
{
	static const struct {
		const char *text, *date;
	} cases[] = {
		{"Origin: Debian\nDate: Sat, 28 Nov 2026 08:05:09 UTC\nValid-Until: x\n",
		 "2026-11-28T08:05:09Z"},
		{"-----BEGIN PGP SIGNED MESSAGE-----\n\nSuite: s\nDate: Tue, 01 Dec 2026 "
		 "23:00:00 UTC\n",
		 "2026-12-01T23:00:00Z"},
		{"Date: Tue, 01 Dec 2026 23:00:00 UTC\n", "2026-12-01T23:00:00Z"},
		{"Valid-Date: Tue, 01 Dec 2026 23:00:00 UTC\n", ""},
		{"Date: yesterday\n", ""},
		{"Date:", ""},
		{"", ""},
	};
	char date[RELEASE_TEXT], *lists = text_format("%s/lists", folder);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(release_date_in(cases[i].text, date), *cases[i].date != 0);
		assert_string_equal(date, cases[i].date);
	}
	assert_int_equal(file_make_folder(lists), 0);
	assert_false(release_date(lists, "old", true, date));
	put("lists/mirror_debian_dists_old_InRelease",
	    DEBIAN "Date: Sat, 28 Nov 2026 08:05:09 UTC\n");
	put("lists/mirror_debian_dists_new_Release",
	    "Origin: Debian Backports\nDate: Tue, 01 Dec 2026 23:00:00 UTC\n");
	put("lists/somebody_dists_old_InRelease",
	    "Origin: Debianish\nDate: Tue, 01 Dec 2026 23:00:00 UTC\n");
	put("lists/mirror_debian_dists_old_main_binary-amd64_Packages", "Package: x\n");
	assert_true(release_date(lists, "old", true, date));
	assert_string_equal(date, "2026-11-28T08:05:09Z");
	assert_true(release_date(lists, "new", false, date));
	assert_string_equal(date, "2026-12-01T23:00:00Z");
	/* What completes a suite counts where it is asked for. */
	put("lists/other_dists_old-security_InRelease",
	    DEBIAN "Date: Sun, 29 Nov 2026 01:00:00 UTC\n");
	assert_true(release_date(lists, "old", false, date));
	assert_string_equal(date, "2026-11-28T08:05:09Z");
	assert_true(release_date(lists, "old", true, date));
	assert_string_equal(date, "2026-11-29T01:00:00Z");
	free(lists);
}

/* Whose library it was can be told as long as it is there, and stays known behind that. */
static void the_origin_of_a_library_is_noted(void **state)
{
	struct contender c = {.version = (char[]){""}};

	(void)state;
	put("lib.so", "abc");
	contender_note_origin(&c);
	assert_string_equal(c.sha256, "");
	c.path = text_format("%s/lib.so", folder);
	contender_note_origin(&c);
	assert_string_equal(c.sha256,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_string_equal(c.archive_suite, "");
	assert_string_equal(c.archive_date, "");
	assert_int_equal(unlink(c.path), 0);
	contender_note_origin(&c);
	assert_int_equal(strlen(c.sha256), 64);
	free(c.path);
}

static void only_known_worlds_are_fetched(void **state)
{
	(void)state;
	assert_null(fetch_world_suites("stable"));
	assert_null(fetch_world_suites(""));
	assert_string_equal(fetch_world_suites("unstable")[0], "unstable");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_in_order),
		cmocka_unit_test(the_greatest_that_runs_is_chosen),
		cmocka_unit_test(needs_are_followed_into_libraries_alone),
		cmocka_unit_test(mirrors_are_read_in_both_forms),
		cmocka_unit_test(configurations_are_contenders_of_their_own),
		cmocka_unit_test(bad_configurations_are_named),
		cmocka_unit_test(the_archive_has_a_date),
		cmocka_unit_test(the_origin_of_a_library_is_noted),
		cmocka_unit_test(only_known_worlds_are_fetched),
	};
	int result;

	if (!mkdtemp(folder))
		return 99;
	result = cmocka_run_group_tests(tests, NULL, NULL);
	file_remove_tree(folder);
	return result;
}
