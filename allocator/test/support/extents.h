/*
 * Extent hooks that keep a book of what they gave: each call must name an extent exactly as it
 * is, and in the end nothing may be left.  Any call may be told to fail.
 */
#ifndef ASH_TEST_EXTENTS_H
#define ASH_TEST_EXTENTS_H

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "arena/arena.h"
#include "os/mutex.h"
#include "os/os.h"
#include "test/support/family.h"

enum hook {
	HOOK_ALLOC,
	HOOK_DALLOC,
	HOOK_DESTROY,
	HOOK_COMMIT,
	HOOK_DECOMMIT,
	HOOK_LAZY,
	HOOK_FORCED,
	HOOK_SPLIT,
	HOOK_MERGE,
	HOOKS
};

#define BOOK_MOST 20000

static struct {
	pthread_mutex_t lock;
	struct {
		char *addr;
		size_t size;
		bool committed;
	} extent[BOOK_MOST];
	unsigned n;
	size_t bytes;
	unsigned calls[HOOKS], called;
	unsigned fail_at;     /* the call of this number fails, from 1; 0 = none */
	bool fail_multiples;  /* and its multiples */
	bool refuse[HOOKS];   /* all calls of a kind */
	bool start_committed; /* what alloc gives */
} book = {.lock = PTHREAD_MUTEX_INITIALIZER, .start_committed = true};

/* Whether this call is to fail. */
static inline bool book_fails(enum hook kind)
{
	book.calls[kind]++;
	book.called++;
	if (book.refuse[kind])
		return true;
	return book.fail_at != 0 && (book.fail_multiples ? book.called % book.fail_at == 0
							 : book.called == book.fail_at);
}

/* Its place in the book; whoever names another extent than there is has lost track. */
static inline unsigned book_find(const void *addr, size_t size, const char *call)
{
	for (unsigned i = 0; i < book.n; i++)
		if (book.extent[i].addr == addr) {
			CHECK(book.extent[i].size == size, "%s(%p, %zu) of an extent of %zu",
			      call, addr, size, book.extent[i].size);
			return i;
		}
	CHECK(false, "%s(%p, %zu) of no extent", call, addr, size);
	return BOOK_MOST;
}

static inline void book_remove(unsigned i)
{
	book.bytes -= book.extent[i].size;
	book.extent[i] = book.extent[--book.n];
}

static inline void book_add(char *addr, size_t size, bool committed)
{
	NEED(book.n < BOOK_MOST, "too many extents for the test's book");
	book.extent[book.n].addr = addr;
	book.extent[book.n].committed = committed;
	book.extent[book.n++].size = size;
	book.bytes += size;
}

static void *book_alloc(extent_hooks_t *hooks, void *new_addr, size_t size, size_t alignment,
			bool *zero, bool *commit, unsigned arena)
{
	char *p = NULL;

	(void)hooks;
	(void)arena;
	CHECK(size % ash_os_page == 0 && size > 0 && (alignment & (alignment - 1)) == 0 &&
		      alignment >= ash_os_page,
	      "alloc of %zu at a multiple of %zu", size, alignment);
	CHECK(!ash_lock_rank_holds_any(), "a lock is held");
	pthread_mutex_lock(&book.lock);
	if (new_addr == NULL && !book_fails(HOOK_ALLOC))
		p = ash_os_map(size, alignment);
	if (p != NULL) {
		*zero = true;
		*commit = book.start_committed;
		book_add(p, size, *commit);
	}
	pthread_mutex_unlock(&book.lock);
	return p;
}

static bool book_dalloc(extent_hooks_t *hooks, void *addr, size_t size, bool committed,
			unsigned arena)
{
	bool fails;

	(void)hooks;
	(void)arena;
	pthread_mutex_lock(&book.lock);
	fails = book_fails(HOOK_DALLOC);
	if (!fails) {
		unsigned i = book_find(addr, size, "dalloc");

		if (i < BOOK_MOST) {
			CHECK(book.extent[i].committed == committed, "dalloc(%p): committed %d",
			      addr, committed);
			book_remove(i);
		}
		munmap(addr, size);
	}
	pthread_mutex_unlock(&book.lock);
	return fails;
}

static void book_destroy(extent_hooks_t *hooks, void *addr, size_t size, bool committed,
			 unsigned arena)
{
	unsigned i;

	(void)hooks;
	(void)arena;
	(void)committed;
	pthread_mutex_lock(&book.lock);
	book.calls[HOOK_DESTROY]++;
	i = book_find(addr, size, "destroy");
	if (i < BOOK_MOST)
		book_remove(i);
	munmap(addr, size);
	pthread_mutex_unlock(&book.lock);
}

