/* Lookups in the parameters of a workload. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "workloads/shared/workload.h"

int wl_param_index(const struct workload *workload, const char *name)
{
	for (int i = 0; workload->params[i].name; i++)
		if (strcmp(workload->params[i].name, name) == 0)
			return i;
	return -1;
}

bool wl_word_value(const struct workload *workload, const char *param, const char *word,
		   int64_t *value)
{
	for (const struct wl_word *w = workload->words; w && w->param; w++)
		if (strcmp(w->param, param) == 0 && strcmp(w->word, word) == 0) {
			*value = w->value;
			return true;
		}
	return false;
}

const char *wl_word_of(const struct workload *workload, const char *param, int64_t value)
{
	for (const struct wl_word *w = workload->words; w && w->param; w++)
		if (strcmp(w->param, param) == 0 && w->value == value)
			return w->word;
	return NULL;
}

int wl_words_named(const struct workload *workload, const char *param, char *text, size_t size)
{
	int words = 0;
	size_t used = 0;

	for (const struct wl_word *w = workload->words; w && w->param && used < size; w++)
		if (strcmp(w->param, param) == 0)
			used += (size_t)snprintf(text + used, size - used, "%s%s",
						 words++ ? ", " : "", w->word);
	return words;
}

int64_t wl_value(const struct wl_run *run, const char *name)
{
	int i = wl_param_index(run->workload, name);

	if (i < 0)
		abort(); /* a workload asks for a parameter that it does not declare */
	return run->values[i];
}
