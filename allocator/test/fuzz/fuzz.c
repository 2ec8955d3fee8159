/*
 * Random calls of every entry point by several threads, against a shadow of the heap: no two
 * blocks share a byte, each keeps its content until it is freed, is aligned and as long as
 * asked, calloc's is zero, and errno says what it must.  Blocks change hands by way of boxes;
 * threads end and are followed by others; each of them forks now and then, and the child checks
 * what all of them had, frees it and goes on a while.
 *
 * What a thread does follows from the seed and its number alone: sizes, kinds of calls, which
 * slot, which box.  (What it finds in a box depends on the others.)
 *
 *	fuzz [SEED [OPERATIONS-PER-THREAD [THREADS]]]
 */
#include "test/fuzz/shadow.h"

#include "test/fuzz/entries.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#define SLOTS 192
#define BOXES 256
#define THREADS_MOST 64
#define LIFE 5000 /* operations of one thread of a succession */
#define CHILD_OPERATIONS 300
#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)
#define LARGEST (5 * MIB)
#define LIMITED 200 /* operations that a hard limit lasts */

struct worker {
	unsigned number;
	uint64_t random, sequence; /* of the decisions so far, hashed */
	unsigned long done;
	unsigned long limited_until;
	/* A child must not look at slots that a call was at work on: `busy` is set before. */
	atomic_bool busy[SLOTS];
	struct shadow_block slot[SLOTS];
};

struct box {
	atomic_flag locked;
	struct shadow_block block;
};

static struct worker *workers;
static struct box *boxes;
static uint64_t seed = 1;
static unsigned long operations = 56000 / PATIENCE_BUILD;
static unsigned threads = 4;
static bool in_child;
static FILE *nowhere;
/* A request may be refused while a limit is set: by worker 0, which changes this before and
 * after. Odd = there is one. */
static atomic_ulong limits;
static bool have_limits; /* of this seed; else C++ operators, which cannot say no here */
static size_t page;

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* A decision: a number below `n`, which the thread's sequence remembers. */
static uint64_t decide(struct worker *w, uint64_t n)
{
	uint64_t decided = next_random(&w->random) % n;

	w->sequence = (w->sequence ^ decided) * 0x100000001b3u;
	return decided;
}

/* Mostly small; now and then around what changes hands from one part of an allocator to
 * another. */
static size_t decide_size(struct worker *w)
{
	static const size_t edges[] = {16,       1024,      4096,       16 * KIB,
				       32 * KIB, 64 * KIB,  512 * KIB,  MIB,
				       2 * MIB,  256 * KIB, 1024 + 512, 8 * KIB};
	uint64_t kind = decide(w, 1000), r = decide(w, (uint64_t)1 << 40);
	unsigned lg = kind < 600   ? 10
		      : kind < 900 ? 14
		      : kind < 985 ? 17
		      : kind < 997 ? 20
				   : 22;

	if (kind % 50 == 7) /* one more, or a few fewer */
		return edges[r % (kind < 900 ? 6 : 12)] + 1 - r / 16 % 18;
	if (kind % 100 == 8)
		return 0;
	lg = (unsigned)(r % (lg + 1));
	return ((size_t)1 << lg) + (size_t)(r >> 8) % ((size_t)1 << lg);
}

/* Up to 64 KiB, rarely 4 MiB. */
static size_t decide_align(struct worker *w)
{
	uint64_t r = decide(w, 1000);

	return (size_t)1 << (r < 990 ? r % 17 : r % 23);
}

/* --- one call ---------------------------------------------------------------------------- */

/* Before a call that may be refused. */
static unsigned long call_begin(const char *what)
{
	shadow_place.what = what;
	errno = MARK;
	return atomic_load(&limits);
}

/* After it: a refusal says ENOMEM and has a reason, success keeps errno. */
static void call_end(const void *p, unsigned long before, size_t size)
{
	int error = errno;

	if (p != NULL) {
		SOUND(error == MARK, "a call that succeeded set errno %d", error);
		return;
	}
	SOUND(error == ENOMEM, "%zu bytes were refused with errno %d", size, error);
	SOUND(before % 2 != 0 || before != atomic_load(&limits),
	      "%zu bytes were refused, and there is no limit", size);
}

