/* How the library was built, and what its options were given. */
#include <errno.h>

#include "conf/conf.h"
#include "ctl/row.h"
#include "util/assert.h"

static int yes(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
	       const union ash_ctl_value *in)
{
	(void)at, (void)in;
	out->b = row->offset != 0;
	return 0;
}

static int built_in(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		    const union ash_ctl_value *in)
{
	(void)row, (void)at, (void)in;
	out->s = ash_conf_built_in;
	return 0;
}

static int given(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		 const union ash_ctl_value *in)
{
	(void)at, (void)in;
	out->s = ash_conf_given((enum ash_conf_source)row->offset);
	return out->s != NULL ? 0 : ENOENT;
}

#ifdef ASH_SAFETY_CHECKS
#define CHECKED 1
#else
#define CHECKED 0
#endif

/* clang-format off */
#define CONFIG(name, so, about) {"config." name, ASH_CTL_BOOL, ASH_CTL_READ, 0, so, yes, about}
#define GIVEN(name, source, about) \
	{"opt.malloc_conf." name, ASH_CTL_STRING, ASH_CTL_READ, 0, source, given, about}
/* clang-format on */

static const struct ash_ctl_row rows[] = {
	CONFIG("cache_oblivious", 0, "Large objects begin at a random line: no."),
	CONFIG("debug", ASH_DEBUG >= 1, "Configured with --enable-debug."),
	CONFIG("fill", 1, "junk and zero have an effect: always."),
	CONFIG("infallible_new", 0,
	       "operator new ends the process where it fails: by the "
	       "option of that name alone."),
	CONFIG("lazy_lock", 0, "No."),
	{"config.malloc_conf", ASH_CTL_STRING, ASH_CTL_READ, 0, 0, built_in,
	 "Options given when it was configured (--with-malloc-conf); empty where there were "
	 "none."},
	CONFIG("opt_safety_checks", CHECKED, "Not configured with --disable-safety-checks."),
	CONFIG("prof", 0, "Heap profiles can be taken: no, and there are no names prof.*."),
	CONFIG("prof_frameptr", 0, "No."),
	CONFIG("prof_libgcc", 0, "No."),
	CONFIG("prof_libunwind", 0, "No."),
	CONFIG("stats", 1, "There are statistics: always."),
	CONFIG("utrace", 0, "No."),
	CONFIG("xmalloc", 1, "xmalloc has an effect: always."),
	GIVEN("global_var", ASH_CONF_GLOBAL,
	      "What the program's malloc_conf said; ENOENT where a source said nothing."),
	GIVEN("symlink", ASH_CONF_LINK, "Where /etc/malloc.conf leads to."),
	GIVEN("env_var", ASH_CONF_ENVIRONMENT, "MALLOC_CONF."),
	GIVEN("ashlar_env_var", ASH_CONF_OWN_ENVIRONMENT, "ASHLAR_CONF."),
	GIVEN("global_var_2_conf_harder", ASH_CONF_GLOBAL_HARDER,
	      "The program's malloc_conf_2_conf_harder."),
};
const struct ash_ctl_table ash_ctl_config = ASH_CTL_TABLE(rows);
