# The body of figures 15 and 15b: cumulative shares of objects and of their bytes, a panel
# per workload on one scale.  The figure sets `scale` to the commands of its axis.
DATA = FIG.".tsv"
stats DATA using 1 nooutput name "P"
panels = int(P_max)
across = evenly(beside(panels < 5 ? panels : 5, panels, 110), panels)
down = (panels + across - 1) / across
LINE = row_height(tall(204, 112), down)
W = sheet(1180); H = tall(110, 120) + LINE * down
load "style.gp"
do for [i=1:NALL] { unset label 100+i }

left = tall(62.0, 46.0) / W; gap = tall(30.0, 18.0) / W
wide = (0.985 - left - gap * (across - 1)) / across
above = tall(64.0, 56.0) / H; between = tall(80.0, 58.0) / H
APART = tall(0.16, 190.0 / W)
set label 101 "share of the objects" at screen left, screen 1 - 16.0 / H textcolor rgb "#111111"
set label 102 "share of their bytes" at screen left + APART, screen 1 - 16.0 / H textcolor rgb "#111111"
set arrow 101 from screen left - 0.022, screen 1 - 16.0 / H to screen left - 0.004, screen 1 - 16.0 / H nohead lw 2 lc rgb "#111111"
set arrow 102 from screen left + APART - 0.022, screen 1 - 16.0 / H to screen left + APART - 0.004, screen 1 - 16.0 / H nohead lw 2 dt 2 lc rgb COLOURED
NOTE = "one run per workload, under glibc"
eval footer
foot = (tall(66.0, 64.0) + MORE) / H
high = (1 - above - foot - (down - 1) * between) / down
stats DATA using (column("value")) nooutput name "V"
eval scale
set xrange [V_min < 1 ? 0.5 : V_min / 2.0 : V_max * 4]
set yrange [0:1.02]
at(p) = column("panel") == p ? (column("value") < 1 ? 0.5 : column("value")) : NaN
set multiplot
do for [p=1:panels] {
	column_of = (p - 1) % across
	row_of = (p - 1) / across
	set lmargin at screen left + column_of * (wide + gap)
	set rmargin at screen left + column_of * (wide + gap) + wide
	set tmargin at screen 1 - above - row_of * (high + between)
	set bmargin at screen 1 - above - row_of * (high + between) - high
	panel_name = ""
	stats DATA using (column("panel") == p ? (panel_name = strcol("label"), 1) : NaN) nooutput name "T"
	set title titled(panel_name) @tics_font offset 0,-0.5
	if (column_of == 0) { set ytics ("0" 0, "50 %%" 0.5, "100 %%" 1) } else { set ytics ("" 0, "" 0.5, "" 1) }
	if (p + across > panels) { set xlabel XLABEL offset 0,0.4 } else { unset xlabel }
	plot DATA using (at(p)):"bytes" with steps lw 1.8 dt 2 lc rgb COLOURED, \
		DATA using (at(p)):"count" with steps lw 1.6 lc rgb "#111111"
	eval shown_once
	do for [k=99:102] { unset label k }
	unset arrow 101; unset arrow 102
}
unset multiplot

load "again.gp"
