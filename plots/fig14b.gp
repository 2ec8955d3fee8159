# Figure 14b: performance profiles, own workloads.
FIG = "fig14b"
WHAT = "own workloads"
load "profile.gp"
