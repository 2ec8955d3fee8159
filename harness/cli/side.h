/* What a user names to be compared: a set of results, or a contender in one. */
#ifndef HARNESS_CLI_SIDE_H
#define HARNESS_CLI_SIDE_H

struct side {
	char *dir;
	char *name; /* of a contender, or null */
};

/* Takes `text` for DIR, DIR:NAME or NAME; the last is in the set `in` (null: the newest one).
 * Returns STATUS_OK, or STATUS_USAGE after a complaint.  Free it with side_free. */
int side_parse(struct side *side, const char *text, const char *in);
void side_free(struct side *side);

#endif
