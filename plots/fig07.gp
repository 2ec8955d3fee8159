# Figure 7: memory over time of frag-drain, a panel per contender.
FIG = "fig07"
PER_CONTENDER = 1
load "timelines.gp"
