/* Another process, as /proc tells of it. */
#ifndef ASH_TOOLS_PROCESS_H
#define ASH_TOOLS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	pid_t pid;
	int memory; /* its addresses as a file, < 0 where they may not be read */
	char *maps; /* /proc/PID/maps when it was opened */
};

/* False after a message: there is no such process, it has no memory (a kernel thread, or it has
 * ended), or whoever asks may not look into it. */
bool process_open(struct process *p, pid_t pid);
void process_close(struct process *p);

/* What the file says whole, with a NUL behind it, to be freed; NULL with errno where it cannot
 * be read. */
char *file_text(const char *path, size_t *length);
/* The same of /proc/PID/NAME. */
char *process_text(const struct process *p, const char *name, size_t *length);

/* Where the link /proc/PID/NAME, or the one at PATH as the process sees it, leads to; to be
 * freed, NULL where there is none. */
char *process_link(const struct process *p, const char *name);
char *process_path(const struct process *p, const char *path);
char *link_text(const char *path);

/* n bytes at that address of its memory. */
bool process_read(const struct process *p, uint64_t address, void *to, size_t n);
/* The text at that address, 4,095 characters of it at most; to be freed, NULL where it cannot
 * be read. */
char *process_string(const struct process *p, uint64_t address);

/* What the kernel told it at its start (getauxval(3)); 0 where it did not, or that cannot be
 * read.
 */
uint64_t process_aux(const struct process *p, uint64_t type);

/* Whether its program is one of 32 bits. */
bool process_is_short(const struct process *p);

/* Of its environment when it started; to be freed, NULL where it is not set. */
char *process_environment(const struct process *p, const char *name);

/* What stands in `text` behind the line's beginning `name`, cut off at the line's end and
 * without blanks before it.  False where no line begins so. */
bool line_value(const char *text, const char *name, char *to, size_t size);

#endif
