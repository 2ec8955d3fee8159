# Load from outside: requests that come faster than they are answered, others on the machine, and
# valgrind, which knows no rdtscp on some CPUs.
. "$top_srcdir/harness/test/bench.sh"

# No machine answers 100 million requests a second.
bench run --quiet --no-report --workload kv-server --only glibc --mode throughput --blocks 1 \
	--set ops=20000,keys=5000,rate=100000000 --out "$work/over"
check '"$rows" "$work/over" status saturated achieved_rate offered_rate | awk '\''
	$1 == "ok" && $2 == "true" && $3 > 0 && $3 < 0.98 * $4 { n++ } END { exit !(n && n == NR) }'\' \
	"an open loop in overload is saturated, and says what it achieved"
# The capacity is of the block, and of the mode: of latency runs of glibc, which is no contender here.
bench run --quiet --no-report --workload kv-server --only ashlar --mode latency --blocks 2 \
	--set ops=20000,keys=5000 --out "$work/load"
check 'python3 - "$work/load/manifest.json" <<-END
	import json, sys
	rates = json.load(open(sys.argv[1]))["capacity"]["kv-server"]
	assert len(rates) == 2 and min(rates) > 0 and rates[0] != rates[1], rates
	END' "capacity is measured for each block"
check '"$rows" "$work/load" cell block params.rate | awk -F"\t" '\''
	$1 ~ /load=50/ { half[$2] = $3 } $1 ~ /load=90/ { most[$2] = $3 }
	END { for (b = 0; b < 2; b++) bad += most[b] / half[b] < 1.79 || most[b] / half[b] > 1.81
	exit bad || half[0] == half[1] }'\' "and the rates of a block are parts of its own"
check '"$rows" "$work/load" saturated latency.kinds.request.p50 latency.kinds.alloc.p50 | awk '\''
	$1 == "true" ? $2 != "-" || $3 != "-" : $2 == "-" { bad++ } END { exit NR != 6 || bad }'\' \
	"who is saturated has no percentile, who is not has"
check '[ -z "$(find "$work/load" -name "-*")" ]' "runs for the capacity leave no files"

# Others: more of them than CPUs would notice.  Of ten blocks the shortest always has room for a repeat.
spinners=
for i in 1 2 3 4; do
	sh -c 'while kill -0 "$1" 2>/dev/null; do i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; done' sh $$ &
	spinners="$spinners $!"
done
repeats=yes
bench run --quiet --no-report --workload tiny-churn --only glibc --only "again=$("$bench" list | awk '$1 == "glibc" { print $2 }')" \
	--mode throughput --blocks 10 --set ops=2000000 --out "$work/busy"
kill $spinners 2>/dev/null
check '"$rows" "$work/busy" attempt disturbed | grep -q "^0	.*others"' "samples that others disturbed say so"
check '"$rows" "$work/busy" attempt block allocator | awk '\''
	$1 == 1 { n[$2]++; any = 1 } END { for (b in n) bad += n[b] != 2; exit !any || bad }'\' \
	"disturbed blocks are repeated, whole"
# Each was begun within the share of the time, by what it had taken the first time: however long the repeats then took.
check '"$rows" "$work/busy" attempt block duration_ns | awk '\''
	$1 == 0 { first[$2] += $3; all += $3 }
	$1 == 1 && (!begun || $2 != last) {
		spent += again; again = 0; last = $2; begun++
		bad += spent + first[$2] > 0.2001 * all
	}
	$1 == 1 { again += $3 }
	END { exit !(begun > 0 && !bad) }'\' "as long as repeats take a fifth of the time"
cp -r "$work/busy" "$work/again"
sed -i '$d' "$work/again/samples.jsonl"
sed -i 's/"finished": "[^"]*"/"finished": null/' "$work/again/manifest.json"
bench run --quiet --no-report --resume --out "$work/again"
check '[ $status -eq 0 ] && "$rows" "$work/again" attempt block allocator | sort | uniq -d | grep -c . | grep -qx 0 &&
	"$rows" "$work/again" attempt block | awk '\''$1 == 1 { n[$2]++ } END { for (b in n) bad += n[b] != 2; exit bad }'\' \
	"an interrupted repeat is completed"

# A clock that is read under valgrind is one that valgrind has; and one that is held makes nothing wait.
if command -v valgrind >/dev/null; then
	# Held for a process without valgrind, too.
	check 'LD_PRELOAD=$top_builddir/.libs/libashlar-still.so "$top_builddir/ashlar-work" --set ops=100 --set rate=1 \
		--set keys=1000 kv-server >"$work/out" 2>"$work/err"' "a clock that is held makes nothing wait"
	for w in kv-server req-region llm-kv tiny-churn; do
		check 'valgrind -q --tool=none "$top_builddir/ashlar-work" --mode latency --set ops=200 $w >"$work/out" 2>"$work/err" &&
			grep -q "^clock .*[0-9] ns per pair" "$work/out"' "latency of $w under valgrind"
	done
	bench run --quiet --no-report --workload kv-server,req-region --only glibc --blocks 1 --mode instructions \
		--set ops=1000,rate=1,keys=1000 --timeout 500s --out "$work/count"
	check '[ "$("$rows" "$work/count" status reason | sort -u | cut -f1)" = ok ]' \
		"instructions of open loops are counted also at a rate, without waiting"
fi
finish
