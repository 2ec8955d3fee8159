# A run set that is interrupted, killed, completed.
. "$top_srcdir/harness/test/bench.sh"

plan="--no-report --workload tiny-churn --mode throughput --only glibc --allocator again=$("$bench" list |
	awk '$1 == "glibc" { print $2 }')"
lines() { # of a folder's records, 0 while there are none
	local n
	n=$(grep -c . "$1/samples.jsonl" 2>/dev/null)
	echo "${n:-0}"
}

# Runs of six blocks with a command that can be held in its middle (bench.sh): 24 records.
held="--job $work/held.ini $(echo "$plan" | sed 's/--workload tiny-churn --mode throughput//') --no-repeat --quiet --blocks 6 --seed 5"
held_run() { # FOLDER N: $pid is held before the command's N-th run of twelve
	printf '[tiny-churn]\nmode = throughput\nset = ops=200000\n%s\n' "$(held_section "$2")" >"$work/held.ini"
	"$bench" run $held --out "$1" >"$work/out" 2>"$work/err" &
	pid=$!
	until_held $pid
}

taken() { # until the process has taken the SIGINT (bit 1) that was sent to it
	while alive "$1"; do
		case $(sed -n 's/^ShdPnd:.*\(.\)$/\1/p' "/proc/$1/status" 2>/dev/null) in
		[2367abef]) sleep 0.1 ;;
		*) return 0 ;;
		esac
	done
}

# The reference: not interrupted.
bench run $plan --quiet --set ops=200000 --blocks 6 --seed 5 --out "$work/whole"
check '[ $status -eq 0 ] && [ "$(lines "$work/whole")" -eq 12 ]' "six blocks of two are twelve records"
check '[ "$(ls "$work/whole/cdf")" = tiny-churn.tsv ] && grep -q "^tiny-churn	lifetime	" "$work/whole/cdf/tiny-churn.tsv"' \
	"sizes and lifetimes are recorded beside them, once"
check '[ "$("$rows" "$work/whole" block allocator | sort -u | grep -c .)" -eq 12 ]' \
	"every allocator once per block"
check '[ "$("$rows" "$work/whole" block seed | sort -u | grep -c .)" -eq 6 ]' \
	"one workload seed per block, the same for both"
check '[ "$("$rows" "$work/whole" order allocator | sort -u | grep -c .)" -eq 4 ]' \
	"each allocator is first in some block"
bench run --resume --out "$work/whole"
check '[ $status -eq 0 ] && [ "$(wc -l <"$work/out")" -eq 1 ] && grep -q "was finished at .*: nothing is left" "$work/out"' \
	"a finished one that is resumed says so, and that is no failure"
refuses 1 "holds a run set already" "nor written over" run $plan --out "$work/whole"

bench run --no-report --quiet --mode footprint --workload heap-walk --set ops=1000,step_ns=0 --blocks 1 --only glibc --out "$work/stepped"
bench run --resume --out "$work/stepped"
check '[ $status -eq 0 ] && grep -q "nothing is left" "$work/out"' "so does one whose clock was held though its mode moves it"

# Records that somebody removed are no budget's doing.
for left in 11 0; do
	cp -r "$work/whole" "$work/lost$left"
	head -n $left "$work/whole/samples.jsonl" >"$work/lost$left/samples.jsonl"
	bench run --resume --no-report --out "$work/lost$left"
	check '[ $status -eq 0 ] && grep -q "lacks $((12 - left)) samples\? by now" "$work/out" && [ "$(lines "$work/lost$left")" -eq 12 ] &&
		[ "$("$rows" "$work/lost$left" id block order allocator seed | sort)" = "$("$rows" "$work/whole" id block order allocator seed | sort)" ]' \
		"a finished one that lacks $((12 - left)) samples says so, and they are measured"
done

# ctrl-C: the running sample is finished.
held_run "$work/unheld" 0
wait $pid
check '[ $? -eq 0 ] && [ "$(lines "$work/unheld")" -eq 24 ]' "six blocks of two, with a command beside"
held_run "$work/cut" 4
kill -INT $pid
touch "$work/go"
wait $pid
status=$?
had=$(lines "$work/cut")
check '[ $status -eq 130 ] && grep -q "run --resume --out $work/cut" "$work/err"' \
	"ctrl-C: status 130, and how to go on"
check '[ $had -ge 4 ] && [ $had -lt 24 ] && grep -q "\"finished\": null" "$work/cut/manifest.json"' \
	"it leaves an unfinished folder"
cp "$work/cut/samples.jsonl" "$work/before"
bench run --resume --quiet --no-report --out "$work/cut"
check '[ $status -eq 0 ] && [ "$(lines "$work/cut")" -eq 24 ]' "--resume measures what is missing"
check 'cmp -s "$work/cut/cdf/tiny-churn.tsv" "$work/unheld/cdf/tiny-churn.tsv"' \
	"and records the sizes and lifetimes that were not"
