#include "workloads/lib/verify.h"

#include <malloc.h>
#include <pthread.h>
#include <string.h>
#include "workloads/shared/rng.h"
#include "workloads/shared/workload.h"

/* Open addressing, linear probing, never more than half full; removal moves later
 * entries back instead of leaving marks. */
static struct verify_block *book;
static uint64_t book_mask, book_used;
static uint64_t last_id;
static bool usable_known;
static pthread_mutex_t book_lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t home(uint64_t at)
{
	return rng_mix(at) & book_mask;
}

static struct verify_block *find(uint64_t at)
{
	uint64_t i = home(at);

	while (book[i].at && book[i].at != at)
		i = (i + 1) & book_mask;
	return &book[i];
}

static void grow(void)
{
	struct verify_block *old = book;
	uint64_t places = book_mask + 1;

	book_mask = places * 2 - 1;
	book = wl_table(places * 2 * sizeof(*book));
	for (uint64_t i = 0; i < places; i++)
		if (old[i].at)
			*find(old[i].at) = old[i];
	wl_table_free(old, places * sizeof(*book));
}

static void strike(struct verify_block *block)
{
	uint64_t hole = (uint64_t)(block - book), i = hole;

	for (;;) {
		book[hole].at = 0;
		do {
			i = (i + 1) & book_mask;
			if (!book[i].at) {
				book_used--;
				return;
			}
		} while (((i - home(book[i].at)) & book_mask) < ((i - hole) & book_mask));
		book[hole] = book[i];
		hole = i;
	}
}

static uint64_t pattern(uint64_t id, uint64_t word)
{
	return (id * 0xd1342543de82ef95u) ^ (word * 0x9e3779b97f4a7c15u) ^ 0xa5a5a5a5a5a5a5a5u;
}

/* Bytes [from, size). */
static void fill(unsigned char *p, size_t from, size_t size, uint64_t id)
{
	for (size_t at = from; at < size;) {
		uint64_t value = pattern(id, at / 8);
		size_t in = at % 8, n = 8 - in < size - at ? 8 - in : size - at;

		memcpy(p + at, (const unsigned char *)&value + in, n);
		at += n;
	}
}

/* Offset of the first wrong byte in [from, size), or size. */
static size_t first_wrong(const unsigned char *p, size_t from, size_t size, uint64_t id)
{
	for (size_t at = from; at < size;) {
		uint64_t value = pattern(id, at / 8);
		size_t in = at % 8, n = 8 - in < size - at ? 8 - in : size - at;

		if (memcmp(p + at, (const unsigned char *)&value + in, n) != 0) {
			while (p[at] == ((const unsigned char *)&value)[at % 8])
				at++;
			return at;
		}
		at += n;
	}
	return size;
}

void verify_start(struct wl_run *run, bool check_usable)
{
	(void)run;
	book_mask = (1u << 12) - 1;
	book_used = 0;
	book = wl_table((book_mask + 1) * sizeof(*book));
	usable_known = check_usable;
}

static uint64_t enter(struct wl_run *run, void *p, size_t size, size_t own)
{
	struct verify_block *block;
	uint64_t id;

	pthread_mutex_lock(&book_lock);
	if ((book_used + 1) * 2 > book_mask)
		grow();
	block = find((uint64_t)(uintptr_t)p);
	if (block->at)
		wl_die(run,
		       "overlapping blocks: %p (%zu bytes) was handed out while a block of "
		       "%zu bytes lives there",
		       p, size, (size_t)block->size);
	id = ++last_id;
	*block = (struct verify_block){(uint64_t)(uintptr_t)p, size, id, own};
	book_used++;
	pthread_mutex_unlock(&book_lock);
	return id;
}

static void check_shape(struct wl_run *run, void *p, size_t size, size_t alignment)
{
	/* What is smaller than 16 bytes holds nothing that is aligned to 16, and several
	 * allocators use that. */
	size_t owed = size < VERIFY_ALIGNMENT ? sizeof(void *) : VERIFY_ALIGNMENT;

	if (alignment != VERIFY_ALIGNMENT && alignment > owed)
		owed = alignment;
	if ((uintptr_t)p % owed)
		wl_die(run, "misaligned block: %p for %zu bytes, %zu is needed", p, size, owed);
	if (usable_known && malloc_usable_size(p) < size)
		wl_die(run,
		       "wrong usable size: malloc_usable_size says %zu for a block of %zu "
		       "bytes",
		       malloc_usable_size(p), size);
}

void verify_new(struct wl_run *run, void *p, size_t size, size_t alignment)
{
	check_shape(run, p, size, alignment);
	fill(p, 0, size, enter(run, p, size, 0));
}

void verify_zero(struct wl_run *run, const void *p, size_t size)
{
	const unsigned char *byte = p;

	for (size_t i = 0; i < size; i++)
		if (byte[i])
			wl_die(run, "calloc: byte %zu of %zu is not zero", i, size);
}

static void check_contents(struct wl_run *run, const struct verify_block *block, const void *p,
			   size_t size, const char *when)
{
	size_t wrong = first_wrong(p, block->own < size ? block->own : size, size, block->id);

	if (wrong < size)
		wl_die(run,
		       "damaged block: byte %zu of %zu at %p is not what was written (found at "
		       "%s)",
		       wrong, (size_t)block->size, p, when);
}

struct verify_block verify_gone(struct wl_run *run, void *p, size_t size)
{
	struct verify_block *place, block;

	pthread_mutex_lock(&book_lock);
	place = find((uint64_t)(uintptr_t)p);
	if (!place->at)
		wl_die(run,
		       "the pointer %p to free is no live block: the workload's data was "
		       "overwritten",
		       p);
	block = *place;
	if (block.size != size)
		wl_die(run, "the block at %p has %zu bytes, its owner says %zu", p,
		       (size_t)block.size, size);
	check_contents(run, &block, p, size, "free or realloc");
	strike(place);
	pthread_mutex_unlock(&book_lock);
	return block;
}

void verify_moved(struct wl_run *run, const struct verify_block *was, void *p, size_t size)
{
	size_t own = was->own < size ? was->own : size;

	check_shape(run, p, size, VERIFY_ALIGNMENT);
	check_contents(run, was, p, size < was->size ? size : was->size, "return of realloc");
	fill(p, own, size, enter(run, p, size, own));
}

void verify_own(struct wl_run *run, const void *p, size_t bytes)
{
	struct verify_block *block;

	pthread_mutex_lock(&book_lock);
	block = find((uint64_t)(uintptr_t)p);
	if (!block->at)
		wl_die(run, "no live block at %p", p);
	block->own = bytes;
	pthread_mutex_unlock(&book_lock);
}

bool verify_is_live(const void *p)
{
	bool live;

	pthread_mutex_lock(&book_lock);
	live = p && find((uint64_t)(uintptr_t)p)->at;
	pthread_mutex_unlock(&book_lock);
	return live;
}

void verify_end(struct wl_run *run)
{
	if (book_used)
		wl_die(run, "%zu blocks were never freed", (size_t)book_used);
}
