# How large a figure is.  Every figure that has a place in a paper loads this first.
# On a page sizes are pixels, text is 14 high, and a figure is as wide as it likes.  For a paper
# set.gp names the width of its column in inches, COLUMN; a unit of all lengths is then a 14th of
# 8 pt, so that one layout serves both and text has the size of a caption.
load "set.gp"
if (!exists("PASS")) { PASS = 1 }
if (!exists("COLUMN")) { COLUMN = 0 }
PAPER = COLUMN > 0
if (!exists("LATEX")) { LATEX = 0 }    # whether pictures with LaTeX's text are made as well
UNIT = 8.0 / 14 / 72
sheet(width) = PAPER ? COLUMN / UNIT : width
tall(page, paper) = PAPER ? paper : page
LOW = 2.2 / UNIT    # what is not to be exceeded by a paper's figure of one panel
# The height of each of n rows, `each` where a paper's page has room for them and a caption.
row_height(each, n) = PAPER && each * n > 830 ? 830.0 / n : each

# Panels side by side: of a paper as many as are not narrower than `least`.
beside(page, panels, least) = !PAPER ? page : int((sheet(0) - 60) / least) < panels ? int((sheet(0) - 60) / least) : panels
# The same, so that the last row is full or nearly so.
evenly(across, panels) = (rows = (panels + across - 1) / across, PAPER ? (panels + rows - 1) / rows : across)

# A category axis that is too long for a paper's column goes on in a row of its own: rows for n
# categories, and categories in a row.
rows_for(n) = (room = (sheet(0) - 60) / ((N > 0 ? N : 1) * 6.0), !PAPER ? 1 : int(ceil(n / (room < 4 ? 4 : room))))
in_row(n) = int(ceil(1.0 * n / rows_for(n)))

# Room for the legend of a figure of width W with `shown` marks.
longest = 0
do for [i=1:N] { longest = strlen(NAME[i]) > longest ? strlen(NAME[i]) : longest }
legend_rows(shown) = (entries = int(0.96 * sheet(0) / (longest * 6.6 + 34)), (shown + entries - 1) / (entries > 0 ? entries : 1))
