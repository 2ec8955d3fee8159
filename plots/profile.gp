# The body of figures 14 and 14b: performance profiles of CPU time and of peak memory.
load "sheet.gp"
W = sheet(1180); H = tall(500, LOW)
load "style.gp"
DATA = FIG.".tsv"

set logscale x 2
set yrange [0:1.03]
set ytics ("0" 0, "25 %%" 0.25, "50 %%" 0.5, "75 %%" 0.75, "100 %%" 1)
set grid x y
left = tall(0.06, 56.0 / W); gap = tall(0.045, 16.0 / W)
wide = (0.985 - left - gap) / 2
set tmargin at screen TOP - 26.0 / H
NOTE = WHAT." in mode throughput; medians of paired ratios, over the least of the cell"
eval footer
set bmargin at screen (tall(84.0, 64.0) + MORE) / H
set multiplot
do for [p=1:2] {
	set lmargin at screen left + (p - 1) * (wide + gap)
	set rmargin at screen left + (p - 1) * (wide + gap) + wide
	eval open_ranges
	panel_name = ""
	stats DATA using (column("panel") == p ? (panel_name = strcol("title"), column("factor")) : NaN) nooutput name "F"
	most = min2(F_max, 64) * 1.04 + 0.01
	set xrange [1:most]
	set yrange [0:1.03]
	set title titled(panel_name) @tics_font offset 0,-0.5
	set xlabel "times the best of the cell" offset 0,0.3
	if (most > 6) { set xtics (1, 1.4, 2, 2.8, 4, 5.6, 8, 16, 32, 64); if (PAPER) { set xtics (1, 2, 4, 8, 16, 32, 64) } } else { set xtics (1, 1.1, 1.2, 1.4, 1.7, 2, 2.4, 2.8, 3.4, 4, 5); if (PAPER) { set xtics (1, 1.2, 1.4, 1.7, 2, 2.8, 4, 5.6) } }
	if (p == 2) { set ytics ("" 0, "" 0.25, "" 0.5, "" 0.75, "" 1) }
	if (p == 1) { set ylabel "share of ".WHAT offset tall(1, 1.5),0 } else { unset ylabel }
	on(i) = mine(i) && column("panel") == p
	plot for [i=1:DRAWN] DATA using (on(i) ? column("factor") : NaN):"share" with steps lw tall(1.7, 1.4) dt DASH[i] lc rgb COLOUR[i], \
		for [i=1:DRAWN] DATA using (on(i) && column("marked") == 1 ? column("factor") : NaN):"share" with points pt MARK[i] ps 1.1 * SIZE lc rgb COLOUR[i]
	eval shown_once
}
unset multiplot

load "again.gp"
