# Figure 12: time against memory, geometric means over programs.
FIG = "fig12"
WHAT = "programs"
load "trade_off.gp"
