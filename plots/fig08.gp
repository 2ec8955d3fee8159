# Figure 8: resident over live bytes as time goes by.
FIG = "fig08"
load "sheet.gp"
W = sheet(1180); H = tall(480, LOW)
load "style.gp"
DATA = FIG.".tsv"

stats DATA using (column("rss_per_live")) nooutput name "R"
set logscale y 2
set yrange [min2(0.95, R_min * 0.95):min2(R_max, 64) * 1.1]
set ytics (1, 1.4, 2, 2.8, 4, 5.6, 8, 11, 16, 23, 32, 45, 64)
set xrange [0:*]
set xlabel "seconds"
set ylabel "resident / live bytes"
set lmargin at screen tall(0.07, 50.0 / W)
set rmargin at screen 0.985
set tmargin at screen TOP
set arrow 1 from graph 0,first 1 to graph 1,first 1 nohead lc rgb "#444444" lw 1.2 back
if (R_max > 64) { set label 98 sprintf("cut at 64; the largest is %.0f", R_max) at graph 0.99,graph 0.97 right textcolor rgb "#666666" }
NOTE = "one sample per contender: the first good block"
eval footer
set bmargin at screen (tall(80.0, 64.0) + MORE) / H
plot for [i=1:DRAWN] DATA using (mine(i) ? column("ms") / 1000 : NaN):"rss_per_live" with lines lw tall(1.6, 1.4) dt DASH[i] lc rgb COLOUR[i], \
	for [i=1:DRAWN] DATA using (mine(i) ? column("ms") / 1000 : NaN):"rss_per_live" every 30::2*i with points pt MARK[i] ps 0.9 * SIZE lc rgb COLOUR[i]

load "again.gp"
