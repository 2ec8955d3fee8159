/* Text of any length, in pieces, to a function or to a descriptor: no allocation. */
#ifndef ASH_UTIL_OUT_H
#define ASH_UTIL_OUT_H

#include <stddef.h>
#include "util/compiler.h"

struct ash_out {
	void (*write)(void *opaque, const char *text); /* NULL = to stderr */
	void *opaque;
	size_t length; /* of what waits in `text` */
	char text[1024];
};

static inline void ash_out_init(struct ash_out *out,
				void (*write)(void *opaque, const char *text), void *opaque)
{
	out->write = write;
	out->opaque = opaque;
	out->length = 0;
}

/* As ash_format; what one call adds is cut at 512 bytes, but for ash_out_text. */
void ash_out_add(struct ash_out *out, const char *format, ...) ASH_PRINTF(2, 3);
void ash_out_text(struct ash_out *out, const char *text);
/* Hands on what waits; at the end, too. */
void ash_out_flush(struct ash_out *out);

#endif
