/* Names of jemalloc's that there are not, and why: each is ENOENT. */
#ifndef ASH_CTL_ABSENT_H
#define ASH_CTL_ABSENT_H

/* A component in <> is a number; * at the end is any rest.  No pointers, as in conf/row.h. */
struct ash_ctl_absent {
	char name[64];
	char why[72]; /* one line for the manual page */
};

unsigned ash_ctl_absent_count(void);
const struct ash_ctl_absent *ash_ctl_absent_at(unsigned i);

#endif
