# The command line: what each verb says, and what a mistake gets.
no_preload=yes
. "$top_srcdir/harness/test/bench.sh"

bench --version
check '[ $status -eq 0 ] && grep -q "^ashlar-bench [0-9]" "$work/out"' "--version"
bench --help
check '[ $status -eq 0 ] && grep -q "^  run " "$work/out"' "--help names the verbs"
bench
check '[ $status -eq 2 ] && grep -q Usage "$work/err"' "no verb is a mistake"
refuses 2 "'fly'" "an unknown verb" fly
verbs=$("$bench" --help | awk '/^  [a-z]/ { print $1 }')
for verb in $verbs; do
	bench $verb --help
	check '[ $status -eq 0 ] && grep -q "^Usage: ashlar-bench $verb" "$work/out"' "$verb --help"
	cp "$work/out" "$work/help"
	bench help $verb
	check '[ $status -eq 0 ] && cmp "$work/help" "$work/out"' "help $verb says the same"
	grep -oE '^ +(-.,)? +--[a-z-]+' "$work/help" | sed 's/^ *//; s/, */ /' | grep -v -e '--help' -e '--usage' -e '--version' |
		sed "s/^/$verb /" >>"$work/options"
done
# The verbs below cluster; what plan and extend take of run is told there.
for verb in $("$bench" cluster --help | awk '/^  [a-z]/ { print $1 }'); do
	bench cluster "$verb" --help
	check '[ $status -eq 0 ] && grep -q "^Usage: ashlar-bench cluster $verb" "$work/out"' "cluster $verb --help"
	cp "$work/out" "$work/help"
	bench help cluster "$verb"
	check '[ $status -eq 0 ] && cmp "$work/help" "$work/out"' "help cluster $verb says the same"
	grep -oE '^ +(-.,)? +--[a-z-]+' "$work/out" | sed 's/^ *//; s/, */ /' | grep -v -e '--help' -e '--usage' -e '--version' |
		case $verb in
		plan|extend) grep -vxF -e "$(sed -n 's/^run //p' "$work/options")" ;;
		*) cat ;;
		esac | sed "s/^/cluster /" >>"$work/options"
done
(cd "$work" && bench help record true && [ ! -e true.trace ])
check '[ $? -eq 0 ]' "help record COMMAND runs nothing"
refuses 2 "help: 'true': unexpected" "and is refused" help record true
refuses 2 "help: 'x': unexpected" "help of a verb below cluster and a word" help cluster plan x
check '[ "$(echo $verbs | wc -w)" -ge 10 ] && [ "$(wc -l <"$work/options")" -ge 30 ]' "verbs and options were found"
refuses 2 "'fly'" "help of an unknown verb" help fly
# What has no room is no success, also where argp prints it.
for words in list --help --version help "help run" "run --help" "gate --help" "describe tiny-churn"; do
	# shellcheck disable=SC2086
	"$bench" $words >/dev/full 2>"$work/err"
	status=$?
	wanted=1
	[ "$words" != "gate --help" ] || wanted=3
	check '[ $status -eq $wanted ] && grep -q "the output could not be written" "$work/err" && [ "$(wc -l <"$work/err")" -eq 1 ]' \
		"$words without room for it"
done

