/* ashlar-ctl: what mallctl knows, asking a running process by it, and whether one has it at
 * all. */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <ashlar/ashlar.h>

#include "tools/doctor.h"
#include "tools/output.h"

#ifndef ASH_API_PREFIX
#error "the library's prefix is to be given"
#endif
#define PASTE2(a, b) a##b
#define PASTE(a, b) PASTE2(a, b)
#define API(name) PASTE(ASH_API_PREFIX, name)

const char *argp_program_version = "ashlar-ctl " PACKAGE_VERSION;

static const char doc[] =
	"Lists the names of mallctl, reads and sets them in a running process, and tells "
	"whether a "
	"process has the library.\v"
	"  list [BEGINNING]            the names, their types, r(ead) or w(rite), and what "
	"they are\n"
	"  get NAME...                 what they are in the process\n"
	"  set NAME [VALUE]            sets one; without VALUE for what is only done "
	"(arena.0.purge)\n"
	"  doctor PID                  whether the library is there, which, how configured, "
	"and "
	"what hinders it\n"
	"\n"
	"For get and set the process must have been started with ASHLAR_CTL=FOLDER in its "
	"environment and be "
	"one's "
	"own. thread.* are of the thread that answers. For stats.* a new epoch is taken first.";

enum { OPTION_MAN = 256, OPTION_ABSENT, OPTION_JSON };

static const struct argp_option options[] = {
	{"pid", 'p', "PID", 0, "the process, for get and set", 0},
	{"folder", 'd', "FOLDER", 0, "where its socket is (by default $ASHLAR_CTL)", 0},
	{"man", OPTION_MAN, NULL, 0, "list: as a section of the manual page", 0},
	{"absent", OPTION_ABSENT, NULL, 0,
	 "list: names of jemalloc's that there are not, and why", 0},
	{"json", OPTION_JSON, NULL, 0, "doctor: as one JSON object", 0},
	{0},
};

struct request {
	const char *pid, *folder;
	bool man, absent, json;
	char **words;
	int n_words;
};

static bool is_negative(const char *text)
{
	return text[0] == '-' && text[1] >= '0' && text[1] <= '9';
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct request *r = state->input;
	char *end;

	switch (key) {
	case 'p':
		if (strtol(argument, &end, 10) <= 0 || *end != '\0')
			argp_error(state, "--pid=%s: a process's number is wanted", argument);
		r->pid = argument;
		return 0;
	case 'd':
		r->folder = argument;
		return 0;
	case OPTION_MAN:
		r->man = true;
		return 0;
	case OPTION_ABSENT:
		r->absent = true;
		return 0;
	case OPTION_JSON:
		r->json = true;
		return 0;
	case ARGP_KEY_ARG:
		r->words[r->n_words++] = argument;
		/* Behind a word a number with a minus is none of the options. */
		while (state->next < state->argc && is_negative(state->argv[state->next]))
			r->words[r->n_words++] = state->argv[state->next++];
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "list, get, set or doctor is wanted");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print_roff(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '-' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
}

static void show_absent(const struct API(ctl_name) * name, bool man)
{
	if (man) {
		printf(".TP\n.B %s\n", name->name);
		print_roff(name->about);
		putchar('\n');
	} else {
		printf("%-58s %s\n", name->name, name->about);
	}
}

static int list(const struct request *r)
{
	const char *beginning = r->n_words > 1 ? r->words[1] : "";
	struct API(ctl_name) name;
	int (*describe)(size_t, struct API(ctl_name) *) =
		r->absent ? API(ctl_absent) : API(ctl_describe);
	bool any = false;

	for (size_t i = 0; describe(i, &name) == 0; i++) {
		if (strncmp(name.name, beginning, strlen(beginning)) != 0)
			continue;
		any = true;
		if (r->absent) {
			show_absent(&name, r->man);
			continue;
		}
		if (!r->man) {
			printf("%-58s %-12s %-5s %s\n", name.name, name.type, name.access,
			       name.about);
			continue;
		}
		if (strncmp(name.name, "opt.", 4) == 0 &&
		    strncmp(name.name, "opt.malloc_conf", 15) != 0)
			continue; /* the page tells of them as options */
		printf(".TP\n.BR %s \" (%s, %s)\"\n", name.name, name.type,
		       strcmp(name.access, "-") == 0 ? "done" : name.access);
		print_roff(name.about);
		putchar('\n');
	}
	if (!any) {
		fprintf(stderr, "ashlar-ctl: no name begins with '%s'\n", beginning);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static FILE *connect_to(const struct request *r)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {30, 0}; /* with a process that may have stopped */
	const char *folder = r->folder != NULL ? r->folder : getenv("ASHLAR_CTL");
	int fd;

	if (r->pid == NULL || folder == NULL) {
		fprintf(stderr, "ashlar-ctl: %s\n",
			r->pid == NULL ? "--pid tells which process"
				       : "--folder, or ASHLAR_CTL, tells where its socket is");
		return NULL;
	}
	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s/ashlar.%s", folder,
		     r->pid) >= (int)sizeof(address.sun_path)) {
		fprintf(stderr, "ashlar-ctl: %s: too long for a socket's folder\n", folder);
		return NULL;
	}
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		fprintf(stderr,
			"ashlar-ctl: %s: %s (was the process started with ASHLAR_CTL=%s?)\n",
			address.sun_path, strerror(errno), folder);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fdopen(fd, "r+");
}

