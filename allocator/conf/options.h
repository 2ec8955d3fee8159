/* Every option that there is, as a field. */
#ifndef ASH_CONF_OPTIONS_H
#define ASH_CONF_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Numbers of arenas that MALLOCX_ARENA can name are 4,095: so many, one for jemalloc's large
 * allocations, and one to be made. */
#define ASH_NARENAS_MOST 4093

enum ash_zero_realloc { ASH_ZERO_REALLOC_FREE, ASH_ZERO_REALLOC_ALLOC, ASH_ZERO_REALLOC_ABORT };
enum ash_junk { ASH_JUNK_FALSE, ASH_JUNK_TRUE, ASH_JUNK_ALLOC, ASH_JUNK_FREE };
enum ash_checks { ASH_CHECKS_DEFAULT, ASH_CHECKS_ON, ASH_CHECKS_FULL };

/* Of memory: bytes, or a share of what the process may have (the container's limit, else the
 * machine's RAM). */
enum ash_amount_kind { ASH_AMOUNT_AUTO, ASH_AMOUNT_NONE, ASH_AMOUNT_BYTES, ASH_AMOUNT_PERCENT };
struct ash_amount {
	uint64_t n;
	unsigned kind; /* enum ash_amount_kind */
	char text[24]; /* as it was given; empty where it was not */
};

/* Letters that choose what is printed: of malloc_stats_print. */
#define ASH_PRINT_LETTERS "JPgmadblxeh"
struct ash_letters {
	char text[32];
};

/* "16-128:4|129-1024:8" */
struct ash_range_text {
	char text[200];
};

enum ash_background_thread { ASH_BACKGROUND_AUTO, ASH_BACKGROUND_TRUE, ASH_BACKGROUND_FALSE };
enum ash_pressure_purge { ASH_PRESSURE_AUTO, ASH_PRESSURE_TRUE, ASH_PRESSURE_FALSE };

enum ash_hugetlb { ASH_HUGETLB_NEVER, ASH_HUGETLB_2M };
enum ash_hugify_style {
	ASH_HUGIFY_AUTO,
	ASH_HUGIFY_NONE,
	ASH_HUGIFY_EAGER,
	ASH_HUGIFY_LAZY, /* as auto */
};

struct ash_conf {
	bool abort; /* after a warning */
	bool abort_conf;
	bool confirm_conf; /* print what each source held */
	bool off;          /* another's malloc serves this program, front/next.h */
	bool abort_on_misuse;
	bool tcache;                              /* magazines */
	uint64_t tcache_max;                      /* for objects of at most so many bytes */
	struct ash_range_text tcache_ncached_max; /* objects that a magazine holds, by size */
	unsigned background_thread;               /* enum ash_background_thread */
	uint64_t max_background_threads;          /* at least 1, and there is one at most */
	bool stats_print;                         /* statistics at exit, */
	struct ash_letters stats_print_opts;      /* in this form */
	int64_t stats_interval; /* and each time that so many bytes were allocated, < 0 = not */
	struct ash_letters stats_interval_opts;
	unsigned junk;       /* enum ash_junk: bytes that show what is not written, or freed */
	bool zero;           /* all that is allocated is cleared */
	bool xmalloc;        /* a request that fails ends the process */
	bool infallible_new; /* the same of the operators new */
	unsigned checks;     /* enum ash_checks */
	unsigned zero_realloc;               /* enum ash_zero_realloc */
	unsigned thp;                        /* enum ash_thp */
	unsigned hugetlb;                    /* enum ash_hugetlb */
	bool hpa;                            /* blocks are made huge pages */
	unsigned hpa_hugify_style;           /* enum ash_hugify_style */
	uint64_t hpa_hugification_threshold; /* bytes in use of a block that is made one */
	uint64_t hpa_hugify_delay_ms;        /* for so long */
	uint64_t hpa_min_purge_interval_ms;  /* between two passes of purging free runs */
	int64_t hpa_dirty_mult; /* dirty memory that stays, of what is in use, in 1/65536; < 0 =
				   all */
	uint64_t narenas;   /* most shards, and numbers of arenas that are the heap's; 0 = one
			       shard per usable CPU */
	uint64_t max_alloc; /* bytes one allocation may have; 0 = no bound of ours */
	int64_t dirty_decay_ms; /* freed memory is gone after; -1 = never by time, 0 = at once
				 */
	int64_t muzzy_decay_ms; /* and before that only lazily for so long; 0 = not at all */
	struct ash_amount dirty_max;  /* free memory that may stay resident */
	struct ash_amount limit_hard; /* memory that may be held: more is refused */
	struct ash_amount limit_soft; /* more makes purging eager and is told to the program */
	unsigned pressure_purge;      /* enum ash_pressure_purge */
#if ASH_DEBUG >= 1
	uint64_t debug_delay; /* seed of random delays where threads race; 0 = none */
#endif
};

#endif
