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
/* Of the limit that cannot be taken from the group: from which on memory is short, and from
 * which on stalls are a sign of it.  Below it is page cache that comes and goes. */
#define SHORT(limit) ((limit) - (limit) / 8)
#define FILLED(limit) ((limit) / 2)
#define STALLED_SHARE 10 /* 1/10 of the time */

const char *ash_cgroup_root = "";

static struct {
	unsigned cpus;
	uint64_t memory;        /* least hard limit */
	uint64_t binding;       /* least of all limits, memory.high among them */
	bool v2;                /* of the group that binds */
	char group[PATH_MOST];  /* its folder; "" = there is no limit */
	char stalls[PATH_MOST]; /* PSI file; "" = none that is of this group */
} found;

/* What the background thread keeps open, and of which group. */
static struct {
	struct ash_os_kept stat, stalls, most, high;
	char group[PATH_MOST], stalls_path[PATH_MOST];
	bool v2;
	bool lost; /* this process took one of them away */
	bool left; /* they are of a thread that has ended */
	uint64_t limit;
} kept = {.stat = ASH_OS_NOT_KEPT,
	  .stalls = ASH_OS_NOT_KEPT,
	  .most = ASH_OS_NOT_KEPT,
	  .high = ASH_OS_NOT_KEPT,
	  .limit = NONE};
static __thread bool keeper; /* whether it is this thread's */

/* What the last look saw. */
static uint64_t seen_stalled_us, seen_ns;

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

static void look_at_most_v2(const char *folder)
{
	uint64_t most = read_value(folder, "/memory.max");

	if (most < found.memory)
		found.memory = most;
	note_memory(folder, most, true);
}

