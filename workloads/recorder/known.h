/* Numbers of threads by their handles. */
#ifndef RECORDER_KNOWN_H
#define RECORDER_KNOWN_H

#include <pthread.h>
#include <stdint.h>

#define KNOWN_NOT UINT32_MAX

/* The thread of this handle has that number from now on. */
void known_put(pthread_t thread, uint32_t number);
/* Its number, or KNOWN_NOT. */
uint32_t known_number(pthread_t thread);
/* After a fork: none of the parent's threads is here. */
void known_forget(void);

#endif
