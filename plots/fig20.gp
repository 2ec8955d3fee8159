# Figure 20: what two runs of the same thing differ by (A/A): ratios cell by cell, and how far
# they are from 1.
FIG = "fig20"
load "sheet.gp"
DATA = FIG.".tsv"
stats DATA using 1 nooutput name "P"
panels = int(P_max)
W = sheet(1180); H = 150 + 60 * panels
if (H < 330) { H = 330 }
RATIO = 1
load "style.gp"

TOP = 1 - 34.0 / H
do for [i=100:100+NALL] { unset label i }
NOTE = "second run in the block over the first, ".blocks(BLOCKS)." at most; 95 % bootstrap interval of the median"
eval footer
set tmargin at screen TOP
set bmargin at screen 74.0 / H
set multiplot

set lmargin at screen 0.16
set rmargin at screen 0.56
eval open_ranges
stats DATA using "ratio" nooutput name "R"
far = max2(max2(R_max - 1, 1 - R_min), 0.01) * 1.08
set xrange [1-far:1+far]
set xtics decade(far) * (far / decade(far) < 2 ? 0.5 : far / decade(far) < 5 ? 1 : 2)
set yrange [panels+0.6:0.4]
set ytics scale 0
unset grid
set grid x lc rgb "#dddddd" lw 0.8
set xlabel "ratio of CPU times"
set arrow 1 from 1,graph 0 to 1,graph 1 nohead lc rgb "#444444" lw 1.2 back
plot DATA using "ratio":(column("panel") + apart(column("block"))) with points pt 7 ps 0.7 * SIZE lc rgb "#56B4E9", \
	DATA using "median":"panel":"low":"high":ytic(fit(strcol("label"))) with xerrorbars pt 5 ps 0.9 * SIZE lw 1.6 lc rgb "#111111"
unset label 99
unset arrow 1

set lmargin at screen 0.66
set rmargin at screen 0.985
eval open_ranges
stats DATA using "apart" nooutput name "A"
width = max2(A_max, 0.005) * 100 / 20
unset grid
set grid y lc rgb "#dddddd" lw 0.8
set xrange [0:width * 21]
set xtics auto
set yrange [0:*]
set ytics auto scale 0.6
set xlabel "distance from 1, %"
set ylabel "pairs" offset 1,0
set boxwidth width * 0.9 absolute
set style fill solid 0.8 noborder
plot DATA using (width * (floor(column("apart") * 100 / width) + 0.5)):(1.0) smooth frequency with boxes lc rgb "#56B4E9"
unset multiplot

load "again.gp"
