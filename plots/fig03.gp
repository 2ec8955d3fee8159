# Figure 3: paired ratios of CPU time, one panel per contender, Ashlar first.
FIG = "fig03"
RATIO = 1
DATA = FIG.".tsv"
load "sheet.gp"
stats DATA using 1 nooutput name "X"
panels = N - (sum [i=1:N] (NAME[i] eq REFERENCE))
across = evenly(beside(panels < 3 ? panels : panels > 6 ? 4 : 3, panels, 78), panels)
down = (panels + across - 1) / across
LINE = row_height(tall(22, 12), down * (X_max + 1))    # of a cell
BETWEEN = tall(78, 52)
W = sheet(1180); H = tall(124, 104) + down * (LINE * (X_max + 1)) + (down - 1) * BETWEEN
load "style.gp"

eval count_axis
lo = 0.9; hi = 1.1
eval widen("shown", "1")
eval widen("shown_low", "1")
eval widen("shown_high", "1")
lo = lo / 1.06; hi = hi * 1.06

# The panels: Ashlar, then the others in order.
array PANEL[DRAWN]
panels = 0
do for [i=1:DRAWN] { if (NAME[i] eq "ashlar" && NAME[i] ne REFERENCE) { panels = panels + 1; PANEL[panels] = i } }
do for [i=1:DRAWN] { if (NAME[i] ne "ashlar" && NAME[i] ne REFERENCE) { panels = panels + 1; PANEL[panels] = i } }
do for [i=1:DRAWN] { unset label 100+i }    # each panel is named instead

left = tall(0.165, 112.0 / W); gap = tall(0.018, 8.0 / W)
wide = (0.985 - left - gap * (across - 1)) / across
head = tall(40.0, 26.0) / H

set logscale x 2
set xrange [lo:hi]
eval "set xtics ".narrow_tics(lo, hi)
set yrange [X_max+0.7:0.3]
set grid x y
NOTE = (PAPER ? "ratio to ".REFERENCE."; " : "").blocks(BLOCKS)." at most per cell; ".INTERVAL."; grey band 1 ± 2 %"
eval footer
foot = (tall(84.0, 66.0) + MORE) / H
high = (1 - foot - head - (down - 1) * BETWEEN / (H + 0.0)) / down
set multiplot
do for [p=1:panels] {
	column_of = (p - 1) % across
	row_of = (p - 1) / across
	set lmargin at screen left + column_of * (wide + gap)
	set rmargin at screen left + column_of * (wide + gap) + wide
	set tmargin at screen 1 - head - row_of * (high + BETWEEN / (H + 0.0))
	set bmargin at screen 1 - head - row_of * (high + BETWEEN / (H + 0.0)) - high
	i = PANEL[p]
	set label 1 NAME[i] at graph 0.03,graph 1.035 left offset tall(1.2, 1),0 point pt MARK[i] ps 1.3 * SIZE lc rgb COLOUR[i] textcolor rgb "#111111" font sized(15, 11, 8)
	set object 1 rectangle from 0.98,graph 0 to 1.02,graph 1 fc rgb LIGHT fs solid noborder behind
	set arrow 1 from 1,graph 0 to 1,graph 1 nohead lc rgb "#444444" lw 1.2 back
	if (row_of == down - 1 || p + across > panels) { set xlabel (PAPER ? "ratio" : "ratio to ".REFERENCE) offset 0,0.3 } else { unset xlabel }
	if (column_of == 0) { set ytics nomirror out scale 0.6 textcolor rgb "#111111" @tics_font } else { unset ytics }
	plot DATA using (1):"x":ytic(fit(strcol("label"))) every ::0::AXIS-1 with points ps TINY, \
		DATA using "shown":(mine(i) ? column("x") : NaN):(end_of("shown_low", "shown")):(end_of("shown_high", "shown")):(tone(i)) \
			with xerrorbars pt -1 lw 1.5 lc rgb variable, \
		DATA using "shown":(mine(i) ? column("x") : NaN):(tone(i)) \
			with points pt MARK[i] ps 1.1 * SIZE lc rgb variable, \
		DATA using (lo * 1.03):(axis_row(0) ? 1 : mine(i) && strcol("state") eq "failed" ? column("x") : NaN): \
			(axis_row(0) ? "" : "failed") with labels left font sized(10, 10, 6.5) textcolor rgb "#111111", \
		DATA using (axis_row(0) ? 1 : column("shown")):(axis_row(0) ? 1 : mine(i) && strcol("state") eq "cut" && column("ratio") > 1 ? column("x") : NaN): \
			(axis_row(0) ? "" : sprintf("%.3g", column("ratio"))) with labels right offset -1,0 font sized(10, 10, 6.5) textcolor rgb "#111111", \
		DATA using (axis_row(0) ? 1 : column("shown")):(axis_row(0) ? 1 : mine(i) && strcol("state") eq "cut" && column("ratio") < 1 ? column("x") : NaN): \
			(axis_row(0) ? "" : sprintf("%.3g", column("ratio"))) with labels left offset 1,0 font sized(10, 10, 6.5) textcolor rgb "#111111"
	eval shown_once
}
unset multiplot

load "again.gp"
