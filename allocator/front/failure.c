#include "front/failure.h"

#include <errno.h>

#include "cache/thread.h"
#include "conf/conf.h"
#include "front/misuse.h"
#include "util/assert.h"

void *ash_failure(size_t size)
{
	if (ash_conf.xmalloc && !ash_tls.may_fail)
		ash_fatal("out of memory: a request for %zu bytes fails, and xmalloc:true",
			  size);
	errno = ENOMEM;
	return NULL;
}

bool ash_failure_of_new(size_t size)
{
	if (!ash_conf.infallible_new)
		return false;
	ash_misuse_fatal_as("<jemalloc>: ",
			    "Allocation of size %zu failed. "
			    "opt.experimental_infallible_new is true. Aborting.",
			    size);
	return true;
}
