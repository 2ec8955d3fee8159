# Figure 4: CPU time of every block, a panel per cell.
FIG = "fig04"
load "sheet.gp"
DATA = FIG.".tsv"
stats DATA using 1 nooutput name "P"
panels = int(P_max)
across = evenly(beside(panels < 5 ? panels : 5, panels, 110), panels)
down = (panels + across - 1) / across
LINE = row_height(tall(190, 100), down)
W = sheet(1180); H = 90 + tall(0, 20 * (legend_rows(N) - 1)) + LINE * down
load "style.gp"

left = tall(62.0, 50.0) / W; gap = tall(54.0, 32.0) / W
wide = (0.985 - left - gap * (across - 1)) / across
between = tall(44.0, 26.0) / H
NOTE = "1 is the median of ".REFERENCE."; a mark per block, ".blocks(BLOCKS)." at most"
eval footer
foot = (tall(46.0, 28.0) + MORE) / H
high = (TOP - 24.0 / H - foot - (down - 1) * between) / down
unset xtics
set logscale y 2
set arrow 1 from graph 0,first 1 to graph 1,first 1 nohead lc rgb "#444444" lw 1.2 back
set multiplot
do for [p=1:panels] {
	column_of = (p - 1) % across
	row_of = (p - 1) / across
	set lmargin at screen left + column_of * (wide + gap)
	set rmargin at screen left + column_of * (wide + gap) + wide
	set tmargin at screen TOP - 24.0 / H - row_of * (high + between)
	set bmargin at screen TOP - 24.0 / H - row_of * (high + between) - high
	eval open_ranges
	panel_name = ""
	stats DATA using (column("panel") == p ? (panel_name = strcol("label"), column("ratio")) : NaN) nooutput name "Y"
	set title titled(panel_name) @tics_font offset 0,-0.5
	lo = min2(Y_min, 1) / 1.05; hi = max2(Y_max, 1) * 1.05
	set yrange [lo:hi]
	eval "set ytics ".narrow_tics(lo, hi)
	set xrange [0.4:N + 0.6]
	if (column_of == 0) { set ylabel "ratio" offset 1,0 } else { unset ylabel }
	plot for [i=1:N] DATA using (mine(i) && column("panel") == p ? column("x") + apart(column("block")) : NaN):"ratio" \
			with points pt MARK[i] ps 0.8 * SIZE lc rgb COLOUR[i], \
		DATA using (column("panel") == p ? column("x") - 0.4 : NaN):"median":(0.8):(0) with vectors nohead lw 1.2 lc rgb "#111111"
	eval shown_once
}
unset multiplot

load "again.gp"
