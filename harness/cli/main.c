/* ashlar-bench: finds the verb and hands over. */
#include <argp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/cli/verbs.h"
#include "harness/base/message.h"

static const struct verb {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *summary;
} verbs[] = {
	{"list", list_main, "name the workloads, programs and allocators"},
	{"describe", describe_main, "say what a workload does, and its parameters"},
	{"doctor", doctor_main, "check what this machine can measure, and how well"},
	{"fetch", fetch_main, "download allocators and worlds that this system lacks"},
	{"run", run_main, "measure"},
	{"op-matrix", op_matrix_main, "price a malloc and its free by size and pattern"},
	{"record", record_main, "record what a command asks of its allocator"},
	{"trace", trace_main, "tell, show, check or import a recorded trace"},
	{"fidelity", fidelity_main, "check that replays keep the order of what was recorded"},
	{"report", report_main, "make figures and one page of HTML from what was measured"},
	{"compare", compare_main,
	 "say of two sets, or two contenders, what is faster or leaner"},
	{"cost", cost_main, "tell what an allocator costs or saves a fleet by your prices"},
	{"history", history_main,
	 "tell of many sets what changed from one to the next, and when"},
	{"explain", explain_main, "tell in which functions two contenders spend what they do"},
	{"gate", gate_main,
	 "say whether a build is worse than another: for continuous integration"},
	{"cluster", cluster_main,
	 "cut a run set into shards for many machines, and merge them"},
	{"claims", claims_main, "hold what a page claims against a set of results"},
	{"pack", pack_main, "put the many small files of a finished run set into one"},
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void help(FILE *out)
{
	fprintf(out, "Usage: ashlar-bench VERB [OPTION...]\n"
		     "Compare memory allocators: same programs, fresh processes, paired "
		     "blocks.\n\n");
	for (size_t i = 0; i < VERBS; i++)
		fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].summary);
	fprintf(out, "\n`ashlar-bench help VERB` tells the options of one; `ashlar-bench "
		     "--version` the version.\n");
}

static void unknown(const char *name)
{
	char known[512] = "";

	for (size_t i = 0; i < VERBS; i++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
			 i == 0          ? ""
			 : i + 1 < VERBS ? ", "
					 : " and ",
			 verbs[i].name);
	complain("unknown verb '%s': %s are known", name, known);
}

static int ended = STATUS_OK; /* with what the verb did */

/* At the end, because argp ends the process by itself where it has helped. */
static void check_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return;
	end_if_nobody_reads();
	complain("the output could not be written");
	_exit(ended != STATUS_OK ? ended : message_failed());
}

int main(int argc, char **argv)
{
	atexit(check_output);
	/* A limit of the sizes of files shows as an error of write(), with its message. */
	signal(SIGXFSZ, SIG_IGN);
	argp_err_exit_status = STATUS_USAGE;
	if (argc > 2 && strcmp(argv[1], "help") == 0) {
		/* `help VERB` is `VERB --help`, and of cluster's verbs `help cluster BELOW` is
		 * `cluster BELOW --help`.  Nothing else is handed on: record would run it. */
		static char ask[] = "--help";
		bool below = argc > 3 && strcmp(argv[2], "cluster") == 0 && *argv[3] != '-';
		int words = below ? 4 : 3;

		if (argc > words)
			return complain_usage("help: '%s': unexpected; a verb is enough, or "
					      "cluster and one of its own",
					      argv[words]);
		argv[1] = argv[2];
		if (below)
			argv[2] = argv[3];
		argc = words;
		argv[argc - 1] = ask;
	}
	if (argc < 2) {
		help(stderr);
		return STATUS_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		help(stdout);
		return STATUS_OK;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("ashlar-bench %s\n", PACKAGE_VERSION);
		return STATUS_OK;
	}
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(argv[1], verbs[i].name) == 0) {
			/* argp names the program by argv[0] in its help and messages. */
			char *name = text_format("ashlar-bench %s", argv[1]);

			argv[1] = name;
			ended = verbs[i].main(argc - 1, argv + 1);
			return ended;
		}
	unknown(argv[1]);
	return STATUS_USAGE;
}
