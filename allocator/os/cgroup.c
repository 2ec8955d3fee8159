#include "os/cgroup.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "os/os.h"
#include "util/fmt.h"

#define PATH_MOST 512
#define TEXT_MOST 4096
#define NONE UINT64_MAX
/* v1 says "no limit" by the largest multiple of a page. */
#define V1_UNLIMITED ((uint64_t)1 << 60)
#define STALLED_SHARE 50 /* 1/50 of the time */

const char *ash_cgroup_root = "";

static struct {
	unsigned cpus;
	uint64_t memory;        /* least hard limit */
	uint64_t binding;       /* least of all limits, memory.high among them */
	bool v2;                /* of the group that binds */
	char group[PATH_MOST];  /* its folder; "" = there is no limit */
	char stalls[PATH_MOST]; /* PSI file */
} found;

/* What the last look saw. */
static uint64_t seen_events, seen_stalled_us, seen_ns;

/* Reads folder/name under the root into `text`; false where that cannot be done. */
static bool read_in(const char *folder, const char *name, char *text, size_t size)
{
	char path[PATH_MOST + 64];
	size_t n = ash_format(path, sizeof(path), "%s%s%s", ash_cgroup_root, folder, name);

	return n + 1 < sizeof(path) && ash_os_read_file(path, text, size) > 0;
}

/* Reads a decimal number at *text and moves past it; NONE where there is none ("max"). */
static uint64_t read_number(const char **text)
{
	const char *p = *text;
	uint64_t n = 0;

	while (*p == ' ' || *p == '\t')
		p++;
	if (*p < '0' || *p > '9')
		return NONE;
	for (; *p >= '0' && *p <= '9'; p++)
		n = n < NONE / 16 ? n * 10 + (uint64_t)(*p - '0') : NONE / 16;
	*text = p;
	return n;
}

static uint64_t read_value(const char *folder, const char *name)
{
	char text[64];
	const char *p = text;

	return read_in(folder, name, text, sizeof(text)) ? read_number(&p) : NONE;
}

/* The number behind `key` at the beginning of a line; 0 where there is none. */
static uint64_t read_keyed(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) == 0 && line[length] == ' ') {
			const char *p = line + length;
			uint64_t n = read_number(&p);

			return n == NONE ? 0 : n;
		}
	}
	return 0;
}

static void note_quota(uint64_t quota, uint64_t period)
{
	uint64_t cpus;

	if (quota == NONE || quota == 0 || period == NONE || period == 0)
		return;
	cpus = (quota + period - 1) / period;
	if (cpus < UINT32_MAX && (found.cpus == 0 || cpus < found.cpus))
		found.cpus = (unsigned)cpus;
}

static void look_at_cpu_v2(const char *folder)
{
	char text[64];
	const char *p = text;
	uint64_t quota;

	if (!read_in(folder, "/cpu.max", text, sizeof(text)))
		return;
	quota = read_number(&p);
	note_quota(quota, read_number(&p));
}

static void look_at_cpu_v1(const char *folder)
{
	uint64_t quota = read_value(folder, "/cpu.cfs_quota_us"); /* "-1" = none */

	if (quota != NONE)
		note_quota(quota, read_value(folder, "/cpu.cfs_period_us"));
}

static void note_memory(const char *folder, uint64_t limit, bool v2)
{
	if (limit >= found.binding)
		return;
	found.binding = limit;
	found.v2 = v2;
	strcpy(found.group, folder);
}

static void look_at_memory_v2(const char *folder)
{
	uint64_t most = read_value(folder, "/memory.max");
	uint64_t high = read_value(folder, "/memory.high");

	if (most < found.memory)
		found.memory = most;
	note_memory(folder, most < high ? most : high, true);
}

static void look_at_memory_v1(const char *folder)
{
	uint64_t most = read_value(folder, "/memory.limit_in_bytes");

	if (most >= V1_UNLIMITED)
		return;
	if (most < found.memory)
		found.memory = most;
	note_memory(folder, most, false);
}

struct span {
	const char *at;
	size_t length;
};

/* Looks at the group base/path and those above it.  Inside a container the path may be what the
 * host calls it, which is not there: the levels that exist are what counts. */
static void each_level(const char *base, struct span path, void (*look)(const char *folder))
{
	char folder[PATH_MOST];
	size_t root = strlen(base), n;

	if (root + path.length >= sizeof(folder) || memchr(path.at, '\0', path.length) != NULL)
		path.length = 0;
	memcpy(folder, base, root);
	memcpy(folder + root, path.at, path.length);
	n = root + path.length;
	for (;;) {
		while (n > root && folder[n - 1] == '/')
			n--;
		folder[n] = '\0';
		look(folder);
		if (n <= root)
			return;
		while (n > root && folder[n - 1] != '/')
			n--;
	}
}

/* The path in the line of /proc/self/cgroup that lists this controller (v2: the empty list).
 * Not there: length 0. */
static struct span path_of(const char *text, const char *controller)
{
	size_t length = strlen(controller);

