# Tier 3 of the gate: its three verdicts, looks, precision and what fails.  What is planted is
# many times what a disturbed machine does, and no wait ends by a time: budgets have room for all.
. "$top_srcdir/harness/test/bench.sh"

slow=$planted/planted_slow.so
none="slow=$slow,PLANTED_BURN=0"
some="slow=$slow,PLANTED_BURN=3000"
export XDG_CACHE_HOME="$work/cache"

command -v perl >/dev/null || { echo "1..0 # SKIP perl is not here"; exit 0; }
timed() { # BASE HEAD ARGUMENT...: some ten milliseconds of a program that allocates
	local base=$1 head=$2
	shift 2
	bench gate --base "$base" --head "$head" --budget 2h --command 'perl -e "my @a = map { qq(x\$_) } 1..9000"' "$@"
}
line() { # METRIC: state of its line
	awk -v metric="$1" '$2 == 3 && $4 == metric { print $1 }' "$work/out"
}

refuses 2 "a percentage like 3%" "no precision" gate --base glibc --head ashlar --tiers 3 --precision 3
refuses 2 "a number from 1 to" "no pairs" gate --base glibc --head ashlar --tiers 3 --pairs 0
refuses 2 "of tier 3, which is not wanted" "a command of another tier" gate --base glibc --head ashlar --tiers 1 --command true
: >"$work/x.json"
for form in baseline update; do
	refuses 2 "--base OLD is needed" "a command and --$form" gate --$form "$work/x.json" --command true
done
check '[ ! -s "$work/x.json" ]' "which leaves the file alone"
refuses 2 "there is no tier 3 here" "time against a file" gate --baseline x --tiers 3

timed "$none" "$some" --pairs 48
check '[ $status -eq 1 ] && [ "$(line cpu_ns)" = fail ] && [ "$(line peak_rss_bytes)" != fail ]' "what takes many times as long fails"
check '[ "$(grep -c "^time: base against itself" "$work/err")" -eq 1 ] && grep -q "smallest effect" "$work/err" &&
	grep -q "2 delta can be shown in . of 1 cells; at most 10 false alarms in 1,000 runs" "$work/err" &&
	[ "$(grep -n "smallest effect" "$work/err" | cut -d: -f1)" -gt "$(grep -n "against itself" "$work/err" | cut -d: -f1)" ]' \
	"and before it is compared the gate says what it can show"
check '[ ! -e "$XDG_CACHE_HOME" ]' "of commands no pairs are kept"
timed "$some" "$none" --pairs 48 --json "$work/pairs.json"
check '[ $status -eq 0 ] && [ "$(line cpu_ns)" = pass ]' "what takes a part of the time passes"
check 'python3 - "$work/pairs.json" >"$work/out" 2>&1 <<-EOF
	import json, statistics, sys
	for line in json.load(open(sys.argv[1]))["lines"]:
	    assert len(line["pairs"]) == line["ratio"]["n"] > 4, line
	    for side, at in ("base", 0), ("head", 1):
	        assert abs(statistics.median(p[at] for p in line["pairs"]) - line[side]) <= 1e-9 * line[side], line
	EOF' "the pairs behind its lines are there, as many as were judged"
timed "$none" "big=$planted/planted_fat.so" --pairs 48
check '[ $status -eq 1 ] && [ "$(line peak_rss_bytes)" = fail ]' "what holds 64 MiB more fails"
# Three pairs can tell nothing.
timed "$none" "$some" --pairs 3
check '[ $status -eq 4 ] && [ "$(line cpu_ns)" = inconclusive ] && grep -q "3 pairs are too few" "$work/out"' "too few pairs: inconclusive"
# The command that it tells, given to a shell, measures the same.
sed -n '/^What to run next/,/^What was/s/^  ashlar-bench/"$bench"/p' "$work/out" >"$work/again"
(eval "$(cat "$work/again")") >"$work/again.out" 2>"$work/again.err"
status=$?
check '[ $status -eq 4 ] && [ "$(wc -l <"$work/again")" -eq 1 ] && grep -q "^inconclusive .*3 pairs are too few" "$work/again.out"' \
	"and so does the command that measures it again"
timed "$none" "$some" --pairs 3 --json -
mv "$work/out" "$work/json" && cp "$work/err" "$work/out"
check '[ $status -eq 4 ] && [ "$(line cpu_ns)" = inconclusive ] && python3 -c "import json, sys; json.load(open(sys.argv[1]))" "$work/json" 2>"$work/err"' \
	"on standard output a form stands alone"
timed "$none" "$some" --pairs 20 --precision 99%
check '[ $status -eq 1 ] && [ "$(line cpu_ns)" = fail ] && [ "$(grep -c "half-width .* after [12][0-9] pairs, within the 99 % wanted" "$work/out")" -eq 2 ]' \
	"a precision is reached, said, and judged then"
