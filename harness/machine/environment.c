#include "harness/machine/environment.h"

#include <ctype.h>
#include <glob.h>
#include <gnu/libc-version.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "harness/base/build_id.h"
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/machine/procfs.h"
#include "harness/machine/virtual.h"

static void put(json_t *o, const char *key, const char *value)
{
	json_t *text = *value ? json_string(value) : NULL;

	json_object_set_new(o, key,
			    text ? text : json_null()); /* null: this machine does not tell */
}

static void put_file(json_t *o, const char *key, const char *path)
{
	char line[1024];

	put(o, key, file_line(path, line, sizeof(line)));
}

/* "key : value" of /proc/cpuinfo's first processor; which keys there are depends on
 * the architecture. */
static void put_cpuinfo(json_t *o, const char *key, const char *name)
{
	char *text = file_read("/proc/cpuinfo"), *line = text, value[256] = "";

	while (line && *line) {
		size_t length = strlen(name);

		if (strncmp(line, name, length) == 0 && strchr(" \t:", line[length])) {
			line += strcspn(line, ":\n");
			if (*line == ':')
				line++;
			line += strspn(line, " \t");
			snprintf(value, sizeof(value), "%.*s", (int)strcspn(line, "\n"), line);
			break;
		}
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	free(text);
	put(o, key, value);
}

static json_t *caches(void)
{
	json_t *list = json_array();
	glob_t found;

	if (glob("/sys/devices/system/cpu/cpu0/cache/index*", 0, NULL, &found) != 0)
		return list;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		static const char *const keys[] = {"level", "type", "size",
						   "coherency_line_size", "shared_cpu_list"};
		json_t *cache = json_object();

		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
			char *path = text_format("%s/%s", found.gl_pathv[i], keys[k]);

			put_file(cache, keys[k], path);
			free(path);
		}
		json_array_append_new(list, cache);
	}
	globfree(&found);
	return list;
}

/* One object from all files of a folder. */
static json_t *folder_lines(const char *pattern)
{
	json_t *o = json_object();
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0)
		return o;
	for (size_t i = 0; i < found.gl_pathc; i++)
		put_file(o, strrchr(found.gl_pathv[i], '/') + 1, found.gl_pathv[i]);
	globfree(&found);
	return o;
}

/* Of the kernel's command line only what changes how memory or time behaves: the rest
 * names disks, consoles and services, and is its owner's business. */
static void put_boot_parameters(json_t *o)
{
	static const char *const telling[] = {
		"mitigations=", "nosmt",          "isolcpus=",
		"nohz",         "rcu_nocbs",      "transparent_hugepage",
		"hugepages",    "hugepagesz",     "default_hugepagesz",
		"numa",         "idle=",          "cpuidle",
		"haltpoll",     "intel_idle",     "intel_pstate",
		"amd_pstate",   "processor.",     "preempt",
		"spec",         "l1tf",           "mds",
		"tsx",          "init_on_",       "slub_debug",
		"page_poison",  "page_reporting", "psi=",
		"tsc=",         "clocksource=",   "norandmaps",
		"swap",         "zswap"};
	char *text = file_read("/proc/cmdline"), kept[1024] = "";

	for (char *word = strtok(text ? text : kept, " \n"); word && strcmp(word, "--") != 0;
	     word = strtok(NULL, " \n"))
		for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); i++)
			if (strncmp(word, telling[i], strlen(telling[i])) == 0) {
				snprintf(kept + strlen(kept), sizeof(kept) - strlen(kept),
					 "%s%s", *kept ? " " : "", word);
				break;
			}
	free(text);
	put(o, "kernel_parameters", kept);
}

