/* A source of events that reads perf_counts.txt: counts as the kernel gives them, that no
 * machine counted. */
#ifndef HARNESS_RAW_COUNTS_H
#define HARNESS_RAW_COUNTS_H

#include "harness/machine/counters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RAW_SETS 8

static uint64_t raw_words[RAW_SETS][COUNTERS_WORDS];
static int raw_count[RAW_SETS];
static uint64_t raw_opened[256]; /* ids, by descriptor */
static int raw_next;

static inline void raw_counts_read(const char *path)
{
	char line[4096], *p;
	FILE *f = fopen(path, "re");

	if (!f) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	while (fgets(line, sizeof(line), f))
		for (int s = 0; s < counter_sets_count && s < RAW_SETS; s++) {
			size_t length = strlen(counter_sets[s].name);

			if (strncmp(line, counter_sets[s].name, length) != 0 ||
			    line[length] != ' ')
				continue;
			for (p = line + length; *p == ' ' && raw_count[s] < COUNTERS_WORDS;)
				raw_words[s][raw_count[s]++] = strtoull(p, &p, 10);
		}
	fclose(f);
}

/* The id of an event: 100 times the number of its set, and its own. */
static inline int raw_encode(const char *name, struct perf_event_attr *attr)
{
	for (unsigned s = 0; s < (unsigned)counter_sets_count && s < RAW_SETS; s++)
		for (unsigned i = 0; raw_count[s] && i < COUNTER_GROUP; i++)
			if (counter_sets[s].events[i].pfm &&
			    strcmp(counter_sets[s].events[i].pfm, name) == 0) {
				attr->type = PERF_TYPE_RAW;
				attr->config = 100 * (s + 1) + i + 1;
				return 0;
			}
	return ENOENT;
}

static inline int raw_open(struct perf_event_attr *attr, pid_t pid, int group)
{
	(void)pid;
	(void)group;
	if (attr->type != PERF_TYPE_RAW) {
		errno = ENOENT;
		return -1;
	}
	raw_next = (raw_next + 1) % 256;
	raw_opened[raw_next] = attr->config;
	return raw_next;
}

static inline int raw_id(int fd, uint64_t *id)
{
	*id = raw_opened[fd];
	return 0;
}

static inline int raw_read(int fd, uint64_t *words, int most)
{
	uint64_t s = raw_opened[fd] / 100 - 1;

	if (raw_count[s] > most)
		return -1;
	memcpy(words, raw_words[s], (size_t)raw_count[s] * sizeof(words[0]));
	return raw_count[s];
}

static inline void raw_close(int fd)
{
	raw_opened[fd] = 0;
}

static const struct counter_source raw_counts = {"synthetic", raw_encode, raw_open,
						 raw_id,      raw_read,   raw_close};

#endif
