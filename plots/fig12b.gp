# Figure 12b: time against memory, geometric means over own workloads.
FIG = "fig12b"
WHAT = "own workloads"
load "trade_off.gp"