static void call_kept_errno(void)
{
	SOUND(errno == MARK, "errno is %d", errno);
}

static bool all_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

static void zeroed(const struct shadow_block *b)
{
	size_t usable = b->p ? m.usable(b->p) : 0;

	SOUND(all_zero(b->p, usable), "%zu bytes at %p, %zu usable, are not zero", b->size,
	      (void *)b->p, usable);
}

/* A block by one of the entry points, or none where memory is refused. */
static struct shadow_block make(struct worker *w)
{
	struct shadow_block b = {.size = decide_size(w), .align = 16};
	size_t align = decide_align(w), count = decide(w, 9) + 1;
	unsigned how = (unsigned)decide(w, 100);
	bool whole = decide(w, 4) == 0;
	void *out = &b;
	unsigned long before;

	b.mark = next_random(&w->random);
	if (how < 42) {
		before = call_begin("malloc");
		b.p = m.malloc(b.size);
	} else if (how < 54) {
		before = call_begin("calloc");
		b.size = b.size / count * count;
		b.p = m.calloc(count, b.size / count);
		zeroed(&b);
	} else if (how < 58) {
		before = call_begin("realloc of NULL");
		b.p = m.realloc(NULL, b.size);
	} else if (how < 61) {
		before = call_begin("reallocarray of NULL");
		b.size = b.size / count * count;
		b.p = m.reallocarray(NULL, count, b.size / count);
	} else if (how < 67) {
		before = call_begin("aligned_alloc");
		b.maker = MADE_ALIGNED;
		b.align = align;
		b.p = m.aligned_alloc(align, b.size);
	} else if (how < 73) {
		int error;

		before = call_begin("posix_memalign");
		b.maker = MADE_PAGES;
		b.align = align < sizeof(void *) ? sizeof(void *) : align;
		error = m.posix_memalign(&out, b.align, b.size);
		SOUND(error == 0 || (error == ENOMEM && out == &b), "result %d, %p", error,
		      out);
		b.p = error == 0 ? out : NULL;
	} else if (how < 77) {
		before = call_begin("memalign");
		b.maker = MADE_PAGES;
		b.align = align;
		b.p = m.memalign(align - (align > 16 ? align / 4 : 0), b.size);
	} else if (how < 79) {
		before = call_begin("valloc");
		b.maker = MADE_PAGES;
		b.align = page;
		b.p = m.valloc(b.size);
	} else if (how < 81) {
		before = call_begin("pvalloc");
		b.maker = MADE_PAGES;
		b.align = page;
		b.p = m.pvalloc(b.size);
		if (b.p != NULL) /* whole pages, one at the least */
			b.size = (b.size + (b.size == 0) + page - 1) / page * page;
	} else if (how < 83 && entry.libc_malloc) {
		before = call_begin("__libc_malloc");
		b.p = entry.libc_malloc(b.size);
	} else if (how < 85 && entry.libc_calloc) {
		before = call_begin("__libc_calloc");
		b.p = entry.libc_calloc(1, b.size);
		zeroed(&b);
	} else if (how < 86 && entry.libc_memalign) {
		before = call_begin("__libc_memalign");
		b.maker = MADE_PAGES;
		b.align = align;
		b.p = entry.libc_memalign(align, b.size);
	} else if (how < 87 && entry.libc_valloc && entry.libc_pvalloc) {
		before = call_begin("__libc_valloc or __libc_pvalloc");
		b.maker = MADE_PAGES;
		b.align = page;
		b.p = (count % 2 ? entry.libc_valloc : entry.libc_pvalloc)(b.size);
	} else if (how < 90 && entry.new_plain && !have_limits) {
		before = call_begin("operator new");
		b.maker = MADE_NEW;
		b.p = (count % 2 ? entry.new_plain : entry.new_array)(b.size);
	} else if (how < 92 && entry.new_nothrow && !have_limits) {
		before = call_begin("operator new, nothrow");
		b.maker = MADE_NEW;
		b.p = entry.new_nothrow(b.size, "");
	} else if (how < 94 && entry.new_aligned && !have_limits) {
		before = call_begin("operator new, aligned");
		b.maker = MADE_NEW;
		b.align = align;
		b.p = entry.new_aligned(b.size, align);
	} else {
		before = call_begin("malloc");
		b.p = m.malloc(b.size);
	}
	call_end(b.p, before, b.size);
	if (b.p == NULL)
		return b;
	if (b.align < 16)
		b.align = 16;
	shadow_add(&b, m.usable, whole);
	return b;
}