check 'head -n "$had" "$work/cut/samples.jsonl" | cmp -s - "$work/before"' "and leaves alone what was there"
check '[ "$("$rows" "$work/cut" id block order allocator seed | sort)" = "$("$rows" "$work/unheld" id block order allocator seed | sort)" ]' \
	"as if it had never been interrupted: same numbers, orders and seeds"

# A second ctrl-C does not wait: the stalled sample is given up and not recorded.
"$bench" run --no-report --quiet --workload tiny-churn --mode throughput --blocks 2 --timeout 10m \
	--only "stall=$planted/planted_stall.so" --out "$work/twice" >"$work/out" 2>"$work/err" &
pid=$!
while alive $pid && ! pgrep -P $pid ashlar-work >/dev/null; do sleep 0.1; done
kill -INT $pid
taken $pid
kill -INT $pid
wait $pid
status=$?
check '[ $status -eq 130 ] && [ "$(lines "$work/twice")" -eq 0 ] && ! pgrep -f "$work" >/dev/null' \
	"a second ctrl-C ends the running sample, which leaves no record and no process"

# What was prepared for it is cleaned up all the same, to the end.
"$bench" run --no-report --quiet --blocks 2 --only glibc --directory "$work" --command "sleep 1000" --output ignore \
	--prepare "touch laid" --cleanup "sleep 1; rm laid" --out "$work/untidy" >"$work/out" 2>"$work/err" &
pid=$!
while alive $pid && ! pgrep -P $pid sleep >/dev/null; do sleep 0.1; done
kill -INT $pid
taken $pid
kill -INT $pid
wait $pid
status=$?
check '[ $status -eq 130 ] && [ "$(lines "$work/untidy")" -eq 0 ] && [ ! -e "$work/laid" ] && ! pgrep -f "$work" >/dev/null' \
	"a second ctrl-C lets a command be cleaned up after"

# Who ends a batch job signals all of its processes: what dies with the bench is no contender's failure.
"$bench" run --no-report --quiet --workload tiny-churn --mode throughput --blocks 2 --timeout 10m \
	--only "stall=$planted/planted_stall.so" --out "$work/all" >"$work/out" 2>"$work/err" &
pid=$!
while alive $pid && ! pgrep -P $pid ashlar-work >/dev/null; do sleep 0.1; done
kill -TERM $pid
while alive $pid && [ -n "$(sed -n 's/^ShdPnd:.*\([4-7c-f]\)...$/\1/p' "/proc/$pid/status" 2>/dev/null)" ]; do sleep 0.1; done
kill -TERM "$(pgrep -P $pid ashlar-work)"
wait $pid
status=$?
check '[ $status -eq 130 ] && [ "$(lines "$work/all")" -eq 0 ]' "a sample that is ended together with the bench leaves no record"

# kill -9, in the middle of writing a record.
held_run "$work/shot" 5
refuses 2 "another ashlar-bench" "two at once in one folder are refused" run --resume --out "$work/shot"
kill -KILL $pid
touch "$work/go"
wait $pid 2>/dev/null
printf '{"schema":1,"id":' >>"$work/shot/samples.jsonl"
bench run --resume --quiet --no-report --out "$work/shot"
check '[ $status -eq 0 ] && [ "$("$rows" "$work/shot" id block order allocator seed | sort)" = "$("$rows" "$work/unheld" id block order allocator seed | sort)" ]' \
	"after kill -9 and a torn line --resume completes it too"

# A limit of the sizes of files, which would end the process by a signal.
(ulimit -f 16 && exec "$bench" run --no-report --quiet --workload tiny-churn --mode throughput --set ops=20000 --only glibc \
	--blocks 20 --out "$work/small" >"$work/out" 2>"$work/err")
status=$?
check '[ $status -eq 1 ] && [ "$(cat "$work/err")" = "ashlar-bench: $work/small/samples.jsonl: File too large; what was measured is kept in $work/small" ]' \
	"a file that may not grow is named"

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

cp "$planted/planted_slow.so" "$work/gone.so"
bench run --no-report --quiet --workload tiny-churn --mode throughput --set ops=20000 --only "gone=$work/gone.so" --blocks 1 --out "$work/gone"
rm "$work/gone.so"
refuses 2 "the library of gone cannot be had any more: $work/gone.so: No such file" "so is one that is not there any more" \
	run --resume --out "$work/gone" --blocks 2

