# Figure 13: ratios of all cells and contenders as a map.
FIG = "fig13"
load "sheet.gp"
DATA = FIG.".tsv"
set datafile separator tab
stats DATA using 5 nooutput name "Y"
stats DATA using 3 nooutput name "X"
STACKED = PAPER && (sheet(0) - 110) / 2 < X_max * 44    # the two are one above the other
W = sheet(300 + 130 * X_max > 1180 ? 300 + 130 * X_max : 1180)
H = PAPER ? 40 + (STACKED ? 2 : 1) * (50 + 15 * Y_max) : 120 + 21 * Y_max
load "style.gp"
do for [i=1:NALL] { unset label 100+i }    # the columns are named instead

NOTE = "log scale of colours from 1/2 to 2; numbers are ratios to ".REFERENCE

eval footer
set palette defined (-1 "#8ab8e0", 0 "#ffffff", 1 "#f5b26b")
set cbrange [-1:1]
unset colorbox
unset border
unset grid
set style fill solid 1 border rgb "#ffffff"
left = tall(0.145, 104.0 / W); middle = 0.02
wide = STACKED ? 0.99 - left : (0.99 - left - middle) / 2
set tmargin at screen 1 - tall(66.0, 42.0) / H
set bmargin at screen (34.0 + MORE) / H
high = STACKED ? (1 - (34.0 + MORE) / H) / 2 : 0
shade(r) = r < 0.5 ? -1 : r > 2 ? 1 : log(r) / log(2)
# The names of rows and columns, as lists of tics, which are formats between quotes.
quoted(s) = strlen(s) == 0 ? "" : (s[1:1] eq "'" ? "''" : s[1:1] eq "%" ? "%%" : s[1:1]).quoted(s[2:*])
across = ""; down = ""
stats DATA using (column("panel") == 1 && column("y") == 1 ? (across = across.sprintf("%s'%s' %d", across eq "" ? "" : ", ", quoted(SMALL.short(strcol("allocator"), tall(40, 4))), int(column("x"))), 1) : NaN) nooutput name "Z"
stats DATA using (column("panel") == 1 && column("x") == 1 ? (down = down.sprintf("%s'%s' %d", down eq "" ? "" : ", ", quoted(PAPER ? fit(strcol("label")) : strcol("label")), int(column("y"))), 1) : NaN) nooutput name "Z"
unset xtics
eval "set x2tics (".across.") scale 0 offset 0,-0.4 ".tics_font
eval "set ytics (".down.") scale 0 ".tics_font
NUMBER = 'column("unsure") == 1 ? "(".strcol("text").")" : strcol("text")'
if (PAPER) { NUMBER = "SMALL.(".NUMBER.")" }
set multiplot
do for [p=1:2] {
	set lmargin at screen left + (STACKED ? 0 : p - 1) * (wide + middle)
	set rmargin at screen left + (STACKED ? 0 : p - 1) * (wide + middle) + wide
	if (STACKED) {
		set tmargin at screen 1 - (p - 1) * high - 38.0 / H
		set bmargin at screen 1 - p * high + 10.0 / H
	}
	eval open_ranges
	panel_name = ""
	stats DATA using (column("panel") == p ? (panel_name = strcol("title"), 1) : NaN) nooutput name "T"
	set title panel_name offset 0,tall(-0.2, -0.6)
	set xrange [0.5:X_max + 0.5]
	set x2range [0.5:X_max + 0.5]
	set yrange [Y_max + 0.5:0.5]
	if (p == 2 && !STACKED) { unset ytics }
	plot DATA using (column("panel") == p ? column("x") : NaN):"y":(0.5):(0.5):(shade(column("ratio"))) \
			with boxxyerror lc palette, \
		DATA using (column("panel") == p ? column("x") : NaN):"y":(@NUMBER) with labels textcolor rgb "#111111" font sized(12, 9, 6.5)
	unset label 99
}
unset multiplot

load "again.gp"