static void free_new(const struct shadow_block *b, unsigned how)
{
	if (b->align > 16 && how % 2 && entry.delete_aligned_sized)
		entry.delete_aligned_sized(b->p, b->size, b->align);
	else if (b->align > 16 && entry.delete_aligned)
		entry.delete_aligned(b->p, b->align);
	else if (how % 3 == 0 && entry.delete_sized)
		entry.delete_sized(b->p, b->size);
	else if (how % 3 == 1 && entry.delete_array)
		entry.delete_array(b->p);
	else
		entry.delete_plain(b->p);
}

/* By one of the entry points that may free it; the block is none afterwards. */
static void unmake(struct worker *w, struct shadow_block *b)
{
	unsigned how = (unsigned)decide(w, 100);
	struct shadow_block old = *b;

	shadow_place.what = "free";
	if (old.p == NULL) {
		errno = MARK;
		m.free(NULL);
		call_kept_errno();
		return;
	}
	shadow_remove(&old, m.usable(old.p));
	b->p = NULL;
	/* Whoever still holds it by mistake finds another content. */
	if (how % 8 == 0)
		memset(old.p, 0xdd, old.usable < 256 ? old.usable : 256);
	errno = MARK;
	if (old.maker == MADE_NEW) {
		shadow_place.what = "operator delete";
		free_new(&old, how);
	} else if (how < 20 && m.free_sized && old.maker == MADE_PLAIN) {
		shadow_place.what = "free_sized";
		m.free_sized(old.p, old.size);
	} else if (how < 60 && m.free_aligned_sized && old.maker == MADE_ALIGNED) {
		shadow_place.what = "free_aligned_sized";
		m.free_aligned_sized(old.p, old.align, old.size);
	} else if (how < 24 && m.cfree) {
		shadow_place.what = "cfree";
		m.cfree(old.p);
	} else if (how < 28 && entry.libc_free) {
		shadow_place.what = "__libc_free";
		entry.libc_free(old.p);
	} else if (how < 32) {
		shadow_place.what = "realloc to 0";
		SOUND(m.realloc(old.p, 0) == NULL && errno == EINVAL, "errno %d", errno);
		errno = MARK;
	} else {
		m.free(old.p);
	}
	call_kept_errno();
}

static void resize(struct worker *w, struct shadow_block *b)
{
	size_t size = decide_size(w), count = decide(w, 5) + 1, kept;
	unsigned how = (unsigned)decide(w, 16);
	bool whole = decide(w, 4) == 0;
	struct shadow_block old = *b;
	uint64_t mark = next_random(&w->random);
	unsigned long before;
	unsigned char *p;

	if (old.p == NULL || old.maker == MADE_NEW)
		return;
	if (how < 4) /* a little more or less */
		size = old.size + old.size / 8 * how / 2 + how;
	if (size > LARGEST)
		size = LARGEST;
	if (size == 0)
		size = 1;
	shadow_place.what = "realloc";
	shadow_remove(&old, m.usable(old.p));
	if (how < 12) {
		before = call_begin("realloc");
		p = m.realloc(old.p, size);
	} else if (how < 14 && entry.libc_realloc) {
		before = call_begin("__libc_realloc");
		p = entry.libc_realloc(old.p, size);
	} else {
		size = (size + count - 1) / count * count;
		before = call_begin("reallocarray");
		p = m.reallocarray(old.p, count, size / count);
	}
	call_end(p, before, size);
	if (p == NULL) { /* it is as it was */
		shadow_compare(&old, old.p, old.filled, "after a realloc that was refused");
		SOUND(shadow_change(old.p, shadow_bytes(&old), true),
		      "%p was refused, and is another's", (void *)old.p);
		return;
	}
	kept = size < old.filled ? size : old.filled;
	shadow_compare(&old, p, kept, "after realloc");
	*b = (struct shadow_block){.p = p, .size = size, .align = 16, .mark = mark};
	shadow_add(b, m.usable, whole);
}

