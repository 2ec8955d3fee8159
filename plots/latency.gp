# The body of figures 10 and 10b: latency over percentiles, x = -log10(1 - p).
load "sheet.gp"
DATA = FIG.".tsv"
stats DATA using 1 nooutput name "P"
panels = int(P_max)
across = panels < 3 ? panels : panels % 4 == 0 || panels > 9 ? 4 : 3
across = evenly(beside(across, panels, 112), panels)
down = (panels + across - 1) / across
LINE = row_height(tall(260, down == 1 ? 190 : 108), down)
W = sheet(1180); H = 110 + tall(down == 1 ? 330 : 260 * down, 20 * (legend_rows(N) - 1) + LINE * down)
PANELS = panels; PANEL_COLUMNS = "x ns"
load "style.gp"

left = tall(0.065, 46.0 / W); gap = tall(0.05, 44.0 / W)
wide = min2((0.985 - left - gap * (across - 1)) / across, 0.6)
between = tall(70.0, 42.0) / H
stats DATA using (column("x")) nooutput name "X"
lo = 0; hi = 0
eval widen("clock_cost_ns", "1")
clock = hi
NOTE = blocks(BLOCKS_LATENCY).", histograms added up".(clock > 0 ? sprintf("; timing nothing costs %.0f ns; grey: under 3 times that", clock) : "")
eval footer
foot = (tall(84.0, 64.0) + MORE) / H
high = (TOP - foot - tall(24.0, 34.0) / H - (down - 1) * between) / down
set xtics ("50 %%" 0.301, "90" 1, "99" 2, "99.9" 3, "99.99" 4, "99.999" 5, "99.9999" 6, "" 7)
percents = "set xtics (\"50 %%\" 0.301, \"90\" 1, \"99\" 2, \"99.9\" 3, \"99.99\" 4)"
if (wide * W < 200) { percents = "set xtics (\"50 %%\" 0.301, \"\" 1, \"99\" 2, \"99.9\" 3, \"\" 4)" }
# Grey under three costs of the clock.
shade(i) = column("ns") < 3 * clock ? hex(UNSURE) : hex(COLOUR[i])
set logscale y 10
set multiplot
do for [p=1:panels] {
	column_of = (p - 1) % across
	row_of = (p - 1) / across
	set lmargin at screen left + column_of * (wide + gap)
	set rmargin at screen left + column_of * (wide + gap) + wide
	set tmargin at screen TOP - tall(24.0, 34.0) / H - row_of * (high + between)
	set bmargin at screen TOP - tall(24.0, 34.0) / H - row_of * (high + between) - high
	eval open_ranges
	rows = panel_rows(p)
	full = ""
	seen = 0; names = 0
	stats rows using (strcol("x")[1:3] eq "nan" ? (names = names + 1, full = full.(names == 1 ? "" : names % 2 || PAPER ? ",\n" : ", ").NAME[int(column("who"))], 0) : (seen = seen + 1, 0)) nooutput name "S"
	Y_min = 1000; Y_max = 1e6
	if (seen) { stats rows using (strcol("x")[1:3] eq "nan" ? NaN : column("ns")) nooutput name "Y" }
	set label 97 SMALL.(names ? "saturated:\n".full : "") at graph 0.97,graph (names ? 0.06 + (PAPER ? 0.1 * names : 0.07 * ((names + 1) / 2)) : 0) right font sized(14, 10.5, 6.5) textcolor rgb "#666666"
	low = Y_min / 1.3
	if (clock > 0 && 3 * clock > low) { low = min2(low, clock / 1.5) }
	set yrange [low:Y_max * 1.3]
	set ytics ("10 ns" 10, "20 ns" 20, "50 ns" 50, "100 ns" 100, "200 ns" 200, "500 ns" 500, "1 µs" 1e3, "2 µs" 2e3, "5 µs" 5e3, "10 µs" 1e4, "20 µs" 2e4, "50 µs" 5e4, "100 µs" 1e5, "200 µs" 2e5, "500 µs" 5e5, "1 ms" 1e6, "2 ms" 2e6, "5 ms" 5e6, "10 ms" 1e7, "20 ms" 2e7, "50 ms" 5e7, "100 ms" 1e8, "200 ms" 2e8, "500 ms" 5e8, "1 s" 1e9, "2 s" 2e9, "5 s" 5e9, "10 s" 1e10)
	if (Y_max / low > tall(300, 12)) { eval time_tics }
	set title titled(PANEL_NAME[p]) @tics_font offset 0,-0.5
	unset object 1
	if (3 * clock > low) { set object 1 rectangle from graph 0,first low to graph 1,first min2(3 * clock, Y_max * 1.3) fc rgb LIGHT fs solid noborder behind }
	if (p + across > panels) { set xlabel "percentile" offset 0,0.3 } else { unset xlabel }
	if (PAPER) { eval (p + across > panels ? percents : "set xtics (\"\" 0.301, \"\" 1, \"\" 2, \"\" 3, \"\" 4, \"\" 5)") }
	set xrange [0:X_max * 1.02]
	if (!seen) {
		plot NaN notitle
	} else {
		plot for [i=1:DRAWN] rows using (is(i) ? column("x") : NaN):"ns":(shade(i)) with lines lw 1.5 dt DASH[i] lc rgb variable, \
			for [i=1:DRAWN] rows using (is(i) && column("x") >= 0 && int(column("x") / 0.05 + 0.5) % 14 == (2 * i) % 14 ? column("x") : NaN):"ns":(shade(i)) \
				with points pt MARK[i] ps 0.9 * SIZE lc rgb variable
	}
	eval shown_once
}
unset multiplot

load "again.gp"
