# Figure 7b: memory over time, a panel per workload.
FIG = "fig07b"
PER_CONTENDER = 0
load "timelines.gp"
