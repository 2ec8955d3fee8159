/* A snapshot as OpenMetrics text, which Prometheus reads. */
#ifndef ASH_STATS_OPENMETRICS_H
#define ASH_STATS_OPENMETRICS_H

#include "stats/snapshot.h"
#include "util/out.h"

void ash_openmetrics(struct ash_out *out, const struct ash_snapshot_whole *whole);

#endif
