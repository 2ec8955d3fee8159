# The gate: each of its exit statuses, a pair and a file of baselines.  What is planted is
# instructions; nothing here depends on how long something takes.
. "$top_srcdir/harness/test/bench.sh"

library=$top_builddir/.libs/libashlar.so
slow=$planted/planted_slow.so
none="slow=$slow,PLANTED_BURN=0"
some="slow=$slow,PLANTED_BURN=20"

refuses 2 "--base OLD --head NEW" "neither a pair nor a file" gate
refuses 2 "only one of these" "a pair and a file" gate --base glibc --head ashlar --baseline x
refuses 2 "--head NEW" "a pair of one" gate --base glibc
refuses 2 "/no/such.so" "a library that is not there" gate --base /no/such.so --head ashlar
refuses 2 "unknown allocator 'nosuch'" "an unknown allocator" gate --base nosuch --head ashlar
refuses 2 "no library lib*.so*" "a folder without a library" gate --base "$top_srcdir/harness/schema" --head ashlar
refuses 2 "tiers like 0-2" "no tiers" gate --base glibc --head ashlar --tiers fast
refuses 2 "tiers like 0-2" "tiers that go down" gate --base glibc --head ashlar --tiers 1-0
refuses 2 "pass or fail" "neither pass nor fail" gate --base glibc --head ashlar --inconclusive maybe
refuses 2 "needs --because" "an acceptance without a reason" gate --baseline x --accept CELL
refuses 2 "--baseline FILE is needed" "and one without a file" gate --base glibc --head ashlar --accept x --because y
refuses 2 "unexpected" "a stray argument" gate glibc
refuses 2 "judges nothing" "a form of what is only kept" gate --update "$work/x.json" --json -
refuses 2 "--junit: --accept CELL" "or of what is accepted" gate --baseline "$work/x.json" --accept CELL --because y --junit "$work/x"
refuses 2 "--junit '/no/such/x'" "a form in a folder that is not there" gate --base glibc --head ashlar --junit /no/such/x
refuses 2 "--update /no/such/x.json: No such file" "a file of baselines that could not be written, before anything is measured" gate --update /no/such/x.json
refuses 2 "--update $work: Is a directory" "or that is a folder" gate --update "$work"
refuses 99 "/no/such.so" "which is a hard error to Automake" gate --automake --base /no/such.so --head ashlar
refuses 99 "pass or fail" "so is a mistake in the options, wherever it stands" gate --inconclusive maybe --automake
bench gate --nosuch --auto
check '[ $status -eq 99 ] && grep -q "unrecognized option" "$work/err"' "and an option that is none"
printf '[gate]\ninstructions = much\n' >"$work/bad.job"
refuses 2 "bad.job:2: instructions = much: a percentage" "a limit that is none" gate --base glibc --head ashlar --job "$work/bad.job"
printf '[gate]\nseconds = 1%%\n' >"$work/bad.job"
refuses 2 "bad.job:2: unknown key 'seconds'" "a limit of no metric" gate --base glibc --head ashlar --job "$work/bad.job"
printf '{"schema": "ashlar-baseline 1", "baselines": [{"class": {}}]}' >"$work/bad.json"
refuses 2 "bad.json: not a file of baselines" "a file of something else" gate --baseline "$work/bad.json"
printf '{"schema": ' >"$work/bad.json"
refuses 2 "bad.json:1: " "a file that is torn" gate --update "$work/bad.json"

command -v valgrind >/dev/null || {
	bench gate --base glibc --head ashlar --tiers 1
	check '[ $status -eq 77 ] && grep -q "valgrind.* is not installed" "$work/out"' "without valgrind nothing is compared"
	finish
	exit
}
refuses 2 "no cell of these tiers" "a gate over nothing" gate --base glibc --head ashlar --tiers 1 --workload nosuch -q
bench gate --base glibc --head glibc --tiers 1 --workload 'realloc-growth,nosuch' -q
check '[ $status -eq 0 ] && [ "$(cat "$work/err")" = "ashlar-bench gate: --workload nosuch: no cell of these tiers has such a name" ]' \
	"a name that no cell has is told, beside one that is measured"
bench gate --update "$work/none.json" --head glibc --tiers 1 --workload nosuch -q
check '[ $status -eq 3 ] && grep -q -- "--workload nosuch: no cell" "$work/err" && [ ! -e "$work/none.json" ]' "and of such ones alone nothing is kept"

# Another path, another size of the environment, another name: the same.
mkdir -p "$work/a/long/way/down/.libs"
cp "$library" "$work/a/long/way/down/.libs/libashlar.so"
some_variable=$(printf '%4000s' x)
export some_variable
bench gate --quiet --tiers 0-1 --base "$top_builddir" --head "$work/a/long/way/down" --seed 2 --workload 'trace:git,realloc-growth,free'
unset some_variable
check '[ $status -eq 0 ] && grep -q "trace:git:.*mode=single" "$work/out"' \
	"the same library elsewhere passes"
check '[ "$(grep -c "free:size=" "$work/out")" -eq 12 ]' "and so do its fast paths, counted one by one"

bench gate --quiet --tiers 0 --workload free --base "$library" --head "own=$library,ASHLAR_CONF=tcache:false"
check 'awk "\$4 == \"fast_instructions\" && \$5 != \$6 { n++ } END { exit n != 3 }" "$work/out"' \
	"which are those of the library with its variables"