/* One line there and one back, of which what stands behind "ok" is printed. */
static bool ask(FILE *stream, const char *verb, const char *name, const char *value,
		const char *label)
{
	char answer[1100];

	fflush(stdout);
	if (strpbrk(name, " \n") != NULL || strchr(value, '\n') != NULL) {
		fprintf(stderr, "ashlar-ctl: '%s': no name or value has such characters\n",
			name);
		return false;
	}
	dprintf(fileno(stream), "%s %s%s%s\n", verb, name, value[0] != '\0' ? " " : "", value);
	if (fgets(answer, sizeof(answer), stream) == NULL) {
		fprintf(stderr, "ashlar-ctl: the process does not answer\n");
		return false;
	}
	answer[strcspn(answer, "\n")] = '\0';
	if (strncmp(answer, "ok", 2) != 0) {
		fprintf(stderr, "ashlar-ctl: %s\n",
			strncmp(answer, "error ", 6) == 0 ? answer + 6 : answer);
		return false;
	}
	if (label != NULL)
		printf("%s%s%s\n", label, label[0] != '\0' ? " " : "",
		       answer[2] == ' ' ? answer + 3 : "");
	return true;
}

static int get(const struct request *r)
{
	FILE *stream = connect_to(r);
	bool good = stream != NULL, fresh = false;

	for (int i = 1; stream != NULL && i < r->n_words; i++) {
		const char *name = r->words[i];

		/* All of one snapshot. */
		if (strncmp(name, "stats.", 6) == 0 && !fresh) {
			fresh = ask(stream, "set", "epoch", "1", NULL);
			if (!fresh) {
				good = false;
				break;
			}
		}
		good &= ask(stream, "get", name, "", r->n_words > 2 ? name : "");
	}
	if (stream != NULL)
		fclose(stream);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int set(const struct request *r)
{
	FILE *stream = connect_to(r);
	bool good = stream != NULL &&
		    ask(stream, "set", r->words[1], r->n_words > 2 ? r->words[2] : "", NULL);

	if (stream != NULL)
		fclose(stream);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The number of a process; 0 where it is none. */
static pid_t pid_of(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	return *end == '\0' && n > 0 && n <= INT_MAX ? (pid_t)n : 0;
}

static int examine(const struct request *r)
{
	const char *text = r->n_words > 1 ? r->words[1] : r->pid;

	if (text == NULL || pid_of(text) == 0) {
		fprintf(stderr, "ashlar-ctl: doctor %s: a process's number is wanted\n",
			text != NULL ? text : "");
		return DOCTOR_CANNOT_TELL;
	}
	return doctor(pid_of(text), r->json);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		options, parse, "list|get|set|doctor [WORD...]", doc, NULL, NULL, NULL};
	static struct request request;
	const char *verb;

	output_check_at_exit("ashlar-ctl", EXIT_FAILURE);
	request.words = calloc((size_t)argc + 1, sizeof(request.words[0]));
	if (request.words == NULL) {
		fprintf(stderr, "ashlar-ctl: out of memory\n");
		return EXIT_FAILURE;
	}
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &request);
	verb = request.words[0];
	if (strcmp(verb, "list") == 0 && request.n_words <= 2)
		return list(&request);
	if (strcmp(verb, "doctor") == 0 && request.n_words <= 2)
		return examine(&request);
	if (strcmp(verb, "get") == 0 && request.n_words >= 2)
		return get(&request);
	if (strcmp(verb, "set") == 0 && (request.n_words == 2 || request.n_words == 3))
		return set(&request);
	fprintf(stderr,
		"ashlar-ctl: '%s'%s: list [BEGINNING], get NAME..., set NAME [VALUE] and "
		"doctor "
		"PID are known\n",
		verb, request.n_words > 1 ? " with these words" : "");
	return EXIT_FAILURE;
}
