#include "conf/conf.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "conf/exclude.h"
#include "conf/rows.h"
#include "meta/descriptor.h"
#include "os/os.h"
#include "util/compiler.h"
#include "util/epoch.h"
#include "util/fmt.h"

#define DEFAULTS                                                                             \
	{                                                                                    \
		.abort_on_misuse = true, .tcache = true, .tcache_max = ASH_SMALL_MAX,        \
		.stats_interval = -1, .max_background_threads = 1,                           \
		.dirty_decay_ms = ASH_DECAY_MS, .hpa = true,                                 \
		.hpa_hugification_threshold = ASH_HUGE / 8 * 7, .hpa_hugify_delay_ms = 1000, \
	}

const struct ash_conf ash_conf_defaults = DEFAULTS;
struct ash_conf ash_conf = DEFAULTS;

/* The next pair of *text, empty ones skipped.  False where there is none.  Without a colon the
 * value is NULL. */
static bool next_pair(const char **text, struct ash_span *key, struct ash_span *value)
{
	struct ash_span pair, rest;

	while (**text == ',')
		++*text;
	pair = (struct ash_span){*text, strcspn(*text, ",")};
	rest = pair;
	*text += pair.length;
	*key = ash_parse_before(&rest, ':');
	*value = key->length < pair.length ? rest : (struct ash_span){NULL, 0};
	return pair.length != 0;
}

/* These jemalloc does not refuse, whatever they say; unknown ones it passes over in silence. */
static bool is_experimental(struct ash_span key)
{
	static const char prefix[] = "experimental_";
	size_t n = sizeof(prefix) - 1;

	return key.length > n && memcmp(key.at, prefix, n) == 0;
}

unsigned ash_conf_parse(struct ash_conf *conf, const char *text, const char *source)
{
	struct ash_span key, value;
	unsigned refused = 0;

	while (next_pair(&text, &key, &value)) {
		if (value.at == NULL)
			ash_message("%s: invalid pair %.*s (accepted: key:value)", source,
				    ASH_SPAN_SHOWN(key));
		else if ((is_experimental(key) && !ash_rows_has(key)) ||
			 ash_rows_set(conf, key, value, source) || is_experimental(key))
			continue;
		refused++;
	}
	return refused;
}

void ash_conf_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	ash_vmessage(format, args);
	va_end(args);
	if (ash_conf.abort)
		abort();
}

void ash_conf_tell(const char *text, const char *source)
{
	struct ash_span key, value;

	ash_message("%s: \"%s\"", source, text != NULL ? text : "");
	while (text != NULL && next_pair(&text, &key, &value)) {
		if (value.at != NULL && ash_rows_is_nowhere(key))
			ash_message("%s: %.*s is jemalloc's, and means nothing here", source,
				    ASH_SPAN_SHOWN(key));
		else if (value.at != NULL && is_experimental(key) && !ash_rows_has(key))
			ash_message("%s: %.*s is not known, and means nothing here", source,
				    ASH_SPAN_SHOWN(key));
	}
}

/* The program's, by weak references: api/ defines both for programs that define none. */
extern const char *malloc_conf __attribute__((weak, visibility("default")));
/* The same of a Rust program, by the name that its binding of jemalloc gives it. */
extern const char *_rjem_malloc_conf __attribute__((weak, visibility("default")));
extern const char *malloc_conf_2_conf_harder __attribute__((weak, visibility("default")));

const char *ash_conf_link = "/etc/malloc.conf";
const char *ash_conf_built_in = ASH_MALLOC_CONF;

static const char *given[ASH_CONF_SOURCES];
static unsigned excluded; /* the line of the list of programs that names this one; 0 = none */

static const char *const source_names[ASH_CONF_SOURCES] = {
	[ASH_CONF_BUILT_IN] = "--with-malloc-conf",
	[ASH_CONF_GLOBAL] = "malloc_conf",
	[ASH_CONF_LINK] = "/etc/malloc.conf",
	[ASH_CONF_ENVIRONMENT] = "MALLOC_CONF",
	[ASH_CONF_OWN_ENVIRONMENT] = ASH_CONF_NAME,
	[ASH_CONF_GLOBAL_HARDER] = "malloc_conf_2_conf_harder",
};

/* Where the link leads to, which need be no file. */
static const char *read_link(void)
{
	static char target[4096];

	if (ash_os_secure_process() ||
	    ash_os_read_link(ash_conf_link, target, sizeof(target)) == 0)
		return NULL;
	return target;
}

static void find_sources(void)
{
	given[ASH_CONF_BUILT_IN] = ash_conf_built_in;
	given[ASH_CONF_GLOBAL] = &malloc_conf != NULL ? malloc_conf : NULL;
	if (given[ASH_CONF_GLOBAL] == NULL && &_rjem_malloc_conf != NULL)
		given[ASH_CONF_GLOBAL] = _rjem_malloc_conf;
	given[ASH_CONF_LINK] = read_link();
	given[ASH_CONF_ENVIRONMENT] = ash_os_environment("MALLOC_CONF");
	given[ASH_CONF_OWN_ENVIRONMENT] = ash_os_environment(ASH_CONF_NAME);
	given[ASH_CONF_GLOBAL_HARDER] =
		&malloc_conf_2_conf_harder != NULL ? malloc_conf_2_conf_harder : NULL;
}

const char *ash_conf_given(enum ash_conf_source source)
{
	return given[source];
}

void ash_conf_init(void)
{
	unsigned refused = 0;

	find_sources();
	excluded = ash_exclude_this();
	if (excluded != 0) /* which any source may take back */
		ash_conf.off = true;
	for (unsigned i = 0; i < ASH_CONF_SOURCES; i++)
		if (given[i] != NULL)
			refused += ash_conf_parse(&ash_conf, given[i], source_names[i]);
	if (excluded != 0 && ash_conf.confirm_conf)
		ash_message("%s: its line %u says off:true", ash_exclude_path, excluded);
	for (unsigned i = 0; i < ASH_CONF_SOURCES && ash_conf.confirm_conf; i++)
		ash_conf_tell(given[i], source_names[i]);
	if (refused != 0 && ash_conf.abort_conf) {
		ash_message("abort_conf:true and %u option%s refused", refused,
			    refused == 1 ? "" : "s");
		abort();
	}
}
