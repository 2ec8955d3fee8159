# Figure 13: ratios of all cells and contenders as a map.
FIG = "fig13"
DATA = FIG.".tsv"
set datafile separator tab
stats DATA using 5 nooutput name "Y"
stats DATA using 3 nooutput name "X"
W = 300 + 130 * X_max > 1180 ? 300 + 130 * X_max : 1180; H = 120 + 21 * Y_max
load "style.gp"
do for [i=1:NALL] { unset label 100+i }    # the columns are named instead

set label 99 footer("log scale of colours from 1/2 to 2; numbers are ratios to ".REFERENCE)
set palette defined (-1 "#8ab8e0", 0 "#ffffff", 1 "#f5b26b")
set cbrange [-1:1]
unset colorbox
unset border
unset grid
set style fill solid 1 border rgb "#ffffff"
left = 0.145; middle = 0.02
wide = (0.99 - left - middle) / 2
set tmargin at screen 1 - 66.0 / H
set bmargin at screen 34.0 / H
shade(r) = r < 0.5 ? -1 : r > 2 ? 1 : log(r) / log(2)
# The names of rows and columns, as lists of tics.
across = ""; down = ""
stats DATA using (column("panel") == 1 && column("y") == 1 ? (across = across.sprintf("%s\"%s\" %d", across eq "" ? "" : ", ", strcol("allocator"), int(column("x"))), 1) : NaN) nooutput name "Z"
stats DATA using (column("panel") == 1 && column("x") == 1 ? (down = down.sprintf("%s\"%s\" %d", down eq "" ? "" : ", ", strcol("label"), int(column("y"))), 1) : NaN) nooutput name "Z"
unset xtics
eval "set x2tics (".across.") scale 0 offset 0,-0.4"
eval "set ytics (".down.") scale 0"
set multiplot
do for [p=1:2] {
	set lmargin at screen left + (p - 1) * (wide + middle)
	set rmargin at screen left + (p - 1) * (wide + middle) + wide
	eval open_ranges
	panel_name = ""
	stats DATA using (column("panel") == p ? (panel_name = strcol("title"), 1) : NaN) nooutput name "T"
	set title panel_name offset 0,-0.2
	set xrange [0.5:X_max + 0.5]
	set x2range [0.5:X_max + 0.5]
	set yrange [Y_max + 0.5:0.5]
	if (p == 2) { unset ytics }
	plot DATA using (column("panel") == p ? column("x") : NaN):"y":(0.5):(0.5):(shade(column("ratio"))) \
			with boxxyerror lc palette, \
		DATA using (column("panel") == p ? column("x") : NaN):"y":(column("unsure") == 1 ? "(".strcol("text").")" : strcol("text")) with labels textcolor rgb "#111111" font FONT.(PASS == 1 ? ",12" : ",9")
	unset label 99
}
unset multiplot

load "again.gp"
