# A count per cell and contender with its range, on a log axis that may hold 0: the body of
# figures 17 and 17b, which set FIG and TITLE.
load "sheet.gp"
DATA = FIG.".tsv"
set datafile separator tab
stats DATA using 1 nooutput name "ALL"
ROWS = rows_for(ALL_max)
W = sheet(1180); H = tall(520, 44 + 20 * legend_rows(N) + ROWS * row_height(178, ROWS))
load "style.gp"

eval count_axis
set logscale y 10
set lmargin at screen tall(0.085, 60.0 / W)
set rmargin at screen 0.985
do for [c=2:int(AXIS_max):2] { set object c rectangle from c-0.5,graph 0 to c+0.5,graph 1 fc rgb "#f5f5f5" fs solid noborder behind }
NOTE = "medians and ranges over blocks"
eval footer
lo = 1e99; hi = 0
eval widen("value", "v > 0")
eval widen("most", "v > 0")
if (hi == 0) { lo = 0.1; hi = 0.1 }
# Whole decades, so that the axis has numbers however close the values lie.
least = max2(lo, hi / 1e6)
edge = 10.0**floor(log10(least / 1.5))
set yrange [edge:10.0**ceil(log10(hi * 1.1))]
set ylabel PAPER ? SHORT : TITLE
eval count_tics
set xtics rotate by 40 right scale 0 textcolor rgb "#111111"
high = (TOP - (24.0 + MORE) / H) / ROWS
set multiplot
do for [r=1:ROWS] {
	set tmargin at screen PAPER ? TOP - (r - 1) * high - 4.0 / H : TOP - 10.0 / H
	set bmargin at screen PAPER ? TOP - r * high + 76.0 / H : 150.0 / H
	set xrange [(r - 1) * tall(AXIS_max, in_row(AXIS_max)) + 0.4:min2(r * tall(AXIS_max, in_row(AXIS_max)), AXIS_max) + 0.6]
	plot DATA using "x":(least):xtic(fit(strcol("label"))) every ::0::AXIS-1 with points ps TINY, \
		for [w in LIST] DATA using (mine(int(w)) ? column("x") + dodge(int(w)) : NaN):(max2(column("value"), edge)):(max2(column("least"), edge)):(max2(column("most"), edge)) \
			with yerrorbars pt MARK[int(w)] ps 1.2 * SIZE lw 1.4 lc rgb COLOUR[int(w)]
	eval shown_once
}
unset multiplot

load "again.gp"
