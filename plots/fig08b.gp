# Figure 8b: resident memory over the page floor, and the page floor over live bytes.
FIG = "fig08b"
load "sheet.gp"
W = sheet(1180); H = tall(700, 340)
DATA = FIG.".tsv"
load "style.gp"

eval count_axis
set logscale y 2
set lmargin at screen tall(0.1, 54.0 / W)
set rmargin at screen 0.985
do for [c=2:int(AXIS_max):2] { set object c rectangle from c-0.5,graph 0 to c+0.5,graph 1 fc rgb "#f5f5f5" fs solid noborder behind }
set arrow 1 from graph 0,first 1 to graph 1,first 1 nohead lc rgb "#444444" lw 1.2 back
NOTE = blocks(BLOCKS_MEMORY)." at most; medians"
eval footer
half = (TOP - (tall(150.0, 96.0) + MORE) / H - tall(40.0, 18.0) / H) / 2
array WHAT[2] = ["rss_per_floor", "floor_per_live"]
array TITLE[2] = ["resident / page floor", "page floor / live bytes"]
set multiplot
do for [p=1:2] {
	set tmargin at screen TOP - (p - 1) * (half + tall(30.0, 14.0) / H)
	set bmargin at screen TOP - (p - 1) * (half + tall(30.0, 14.0) / H) - half
	eval open_ranges
	stats DATA using (column(WHAT[p])) nooutput name "R"
	set yrange [min2(0.9, R_min / 1.1):max2(1.25, R_max * 1.15)]
	set ytics (0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8)
	if (R_max < 1.8) { set ytics (0.5, 0.7, 1, 1.1, 1.2, 1.4, 2, 2.8, 4, 5.6, 8, 11, 16, 32, 64, 128, 256, 512, 1024) }
	if (R_max > 6) { set ytics (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024) }
	set ylabel (PAPER ? (p == 1 ? "resident / floor" : "floor / live") : TITLE[p])
	if (p == 1) { set xtics scale 0 textcolor rgb "white" } else { set xtics rotate by 40 right scale 0 textcolor rgb "#111111" }
	set xrange [0.4:AXIS_max+0.6]
	plot DATA using "x":(1):xtic(fit(strcol("label"))) every ::0::AXIS-1 with points ps TINY, \
		for [w in LIST] DATA using (mine(int(w)) ? column("x") + dodge(int(w)) : NaN):WHAT[p] \
			with points pt MARK[int(w)] ps 1.3 * SIZE lc rgb COLOUR[int(w)]
	eval shown_once
}
unset multiplot

load "again.gp"
