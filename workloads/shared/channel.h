/* The shared memory through which one run talks to the harness.
 *
 * The harness makes a memfd of sizeof(struct channel), hands it to the worker
 * (ashlar-work) or to the probe library in a program, and reads it while the run
 * goes on (live bytes, state) and after it (everything else).  Nothing here is
 * allocated from the heap that is measured.
 *
 * Who writes: the run.  Who reads: the harness, at any time what is marked
 * "live", the rest after the process has ended. */
#ifndef WORKLOADS_CHANNEL_H
#define WORKLOADS_CHANNEL_H

#include <stdint.h>

#define CHANNEL_MAGIC 0x43534c41u /* "ALSC" */
#define CHANNEL_VERSION 6
/* For worker and probe: the descriptor's number, or where it is not inherited (a shell or an
 * interpreter lies between) a path, which begins with a slash. */
#define CHANNEL_ENV "ASHLAR_CHANNEL_FD"
/* For the probe in a tree of processes of which one is measured: its name, and the variables
 * that it alone gets, one each, numbered from 0, as NAME=VALUE. */
#define CHANNEL_MEASURE_ENV "ASHLAR_MEASURE"
#define CHANNEL_THEN_ENV "ASHLAR_THEN_"
#define CHANNEL_MARKS 32
#define CHANNEL_THREADS 128
#define CHANNEL_CHECKPOINTS 100
#define CHANNEL_PATH 512

/* Latency histogram: values in ns, log-linear with 2^7 steps per doubling (error
 * below 1/128), up to 2^40 ns; above that counted in the last bucket. */
#define CHANNEL_HIST_SUB_BITS 7
#define CHANNEL_HIST_BUCKETS ((40 - CHANNEL_HIST_SUB_BITS + 1) << CHANNEL_HIST_SUB_BITS)

enum channel_hist_kind {
	CHANNEL_HIST_ALLOC,   /* one allocation call */
	CHANNEL_HIST_FREE,    /* one free call */
	CHANNEL_HIST_REQUEST, /* one request of an open-loop workload, from its intended start
			       */
	CHANNEL_HIST_KINDS
};

struct channel_histogram {
	uint64_t count, sum_ns, max_ns;
	uint64_t bucket[CHANNEL_HIST_BUCKETS];
};

/* Taken by the run itself at a moment when its threads rest; the time this takes
 * is part of neither cpu_ns nor wall_ns. */
struct channel_mark {
	char name[32];
	uint64_t at_ns; /* CLOCK_MONOTONIC */
	uint64_t ops;
	uint64_t rss_bytes, pss_bytes, anon_bytes, anon_huge_bytes, lazy_free_bytes,
		shmem_bytes, swap_bytes;
	uint64_t table_bytes; /* the run's own tables (shared memory) within rss_bytes */
	uint64_t live_bytes, live_objects;
	uint64_t floor_bytes; /* OS pages that hold a touched byte of a live object; 0 = not
				 computed */
	uint64_t mappings;    /* lines of /proc/self/maps */
	/* Cache lines that hold live objects, and those of them that hold some of two threads
	 * or more; 0 = not counted. */
	uint64_t lines, shared_lines;
	uint64_t thp_bytes;
};

/* One padded line per thread: a plain store per operation, no sharing. */
struct channel_thread {
	int64_t live_bytes;   /* live; may be negative where others' objects are freed */
	int64_t live_objects; /* live */
	uint64_t allocs, frees, reallocs;
	/* Of a replay: waiting for other threads; all its life; waiting as in the recording. */
	uint64_t wait_ns, alive_ns, idle_ns;
} __attribute__((aligned(64)));

/* A thread that waits for more than this share of its life shows the scheduler as well. */
#define CHANNEL_WAIT_NOTE 0.05

/* What a replay of a trace says of itself. */
struct channel_replay {
	uint32_t used;      /* the rest means something */
	uint32_t validated; /* what was done is what the trace promises */
	char invalid[200];  /* if not: the first difference */
	uint64_t events, threads;
	uint64_t contexts; /* threads that had a channel_thread at one time */
	uint64_t peak_live_bytes, recorded_peak_live_bytes;
	uint64_t recorded_ns; /* how long the recorded part took */
};

