/* Values of names as text, and back: for who asks from outside of the process. */
#ifndef ASH_CTL_TEXT_H
#define ASH_CTL_TEXT_H

#include <stddef.h>

/* Answers one line, "get NAME" or "set NAME VALUE" (without VALUE where something is done), by
 * "ok", a value behind it where it was read, or "error", and why.  `line` is cut up; the answer
 * ends with NUL. */
void ash_ctl_answer(char *line, char *answer, size_t size);

#endif
