/* What the recorder leaves in its folder, for the same machine to convert at once: one
 * file PID.IMAGE.process per program image, one PID.IMAGE.THREAD per thread of it.  An
 * image is what one exec began; a forked child is an image of its own. */
#ifndef RECORDER_RAW_H
#define RECORDER_RAW_H

#include <stdatomic.h>
#include <stdint.h>

/* Absolute path of the folder; without it the recorder stays idle. */
#define RAW_VARIABLE "ASHLAR_RECORD_FOLDER"

enum raw_op {
	RAW_NONE = 0, /* beyond the last record: files are longer than what is in them */
	RAW_MALLOC,
	RAW_CALLOC,
	RAW_ALIGNED, /* extra: log2 of the alignment, trace_call << 6 */
	RAW_REALLOC, /* before the call: address; the thread's next record tells the outcome */
	RAW_RESIZED, /* after it: new address and size */
	RAW_UNRESIZED, /* or: NULL came back; value: the size asked for */
	RAW_FREE,      /* size: pages in memory + 1, 0 not measured; extra: trace_call */
	RAW_FREE_NULL,
	RAW_FAILED, /* an allocation that returned NULL */
	RAW_START,  /* value: creator + 1, 0 unknown */
	RAW_END,
	RAW_CREATE, /* before pthread_create; value: the new thread's number */
	RAW_CREATE_FAILED,
	RAW_JOIN, /* after pthread_join; value: the thread's number */
	RAW_OPS
};

#define RAW_SIZE_BITS 48
#define RAW_SIZE_MASK ((UINT64_C(1) << RAW_SIZE_BITS) - 1)

/* Written address and value first, stamp last: a process that is killed in between
 * leaves RAW_NONE. */
struct raw_record {
	uint64_t stamp; /* ticks since the image's base << 8 | enum raw_op */
	uint64_t address;
	uint64_t value; /* size | extra << RAW_SIZE_BITS */
};

enum raw_clock { RAW_CLOCK_NS, RAW_CLOCK_RDTSCP, RAW_CLOCK_LFENCE, RAW_CLOCK_CNTVCT };

#define RAW_MAGIC UINT64_C(0x31777261726c7361)

/* The file *.process, mapped shared by the process. */
struct raw_process {
	uint64_t magic;
	uint64_t base_ticks;            /* what stamps count from */
	uint64_t start_ticks, start_ns; /* one moment, by that clock and CLOCK_MONOTONIC */
	uint64_t start_unix;            /* seconds */
	uint32_t clock;
	uint32_t pid, parent, image;
	uint32_t forked; /* 1: a child that inherited its objects */
	uint32_t page_size;
	uint32_t arguments;        /* their number, */
	uint64_t arguments_hash;   /* and FNV-1a of /proc/self/cmdline */
	char program[256];         /* the name it was started by, without a folder */
	char allocator[1024];      /* file that holds the malloc behind the recorder */
	_Atomic uint64_t lost;     /* records that found no room */
	_Atomic uint32_t threads;  /* numbers given out */
	_Atomic uint32_t unjoined; /* joins of threads that were not known */
};

#endif
