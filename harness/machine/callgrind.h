/* What a callgrind output file says: instructions in all, and those spent in the
 * allocator, its callees included. */
#ifndef HARNESS_CALLGRIND_H
#define HARNESS_CALLGRIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "harness/machine/counters.h"

/* Arguments for valgrind up to the program; NULL-terminated.  `out` is the argument that
 * names the output file, --callgrind-out-file=FILE. */
#define CALLGRIND_ARGS(valgrind, out) (valgrind), "--tool=callgrind", "--quiet", (out)

/* Further arguments that simulate caches and branches, of fixed sizes, not those of the CPU, so
 * that the counts are the same on every machine; and count atomic operations. */
#define CALLGRIND_SIMULATION 6
extern const char *const callgrind_simulation[CALLGRIND_SIMULATION];

/* Names are written once, "(7) name", and then only "(7)". */
struct callgrind_names {
	char **list;
	size_t count;
};

/* The name that is meant by "(ID) NAME" or "(ID)" or, uncompressed, "NAME" up to the end of the
 * line; it is remembered under its number.  "" where there is none. */
const char *callgrind_name(struct callgrind_names *names, const char *text);
void callgrind_names_free(struct callgrind_names *names);

/* The sum over the file ("summary:" or "totals:"), -1 without one. */
int64_t callgrind_total(const char *text);

/* What was simulated, beside the instructions, over the file: references, misses and branches
 * are filled in as values of tier "callgrind".  Returns how many there are; 0 where nothing
 * was. */
int callgrind_simulated(const char *text, struct counters_reading *reading);

/* Instructions from the entry into the allocator to the return from it, summed over all
 * calls that come from outside.  `library` is the file that serves malloc.  Where that
 * is the C library, which does much else besides, the entries are malloc and its kin by
 * name; any other library is entered by whatever is called in it.  *usable_size is the
 * part of them that began by malloc_usable_size, which traces do not hold.  -1 when the
 * text is no such file. */
int64_t callgrind_allocator(const char *text, const char *library, int64_t *usable_size);

/* The first line in which valgrind itself complains in what a process wrote to stderr, without
 * its "==PID==", into `line`, cut to `size`.  Its last line is seldom the reason: a page of
 * advice comes behind.  False, and "", when there is none. */
bool callgrind_complaint(const char *text, char *line, size_t size);

#endif