/* The four that are about a range of an extent. */
static inline bool book_range(enum hook kind, const char *call, void *addr, size_t size,
			      size_t offset, size_t length)
{
	bool fails;

	CHECK(offset + length <= size && length > 0, "%s: %zu + %zu of %zu", call, offset,
	      length, size);
	pthread_mutex_lock(&book.lock);
	fails = book_fails(kind);
	if (!fails) {
		unsigned i = book_find(addr, size, call);

		if (i < BOOK_MOST && kind == HOOK_COMMIT) {
			CHECK(!book.extent[i].committed, "%s of what is committed", call);
			book.extent[i].committed = true;
		} else if (i < BOOK_MOST) {
			CHECK(book.extent[i].committed, "%s of what is not committed", call);
		}
		if (i < BOOK_MOST && kind == HOOK_DECOMMIT) {
			book.extent[i].committed = false;
			madvise(addr, size, MADV_DONTNEED);
		}
		if (kind == HOOK_FORCED)
			madvise((char *)addr + offset, length, MADV_DONTNEED);
		if (kind == HOOK_LAZY) /* as soon as it may be */
			memset((char *)addr + offset, 0xdb, length);
	}
	pthread_mutex_unlock(&book.lock);
	return fails;
}

#define BOOK_RANGE_HOOK(name, kind, call)                                               \
	static bool name(extent_hooks_t *hooks, void *addr, size_t size, size_t offset, \
			 size_t length, unsigned arena)                                 \
	{                                                                               \
		(void)hooks;                                                            \
		(void)arena;                                                            \
		return book_range(kind, call, addr, size, offset, length);              \
	}
BOOK_RANGE_HOOK(book_commit, HOOK_COMMIT, "commit")
BOOK_RANGE_HOOK(book_decommit, HOOK_DECOMMIT, "decommit")
BOOK_RANGE_HOOK(book_lazy, HOOK_LAZY, "purge_lazy")
BOOK_RANGE_HOOK(book_forced, HOOK_FORCED, "purge_forced")
#undef BOOK_RANGE_HOOK

static bool book_split(extent_hooks_t *hooks, void *addr, size_t size, size_t size_a,
		       size_t size_b, bool committed, unsigned arena)
{
	bool fails;

	(void)hooks;
	(void)arena;
	(void)committed;
	CHECK(size_a + size_b == size && size_a > 0 && size_b > 0 && size_a % ash_os_page == 0,
	      "split of %zu in %zu and %zu", size, size_a, size_b);
	pthread_mutex_lock(&book.lock);
	fails = book_fails(HOOK_SPLIT);
	if (!fails) {
		unsigned i = book_find(addr, size, "split");

		if (i < BOOK_MOST) {
			book.extent[i].size = size_a;
			book.bytes -= size_b;
			book_add((char *)addr + size_a, size_b, book.extent[i].committed);
		}
	}
	pthread_mutex_unlock(&book.lock);
	return fails;
}

static bool book_merge(extent_hooks_t *hooks, void *addr_a, size_t size_a, void *addr_b,
		       size_t size_b, bool committed, unsigned arena)
{
	bool fails;

	(void)hooks;
	(void)arena;
	(void)committed;
	CHECK((char *)addr_a + size_a == addr_b, "merge of %p and %p", addr_a, addr_b);
	pthread_mutex_lock(&book.lock);
	fails = book_fails(HOOK_MERGE);
	if (!fails) {
		unsigned a = book_find(addr_a, size_a, "merge"),
			 b = book_find(addr_b, size_b, "merge");

		if (a < BOOK_MOST && b < BOOK_MOST) {
			CHECK(book.extent[a].committed == book.extent[b].committed,
			      "merge of a committed and a decommitted extent");
			book.extent[a].size += size_b;
			book.bytes += size_b;
			book_remove(b);
		}
	}
	pthread_mutex_unlock(&book.lock);
	return fails;
}

static const extent_hooks_t book_hooks = {
	.alloc = book_alloc,
	.dalloc = book_dalloc,
	.destroy = book_destroy,
	.commit = book_commit,
	.decommit = book_decommit,
	.purge_lazy = book_lazy,
	.purge_forced = book_forced,
	.split = book_split,
	.merge = book_merge,
};

/* The same hooks without one. */
static inline extent_hooks_t book_without(enum hook kind)
{
	extent_hooks_t h = book_hooks;

	switch (kind) {
	case HOOK_DALLOC:
		h.dalloc = NULL;
		break;
	case HOOK_DESTROY:
		h.destroy = NULL;
		break;
	case HOOK_COMMIT:
		h.commit = NULL;
		break;
	case HOOK_DECOMMIT:
		h.decommit = NULL;
		break;
	case HOOK_LAZY:
		h.purge_lazy = NULL;
		break;
	case HOOK_FORCED:
		h.purge_forced = NULL;
		break;
	case HOOK_SPLIT:
		h.split = NULL;
		break;
	case HOOK_MERGE:
		h.merge = NULL;
		break;
	default:
		break;
	}
	return h;
}

#endif
