/* The names of what lies in a run set's folder beside manifest and samples: the folders of its
 * side files, and the archive that holds them in a packed set.  Who writes sets and who reads
 * them agree on them here. */
#ifndef HARNESS_SET_FILES_H
#define HARNESS_SET_FILES_H

#define SET_TIMELINE "timeline"
#define SET_LATENCY "latency"
#define SET_CDF "cdf"
#define SET_CALLGRIND "callgrind"
#define SET_PACKED "timelines.tar.zst"

#endif
