# Shared by all figures: terminals, colours, legend, footer.  A figure loads sheet.gp, sets FIG,
# W and H (pixels; of a paper see sheet.gp), may set RATIO = 1 (the reference is a line, not a mark) and WITH_NULL = 1,
# loads this file, draws, and ends with
#     load "again.gp"
# which draws the same again as PNG, or for LaTeX.  What is particular to a set of results comes from
# set.gp, written beside the tables.
load "sheet.gp"

if (!exists("RATIO")) { RATIO = 0 }
if (!exists("WITH_NULL")) { WITH_NULL = 0 }
FONT = PAPER ? "Helvetica" : "DejaVu Sans"
sized(svg, png, paper) = FONT.sprintf(",%g", PAPER ? paper : PASS == 1 ? svg : png)
if (PAPER && PASS == 1) {    # whose fonts are 96 to the inch, as on a screen
	set terminal pdfcairo size W * UNIT in,H * UNIT in font FONT.",8" fontscale 0.75 linewidth 1 dashlength 0.7 noenhanced background rgb "white"
	set output FIG.".pdf"
}
if (PAPER && PASS == 2) {
	set terminal cairolatex pdf size W * UNIT in,H * UNIT in colourtext font ",6.5" fontscale 1 linewidth 1 dashlength 0.7 background rgb "white"
	set output FIG."-latex.tex"
	set format "%g"
}
if (!PAPER && PASS == 1) {
	set terminal svg size W,H dynamic font FONT.",14" linewidth 1.2 noenhanced background rgb "white"
	set output FIG.".svg"
}
if (!PAPER && PASS == 2) {
	set terminal pngcairo size W,H font FONT.",10.5" linewidth 1.2 noenhanced background rgb "white"
	set output FIG.".png"
}
# What LaTeX sets has its size from a mark in the text, see paper.sed.
SMALL = PAPER && PASS == 2 ? "@small@" : ""

# The marks of SVG come out larger than those of PNG.
SIZE = PAPER ? 0.42 : PASS == 1 ? 0.62 : 1
# Of a mark that only carries a tic: at 0 SVG scales by a matrix without inverse, which librsvg refuses to draw at all.
TINY = PAPER || PASS == 2 ? 0 : 0.01
# A pentagon of a paper's size is a circle to the eye.
do for [i=1:NALL] { if (PAPER && MARK[i] == 15) { MARK[i] = 3 } }
# Lines differ in their dashes, too, where they may be printed grey: gnuplot's own five, and five more, so that
# no two of those known out of the box share one (test/paper.sh of the bench).
if (PAPER) {
	set dashtype 6 (24,6)
	set dashtype 7 (20,5,6,5)
	set dashtype 8 (6,4,6,12)
	set dashtype 9 (2,8)
	set dashtype 10 (20,5,2,5,2,5,2,5)
}
array DASH[NALL]
do for [i=1:NALL] { DASH[i] = PAPER ? (i - 1) % 10 + 1 : 1 }

set datafile separator tab
set datafile columnheaders
set encoding utf8
set border 3 lc rgb "#444444"
set tics nomirror out scale 0.6 textcolor rgb "#111111"
set grid y lc rgb "#dddddd" lw 0.8
unset key

GREY = "#888888"
LIGHT = "#e4e4e4"
DRAWN = WITH_NULL ? NALL : N    # contenders of this figure

# --- legend: a row of marks above all data, the same for one panel and for many
longest = 0
do for [i=1:DRAWN] { longest = strlen(NAME[i]) > longest ? strlen(NAME[i]) : longest }
ENTRY = (longest * (PAPER ? 6.6 : 8.6) + 34) / W
ACROSS = int(0.96 / ENTRY)
slot = 0
LIST = ""    # their numbers, to loop over: for [w in LIST], then NAME[int(w)]
do for [i=1:DRAWN] {
	if (!(RATIO && NAME[i] eq REFERENCE)) {
		set label 100+i NAME[i] at screen 0.025 + (slot % ACROSS) * ENTRY, screen 1 - (16.0 + 20 * (slot / ACROSS)) / H \
			left offset 1.1,0 point pt MARK[i] ps 1.3 * SIZE lc rgb COLOUR[i] front
		slot = slot + 1
		LIST = LIST.sprintf(" %d", i)
	}
}
ROWS_OF_LEGEND = (slot + ACROSS - 1) / ACROSS
# Where the first panel may begin, as a fraction of the height; in pixels for layouts.
HEAD = 14.0 + 20 * ROWS_OF_LEGEND
TOP = 1 - HEAD / H

