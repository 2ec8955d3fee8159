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
check 'grep -q "those of the recording" "$work/out" && grep -q "max = 0, windowed = 1, paced = 2" "$work/out"' \
	"describe knows a shipped trace, and the words of its parameters"
bench describe "trace:$work/own.trace"
check 'grep -q "default 6001" "$work/out"' "and one by its file"
for word in run describe; do
	option=; [ $word = describe ] || option=--workload
	refuses 2 "no trace 'nosuch': no such file, and of the shipped ones known are trace:four, trace:one" \
		"$word: a missing trace names the known ones" $word $option trace:nosuch
done
echo "not a trace" >"$work/text"
refuses 2 "$work/text" "a file that is no trace is named" run --workload "trace:$work/text"
refuses 2 "takes integers from" "a word that means nothing" run --workload trace:one --set mode=fast
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

# A trace that promises what it does not hold is replayed, and not validated.
"$make" lie "$work/own.trace" 11
bench run --quiet --workload "trace:$work/own.trace" --blocks 1 --only glibc --mode throughput --out "$work/lie"
check '"$rows" "$work/lie" status validated replay.invalid | grep -q "^ok	false	.*bytes requested, the trace promises"' \
	"a trailer that lies is not validated"
check 'grep -q "0 of 1 replays are validated" "$work/lie/report.html" && grep -q "the trace promises" "$work/lie/report.html"' \
	"and the report says so"

# A shipped one that cannot be read is not left out in silence.
bench list
check 'grep -q "^  trace:bad  *unusable: .*bad.trace" "$work/out"' "list says what is wrong with a trace"
bench run --quiet --no-report --workload trace:bad --blocks 1 --only glibc --mode throughput --out "$work/bad"
check '"$rows" "$work/bad" status reason | grep -q "^failed	.*bad.trace"' "and a run of it fails with the reason"

refuses 2 "unknown program 'nosuch': redis, cc1plus and sqlite are known" "fidelity of an unknown program" \
	fidelity --program nosuch
refuses 2 "--blocks 0" "fidelity without blocks" fidelity --blocks 0
refuses 2 "allocators that can run here are needed" "fidelity of one allocator" fidelity --only glibc
finish
