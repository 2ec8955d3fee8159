/* A workload: a program that allocates, described so that it can be listed, run
 * in a process of its own under any allocator, and checked.
 *
 * A workload calls only the libc allocation API, and only through wl_malloc and
 * its kin below, which count calls, keep the live (requested) bytes and, in
 * latency mode, time a sample of the calls.  Its own tables come from wl_table(),
 * shared memory that is no part of the measured heap.  The work is fixed by the
 * parameters and the seed: the same calls in the same order under every
 * allocator, never "for five seconds". */
#ifndef WORKLOADS_WORKLOAD_H
#define WORKLOADS_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct channel;
struct channel_call;
struct locality;
struct page_floor;
struct turns;
struct wl_thread;

/* A parameter.  Values are integers; some have a word that means one. */
struct wl_param {
	const char *name;
	const char *summary; /* unit included */
	const char *source;  /* where the default comes from */
	int64_t value;       /* default */
	int64_t min, max;    /* accepted, inclusive */
};

/* A word for a value of a parameter. */
struct wl_word {
	const char *param, *word;
	int64_t value;
};

enum wl_mode {
	WL_THROUGHPUT, /* no timers */
	WL_LATENCY,    /* a sample of the calls is timed */
	WL_VERIFY,     /* every block is filled and checked: overlapping blocks fail the run */
	WL_CDF,        /* every call is booked, for distributions of sizes and lifetimes */
	WL_LOCALITY,   /* calls of one thread; addresses are what is looked at */
	WL_FOOTPRINT,  /* calls of one thread; what is resident is looked at by their number */
	WL_SHARING,    /* threads take turns; lines that go from one to another are counted */
};

enum wl_touch { WL_TOUCH_NONE, WL_TOUCH_FIRST, WL_TOUCH_PAGES, WL_TOUCH_ALL };

#define WL_MAX_PARAMS 24
#define WL_MAX_THREADS 128

/* One run.  Shared by its threads and read-only while they run. */
struct wl_run {
	const struct workload *workload;
	enum wl_mode mode;
	uint64_t seed;
	int64_t values[WL_MAX_PARAMS]; /* in the order of workload->params */
	struct channel *channel;
	uint64_t expected_allocs; /* set by the workload's setup: allocation calls that the run
				     makes */
	void *state;              /* the workload's own, from wl_table() */
	/* Contexts for wl_malloc() and its kin: [0] is the thread that calls run(), then
	 * one per value of "threads". */
	struct wl_thread *threads;
	unsigned nthreads;
	uint64_t ops; /* done so far, where they are not the allocation calls; else 0 */
	struct locality *locality;  /* the model that touches feed; NULL = none */
	struct channel_call *marks; /* one per thread; NULL = calls are not marked */
	struct turns *turns;        /* the threads take turns; NULL = they run as they may */
};

/* Whether one thread does it all, or one after the other, while the clock is held, so that
 * addresses repeat: then nothing else may map memory in between, and time that passes outside
 * is none. */
static inline bool wl_repeats(const struct wl_run *run)
{
	return run->mode == WL_LOCALITY || run->mode == WL_FOOTPRINT || run->mode == WL_SHARING;
}

struct workload {
	const char *name;
	const char *summary;
	const char *isolates; /* what a difference here says */
	const char *cannot_tell;
	const char *source;            /* of the behaviour */
	const char *touch;             /* which bytes of its objects are written and read */
	const struct wl_param *params; /* ends with a NULL name */
	const struct wl_word *words;   /* of all parameters; ends with a NULL param; or NULL */
	bool takes_turns; /* mode sharing can run it: all of its calls are made by threads of
			     wl_workers_run(), which wait for none of the others; or it hands
			     turns over by itself */
	bool threaded;    /* runs, or by a parameter "threads" can run, several */
	bool processes;   /* starts others, whose times count with its own */
	bool open_loop; /* has a parameter "rate": requests per second, 0 = as fast as possible
			 */
	/* Returns 0, or -1 after wl_fail(). */
	int (*setup)(struct wl_run *run);
	int (*run)(struct wl_run *run); /* timed; calls wl_phase() at its marks */
	void (*teardown)(struct wl_run *run);
	/* Bytes requested in all and at the peak, from the parameters alone: decides
	 * whether a contender that never reuses memory can run. */
	uint64_t (*total_bytes)(const struct wl_run *run);
	uint64_t (*peak_bytes)(const struct wl_run *run);
	/* Of the tables that setup() makes, where they are not small beside the peak; NULL =
	 * they are.  From the parameters alone as well. */
	uint64_t (*table_bytes)(const struct wl_run *run);
	/* What the times are divided by ("allocations", "requests"). */
	const char *ops_unit;
	/* Names every live object, with the bytes of it that were touched, by
	 * page_floor_object(); called only inside wl_phase(). */
	void (*live)(const struct wl_run *run, struct page_floor *floor);
};

/* Value of a parameter by name; the name must exist. */
int64_t wl_value(const struct wl_run *run, const char *name);

/* Its number among the workload's parameters, or -1. */
int wl_param_index(const struct workload *workload, const char *name);

/* The value that a word means for a parameter.  False: no such word. */
bool wl_word_value(const struct workload *workload, const char *param, const char *word,
		   int64_t *value);
/* The word for a value, or NULL. */
const char *wl_word_of(const struct workload *workload, const char *param, int64_t value);
/* All words of a parameter into `text`, as "a, b, c".  Returns their number. */
int wl_words_named(const struct workload *workload, const char *param, char *text, size_t size);

/* Zeroed memory for tables, outside the measured heap, already faulted in.
 * Ends the process with a recorded failure when there is none. */
void *wl_table(size_t bytes);
/* Gives one back, with the size it was asked with: scratch of setup(). */
void wl_table_free(void *table, size_t bytes);
/* Counts shared memory that came from elsewhere (the channel) as a table. */
void wl_table_adopt(size_t bytes);
/* All that is held now, for the record. */
uint64_t wl_table_total(void);

/* Says which run this process does, for failures that know none (tables). */
void wl_run_is(struct wl_run *run);

/* Records why the run cannot go on; the first reason stays.  For setup(), which
 * then returns -1 before any heap call: such a failure is one of the parameters. */
void wl_fail(struct wl_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same in the middle of a run: records, says it on stderr, ends the process with
 * status 1.  For a NULL from the allocator, a damaged block, a broken promise. */
_Noreturn void wl_die(struct wl_run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A mark of the given name, taken now; every thread of the workload must rest (be
 * joined, or asleep at a barrier).  Takes no part in the run's times.  At most
 * CHANNEL_MARKS of them.  None where wl_repeats(). */
void wl_phase(struct wl_run *run, const char *name);
/* Sleeps without a single call of the allocator; counts in no time figure. */
void wl_idle(struct wl_run *run, int64_t milliseconds);

#endif
