# Figure 16: minor faults and system time per operation.
FIG = "fig16"
load "sheet.gp"
DATA = FIG.".tsv"
set datafile separator tab
stats DATA using 1 nooutput name "ALL"
ROWS = rows_for(ALL_max)    # of cells, for each of the two
W = sheet(1180); H = tall(820, 44 + 20 * legend_rows(N) + 2 * ROWS * row_height(178, 2 * ROWS))
load "style.gp"

eval count_axis
set logscale y 10
set lmargin at screen tall(0.085, 60.0 / W)
set rmargin at screen 0.985
do for [c=2:int(AXIS_max):2] { set object c rectangle from c-0.5,graph 0 to c+0.5,graph 1 fc rgb "#f5f5f5" fs solid noborder behind }
NOTE = blocks(BLOCKS)." at most; medians"
eval footer
half = (TOP - 170.0 / H - 40.0 / H) / 2
high = (TOP - (24.0 + MORE) / H) / (2 * ROWS)
array WHAT[2] = ["faults_per_1000", "sys_ns"]
array TITLE[2] = ["minor faults per 1000 operations", "system time per operation"]
set multiplot
do for [p=1:2] {
	set tmargin at screen TOP - 10.0 / H - (p - 1) * (half + 30.0 / H)
	set bmargin at screen TOP - 10.0 / H - (p - 1) * (half + 30.0 / H) - half
	eval open_ranges
	lo = 1e99; hi = 0
	eval widen(WHAT[p], "v > 0")
	if (hi == 0) { lo = 1; hi = 1 }
	least = max2(lo, hi / 1e8)
	most = hi
	set yrange [least / 1.5:most * 2]
	set ylabel (PAPER && p == 1 ? "faults / 1000 ops" : PAPER ? "system time / op" : TITLE[p])
	if (p == 2) { eval (PAPER ? few_time_tics : time_tics) } else { eval count_tics }
	if (p == 1 && !PAPER) { set xtics scale 0 textcolor rgb "white" } else { set xtics rotate by 40 right scale 0 textcolor rgb "#111111" }
	do for [r=1:ROWS] {
	set xrange [(r - 1) * tall(AXIS_max, in_row(AXIS_max)) + 0.4:min2(r * tall(AXIS_max, in_row(AXIS_max)), AXIS_max) + 0.6]
	if (PAPER) {
		set tmargin at screen TOP - ((p - 1) * ROWS + r - 1) * high - 4.0 / H
		set bmargin at screen TOP - ((p - 1) * ROWS + r) * high + 76.0 / H
	}
	plot DATA using "x":(least):xtic(fit(strcol("label"))) every ::0::AXIS-1 with points ps TINY, \
		for [w in LIST] DATA using (mine(int(w)) ? column("x") + dodge(int(w)) : NaN):(max2(column(WHAT[p]), least / 1.5)) \
			with points pt MARK[int(w)] ps 1.1 * SIZE lc rgb COLOUR[int(w)]
	eval shown_once
	}
}
unset multiplot

load "again.gp"
