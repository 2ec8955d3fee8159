# A bench that holds 200 MiB itself when it forks: its children's peaks must be their
# own.  (wait(2) would report the launcher's memory as theirs.)
. "$top_srcdir/harness/test/bench.sh"

plan="--no-report --quiet --workload tiny-churn --mode throughput --only glibc --set ops=200000 --blocks 2"
bench run $plan --out "$work/slim"
check '[ $status -eq 0 ]' "a plain launcher"
LD_PRELOAD=$planted/planted_fat.so PLANTED_MIB=200 "$bench" run $plan --out "$work/fat" >"$work/out" 2>"$work/err"
status=$?
check '[ $status -eq 0 ]' "a launcher of 200 MiB"
check '[ "$(cat "$work/slim/samples.jsonl" "$work/fat/samples.jsonl" | grep -c "\"status\":\"ok\"")" -eq 4 ] &&
	{ "$rows" "$work/slim" peak_rss_bytes; "$rows" "$work/fat" peak_rss_bytes; } |
	awk '\''NR == 1 { min = max = $1 } { if ($1 < min) min = $1; if ($1 > max) max = $1 }
	END { exit !(NR == 4 && min > 0 && max < 16 * 1048576 && max - min < 2 * 1048576) }'\' \
	"the peaks are alike, and small"
finish
