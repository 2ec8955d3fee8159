# Figure 9: resident memory after the drain.
FIG = "fig09"
load "sheet.gp"
W = sheet(1180); H = tall(480, LOW)
load "style.gp"
DATA = FIG.".tsv"

stats DATA using (column("rss_bytes") / 2.0**20) nooutput name "M"
stats DATA using (column("ms") / 1000) nooutput name "T"
set yrange [0:M_max * 1.08]
set xrange [0:(T_max > 0 ? T_max : 0.01)]
set xlabel "seconds after the drain"
set ylabel "resident, MiB"
set lmargin at screen tall(0.07, 50.0 / W)
set rmargin at screen 0.985
set tmargin at screen TOP
set style fill solid 1 noborder
NOTE = "one sample per contender: the first good block; grey: live bytes"
eval footer
set bmargin at screen (tall(90.0, 64.0) + MORE) / H
plot for [i=1:DRAWN] DATA using (mine(i) ? column("ms") / 1000 : NaN):(column("live_bytes") / 2.0**20) with filledcurves y1=0 lc rgb "#cfcfcf", \
	for [i=1:DRAWN] DATA using (mine(i) ? column("ms") / 1000 : NaN):(column("rss_bytes") / 2.0**20) with lines lw tall(1.6, 1.4) dt DASH[i] lc rgb COLOUR[i], \
	for [i=1:DRAWN] DATA using (mine(i) && column("marked") == 1 ? column("ms") / 1000 : NaN):(column("rss_bytes") / 2.0**20) with points pt MARK[i] ps 1.2 * SIZE lc rgb COLOUR[i]

load "again.gp"
