# Figure 16b: instructions (callgrind) or hardware events per operation, a panel each.
FIG = "fig16b"
WITH_NULL = 1
load "sheet.gp"
DATA = FIG.".tsv"
set datafile separator tab
stats DATA using 1 nooutput name "P"
panels = int(P_max)
stats DATA using 3 nooutput name "ALL"
ROWS = rows_for(ALL_max)    # of cells, for each event
W = sheet(1180); H = tall(200 + 260 * panels, 44 + 20 * legend_rows(NALL) + panels * ROWS * row_height(184, panels * ROWS))
load "style.gp"

eval count_axis
set logscale y 10
set format y "%g"
set lmargin at screen tall(0.085, 60.0 / W)
set rmargin at screen 0.985
do for [c=2:int(AXIS_max):2] { set object c rectangle from c-0.5,graph 0 to c+0.5,graph 1 fc rgb "#f5f5f5" fs solid noborder behind }
foot = 140.0 / H; between = 30.0 / H
high = (TOP - foot - (panels - 1) * between - 10.0 / H) / panels
NOTE = "medians over blocks"
eval footer
of_row = (TOP - (24.0 + MORE) / H) / (panels * ROWS)
set multiplot
do for [p=1:panels] {
	set tmargin at screen TOP - 10.0 / H - (p - 1) * (high + between)
	set bmargin at screen TOP - 10.0 / H - (p - 1) * (high + between) - high
	eval open_ranges
	panel_name = ""
	# What never happened has no place on a log axis: it is drawn on its lower edge.
	lo = 1e99; hi = 0
	stats DATA using (column("panel") == p ? (panel_name = strcol("event"), v = column("per_op"), \
		v > 0 ? (lo = v < lo ? v : lo, hi = v > hi ? v : hi, v) : v) : NaN) nooutput name "R"
	if (hi == 0) { lo = 1; hi = 1 }
	set yrange [lo / 1.5:hi * 1.5]
	if (hi / lo < 1000) { eval decade_tics } else { eval count_tics }
	set ylabel (PAPER ? (strstrt(panel_name, " (") ? panel_name[1:strstrt(panel_name, " (")-1] : short(panel_name, 9))." / op" : panel_name." per operation")
	if (p < panels && !PAPER) { set xtics scale 0 textcolor rgb "white" } else { set xtics rotate by 35 right scale 0 textcolor rgb "#111111" }
	do for [r=1:ROWS] {
	set xrange [(r - 1) * tall(AXIS_max, in_row(AXIS_max)) + 0.4:min2(r * tall(AXIS_max, in_row(AXIS_max)), AXIS_max) + 0.6]
	if (PAPER) {
		set tmargin at screen TOP - ((p - 1) * ROWS + r - 1) * of_row - 4.0 / H
		set bmargin at screen TOP - ((p - 1) * ROWS + r) * of_row + 76.0 / H
	}
	plot DATA using "x":(lo):xtic(fit(strcol("label"))) every ::0::AXIS-1 with points ps TINY, \
		for [w in LIST] DATA using (mine(int(w)) && column("panel") == p ? column("x") + dodge(int(w)) : NaN):(max2(column("per_op"), lo / 1.5)) \
			with points pt MARK[int(w)] ps 1.3 * SIZE lc rgb COLOUR[int(w)]
	eval shown_once
	}
}
unset multiplot

load "again.gp"
