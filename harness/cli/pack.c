#include "harness/cli/verbs.h"

#include <argp.h>
#include <stdio.h>
#include "harness/base/message.h"
#include "harness/base/set_files.h"
#include "harness/run/packing.h"

static error_t take(int key, char *argument, struct argp_state *state)
{
	const char **dir = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (*dir)
			argp_error(state, "one folder at a time: '%s' is one too many",
				   argument);
		*dir = argument;
		return 0;
	case ARGP_KEY_END:
		if (!*dir)
			argp_error(state, "which folder of results?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.parser = take,
	.args_doc = "DIR",
	.doc = "Pack a finished run set: what lies in DIR/" SET_CDF ", DIR/" SET_LATENCY
	       " and DIR/" SET_TIMELINE " goes into DIR/" SET_PACKED ".\v"
	       "`ashlar-bench report` reads a packed set as it lies. `tar --zstd "
	       "-xf " SET_PACKED "` in DIR unpacks it again. No file is removed before the "
	       "archive was read back.",
};

int pack_main(int argc, char **argv)
{
	struct packing done;
	const char *dir = NULL;
	enum exit_status status;
	char why[1200];

	argp_parse(&parser, argc, argv, 0, NULL, &dir);
	status = set_pack(dir, &done, why, sizeof(why));
	if (status != STATUS_OK) {
		complain("pack: %s", why);
		return status;
	}
	printf("%s: %s/" SET_PACKED ", %zu files of %.1f MB\n",
	       done.added ? "packed" : "packed already", dir, done.files,
	       (double)done.bytes / 1e6);
	return STATUS_OK;
}