# A finished set is added to: what was measured stays, to the byte and with its numbers.
cp -r "$work/whole" "$work/more"
kept() { head -n 12 "$work/more/samples.jsonl" | cmp -s - "$work/whole/samples.jsonl"; }
bench run --resume "$work/more" --blocks 8 --quiet --no-report
check '[ $status -eq 0 ] && kept && [ "$(lines "$work/more")" -eq 16 ] &&
	[ "$("$rows" "$work/more" block allocator | sort -u | grep -c .)" -eq 16 ]' "more blocks, each with every allocator"
check '[ "$("$rows" "$work/more" id | sort -n | tail -n 4 | tr "\n" " ")" = "25 26 27 28 " ]' \
	"whose numbers go on behind those kept for repeats"
bench run --resume "$work/more" --workload live-sweep --mode throughput --set ops=20000 --blocks 2 --quiet --no-report
check '[ $status -eq 0 ] && kept && [ "$(lines "$work/more")" -eq 20 ] &&
	[ "$("$rows" "$work/more" workload | grep -c live-sweep)" -eq 4 ]' "another workload"
bench run --resume "$work/more" --allocator "third=$top_builddir/.libs/libashlar.so" --quiet --no-report
check '[ $status -eq 0 ] && kept && [ "$("$rows" "$work/more" allocator | grep -c third)" -eq 10 ] &&
	[ "$("$rows" "$work/more" allocator | grep -c again)" -eq 10 ]' "another allocator, in as many blocks as the others have"
check '[ "$("$rows" "$work/more" cell block allocator | awk -F"\t" '\''$3 == "third" { late[$1, $2] = 1 } $3 == "glibc" { ref[$1, $2] = 1 }
	END { for (b in late) bad += !(b in ref); print bad + 0 }'\'')" -eq 0 ]' "and in each of them the reference beside it"
check '[ "$(grep -c "\"revision\":" "$work/more/manifest.json")" -eq 5 ] && grep -q "\"stages\"" "$work/more/manifest.json" &&
	! grep -q "\"finished\": null" "$work/more/manifest.json"' "the manifest tells each stage"
bench run --resume "$work/more" --workload tiny-churn --mode throughput --set ops=200000 --blocks 8 \
	--allocator "third=$top_builddir/.libs/libashlar.so" --quiet --no-report
check '[ $status -eq 0 ] && [ "$(lines "$work/more")" -eq 40 ] && grep -q "nothing is left" "$work/out"' \
	"what is there already is not measured again"
refuses 2 "has another allocator" "a name keeps its meaning" run --resume "$work/more" --allocator "again=$planted/planted_slow.so"
refuses 2 "no cell of the modes named" "blocks of what is not there" run --resume "$work/more" --mode latency --blocks 3
refuses 2 "--set is of the cells" "parameters of what is there stay" run --resume "$work/more" --set ops=5
# An extension that was cut off is completed like any other.
cp -r "$work/more" "$work/cutmore"
head -n 17 "$work/more/samples.jsonl" >"$work/cutmore/samples.jsonl"
sed -i 's/"finished": "[^"]*"/"finished": null/' "$work/cutmore/manifest.json"
bench run --resume "$work/cutmore" --quiet --no-report
check '[ $status -eq 0 ] && [ "$("$rows" "$work/cutmore" id block order allocator seed | sort)" = "$("$rows" "$work/more" id block order allocator seed | sort)" ]' \
	"an interrupted extension is completed as it would have been"
cp -r "$work/more" "$work/odd"
sed -i 's/"finished": "[^"]*"/"finished": null/; s/"contenders": 3,/"contenders": 4,/' "$work/odd/manifest.json"
refuses 2 "stages do not fit" "stages that lead out of the plan are refused" run --resume --out "$work/odd"
# Repeats, of the first plan and of what came later: no number is of two samples.
mark() { # FOLDER BLOCK...: these were disturbed and no others, and there is room for their repeats
	python3 - "$@" <<-'END'
	import json, re, sys
	folder, blocks = sys.argv[1], [int(b) for b in sys.argv[2:]]
	lines = [json.loads(line) for line in open(folder + "/samples.jsonl")]
	for s in lines:
	    s["disturbed"] = "others" if s["block"] in blocks and not s["attempt"] else ""
	    if s["block"] == 0:
	        s["duration_ns"] = 10 ** 12
	open(folder + "/samples.jsonl", "w").writelines(json.dumps(s) + "\n" for s in lines)
	text = open(folder + "/manifest.json").read()
	open(folder + "/manifest.json", "w").write(re.sub('"finished": "[^"]*"', '"finished": null', text))
	END
}
once() { # every number and every sample
	[ -z "$("$rows" "$1" id | sort | uniq -d)" ] && [ -z "$("$rows" "$1" cell block allocator attempt | sort | uniq -d)" ]
}
repeated() { "$rows" "$1" attempt block allocator | awk '$1 == 1 { print $2, $3 }' | sort | tr '\n' ';'; }
again=$work/repeated
cp -r "$work/whole" "$again"
mark "$again" 2
repeats=yes
bench run --resume "$again" --quiet --no-report
repeats=
check '[ $status -eq 0 ] && once "$again" && [ "$(repeated "$again")" = "2 again;2 glibc;" ]' "a block is repeated"
cp "$again/samples.jsonl" "$work/before"
bench run --resume "$again" --blocks 8 --allocator "third=$top_builddir/.libs/libashlar.so" --quiet --no-report
check '[ $status -eq 0 ] && once "$again" && [ "$(lines "$again")" -eq 32 ] && head -n 14 "$again/samples.jsonl" | cmp -s - "$work/before"' \
	"a set that holds repeats is added to"