/* The model of locality (workloads/lib/locality.h); windows are of 1000 operations. */
struct channel_locality {
	uint64_t operations, windows;   /* 0 operations = no model was fed */
	uint64_t touches;               /* of lines, one after the other */
	uint64_t lines, pages, regions; /* distinct ones in all: 64 bytes, 4 KiB, 2 MiB */
	uint64_t lines_in_windows, pages_in_windows, regions_in_windows; /* sums */
	uint64_t l1_misses, l2_misses; /* of the address translation */
	uint64_t sharing;              /* threads were told apart: the next two are meant */
	uint64_t shared_lines;         /* of all lines: touched by several threads */
	uint64_t transfers;            /* of a line from one thread to another */
};

/* Where calls are marked for a tool that sees every access: a thread writes to `entered` before
 * a call of the allocator, and to `left` after it. */
#define CHANNEL_MARK_ENV "ASHLAR_MARK_CALLS"
struct channel_call {
	uint8_t entered __attribute__((aligned(64)));
	uint8_t left __attribute__((aligned(64)));
};

/* What is resident after so many allocation calls (workloads/lib/footprint.h). */
struct channel_footprint {
	uint64_t count; /* of checkpoints; 0 = not asked for */
	uint64_t calls[CHANNEL_CHECKPOINTS], bytes[CHANNEL_CHECKPOINTS],
		live_bytes[CHANNEL_CHECKPOINTS];
};

enum channel_state { CHANNEL_STARTING, CHANNEL_RUNNING, CHANNEL_DONE, CHANNEL_FAILED };

struct channel {
	uint32_t magic, version;
	uint32_t state;   /* live; enum channel_state */
	uint32_t nmarks;  /* live; marks below it are complete */
	char reason[256]; /* with CHANNEL_FAILED */

	/* Which allocator served: the file that holds malloc, and the one that holds
	 * malloc_usable_size ("" = none); its own word for its version ("" = none). */
	char malloc_file[CHANNEL_PATH];
	char usable_size_file[CHANNEL_PATH];
	char version_text[128];
	/* The C library that it stands on: the file, and its own word for its version. */
	char libc_file[CHANNEL_PATH];
	char libc_version[32];
	uint32_t children; /* of a program: it waited for processes that it had started */

	char executable[CHANNEL_PATH]; /* file of the program that ran when that was found out
					*/

	/* Of a process that was picked by its name: who it is (live; 0 = none yet), how many
	 * had that name (live), what it is called, and what it had used before it got its
	 * allocator. root is the process that was started, set before it runs; its first
	 * program, the shell of the command line, is never picked. */
	int32_t root, pid;
	uint32_t root_seen, matches;
	char comm[16];
	uint64_t before_user_ns, before_sys_ns, before_minor_faults, before_major_faults;
	uint64_t before_voluntary_switches, before_involuntary_switches;

	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC; live */
	uint64_t marks_at; /* live: address of a struct channel_call per thread; 0 = none */
	uint64_t cpu_ns, wall_ns, user_ns, sys_ns;
	uint64_t ops, allocs, expected_allocs;
	uint64_t peak_rss_bytes; /* VmHWM of this process */
	uint64_t table_bytes;    /* shared-memory tables of the run, faulted in */
	uint64_t minor_faults, major_faults, voluntary_switches, involuntary_switches;
	uint64_t runqueue_delay_ns; /* all threads */
	uint64_t clock_cost_ns;     /* latency mode: median cost of timing nothing */
	uint64_t sample_every;      /* latency mode: mean distance of timed calls */
	/* Open loop at a rate: from its start to the last arrival, and to the last answer. */
	uint64_t arrivals_ns, served_ns;

	struct channel_replay replay;
	struct channel_locality locality;
	struct channel_footprint footprint;
	struct channel_mark marks[CHANNEL_MARKS];
	struct channel_histogram latency[CHANNEL_HIST_KINDS];
	struct channel_thread threads[CHANNEL_THREADS] __attribute__((aligned(64)));
};

#endif
