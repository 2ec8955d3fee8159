# Figure 17: the share of lines that hold objects of two threads.
FIG = "fig17"
TITLE = "% of lines with objects of two threads"
SHORT = "% shared"
load "lines.gp"
