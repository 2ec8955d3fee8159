# What `make install` leaves, moved to where configure knew nothing of: it is whole.
no_preload=yes
. "$top_srcdir/harness/test/bench.sh"

# A make of its own: what the one that runs the tests was told is not for it.
if ! MAKEFLAGS='' ${MAKE:-make} -s -C "$top_builddir" install DESTDIR="$work/first" >"$work/out" 2>&1; then
	ok 1 "make install"
	finish
	exit 0
fi
ok 0 "make install"
found=$(find "$work/first" -type f -path '*/bin/ashlar-bench')
prefix=${found#"$work/first"}
prefix=${prefix%/bin/ashlar-bench}
mkdir -p "$work/away" && mv "$work/first$prefix" "$work/away/copy" && rm -rf "$work/first"
home="$work/away/copy"
bench=$home/bin/ashlar-bench

# --- it runs where it lies -------------------------------------------------------------
bench list --json
check '[ $status -eq 0 ] && grep -q "\"name\": \"trace:git\"" "$work/out" && grep -q "\"name\": \"jemalloc\"" "$work/out"' \
	"its contenders and traces are found"
if [ "${ASH_SANITIZER:-no}" = no ]; then
	# In a folder of its own, since results are made in the one it is started from.
	mkdir "$work/here" && cd "$work/here" || exit 99
	bench run --workload tiny-churn --mode throughput --set ops=1000 --allocator ashlar,glibc --blocks 2 --out set
	check '[ $status -eq 0 ] && "$rows" set allocator_file | sort -u >files &&
		grep -qF "$home/lib" files' "it measures its own libashlar" 
	"$home/bin/ashlar-run" --library >"$work/library"
	check 'grep -qF /away/copy/ "$work/library" && [ -r "$(cat "$work/library")" ]' "ashlar-run finds it, too"
	if command -v gnuplot >/dev/null; then
		check 'grep -q "^report: set/report.html" "$work/out" && [ -s set/report/fig01.svg ]' "and draws with its own scripts"
	fi
fi

# --- what lies beside it ---------------------------------------------------------------
doc=$(find "$home" -type d -path '*/doc/ashlar')
for page in README.md NEWS LICENSE CITATION.cff harness/doc/method.md results/README.md workloads/trace/FORMAT.md allocator/doc/design.md; do
	[ -s "$doc/$page" ] || echo "$page"
done >"$work/out"
check '[ ! -s "$work/out" ]' "pages are installed"
# Links of installed pages lead to installed files or folders; the sources are not installed.
find "$doc" -name '*.md' -type f | sort | while IFS= read -r page; do
	awk '/^```/ { code = !code } code { next }
		{ while (match($0, /\]\([^) #]+/)) { print substr($0, RSTART + 2, RLENGTH - 2); $0 = substr($0, RSTART + RLENGTH) } }' "$page" |
		grep -E '[.](md|svg|html|cff)$' | grep -vE '^[a-z]+:' | while read -r link; do
			[ -e "${page%/*}/$link" ] || echo "${page#"$doc"/}: $link"
		done
done >"$work/out"
find "$doc" -name '*.html' -type f | while IFS= read -r page; do
	grep -oE '(href|src)="[^"#:]+"' "$page" | sed 's/^[a-z]*="//; s/"$//' | while read -r link; do
		[ -e "${page%/*}/$link" ] || echo "${page#"$doc"/}: $link"
	done
done >>"$work/out"
check '[ -n "$doc" ] && [ -n "$(find "$doc" -name report.html)" ] && [ ! -s "$work/out" ]' "the links of pages hold"
check '[ -n "$(find "$home" -path "*/man/man1/ashlar-bench.1*")" ] && [ -n "$(find "$home" -path "*/man/man3/ashlar.3*")" ]' \
	"manual pages are installed"
ls "$top_srcdir/harness/schema" >"$work/wanted" && ls "$home/share/ashlar/schema" >"$work/out"
check 'cmp "$work/wanted" "$work/out"' "schemas are installed"

# --- completion ------------------------------------------------------------------------
offers() { # WORD...: what bash would offer for the last of these words
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ashlar_bench; [ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}"' - \
		"$home/share/bash-completion/completions/ashlar-bench" "$bench" "$@" >"$work/out" 2>"$work/err"
}
if command -v bash >/dev/null; then
	offers r
	check 'printf "%s\n" run record report | cmp - "$work/out"' "bash completes verbs"
	"$bench" --help | awk '/^  [a-z]/ { print $1 }' >"$work/verbs"
	offers ""
	check 'cmp "$work/verbs" "$work/out"' "all of them"
	# Of each verb, also of those below one, all options and no others.
	options() { "$bench" "$@" --help | grep -oE '^ +(-.,)? +--[a-z-]+' | grep -oE -e '--[a-z-]+'; }
	while read -r verb below; do
		offers $verb $below --
		options $verb $below | cmp -s - "$work/out" || echo "$verb $below"
	done >"$work/wrong" <<-END
		$(cat "$work/verbs")
		$("$bench" cluster --help | awk '/^  [a-z]/ { print "cluster", $1 }')
	END
	cp "$work/wrong" "$work/out"
	check '[ ! -s "$work/out" ]' "all options of each"
	offers run --workload = tiny-churn,kv-s
	check 'grep -qx "tiny-churn,kv-server" "$work/out"' "a list of workloads"
	for verb in cluster trace; do
		"$bench" $verb --help | awk '/^  [a-z]/ { print $1 }' >"$work/below"
		offers $verb ""
		check '[ "$(grep -c . "$work/below")" -ge 5 ] && cmp "$work/below" "$work/out"' "verbs below $verb"
		offers help $verb ""
		check 'cmp "$work/below" "$work/out"' "and help of them"
	done
	# Words that an option takes are those that a refusal names.
	while read -r option verb; do
		bench $verb $option nosuch
		sed 's/.*: \([a-z0-9, -]*\) \(are known\|is wanted\|is needed\|are accepted\)$/\1/; s/, / /g; s/ \(and\|or\) / /' "$work/err" |
			tr ' ' '\n' | sort >"$work/known"
		offers $verb $option ""
		sort "$work/out" | cmp -s - "$work/known" || echo "$option: $(cat "$work/known" "$work/out" | tr '\n' ' ')"
		grep -qE -e "${option}[)|].* $(paste -s -d ' ' "$work/out") ;;" "$home/share/zsh/site-functions/_ashlar-bench" || echo "$option: zsh"
	done >"$work/wrong" <<-END
		--mode run
		--suite run
		--counters run
		--output run --command true
		--by cost .
		--inconclusive gate
		--pattern op-matrix
		--program fidelity
		--from trace import -o x
	END
	cp "$work/wrong" "$work/out"
	check '[ ! -s "$work/out" ]' "the words of options, in both shells"
fi
if command -v zsh >/dev/null; then
	zsh -n "$home/share/zsh/site-functions/_ashlar-bench" >"$work/out" 2>&1
	check '[ $? -eq 0 ]' "zsh reads its completion"
fi
# The one file for containers starts from what bootstrap knows, and calls it.
check 'grep -q "^FROM debian:12" "$top_srcdir/Containerfile" && grep -q "bootstrap build" "$top_srcdir/Containerfile"' \
	"the container is built by bootstrap"
finish
