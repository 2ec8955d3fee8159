# Figure 5: operations per second over threads, a panel per workload.
FIG = "fig05"
load "sheet.gp"
DATA = FIG.".tsv"
stats DATA using 1 nooutput name "P"
panels = int(P_max)
across = beside(panels < 3 ? panels : 3, panels, 120)
down = (panels + across - 1) / across
W = sheet(panels == 1 ? 760 : 1180); H = PAPER ? LOW + (down - 1) * 150 : 460
load "style.gp"

stats DATA using (column("threads")) nooutput name "T"
left = tall(90.0, 52.0) / W; gap = tall(0.07, 36.0 / W)
wide = (0.985 - left - gap * (across - 1)) / across

set xtics (1, 2, 4, 8, 16, 32, 64, 128)
NOTE = blocks(BLOCKS)." at most; median with its 95 % bootstrap interval, not paired; grey: n < 5"
eval footer
foot = (tall(84.0, 66.0) + MORE) / H
high = (TOP - foot - 26.0 / H - (down - 1) * 76.0 / H) / down
shift(i) = (i - (DRAWN + 1) / 2.0) * 0.012 * T_max
set multiplot
do for [p=1:panels] {
	column_of = (p - 1) % across
	row_of = (p - 1) / across
	set lmargin at screen left + column_of * (wide + gap)
	set rmargin at screen left + column_of * (wide + gap) + wide
	set tmargin at screen TOP - 26.0 / H - row_of * (high + 76.0 / H)
	set bmargin at screen TOP - 26.0 / H - row_of * (high + 76.0 / H) - high
	eval open_ranges
	on(i) = mine(i) && column("panel") == p
	lo = 0; hi = 0
	eval widen("ops_per_s", "column(\"panel\") == p")
	eval widen("high", "column(\"panel\") == p")
	set yrange [0:hi / 1e6 * 1.08]
	panel_name = ""
	single = NaN
	stats DATA using (column("panel") == p ? (panel_name = strcol("workload"), 1) : NaN) nooutput name "Z"
	stats DATA using (strcol("allocator") eq REFERENCE && column("panel") == p && column("threads") == 1 ? (single = column("ops_per_s") / 1e6) : 0) nooutput name "Z"
	set title titled(panel_name) @tics_font offset 0,-0.4
	set xlabel "threads" offset 0,0.3
	if (column_of == 0) { set ylabel PAPER ? "million operations / s" : "million operations per second" } else { unset ylabel }
	set xrange [0:T_max * 1.08]
	plot single * x with lines lc rgb "#bbbbbb" lw 1.5 dt 2, \
		for [w in LIST] DATA using (on(int(w)) ? column("threads") + shift(int(w)) : NaN):(column("ops_per_s") / 1e6):(end_of("low", "ops_per_s") / 1e6):(end_of("high", "ops_per_s") / 1e6):(tone(int(w))) \
			with yerrorbars pt -1 lw 1.2 lc rgb variable, \
		for [w in LIST] DATA using (on(int(w)) ? column("threads") + shift(int(w)) : NaN):(column("ops_per_s") / 1e6):(tone(int(w))) \
			with linespoints pt MARK[int(w)] ps 1.2 * SIZE lw 1.4 dt DASH[int(w)] lc rgb variable
	eval shown_once
}
unset multiplot

load "again.gp"
