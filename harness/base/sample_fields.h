/* The schema of a sample: the fields of a record of samples.jsonl, each with its kind, its unit
 * and what it means.  Writing (trial/), reading (analysis/) and the table in results/README.md
 * go by this one list, in this order.  It lies in base/ because trial/ and analysis/ may
 * include neither each other nor any other room together. */
#ifndef HARNESS_SAMPLE_FIELDS_H
#define HARNESS_SAMPLE_FIELDS_H

#define SAMPLE_SCHEMA 1

/* Behind the reference's name where it runs a second time in a block (A/A).  No contender's
 * name can have it. */
#define SAMPLE_AGAIN "/again"

enum sample_kind {
	KIND_INT,
	KIND_INT_NULL, /* or null */
	KIND_STRING,
	KIND_STRING_NULL,
	KIND_BOOL_NULL,
	KIND_OBJECT,
	KIND_OBJECT_NULL,
	KIND_ARRAY,
};

/* FIELD(name, kind, unit, meaning); the unit is "" where there is none. */
#define SAMPLE_FIELDS(FIELD)                                                                   \
	FIELD(schema, KIND_INT, "", "records of different schemas are not comparable")         \
	FIELD(suite_version, KIND_STRING, "",                                                  \
	      "nor are those of different major suite versions")                               \
	FIELD(id, KIND_INT, "", "number of the sample in this folder, names its files")        \
	FIELD(cell, KIND_STRING, "",                                                           \
	      "workload plus its non-default parameters: `larson`, `larson:threads=4`, "       \
	      "`kv-server:load=70`")                                                           \
	FIELD(workload, KIND_STRING, "", "its name")                                           \
	FIELD(kind, KIND_STRING, "", "`workload` (own) or `program`")                          \
	FIELD(mode, KIND_STRING, "",                                                           \
	      "`throughput`, `latency`, `memory` (idle phases), `verify`, `instructions` "     \
	      "(callgrind), `locality` (of one thread), `sharing` (of several, by turns) or "  \
	      "`footprint` (of one thread)")                                                   \
	FIELD(allocator, KIND_STRING, "",                                                      \
	      "contender's name; `NAME/again`: the reference's second run in the block (A/A)") \
	FIELD(block, KIND_INT, "", "complete block it belongs to")                             \
	FIELD(order, KIND_INT, "", "its place in the block")                                   \
	FIELD(seed, KIND_INT, "", "of the workload")                                           \
	FIELD(params, KIND_OBJECT, "", "every parameter with its value")                       \
	FIELD(status, KIND_STRING, "", "`ok`, `failed`, `timeout`, `skipped`")                 \
	FIELD(reason, KIND_STRING, "", "why, in one line, unless ok")                          \
	FIELD(cpu_ns, KIND_INT, "ns", "CPU time of the timed part")                            \
	FIELD(user_ns, KIND_INT, "ns", "of it in user mode")                                   \
	FIELD(sys_ns, KIND_INT, "ns", "of it in the kernel")                                   \
	FIELD(wall_ns, KIND_INT, "ns", "time that passed in the timed part")                   \
	FIELD(ops, KIND_INT, "", "what the times are divided by")                              \
	FIELD(allocs, KIND_INT, "", "allocation calls made (own workloads)")                   \
	FIELD(expected_allocs, KIND_INT, "", "the number that the parameters imply")           \
	FIELD(peak_rss_bytes, KIND_INT, "bytes",                                               \
	      "VmHWM of the measured process, not of what launched it")                        \
	FIELD(table_bytes, KIND_INT, "bytes", "the driver's own tables within it")             \
	FIELD(minor_faults, KIND_INT, "", "page faults of the timed part that read no disk")   \
	FIELD(major_faults, KIND_INT, "", "and those that did")                                \
	FIELD(voluntary_switches, KIND_INT, "",                                                \
	      "times its threads gave up a CPU in the timed part")                             \
	FIELD(involuntary_switches, KIND_INT, "", "times one was taken from them")             \
	FIELD(runqueue_delay_ns, KIND_INT, "ns", "time its threads waited for a CPU")          \
	FIELD(steal_ns, KIND_INT, "ns", "stolen time of the machine")                          \
	FIELD(others_ns, KIND_INT, "ns",                                                       \
	      "CPU time of others during the trial: the machine's, less that of the sample's " \
	      "process tree and the bench's own")                                              \
	FIELD(throttled_ns, KIND_INT, "ns",                                                    \
	      "time in which the control group was kept from running by its limit")            \
	FIELD(throttled_periods, KIND_INT, "", "and in how many periods of the limit")         \
	FIELD(disturbed, KIND_STRING_NULL, "",                                                 \
	      "what disturbed it, of `others`, `steal`, `throttling`, `run queue`, with "      \
	      "commas; empty: nothing; null: not asked (no times are taken)")                  \
	FIELD(attempt, KIND_INT, "",                                                           \
	      "0; 1 in the repeat of a disturbed block, which counts in place of the first")   \
	FIELD(duration_ns, KIND_INT, "ns",                                                     \
	      "of the whole trial, with starting and ending the process")                      \
	FIELD(ops_unit, KIND_STRING, "", "what one of `ops` is")                               \
	FIELD(instructions, KIND_INT_NULL, "",                                                 \
	      "mode `instructions`: of the timed part under callgrind, of programs and "       \
	      "commands of the whole process")                                                 \
	FIELD(allocator_instructions, KIND_INT_NULL, "",                                       \
	      "the part of them within the allocator and what it calls")                       \
	FIELD(usable_size_instructions, KIND_INT_NULL, "",                                     \
	      "the part of those for malloc_usable_size, which traces do not hold")            \
	FIELD(callgrind, KIND_STRING_NULL, "",                                                 \
	      "mode `instructions` with `--keep-dumps`: `callgrind/N.out`, callgrind's own "   \
	      "output of the part that was counted")                                           \
	FIELD(phases, KIND_ARRAY, "",                                                          \
	      "per mark: `name`, `at_ns` (since start), `ops`, `rss_bytes`, `pss_bytes`, "     \
	      "`anon_bytes`, `anon_huge_bytes`, `lazy_free_bytes`, `shmem_bytes`, "            \
	      "`swap_bytes`, `table_bytes`, `live_bytes`, `live_objects`, `floor_bytes` "      \
	      "(0 = not computed), `mappings`; where threads have objects of their own "       \
	      "`lines` that hold live ones, and `shared_lines` that hold some of two "         \
	      "threads or more")                                                               \
	FIELD(timeline, KIND_STRING_NULL, "",                                                  \
	      "`timeline/N.tsv`: columns `ms`, `rss_bytes`, `anon_bytes`, `live_bytes`, "      \
	      "tab-separated with a header line; live bytes of programs are not known: `nan`") \
	FIELD(latency, KIND_OBJECT_NULL, "",                                                   \
	      "`{file, kinds: {alloc|free|request: {count, p50, p90, p99, p99_9, p99_99, "     \
	      "max}}, clock_cost_ns, sample_every, rate}`; a percentile with fewer than 100 "  \
	      "values beyond it is null; the file has columns `kind`, `from_ns`, `to_ns`, "    \
	      "`count`")                                                                       \
	FIELD(offered_rate, KIND_INT_NULL, "1/s",                                              \
	      "open loop at a rate: requests per second as the drawn arrivals came to")        \
	FIELD(achieved_rate, KIND_INT_NULL, "1/s", "and as they were answered")                \
	FIELD(saturated, KIND_BOOL_NULL, "",                                                   \
	      "whether that is less than 98 %: then no percentile is given")                   \
	FIELD(counters, KIND_OBJECT, "",                                                       \
	      "`tier` (`pmu`, `software`, `callgrind`, `none`; `synthetic` in "                \
	      "tests), `set` whose turn it was (`software`: none), `events`: name"             \
	      " → `{value, enabled_ns, running_ns, scaled}` (simulated ones only "           \
	      "`value`), `missing`: name → why it could not be had (`ENOENT`, "              \
	      "...); older records have neither `set` nor `missing`, and "                     \
	      "libpfm4's names")                                                               \
	FIELD(validated, KIND_BOOL_NULL, "",                                                   \
	      "of a trace: whether what was done is what it promises")                         \
	FIELD(replay, KIND_OBJECT_NULL, "",                                                    \
	      "of a trace: `invalid` (the first difference, or empty), `events`, `threads`, "  \
	      "`peak_live_bytes`, `recorded_peak_live_bytes`, `recorded_ns`, `wait_share` "    \
	      "(of "                                                                           \
	      "the thread that waited most for others), `waits_much` (more than 5 %), "        \
	      "`contexts` (per thread alive at one time: `{wait_ns, idle_ns, alive_ns}`, "     \
	      "idle: waiting as the recorded thread did, in joins and where it had nothing "   \
	      "to do)")                                                                        \
	FIELD(locality, KIND_OBJECT_NULL, "",                                                  \
	      "modes `locality` and `sharing`: `operations`, distinct `lines`, `pages`, "      \
	      "`regions` in all "                                                              \
	      "and "                                                                           \
	      "`..._per_1000` operations, `touches` (of lines), `l1_misses_per_1000`, "        \
	      "`l2_misses_per_1000`; of `sharing` also `shared_lines` (that several threads "  \
	      "touched) and `transfers_per_1000` (of a line from one thread to another); "     \
	      "with "                                                                          \
	      "the set lackey, of what the allocator touches for itself in `own_calls`: "      \
	      "`own_accesses_per_1000`, `own_shared_lines`, `own_transfers_per_1000`, "        \
	      "`atomics_per_1000`, `atomic_transfers_per_1000` (null: not on this "            \
	      "architecture)")                                                                 \
	FIELD(footprint, KIND_OBJECT_NULL, "",                                                 \
	      "mode `footprint`: at 100 checkpoints, equal numbers of allocation calls "       \
	      "apart: `calls` made, `bytes` resident, `live_bytes` (arrays); of `bytes` the "  \
	      "most (`peak_bytes`) and the sum, each times the calls since the checkpoint "    \
	      "before (`area_byte_events`)")                                                   \
	FIELD(allocator_file, KIND_STRING, "",                                                 \
	      "which object served malloc, proven in the process")                             \
	FIELD(usable_size_file, KIND_STRING, "", "and which malloc_usable_size")               \
	FIELD(build_id, KIND_STRING, "", "of the former")                                      \
	FIELD(version, KIND_STRING, "", "of it")                                               \
	FIELD(world, KIND_STRING, "",                                                          \
	      "whose C library the process stood on: `stable` (this system's own; that of "    \
	      "records without this field, too) or the name of another")                       \
	FIELD(libc, KIND_STRING, "", "that library's version, in its own words")               \
	FIELD(env, KIND_OBJECT, "", "variables set for the contender")                         \
	FIELD(started, KIND_STRING, "", "UTC, ISO 8601")                                       \
	FIELD(node, KIND_STRING_NULL, "",                                                      \
	      "the machine of a cluster that measured it; null: the set's own, as in older "   \
	      "records")

#define SAMPLE_FIELD_ENUM(name, kind, unit, meaning) FIELD_##name,
enum sample_field { SAMPLE_FIELDS(SAMPLE_FIELD_ENUM) FIELD_COUNT };
#undef SAMPLE_FIELD_ENUM

struct sample_field_row {
	const char *name;
	enum sample_kind kind;
	const char *unit, *meaning;
};

/* By enum sample_field. */
extern const struct sample_field_row sample_fields[FIELD_COUNT];

/* A kind as documents call it: "int", "int or null", ... */
const char *sample_kind_name(enum sample_kind kind);

#endif
