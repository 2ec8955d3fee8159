#include "conf/exclude.h"

#include <stdbool.h>
#include <string.h>

#include "conf/parse.h"
#include "os/os.h"
#include "util/fmt.h"

const char *ash_exclude_path = ASH_SYSCONFDIR "/ashlar/exclude";

/* The last * takes a character more each time that what stands behind it does not fit; those
 * before it need not be tried again. */
static bool fits(struct ash_span pattern, const char *text)
{
	const char *p = pattern.at, *end = p + pattern.length;
	const char *behind_star = NULL, *taken = NULL;

	while (*text != '\0') {
		if (p < end && *p == '*') {
			behind_star = ++p;
			taken = text;
		} else if (p < end && (*p == '?' || *p == *text)) {
			p++;
			text++;
		} else if (behind_star != NULL) {
			p = behind_star;
			text = ++taken;
		} else {
			return false;
		}
	}
	while (p < end && *p == '*')
		p++;
	return p == end;
}

static bool names(struct ash_span pattern, const char *path)
{
	const char *slash;

	if (path == NULL)
		return false;
	slash = strrchr(path, '/');
	if (slash != NULL && memchr(pattern.at, '/', pattern.length) == NULL)
		path = slash + 1;
	return fits(pattern, path);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct ash_span trim(struct ash_span s)
{
	while (s.length > 0 && is_blank(s.at[0])) {
		s.at++;
		s.length--;
	}
	while (s.length > 0 && is_blank(s.at[s.length - 1]))
		s.length--;
	return s;
}

unsigned ash_exclude_line(const char *list, const char *started, const char *file)
{
	struct ash_span rest = {list, strlen(list)};

	for (unsigned n = 1; rest.length > 0; n++) {
		struct ash_span pattern = trim(ash_parse_before(&rest, '\n'));

		if (pattern.length > 0 && pattern.at[0] != '#' &&
		    (names(pattern, started) || names(pattern, file)))
			return n;
	}
	return 0;
}

unsigned ash_exclude_this(void)
{
	static char list[ASH_EXCLUDE_MOST + 1], file[4096];
	size_t length = ash_os_read_file(ash_exclude_path, list, sizeof(list));

	if (length == 0)
		return 0;
	if (length == ASH_EXCLUDE_MOST) { /* its last line may be cut */
		ash_message("%s: only its first %zu bytes are read", ash_exclude_path, length);
		while (length > 0 && list[length - 1] != '\n')
			length--;
		list[length] = '\0';
	}
	if (ash_os_read_link("/proc/self/exe", file, sizeof(file)) == 0)
		file[0] = '\0';
	return ash_exclude_line(list, ash_os_started_as(), file);
}
