# Figure 21: CPU time by machine: the reference on the left, ratios to it on the right.
FIG = "fig21"
RATIO = 1
load "sheet.gp"
DATA = FIG.".tsv"
stats DATA using 1 nooutput name "X"
rows = int(X_max)
LINE = 24 + 5 * N
W = sheet(1180); H = tall(150, 160) + LINE * rows
if (H < 260) { H = 260 }
load "style.gp"

NOTE = "geometric means over the cells that all machines have; 95 % bootstrap interval over a machine's blocks; grey: n < 5"
eval footer
set tmargin at screen TOP - 14.0 / H
set bmargin at screen (74.0 + MORE) / H
set multiplot
set yrange [rows+0.6:0.4]
set ytics scale 0
unset grid
set grid x lc rgb "#dddddd" lw 0.8

set lmargin at screen tall(0.13, 0.22)
set rmargin at screen tall(0.42, 0.52)
lo = 0.98; hi = 1.02
eval widen("mean", "strcol('allocator') eq REFERENCE")
eval widen("low", "strcol('allocator') eq REFERENCE")
eval widen("high", "strcol('allocator') eq REFERENCE")
lo = lo / 1.02; hi = hi * 1.02
set logscale x 2
set xrange [lo:hi]
eval "set xtics ".narrow_tics(lo, hi)
set xlabel PAPER ? "time" : REFERENCE.", to all machines"
set arrow 1 from 1,graph 0 to 1,graph 1 nohead lc rgb "#444444" lw 1.2 back
of_reference(v) = strcol("allocator") eq REFERENCE ? v : NaN
end_of_interval(c) = strcol(c) eq "NaN" ? column("mean") : column(c)
plot DATA using (of_reference(column("mean"))):"x":(end_of_interval("low")):(end_of_interval("high")):ytic(fit(strcol("label"))) \
	with xerrorbars pt 5 ps 1.1 * SIZE lw 1.6 lc rgb "#111111"
eval shown_once

set lmargin at screen tall(0.46, 0.57)
set rmargin at screen 0.985
lo = 0.98; hi = 1.02
eval widen("mean", "strcol('allocator') ne REFERENCE && strcol('allocator') ne 'null'")
eval widen("low", "strcol('allocator') ne REFERENCE && strcol('allocator') ne 'null'")
eval widen("high", "strcol('allocator') ne REFERENCE && strcol('allocator') ne 'null'")
lo = lo / 1.03; hi = hi * 1.03
set xrange [lo:hi]
eval "set xtics ".narrow_tics(lo, hi)
set xlabel PAPER ? "ratio" : "ratio to ".REFERENCE." on the same machine"
set ytics format ""
# Contenders of a machine stand below each other.
apart(i) = (i - (N + 1) / 2.0) * 0.8 / N
plot for [i=1:N] NAME[i] ne REFERENCE ? DATA : "/dev/null" \
	using (mine(i) ? column("mean") : NaN):(column("x") + apart(i)):(end_of_interval("low")):(end_of_interval("high")):(tone(i)) \
	with xerrorbars pt MARK[i] ps 1.1 * SIZE lw 1.5 lc rgb variable
unset multiplot
set ytics format "%g"

load "again.gp"
