/* What the command says when it cannot go on, and the exit status that goes with it. */
#ifndef HARNESS_MESSAGE_H
#define HARNESS_MESSAGE_H

#include <stddef.h>

enum exit_status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,       /* something that was asked for could not be done */
	STATUS_USAGE = 2,        /* what was asked for makes no sense; nothing was begun */
	STATUS_INCOMPLETE = 3,   /* the report lacks something; what was measured is whole */
	STATUS_INTERRUPTED = 130 /* ended by a signal; what was measured is kept */
};

/* Whose complaints the next ones are: "ashlar-bench VERB: " leads them, of null "ashlar-bench:
 * ". The text stays the caller's.  For verbs whose work other verbs also call for. */
void message_speaker(const char *verb);

/* One line on stderr, led by the program's name and ended by a newline. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The last complaint, without the program's name; "" when there was none. */
const char *message_last(void);

/* The same as complain(), and returns STATUS_USAGE (or what message_statuses() has put in its
 * place), so that a caller can end with it. */
int complain_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For a verb with statuses of its own: those that the process ends with from now on where
 * memory is out or what it prints has no room, and that complain_usage() returns. */
void message_statuses(int no_memory, int usage);
int message_failed(void); /* the first of them, else STATUS_FAILED */

/* Says so, and ends the process. */
_Noreturn void out_of_memory(void);

/* To be called when a write to stdout failed.  When nobody reads it any
 * more, as behind `| head`, ends the process without a word, as SIGPIPE does, even where that
 * signal is ignored; else returns. */
void end_if_nobody_reads(void);

/* Formatted text on the heap; ends the program when there is no memory for it. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Sets *text (freeing what it held, or null), or appends to it; ends as text_format does. */
void text_set(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_append(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Fills `why` (of `size` bytes, cut to fit, control characters made blank) and
 * returns -1: the one way in which a function here explains a failure. */
int because(char *why, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A list of `count` entries of `size` bytes each with room for one more; NULL is an empty one.
 * Ends the process where there is no memory. */
void *list_grown(void *list, size_t count, size_t size);

#endif
