# The command line: what each verb says, and what a mistake gets.
no_preload=yes
. "$top_srcdir/harness/test/bench.sh"

bench --version
check '[ $status -eq 0 ] && grep -q "^ashlar-bench [0-9]" "$work/out"' "--version"
bench --help
check '[ $status -eq 0 ] && grep -q "^  run " "$work/out"' "--help names the verbs"
bench
check '[ $status -eq 2 ] && grep -q Usage "$work/err"' "no verb is a mistake"
refuses 2 "'fly'" "an unknown verb" fly
for verb in list describe doctor run op-matrix record trace report pack; do
	bench $verb --help
	check '[ $status -eq 0 ] && grep -q "^Usage: ashlar-bench $verb" "$work/out"' "$verb --help"
done

bench list
check '[ $status -eq 0 ] && grep -q "^  tiny-churn" "$work/out" && grep -q "^  glibc  *.*/libc.so.6" "$work/out"' \
	"list names workloads and allocators"
bench describe tiny-churn
check '[ $status -eq 0 ] && grep -q "isolates" "$work/out" && grep -q "default" "$work/out"' \
	"describe tells what a workload isolates, and its defaults"
refuses 2 "'nosuch'" "describe: an unknown workload" describe nosuch
refuses 2 "needed" "describe: no workload" describe

refuses 2 "unknown pattern 'zigzag'" "op-matrix: an unknown pattern" op-matrix --pattern steady,zigzag
refuses 2 "from 1 to" "op-matrix: a size out of range" op-matrix --size 64,0
refuses 2 "unknown allocator 'nosuch'" "op-matrix: an unknown allocator" op-matrix --allocator nosuch
refuses 2 "unknown workload 'nosuch'" "run: an unknown workload" run --workload nosuch
refuses 2 "unknown workload 'nosuch'" "run: an unknown workload beside a known one" run --workload tiny-churn,nosuch
refuses 2 "unknown allocator 'nosuch'" "run: an unknown allocator" run --allocator nosuch
refuses 2 "/no/such.so: No such file" "run: a library that does not exist" run --allocator x=/no/such.so
refuses 2 "not a 64-bit ELF file" "run: a library that is none" run --allocator "x=$top_srcdir/configure.ac"
refuses 2 "NAME=VALUE" "run: a variable without a value" run --allocator x=/no/such.so,FOO
refuses 2 "unknown suite" "run: an unknown suite" run --suite slow
refuses 2 "unknown mode" "run: an unknown mode" run --mode warp
refuses 2 "--blocks" "run: no number of blocks" run --blocks many
refuses 2 "--budget" "run: no time" run --budget 10x
refuses 2 "--seed" "run: no seed" run --seed -1
refuses 2 "'nosuch'" "run: an unknown parameter" run --workload tiny-churn --set nosuch=1
refuses 2 "integers from" "run: a parameter out of range" run --workload tiny-churn --set depth=-4
refuses 2 "live_mib=65536: from 1 to " "run: a parameter too large for the memory" \
	run --workload frag-drain,tiny-churn --set live_mib=65536,size_min=16,size_max=16
refuses 2 "--resume goes on" "run: --resume with another plan" run --resume --blocks 3
refuses 2 "no manifest.json" "run: nothing to resume" run --resume --out "$work"

: >"$work/file"
refuses 1 "cannot be made" "run: an output folder that cannot be" \
	run --workload tiny-churn --allocator glibc --out "$work/file/below"
if [ "$(id -u)" -ne 0 ]; then
	mkdir "$work/shut" && chmod 555 "$work/shut"
	refuses 1 "cannot be made" "run: a folder that may not be written" \
		run --workload tiny-churn --allocator glibc --out "$work/shut/below"
fi
bench run --dry-run --workload tiny-churn --allocator glibc --blocks 4 --out "$work/dry"
check '[ $status -eq 0 ] && grep -q "tiny-churn .* 4 blocks" "$work/out" && [ ! -e "$work/dry" ]' \
	"--dry-run tells the plan and touches nothing"

if [ "${ASH_SANITIZER:-no}" != no ]; then
	echo "# doctor is left out: a sanitizer build preloads nothing"
	finish
	exit 0
fi
# One count of the cheapest path: the driver is subtracted, so what is left is a malloc
# and a free, more than ten instructions and far less than a driver that was not.
if command -v valgrind >/dev/null && command -v gnuplot >/dev/null; then
	bench op-matrix --allocator glibc --size 64 --pattern steady --out "$work/ops"
	check '[ $status -eq 0 ] && awk -F"\t" '\''$1 == "glibc" { found = 1; bad = !($5 > 10 && $5 < 400 && $6 > 0 && $6 < 2000) }
		END { exit !found || bad }'\'' "$work/ops/op-matrix.tsv"' "op-matrix prices glibc"
	check '[ -s "$work/ops/op_instructions.svg" ] && [ -s "$work/ops/op_time.png" ] && grep -q "^ *64 " "$work/ops/op-matrix.txt"' \
		"op-matrix draws and writes its table"
	bench op-matrix --allocator null --size 64 --pattern steady --out "$work/none"
	check '[ $status -eq 0 ] && awk -F"\t" '\''$1 == "null" { found = 1; bad = !($5 > 4 && $5 < 40) } END { exit !found || bad }'\'' \
		"$work/none/op-matrix.tsv"' "op-matrix finds next to nothing under null"
fi
bench doctor --quick
check '[ $status -eq 0 ] && grep -q "^glibc  *ok .*libc.so.6" "$work/out"' "doctor proves the preload of glibc"
check 'grep -q "^counters" "$work/out" && grep -q "^clock .*ns" "$work/out" && grep -q "^huge pages" "$work/out"' \
	"doctor tells counters, clock and huge pages"
check 'grep -q "^noise  *ok  *glibc against itself, [0-9]* pairs" "$work/out"' "doctor measures the noise"
finish
