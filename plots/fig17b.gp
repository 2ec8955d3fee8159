# Figure 17b: lines that go from one thread to another.
FIG = "fig17b"
TITLE = "transfers of a line per 1000 calls"
SHORT = "transfers"
load "lines.gp"