/* --- calls that must be refused, and those that only tell -------------------------------- */

static void refuse(struct worker *w, struct shadow_block *b)
{
	size_t size = decide(w, 2) ? (size_t)PTRDIFF_MAX + 1 + decide(w, 1000) : SIZE_MAX;
	size_t odd = 3 * ((size_t)1 << decide(w, 12));
	void *out = &odd, *p = NULL;
	int expected = ENOMEM;

	errno = MARK;
	shadow_place.what = "a request that must be refused";
	switch (decide(w, 9)) {
	case 0:
		p = m.malloc(size);
		break;
	case 1:
		p = m.calloc(size / 7, 15);
		break;
	case 2:
		p = m.aligned_alloc(64, size);
		break;
	case 3:
		p = m.reallocarray(NULL, size / 3, 7);
		break;
	case 4:
		p = b->p ? m.realloc(b->p, size) : m.realloc(NULL, size);
		if (b->p)
			shadow_compare(b, b->p, b->filled, "after a realloc that was refused");
		break;
	case 5:
		p = m.aligned_alloc(odd, 100);
		expected = EINVAL;
		break;
	case 6:
		SOUND(m.posix_memalign(&out, odd, 100) == EINVAL && out == &odd &&
			      errno == MARK,
		      "posix_memalign(%zu): %p, errno %d", odd, out, errno);
		return;
	case 7:
		SOUND(m.posix_memalign(&out, 64, size) == ENOMEM && out == &odd &&
			      errno == ENOMEM,
		      "posix_memalign of %zu: %p, errno %d", size, out, errno);
		return;
	default:
		p = m.pvalloc(size);
		break;
	}
	SOUND(p == NULL && errno == expected, "%p, errno %d instead of %d", p, errno, expected);
}

static void ask(struct worker *w, const struct shadow_block *b)
{
	shadow_place.what = "a question";
	errno = MARK;
	switch (decide(w, 8)) {
	case 0:
		if (entry.mallinfo2)
			entry.mallinfo2();
		break;
	case 1:
		if (entry.malloc_info && !in_child)
			SOUND(entry.malloc_info(0, nowhere) == 0, "malloc_info: errno %d",
			      errno);
		errno = MARK; /* the stream's */
		break;
	case 2:
		if (entry.mallopt)
			entry.mallopt(M_MMAP_MAX, INT_MAX);
		break;
	case 3:
		if (entry.held)
			entry.held();
		break;
	case 4:
		if (entry.version)
			SOUND(entry.version()[0] != '\0', "no version %s", "");
		break;
	case 5:
		SOUND(m.usable(NULL) == 0, "NULL has a usable %s", "size");
		break;
	case 6:
		if (b->p && entry.prefixed_usable)
			SOUND(entry.prefixed_usable(b->p) == b->usable, "usable size of %p",
			      (void *)b->p);
		break;
	default:
		m.trim(0);
	}
	call_kept_errno();
}

static atomic_ulong told;

static void listen(int which, size_t held, size_t limit, void *argument)
{
	(void)which;
	(void)held;
	(void)limit;
	(void)argument;
	m.free(m.malloc(100));
	atomic_fetch_add(&told, 1);
}

/* A hard limit a little above what is held, for a while; and a soft one.  Worker 0 alone. */
static void limit(struct worker *w)
{
	size_t room = decide(w, 8 * MIB);
	bool soft = decide(w, 2);

	if (!have_limits || w->number != 0 || in_child || w->limited_until != 0)
		return;
	shadow_place.what = "set_limit";
	entry.set_limit_callback(decide(w, 2) ? listen : NULL, NULL);
	SOUND(entry.set_limit(3, 1) == EINVAL, "an unknown limit %s", "was set");
	SOUND(entry.set_limit(1, soft ? entry.held() / 2 : 0) == 0, "soft %s", "limit");
	atomic_fetch_add(&limits, 1);
	SOUND(entry.set_limit(2, entry.held() + room) == 0, "hard %s", "limit");
	w->limited_until = w->done + LIMITED;
}

