# After gnuplot: pictures of a paper are the same bytes whenever they are made, and what LaTeX
# sets of them is text and nothing else.  For GNU sed, in the locale C.
s/\(\/CreationDate (D:\)[0-9]\{14\}/\119700101000000/g

# The size of a caption, and what is smaller.
s/^\\begingroup$/&\\fontsize{8}{9.5}\\selectfont/

/^ *\\put(.*\\makebox(0,0).*{\\strut{}/ {
	t begun
	: begun
	# Head, text and closing braces, in a line each.
	s/{\\strut{}/&\n/
	/^[^\n]*\\rotatebox/ s/}}}%$/\n&/
	t closed
	: closed
	/\n.*\n/ ! s/}}%$/\n&/
	h
	s/^[^\n]*\n//
	s/\n[^\n]*$//
	# The text.
	s/\\/\x01/g
	s/[{}%_&#$]/\\&/g
	s/~/\\textasciitilde{}/g
	s/\^/\\textasciicircum{}/g
	s/</\\textless{}/g
	s/>/\\textgreater{}/g
	s/|/\\textbar{}/g
	s/"/\\char34{}/g
	s/--/-{}-/g
	s/\x01/\\textbackslash{}/g
	s/@small@/\\fontsize{7}{8}\\selectfont /g
	# Beyond ASCII: the words of the figures and Latin-1 have a form in every LaTeX.
	s/\xe2\x80\xa6/\\ldots{}/g
	s/\xe2\x80\x93/--/g
	s/\xc2\xb5/$\\mu$/g
	s/\xc2\xb1/$\\pm$/g
	s/\xc3\x97/$\\times$/g
	s/\xc2[\x80-\xbf]\|\xc3[\x90\x9e\xb0\xbe]/?/g
	s/[\xc4-\xf4][\x80-\xbf]\{1,3\}/?/g
	G
	s/^\([^\n]*\)\n\([^\n]*\)\n[^\n]*\n/\2\1/
}
