# Contenders with a planted flaw: each must show as what it is.
. "$top_srcdir/harness/test/bench.sh"

libc=$("$bench" list | awk '$1 == "glibc" { print $2 }')
common="--no-report --quiet --workload tiny-churn"

# +20 % work: more instructions, by a count that repeats; and slower by the clock.
# (The clock is asked with a tenfold flaw: this test must not depend on the machine's peace.)
bench run $common --mode instructions --set ops=50000 --out "$work/count" \
	--only glibc --allocator "slow=$planted/planted_slow.so"
if command -v valgrind >/dev/null; then
	check '"$rows" "$work/count" allocator status instructions | awk '\''
		$2 == "ok" { n[$1] = $3 } END { exit !(n["slow"] > 1.05 * n["glibc"] && n["slow"] < 2 * n["glibc"]) }'\' \
		"+20 % work: more instructions under callgrind"
else
	check '"$rows" "$work/count" status reason | grep -q "skipped.*valgrind"' \
		"without valgrind the cells are skipped and say so"
fi
bench run $common --mode throughput --set ops=500000 --blocks 3 --out "$work/slow" \
	--only glibc --allocator "slow=$planted/planted_slow.so,PLANTED_BURN=60"
check '"$rows" "$work/slow" allocator block status cpu_ns | awk '\''
	$3 == "ok" { n++; t[$1, $2] = $4 } END { for (b = 0; b < 3; b++) s += t["slow", b] > t["glibc", b]
	exit !(n == 6 && s == 3) }'\' "a slow one is slower in every block"
check '"$rows" "$work/slow" allocator env.PLANTED_BURN | sort -u | tr "\n\t" ",=" | grep -qx "glibc=-,slow=60,"' \
	"its variables are set and recorded for it alone"

# +64 MiB.
bench run $common --mode throughput --set ops=500000 --blocks 2 --out "$work/fat" \
	--only glibc --allocator "fat=$planted/planted_fat.so"
check '"$rows" "$work/fat" allocator status peak_rss_bytes block | awk '\''
	$2 == "ok" { n++; m[$1, $4] = $3 } END { for (b = 0; b < 2; b++) { d = m["fat", b] - m["glibc", b]
	bad += d < 63 * 1048576 || d > 66 * 1048576 } exit !(n == 4 && !bad) }'\' "+64 MiB: fatter by 64 MiB"

# Overlapping blocks.
bench run $common --mode verify,throughput --set ops=200000 --blocks 1 --out "$work/overlap" \
	--only glibc --allocator "overlap=$planted/planted_overlap.so"
check '[ $status -eq 0 ]' "a failing allocator does not fail the run"
check '"$rows" "$work/overlap" allocator mode status | grep -qx "overlap	verify	failed"' \
	"overlapping blocks fail verify"
check '"$rows" "$work/overlap" allocator mode status | grep -qx "glibc	verify	ok"' \
	"and the C library passes it"
bench run $common --mode verify,throughput --set ops=200000 --blocks 1 --strict --out "$work/strict" \
	--only glibc --only "overlap=$planted/planted_overlap.so"
check '[ $status -eq 1 ] && grep -q "overlap failed in 1 of 2 samples" "$work/err"' "and with --strict bad news"

# A crash and a stall.
bench run $common --mode throughput --set ops=200000 --blocks 2 --timeout 2s --out "$work/end" \
	--only glibc --allocator "crash=$planted/planted_crash.so" --allocator "stall=$planted/planted_stall.so"
check '[ "$("$rows" "$work/end" allocator status reason | grep -c "^crash	failed	.*SIGSEGV")" -eq 2 ]' \
	"a crash is recorded as failed, with its signal"
check '[ "$("$rows" "$work/end" allocator status reason | grep -c "^stall	timeout	.*2 s")" -eq 2 ]' \
	"a stall is recorded as timeout"
check '[ "$("$rows" "$work/end" allocator status | grep -c "^glibc	ok")" -eq 2 ]' \
	"and their neighbour is measured all the same"

check '[ $status -eq 1 ] && grep -q "crash failed in every sample (2): .*SIGSEGV" "$work/err" &&
	grep -q "stall failed in every sample (2)" "$work/err" && ! grep -q "glibc failed" "$work/err"' \
	"an allocator that fails everywhere is bad news: status 1, each named"
check '[ "$(grep -c "\"status\": \"failed\"" "$work/end/manifest.json")" -eq 2 ]' "the manifest says that they failed"
bench report --quiet "$work/end"
check '[ "$(grep -o ">failed in every sample (2): " "$work/end/report.html" | grep -c .)" -eq 2 ]' "and so does the table of contenders"

