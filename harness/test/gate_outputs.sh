# The forms of a gate's outcome: each is read by a reader that is not ours where there is one, and
# all of them say the same, whatever the verdict and the names.
no_preload=yes
. "$top_srcdir/harness/test/bench.sh"
make=$top_builddir/harness/test/make_gate
schema=$top_srcdir/harness/schema/gate.json
unset GITHUB_STEP_SUMMARY
PATH=$PATH:$top_builddir/tools # promtool, where it is not installed; build-aux/promtool
python=python3 # or Debian's own, where only that has the readers
for one in python3 /usr/bin/python3; do
	$one -c 'import jsonschema, prometheus_client' 2>/dev/null && python=$one && break
done

# One case in every form; as the verb would be called.
write() { # CASE
	mkdir -p "$work/$1"
	"$make" "$1" --junit "$work/$1/junit" --markdown "$work/$1/markdown" --json "$work/$1/json" \
		--benchmark-json "$work/$1/benchmark-json" --benchstat "$work/$1/benchstat" \
		--openmetrics "$work/$1/openmetrics" >"$work/$1/text" 2>"$work/err"
	echo $? >"$work/$1/status"
	"$make" "$1" --github >"$work/both" 2>>"$work/err"
	tail -c +"$(($(wc -c <"$work/$1/text") + 1))" "$work/both" >"$work/$1/github"
	[ ! -s "$work/err" ]
}

cases="pass fail broken inconclusive passing-inconclusive skipped empty hostile many long"
folders=
for name in $cases; do
	folders="$folders $work/$name"
	check 'write $name' "$name: written without a complaint"
	if command -v xmllint >/dev/null; then
		check 'xmllint --huge --noout "$work/$name/junit" >"$work/out" 2>"$work/err" && [ ! -s "$work/err" ]' \
			"$name: xmllint reads the JUnit XML"
	fi
	if command -v jq >/dev/null; then
		check 'jq -e ".schema == \"ashlar-gate 1\" and ([.lines[].state] | length) == ([.counts[]] | add)" "$work/$name/json" >"$work/out" 2>"$work/err" &&
			jq -e "all(.[]; (.name | type) == \"string\" and (.value | type) == \"number\")" "$work/$name/benchmark-json" >"$work/out" 2>"$work/err"' \
			"$name: jq reads the JSON"
	fi
	if command -v promtool >/dev/null; then
		check 'promtool check metrics <"$work/$name/openmetrics" >"$work/out" 2>"$work/err"' "$name: promtool reads the metrics"
		# Its reader of OpenMetrics wants to know when.
		awk '/^#/ { print; next } { print $0, 1700000000 }' "$work/$name/openmetrics" >"$work/timed"
		check 'promtool tsdb create-blocks-from openmetrics "$work/timed" "$work/$name/tsdb" >"$work/out" 2>"$work/err"' \
			"$name: and so does its reader of OpenMetrics"
	fi
done
check '$python "$top_srcdir/harness/test/gate_outputs.py" "$schema" $folders >"$work/out" 2>"$work/err"' \
	"in every case all forms say the same"
grep -h '^# no ' "$work/out"
for tool in xmllint jq promtool; do
	command -v $tool >/dev/null || skip "$tool reads what it can" "$tool is not installed"
done

# --- words -----------------------------------------------------------------------------------
check 'grep -q "^fail *1 *tiny-churn *instructions *1000 *1012 *+1.20 % worst *+0.50 %" "$work/fail/text" &&
	grep -q "^pass *1 *trace:git *instructions *1000 *990 *-1.00 % \*  *+0.50 %" "$work/fail/text"' \
	"text: columns, the best and the worst marked"
check 'awk "/^What grew/ { on = 1 } on && /^ *12.5 *400 *412.5 *malloc *tiny-churn/ { good = 1 } /free/ { good = 0; exit } END { exit !good }" "$work/fail/text"' \
	"text: a line per function that grew, none for one that did not"
