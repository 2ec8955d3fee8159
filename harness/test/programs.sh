# Real programs under a foreign allocator: measured, proven, checked.
. "$top_srcdir/harness/test/bench.sh"

programs=$("$bench" list | awk '/^Programs/ { on = 1; next } /^$/ { on = 0 }
	/^ *not here:/ { name = "" } name { print name; name = "" } on && /^  [a-z]/ { name = $1 }
	END { if (name) print name }')
absent=$("$bench" list | grep -A1 -E '^  [a-z]' | grep 'not here:' || true)
[ -z "$absent" ] || echo "# $absent"
if [ -z "$programs" ]; then
	echo "1..0 # SKIP none of the programs is installed"
	exit 0
fi
names=$(echo $programs | tr ' ' ,)
# A tenth of the work by which they are measured.
little=requests=20000,small=1,documents=4,rows=25000,commits=250,pages=6,problems=3,strings=60000,lines=10000

# The C library under another name, through a shim of ours: a foreign file serves malloc.
bench run --no-report --quiet --mode throughput --blocks 1 --out "$work/ok" --workload "$names" --set "$little" \
	--only glibc --allocator "shim=$planted/planted_slow.so,PLANTED_BURN=1"
check '[ $status -eq 0 ]' "the programs run"
for p in $programs; do
	check '"$rows" "$work/ok" workload allocator status | grep -qx "$p	glibc	ok"' "$p under the C library"
	check '"$rows" "$work/ok" workload allocator status | grep -qx "$p	shim	ok"' "$p under a foreign library"
	check '"$rows" "$work/ok" workload cpu_ns wall_ns ops peak_rss_bytes | awk -v p="$p" '\''
		$1 == p { n++; if ($2 < 1000000 || $3 < 1000000 || $4 < 1 || $5 < 1048576) bad++ }
		END { exit !(n == 2 && !bad) }'\' "$p has times, work and a peak"
done
check '[ "$("$rows" "$work/ok" allocator allocator_file | grep "^shim" | sort -u)" = "shim	$planted/planted_slow.so" ]' \
	"the probe names the shim"
check '"$rows" "$work/ok" allocator allocator_file | grep "^glibc" | sort -u | grep -q "^glibc	.*/libc.so.6$"' \
	"and the C library, whatever a program is linked to"

# Whole programs under callgrind, a server among them: what they execute, and the allocator's part of it, which the dump
# proves.  The shim passes calls on to the C library: its part holds that one's.
counted=$(echo "$programs" | grep -xE 'redis|sqlite|perl' | paste -sd,)
if [ -z "$counted" ]; then
	skip "programs under callgrind" "none of the three that are quick is installed"
elif ! command -v valgrind >/dev/null; then
	skip "programs under callgrind" "valgrind is not installed"
else
	bench run --suite full --mode instructions --dry-run
	check '[ $status -eq 0 ] && ! grep -qE "^(redis|sqlite|perl) " "$work/out"' "no suite counts programs by itself"
	bench run --no-report --quiet --mode instructions --blocks 1 --keep-dumps --out "$work/counted" --workload "$counted" \
		--set requests=1000,rows=1000,lines=200 --only glibc --allocator "shim=$planted/planted_slow.so,PLANTED_BURN=1"
	"$rows" "$work/counted" workload allocator status allocator_file instructions allocator_instructions cpu_ns peak_rss_bytes timeline \
		>"$work/counted.rows"
	for p in $(echo "$counted" | tr , ' '); do
		check 'awk -F"\t" -v p="$p" -v shim="$planted/planted_slow.so" '\''
			$1 != p { next }
			$3 != "ok" || $6 <= 0 || $5 <= $6 || $7 != 0 || $8 != 0 || $9 ~ /timeline/ { bad++ }
			{ n++; part[$2] = $6; file[$2] = $4 }
			END { exit bad || n != 2 || part["shim"] <= part["glibc"] || file["shim"] != shim || file["glibc"] !~ /libc/ }'\'' "$work/counted.rows"' \
			"$p: instructions in all and within the allocator"
		held=2
		[ $p = redis ] && held=0 # a server waits by its clock
		check '[ "$("$rows" "$work/counted" workload callgrind | sed -n "s|^$p	|$work/counted/|p" | xargs cat | grep -c "[(][0-9]*[)] .*/libashlar-still[.]so$")" -eq $held ]' \
			"$p: its clock is held unless it serves"
	done
	bench report --text "$work/counted"
	GNUPLOT=$work/none bench report "$work/counted"
	check 'awk -F, '\''$8 == "allocator_instructions" { n++ } $8 == "instructions" { m++ } END { exit !(n > 1 && n == m) }'\'' "$work/counted/summary.csv" &&
		sed -n "/<h2 id=\"instructions\">/,/<h2/p" "$work/counted/report.html" | grep -q ">share in percent<"' \
		"the summary and the page tell both"
fi

# A crash inside a program, and one that stalls.
first=$(echo $programs | cut -d" " -f1)
bench run --no-report --quiet --mode throughput --blocks 1 --out "$work/bad" --workload "$names" --set "$little" \
	--only "crash=$planted/planted_crash.so,PLANTED_CALLS=3000"
check '[ $status -eq 1 ] && [ "$("$rows" "$work/bad" status | grep -c failed)" -eq $(echo $programs | wc -w) ]' \
	"an allocator that crashes in them is recorded as failed"
check '"$rows" "$work/bad" reason | grep -q "SIGSEGV"' "with the signal"
bench run --no-report --quiet --mode throughput --blocks 1 --timeout 1s --out "$work/stall" --workload "$first" \
	--only "stall=$planted/planted_stall.so"
check '"$rows" "$work/stall" status | grep -qx timeout' "and one that stalls as timeout"
check '[ -z "$(find "$work/ok/timeline" -name "*.tsv" -size -2 -empty)" ] && [ "$(ls "$work/ok/timeline" | grep -c .)" -eq $(($(echo $programs | wc -w) * 2)) ]' \
	"each has its memory over time"
bench run --no-report --quiet --mode throughput --blocks 1 --out "$work/null" --workload "$first" --only null
check '"$rows" "$work/null" status reason | grep -q "^skipped	.*not known"' "null is skipped where what it needs is not known"
finish