# Instructions more: with the functions that have them.
forms=$work/forms
mkdir "$forms"
bench gate --quiet --tiers 0-1 --base "$none" --head "$some" --workload realloc-growth --github --junit "$forms/junit" \
	--markdown "$forms/markdown" --json "$forms/json" --benchmark-json "$forms/benchmark-json" \
	--benchstat "$forms/benchstat" --openmetrics "$forms/openmetrics"
check '[ $status -eq 1 ] && grep -q "realloc-growth" "$work/out"' "more instructions fail"
echo $status >"$forms/status"
sed '/^::/,$d' "$work/out" >"$forms/text" && sed -n '/^::/,$p' "$work/out" >"$forms/github"
check 'python3 "$top_srcdir/harness/test/gate_outputs.py" "$top_srcdir/harness/schema/gate.json" "$forms" >"$work/err" 2>&1' \
	"and every form says so"
check 'grep -qE "planted_call|malloc" "$work/out"' "and the function is named that has them"
check 'grep -q "slow is another allocator" "$work/out"' "fast paths of others are left out with the reason"
# A file of baselines.
file=$work/baseline.json
bench gate --quiet --tiers 1 --baseline "$file" --head "$none"
check '[ $status -eq 77 ] && grep -q "gate --update .*PLANTED_BURN=0. --tiers 1" "$work/out" && grep -q "^skipped *1 *whole tier *instructions" "$work/out"' "without a file nothing is compared, and the command is told"
bench gate --quiet --tiers 1 --update "$file" --head "$none" --workload realloc-growth,big-buffers
check '[ $status -eq 0 ] && grep -q "\"realloc-growth:" "$file" && grep -q "\"big-buffers:" "$file"' "a baseline is made"
cp "$file" "$work/first.json"
bench gate --quiet --tiers 1 --update "$file" --head "crash=$planted/planted_crash.so" --workload realloc-growth
check '[ $status -eq 3 ] && cmp "$file" "$work/first.json"' "an allocator that breaks changes nothing of it"
bench gate --tiers 1 --baseline "$file" --head "$none" --workload realloc-growth --json -
mv "$work/out" "$work/json"
check '[ $status -eq 0 ] && python3 -c "import json, sys; json.load(open(sys.argv[1]))" "$work/json" >"$work/out" 2>&1' \
	"what it was made of passes, in a form that stands alone on standard output"
bench gate --quiet --tiers 1 --baseline "$file" --head "$some" --workload realloc-growth
check '[ $status -eq 1 ] && grep -qE "planted_call|malloc" "$work/out"' "more fails, with the function"
printf '[gate]\ninstructions = 0.1%%\n[gate realloc-*]\ninstructions = 90 %%\n' >"$work/limits.job"
bench gate --quiet --tiers 1 --baseline "$file" --head "$some" --workload realloc-growth --job "$work/limits.job"
check '[ $status -eq 0 ]' "a job file widens the limit of a cell"
printf '[gate nosuch]\nfast_loads = 1%%\ninstructions = 1%%\n' >"$work/limits.job"
bench gate --quiet --tiers 0 --base ashlar --head ashlar --job "$work/limits.job"
check '[ $status -eq 0 ] && [ "$(cat "$work/err")" = "ashlar-bench gate: --job $work/limits.job: [gate nosuch]: no cell of these tiers has such a name" ]' \
	"cells that a job file names and that are none are told, once for a metric of these tiers"
bench gate --quiet --tiers 1 --baseline "$file" --head "crash=$planted/planted_crash.so" --workload realloc-growth
check '[ $status -eq 3 ] && grep -q "SIGSEGV" "$work/out"' "an allocator that breaks is no regression"
bench gate --quiet --tiers 1 --baseline "$file" --head "$some" --accept 'realloc-growth*' --because 'it keeps a count'
check '[ $status -eq 0 ] && [ "$(diff "$work/first.json" "$file" | grep -c "^[<>]")" -le 4 ]' "it can be accepted, in two lines"
bench gate --quiet --tiers 1 --baseline "$file" --head "$some" --workload realloc-growth
check '[ $status -eq 0 ] && grep -q "accepted.*it keeps a count" "$work/out"' "then it passes, with the reason"
bench gate --quiet --tiers 1 --baseline "$file" --head "slow=$slow,PLANTED_BURN=60" --workload realloc-growth
check '[ $status -eq 1 ] && grep -q "it keeps a count" "$work/out"' "and more than that fails again"
refuses 2 "nothing there exceeds" "nothing to accept" gate --quiet --tiers 1 --baseline "$file" --head "$none" \
	--accept 'big-buffers*' --because 'no reason'

sed 's/"compiler": "[^"]*"/"compiler": "TCC 1"/; s/"libc": "[^"]*"/"libc": "00ff"/' "$file" >"$work/other.json"
bench gate --quiet --tiers 1 --baseline "$work/other.json" --head "$none"
check '[ $status -eq 77 ] && grep -q "differs in compiler (TCC 1, here " "$work/out" && grep -q "libc (00ff, here " "$work/out"' \
	"a baseline of another count class is refused, with what differs"
bench gate --quiet --tiers 1 --update "$work/other.json" --head "$some" --workload realloc-growth
check '[ $status -eq 0 ] && [ "$(grep -c "\"class\":" "$work/other.json")" -eq 2 ]' "one file holds several count classes"
bench gate --quiet --tiers 1 --baseline "$work/other.json" --head "$none" --workload realloc-growth
check '[ $status -eq 0 ] && grep -q "realloc-growth" "$work/out"' "and fewer instructions pass"
finish
