/* One field of a table as a reader takes it: numbers with their unit, their interval, a mark
 * and a note, or words.  How it looks is a writer's affair, how a number reads is the same in
 * all. */
#ifndef HARNESS_FIELD_H
#define HARNESS_FIELD_H

#include <stdbool.h>
#include <stddef.h>

enum unit {
	UNIT_WORDS, /* no number */
	UNIT_COUNT, /* whole numbers */
	UNIT_PLAIN, /* a quantity without a unit */
	UNIT_RATIO,
	UNIT_CHANGE, /* with its sign, as what is added or saved */
	UNIT_EXCESS, /* a ratio, shown as percent above or below 1 */
	UNIT_NS,     /* time; given in ns, shown in what reads best */
	UNIT_BYTES,  /* given in bytes, shown in MiB */
	UNIT_SIZE,   /* the same, shown in what reads best */
	UNIT_AMOUNT, /* a count, or a mean of counts */
};

enum mark {
	MARK_NONE,
	MARK_UNSURE, /* numbers that are not certain; the note says why, unless the interval
			holds 1 */
	MARK_HOLE,   /* words where a number is missing; the note says why */
	MARK_PROOF,  /* words that identify something, longer than anybody reads */
};

#define FIELD_NUMBERS 3

struct field {
	enum unit unit;
	enum mark mark;
	bool best;                    /* of its column, or not to be told from it */
	double number[FIELD_NUMBERS]; /* NaN: not known */
	size_t nnumbers;
	const char *between; /* two numbers */
	double low, high;    /* interval of the first number; NaN: none */
	char **line;         /* the words, mostly one line */
	size_t nlines;
	char *note;         /* to be said beside it, or null */
	char *colour;       /* #rrggbb of the contender that it names, or null */
	const char *target; /* the section that tells more, or null */
};

/* Room for a number as text. */
#define FIELD_TEXT 64

/* `value` in the field's unit, a dash for NaN; into `text`, which is returned. */
const char *field_number(const struct field *field, double value, char text[FIELD_TEXT]);

void field_add_line(struct field *field, const char *words);
void field_free(struct field *field);

#endif
