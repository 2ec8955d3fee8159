# Body of the op-matrix figures: METRIC of a pair over size, a panel per pattern.
DATA = "op-matrix.tsv"
W = 1180; H = 640
load "style.gp"

array PATTERN[7] = ["one at a time", "batches of 100", "10,000, then all freed", "one of 10,000 at random", "5000 to 15,000 live, 16 to 1024 B", "100 freed by another thread", "10,000 freed by another thread"]
across = 4
left = 84.0 / W; gap = 0.05
wide = (0.985 - left - gap * (across - 1)) / across
high = (TOP - 90.0 / H - 26.0 / H - 80.0 / H) / 2
set logscale x 2
set xtics rotate by 35 right ("16" 16, "64" 64, "256" 256, "1 Ki" 1024, "4 Ki" 4096, "16 Ki" 16384, "64 Ki" 65536, "256 Ki" 262144, "1 Mi" 1048576)
eval footer
set multiplot
do for [p=0:6] {
	column_of = p % across
	row_of = p / across
	set lmargin at screen left + column_of * (wide + gap)
	set rmargin at screen left + column_of * (wide + gap) + wide
	set tmargin at screen TOP - 26.0 / H - row_of * (high + 80.0 / H)
	set bmargin at screen TOP - 26.0 / H - row_of * (high + 80.0 / H) - high
	eval open_ranges
	lo = 0; hi = 0
	eval widen(METRIC, "column(\"number\") == p && strcol(\"allocator\") ne \"-\"")
	if (hi > 0) {
		set yrange [(lo < 0 ? lo * 1.08 : 0):hi * 1.08]
		set title PATTERN[p + 1] offset 0,-0.4
		if (row_of == 1) { set xlabel "bytes" offset 0,0.3 } else { unset xlabel }
		if (column_of == 0) { set ylabel LABEL } else { unset ylabel }
		if (p == 4) { set xrange [64:4096]; set xtics scale 0 textcolor rgb "white" } else { set xrange [*:*]; set xtics scale 0.6 textcolor rgb "#111111" }
		x(s) = s == 0 ? 512 : s
		plot for [w in LIST] DATA using (mine(int(w)) && column("number") == p ? x(column("size")) * (p == 4 ? 2 ** (dodge(int(w)) * 2) : 1) : NaN):METRIC \
			with linespoints pt MARK[int(w)] ps 1.2 * SIZE lw 1.4 lc rgb COLOUR[int(w)]
	}
	eval shown_once
}
unset multiplot

load "again.gp"
