/* ctrl-C: the first asks for an end after the running sample, the second at once. */
#ifndef HARNESS_INTERRUPT_H
#define HARNESS_INTERRUPT_H

#include <stdbool.h>

/* Catches SIGINT, SIGTERM and SIGHUP from now on. */
void interrupt_catch(void);
bool interrupt_wanted(void);   /* end after this sample */
bool interrupt_insisted(void); /* end this sample too */

#endif
