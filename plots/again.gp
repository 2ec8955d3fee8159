# Ends a figure: after the SVG draws the PNG.
unset output
if (PASS == 1) {
	PASS = 2
	reset
	load FIG.".gp"
}
