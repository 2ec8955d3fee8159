# Ends a figure: after the SVG draws the PNG; of a paper the PDF and, where it is wanted, the same
# with the text left to LaTeX, both made the same at all times and of all places.
unset output
if (PAPER) {
	do for [w in (PASS == 1 ? FIG.".pdf" : FIG."-latex.pdf ".FIG."-latex.tex")] {
		system("LC_ALL=C sed -i -f paper.sed ".w)
	}
}
if (PASS == 1 && (!PAPER || LATEX)) {
	PASS = 2
	reset
	load FIG.".gp"
}
