# The body of figures 7 and 7b: panels of memory over time, live bytes as grey area.
# PER_CONTENDER = 1: a panel per contender, on one scale; 0: a panel per workload.
load "sheet.gp"
DATA = FIG.".tsv"
stats DATA using 1 nooutput name "P"
panels = int(P_max)
across = evenly(beside(panels < 4 ? panels : PER_CONTENDER ? 3 : 4, panels, 110), panels)
down = (panels + across - 1) / across
LINE = row_height(tall(238, PER_CONTENDER ? 172 : 112), down)    # from a row of panels to the next
W = sheet(1180); H = 110 + tall(0, 20 * (legend_rows(N) - 1) + 12) + LINE * down
PANELS = panels; PANEL_COLUMNS = "ms rss_bytes live_bytes marked"
load "style.gp"

left = tall(0.072, 44.0 / W); gap = PER_CONTENDER ? 0.02 : tall(0.045, 30.0 / W)
wide = (0.985 - left - gap * (across - 1)) / across
between = tall(72.0, 44.0) / H
NOTE = "one sample per contender: the first good block; grey: live bytes".(PER_CONTENDER ? "" : " in the run of ".REFERENCE)
eval footer
foot = (tall(78.0, 62.0) + MORE) / H
high = (TOP - foot - 24.0 / H - (down - 1) * between) / down
if (PER_CONTENDER) {
	do for [i=1:NALL] { unset label 100+i }
	set label 101 SMALL.(PAPER ? "line: resident; grey: live bytes; dotted: ends of phases" : "line: resident memory;  grey: live bytes, requested and not freed;  dotted: end of the phases named there") at screen left, screen 1 - 16.0 / H
}

stats DATA using (column("ms") / 1000) nooutput name "T"
LONGEST = T_max
stats DATA using (column("rss_bytes") / 2.0**20) nooutput name "M"
set style fill solid 1 noborder
set xtics autofreq
PHASES = PER_CONTENDER ? \
	"FIG.'-phases.tsv' using (column('panel') == p || axis_row(0) ? column('ms') / 1000 : NaN):(axis_row(0) ? 0 : M_max * 1.05) with impulses lw 0.8 dt 3 lc rgb '#777777'" : \
	"0 with lines lw 0.1 lc rgb '#444444'"
# Beside the line, on the side where there is room.
aside(t) = t + (t < 0.9 * LONGEST ? 0.02 : -0.018) * LONGEST
PHASE = PAPER ? "SMALL.short(strcol('label'), 10)" : "strcol('label')"
# Names of phases stand at their ends; in the other figure lines bear marks.
NAMES = PER_CONTENDER ? \
	"FIG.'-phases.tsv' using (column('panel') == p || axis_row(0) ? aside(column('ms') / 1000) : NaN):(M_max * 1.02):(axis_row(0) || strcol('label') eq '-' ? '' : ".PHASE.") with labels right rotate by 90 font sized(11, 8.2, 6.5) textcolor rgb '#111111'" : \
	"for [i=1:DRAWN] rows using (is(i) && column('marked') == 1 ? column('ms') / 1000 : NaN):(column('rss_bytes') / 2.0**20) with points pt MARK[i] ps 0.9 * SIZE lc rgb COLOUR[i]"
set multiplot
do for [p=1:panels] {
	column_of = (p - 1) % across
	row_of = (p - 1) / across
	set lmargin at screen left + column_of * (wide + gap)
	set rmargin at screen left + column_of * (wide + gap) + wide
	set tmargin at screen TOP - 24.0 / H - row_of * (high + between)
	set bmargin at screen TOP - 24.0 / H - row_of * (high + between) - high
	eval open_ranges
	rows = panel_rows(p)
	stats rows using (column("ms") / 1000) nooutput name "T"
	stats rows using (column("rss_bytes") / 2.0**20) nooutput name "Y"
	set title titled(PANEL_NAME[p]) @tics_font offset 0,-0.5
	if (PER_CONTENDER) {
		set xrange [0:(LONGEST > 0 ? LONGEST : 0.01)]
		set yrange [0:M_max * 1.05]
		if (PAPER && M_max > 0) { set ytics nice_step(1.5 * M_max) }
		if (PAPER && LONGEST > 0) { set xtics nice_step(1.5 * LONGEST) }
		if (column_of) { set format y "" } else { set format y "%g" }
	} else {
		# A run that was over before the second look has one point, at 0.
		set xrange [0:(T_max > 0 ? T_max : 0.01)]
		if (T_max > 0) { set xtics nice_step(tall(1, 2) * T_max) }
		set yrange [0:Y_max * 1.08]
		if (PAPER && Y_max > 0) { set ytics nice_step(1.5 * Y_max) }
	}
	if (p + across > panels) { set xlabel "seconds" offset 0,0.4 } else { unset xlabel }
	if (column_of == 0) { set ylabel "MiB" offset 1,0 } else { unset ylabel }
	grey(dummy) = PER_CONTENDER || is(place(REFERENCE))
	plot rows using (grey(0) ? column("ms") / 1000 : NaN):(strcol("live_bytes")[1:3] eq "NaN" ? 0 : column("live_bytes") / 2.0**20) \
			with filledcurves y1=0 lc rgb "#cfcfcf", \
		@PHASES, \
		for [i=1:DRAWN] rows using (is(i) ? column("ms") / 1000 : NaN):(column("rss_bytes") / 2.0**20) \
			with lines lw 1.5 dt DASH[i] lc rgb COLOUR[i], \
		@NAMES
	eval shown_once
}
unset multiplot

load "again.gp"