static void look_at_memory_v2(const char *folder)
{
	look_at_most_v2(folder);
	note_memory(folder, read_value(folder, "/memory.high"), true);
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

/* Whether the process is in a group of any hierarchy, below the root. */
static bool in_a_group(const char *text)
{
	for (const char *line = text; line != NULL && *line != '\0';
	     line = strchr(line, '\n'), line += line != NULL) {
		size_t whole = strcspn(line, "\n");

		if (whole > 1 && line[whole - 1] != '/' && line[whole - 1] != ':')
			return true;
	}
	return false;
}

static void look_at_stalls(const char *folder)
{
	char text[256];

	if (found.stalls[0] != '\0' || strlen(folder) + 20 > sizeof(found.stalls) ||
	    !read_in(folder, "/memory.pressure", text, sizeof(text)))
		return;
	ash_format(found.stalls, sizeof(found.stalls), "%s/memory.pressure", folder);
}

/* At the start what bounds the process: CPUs and hard limits.  Else what is watched: all limits
 * of memory and its stalls. */
static void look_at_groups(bool start)
{
	char text[TEXT_MOST];
	struct span memory, cpu, v2;
	const char *base = "/sys/fs/cgroup";

	found.memory = found.binding = NONE;
	found.group[0] = found.stalls[0] = '\0';
	if (!read_in("/proc/self/cgroup", "", text, sizeof(text)))
		text[0] = '\0';
	memory = path_of(text, "memory");
	cpu = path_of(text, "cpu");
	v2 = path_of(text, "");
	if (memory.length != 0)
		each_level("/sys/fs/cgroup/memory", memory, look_at_memory_v1);
	if (cpu.length != 0 && start)
		each_level("/sys/fs/cgroup/cpu", cpu, look_at_cpu_v1);
	if (memory.length != 0 || cpu.length != 0)
		base = "/sys/fs/cgroup/unified"; /* both versions, each with its controllers */
	if (memory.length == 0)
		each_level(base, v2, start ? look_at_most_v2 : look_at_memory_v2);
	if (cpu.length == 0 && start)
		each_level(base, v2, look_at_cpu_v2);
	if (start)
		return;
	/* The stalls of the own group.  In a namespace of groups its path is "/", and so is
	 * that of a process that is in none: then they are the machine's, as they should be. */
	if (v2.length != 0 && (v2.length > 1 || memory.length == 0))
		each_level(base, v2, look_at_stalls);
	if (found.stalls[0] == '\0' && found.group[0] == '\0' && !in_a_group(text))
		strcpy(found.stalls, "/proc/pressure/memory");
}

void ash_cgroup_init(void)
{
	int saved = errno;

	found.cpus = 0;
	look_at_groups(true);
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

static void keep(const char *folder, const char *name, struct ash_os_kept *file)
{
	char path[PATH_MOST + 64];
	size_t n = ash_format(path, sizeof(path), "%s%s%s", ash_cgroup_root, folder, name);

	if (n + 1 < sizeof(path))
		ash_os_keep_file(path, file);
}

/* A forked child has its parent's descriptors: where it is in the same group they are as good
 * as its own, else they stay what they are, for closing them is the program's. */
static bool inherited(void)
{
	return kept.v2 == found.v2 && strcmp(kept.group, found.group) == 0 &&
	       strcmp(kept.stalls_path, found.stalls) == 0 &&
	       ash_os_is_kept(found.group[0] != '\0' ? &kept.stat : &kept.stalls);
}

/* Those that are still open of a thread of ours that has ended. */
static void look_at_left(void)
{
	struct ash_os_kept *const files[] = {&kept.stat, &kept.stalls, &kept.most, &kept.high};

	for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		kept.lost |= files[i]->fd >= 0 && !ash_os_is_kept(files[i]);
	kept.left = false;
}

static void forget(void)
{
	kept.stat = kept.stalls = kept.most = kept.high = ASH_OS_NOT_KEPT;
}

static void open_all(void)
{
	strcpy(kept.group, found.group);
	strcpy(kept.stalls_path, found.stalls);
	kept.v2 = found.v2;
	if (found.group[0] != '\0')
		keep(found.group, "/memory.stat", &kept.stat);
	if (found.group[0] != '\0' && found.v2) {
		keep(found.group, "/memory.max", &kept.most);
		keep(found.group, "/memory.high", &kept.high);
	}
	if (found.stalls[0] != '\0')
		keep(found.stalls, "", &kept.stalls);
}

void ash_cgroup_keep(bool bounded_only)
{
	int saved = errno;

	keeper = true;
	seen_ns = 0;
	look_at_groups(false);
	if (kept.left)
		look_at_left();
	if (kept.lost || (bounded_only && !ash_cgroup_bounded())) {
		forget();
	} else if (!inherited()) {
		forget();
		open_all();
	}
	kept.limit = found.binding;
	errno = saved;
}

/* Lets go of a file; notes where this process took it away. */
static void let_go(struct ash_os_kept *file)
{
	bool had = file->fd >= 0;

	kept.lost |= had && !ash_os_is_kept(file);
	ash_os_let_go(file);
}

void ash_cgroup_let_go(void)
{
	int saved = errno;

	if (keeper) {
		let_go(&kept.stat);
		let_go(&kept.stalls);
		let_go(&kept.most);
		let_go(&kept.high);
	}
	keeper = false;
	errno = saved;
}

void ash_cgroup_leave(void)
{
	kept.left |= keeper;
	keeper = false;
}

bool ash_cgroup_is_watched(void)
{
	return keeper && (kept.stat.fd >= 0 || kept.stalls.fd >= 0);
}

void ash_cgroup_after_fork(void)
{
	kept.lost = kept.left = keeper = false;
}

/* Reads a kept file; notes where it is no more. */
static size_t read_kept(struct ash_os_kept *file, char *text, size_t size)
{
	size_t length;

	if (file->fd < 0)
		return 0;
	length = ash_os_read_kept(file, text, size);
	kept.lost |= file->fd < 0;
	return length;
}

static uint64_t read_limit(struct ash_os_kept *file)
{
	char text[64];
	const char *p = text;

	return read_kept(file, text, sizeof(text)) > 0 ? read_number(&p) : NONE;
}

/* Bytes that only their owners can give back: memory of no file, what is locked, and the
 * kernel's own. */
static uint64_t unreclaimable(const char *text, bool v2)
{
	static const char *const of_kernel[] = {
		"slab_unreclaimable", "kernel_stack", "pagetables",
		"sec_pagetables",     "percpu",       "sock"};
	uint64_t anonymous = read_keyed(text, v2 ? "anon" : "total_rss");
	/* What is on these lists: shared memory, too. */
	uint64_t listed = read_keyed(text, v2 ? "inactive_anon" : "total_inactive_anon") +
			  read_keyed(text, v2 ? "active_anon" : "total_active_anon") +
			  read_keyed(text, v2 ? "unevictable" : "total_unevictable");
	uint64_t sum = listed > anonymous ? listed : anonymous;

	for (unsigned i = 0; v2 && i < sizeof(of_kernel) / sizeof(of_kernel[0]); i++)
		sum += read_keyed(text, of_kernel[i]);
	return sum;
}

/* The limit of v2 by now; as it was where its files are no more. */
static uint64_t limit_v2(void)
{
	uint64_t most = read_limit(&kept.most), high = read_limit(&kept.high);

	if (kept.most.fd < 0 && kept.high.fd < 0)
		return kept.limit;
	return most < high ? most : high;
}

/* The same of v1, by memory.stat. */
static uint64_t limit_v1(const char *text)
{
	uint64_t limit = read_keyed(text, "hierarchical_memory_limit");

	return limit == 0 ? kept.limit : limit < V1_UNLIMITED ? limit : NONE;
}

/* Bytes of the group that cannot be reclaimed; NONE where that cannot be told.  Also looks what
 * its limit is by now. */
static uint64_t look_at_group(void)
{
	char text[TEXT_MOST];

	if (read_kept(&kept.stat, text, sizeof(text)) == 0)
		return NONE;
	kept.limit = kept.v2 ? limit_v2() : limit_v1(text);
	return unreclaimable(text, kept.v2);
}

/* Microseconds that some task waited for memory, in all. */
static uint64_t stalled_us(void)
{
	char text[256];
	const char *total;

	if (read_kept(&kept.stalls, text, sizeof(text)) == 0)
		return NONE;
	total = strstr(text, "total="); /* the first line is "some" */
	if (total == NULL)
		return NONE;
	total += strlen("total=");
	return read_number(&total);
}

/* Whether tasks waited for memory for so much of the time since the last look. */
static bool stalled(uint64_t now_ns)
{
	uint64_t us = stalled_us();
	bool much = false;

	if (us == NONE)
		return false;
	/* us of stall in ns of time. */
	if (seen_ns != 0 && now_ns > seen_ns && us > seen_stalled_us)
		much = (us - seen_stalled_us) * 1000 > (now_ns - seen_ns) / STALLED_SHARE;
	seen_stalled_us = us;
	seen_ns = now_ns != 0 ? now_ns : 1;
	return much;
}

bool ash_cgroup_pressure(uint64_t now_ns)
{
	int saved = errno;
	uint64_t used;
	bool bounded, waits, short_of;

	if (!keeper)
		return false;
	bounded = kept.group[0] != '\0';
	used = bounded ? look_at_group() : NONE;
	waits = stalled(now_ns);
	if (bounded && kept.limit != NONE)
		short_of = used != NONE &&
			   used >= (waits ? FILLED(kept.limit) : SHORT(kept.limit));
	else
		short_of = waits;
	errno = saved;
	return short_of;
}
