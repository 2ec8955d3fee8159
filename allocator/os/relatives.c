#include "os/relatives.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "os/mutex.h"
#include "os/os.h"
#include "util/assert.h"
#include "util/atomic.h"
#include "util/bits.h"

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

#define NONE UINT32_MAX
/* A child that has not shown itself for so long was never made. */
#define PENDING_NS 10000000000u

/* FREE -> CLAIMED -> PENDING (until the child runs) -> LIVE <-> LEFT (the thread that had the
 * mutex ended, the process did not) -> DEAD, which is kept as long as it has children: through
 * them others know how they are related. */
enum kind { FREE, CLAIMED, PENDING, LIVE, LEFT, DEAD };

/* Everything is read and written by all of the family; atomic, but for since_ns, which is
 * written before PENDING is stored (release). */
struct member {
	uint64_t word; /* the fork that made it, and in the low byte its kind */
	uint64_t since_ns;
	uint32_t parent; /* NONE = the family's first */
	uint32_t children;
	pthread_mutex_t life;
};

struct family {
	uint32_t forks;
	uint32_t end; /* members below it were ever used */
	struct member member[ASH_RELATIVES_MOST];
};

uint32_t ash_relatives_forks;

static struct family *family; /* set by the first fork */
static uint32_t mine = NONE;  /* this process; atomic */
static uint32_t born;         /* the fork that made it; 0 = it is the first */
static uint32_t uncounted;    /* its last fork for whose child there was no room */
static bool held;             /* one of its threads has its mutex: */
static pthread_t holder;
/* Of the fork that is under way. */
static uint32_t number, next = NONE;
static bool busy;

static uint64_t word_of(uint32_t fork, enum kind kind)
{
	return (uint64_t)fork << 8 | kind;
}

static enum kind kind_of(uint64_t word)
{
	return (enum kind)(word & 255);
}

static uint32_t fork_of(uint64_t word)
{
	return (uint32_t)(word >> 8);
}

/* Notes where the member has ended; returns its word. */
static uint64_t look_at(struct member *m, uint64_t now_ns)
{
	uint64_t word = ash_load_acquire(&m->word);
	enum kind kind = kind_of(word);
	int error;

	if (kind == PENDING) {
		if (now_ns - m->since_ns < PENDING_NS)
			return word;
	} else if (kind == LIVE) {
		error = pthread_mutex_trylock(&m->life);
		if (error == EBUSY)
			return word;
		/* (Not made consistent, it is of no use until it is made anew.) */
		if (error == 0 || error == EOWNERDEAD)
			pthread_mutex_unlock(&m->life);
		if (error == 0) /* its thread has just left it */
			return word;
	} else {
		return word;
	}
	if (ash_cas_acq_rel(&m->word, &word, word_of(fork_of(word), DEAD)))
		word = word_of(fork_of(word), DEAD);
	return word;
}

static bool make_mutex(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attributes;
	bool made;

	if (pthread_mutexattr_init(&attributes) != 0)
		return false;
	made = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0 &&
	       pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0 &&
	       pthread_mutex_init(mutex, &attributes) == 0;
	pthread_mutexattr_destroy(&attributes);
	return made;
}

static void cover(uint32_t index)
{
	uint32_t end = ash_load_relaxed(&family->end);

	while (end <= index && !ash_cas_acq_rel(&family->end, &end, index + 1))
		;
}

/* A place for the process that fork `fork` makes of `parent`, or NONE. */
static uint32_t claim(uint32_t parent, uint32_t fork)
{
	uint64_t now_ns = ash_os_coarse_clock_ns();

	for (uint32_t i = 0; i < ASH_RELATIVES_MOST; i++) {
		struct member *m = &family->member[i];
		uint64_t word = look_at(m, now_ns);
		bool dead = kind_of(word) == DEAD && ash_load_relaxed(&m->children) == 0;

		if ((!dead && kind_of(word) != FREE) ||
		    !ash_cas_acq_rel(&m->word, &word, word_of(fork, CLAIMED)))
			continue;
		if (dead && ash_load_relaxed(&m->parent) != NONE)
			ash_sub_relaxed(&family->member[m->parent].children, 1);
		if (parent != NONE)
			ash_add_relaxed(&family->member[parent].children, 1);
		ash_store_relaxed(&m->parent, parent);
		m->since_ns = now_ns;
		memset(&m->life, 0, sizeof(m->life));
		cover(i);
		if (!make_mutex(&m->life)) {
			ash_store_release(&m->word, word_of(fork, DEAD));
			return NONE;
		}
		ash_store_release(&m->word, word_of(fork, PENDING));
		return i;
	}
	return NONE;
}

