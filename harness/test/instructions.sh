# Counts of instructions are the same each time, whatever the clock does meanwhile: of every own workload with one
# thread, under every contender that is here.  And no workload is lost to an instruction that valgrind does not know.
. "$top_srcdir/harness/test/bench.sh"
command -v valgrind >/dev/null || { echo "1..0 # SKIP valgrind is not installed"; exit 0; }
bench run --suite full --mode instructions --dry-run
grep '^[a-z][^ :]*:[^ ]* *instructions ' "$work/out" | grep -v '^trace:' >"$work/cells"
names=$(sed 's/:.*//' "$work/cells" | sort -u | paste -sd,)
cells=$(wc -l <"$work/cells")
check '[ "$cells" -gt 20 ]' "the suite has cells to count"

counted() { # ROWS: every contender that is here has a sample of every cell
	awk -F"\t" -v cells="$cells" '
	$3 != "skipped" { n[$2]++ }
	END { for (who in n) { all++; bad += n[who] != cells } exit bad || all < 2 }' "$1"
}
for run in 1 2; do
	bench run --quiet --no-report --suite full --workload "$names" --only '*,!null' --blocks 1 --mode instructions \
		--seed 7 --out "$work/$run"
	"$rows" "$work/$run" cell allocator status instructions allocator_instructions | sort >"$work/$run.rows"
	"$rows" "$work/$run" allocator cell status reason | awk -F"\t" '$3 != "ok" && $3 != "skipped"' >"$work/$run.failed"
	sed 's/^/# /' "$work/$run.failed"
	# Scudo's own map fails in the addresses that valgrind leaves it, and that a program would have been killed is what
	# oom-limit finds; what else fails is lost.
	check 'counted "$work/$run.rows" && ! grep -qvE "^scudo|oom-limit:.*would have been killed" "$work/$run.failed"' \
		"run $run: every cell has a count"
done

agree() { # allocator, in all cells but perhaps oom-limit
	awk -F"\t" -v who="$1" -v cells="$cells" '
	function apart(a, b) { return a > b ? a / (b + 1e-9) - 1 : b / (a + 1e-9) - 1 }
	$2 != who || $3 != "ok" { next }
	NR == FNR { whole[$1] = $4; part[$1] = $5; next }
	!($1 in whole) { next }
	{ n++ }
	apart(whole[$1], $4) > 0.001 || apart(part[$1], $5) > 0.001 {
		print "# " $1 ": " whole[$1] " and " $4 ", in the allocator " part[$1] " and " $5
		bad++
	}
	END { exit bad || (who != "scudo" && n < cells - 1) }' "$work/1.rows" "$work/2.rows"
}

for who in $(awk -F"\t" '$3 == "ok" {print $2}' "$work/1.rows" | sort -u); do
	check 'agree "$who"' "$who: two runs agree within 0.1 % in every cell"
done

# Instructions of an allocator in the cell whose clock moves, less those where it stands still.
upkeep() {
	awk -F"\t" -v who="$1" '$1 ~ /^fleet-5:/ && $2 == who { n[$1 ~ /step_ns/] = $5 } END { print n[1] - n[0] }' "$work/1.rows"
}
check '[ "$(upkeep glibc)" -eq 0 ]' "glibc never asks for the time: a clock that moves changes nothing"
check '[ "$(upkeep ashlar)" -gt 0 ]' "what is done by the clock is in the cell whose clock moves"
finish
