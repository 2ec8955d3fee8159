/* What Slurm says of the shards that it was given, and taking them back. */
#ifndef HARNESS_CLUSTER_SLURM_QUEUE_H
#define HARNESS_CLUSTER_SLURM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

enum slurm_state {
	SLURM_UNKNOWN, /* not in the queue, or not any more */
	SLURM_WAITING,
	SLURM_RUNNING,
	SLURM_ENDED /* well or not */
};

struct slurm_job {
	enum slurm_state state;
	char id[40];      /* "12_3" */
	char word[32];    /* Slurm's own for the state */
	char node[80];    /* "" = none yet */
	char since[32];   /* when it began there, the controller's local time */
	char reason[120]; /* why it waits */
	char *log;        /* of the shard's last submission; NULL = it never was */
};

struct slurm_queue {
	struct slurm_job *shards; /* [nshards] */
	int nshards;
	struct slurm_job merge;
	char *out;      /* of the merge; NULL = nothing was submitted */
	bool submitted; /* ever */
};

/* What Slurm says now.  Returns 0, or -1 with `why` when it does not answer; what is noted in
 * DIR, logs and whether anything was submitted, is filled in either case. */
int slurm_queue_read(struct slurm_queue *queue, const char *dir, const char *plan_id,
		     int nshards, char *why, size_t why_size);
/* In the queue, or running. */
bool slurm_lives(const struct slurm_job *job);
/* ":12:13", the arrays with a task that lives; free it. */
char *slurm_living(const struct slurm_queue *queue);
/* Returns 0, or -1 after its message. */
int slurm_cancel(const char *id);

/* What a command of Slurm prints, on the heap; NULL with `why`. */
char *slurm_ask(const char *const *argv, char *why, size_t why_size);

void slurm_queue_free(struct slurm_queue *queue);

/* Cancels what of a plan is in the queue, the merge first.  Returns STATUS_OK, or another exit
 * status after its message. */
int cluster_cancel(const char *dir);

#endif
