# Figure 14: performance profiles, programs.
FIG = "fig14"
WHAT = "programs"
load "profile.gp"
