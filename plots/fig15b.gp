# Figure 15b: lifetimes of the workloads' objects, cumulative.
FIG = "fig15b"
load "sheet.gp"
COLOURED = "#0072B2"
XLABEL = "calls until the free"
scale = "set logscale x 10; set xtics (\"0\" 0.5, \"".(PAPER ? "" : "10")."\" 10, \"".(PAPER ? "1 k" : "1000")."\" 1e3, \"".(PAPER ? "" : "100 k")."\" 1e5, \"10 M\" 1e7)"
load "shares.gp"
