#include "harness/base/progress.h"

#include <stdio.h>
#include <unistd.h>
#include "harness/base/clock.h"

#define PLAIN_EVERY_NS 10000000000u

void progress_begin(struct progress *p, FILE *to, int total, int done, bool quiet)
{
	*p = (struct progress){.to = to,
			       .total = total,
			       .done = done,
			       .quiet = quiet,
			       .terminal = isatty(fileno(to))};
}

static void time_left(char *text, size_t size, double s)
{
	if (s < 0)
		snprintf(text, size, "time left not known yet");
	else if (s < 90)
		snprintf(text, size, "%.0f s left", s);
	else
		snprintf(text, size, "%.0f min left", s / 60);
}

void progress_show(struct progress *p, const char *cell, const char *mode, int block,
		   const char *allocator, double left_s)
{
	char left[48];

	p->done++;
	if (p->quiet)
		return;
	time_left(left, sizeof(left), left_s);
	if (p->terminal) {
		fprintf(p->to, "\r%d/%d  %s (%s) block %d  %s  %s\033[K", p->done, p->total,
			cell, mode, block + 1, allocator, left);
		fflush(p->to);
	} else if (p->done == 1 || now_ns() - p->last_ns >= PLAIN_EVERY_NS) {
		fprintf(p->to, "%d/%d  %s (%s) block %d  %s  %s\n", p->done, p->total, cell,
			mode, block + 1, allocator, left);
		fflush(p->to);
		p->last_ns = now_ns();
	}
}

void progress_step(struct progress *p, const char *what)
{
	p->done++;
	if (p->quiet)
		return;
	if (p->terminal) {
		fprintf(p->to, "\r%d/%d  %s\033[K", p->done, p->total, what);
	} else if (p->done == 1 || now_ns() - p->last_ns >= PLAIN_EVERY_NS) {
		fprintf(p->to, "%d/%d  %s\n", p->done, p->total, what);
		p->last_ns = now_ns();
	}
	fflush(p->to);
}

void progress_note(struct progress *p, const char *cell, const char *allocator,
		   const char *status, const char *reason)
{
	if (p->quiet)
		return;
	fprintf(p->to, "%s%s %s: %s: %s\n", p->terminal ? "\r\033[K" : "", cell, allocator,
		status, reason);
	fflush(p->to);
}

void progress_end(struct progress *p)
{
	if (p->terminal && !p->quiet) {
		fprintf(p->to, "\r\033[K");
		fflush(p->to);
	}
}
