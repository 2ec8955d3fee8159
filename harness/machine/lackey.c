#include "harness/machine/lackey.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CODE_PLACES (1u << 16) /* a power of two; a place serves whoever asks last */
#define LONGEST 15             /* bytes of an instruction */

struct lackey_code {
	uintptr_t at; /* 0 = nothing yet */
	bool atomic;
};

int lackey_start(struct lackey *l, const struct channel *channel, pid_t pid)
{
	*l = (struct lackey){.channel = channel, .pid = pid, .memory = -1, .thread = -1};
	l->code = calloc(CODE_PLACES, sizeof(*l->code));
#ifdef __x86_64__
	l->figures.atomics_known = true;
#endif
	return l->code ? coherence_start(&l->coherence) : -1;
}

void lackey_end(struct lackey *l)
{
	l->figures.transfers = l->coherence.transfers;
	l->figures.shared = l->coherence.shared;
	coherence_end(&l->coherence);
	if (l->memory >= 0)
		close(l->memory);
	free(l->code);
	l->code = NULL;
}

/* By the prefix of a locked instruction, or as an exchange with memory, which is always one. */
bool lackey_is_atomic(const uint8_t *code, int length)
{
	int i = 0;

	for (; i < length; i++) {
		if (code[i] == 0xf0)
			return true;
		if (!code[i] || !strchr("\x66\x67\xf2\xf3\x2e\x36\x3e\x26\x64\x65", code[i]))
			break;
	}
	i += i < length && code[i] >= 0x40 && code[i] <= 0x4f; /* REX */
	return i + 1 < length && (code[i] == 0x86 || code[i] == 0x87) && code[i + 1] < 0xc0;
}

/* Valgrind maps a program's code at the addresses that it has for the program.  Opened late:
 * the worker starts itself again, and what was opened before shows what is gone. */
static ssize_t read_code(struct lackey *l, uint8_t *bytes, size_t size)
{
	char path[64];

	if (l->memory < 0) {
		snprintf(path, sizeof(path), "/proc/%d/mem", (int)l->pid);
		l->memory = open(path, O_RDONLY | O_CLOEXEC);
	}
	return l->memory < 0 ? -1 : pread(l->memory, bytes, size, (off_t)l->at);
}

static bool is_atomic(struct lackey *l)
{
	struct lackey_code *code = &l->code[(l->at ^ l->at >> 16) % CODE_PLACES];
	uint8_t bytes[LONGEST];
	ssize_t n;

	if (!l->figures.atomics_known)
		return false;
	if (code->at != l->at) {
		n = read_code(l, bytes, sizeof(bytes));
		if (n <= 0)
			l->figures.atomics_known = false;
		*code = (struct lackey_code){l->at, n > 0 && lackey_is_atomic(bytes, (int)n)};
	}
	return code->atomic;
}

/* A write to a mark; false: it is none. */
static bool is_mark(struct lackey *l, uintptr_t at)
{
	uint64_t marks = __atomic_load_n(&l->channel->marks_at, __ATOMIC_RELAXED);
	uint64_t mark = at - marks;

	if (!marks || at < marks || mark >= sizeof(struct channel_call) * CHANNEL_THREADS)
		return false;
	if (mark % sizeof(struct channel_call) != 0) {
		l->thread = -1;
	} else {
		l->thread = (int)(mark / sizeof(struct channel_call));
		l->figures.calls++;
	}
	return true;
}

static int count(struct lackey *l, uintptr_t at, uintptr_t bytes, bool writes, bool atomic)
{
	int over = 0;

	for (uintptr_t line = at / COHERENCE_LINE; line <= (at + bytes - 1) / COHERENCE_LINE;
	     line++) {
		int one = coherence_access(&l->coherence, (unsigned)l->thread,
					   line * COHERENCE_LINE, writes);

		if (one < 0)
			return -1;
		over |= one;
	}
	l->figures.accesses++;
	l->figures.atomics += atomic;
	l->figures.atomic_transfers += atomic && over;
	return 0;
}

/* "I  ADDRESS,BYTES" is an instruction; " L", " S" and " M": it reads, writes, or both. */
int lackey_line(struct lackey *l, const char *line)
{
	char kind = line[0] == ' ' ? line[1] : line[0];
	char *end;
	uintptr_t at, bytes;

	if (!kind || !strchr("ILSM", kind) || line[1 + (line[0] == ' ')] != ' ')
		return 0;
	at = strtoull(line + 2, &end, 16);
	if (*end != ',')
		return 0;
	if (kind == 'I') {
		l->at = at;
		return 0;
	}
	if ((kind == 'S' && is_mark(l, at)) || l->thread < 0)
		return 0;
	bytes = strtoull(end + 1, NULL, 10);
	return count(l, at, bytes ? bytes : 1, kind != 'L', kind == 'M' && is_atomic(l));
}
