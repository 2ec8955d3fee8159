/* Series over many sets for other programs. */
#ifndef HARNESS_EXPORT_HISTORY_H
#define HARNESS_EXPORT_HISTORY_H

#include <stdio.h>

#include "harness/analysis/history.h"

#define HISTORY_SCHEMA "ashlar-history 1"

/* A line per value after one of names; see results/README.md. */
void history_csv_write(const struct history *h, FILE *f);

#endif
