# The body of figures 1 and 2: cells along x, a mark with its interval per contender.
RATIO = 1
DATA = FIG.".tsv"
load "sheet.gp"
stats DATA using 1 nooutput name "ALL"
ROWS = rows_for(ALL_max)    # of cells, one above the other
HEADROOM = 14 + 20 * legend_rows(N - 1)
W = sheet(ALL_max > 40 ? 29 * ALL_max : 1180); H = tall(660, HEADROOM + ROWS * row_height(196, ROWS) + (ROWS > 1 ? 38 : 60)) # so that labels stay apart
load "style.gp"

# The range that holds all marks and intervals (already cut by the report), and 1.
lo = 0.9; hi = 1.1; last = 0
eval widen("shown", "1")
eval widen("shown_low", "1")
eval widen("shown_high", "1")
stats DATA using (column("x")) nooutput name "X"
stats DATA using (strcol("label")[1:7] eq "geomean" ? NaN : column("x")) nooutput name "CELL"
eval count_axis
lo = lo / 1.12; hi = hi * 1.12

# Labels of cut marks that stand side by side are staggered by their own length.
stagger = (hi / lo) ** tall(0.1, 0.16)

set logscale y 2
set yrange [lo:hi]
eval "set ytics ".ratio_tics(lo, hi)
set ylabel (PAPER ? "" : WHAT.", ")."ratio to ".REFERENCE
if (PAPER) { set ylabel offset 3,0 }
set xrange [0.4:X_max+0.6]
set xtics rotate by 40 right offset 0,-0.2 scale 0
set lmargin at screen tall(0.085, 58.0 / W)
set rmargin at screen tall(0.935, 1 - 6.0 / W)
set tmargin at screen TOP
set bmargin at screen 0.25
NOTE = blocks(BLOCKS)." at most per cell; ".INTERVAL
eval footer
if (!PAPER) { set label 98 REFERENCE." = 1" at graph 1,first 1 left offset 0.6,0 textcolor rgb "#444444" }
set arrow 1 from graph 0,first 1 to graph 1,first 1 nohead lc rgb "#444444" lw 1.5 back
set arrow 2 from CELL_max+1,graph 0 to CELL_max+1,graph 1 nohead lc rgb GREY dt 2 back
do for [c=1:int(X_max)] {
	if (c % 2 == 0 && c != CELL_max + 1) { set object c rectangle from c-0.5,graph 0 to c+0.5,graph 1 fc rgb "#f5f5f5" fs solid noborder behind }
}

if (ROWS > 1) { set multiplot }
do for [r=1:ROWS] {
	if (PAPER) {
		set xrange [(r - 1) * in_row(X_max) + 0.4:min2(r * in_row(X_max), X_max) + 0.6]
		high = (TOP - (38.0 + MORE) / H) / ROWS
		set tmargin at screen TOP - (r - 1) * high
		set bmargin at screen TOP - r * high + 84.0 / H
		if (CELL_max + 1 > r * in_row(X_max)) { unset arrow 2 } else { set arrow 2 from CELL_max+1,graph 0 to CELL_max+1,graph 1 nohead lc rgb GREY dt 2 back }
		if (CELL_max + 1 <= (r - 1) * in_row(X_max)) { unset arrow 2 }
	}
	plot DATA using "x":(1):xtic(fit(strcol("label"))) every ::0::AXIS-1 with points ps TINY, \
	for [w in LIST] DATA using (mine(int(w)) ? column("x") + dodge(int(w)) : NaN):"shown":(end_of("shown_low", "shown")):(end_of("shown_high", "shown")):(tone(int(w))) \
		with yerrorbars pt -1 lw 1.3 lc rgb variable, \
	for [w in LIST] DATA using (mine(int(w)) ? column("x") + dodge(int(w)) : NaN):"shown":(tone(int(w))) \
		with points pt MARK[int(w)] ps 1.1 * SIZE lc rgb variable, \
	DATA using (axis_row(0) ? 1 : strcol("state") eq "failed" ? column("x") + dodge(place(strcol("allocator"))) : NaN):(lo * 1.04): \
		(axis_row(0) ? TINY : SIZE):(paint(strcol("allocator"))) with points pt 2 ps variable lc rgb variable, \
	DATA using (axis_row(0) ? 1 : strcol("state") eq "cut" && column("ratio") > 1 ? column("x") + dodge(place(strcol("allocator"))) : NaN): \
		(axis_row(0) ? 1 : column("shown") * (place(strcol("allocator")) % 2 ? 0.93 : 0.93 / stagger)):(axis_row(0) ? "" : sprintf("%.3g", column("ratio"))) \
		with labels right rotate by 90 font sized(10, 10, 6.5) textcolor rgb "#111111", \
	DATA using (axis_row(0) ? 1 : strcol("state") eq "cut" && column("ratio") < 1 ? column("x") + dodge(place(strcol("allocator"))) : NaN): \
		(axis_row(0) ? 1 : column("shown") * (place(strcol("allocator")) % 2 ? 1.08 : 1.08 * stagger)):(axis_row(0) ? "" : sprintf("%.3g", column("ratio"))) \
		with labels left rotate by 90 font sized(10, 10, 6.5) textcolor rgb "#111111"
	if (ROWS > 1) { eval shown_once }
}
if (ROWS > 1) { unset multiplot }

load "again.gp"
