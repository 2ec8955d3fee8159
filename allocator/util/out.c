#include "util/out.h"

#include <string.h>
#include <unistd.h>

#include "util/fmt.h"

#define MOST 512

void ash_out_flush(struct ash_out *out)
{
	out->text[out->length] = '\0';
	if (out->length > 0 && out->write != NULL)
		out->write(out->opaque, out->text);
	else if (out->length > 0)
		ash_write_fd(STDERR_FILENO, out->text, out->length);
	out->length = 0;
}

void ash_out_add(struct ash_out *out, const char *format, ...)
{
	va_list args;

	if (sizeof(out->text) - out->length <= MOST)
		ash_out_flush(out);
	va_start(args, format);
	out->length += ash_vformat(out->text + out->length, MOST, format, args);
	va_end(args);
}

void ash_out_text(struct ash_out *out, const char *text)
{
	while (*text != '\0') {
		size_t room = sizeof(out->text) - 1 - out->length, n = strlen(text);

		if (n > room)
			n = room;
		memcpy(out->text + out->length, text, n);
		out->length += n;
		text += n;
		if (*text != '\0')
			ash_out_flush(out);
	}
}