# A cell's name as the margins have room for it; the table has all of it.
short(name, half) = strlen(name) > 2 * half + 2 ? name[1:half]."…".name[strlen(name)-half:strlen(name)] : name
fit(name) = SMALL.short(name, PAPER ? 8 : 10)
# A panel's name, the parts of it that a comma divides in lines of their own.
titled(name) = !PAPER ? name : strstrt(name, ", ") ? titled(name[1:strstrt(name, ", ")-1])."\n".titled(name[strstrt(name, ", ")+2:*]) : \
	SMALL.short(name, int(W * (wide + gap) / 11) - 2)
# Fonts of axes, for those that set their tics anew.
tics_font = PAPER ? "font '".FONT.",6.5'" : ""
if (PAPER) { eval "set tics ".tics_font; set ylabel offset 1.5,0 }

# --- footer: a figure sets NOTE and then does `eval footer`.  In a paper it has several lines,
# labels 91 to 95; MORE is the room that they take above the one that each figure leaves.
MORE = 0
set label 99 "" at screen 0.01, screen 9.0 / H left font sized(11, 8.2, 6.5) textcolor rgb "#666666"
footer = "set label 99 NOTE.'; '.MACHINE"
wrapped(s, k, used) = k > words(s) ? "" : (w = word(s, k), used && used + 1 + strlen(w) > W / 5.6) ? \
	"\n".w.wrapped(s, k + 1, strlen(w)) : (used ? " " : "").w.wrapped(s, k + 1, used + (used > 0) + strlen(w))
if (PAPER) {
	footer = "NOTE = wrapped(NOTE.'; '.MACHINE, 1, 0).\"\\n\"; SINCE = 0; MORE = -12;" \
		."while (strlen(NOTE)) { SINCE = SINCE + 1; MORE = MORE + 12; SPAN = strstrt(NOTE, \"\\n\");" \
		."set label 90+SINCE SMALL.NOTE[1:SPAN-1] left font sized(11, 8.2, 6.5) textcolor rgb '#666666'; NOTE = NOTE[SPAN+1:*] };" \
		."do for [k=1:SINCE] { set label 90+k at screen 0.01, screen (8.0 + 12 * (SINCE - k)) / H }"
	unset label 99
}
# Of many panels the first brings legend and footer.
shown_once = PAPER ? "do for [k=91:90+SINCE] { unset label k }; SINCE = 0; do for [k=101:100+NALL] { unset label k }" : "do for [k=99:100+NALL] { unset label k }"
blocks(n) = sprintf("n = %d block%s", n, n == 1 ? "" : "s")
INTERVAL = "95 % bootstrap interval of the median paired ratio; grey: n < 5, or a mean that one cell turns round"

# --- ratio axes: log2 with labels that people read
ratio_tics(lo, hi) = hi / lo < 3.5 ? "(0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3)" : \
	hi / lo < 10 ? "(0.125, 0.18, 0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8)" : \
	"(0.125, 0.25, 0.5, 1, 2, 4, 8)"
# The same for panels with little room.
narrow_tics(lo, hi) = hi / lo < 1.6 ? "(0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4)" : \
	hi / lo < 3 ? "(0.4, 0.5, 0.6, 0.8, 1, 1.25, 1.5, 2)" : \
	hi / lo < 8 ? "(0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4)" : "(0.2, 0.5, 1, 2, 5)"
# A log10 axis that spans little: 1, 2 and 5 of each decade.
decade_tics = "set ytics ("
do for [e=-3:12] { decade_tics = decade_tics.sprintf("%s%g, %g, %g", e == -3 ? "" : ", ", 10.0**e, 2 * 10.0**e, 5 * 10.0**e) }
decade_tics = decade_tics.")"
# A log10 axis of counts.
count_tics = "set ytics (\"0.00001\" 1e-5, \"0.0001\" 1e-4, \"0.001\" 1e-3, \"0.01\" 0.01, \"0.1\" 0.1, 1, 10, 100, 1000, \"10 k\" 1e4, \"100 k\" 1e5, \"1 M\" 1e6, \"10 M\" 1e7, \"100 M\" 1e8, \"1 G\" 1e9)"
# A log10 axis of nanoseconds.
time_tics = "set ytics (\"0.01 ns\" 0.01, \"0.1 ns\" 0.1, \"1 ns\" 1, \"10 ns\" 10, \"100 ns\" 100, \"1 µs\" 1e3, \"10 µs\" 1e4, \"100 µs\" 1e5, \"1 ms\" 1e6, \"10 ms\" 1e7, \"100 ms\" 1e8, \"1 s\" 1e9, \"10 s\" 1e10, \"100 s\" 1e11)"
if (PAPER) {    # a tic for three decades
	count_tics = "set ytics (\"0.001\" 1e-3, 1, \"1 k\" 1e3, \"1 M\" 1e6, \"1 G\" 1e9)"
	few_time_tics = "set ytics (\"1 ns\" 1, \"1 µs\" 1e3, \"1 ms\" 1e6, \"1 s\" 1e9)"
}
# A step that gives about four tics: 1, 2 or 5 of a decade.
decade(x) = 10 ** floor(log10(x))
nice_step(span) = (s = span / 4.0, d = decade(s), s / d < 1.5 ? d : s / d < 3.5 ? 2 * d : s / d < 7.5 ? 5 * d : 10 * d)
min2(a, b) = a < b ? a : b
max2(a, b) = a > b ? a : b