check 'grep -q "^| fail | 1 | tiny-churn | instructions | 1000 | 1012 | +1.20 % worst |" "$work/fail/markdown" && grep -qF "| **-1.00 %** |" "$work/fail/markdown"' \
	"Markdown: the same table"
check 'grep -qF "::error title=fail%3A tier 1%2C tiny-churn%3A instructions::ratio 1.012 (exact), limit 1.005; base 1000, head 1012; again: ashlar-bench gate" "$work/fail/github"' \
	"annotations: ratio, limit, command"
check 'grep -q "^BenchmarkTiny-churn/tier=1/lib=base 1 1000 instructions$" "$work/fail/benchstat" && [ "$(grep -c "^BenchmarkLarson/tier=3/lib=head 1 [0-9.]* ns/op$" "$work/fail/benchstat")" -eq 20 ]' \
	"benchstat: exact values once, sampled ones pair by pair"
check '[ "$(jq -r ".class | from_entries | .compiler" "$work/fail/json")" = "gcc 12.2.0" ] || ! command -v jq >/dev/null' \
	"JSON: the count class as an object"

# --- where they go ---------------------------------------------------------------------------
run() {
	"$make" "$@" >"$work/out" 2>"$work/err"
	status=$?
}
refused() { # WORD NAME ARGUMENT...
	word=$1 name=$2
	shift 2
	run "$@"
	check '[ $status -eq 2 ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" -eq 1 ] && grep -qF -- "$word" "$work/err"' "$name"
}

run fail --json -
check '[ $status -eq 1 ] && cmp "$work/out" "$work/fail/json" && cmp "$work/err" "$work/fail/text"' \
	"- is standard output, and the text goes to standard error"
refused "--json" "a folder that is not there" fail --json "$work/nowhere/x"
refused "--junit '$work'" "a folder in place of a file" fail --junit "$work"
refused "--junit ''" "no name" fail --junit ""
refused "both write $work/x" "two forms in one file" fail --junit "$work/x" --json "$work/x"
refused "only one form" "two forms on standard output" fail --junit - --json -
refused "only one form" "annotations and a form on standard output" fail --github --json -

echo old >"$work/target" && ln -s target "$work/link"
run fail --json "$work/link"
check '[ -L "$work/link" ] && cmp "$work/target" "$work/fail/json"' "behind a link the file is replaced, not the link"
mkfifo "$work/pipe" && cat "$work/pipe" >"$work/got" &
reader=$!
while [ ! -p "$work/pipe" ]; do sleep 0.01; done
run fail --json "$work/pipe"
wait $reader
check '[ -p "$work/pipe" ] && cmp "$work/got" "$work/fail/json"' "a pipe is written to, not replaced"
"$make" fail --benchstat /dev/stdout >"$work/out" 2>"$work/err"
check '[ -c /dev/null ] && [ -e /dev/stdout ] && grep -q "^fail: 6 lines" "$work/out" && grep -q "^BenchmarkTiny" "$work/out"' \
	"nor is what /dev holds"

echo "# from before" >"$work/summary"
GITHUB_STEP_SUMMARY=$work/summary run fail --markdown "$work/summary"
check '{ echo "# from before"; cat "$work/fail/markdown"; } | cmp - "$work/summary"' "the step's summary keeps what others wrote"
head -c 900000 /dev/zero | tr '\0' '.' >"$work/summary"
GITHUB_STEP_SUMMARY=$work/summary run many --markdown "$work/summary"
check '[ "$(wc -c <"$work/summary")" -le 1048576 ] && [ "$(wc -c <"$work/summary")" -gt 1000000 ]' \
	"and what they left room for is what is used"

# What cannot be written is told, keeps nothing else from being written, and is no pass.
if [ -e /dev/full ]; then
	run pass --json /dev/full --junit "$work/whole"
	check '[ $status -eq 3 ] && grep -q "^ashlar-bench: --json /dev/full: No space left" "$work/err" && cmp "$work/whole" "$work/pass/junit"' \
		"a full disk"
	"$make" pass >/dev/full 2>"$work/err"
	check '[ $? -eq 3 ] && grep -q "standard output: No space left" "$work/err"' "and standard output on one"
fi
finish