# Where nothing is good the page tells what failed.
bench run --quiet --workload tiny-churn --mode throughput --set ops=200000 --blocks 1 --only "crash=$planted/planted_crash.so" --out "$work/none"
check '[ $status -eq 1 ] && [ "$(wc -l <"$work/err")" -eq 1 ] && grep -q "crash failed in every sample (1): " "$work/err" &&
	grep -A 20 "id=\"gaps\"" "$work/none/report.html" | grep -q "killed by SIGSEGV" && grep -q "No contender gave a good sample" "$work/none/report.html" &&
	! grep -q "Ratios are to" "$work/none/summary.md"' "where all samples failed the report is made with what failed"

bench op-matrix --size 64 --pattern steady --only glibc --only "crash=$planted/planted_crash.so" --out "$work/prices"
check '[ $status -eq 1 ] && grep -q "crash failed in every pattern: " "$work/err" && ! grep -q "glibc failed" "$work/err"' \
	"op-matrix ends with status 1 for it, too"

# One that hears no signal: what asks the loader whether it takes it ends all the same, and leaves it to the trials.
deaf=$planted/planted_deaf.so
timeout -k 1 60 "$bench" run --dry-run --workload tiny-churn --mode throughput --only "deaf=$deaf" >"$work/out" 2>"$work/err"
status=$?
check '[ $status -eq 0 ] && grep -q "^deaf .*planted_deaf.so" "$work/out" && ! grep -qx planted "$work/out"' \
	"one that hangs and is deaf when it is loaded holds nothing up, and prints nothing into what the bench says"
"$bench" run --dry-run --workload tiny-churn --only "deaf=$deaf" >"$work/out" 2>"$work/err" &
pid=$!
child=
while alive $pid && ! child=$(pgrep -P $pid -x true); do sleep 0.05; done
kill -TERM $pid
wait $pid 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10; do
	! alive "$child" || sleep 0.1
done
check '[ -n "$child" ] && ! alive "$child"' "and ends with the bench"
timeout -k 1 60 "$bench" run $common --mode throughput --set ops=200000 --blocks 1 --timeout 1s --out "$work/deaf" \
	--only "deaf=$deaf" >"$work/out" 2>"$work/err"
check '"$rows" "$work/deaf" allocator status | grep -qx "deaf	timeout"' "its trial records a timeout"

# Two names for the same library; and one that is not what it says.
bench run $common --mode throughput --set ops=200000 --blocks 2 --out "$work/names" \
	--only glibc --allocator "again=$libc"
check '[ "$("$rows" "$work/names" status build_id | sort -u | grep -c "^ok	[0-9a-f]\{8,\}$")" -eq 1 ] &&
	[ "$("$rows" "$work/names" status | grep -c ok)" -eq 4 ]' "glibc under two names: both ok, one build-id"
check '"$rows" "$work/names" allocator_file | sort -u | grep -qx "$libc"' "and the proof names the C library's file"
check 'python3 - "$work/names/manifest.json" >"$work/out" 2>&1 <<-END
	import hashlib, json, sys
	contenders = json.load(open(sys.argv[1]))["contenders"]
	for c in contenders:
	    assert c["sha256"] == hashlib.sha256(open(c["file"], "rb").read()).hexdigest(), c
	    assert (c["archive_suite"] is None) == (c["archive_date"] is None), c
	assert len(contenders) == 2 and contenders[1]["archive_date"] is None, contenders
	END' "with the hash of its file in the manifest"
cp "$top_builddir/.libs/libashlar-probe.so" "$work/idle.so" # holds no malloc at all
bench run $common --mode throughput --set ops=200000 --blocks 1 --out "$work/idle" --only "idle=$work/idle.so"
check '"$rows" "$work/idle" allocator status reason | grep -q "^idle	failed	malloc served by .*libc.so.6, wanted .*idle.so"' \
	"a library that does not serve malloc is a failure, not a number"

# The driver under the allocator that never reuses.
bench run $common --mode throughput --set ops=200000 --blocks 1 --out "$work/null" --only null
check '"$rows" "$work/null" allocator status | grep -qx "null	ok"' "null runs what fits"
bench run $common --mode throughput --set ops=4000000000 --blocks 1 --out "$work/huge" --only null
check '"$rows" "$work/huge" allocator status reason | grep -q "^null	skipped	never reuses memory"' \
	"null is skipped, with the reason, where it cannot fit"
check '[ ! -s "$work/err" ] && [ -z "$(ls "$work/huge/cdf" 2>/dev/null)" ] && [ -s "$work/null/cdf/tiny-churn.tsv" ]' \
	"and where nothing ran the workload is not gone through for its sizes either"
finish
