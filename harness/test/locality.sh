# The model of lines, pages and address translation gives every allocator the same figures
# each time: libashlar exactly (it has the held clock), the others within 1 %.  $traces: which of the shipped ones; locality_long.sh has them all.
. "$top_srcdir/harness/test/bench.sh"

bench list
installed=
for allocator in ${allocators:-glibc ashlar jemalloc tcmalloc mimalloc2 mimalloc3}; do
	grep -q "^  $allocator  */" "$work/out" && installed=$installed,$allocator
done
wanted=
for trace in ${traces:-git}; do
	wanted=$wanted,trace:$top_srcdir/workloads/traces/$trace.trace
done
figures="lines pages regions lines_per_1000 pages_per_1000 regions_per_1000 touches l1_misses_per_1000 l2_misses_per_1000"
bench run --quiet --no-report --workload "${wanted#,}" --only "${installed#,}" --blocks 3 --mode locality \
	--out "$work/set"
if "$rows" "$work/set" reason | grep -q "need fixed addresses"; then
	echo "1..0 # SKIP the kernel keeps addresses random here"
	exit 0
fi
check '[ $status -eq 0 ] && [ "$("$rows" "$work/set" status validated | sort -u)" = "ok	true" ]' "they run, and are validated"
"$rows" "$work/set" cell allocator $(printf ' locality.%s' $figures) | sort >"$work/figures"
for trace in ${traces:-git}; do
	for allocator in $(echo "$installed" | tr ',' ' '); do
		within=1 most=1.01
		[ $allocator = ashlar ] && within=0 most=1
		awk -v figures="$figures" -v apart=$most -v allocator="$allocator" -v trace="trace:$trace" '
			$2 == allocator && $1 == trace {
				runs++
				for (i = 3; i <= NF; i++) {
					if (runs == 1) least[i] = most[i] = $i
					if ($i < least[i]) least[i] = $i
					if ($i > most[i]) most[i] = $i
				}
			}
			END {
				split(figures, name, " ")
				for (i = 3; i in least; i++)
					if (most[i] > least[i] * apart) {
						print name[i - 2] " from " least[i] " to " most[i]
						bad++
					}
				exit !(runs == 3 && least[3] > 0 && !bad)
			}' "$work/figures" >"$work/out" 2>"$work/err"
		ok $? "$trace under $allocator: three runs agree within $within %"
	done
done

# What is resident, with a clock that moves: for all of them the same to the byte.
bench run --quiet --no-report --workload "${wanted#,}" --only "${installed#,}" --blocks 2 --mode footprint --out "$work/resident"
check '[ $status -eq 0 ] && [ "$("$rows" "$work/resident" status validated | sort -u)" = "ok	true" ]' "footprints are taken, and are validated"
"$rows" "$work/resident" cell allocator footprint.area_byte_events footprint.peak_bytes | sort | uniq -c >"$work/out"
for allocator in $(echo "$installed" | tr ',' ' '); do
	check '[ "$(awk -v a="$allocator" '\''$3 == a && $1 == 2 && $4 > 0 && $5 > 0'\'' "$work/out" | grep -c .)" -eq "$(echo ${traces:-git} | wc -w)" ]' \
		"two footprints under $allocator are equal"
done
check '[ "$(grep -c "ashlar.*\"area_byte_events\"" "$work/resident/samples.jsonl")" -gt 0 ] &&
	grep "\"allocator\": *\"ashlar\"" "$work/resident/samples.jsonl" | head -n 1 | grep -o "\"bytes\": *\[[^]]*" | tr "," "\n" | grep -c . | grep -qx 100' \
	"each of a hundred checkpoints"
