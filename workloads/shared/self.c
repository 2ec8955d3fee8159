#include "workloads/shared/self.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int self_find(struct self *self)
{
	const char *words = getenv(SELF_ENV);
	char *end = self->text;
	ssize_t n;

	self->count = 0;
	if (!words) {
		n = readlink("/proc/self/exe", self->text, sizeof(self->text) - 1);
		if (n < 0)
			return -1;
		self->text[n] = '\0';
	} else if (strlen(words) >= sizeof(self->text)) {
		errno = ENAMETOOLONG;
		return -1;
	} else {
		strcpy(self->text, words);
	}
	while (end && self->count < SELF_WORDS) {
		self->words[self->count++] = end;
		end = words ? strchr(end, '\n') : NULL;
		if (end)
			*end++ = '\0';
	}
	self->words[self->count] = NULL;
	self->file = self->words[self->count - 1];
	return 0;
}
