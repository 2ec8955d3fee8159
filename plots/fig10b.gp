# Figure 10b: latency of open-loop requests by percentile.
FIG = "fig10b"
load "latency.gp"
