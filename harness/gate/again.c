#include "harness/gate/again.h"

#include <inttypes.h>
#include <stdlib.h>
#include "harness/base/message.h"
#include "harness/matrix/command.h"

/* A word of a shell that means the text, whatever is in it. */
static void add_word(char **command, const char *text)
{
	text_append(command, "'");
	for (; *text; text++)
		if (*text == '\'')
			text_append(command, "'\\''");
		else
			text_append(command, "%c", *text);
	text_append(command, "'");
}

static void add(char **command, const char *option, const char *value)
{
	if (!value)
		return;
	text_append(command, " %s ", option);
	add_word(command, value);
}

static char *begin(const struct gate_request *r, const char *form, const char *file)
{
	char *command = text_format("ashlar-bench gate");

	add(&command, form, file);
	add(&command, "--head", r->head ? r->head : GATE_OWN);
	if (r->seed != GATE_SEED)
		text_append(&command, " --seed %" PRIu64, r->seed);
	return command;
}

char *gate_again(const struct gate_request *r, bool timed)
{
	char *command =
		begin(r, r->base ? "--base" : "--baseline", r->base ? r->base : r->baseline);

	add(&command, "--job", r->job);
	if (!timed)
		return command;
	if (r->budget_s)
		text_append(&command, " --budget %ds", r->budget_s);
	if (r->pairs)
		text_append(&command, " --pairs %d", r->pairs);
	if (r->precision > 0)
		text_append(&command, " --precision %.15g%%", 100 * r->precision);
	for (int i = 0; command_at(i); i++)
		add(&command, "--command", command_at(i)->text[COMMAND_LINE]);
	return command;
}

char *gate_again_cell(const char *beginning, int tier, const char *cell)
{
	char *command = text_format("%s --tiers %d", beginning, tier);

	add(&command, "--workload", cell);
	return command;
}

char *gate_again_update(const struct gate_request *r, int tier)
{
	char *beginning = begin(r, "--update", r->baseline),
	     *command = gate_again_cell(beginning, tier, NULL);

	free(beginning);
	return command;
}