static json_t *stable_part(void)
{
	json_t *o = json_object();
	char line[256] = "";
	struct utsname system;

	uname(&system);
	put(o, "kernel", system.release);
	put(o, "kernel_version", system.version);
	put(o, "architecture", system.machine);
	put_boot_parameters(o);
	put_cpuinfo(o, "cpu", "model name");
	put_cpuinfo(o, "cpu_implementer", "CPU implementer");
	put_cpuinfo(o, "cpu_part", "CPU part");
	put_cpuinfo(o, "microcode", "microcode");
	json_object_set_new(o, "cpus_online", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	put_file(o, "cpu_list", "/sys/devices/system/cpu/online");
	put_file(o, "threads_of_core_0",
		 "/sys/devices/system/cpu/cpu0/topology/thread_siblings_list");
	put_file(o, "numa_nodes", "/sys/devices/system/node/online");
	json_object_set_new(o, "caches", caches());
	put_file(o, "hypervisor", "/sys/hypervisor/type");
	put_file(o, "product", "/sys/class/dmi/id/product_name");
	json_object_set_new(o, "mitigations",
			    folder_lines("/sys/devices/system/cpu/vulnerabilities/*"));
	put_file(o, "governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
	put_file(o, "boost", "/sys/devices/system/cpu/cpufreq/boost");
	put_file(o, "no_turbo", "/sys/devices/system/cpu/intel_pstate/no_turbo");
	/* In whole GiB: what the kernel keeps for itself differs a little from boot to boot. */
	json_object_set_new(
		o, "memory_gib",
		json_integer(
			(json_int_t)((machine_memory_bytes() + ((uint64_t)1 << 29)) >> 30)));
	json_object_set_new(o, "page_bytes", json_integer(sysconf(_SC_PAGESIZE)));
	json_object_set_new(o, "thp",
			    folder_lines("/sys/kernel/mm/transparent_hugepage/[des]*e*"));
	json_object_set_new(
		o, "khugepaged",
		folder_lines("/sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_*"));
	put_file(o, "aslr", "/proc/sys/kernel/randomize_va_space");
	put_file(o, "overcommit", "/proc/sys/vm/overcommit_memory");
	put_file(o, "max_map_count", "/proc/sys/vm/max_map_count");
	put_file(o, "swappiness", "/proc/sys/vm/swappiness");
	put_file(o, "perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid");
	put_file(o, "clock_source",
		 "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	put_file(o, "cgroup_memory_max", "/sys/fs/cgroup/memory.max");
	put_file(o, "cgroup_cpu_max", "/sys/fs/cgroup/cpu.max");
	put(o, "glibc", gnu_get_libc_version());
	confstr(_CS_GNU_LIBPTHREAD_VERSION, line, sizeof(line));
	put(o, "threads_library", line);
	return o;
}

/* The CPUs that this process, and so every sample, may use; pinned is who may not use all. */
static void put_cpus_allowed(json_t *o)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	char *status = file_read("/proc/self/status"), *line;
	cpu_set_t set;

	line = status ? strstr(status, "\nCpus_allowed_list:") : NULL;
	if (line) {
		line += strlen("\nCpus_allowed_list:");
		line += strspn(line, " \t");
		line[strcspn(line, "\n")] = '\0';
	}
	put(o, "cpus_allowed", line ? line : "");
	free(status);
	json_object_set_new(o, "pinned",
			    sched_getaffinity(0, sizeof(set), &set) == 0
				    ? json_boolean(CPU_COUNT(&set) < online || online == 1)
				    : json_null());
}

/* Not part of the machine's class, which sets from before have without it. */
static void put_kind(json_t *o)
{
	struct machine_kind kind;

	machine_kind_read(&kind, "", getenv("container"));
	json_object_set_new(o, "virtual_machine",
			    kind.virtual_machine == VIRTUAL_UNKNOWN
				    ? json_null()
				    : json_boolean(kind.virtual_machine == VIRTUAL_YES));
	put(o, "virtual_machine_shown_by", kind.shown_by);
	put(o, "container", kind.container);
}

json_t *environment_take(void)
{
	json_t *o = stable_part();
	char *text = json_dumps(o, JSON_SORT_KEYS | JSON_COMPACT), line[1024];
	char class[32], build_id[BUILD_ID_TEXT], *release;

	snprintf(class, sizeof(class), "%016llx",
		 (unsigned long long)hash_text(0, text ? text : ""));
	free(text);
	put(o, "machine_class", class);
	put_kind(o);
	put_cpus_allowed(o);

	json_object_set_new(o, "memory_bytes",
			    json_integer((json_int_t)machine_memory_bytes()));
	release = file_read("/etc/os-release");
	text = release ? strstr(release, "PRETTY_NAME=\"") : NULL;
	if (text) {
		text += strlen("PRETTY_NAME=\"");
		text[strcspn(text, "\"\n")] = '\0';
	}
	put(o, "system", text ? text : "");
	free(release);
	put(o, "compiler", "gcc-compatible " __VERSION__);
	put(o, "compiler_flags", BENCH_CFLAGS);
	put(o, "bench_version", PACKAGE_VERSION);
	build_id_read(paths_find()->worker, build_id, line, sizeof(line));
	put(o, "worker_build_id", build_id);
	json_object_set_new(o, "clock_cost_ns", json_integer((json_int_t)clock_reading_cost()));
	json_object_set_new(o, "clock_step_ns", json_integer((json_int_t)clock_step()));
	put(o, "load", file_line("/proc/loadavg", line, sizeof(line)));
	put(o, "uptime_s", file_line("/proc/uptime", line, sizeof(line)));
	text = file_read("/proc/swaps");
	json_object_set_new(
		o, "swap_in_use",
		json_boolean(text && strchr(text, '\n') && *(strchr(text, '\n') + 1)));
	free(text);
	put(o, "variables_passed",
	    "PATH LC_ALL HOME TMPDIR LD_PRELOAD ASHLAR_CHANNEL_FD ASHLAR_PADDING, and "
	    "the contender's");
	return o;
}