	for (const char *line = text; line != NULL && *line != '\0';) {
		size_t whole = strcspn(line, "\n");
		const char *list = memchr(line, ':', whole), *path;

		path = list != NULL ? memchr(list + 1, ':', whole - (size_t)(list + 1 - line))
				    : NULL;
		if (path != NULL) {
			const char *at = list + 1;

			while (at <= path) {
				size_t n = strcspn(at, ",:");

				if (n == length && memcmp(at, controller, n) == 0)
					return (struct span){path + 1,
							     whole - (size_t)(path + 1 - line)};
				at += n + 1;
			}
		}
		line += whole + (line[whole] == '\n');
	}
	return (struct span){"", 0};
}

static void look_at_stalls(const char *folder)
{
	char text[256];

	if (found.stalls[0] != '\0' || strlen(folder) + 20 > sizeof(found.stalls) ||
	    !read_in(folder, "/memory.pressure", text, sizeof(text)))
		return;
	ash_format(found.stalls, sizeof(found.stalls), "%s/memory.pressure", folder);
}

void ash_cgroup_init(void)
{
	char text[TEXT_MOST];
	struct span memory, cpu, v2;
	const char *base = "/sys/fs/cgroup";
	int saved = errno;

	found.cpus = 0;
	found.memory = found.binding = NONE;
	found.group[0] = found.stalls[0] = '\0';
	if (!read_in("/proc/self/cgroup", "", text, sizeof(text)))
		text[0] = '\0';
	memory = path_of(text, "memory");
	cpu = path_of(text, "cpu");
	v2 = path_of(text, "");
	if (memory.length != 0)
		each_level("/sys/fs/cgroup/memory", memory, look_at_memory_v1);
	if (cpu.length != 0)
		each_level("/sys/fs/cgroup/cpu", cpu, look_at_cpu_v1);
	if (memory.length != 0 || cpu.length != 0)
		base = "/sys/fs/cgroup/unified"; /* both versions, each with its controllers */
	if (memory.length == 0)
		each_level(base, v2, look_at_memory_v2);
	if (cpu.length == 0)
		each_level(base, v2, look_at_cpu_v2);
	/* The stalls of the own group, not of one above it. */
	if (v2.length > 1)
		each_level(base, v2, look_at_stalls);
	if (found.stalls[0] == '\0')
		strcpy(found.stalls, "/proc/pressure/memory");
	seen_ns = 0;
	errno = saved;
}

unsigned ash_cgroup_cpus(void)
{
	return found.cpus;
}

uint64_t ash_cgroup_memory(void)
{
	return found.memory;
}

bool ash_cgroup_bounded(void)
{
	return found.group[0] != '\0';
}

/* How often the group was held up by its limits so far. */
static uint64_t count_events(void)
{
	char text[256];

	if (!found.v2)
		return read_value(found.group, "/memory.failcnt");
	if (!read_in(found.group, "/memory.events", text, sizeof(text)))
		return NONE;
	return read_keyed(text, "high") + read_keyed(text, "max");
}

/* Whether what the group uses, page cache apart, is near its limit. */
static bool nearly_full(void)
{
	uint64_t used = read_value(found.group,
				   found.v2 ? "/memory.current" : "/memory.usage_in_bytes");
	uint64_t limit =
		read_value(found.group, found.v2 ? "/memory.max" : "/memory.limit_in_bytes");
	uint64_t high = found.v2 ? read_value(found.group, "/memory.high") : NONE;
	char text[TEXT_MOST];
	uint64_t cache;

	if (high < limit)
		limit = high;
	if (limit == NONE || used == NONE || used < limit - limit / 8)
		return false;
	if (!read_in(found.group, "/memory.stat", text, sizeof(text)))
		return true;
	cache = read_keyed(text, found.v2 ? "file" : "total_cache");
	return used > cache && used - cache >= limit - limit / 8;
}

/* Microseconds that some task waited for memory, in all. */
static uint64_t stalled_us(void)
{
	char text[256];
	const char *total;

	if (!read_in(found.stalls, "", text, sizeof(text)))
		return NONE;
	total = strstr(text, "total="); /* the first line is "some" */
	if (total == NULL)
		return NONE;
	total += strlen("total=");
	return read_number(&total);
}

bool ash_cgroup_pressure(uint64_t now_ns)
{
	int saved = errno;
	uint64_t events = 0, stalled;
	bool first = seen_ns == 0, short_of = false;

	if (found.stalls[0] == '\0')
		return false;
	if (found.group[0] != '\0') {
		events = count_events();
		short_of = (!first && events != NONE && events > seen_events) || nearly_full();
		if (events != NONE)
			seen_events = events;
	}
	stalled = stalled_us();
	if (stalled != NONE) {
		/* us of stall in ns of time: 1/50 is a share of 20,000 in a million. */
		if (!first && now_ns > seen_ns && stalled > seen_stalled_us)
			short_of |= (stalled - seen_stalled_us) * 1000 >
				    (now_ns - seen_ns) / STALLED_SHARE;
		seen_stalled_us = stalled;
	}
	seen_ns = now_ns != 0 ? now_ns : 1;
	errno = saved;
	return short_of;
}
