#include "stats/openmetrics.h"

#include "os/stalls.h"

/* One number: family, type, help, and where it lies.  No pointers, as in conf/row.h. */
struct metric {
	char name[24];
	char type[8]; /* "counter" or "gauge" */
	char help[64];
	size_t offset; /* in struct ash_snapshot, 8 bytes */
};

#define AT(field) offsetof(struct ash_snapshot, field)

static const struct metric metrics[] = {
	{"allocated_bytes", "gauge", "Usable bytes that the program holds.", AT(allocated)},
	{"active_bytes", "gauge", "Pages that they lie in.", AT(active)},
	{"resident_bytes", "gauge", "The same, free pages not given back, and metadata.",
	 AT(resident)},
	{"mapped_bytes", "gauge", "The same with pages never touched.", AT(addresses)},
	{"retained_bytes", "gauge", "Addresses kept without memory.", AT(retained)},
	{"metadata_bytes", "gauge", "Mapped for the library's own records.", AT(metadata)},
	{"cached_bytes", "gauge", "Free objects in threads' caches and the depot.", AT(cached)},
	{"dirty_bytes", "gauge", "Free pages that may hold memory.", AT(dirty)},
	{"muzzy_bytes", "gauge", "Free pages that the kernel may take.", AT(muzzy)},
	{"holes_bytes", "gauge", "Pages given back inside slabs.", AT(holes)},
	{"held_bytes", "gauge", "What limits count.", AT(held)},
	{"purged_bytes", "counter", "Bytes given back.", AT(purged)},
	{"small_allocations", "counter", "Objects that left slabs.", AT(small_nmalloc)},
	{"small_frees", "counter", "Objects that came back to slabs.", AT(small_ndalloc)},
	{"large_allocations", "counter", "Large objects allocated.", AT(large_nmalloc)},
	{"large_frees", "counter", "Large objects freed.", AT(large_ndalloc)},
	{"huge_pages", "counter", "Blocks made huge pages.", AT(huge_made)},
	{"memory_short", "counter", "Looks that found memory short.", AT(pressed)},
	{"background_runs", "counter", "Rounds of the background thread.", AT(background_runs)},
	{"stalls", "counter", "Calls that were kept up by giving memory back.",
	 AT(stalls.count)},
};

static uint64_t value(const struct ash_snapshot *s, size_t offset)
{
	return *(const uint64_t *)(const void *)((const char *)s + offset);
}

static bool ends_in_bytes(const char *name)
{
	size_t n = 0;

	while (name[n] != '\0')
		n++;
	return n > 6 && __builtin_strcmp(name + n - 6, "_bytes") == 0;
}

static void family(struct ash_out *out, const char *name, const char *type, const char *help)
{
	ash_out_add(out, "# TYPE ashlar_%s %s\n", name, type);
	if (ends_in_bytes(name))
		ash_out_add(out, "# UNIT ashlar_%s bytes\n", name);
	ash_out_add(out, "# HELP ashlar_%s %s\n", name, help);
}

static void seconds(struct ash_out *out, const char *name, const char *type, const char *help,
		    uint64_t ns)
{
	ash_out_add(out, "# TYPE ashlar_%s %s\n# UNIT ashlar_%s seconds\n# HELP ashlar_%s %s\n",
		    name, type, name, name, help);
	ash_out_add(out, "ashlar_%s%s %lu.%09lu\n", name, type[0] == 'c' ? "_total" : "",
		    (unsigned long)(ns / 1000000000), (unsigned long)(ns % 1000000000));
}

static void lasted(struct ash_out *out, const char *name, const char *cause,
		   const struct ash_os_stalled *s)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < ASH_OS_STALL_BOUNDS; i++) {
		n += s->lasted[i];
		ash_out_add(out, "%s_bucket{cause=\"%s\",le=\"%u.%06u\"} %lu\n", name, cause,
			    ash_os_stall_bound_us[i] / 1000000,
			    ash_os_stall_bound_us[i] % 1000000, (unsigned long)n);
	}
	n += s->lasted[ASH_OS_STALL_BOUNDS];
	ash_out_add(out, "%s_bucket{cause=\"%s\",le=\"+Inf\"} %lu\n", name, cause,
		    (unsigned long)n);
	ash_out_add(out, "%s_count{cause=\"%s\"} %lu\n", name, cause, (unsigned long)n);
	ash_out_add(out, "%s_sum{cause=\"%s\"} %lu.%09lu\n", name, cause,
		    (unsigned long)(s->ns / 1000000000), (unsigned long)(s->ns % 1000000000));
}

