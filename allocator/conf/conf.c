#include "conf/conf.h"

#include <stdlib.h>
#include <string.h>

#include "conf/rows.h"
#include "meta/descriptor.h"
#include "os/os.h"
#include "util/epoch.h"
#include "util/fmt.h"

struct ash_conf ash_conf = {
	.abort_on_misuse = true,
	.tcache = true,
	.background_thread = true,
	.dirty_decay_ms = ASH_DECAY_MS,
	.hpa = true,
	.hpa_hugification_threshold = ASH_HUGE / 8 * 7,
	.hpa_hugify_delay_ms = 1000,
};

unsigned ash_conf_parse(struct ash_conf *conf, const char *text, const char *source)
{
	unsigned refused = 0;

	while (*text != '\0') {
		struct ash_span pair = {text, strcspn(text, ",")};
		const char *colon = memchr(pair.at, ':', pair.length);

		text += pair.length + (text[pair.length] == ',');
		if (pair.length == 0)
			continue;
		if (colon == NULL) {
			ash_message("%s: invalid pair %.*s (accepted: key:value)", source,
				    ASH_SPAN_SHOWN(pair));
			refused++;
			continue;
		}
		struct ash_span key = {pair.at, (size_t)(colon - pair.at)};
		struct ash_span value = {colon + 1, pair.length - key.length - 1};

		refused += !ash_rows_set(conf, key, value, source);
	}
	return refused;
}

void ash_conf_init(void)
{
	static const char *const sources[] = {ASH_CONF_NAME, "MALLOC_CONF"};
	unsigned refused = 0;

	for (unsigned i = 0; i < 2; i++) {
		const char *text = ash_os_environment(sources[i]);

		if (text != NULL)
			refused += ash_conf_parse(&ash_conf, text, sources[i]);
	}
	for (unsigned i = 0; i < 2 && ash_conf.confirm_conf; i++) {
		const char *text = ash_os_environment(sources[i]);

		ash_message("%s: \"%s\"", sources[i], text != NULL ? text : "");
	}
	if (refused != 0 && ash_conf.abort_conf) {
		ash_message("abort_conf:true and %u option%s refused", refused,
			    refused == 1 ? "" : "s");
		abort();
	}
}
