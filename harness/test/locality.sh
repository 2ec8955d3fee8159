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
if "$rows" "$work/set" reason | grep -q "mode locality needs fixed addresses"; then
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
refuses 2 "no selected workload has the mode" "threads have no footprint" run --workload larson --mode footprint --out "$work/none"
finish