/* How long calls stood still, by what held them up. */
static void stalled(struct ash_out *out, const struct ash_os_stalled of[ASH_OS_STALL_CAUSES])
{
	static const char name[] = "ashlar_stall_duration_seconds";

	ash_out_add(out, "# TYPE %s histogram\n# UNIT %s seconds\n", name, name);
	ash_out_add(out,
		    "# HELP %s Time for which calls gave memory back, waited for locks, or "
		    "were in the kernel.\n",
		    name);
	lasted(out, name, "purge", &of[ASH_OS_STALL_PURGE]);
	lasted(out, name, "lock", &of[ASH_OS_STALL_LOCK]);
	lasted(out, name, "syscall", &of[ASH_OS_STALL_SYSCALL]);
}

static void classes(struct ash_out *out, const struct ash_snapshot_whole *whole)
{
	static const struct {
		char name[24], type[8], help[40];
		size_t offset;
	} of[] = {
		{"class_objects", "gauge", "Objects out of slabs.",
		 offsetof(struct ash_snapshot_bin, curregs)},
		{"class_slabs", "gauge", "Slabs.", offsetof(struct ash_snapshot_bin, curslabs)},
		{"class_allocations", "counter", "Objects that left slabs.",
		 offsetof(struct ash_snapshot_bin, nmalloc)},
		{"class_frees", "counter", "Objects that came back to slabs.",
		 offsetof(struct ash_snapshot_bin, ndalloc)},
	};

	for (unsigned i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		family(out, of[i].name, of[i].type, of[i].help);
		for (unsigned c = 1; c < ASH_CLASSES; c++) {
			const char *bin = (const char *)&whole->bin[c] + of[i].offset;

			ash_out_add(out, "ashlar_%s%s{size=\"%zu\"} %lu\n", of[i].name,
				    of[i].type[0] == 'c' ? "_total" : "", ash_class_size(c),
				    (unsigned long)*(const uint64_t *)(const void *)bin);
		}
	}
}

void ash_openmetrics(struct ash_out *out, const struct ash_snapshot_whole *whole)
{
	const struct ash_snapshot *s = &whole->sums;

	ash_out_add(out, "# TYPE ashlar_build info\n# HELP ashlar_build The library.\n"
			 "ashlar_build_info{version=\"" PACKAGE_VERSION "\"} 1\n");
	for (unsigned i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		const struct metric *m = &metrics[i];

		family(out, m->name, m->type, m->help);
		ash_out_add(out, "ashlar_%s%s %lu\n", m->name,
			    m->type[0] == 'c' ? "_total" : "",
			    (unsigned long)value(s, m->offset));
	}
	family(out, "threads", "gauge", "Threads that have a cache.");
	ash_out_add(out, "ashlar_threads %u\n", s->threads);
	family(out, "arenas", "gauge", "Arenas of the program's own.");
	ash_out_add(out, "ashlar_arenas %u\n", whole->arenas_count);
	family(out, "arenas_allocated_bytes", "gauge", "Of allocated bytes, in these.");
	ash_out_add(out, "ashlar_arenas_allocated_bytes %zu\n",
		    whole->arenas.small + whole->arenas.large);
	family(out, "mappings", "gauge", "Large objects that are mappings of their own.");
	ash_out_add(out, "ashlar_mappings %zu\n", s->mappings);
	seconds(out, "stall_seconds", "counter", "CPU time of calls that gave memory back.",
		s->stalls.ns);
	seconds(out, "longest_stall_seconds", "gauge", "The longest of them.",
		s->stalls.longest_ns);
	stalled(out, s->stalled);
	seconds(out, "background_seconds", "counter", "CPU time of the background thread.",
		s->stalls.background_ns);
	classes(out, whole);
	ash_out_add(out, "# EOF\n");
}
