# Figure 1: CPU time of all cells and their geometric means, relative to the reference.
FIG = "fig01"
WHAT = "CPU time per operation"
load "ratios.gp"
