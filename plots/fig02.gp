# Figure 2: peak memory of all cells and their geometric means, relative to the reference.
FIG = "fig02"
WHAT = "peak resident memory"
load "ratios.gp"