"$rows" "$again" id attempt block order allocator seed | sort >"$work/wanted"
sed -i '$d' "$again/samples.jsonl"
mark "$again" 2 7 9
bench run --resume "$again" --quiet --no-report
check '[ $status -eq 0 ] && "$rows" "$again" id attempt block order allocator seed | sort | cmp -s - "$work/wanted"' \
	"read again and completed, it is the same"
mark "$again" 2 7 9
repeats=yes
bench run --resume "$again" --quiet --no-report
repeats=
check '[ $status -eq 0 ] && once "$again" && [ "$(lines "$again")" -eq 37 ] &&
	[ "$(repeated "$again")" = "2 again;2 glibc;7 again;7 glibc;7 third;9 glibc;9 third;" ]' \
	"blocks that came later are repeated, too, with those who ran in them, and others not once more"
bench run --resume "$again" --quiet --no-report
check '[ $status -eq 0 ] && [ "$(lines "$again")" -eq 37 ] && grep -q "nothing is left" "$work/out"' "then nothing is left"
if command -v zstd >/dev/null; then
	bench pack "$work/more"
	[ ! -e "$work/more/timeline" ] || echo "# not packed"
	bench run --resume "$work/more" --workload tiny-churn --mode throughput --set ops=200000 --blocks 9 --quiet --no-report
	check '[ $status -eq 0 ] && [ "$(lines "$work/more")" -eq 43 ] && [ -s "$work/more/timeline/83.tsv" ]' "a packed set, too"
fi

# The reference twice in each block (A/A): interrupted, completed and added to like any other.
second=$("$bench" list | awk '$1 == "glibc" { print $2 }')
bench run --workload tiny-churn --mode throughput --only glibc --allocator "again=$second" --set ops=200000 --blocks 6 \
	--quiet --no-report --again --out "$work/aa"
check '[ $status -eq 0 ] && [ "$("$rows" "$work/aa" allocator | sort | uniq -c | tr -s " \n" " ")" = " 6 again 6 glibc 6 glibc/again " ]' \
	"--again: the reference runs twice in every block"
"$rows" "$work/aa" id block order allocator seed | sort >"$work/wanted"
sed -i '$d' "$work/aa/samples.jsonl"
sed -i 's/"finished": "[^"]*"/"finished": null/' "$work/aa/manifest.json"
bench run --resume "$work/aa" --quiet --no-report
check '[ $status -eq 0 ] && "$rows" "$work/aa" id block order allocator seed | sort | cmp -s - "$work/wanted"' \
	"interrupted, it is completed as it would have been"
bench run --resume "$work/aa" --blocks 8 --allocator "third=$top_builddir/.libs/libashlar.so" --quiet --no-report
check '[ $status -eq 0 ] && [ "$("$rows" "$work/aa" block allocator | sort -u | grep -c glibc)" -eq 28 ] &&
	[ "$("$rows" "$work/aa" allocator | grep -c "^glibc/again")" -eq 14 ]' "what is added has it, too"
refuses 2 "--resume goes on" "it is decided when a set is begun" run --resume "$work/whole" --again
# A budget too small for the plan: what is missing is recorded.
bench run $plan --quiet --set ops=20000000 --blocks 200 --budget 3s --out "$work/budget"
check '[ $status -eq 0 ] && grep -q "\"reason\": \"budget\"" "$work/budget/manifest.json" &&
	! grep -q "\"finished\": null" "$work/budget/manifest.json"' "a budget ends the run and says what it left out"
check '[ "$("$rows" "$work/budget" block | sort | uniq -c | awk '\''$1 != 2'\'' | grep -c .)" -eq 0 ]' \
	"but takes no allocator out of a block"
bench run --resume --quiet --out "$work/budget"
check '[ $status -eq 0 ] && grep -q "its budget had no room for" "$work/out" && ! grep -q lacks "$work/out"' \
	"and what it left out was not lost"
finish
