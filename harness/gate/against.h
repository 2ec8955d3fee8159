/* A gate against a file of baselines: head is measured, base is what the file holds. */
#ifndef HARNESS_GATE_AGAINST_H
#define HARNESS_GATE_AGAINST_H

#include "harness/gate/session.h"

/* Each returns GATE_JUDGED or an exit status, as gate_run() does. */

/* Compares head with the baselines of its count class; a tier without one is skipped with the
 * command that makes it. */
int gate_against(struct gate_session *session);

/* Puts what head measures into the file; nothing where something of it fails. */
int gate_update(struct gate_session *session);

/* Notes in the file that the cells of --accept, which exceed their limits, are wanted. */
int gate_accept(struct gate_session *session);

#endif