timed "$none" "$none" --pairs 12 --precision 0.0001%
check '[ "$(grep -c "half-width .* after 12 pairs, more than the 0.0001 % wanted" "$work/out")" -ge 1 ]' "one that cannot be is said, after all pairs"
timed "$none" "$some" --pairs 3 --precision 99%
check '[ $status -eq 4 ] && [ "$(grep -c "^inconclusive .*3 pairs are too few" "$work/out")" -eq 2 ]' "so it is after fewer than an interval needs"
# A first run shows that it runs at all.  The twelfth, of the sixth pair of base with itself, lasts as long as the
# whole budget, unless those before it did on a machine this slow.
cat >"$work/twelfth" <<-EOF
	echo >>"$work/runs"
	[ "\$(wc -l <"$work/runs")" -ne 12 ] || sleep 4
EOF
bench gate --base "$none" --head "$none" --budget 4s --command "sh $work/twelfth" --precision 1%
check '[ $status -eq 4 ] && [ "$(grep -c "^inconclusive .*the budget of 4 s" "$work/out")" -eq 2 ]' "a budget that is spent before the first pair decides nothing"
# What was measured is gone before it can be read.
bench gate --base "$none" --head "$none" --pairs 2 --command "sh -c 'rm -rf $TMPDIR/ashlar-gate-*'" --junit "$work/junit"
check '[ $status -eq 3 ] && grep -q "^broken *3 *whole tier *cpu_ns" "$work/out" && grep -q "errors=\"1\"" "$work/junit"' \
	"what the bench fails by is a line, in every form"
timed "$none" "crash=$planted/planted_crash.so,PLANTED_CALLS=500" --pairs 8
check '[ $status -eq 3 ] && grep -q "^broken .*head: killed by SIGSEGV" "$work/out"' "head crashes: broken"
timed "crash=$planted/planted_crash.so,PLANTED_CALLS=500" "$none" --pairs 8
check '[ $status -eq 3 ] && grep -q "^broken .*base: killed by SIGSEGV" "$work/out"' "base does, and nothing more is measured"
check '! grep -q "smallest effect" "$work/err"' "as is said by no table"

# build-aux/gate-ten, with a bench that measures nothing: a round is 0.4 % there, delta 3 %.
mkdir -p "$work/tree/harness/test/.libs" && : >"$work/tree/harness/test/.libs/planted_slow.so"
cat >"$work/tree/ashlar-bench" <<-'EOF'
	#!/bin/sh
	last=
	for word; do
		case $last in
		--json) json=$word ;;
		--head) burn=${word##*=} ;;
		esac
		last=$word
	done
	echo "$*" >>"${0%/*}/asked"
	awk -v burn="$burn" 'BEGIN {
		ratio = 1 + 0.004 * burn
		state = ratio > 1.03 ? "fail" : "pass"
		printf "{\"verdict\": \"%s\", \"status\": %d, \"seconds\": 7, \"lines\": [{\"tier\": 3, \"metric\": \"cpu_ns\", ", state, state == "fail"
		printf "\"cell\": \"one:a=1\", \"name\": \"one:a=1\", \"limit\": 0.03, \"state\": \"%s\", ", state
		printf "\"ratio\": {\"point\": %.4f, \"low\": %.4f, \"high\": %.4f, \"n\": 20}}]}\n", ratio, ratio - 0.01, ratio + 0.01
		exit state == "fail"
	}' >"$json"
EOF
chmod +x "$work/tree/ashlar-bench"
ten() { # OPTION...
	python3 "$top_srcdir/build-aux/gate-ten" "$work/tree" --runs 3 --cells one "$@" >"$work/out" 2>"$work/err"
	status=$?
}
ten --out "$work/ten"
check '[ $status -eq 0 ] && grep -q "^# PLANTED_BURN=15: one:a=1 is to grow by 6.0 %" "$work/out" && grep -qx "Of 3 null: 3 pass." "$work/out" &&
	grep -qx "Of 3 slower: 3 fail." "$work/out" && grep -qx "| slower 3 | fail | 1 | 7 | 1.060 \[1.050, 1.070\] |" "$work/out" &&
	[ "$(grep -c "^null [123]: pass, status 0, 7 s: one:a=1 pass 1.000 .0.990, 1.010. n = 20$" "$work/out")" -eq 3 ]' \
	"gate-ten finds what to plant, tells each run, and makes a table"
check '[ "$(sed "s/.*--seed \([0-9]*\) .*/\1/" "$work/tree/asked" | sort -u | wc -l)" -eq 7 ]' "each run has a seed of its own"
cp "$work/out" "$work/first" && ten --out "$work/ten"
check '[ $status -eq 0 ] && [ "$(wc -l <"$work/tree/asked")" -eq 7 ] && cmp "$work/first" "$work/out"' "what was measured is not measured again"
ten --out "$work/too-little" --burn 2
check '[ $status -eq 1 ] && grep -qx "Of 3 slower: 3 pass." "$work/out"' "and what is not found makes its status 1"
finish
