#include "harness/contenders/release.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "harness/base/file.h"
#include "harness/base/message.h"

char *release_codename(void)
{
	char *text = file_read("/etc/os-release"), *at, *name = NULL;

	for (at = text; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		if (strncmp(at, "VERSION_CODENAME=", 17) == 0) {
			at += 17 + (at[17] == '"');
			name = text_format("%.*s", (int)strcspn(at, "\"\n"), at);
			break;
		}
	free(text);
	return name;
}

bool release_date_in(const char *text, char date[RELEASE_TEXT])
{
	static const char key[] = "\nDate:";
	const char *at =
		strncmp(text, key + 1, sizeof(key) - 2) == 0 ? text : strstr(text, key);
	struct tm tm = {0};

	date[0] = '\0';
	if (!at)
		return false;
	at = strchr(at, ':') + 1;
	/* The names of days and months are those of the locale C, which nothing here leaves. */
	if (!strptime(at, " %a, %d %b %Y %H:%M:%S UTC", &tm))
		return false;
	return strftime(date, RELEASE_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0;
}

/* Others call their suites the same.  The origin of backports is "Debian Backports". */
static bool is_debian(const char *text)
{
	static const char origin[] = "Origin: Debian";
	const char *at = strstr(text, origin);

	return at && (at == text || at[-1] == '\n') && strchr("\n ", at[sizeof(origin) - 1]);
}

bool release_date(const char *lists, const char *suite, bool all, char date[RELEASE_TEXT])
{
	static const char *const ends[] = {"", "-*"}, *const names[] = {"InRelease", "Release"};
	char one[RELEASE_TEXT];

	date[0] = '\0';
	for (int i = 0; i < (all ? 4 : 2); i++) {
		char *pattern = text_format("%s/*_dists_%s%s_%s", lists, suite, ends[i / 2],
					    names[i % 2]);
		glob_t found;

		if (glob(pattern, 0, NULL, &found) == 0) {
			for (size_t k = 0; k < found.gl_pathc; k++) {
				char *text = file_read(found.gl_pathv[k]);

				if (text && is_debian(text) && release_date_in(text, one) &&
				    strcmp(one, date) > 0)
					memcpy(date, one, sizeof(one));
				free(text);
			}
			globfree(&found);
		}
		free(pattern);
	}
	return *date;
}
