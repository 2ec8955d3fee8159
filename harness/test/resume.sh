# A run set that is interrupted, killed, completed.
. "$top_srcdir/harness/test/bench.sh"

plan="--no-report --workload tiny-churn --mode throughput --only glibc --allocator again=$("$bench" list |
	awk '$1 == "glibc" { print $2 }')"
lines() { grep -c . "$1/samples.jsonl" 2>/dev/null || true; }
wait_lines() { # until the folder has that many records (or a minute is over)
	for _ in $(seq 600); do
		[ "$(lines "$1")" -ge "$2" ] && return 0
		sleep 0.1
	done
}

taken() { # until the process has taken the SIGINT (bit 1) that was sent to it
	for _ in $(seq 600); do
		case $(sed -n 's/^ShdPnd:.*\(.\)$/\1/p' "/proc/$1/status") in
		[2367abef]) sleep 0.1 ;;
		*) return 0 ;;
		esac
	done
}

# The reference: not interrupted.
bench run $plan --quiet --set ops=2000000 --blocks 6 --seed 5 --out "$work/whole"
check '[ $status -eq 0 ] && [ "$(lines "$work/whole")" -eq 12 ]' "six blocks of two are twelve records"
check '[ "$(ls "$work/whole/cdf")" = tiny-churn.tsv ] && grep -q "^tiny-churn	lifetime	" "$work/whole/cdf/tiny-churn.tsv"' \
	"sizes and lifetimes are recorded beside them, once"
check '[ "$("$rows" "$work/whole" block allocator | sort -u | grep -c .)" -eq 12 ]' \
	"every allocator once per block"
check '[ "$("$rows" "$work/whole" block seed | sort -u | grep -c .)" -eq 6 ]' \
	"one workload seed per block, the same for both"
check '[ "$("$rows" "$work/whole" order allocator | sort -u | grep -c .)" -eq 4 ]' \
	"each allocator is first in some block"
refuses 2 "it was finished" "a finished one is not resumed" run --resume --out "$work/whole"
refuses 1 "holds a run set already" "nor written over" run $plan --out "$work/whole"

# ctrl-C: the running sample is finished.
"$bench" run $plan --quiet --set ops=2000000 --blocks 6 --seed 5 --out "$work/cut" >"$work/out" 2>"$work/err" &
pid=$!
wait_lines "$work/cut" 3
kill -INT $pid
wait $pid
status=$?
had=$(lines "$work/cut")
check '[ $status -eq 130 ] && grep -q "run --resume --out $work/cut" "$work/err"' \
	"ctrl-C: status 130, and how to go on"
check '[ $had -ge 3 ] && [ $had -lt 12 ] && grep -q "\"finished\": null" "$work/cut/manifest.json"' \
	"it leaves an unfinished folder"
cp "$work/cut/samples.jsonl" "$work/before"
bench run --resume --quiet --no-report --out "$work/cut"
check '[ $status -eq 0 ] && [ "$(lines "$work/cut")" -eq 12 ]' "--resume measures what is missing"
check 'cmp -s "$work/cut/cdf/tiny-churn.tsv" "$work/whole/cdf/tiny-churn.tsv"' \
	"and records the sizes and lifetimes that were not"
check 'head -n "$had" "$work/cut/samples.jsonl" | cmp -s - "$work/before"' "and leaves alone what was there"
check '[ "$("$rows" "$work/cut" id block order allocator seed | sort)" = "$("$rows" "$work/whole" id block order allocator seed | sort)" ]' \
	"as if it had never been interrupted: same numbers, orders and seeds"

# A second ctrl-C does not wait: the stalled sample is given up and not recorded.
"$bench" run --no-report --quiet --workload tiny-churn --mode throughput --blocks 2 --timeout 10m \
	--only "stall=$planted/planted_stall.so" --out "$work/twice" >"$work/out" 2>"$work/err" &
pid=$!
for _ in $(seq 600); do
	pgrep -P $pid ashlar-work >/dev/null && break
	sleep 0.1
done
kill -INT $pid
taken $pid
kill -INT $pid
wait $pid
status=$?
check '[ $status -eq 130 ] && [ "$(lines "$work/twice")" -eq 0 ] && ! pgrep -f "$work" >/dev/null' \
	"a second ctrl-C ends the running sample, which leaves no record and no process"

# kill -9, in the middle of writing a record.
"$bench" run $plan --quiet --set ops=2000000 --blocks 6 --seed 5 --out "$work/shot" >"$work/out" 2>"$work/err" &
pid=$!
wait_lines "$work/shot" 4
refuses 2 "another ashlar-bench" "two at once in one folder are refused" run --resume --out "$work/shot"
kill -KILL $pid
wait $pid 2>/dev/null
had=$(lines "$work/shot")
printf '{"schema":1,"id":' >>"$work/shot/samples.jsonl"
bench run --resume --quiet --no-report --out "$work/shot"
check '[ $status -eq 0 ] && [ "$("$rows" "$work/shot" id block order allocator seed | sort)" = "$("$rows" "$work/whole" id block order allocator seed | sort)" ]' \
	"after kill -9 and a torn line --resume completes it too"

# Foreign folders.
cp -r "$work/whole" "$work/foreign"
sed -i 's/"finished": "[^"]*"/"finished": null/; s/"seed": 5,/"seed": 6,/' "$work/foreign/manifest.json"
sed -i 1d "$work/foreign/samples.jsonl"
refuses 2 "another plan" "records of another plan are refused" run --resume --out "$work/foreign"
cp -r "$work/whole" "$work/moved"
sed -i 's/"finished": "[^"]*"/"finished": null/; s/"machine_class": "[^"]*"/"machine_class": "0"/' "$work/moved/manifest.json"
refuses 2 "another machine" "another machine's run set is refused" run --resume --out "$work/moved"
cp -r "$work/whole" "$work/rebuilt"
sed -i 's/"finished": "[^"]*"/"finished": null/; s/"worker_build_id": "[^"]*"/"worker_build_id": "00"/' "$work/rebuilt/manifest.json"
refuses 2 "built anew" "so are workloads that were built anew" run --resume --out "$work/rebuilt"
cp -r "$work/whole" "$work/changed"
sed -i 's/"finished": "[^"]*"/"finished": null/; s/"build_id": "[^"]*"/"build_id": "00"/' "$work/changed/manifest.json"
refuses 2 "the library of" "a library that changed since is refused" run --resume --out "$work/changed"

# A budget too small for the plan: what is missing is recorded.
bench run $plan --quiet --set ops=20000000 --blocks 200 --budget 3s --out "$work/budget"
check '[ $status -eq 0 ] && grep -q "\"reason\": \"budget\"" "$work/budget/manifest.json" &&
	! grep -q "\"finished\": null" "$work/budget/manifest.json"' "a budget ends the run and says what it left out"
check '[ "$("$rows" "$work/budget" block | sort | uniq -c | awk '\''$1 != 2'\'' | grep -c .)" -eq 0 ]' \
	"but takes no allocator out of a block"
finish
