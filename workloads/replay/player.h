/* Executes a script: one thread of the operating system per recorded thread, each its
 * own steps in order, waiting only where the recording shows that it had to. */
#ifndef REPLAY_PLAYER_H
#define REPLAY_PLAYER_H

#include "workloads/replay/bell.h"
#include "workloads/replay/script.h"
#include "workloads/lib/locality.h"
#include "workloads/lib/thread.h"
#include "workloads/lib/turns.h"

/* Where an object is now, and the context that allocated or resized it last. */
struct player_object {
	void *p; /* NULL: not allocated yet, or freed */
	uint32_t owner;
	uint32_t odd; /* has one byte more than the recorded 0 */
};

/* A recorded thread. */
struct player_part {
	_Atomic uint64_t done; /* steps; UINT64_MAX = all, and it touches its context no more */
	_Atomic uint32_t joining; /* whoever sets it joins the thread */
	struct bell bell;         /* rung when `done` moves where someone waits for it */
	uint32_t number;
	struct player *player;
	struct wl_worker worker;
} __attribute__((aligned(128)));

/* One context: what the others need to know of the thread that has it. */
struct player_context {
	_Atomic uint64_t place; /* in the recorded order; UINT64_MAX = nobody is here */
	_Atomic uint64_t time;  /* recorded ns of that place */
	_Atomic int64_t live;   /* bytes, at that place */
	struct bell bell;       /* rung when `place` moves */
	int64_t peak;           /* most live bytes of all contexts that its threads saw */
	/* All its life, what of it was waiting for others, and what was waiting as in the
	 * recording: in joins, and where the recorded thread was idle meanwhile. */
	uint64_t alive_ns, wait_ns, idle_ns;
} __attribute__((aligned(128)));

struct player {
	struct wl_run *run;
	const struct replay_script *script;
	unsigned base; /* its first context among the run's: several may play at once */
	struct player_object *objects;
	struct player_part *parts;
	struct player_context *contexts;
	/* [context that freed or resized][context that had allocated it] */
	uint64_t (*cross)[WL_MAX_THREADS];
	enum replay_mode mode;
	enum wl_touch touch;
	uint64_t window, window_ns; /* 0 ns = no limit by time */
	uint64_t start_ns;
	uint64_t rounds, round; /* how often in all, and which it is */
	double scale;           /* paced: by this factor slower than recorded */
	bool marks;             /* one is taken at the peak */
	bool at_peak;           /* the mark that is being taken is that of the peak */
};

/* Tables for it all; run->threads has one context per context of the script, from `base` on. */
void player_setup(struct player *player);

/* Runs it, so many rounds, by the context `base`; returns when every thread has ended.  Before
 * another round what lived at the end of the last is freed.  Takes the mark "peak" in the last
 * round where one thread is alone. */
void player_run(struct player *player);

/* Greatest sum of live bytes seen: exact with one thread, else of moments that are a
 * quarter of a window apart. */
int64_t player_peak(const struct player *player);

/* Whether what was done is what the trace promises; if not, the first difference. */
bool player_same(const struct player *player, char *why, size_t why_size);

/* Frees what lives at the end. */
void player_free_rest(struct player *player);

#endif