# --- marks of several contenders side by side within one unit of a category axis
dodge(i) = (i - (DRAWN + 1) / 2.0) * 0.78 / DRAWN

# Marks of blocks stand apart, so that equal values show as many.
apart(b) = (int(b) % 5 - 2) * 0.09

mine(i) = strcol("allocator") eq NAME[i]

# The labels of a category axis are the first rows of a table, those of contender "-";
# they hang on invisible points:
#     DATA using "x":(y):xtic(fit(strcol("label"))) every ::0::AXIS-1 with points ps TINY
count_axis = "stats DATA using (strcol(\"allocator\") eq \"-\" ? column(\"x\") : NaN) nooutput name \"AXIS\"; AXIS = AXIS_records"

# An end of an interval; where there is none the bar is a point beneath its mark.
end_of(c, point) = strcol(c) eq "NaN" ? column(point) : column(c)

# The colour of the row's contender as a number, for clauses that hold all of them.
hex(c) = int("0x".c[2:7])
paint(name) = (sum [k=1:NALL] (NAME[k] eq name ? hex(COLOUR[k]) : 0))
place(name) = (sum [k=1:NALL] (NAME[k] eq name ? k : 0))
# The same of a row of contender i: grey where the table's column "doubt" gives a reason.
UNSURE = "#a6a6a6"
tone(i) = strcol("doubt") eq "-" ? hex(COLOUR[i]) : hex(UNSURE)
axis_row(dummy) = strcol("allocator") eq "-"

# eval widen("column", condition) widens [lo:hi] to hold the values of a column of DATA; unlike
# stats by itself it goes on, with a warning, where a column holds none.
widen(c, condition) = "stats DATA using (v = column(\"".c."\"), strcol(\"".c."\") ne \"NaN\" && (".condition.") ? (lo = min2(lo, v), hi = max2(hi, v)) : 0, 0) nooutput name \"Z\""

# stats looks only at what lies within the ranges of the last plot; before it is used
# between two panels the ranges have to be opened.
open_ranges = "set xrange [*:*]; set yrange [*:*]"

# --- figures of many panels: a panel's rows in a table of their own
# Every plot and stats reads all rows of its data; with a plot per contender in each panel that
# would be panels x contenders times the whole table.  A figure that sets PANELS and PANEL_COLUMNS
# (numbers) before it loads this file gets $PANEL1, $PANEL2, ... with these columns and `who`, the
# number of the contender (0: none of these), so that the table is read once a panel;
# PANEL_NAME[p] is the panel's label, and panel_rows(p) names its rows for plot and stats.
panel_rows(p) = sprintf("$PANEL%d", p)
is(i) = column("who") == i
if (exists("PANEL_COLUMNS") && PASS == 1) {    # they stay for the PNG
	array PANEL_NAME[PANELS]
	panel_header = "who"
	panel_fields = "(place(strcol('allocator')))"
	do for [w in PANEL_COLUMNS] {
		panel_header = panel_header."\t".w
		panel_fields = panel_fields.":(strcol('".w."'))"
	}
	do for [p=1:PANELS] {
		panel_name = ""
		eval sprintf("set print $PANEL%d", p)
		print panel_header
		unset print
		eval sprintf("set table $PANEL%d append separator tab", p)
		eval "plot DATA using ".panel_fields." with table if (column('panel') == p && strlen(panel_name = strcol('label')))"
		unset table
		PANEL_NAME[p] = panel_name
	}
}
