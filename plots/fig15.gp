# Figure 15: sizes of the workloads' objects, cumulative.
FIG = "fig15"
COLOURED = "#0072B2"
XLABEL = "bytes"
scale = "set logscale x 2; set xtics (\"1\" 1, \"16\" 16, \"256\" 256, \"4 Ki\" 4096, \"64 Ki\" 65536, \"1 Mi\" 2.0**20, \"16 Mi\" 2.0**24, \"256 Mi\" 2.0**28)"
load "shares.gp"
