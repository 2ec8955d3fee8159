#include "os/tls.h"

#include <pthread.h>

#include "os/fault.h"

static pthread_key_t key;
static bool have_key;

bool ash_tls_init(void (*fn)(void *))
{
	have_key = !ash_os_faulted(ASH_OS_THREAD_KEY) && pthread_key_create(&key, fn) == 0;
	return have_key;
}

bool ash_tls_arm(void *argument)
{
	return have_key && !ash_os_faulted(ASH_OS_THREAD_VALUE) &&
	       pthread_setspecific(key, argument) == 0;
}
