/* Whether a process has the library, how it is configured there, and what hinders it. */
#ifndef ASH_TOOLS_DOCTOR_H
#define ASH_TOOLS_DOCTOR_H

#include <stdbool.h>
#include <sys/types.h>

enum doctor_status {
	DOCTOR_ON = 0,
	DOCTOR_CANNOT_TELL = 1, /* after a message */
	DOCTOR_WARNS = 2,       /* it is on, and something hinders it */
	DOCTOR_NOT_THERE = 3,
	DOCTOR_NOT_SERVING = 4, /* it is there, and malloc is another's */
};

/* Prints what is found; returns the exit status. */
enum doctor_status doctor(pid_t pid, bool json);

#endif
