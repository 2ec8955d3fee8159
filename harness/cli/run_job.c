#include "harness/cli/run_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"
#include "harness/gate/limits.h"
#include "harness/run/job.h"

/* What a section may say beside a command's keys. */
static const char *const own_keys[] = {"workload", "mode", "set", "blocks"};

struct job {
	struct run_request *request;
	run_job_set *set;
	struct request_part *part; /* NULL in [global] */
	bool apart;                /* in a section of another verb's */
	const char *section, *command_where;
	struct run_request said; /* by the section, as if by options */
};

/* A command by its name, or a workload, which the section is called after unless it says more.
 */
static int end_section(struct job *job, char *why, size_t why_size)
{
	const char *name = job->section;
	struct request_part *part = job->part;
	struct suite_choice *c = &part->choice;

	if (command_begun(&part->draft)) {
		char full[128];

		if (job->said.choice.nworkloads)
			return because(why, why_size,
				       "[%s] has a workload and a command: a section is one of "
				       "them",
				       name);
		if (!part->draft.text[COMMAND_NAME] &&
		    command_set(&part->draft, COMMAND_NAME, name, why, why_size) < 0)
			return -1;
		if (command_add(&part->draft, why, why_size) < 0)
			return -1;
		snprintf(full, sizeof(full), COMMAND_PREFIX "%s",
			 part->draft.text[COMMAND_NAME]);
		part->workloads[c->nworkloads++] = command_find(full)->name;
	} else if (!job->said.choice.nworkloads) {
		part->workloads[c->nworkloads++] = name;
	}
	for (int i = 0; i < job->said.choice.nworkloads; i++)
		part->workloads[c->nworkloads++] = job->said.workloads[i];
	for (int i = 0; i < job->said.choice.nsettings; i++)
		part->settings[c->nsettings++] = job->said.settings[i];
	memcpy(c->modes, job->said.choice.modes, sizeof(c->modes));
	c->modes_given = job->said.choice.modes_given;
	c->blocks = job->said.choice.blocks;
	job->part = NULL;
	return 0;
}

static int section_key(struct job *job, const struct job_line *line, char *why, size_t why_size)
{
	enum command_key command = command_key_find(line->key);
	char known[300] = "";

	if (command < COMMAND_KEYS)
		return command_set(&job->part->draft, command, line->value, why, why_size);
	for (size_t i = 0; i < sizeof(own_keys) / sizeof(own_keys[0]); i++) {
		if (strcmp(own_keys[i], line->key) == 0)
			return job->set(&job->said, line->key, (char *)line->value, why,
					why_size);
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s, ",
			 own_keys[i]);
	}
	for (int k = 0; k < COMMAND_KEYS; k++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
			 command_keys[k], k + 1 < COMMAND_KEYS ? ", " : "");
	return because(why, why_size,
		       "unknown key '%s' in [%s]: known are %s; others belong into [global]",
		       line->key, line->section, known);
}

/* What is missing in a section is told of the line of its command, else of its beginning. */
static void finish_section(struct job *job)
{
	char why[800];

	if (!job->part)
		return;
	message_speaker(job->command_where ? job->command_where : job->part->where);
	if (end_section(job, why, sizeof(why)) < 0)
		exit(complain_usage("%s", why));
	message_speaker(NULL);
}

static void begin_section(struct job *job, const struct job_line *line)
{
	finish_section(job);
	job->apart = gate_limits_section(line->section);
	if (job->apart || strcmp(line->section, "global") == 0)
		return;
	job->section = line->section;
	job->command_where = NULL;
	job->part = request_add_part(job->request, line->where);
	request_begin(&job->said);
	request_add_origin(job->request, line->section, line->where);
}

static int take(const struct job_line *line, void *arg, char *why, size_t why_size)
{
	struct job *job = arg;
	int result;

	if (!line->key) {
		begin_section(job, line);
		return 0;
	}
	if (job->apart)
		return 0;
	request_add_origin(job->request, line->value, line->where);
	if (strcmp(line->key, command_keys[COMMAND_LINE]) == 0)
		job->command_where = line->where;
	/* What is said about a bad value is led by its place. */
	message_speaker(line->where);
	result = job->part ? section_key(job, line, why, why_size)
			   : job->set(job->request, line->key, (char *)line->value, why,
				      why_size);
	message_speaker(NULL);
	return result;
}

void run_job_read(struct run_request *request, const char *path, run_job_set *set)
{
	static struct job job; /* large */
	char why[1400];

	job = (struct job){.request = request, .set = set};
	if (job_read(path, take, &job, why, sizeof(why)) < 0)
		exit(complain_usage("%s", why));
	finish_section(&job);
}

void run_job_complete(struct run_request *r)
{
	if (r->nparts && r->choice.nsettings) {
		const char *set = r->choice.settings[0], *where = request_where(r, set);

		exit(complain_usage("%s%sset %s: where a job file has sections, each says its "
				    "own set",
				    where ? where : "", where ? ": " : "", set));
	}
	for (int i = 0; i < r->nparts; i++) {
		struct suite_choice *c = &r->parts[i]->choice;

		c->suite = r->choice.suite;
		if (!c->blocks)
			c->blocks = r->choice.blocks;
		if (!c->modes_given) {
			memcpy(c->modes, r->choice.modes, sizeof(c->modes));
			c->modes_given = r->choice.modes_given;
		}
	}
}
