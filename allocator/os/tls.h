/* Being told when a thread ends. */
#ifndef ASH_OS_TLS_H
#define ASH_OS_TLS_H

#include <stdbool.h>

/* Makes the key whose destructor is `fn`.  False where all keys are taken; then threads end
 * unnoticed and ash_tls_arm returns false.  Call once, without a lock. */
bool ash_tls_init(void (*fn)(void *));

/* fn(argument) will be called when this thread ends.  May allocate: call without a lock
 * and ready to be re-entered. */
bool ash_tls_arm(void *argument);

#endif
