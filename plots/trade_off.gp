# The body of figures 12 and 12b: geometric mean time ratio against geometric mean memory ratio.
load "sheet.gp"
DATA = FIG.".tsv"
set datafile separator tab
set datafile columnheaders
# What is grey, with the reason, a line each below the axis.
doubts = 0; reasons = ""; SMALLER = PAPER && PASS == 2 ? "@small@" : ""
stats DATA using (strcol("doubt") eq "-" ? 0 : (doubts = doubts + 1, reasons = reasons."\n".SMALLER.strcol("allocator").", ".strcol("doubt"), 1)) nooutput name "Z"
BELOW = doubts ? tall(17, 12) * (doubts + 1) : 0    # their room
W = PAPER ? sheet(0) : 860; H = tall(600, 250) + BELOW
load "style.gp"

do for [i=1:NALL] { unset label 100+i }    # each point is named instead
array LO[2]; array HI[2]; array NAMES[2] = ["time", "rss"]
do for [k=1:2] {
	lo = 0.9; hi = 1.1
	eval widen(NAMES[k], "1")
	eval widen(NAMES[k]."_low", "1")
	eval widen(NAMES[k]."_high", "1")
	LO[k] = lo / 1.08; HI[k] = hi * 1.08
}
stats DATA using (column("place")) nooutput name "PLACE"
points = PLACE_max + 1

eval "set xtics ".ratio_tics(LO[1], HI[1])
eval "set ytics ".ratio_tics(LO[2], HI[2])
set grid x y
set xlabel PAPER ? "CPU time of ".WHAT.", ratio to ".REFERENCE : "CPU time per operation of ".WHAT.", geometric mean ratio to ".REFERENCE
set ylabel PAPER ? "peak memory, ratio" : "peak resident memory, geometric mean ratio to ".REFERENCE
set lmargin at screen tall(0.1, 48.0 / W)
set rmargin at screen tall(0.8, 1 - (longest * 7.6 + 26) / W)
set tmargin at screen 1 - tall(24.0, 8.0) / H
set arrow 1 from 1,graph 0 to 1,graph 1 nohead lc rgb "#999999" back
set arrow 2 from graph 0,first 1 to graph 1,first 1 nohead lc rgb "#999999" back
NOTE = (PAPER ? "geometric means; " : "").blocks(BLOCKS)." at most; 95 % intervals, blocks resampled in each workload"
eval footer
set bmargin at screen (tall(90.0, 64.0) + MORE + BELOW) / H
if (doubts) {
	set label 98 SMALL."Grey, as not certain:".reasons at screen 0.01, screen (tall(24.0, 24.0 + MORE) + tall(17, 12) * doubts) / H left font sized(11, 8.2, 6.5) textcolor rgb "#666666"
}
# Names stand at the right margin in the order of the points' heights, each with a thin
# line to its point, so that they never meet.
slot_y(place) = HI[2] * (LO[2] / HI[2]) ** ((place + 0.5) / points)
do for [i=1:NALL] {
	found = 0
	stats DATA using (mine(i) ? (found = 1, at_x = column("time"), at_y = column("rss"), at = column("place"), certain = strcol("doubt") eq "-", 1) : 0) nooutput name "Z"
	if (found) {
		set label 200+i NAME[i] at graph 1.05,first slot_y(at) left textcolor rgb (certain ? "#111111" : "#666666") front
		set arrow 200+i from first at_x,first at_y to graph 1.04,first slot_y(at) nohead lc rgb (certain ? COLOUR[i] : UNSURE) lw 0.6 dt 3 back
	}
}
set logscale xy 2
set xrange [LO[1]:HI[1]]
set yrange [LO[2]:HI[2]]
plot for [w in LIST] DATA using (mine(int(w)) ? column("time") : NaN):"rss":(end_of("time_low", "time")):(end_of("time_high", "time")):(end_of("rss_low", "rss")):(end_of("rss_high", "rss")):(tone(int(w))) \
		with xyerrorbars pt -1 lw 1.4 lc rgb variable, \
	for [w in LIST] DATA using (mine(int(w)) ? column("time") : NaN):"rss":(tone(int(w))) with points pt MARK[int(w)] ps 1.6 * SIZE lc rgb variable

load "again.gp"