static void lift_limit(struct worker *w)
{
	if (w->limited_until == 0 || w->done < w->limited_until)
		return;
	SOUND(entry.set_limit(2, 0) == 0 && entry.set_limit(1, 0) == 0, "%s", "lifted");
	atomic_fetch_add(&limits, 1);
	w->limited_until = 0;
}

/* --- hands that blocks go through --------------------------------------------------------- */

/* A slot's block goes into a box, and what lay there into the slot. */
static void exchange(struct worker *w, struct shadow_block *b)
{
	struct box *box = &boxes[decide(w, BOXES)];
	struct shadow_block old;

	shadow_place.what = "what came out of a box";
	if (atomic_flag_test_and_set_explicit(&box->locked, memory_order_acquire))
		return; /* taken: in a child perhaps for ever */
	old = box->block;
	box->block = *b;
	atomic_flag_clear_explicit(&box->locked, memory_order_release);
	*b = old;
	if (b->p)
		shadow_compare(b, b->p, b->filled, "as another thread left it");
}

/* Many small ones, so that caches fill and flush; half are freed by others. */
static void burst(struct worker *w)
{
	struct shadow_block run[48];
	size_t size = decide(w, 400);

	for (unsigned i = 0; i < 48; i++) {
		unsigned long before = call_begin("malloc");

		run[i] = (struct shadow_block){.size = size + i % 3, .align = 16};
		run[i].mark = next_random(&w->random);
		run[i].p = m.malloc(run[i].size);
		call_end(run[i].p, before, run[i].size);
		if (run[i].p)
			shadow_add(&run[i], m.usable, i % 4 == 0);
	}
	for (unsigned i = 0; i < 48; i++) {
		if (i % 2)
			exchange(w, &run[i]);
		unmake(w, &run[i]);
	}
}

static void fork_here(struct worker *w);

static void slot_begin(struct worker *w, unsigned i)
{
	atomic_store(&w->busy[i], true);
}

static void slot_end(struct worker *w, unsigned i)
{
	atomic_store(&w->busy[i], false);
}

static void step(struct worker *w)
{
	unsigned i = (unsigned)decide(w, SLOTS), what = (unsigned)decide(w, 10000);
	struct shadow_block *b = &w->slot[i];

	shadow_place = (struct shadow_place){w->number, w->done, ""};
	slot_begin(w, i);
	if (what < 5000) {
		unmake(w, b);
		*b = make(w);
	} else if (what < 6500) {
		resize(w, b);
	} else if (what < 7500) {
		unmake(w, b);
	} else if (what < 9500) {
		exchange(w, b);
	} else if (what < 9700) {
		refuse(w, b);
	} else if (what < 9920) {
		burst(w);
	} else if (what < 9940) {
		ask(w, b);
	} else if (what < 9970) {
		limit(w);
	}
	slot_end(w, i);
	if (what >= 9995)
		fork_here(w);
	lift_limit(w);
	w->done++;
}

/* --- fork --------------------------------------------------------------------------------- */

/* What others had, but for what they were at work on, is whole and can be freed. */
static void inherit(struct worker *w)
{
	for (unsigned t = 0; t < threads; t++) {
		if (t == w->number)
			continue;
		for (unsigned i = 0; i < SLOTS; i++)
			if (!atomic_load(&workers[t].busy[i]))
				unmake(w, &workers[t].slot[i]);
	}
}

__attribute__((noreturn)) static void be_child(struct worker *w)
{
	in_child = true;
	alarm(patience(60));
	/* (Who had set a limit may be gone.) */
	if (have_limits && atomic_load(&limits) % 2 != 0) {
		entry.set_limit(2, 0);
		entry.set_limit(1, 0);
		w->limited_until = 0;
	}
	shadow_place.what = "in the child";
	inherit(w);
	for (unsigned i = 0; i < CHILD_OPERATIONS; i++)
		step(w);
	for (unsigned i = 0; i < SLOTS; i++)
		unmake(w, &w->slot[i]);
	_exit(tap_shared->failures != 0);
}

