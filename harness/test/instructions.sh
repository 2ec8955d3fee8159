# Counts of instructions are the same each time, whatever the clock does meanwhile; and no workload is lost to
# an instruction that valgrind does not know.
. "$top_srcdir/harness/test/bench.sh"
command -v valgrind >/dev/null || { echo "1..0 # SKIP valgrind is not installed"; exit 0; }
for run in 1 2; do
	bench run --quiet --no-report --workload fleet-5,live-sweep,kv-server,req-region,llm-kv --only glibc,ashlar \
		--blocks 1 --mode instructions --seed 7 --out "$work/$run"
	check '[ $status -eq 0 ] && [ "$("$rows" "$work/$run" status | sort -u)" = ok ]' "run $run: every cell has a count"
done
for run in 1 2; do
	"$rows" "$work/$run" cell allocator instructions allocator_instructions | sort >"$work/$run.counts"
done
check 'paste "$work/1.counts" "$work/2.counts" | awk -F"\t" '\''
	function apart(a, b) { return a > b ? a / b - 1 : b / a - 1 }
	$1 != $5 || $2 != $6 || apart($3, $7) > 0.001 || apart($4, $8) > 0.001 { print; bad++ }
	END { exit NR != 10 || bad }'\' "two runs agree within 0.1 % in each of ten cells"
finish
