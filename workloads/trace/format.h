/* The trace file's constants; FORMAT.md beside this explains them.  All numbers are
 * little endian. */
#ifndef TRACE_FORMAT_H
#define TRACE_FORMAT_H

#include <stdint.h>

#define TRACE_MAGIC "ASHTRACE"     /* the first eight bytes */
#define TRACE_END_MAGIC "ECARTHSA" /* the last eight */
#define TRACE_MAJOR 1              /* a reader refuses what is greater */
#define TRACE_MINOR 0              /* a reader may ignore what it does not know */

#define TRACE_TIME_UNIT_NS 10u

/* Limits that a reader checks before it allocates anything. */
#define TRACE_HEADER_MAX (64u << 10)   /* bytes of header text; the notes' too */
#define TRACE_CHUNK_RAW (64u << 10)    /* bytes of one chunk before compression */
#define TRACE_CHUNK_PACKED (72u << 10) /* more than zstd needs at worst for that */
#define TRACE_THREADS_MAX (1u << 20)
#define TRACE_SIZE_MAX (UINT64_C(1) << 56)    /* bytes of one object: below */
#define TRACE_OBJECTS_MAX (UINT64_C(1) << 44) /* numbers of one thread: below */
#define TRACE_TIME_MAX (UINT64_C(1) << 60)    /* and the time units of a whole trace */

/* File: magic, u16 major, u16 minor, u32 length of the header text, the text, u32 CRC32C
 * of all that. */
#define TRACE_PREFIX 16u

/* Chunk: this header, the packed bytes, u32 CRC32C of both. */
#define TRACE_CHUNK_HEADER 48u
#define TRACE_CHUNK_MAGIC UINT32_C(0x4b4e4843) /* "CHNK" */
struct trace_chunk_header {
	uint32_t magic;
	uint32_t tid;
	uint32_t raw;    /* bytes before compression */
	uint32_t packed; /* bytes that follow */
	uint32_t events;
	uint32_t reserved;    /* 0 */
	uint64_t first_seq;   /* of the first event */
	uint64_t base_time;   /* of the first event, whose delta is then 0 */
	uint64_t base_object; /* objects the thread numbered before the chunk */
};

/* How a file is packed, for who asks. */
struct trace_layout {
	uint64_t file_bytes, chunks, raw_bytes, packed_bytes;
};

/* Trailer: u32 magic, u32 length of the body, the body (FORMAT.md), u32 CRC32C of all
 * that; then the footer: u64 offset of the trailer and the end magic. */
#define TRACE_TRAILER_MAGIC UINT32_C(0x4c494154) /* "TAIL" */
#define TRACE_TRAILER_MAX (256u << 20)
#define TRACE_FOOTER 16u

/* Operations in an event's first number (low four bits).  0 to 9 are enum trace_op, where
 * 3, 4 and 5 name an object of their own thread. */
enum trace_code {
	TRACE_CODE_REALLOC_OTHER = 10, /* 3, 4, 5 of an object of another thread */
	TRACE_CODE_REALLOC_FREE_OTHER = 11,
	TRACE_CODE_FREE_OTHER = 12,
	TRACE_CODE_RESIDENT = 13, /* attributes of the event that follows */
	TRACE_CODE_CALL = 14
};

/* A slot that one thread gave up goes to another one only after so many events (of all
 * threads), so that a replay hardly ever waits for it. */
#define TRACE_SLOT_REST 4096u

#endif