/* Takes the process's own mutex, for this thread. */
static void hold(void)
{
	struct member *m = &family->member[ash_load_relaxed(&mine)];

	if (pthread_mutex_trylock(&m->life) != 0)
		return;
	holder = pthread_self();
	ash_store_release(&held, true);
	ash_store_release(&m->word, word_of(born, LIVE));
}

void ash_relatives_before_fork(void)
{
	int saved = errno;

	if (busy) /* a handler that interrupted just this: a child that is not counted */
		return;
	busy = true;
	next = NONE;
	number = ash_relatives_forks + 1;
	if (family == NULL) {
		struct family *shared =
			ash_os_map_shared(ash_align_up(sizeof(*family), ash_os_page));

		if (shared != NULL)
			shared->forks = ash_relatives_forks;
		ash_store_release(&family, shared);
	}
	if (family != NULL) {
		if (mine == NONE)
			ash_store_relaxed(&mine, claim(NONE, born));
		if (mine != NONE && !ash_load_relaxed(&held))
			hold();
		number = ash_add_relaxed(&family->forks, 1) + 1;
		if (mine != NONE)
			next = claim(mine, number);
	}
	busy = false;
	errno = saved;
}

void ash_relatives_in_parent(void)
{
	if (next == NONE)
		ash_store_relaxed(&uncounted, number);
	ash_store_relaxed(&ash_relatives_forks, number);
	next = NONE;
}

/* For ThreadSanitizer the child's thread has what the parent's had, unless that was one of
 * several. */
static void leave_to_parent(void)
{
#ifdef __SANITIZE_THREAD__
	if (!ash_mutex_is_forking() && mine != NONE && held &&
	    pthread_equal(holder, pthread_self())) {
		__tsan_mutex_pre_unlock(&family->member[mine].life, 0);
		__tsan_mutex_post_unlock(&family->member[mine].life, 0);
	}
#endif
}

void ash_relatives_in_child(void)
{
	uint64_t word = word_of(number, PENDING);

	leave_to_parent();
	ash_store_relaxed(&ash_relatives_forks, number);
	born = number;
	ash_store_relaxed(&mine, next);
	ash_store_relaxed(&held, false);
	next = NONE;
	if (mine == NONE)
		return;
	/* Not where it came so late that it counts as never made. */
	if (pthread_mutex_trylock(&family->member[mine].life) != 0) {
		mine = NONE;
		return;
	}
	if (!ash_cas_acq_rel(&family->member[mine].word, &word, word_of(born, LIVE))) {
		pthread_mutex_unlock(&family->member[mine].life);
		mine = NONE;
		return;
	}
	holder = pthread_self();
	held = true;
}

/* The fork by which this process and the member parted. */
static uint32_t parted_by(uint32_t index)
{
	for (uint32_t steps = 0; steps < ASH_RELATIVES_MOST; steps++) {
		uint32_t parent = ash_load_relaxed(&family->member[index].parent);

		if (parent == mine)
			return fork_of(ash_load_relaxed(&family->member[index].word));
		if (parent >= ASH_RELATIVES_MOST)
			break;
		index = parent;
	}
	return born;
}

uint32_t ash_relatives_sharing(void)
{
	uint32_t end, last = ash_load_relaxed(&uncounted);
	uint64_t now_ns;

	/* Of whom nobody knows nobody sees the end. */
	if (ash_load_acquire(&family) == NULL || ash_load_relaxed(&mine) == NONE)
		return ash_load_relaxed(&ash_relatives_forks);
	end = ash_load_relaxed(&family->end);
	now_ns = ash_os_coarse_clock_ns();
	for (uint32_t i = 0; i < end; i++) {
		enum kind kind;
		uint32_t fork;

		if (i == mine)
			continue;
		kind = kind_of(look_at(&family->member[i], now_ns));
		if (kind != PENDING && kind != LIVE && kind != LEFT)
			continue;
		fork = parted_by(i);
		if ((int32_t)(fork - last) > 0)
			last = fork;
	}
	return last;
}

void ash_relatives_thread_goes_on(void)
{
	if (ash_load_acquire(&family) != NULL && !ash_load_relaxed(&held) &&
	    ash_load_relaxed(&mine) != NONE)
		hold();
}

void ash_relatives_thread_ends(void)
{
	struct member *m;

	if (!ash_load_acquire(&held) || !pthread_equal(holder, pthread_self()))
		return;
	m = &family->member[mine];
	ash_store_release(&m->word, word_of(born, LEFT));
	pthread_mutex_unlock(&m->life);
	ash_store_release(&held, false);
}