# The synopsis of the manual names every verb and option, and nothing else.
awk '/^[.]SH/ { here = $2 == "SYNOPSIS" }
	!here { next }
	{ gsub(/\\/, "") }
	/^[.]SY/ { verb = $3; print verb }
	/^[.]OP/ { print verb, $2 }' "$top_srcdir/harness/man/ashlar-bench.1" | sort -u >"$work/manual"
{ printf '%s\n' help $verbs; sed 's/ -. / /' "$work/options"; } | sort -u >"$work/told"
diff "$work/told" "$work/manual" >"$work/out"
check '[ ! -s "$work/out" ]' "the manual's synopsis is what --help says"
# And the words below tell of each: its options, and every verb under a head of its own.
awk '{ gsub(/\\f[BIRP]/, " "); gsub(/\\/, "") }
	/^[.]SH/ { here = $2 }
	here == "SYNOPSIS" { next }
	here == "VERBS" && head { gsub(/"/, ""); print $2 }
	{ head = /^[.]TP/
		while (match($0, /--[a-z]+(-[a-z]+)*/)) { print substr($0, RSTART, RLENGTH); $0 = substr($0, RSTART + RLENGTH) } }' \
	"$top_srcdir/harness/man/ashlar-bench.1" | sort -u >"$work/manual"
{ grep -oE -e '--[a-z-]+' "$work/options"; printf '%s\n' $verbs; } | sort -u | comm -23 - "$work/manual" >"$work/out"
check '[ ! -s "$work/out" ]' "and the rest of it tells of each verb and option"
# A letter means one thing in all verbs.
awk 'NF == 3 && seen[$2] && seen[$2] != $3 { print $2 ": " seen[$2] " and " $3 }
	NF == 3 { seen[$2] = $3; n++ }
	END { if (n < 10) print "only " n " letters" }' "$work/options" >"$work/out"
check '[ ! -s "$work/out" ]' "short options mean one thing everywhere"

# What --json prints is what its schema says; the text is made of the same.
valid() { # SCHEMA: of the document in $work/out
	if python3 -c 'import jsonschema' 2>/dev/null; then
		python3 -c 'import json, jsonschema, sys
jsonschema.validate(json.load(open(sys.argv[2])), json.load(open(sys.argv[1])))' \
			"$top_srcdir/harness/schema/$1.json" "$work/out" 2>"$work/err"
	else
		head -n 2 "$work/out" | grep -q '"schema": "ashlar-'"$1"' 1"'
	fi
}
bench list --json
check '[ $status -eq 0 ] && valid list && grep -q "\"name\": \"tiny-churn\"" "$work/out" && grep -q "\"file\": \".*/libc.so.6\"" "$work/out"' \
	"list --json"

bench list
check '[ $status -eq 0 ] && grep -q "^  tiny-churn" "$work/out" && grep -q "^  glibc  *.*/libc.so.6" "$work/out"' \
	"list names workloads and allocators"
bench describe tiny-churn
check '[ $status -eq 0 ] && grep -q "isolates" "$work/out" && grep -q "default" "$work/out"' \
	"describe tells what a workload isolates, and its defaults"
refuses 2 "'nosuch'" "describe: an unknown workload" describe nosuch
refuses 2 "needed" "describe: no workload" describe

refuses 2 "unknown pattern 'zigzag'" "op-matrix: an unknown pattern" op-matrix --pattern steady,zigzag
refuses 2 "from 1 to" "op-matrix: a size out of range" op-matrix --size 64,0
refuses 2 "unknown allocator 'nosuch'" "op-matrix: an unknown allocator" op-matrix --allocator nosuch
refuses 2 "unknown workload 'nosuch'" "run: an unknown workload" run --workload nosuch
refuses 2 "unknown workload 'nosuch'" "run: an unknown workload beside a known one" run --workload tiny-churn,nosuch
refuses 2 "a workload is named by -w tiny-churn, a folder by --out tiny-churn" "run: a word that no option takes" run tiny-churn --dry-run
refuses 2 "unknown allocator 'nosuch'" "run: an unknown allocator" run --allocator nosuch
refuses 2 "/no/such.so: No such file" "run: a library that does not exist" run --allocator x=/no/such.so
refuses 2 "not a 64-bit ELF file" "run: a library that is none" run --allocator "x=$top_srcdir/configure.ac"
refuses 2 "NAME=VALUE" "run: a variable without a value" run --allocator x=/no/such.so,FOO
refuses 2 "unknown suite" "run: an unknown suite" run --suite slow
refuses 2 "unknown mode" "run: an unknown mode" run --mode warp
refuses 2 "unknown set of counters 'l4'" "run: an unknown set of counters" run --counters core,l4
refuses 2 "locality: it is of traces and workloads of one thread" "run: locality of threads alone" run --workload larson --counters locality
refuses 2 "lackey: no selected workload has mode sharing" "run: lackey without threads by turns" run --workload tiny-churn --counters lackey
refuses 2 "--blocks" "run: no number of blocks" run --blocks many
refuses 2 "--budget" "run: no time" run --budget 10x
refuses 2 "a time like 90s" "run: a time without its unit" run --timeout 5 --dry-run
refuses 2 "--seed" "run: no seed" run --seed -1
refuses 2 "'nosuch'" "run: an unknown parameter" run --workload tiny-churn --set nosuch=1
refuses 2 "--set '': KEY=VALUE is needed" "run: no parameter" run --workload tiny-churn --set ""
refuses 2 "integers from" "run: a parameter out of range" run --workload tiny-churn --set depth=-4
refuses 2 "live_mib=65536: from 1 to " "run: a parameter too large for the memory" \
	run --workload frag-drain,tiny-churn --set live_mib=65536,size_min=16,size_max=16
refuses 2 "--resume goes on" "run: --resume with another plan" run --resume --seed 3
refuses 2 "--resume goes on" "run: --resume with another suite" run --resume --suite full
# What a report needs is looked for before anything is measured.
plotter=${GNUPLOT-}
GNUPLOT=$work/none
export GNUPLOT
refuses 1 "$work/none: No such file" "run: no gnuplot" run --workload tiny-churn --only glibc --out "$work/never"
printf '#!/bin/sh\nexit 1\n' >"$work/broken" && chmod +x "$work/broken"
GNUPLOT=$work/broken
refuses 1 "does not work" "run: a gnuplot that draws nothing" run --workload tiny-churn --only glibc --out "$work/never"
GNUPLOT=true
ASHLAR_PLOTS=$work
export ASHLAR_PLOTS
refuses 1 "ASHLAR_PLOTS can name" "run: no scripts of figures" run --workload tiny-churn --only glibc --out "$work/never"
unset GNUPLOT ASHLAR_PLOTS
[ -z "$plotter" ] || export GNUPLOT="$plotter"
check '[ ! -e "$work/never" ]' "none of them began"
refuses 2 "no manifest.json" "run: nothing to resume" run --resume --out "$work"

: >"$work/file"
refuses 1 "cannot be made" "run: an output folder that cannot be" \
	run --workload tiny-churn --only glibc --out "$work/file/below"
if [ "$(id -u)" -ne 0 ]; then
	mkdir "$work/shut" && chmod 555 "$work/shut"
	refuses 1 "cannot be made" "run: a folder that may not be written" \
		run --workload tiny-churn --only glibc --out "$work/shut/below"
fi
bench run --dry-run --workload tiny-churn --only glibc --blocks 4 --out "$work/dry"
check '[ $status -eq 0 ] && grep -q "tiny-churn .* 4 blocks" "$work/out" && [ ! -e "$work/dry" ]' \
	"--dry-run tells the plan and touches nothing"

# An allocator of the user's stands beside the reference and the suite's; --only is alone.
libc=$("$bench" list | sed -n 's/^  glibc  *//p')
bench run --dry-run --workload tiny-churn --allocator "mine=$libc" --out "$work/dry"
check '[ $status -eq 0 ] && grep -q "^glibc " "$work/out" && grep -q "^ashlar " "$work/out" && grep -q "^mine " "$work/out"' \
	"run: an added allocator leaves the others"
bench run --dry-run --workload tiny-churn --allocator "*,!null" --out "$work/dry"
check '[ $status -eq 0 ] && grep -q "^ashlar " "$work/out" && ! grep -q "^null " "$work/out"' "run: ! leaves one out"
bench run --dry-run --workload tiny-churn --only "mine=$libc,null" --out "$work/dry"
check '[ $status -eq 0 ] && grep -q "^mine " "$work/out" && grep -q "^null " "$work/out" && ! grep -q "^glibc " "$work/out" &&
	! grep -q "^ashlar " "$work/out"' "run: --only measures nothing else"
bench run --dry-run --workload tiny-churn --allocator glibc --out "$work/dry"
check '[ $status -eq 0 ] && grep -q "changes nothing" "$work/err"' "run: adding what is there says so"
refuses 2 "no allocator is left" "run: all are left out" run --dry-run --workload tiny-churn --allocator "!*"
refuses 2 "no allocator is left" "op-matrix: all are left out" op-matrix --only "!*"
refuses 2 "one allocator is needed" "record: --with leaves out" record --with "!null" true
refuses 2 "variable or another allocator" "run: two libraries in one list" \
	run --dry-run --workload tiny-churn --allocator "MINE=$libc,OTHER=/b.so"
# fetch, without a network: what is refused before anything is read or written.
XDG_CACHE_HOME=$work/cache
export XDG_CACHE_HOME
refuses 2 "unknown allocator 'nosuch'" "fetch: an unknown allocator" fetch nosuch
refuses 2 "unknown world 'nosuch'" "fetch: an unknown world" fetch --world nosuch
refuses 2 "is this system's own" "fetch: the system's own world" fetch --world stable
refuses 2 "goes without 'glibc'" "fetch: a world and an allocator" fetch --world unstable glibc
check '[ ! -e "$work/cache" ]' "fetch: a mistake makes no folder"
bench fetch glibc
check '[ $status -eq 0 ] && grep -q "^glibc .* is there: .*libc.so.6" "$work/out" && [ ! -e "$work/cache/ashlar-bench/apt" ]' \
	"fetch: what is installed is not fetched"
touch "$work/file"
XDG_CACHE_HOME=$work/file refuses 1 "cannot be made" "fetch: a cache that cannot be" fetch glibc
bench run --dry-run --workload tiny-churn --only 'glibc:*' --out "$work/dry"
check '[ $status -eq 0 ] && grep -q "^glibc:arena1 .*libc.so.6" "$work/out" && grep -q "^1 samples\|x 1 alloc" "$work/out"' \
	"a configuration is asked for by its name"
bench run --dry-run --workload tiny-churn --out "$work/dry"
check '[ $status -eq 0 ] && ! grep -q "^[a-z0-9]*:" "$work/out"' "and is not measured by the way"
bench run --dry-run --workload tiny-churn --only mimalloc3 --out "$work/dry"
check 'grep -q "mimalloc3 .*ashlar-bench fetch mimalloc3" "$work/out" "$work/err"' \
	"what is not here says how it comes"

if [ "${ASH_SANITIZER:-no}" != no ]; then
	skip "doctor" "a sanitizer build preloads nothing"
	finish
	exit 0
fi
# One count of the cheapest path: the driver is subtracted, so what is left is a malloc
# and a free, more than ten instructions and far less than a driver that was not.
if command -v valgrind >/dev/null && command -v gnuplot >/dev/null; then
	bench op-matrix --only glibc --size 64 --pattern steady --out "$work/ops"
	check '[ $status -eq 0 ] && awk -F"\t" '\''$1 == "glibc" { found = 1; bad = !($5 > 10 && $5 < 400 && $6 > 0 && $6 < 2000) }
		END { exit !found || bad }'\'' "$work/ops/op-matrix.tsv"' "op-matrix prices glibc"
	check '[ -s "$work/ops/op_instructions.svg" ] && [ -s "$work/ops/op_time.png" ] && grep -q "^ *64 " "$work/ops/op-matrix.txt"' \
		"op-matrix draws and writes its table"
	bench op-matrix --only null --size 64 --pattern steady --out "$work/none"
	check '[ $status -eq 0 ] && awk -F"\t" '\''$1 == "null" { found = 1; bad = !($5 > 4 && $5 < 40) } END { exit !found || bad }'\'' \
		"$work/none/op-matrix.tsv"' "op-matrix finds next to nothing under null"
fi
bench doctor --quick --json
check '[ $status -eq 0 ] && valid doctor && grep -q "\"what\": \"noise\"" "$work/out"' "doctor --json"
bench doctor --quick
check '[ $status -eq 0 ] && grep -q "^glibc  *ok .*libc.so.6" "$work/out"' "doctor proves the preload of glibc"
check 'grep -q "^counters" "$work/out" && grep -q "^clock .*ns" "$work/out" && grep -q "^huge pages" "$work/out"' \
	"doctor tells counters, clock and huge pages"
# (On a busy machine two seconds are not enough for three pairs: it says so.)
check 'grep -qE "^noise  *(ok  *glibc against itself, [0-9]* pairs|unknown  *fewer than three pairs)" "$work/out"' \
	"doctor measures the noise"
finish
