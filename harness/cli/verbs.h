/* The verbs of `ashlar-bench`.  argv[0] is the verb, the rest its arguments; each returns the
 * exit status: 0, 1 for a result that is bad news, 2 for a mistake in the arguments or what
 * they name. */
#ifndef HARNESS_CLI_VERBS_H
#define HARNESS_CLI_VERBS_H

/* What can be measured, and one of it in full. */
int list_main(int argc, char **argv);
int describe_main(int argc, char **argv);

/* What this machine can measure, and how well.  1 when something needed for a run is missing or
 * an allocator that is here cannot be preloaded. */
int doctor_main(int argc, char **argv);

int fetch_main(int argc, char **argv);
int run_main(int argc, char **argv);

/* From a folder of results to figures, tables and one page (DIR, --reference NAME, a format).
 * Prints `report: PATH` last.  3 when the report could not be completed; each failure is one
 * line on stderr, and what was measured is never touched. */
int report_main(int argc, char **argv);

/* Two sets of results or two contenders, cell by cell (A B, --in DIR, --force). */
int compare_main(int argc, char **argv);

/* What each allocator costs or saves a fleet in a year (DIR, prices). */
int cost_main(int argc, char **argv);

/* Series over many sets and their changes (DIR...).  3 when the figure could not be drawn. */
int history_main(int argc, char **argv);

/* Instructions by function in a cell under two contenders (CELL A B, --in DIR). */
int explain_main(int argc, char **argv);

/* Whether a build is worse than another, by exit status: see gate/outcome.h. */
int gate_main(int argc, char **argv);

/* A run set cut into shards, measured on many machines, and put together: plan, shard, merge,
 * extend. */
int cluster_main(int argc, char **argv);

/* What a page claims beside what a set says (FILE DIR, --exact, --page, --update).  4 when it
 * cannot be told, 77 when nothing of it was measured. */
int claims_main(int argc, char **argv);

/* The side files of a finished run set become one archive.  1 when the set could not be packed:
 * it is then as it was. */
int pack_main(int argc, char **argv);

/* A command runs with the recorder preloaded; its processes become traces. */
int record_main(int argc, char **argv);

/* info, dump, undump, check, import. */
int trace_main(int argc, char **argv);

/* Whether replays put allocators in the order that the recorded programs do. */
int fidelity_main(int argc, char **argv);

/* What a malloc and its free cost, by size and pattern. */
int op_matrix_main(int argc, char **argv);

#endif