# The calls to calloc of this trace ask for 22 MiB, most of it again and again from the same places.
# (The predicates of a debug build execute as many instructions.)
if command -v valgrind >/dev/null && [ "$(uname -m)" = x86_64 ] &&
	grep -q '^#define ASH_DEBUG [01]$' "$top_builddir/config.h"; then
	libc=$(ldd "$bench" | awk '$1 == "libc.so.6" { print $3 }')
	bench run --quiet --no-report --workload "trace:$top_srcdir/workloads/traces/git.trace" --blocks 1 --mode instructions \
		--only glibc,ashlar --only "filled=$libc,GLIBC_TUNABLES=glibc.malloc.perturb=85" --out "$work/count"
	"$rows" "$work/count" allocator allocator_instructions >"$work/counts"
	check '[ $(wc -l <"$work/counts") -eq 3 ] && awk '\''$1 != "filled" && ($2 < 100000 || $2 > 11 * 1048576) { bad++ } END { exit bad }'\'' "$work/counts"' \
		"zeroing is not counted by the byte"
	check 'awk '\''{ n[$1] = $2 } END { exit !(n["filled"] > 1.05 * n["glibc"]) }'\'' "$work/counts"' \
		"a contender keeps its own settings of glibc beside"
fi
# Lines of several threads: counted at marks, and by turns in an order of the seed, which two sets of one seed have in
# common.  One contender hands objects out side by side to whoever asks, and takes a lock for each.
near="near=$top_builddir/workloads/test/.libs/libbroken.so,ASHLAR_BROKEN=none"
for set in lines again; do
	bench run --quiet --workload own-lines --only glibc,ashlar --only "$near" --blocks 1 --seed 11 --mode throughput,sharing \
		--set ops=40000 --out "$work/$set"
	check '[ $status -eq 0 ]' "set $set: threads with objects of their own"
	"$rows" "$work/$set" mode cell allocator locality.shared_lines locality.transfers_per_1000 | grep ^sharing | sort >"$work/$set.rows"
done
check '[ $(wc -l <"$work/lines.rows") -eq 6 ] && cmp -s "$work/lines.rows" "$work/again.rows" &&
	awk '\''$3 == "near" && !($5 > 10) || $3 == "glibc" && $4 > 0 { bad++ } END { exit bad }'\'' "$work/lines.rows"' \
	"who shares lines by turns repeats: side by side many, in heaps apart none"
check 'awk -F"\t" '\''$3 == "glibc" { glibc = $4 } $3 == "near" { near = $4 } END { exit !(glibc == "0" && near >= 0 && near != "") }'\'' "$work/lines/report/fig17.tsv" &&
	[ "$(grep -c "own-lines:.*	\(glibc\|ashlar\|near\)	" "$work/lines/report/fig17b.tsv")" -eq 6 ] && grep -q "Lines of several threads" "$work/lines/report.html"' \
	"figures 17 and 17b, and a table, have them"
check '! command -v gnuplot >/dev/null || { [ -s "$work/lines/report/fig17.svg" ] && [ -s "$work/lines/report/fig17b.png" ]; }' "and are drawn"
if command -v valgrind >/dev/null; then
	bench run --quiet --workload own-lines --only glibc,ashlar --only "$near" --blocks 1 --seed 11 --mode sharing --counters lackey \
		--set ops=600,slots=20,threads=2 --out "$work/traced"
	traced=$status
	"$rows" "$work/traced" allocator status locality.own_calls locality.own_transfers_per_1000 locality.atomics_per_1000 >"$work/out"
	check '[ $traced -eq 0 ] && [ "$(awk '\''$2 == "ok" && $3 == 1280 && $4 != "-"'\'' "$work/out" | wc -l)" -eq 3 ] &&
		grep -q "What the allocator touches for itself" "$work/traced/report.html"' "what allocators touch for themselves is traced, call by call"
	check '[ "$(uname -m)" != x86_64 ] || grep -q "^near	.*	500$\|^near	.*	500.0*$" "$work/out"' "and its atomic operations: one for each allocation"
fi
refuses 2 "no selected workload has the mode" "threads have no footprint" run --workload larson --mode footprint --out "$work/none"
finish
