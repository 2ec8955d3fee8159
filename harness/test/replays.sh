# Traces among the workloads: by file and by pattern, in every mode, with records that say
# whether each replay did what its trace promises; and mistakes about them.
. "$top_srcdir/harness/test/bench.sh"
make=$top_builddir/workloads/test/make_trace
mkdir "$work/traces"
ASHLAR_TRACES=$work/traces
export ASHLAR_TRACES

bench list
check 'grep -q "^Traces" "$work/out" && ! grep -q "^  trace:" "$work/out"' "an empty folder has no traces"
refuses 2 "no trace 'nosuch': no such file, and of the shipped ones there are none here" \
	"a missing trace where none is shipped" run --workload trace:nosuch
refuses 2 "no trace matches 'trace:*': there are none here" "a pattern where none is shipped" \
	run --workload 'trace:*'

"$make" one "$work/traces/one.trace" 8000 && "$make" four "$work/traces/four.trace" 8000 &&
	"$make" one "$work/own.trace" 6000 7
check '[ $? -eq 0 ]' "traces are made"
bench list
check 'grep -q "^  trace:one  *make_trace recorded: 8001 events of 1 thread" "$work/out"' "list tells what a trace holds"
bench describe trace:four
check 'grep -q "those of the recording" "$work/out" && grep -q "max = 0, windowed = 1, paced = 2, single = 3" "$work/out"' \
	"describe knows a shipped trace, and the words of its parameters"
bench describe "trace:$work/own.trace"
check 'grep -q "default 6001" "$work/out"' "and one by its file"
for word in run describe; do
	option=; [ $word = describe ] || option=--workload
	refuses 2 "no trace 'nosuch': no such file, and of the shipped ones known are trace:four, trace:one" \
		"$word: a missing trace names the known ones" $word $option trace:nosuch
done

# A user's trace has the name of its file, or the one that is given; no two have the same.
mkdir "$work/odd dir" "$work/other" && cp "$work/own.trace" "$work/odd dir/my [1] server.trace" &&
	cp "$work/traces/four.trace" "$work/other/own.trace" && cp "$work/traces/one.trace" "$work/other/one.trace" &&
	ln -s ../own.trace "$work/other/latest.trace"
plan() { bench run --dry-run --only glibc --mode throughput --workload "$1"; }
is_named() { # TRACES NAMES
	plan "$1"
	[ "$status" -eq 0 ] && [ "$(sed -n 's/^trace:\([^ ]*\) .*throughput.*/\1/p' "$work/out" | tr '\n' ' ')" = "$2 " ]
}
check 'is_named "trace:$work/own.trace" own' "a trace has the name of its file"
check 'is_named "trace:$work/odd dir/my [1] server.trace" my__1__server' "without what is odd in a name"
check 'is_named "trace:$work/other/latest.trace" latest' "a link's name, not its target's"
check 'is_named "trace:mine=$work/own.trace" mine' "or the name that is given"
check 'is_named "trace:$work/own.trace,trace:$work/other/../own.trace" own' "by two paths it is one"
check 'is_named "trace:$work/other/one.trace" one' "a copy of a shipped one is that"
check 'is_named "trace:$work/own.trace,trace:second=$work/other/own.trace" "own second"' "two of one name are told apart by a given one"
refuses 2 "another trace is called 'own' already, $work/own.trace: trace:NAME=FILE" "else refused" \
	run --dry-run --workload "trace:$work/own.trace,trace:$work/other/own.trace"
cp "$work/own.trace" "$work/other/four.trace"
refuses 2 "another trace is called 'four' already" "so is another one with a shipped one's name" \
	run --dry-run --workload "trace:$work/other/four.trace"
cp "$work/own.trace" "$work/$(printf '%060d' 0).trace"
refuses 2 "1 to 40 characters: trace:NAME=FILE" "and one that no label has room for" \
	run --dry-run --workload "trace:$work/$(printf '%060d' 0).trace"

echo "not a trace" >"$work/text"
refuses 2 "$work/text" "a file that is no trace is named" run --workload "trace:$work/text"
refuses 2 "trace:one takes max, windowed, paced, single" "a word that means nothing names those that do" run --workload trace:one --set mode=fast
cp "$work/text" "$work/traces/bad.trace"

bench run --quiet --workload 'trace:[of]*,trace:'"$work/own.trace" --set window=500 --blocks 2 --only glibc \
	--only null --mode throughput,latency,verify,locality --out "$work/set"
check '[ $status -eq 0 ]' "they run"
check '[ "$("$rows" "$work/set" status validated | sort | uniq -c | awk "{ print \$2, \$3 }")" = "ok true" ]' \
	"every sample is good and validated"
