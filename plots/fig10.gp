# Figure 10: latency of single calls by percentile.
FIG = "fig10"
load "latency.gp"
