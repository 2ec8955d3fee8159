# The artifact as a whole: packed from this build, unpacked elsewhere, checked there, and a short
# run of it stopped and gone on with. In check-long, since it builds everything once more.
. "$top_srcdir/harness/test/bench.sh"

# A make of its own: what the one that runs the tests was told is not for it.
MAKEFLAGS='' ${MAKE:-make} -s -C "$top_builddir" artifact >"$work/out" 2>"$work/err"
status=$?
packed=$(sed -n 's/^artifact: \(.*\), [0-9]* bytes.*/\1/p' "$work/out")
ok $status "make artifact"
[ -s "$packed" ] || { finish; exit 0; }

tar -C "$work" -xf "$packed" && rm "$packed"
it=$(echo "$work"/ashlar-artifact-*)
sources=$(echo "$it"/ashlar-*.tar.gz)

# What is under version control is in the sources.
if [ -e "$top_srcdir/.git" ] && command -v git >/dev/null; then
	tar -tf "$sources" | sed 's|^[^/]*/||' | grep -v '/$' | sort >"$work/packed"
	git -C "$top_srcdir" ls-files | grep -v '^[.]gitignore$' | sort | comm -23 - "$work/packed" >"$work/out"
	check '[ ! -s "$work/out" ] && [ "$(wc -l <"$work/packed")" -gt 500 ]' "the sources in it are whole"
fi

(cd "$it" && ./artifact check --no-packages) >"$work/out" 2>"$work/err"
status=$?
ok $status "./artifact check"
cp "$work/out" "$work/checked"
for what in files unpack build traces claims numbers 'three cells'; do
	check 'grep -q "^ok  *$what, " "$work/checked"' "it says so of: $what"
done
check '! grep -q "^failed" "$work/checked" && grep -q "^sqlite-time " "$work/checked"' "and shows three cells beside the set"

# Two cells instead of the suite: ended early by its budget, gone on with, whole.
short() {
	(cd "$it" && ./artifact reproduce --no-packages "$@") >"$work/out" 2>"$work/err"
	status=$?
}
short -- --workload tiny-churn,frag-drain --mode throughput --blocks 2 --no-report
ran=$it/work/reproduced
check '{ [ $status -eq 0 ] || [ $status -eq 1 ]; } && [ "$(wc -l <"$ran/samples.jsonl")" -ge 8 ] && grep -q "^not all\|^Not all" "$work/out"' \
	"./artifact reproduce runs, and says what it cannot tell"
# As a killed run leaves it: not finished, its last samples missing.
head -n 3 "$ran/samples.jsonl" >"$work/some" && cp "$work/some" "$ran/samples.jsonl"
sed -i 's/^ "finished": ".*",$/ "finished": null,/' "$ran/manifest.json"
short -- --no-report
check '[ $status -le 1 ] && head -n 3 "$ran/samples.jsonl" | cmp - "$work/some" && [ "$(wc -l <"$ran/samples.jsonl")" -ge 8 ] &&
	grep -q "^ \"finished\": \"" "$ran/manifest.json"' "and goes on where it was stopped"

if command -v pdflatex >/dev/null; then
	mkdir "$work/tex" && cp "$it/appendix.tex" "$work/tex"
	printf '%s\n' '\documentclass{article}' '\begin{document}' '\input{appendix}' '\end{document}' >"$work/tex/page.tex"
	(cd "$work/tex" && pdflatex -halt-on-error -interaction=nonstopmode page.tex) >"$work/out" 2>"$work/err"
	status=$?
	check '[ $status -eq 0 ] && ! grep -q "^Overfull" "$work/out"' "the appendix is LaTeX, and fits"
else
	skip "the appendix is LaTeX, and fits" "no pdflatex (texlive-latex-base)"
fi
finish
