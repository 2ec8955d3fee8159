/* One name of mallctl: a row says what it is, and everything about names is made from the rows:
 * looking one up, reading and writing by it, the lists of ashlar-ctl, the manual page and the
 * JSON of malloc_stats_print.
 *
 * Rows stand in tables, and those that begin with the same components stand together.  A
 * component in <> is a number. */
#ifndef ASH_CTL_ROW_H
#define ASH_CTL_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum ash_ctl_type {
	ASH_CTL_VOID, /* nothing is read or written: it is done */
	ASH_CTL_BOOL,
	ASH_CTL_UNSIGNED, /* also for uint32_t */
	ASH_CTL_U64,
	ASH_CTL_I64,
	ASH_CTL_SIZE,
	ASH_CTL_SSIZE,
	ASH_CTL_STRING,
	ASH_CTL_POINTER,
	ASH_CTL_BUFFER, /* a string; when read, the value is the address of the program's buffer
			 */
	ASH_CTL_CONFIG, /* what arenas are made of */
};

enum ash_ctl_access {
	ASH_CTL_DO = 0,
	ASH_CTL_READ = 1,
	ASH_CTL_WRITE = 2,
	ASH_CTL_READ_WRITE = 3,
	ASH_CTL_ASK = 4,  /* written with a question, of type `input`, and read at once */
	ASH_CTL_MAKE = 5, /* read, and what is made may be told by a value of type `input` */
	ASH_CTL_TABLE_OF =
		6, /* both are memory of the program's, whose bytes the call judges */
};

union ash_ctl_value {
	bool b;
	unsigned u;
	uint64_t u64;
	int64_t i64;
	size_t z;
	ssize_t zd;
	const char *s;
	void *p;
	struct {
		const void *hooks; /* extent_hooks_t */
		bool for_metadata; /* hooks may be asked for it: they are not */
	} config;
};

struct ash_ctl_row;

/* Fills *out in where the row can be read, with what was so before; does what `in` wants where
 * it is not NULL.  `at` holds the numbers of the name, in order.  Of ASH_CTL_TABLE_OF
 * out->p and in->p are the two memories, and `at` their bytes, first what can be written.  0 or
 * an errno value. */
typedef int ash_ctl_call(const struct ash_ctl_row *row, const size_t *at,
			 union ash_ctl_value *out, const union ash_ctl_value *in);

struct ash_ctl_row {
	const char *name;
	uint8_t type;   /* enum ash_ctl_type */
	uint8_t access; /* enum ash_ctl_access */
	uint8_t input;  /* enum ash_ctl_type, of ASH_CTL_ASK and ASH_CTL_MAKE */
	size_t offset;  /* of what the call reads, where it serves several rows */
	ash_ctl_call *call;
	const char *about; /* one line for the manual page */
};

struct ash_ctl_table {
	const struct ash_ctl_row *rows;
	unsigned count;
};

extern const struct ash_ctl_table ash_ctl_process, ash_ctl_thread, ash_ctl_tcache,
	ash_ctl_config, ash_ctl_arena, ash_ctl_arenas, ash_ctl_stats, ash_ctl_stats_mutexes,
	ash_ctl_stats_arena, ash_ctl_stats_sizes, ash_ctl_stats_locks, ash_ctl_stats_blocks,
	ash_ctl_experimental;

/* "5.4.0-ashlar0.1.0": tools read the beginning as jemalloc's. */
#define ASH_CTL_VERSION "5.4.0-ashlar" PACKAGE_VERSION

#define ASH_CTL_TABLE(rows)                            \
	{                                              \
		rows, sizeof(rows) / sizeof((rows)[0]) \
	}

/* Bytes that a value of the type has; 0 for ASH_CTL_VOID. */
size_t ash_ctl_width(enum ash_ctl_type type);

/* Numbers of arenas: those that there are, one more for all of them (as of old), and the two of
 * the public header.  False where there is no such. */
#define ASH_CTL_ALL 4096u
#define ASH_CTL_DESTROYED 4097u
unsigned ash_ctl_arenas_count(void);
bool ash_ctl_is_all(size_t arena);

#endif
