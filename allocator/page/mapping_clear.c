#include "page/mapping_clear.h"

#include <string.h>

#include "os/os.h"
#include "util/assert.h"
#include "util/bits.h"

/* A part is judged by this many of its pages: it is written where so many hold something. After
 * much that is not, as much is judged at once: looks at what holds no memory are faults. */
#define PART ((size_t)1 << 20)
#define LOOKS 4u
#define ENOUGH 3u

/* Then it holds memory for certain.  (Of a page that holds none the kernel shows one of zeros,
 * which costs a fault and no memory.) */
static bool holds_something(const uint64_t *page)
{
	for (size_t i = 0; i < ash_os_page / sizeof(*page); i++)
		if (page[i] != 0)
			return true;
	return false;
}

/* Looks at one page of each quarter, at no fixed distance: programs may write at one. */
static bool is_written(uintptr_t address, size_t bytes)
{
	size_t pages = bytes / ash_os_page, spread = ash_hash_address(address);
	unsigned found = 0;

	for (unsigned i = 0; i < LOOKS && found < ENOUGH && found + LOOKS - i >= ENOUGH; i++) {
		size_t first = pages * i / LOOKS, next = pages * (i + 1) / LOOKS;

		if (next > first)
			first += (spread >> 8 * i) % (next - first);
		ash_assert(first < pages);
		found += holds_something((const uint64_t *)(address + first * ash_os_page));
	}
	return found >= ENOUGH;
}

bool ash_mapping_clear(uintptr_t address, size_t bytes, size_t *purged)
{
	/* What lies from `from` up to `at` is to be given back. */
	size_t from = 0, at = 0, span = PART;

	ash_assert(address % ash_os_page == 0 && bytes % ash_os_page == 0 && bytes != 0);
	while (at < bytes) {
		size_t part = bytes - at < span ? bytes - at : span;

		if (!is_written(address + at, part)) {
			at += part;
			span = at - from > PART ? at - from : PART;
			continue;
		}
		span = PART;
		if (part > PART) /* each of its parts by itself */
			continue;
		if (at > from && !ash_os_purge((void *)(address + from), at - from))
			return false;
		*purged += at - from;
		memset((void *)(address + at), 0, part);
		at += part;
		from = at;
	}
	if (from < bytes && !ash_os_purge((void *)(address + from), bytes - from))
		return false;
	*purged += bytes - from;
	return true;
}
