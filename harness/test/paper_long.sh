#!/bin/sh
# All figures, for both widths, and their documents; see paper.sh.
paper_long=yes
. "$top_srcdir/harness/test/paper.sh"
