/* How this program was started, for those that start it again.
 *
 * On another C library a program is started by that library's own loader, which then is what
 * /proc/self/exe names; the words that come before the program's own arguments are in the
 * variable SELF_ENV, separated by newlines and ended by the program's path.  Without it the
 * program starts by itself.  Uses libc alone and allocates nothing. */
#ifndef WORKLOADS_SELF_H
#define WORKLOADS_SELF_H

#define SELF_ENV "ASHLAR_LOADER"
#define SELF_WORDS 12
#define SELF_TEXT 8192

struct self {
	char text[SELF_TEXT];
	char *words[SELF_WORDS + 1]; /* what is executed, and what precedes the arguments */
	int count;
	const char *file; /* the program itself: the last word */
};

/* Returns 0, or -1 with errno. */
int self_find(struct self *self);

#endif
