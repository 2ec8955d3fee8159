# Figure 15: sizes of the workloads' objects, cumulative.
FIG = "fig15"
load "sheet.gp"
COLOURED = "#0072B2"
XLABEL = "bytes"
scale = "set logscale x 2; set xtics (\"1\" 1, \"".(PAPER ? "" : "32")."\" 32, \"1 Ki\" 1024, \"\" 2.0**15, \"1 Mi\" 2.0**20, \"\" 2.0**25, \"1 Gi\" 2.0**30)"
load "shares.gp"
