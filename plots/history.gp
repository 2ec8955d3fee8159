# Series over many sets of results, a panel each; lines are the levels between changes.
FIG = "history"
load "sheet.gp"
DATA = FIG.".tsv"
stats DATA using 1 nooutput name "P"
PANELS = int(P_max)
PANEL_COLUMNS = "x value level segment"
across = PANELS < 3 ? PANELS : 3
down = (PANELS + across - 1) / across
W = sheet(1180); H = 96 + 206 * down
load "style.gp"

left = 70.0 / W; gap = 74.0 / W
wide = (0.985 - left - gap * (across - 1)) / across
each = (TOP - 44.0 / H) / down
NOTE = "x: number of the set in its series; line: median between changes"
eval footer
set multiplot
do for [p=1:PANELS] {
	column_of = (p - 1) % across
	row_of = (p - 1) / across
	set lmargin at screen left + column_of * (wide + gap)
	set rmargin at screen left + column_of * (wide + gap) + wide
	set tmargin at screen TOP - row_of * each - 26.0 / H
	set bmargin at screen TOP - (row_of + 1) * each + 40.0 / H
	eval open_ranges
	lo = 1e300; hi = -1e300
	eval widen("value", "column('panel') == p")
	stats panel_rows(p) using "x" nooutput name "X"
	stats panel_rows(p) using "segment" nooutput name "S"
	# What changes by less than a tenth is not blown up to fill the panel.
	room = max2((hi - lo) * 0.1, hi / lo < 1.1 ? (hi + lo) / 2 * 0.05 - (hi - lo) / 2 : 0)
	set xrange [0.5:X_max + 0.5]
	set yrange [lo - room:hi + room]
	set title PANEL_NAME[p] offset 0,-0.6
	plot for [i=0:NALL] panel_rows(p) using (is(i) ? column("x") : NaN):"value" \
		with points pt 7 ps 0.8 * SIZE lc rgb (i ? COLOUR[i] : "#444444"), \
		for [s=0:int(S_max)] panel_rows(p) using (column("segment") == s ? column("x") : NaN):"level" \
		with lines lw 1.8 lc rgb "#444444"
	eval shown_once
}
unset multiplot

load "again.gp"