static void fork_here(struct worker *w)
{
	uint64_t child_random = next_random(&w->random);
	pid_t child;
	int status;

	if (in_child)
		return;
	shadow_place.what = "fork";
	child = fork();
	if (child == 0) {
		w->random = child_random;
		be_child(w);
	}
	SOUND(child > 0 && waitpid(child, &status, 0) == child, "errno %d", errno);
	SOUND(status == 0, "the child ended with status %#x", (unsigned)status);
	tap_alive();
}

/* --- threads ------------------------------------------------------------------------------ */

static void *live(void *arg)
{
	struct worker *w = arg;

	for (unsigned i = 0; i < LIFE && w->done < operations; i++)
		step(w);
	return NULL;
}

static void *succession(void *arg)
{
	struct worker *w = arg;

	while (w->done < operations) {
		pthread_t thread;
		int error = pthread_create(&thread, NULL, live, w);

		if (error == EAGAIN) { /* the machine is out of threads, not we of memory */
			usleep(1000);
			continue;
		}
		NEED(error == 0, "pthread_create: %s", strerror(error));
		pthread_join(thread, NULL);
	}
	return NULL;
}

/* Sends what the library prints of itself nowhere. */
static void print_stats(void)
{
	int kept = dup(STDERR_FILENO);

	if (!entry.malloc_stats || kept < 0)
		return;
	dup2(fileno(nowhere), STDERR_FILENO);
	entry.malloc_stats();
	dup2(kept, STDERR_FILENO);
	close(kept);
}

static void fuzz(void)
{
	pthread_t ids[THREADS_MOST];
	uint64_t sequence = 0;

	shadow_start();
	workers = shadow_map(threads * sizeof(*workers));
	boxes = shadow_map(BOXES * sizeof(*boxes));
	page = (size_t)sysconf(_SC_PAGESIZE);
	nowhere = fopen("/dev/null", "we");
	have_limits = seed % 2 != 0 && entry.set_limit && entry.set_limit_callback;
	NEED(nowhere, "no /dev/null");
	for (unsigned i = 0; i < threads; i++) {
		workers[i].number = i;
		workers[i].random = seed * 1000003 + i;
		NEED(pthread_create(&ids[i], NULL, succession, &workers[i]) == 0, "thread %u",
		     i);
	}
	for (unsigned i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	if (workers[0].limited_until != 0) {
		workers[0].limited_until = workers[0].done;
		lift_limit(&workers[0]);
	}
	for (unsigned i = 0; i < threads; i++)
		sequence = sequence * 31 + workers[i].sequence;
	for (unsigned t = 0; t < threads; t++)
		for (unsigned i = 0; i < SLOTS; i++)
			unmake(&workers[0], &workers[t].slot[i]);
	for (unsigned i = 0; i < BOXES; i++)
		unmake(&workers[0], &boxes[i].block);
	print_stats();
	tap_note("sequence %016llx, told of limits %lu times", (unsigned long long)sequence,
		 atomic_load(&told));
}

static void run(void)
{
	char name[160];

	/* How to see it again, whatever happens. */
	snprintf(name, sizeof(name), "fuzz %llu %lu %u", (unsigned long long)seed, operations,
		 threads);
	tap_watchdog = 300 + (unsigned)(operations * threads / 2000);
	tap_note("%s", name);
	tap_case(name, fuzz);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		operations = strtoul(argv[2], NULL, 10);
	if (argc > 3)
		threads = (unsigned)strtoul(argv[3], NULL, 10);
	if (threads < 1 || threads > THREADS_MOST) {
		fprintf(stderr, "fuzz: 1 to %u threads\n", THREADS_MOST);
		return 2;
	}
	tap_start();
	entries_start();
	run();
	if (argc == 1) { /* with and without limits, more threads than CPUs, and one */
		seed = 2;
		run();
		seed = 3;
		threads *= 4;
		operations /= 4;
		run();
		seed = 4;
		threads = 1;
		run();
	}
	return tap_finish();
}