check '"$rows" "$work/set" cell mode | sort -u | grep -c . | grep -qx 12' "three traces in four modes"
check '"$rows" "$work/set" mode params.mode params.touch params.window | sort -u | grep -qx "throughput	1	2	500"' \
	"the parameters are in the record"
check 'test "$("$rows" "$work/set" mode locality.lines | grep -c "^locality	[1-9]")" -ge 3' "the model has figures"
check 'test "$("$rows" "$work/set" mode replay.recorded_peak_live_bytes replay.peak_live_bytes | awk "\$2 == \$3 && \$2 > 0" | grep -c .)" -ge 8' \
	"one thread: the peak of live bytes is the recorded one"
check 'grep -q "Replays of traces" "$work/set/report.html" && grep -q "replays are validated" "$work/set/report.html" &&
	grep -q "lines of 64 B" "$work/set/report.html"' "the report has them"

# What is published tells a trace's name and contents, and nothing of where it lay.
long=a-name-of-forty-characters-and-not-more.
cd "$work" || exit 99
bench run --quiet --workload "trace:$long=$work/odd dir/my [1] server.trace,trace:$work/own.trace" --only glibc,ashlar \
	--blocks 2 --mode throughput,latency,locality --set window=500 --out page
check '[ $status -eq 0 ] && [ "$("$rows" page cell workload | sort -u)" = "$(printf "trace:$long:window=500\ttrace:$long\ntrace:own:window=500\ttrace:own")" ]' \
	"cells bear the name"
sum=$(sha256sum own.trace | cut -d" " -f1)
check 'grep -q "\"sha256\": \"$sum\"" page/manifest.json && grep -qF "\"path\": \"$(realpath own.trace)\"" page/manifest.json' \
	"the manifest tells path and contents"
check 'grep -q "$sum" page/report.html && ! grep -q "$work\|odd dir" page/report.html page/report/*.tsv page/report/*.svg page/samples.jsonl' \
	"the page tells the contents and no path"
check '[ "$(grep -o "<table>" page/report.html | wc -l)" -eq "$(grep -o "<caption>" page/report.html | wc -l)" ]' \
	"every table of the page has its caption"
check '[ -s page/cdf/trace:own.tsv ] && [ -s "page/cdf/trace:$long.tsv" ] && [ -s page/report/fig15.svg ] && [ -s page/report/fig15b.svg ] &&
	! grep -q "Not recorded: " page/report.html' "sizes and lifetimes are drawn"
check 'grep -q ">trace:.*…" page/report/fig01.svg && ! grep -q ">[^<]*$long:" page/report/fig01.svg' "labels are no longer than their room"
check '[ "$(grep -c "<tr><th scope=\"row\">trace:own:window=500</th><td>glibc</td><td class=\"num\">2</td><td class=\"num\">[0-9]" page/report.html)" -eq 1 ] &&
	[ "$(grep -c "<tr><th scope=\"row\">trace:[^<]*</th><td>\\(glibc\\|ashlar\\)</td><td class=\"num\">2</td>" page/report.html)" -eq 4 ]' \
	"locality has a row per cell and allocator, not per block"
sed -i 's/^ "finished": .*/ "finished": null,/' page/manifest.json
cp traces/one.trace own.trace
refuses 2 "trace:own is not the trace that it was" "a set whose trace has changed is not gone on with" run --resume --out page

# A trace that promises what it does not hold is replayed, and not validated.
"$make" one "$work/own.trace" 6000 7 && "$make" lie "$work/own.trace" 11
bench run --quiet --workload "trace:$work/own.trace" --blocks 1 --only glibc --mode throughput --out "$work/lie"
check '"$rows" "$work/lie" status validated replay.invalid | grep -q "^ok	false	.*bytes requested, the trace promises"' \
	"a trailer that lies is not validated"
check 'grep -q "0 of 1 replays are validated" "$work/lie/report.html" && grep -q "the trace promises" "$work/lie/report.html"' \
	"and the report says so"

# A shipped one that cannot be read is not left out in silence.
bench list
check 'grep -q "^  trace:bad  *unusable: .*bad.trace" "$work/out"' "list says what is wrong with a trace"
bench run --quiet --no-report --workload trace:bad --blocks 1 --only glibc --mode throughput --out "$work/bad"
check '"$rows" "$work/bad" status reason | grep -q "^failed	bad.trace: "' "and a run of it fails with the reason"

refuses 2 "unknown program 'nosuch': redis, cc1plus and sqlite are known" "fidelity of an unknown program" \
	fidelity --program nosuch
refuses 2 "--blocks 0" "fidelity without blocks" fidelity --blocks 0
refuses 2 "allocators that can run here are needed" "fidelity of one allocator" fidelity --only glibc
finish
