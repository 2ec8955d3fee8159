# Worlds, without a network: one is made of this system's own C library, as files of its own.
. "$top_srcdir/harness/test/bench.sh"

XDG_CACHE_HOME=$work/cache
export XDG_CACHE_HOME
refuses 2 "fetch --world unstable" "a world that was not fetched" run --world unstable --workload tiny-churn --out "$work/no"

bench list
check 'grep -q "^  unstable  *the world .* is not here: .ashlar-bench fetch --world unstable." "$work/out"' "list says what brings it"

folder=$work/cache/ashlar-bench/worlds/unstable
mkdir -p "$folder/usr/lib/here"
loader=$(ldd "$top_builddir/ashlar-work" | sed -n 's/^[[:space:]]*\(\/[^ ]*ld-[^ ]*\) .*/\1/p')
libc=$(ldd "$top_builddir/ashlar-work" | sed -n 's/.*libc\.so\.6 => \([^ ]*\) .*/\1/p')
if [ ! -e "$loader" ] || [ ! -e "$libc" ]; then
	echo "1..0 # SKIP this system's loader and C library are not found"
	exit 0
fi
cp -L "$loader" "$libc" "$folder/usr/lib/here/"
echo "libc6 9.99-1 unstable 0" >"$folder/packages"
echo "rpmalloc: no suite has it" >"$folder/refused"

bench list
check 'grep -qxF "  unstable       libc6 9.99-1 and 0 packages in $folder" "$work/out"' "and what it holds"
bench list --json
check 'grep -q "\"holds\": \"libc6 9.99-1 and 0 packages" "$work/out"' "also as JSON"

run="run --world unstable --no-report --quiet --blocks 1 --timeout 60s"
bench $run --workload tiny-churn,startup-exit --mode throughput --set ops=2000 --out "$work/set" --only glibc,ashlar,rpmalloc
check '[ $status -eq 0 ] && [ "$("$rows" "$work/set" status allocator | grep -c "^ok	\(glibc\|ashlar\)")" -eq 4 ]' \
	"what runs in a world is measured, with processes it starts itself"
check '"$rows" "$work/set" allocator allocator_file | grep -qx "glibc	$folder/usr/lib/here/libc.so.6"' \
	"the C library is the world's"
check '! "$rows" "$work/set" status world libc | grep -v "^skipped" | grep -qvE "^ok	unstable	[0-9.]+$"' \
	"each sample says world and C library"
check '"$rows" "$work/set" allocator status reason | grep -q "^rpmalloc	skipped	.*no suite has it"' \
	"what was refused says why"
check 'grep -q "\"libc\": \"libc6 9.99-1\"" "$work/set/manifest.json" && grep -q "9.99-1 unstable 0" "$work/set/manifest.json"' \
	"and the manifest what the world is made of"

# Programs: whole ones are proven, the address mode and the counts go through the loader as well.
if command -v sqlite3 >/dev/null; then
	bench $run --workload sqlite --mode throughput --set rows=2000 --out "$work/program" --only glibc,ashlar
	check '[ "$("$rows" "$work/program" status world libc | grep -cE "^ok	unstable	[0-9.]+$")" -eq 2 ]' "a program in a world"
fi
bench $run --workload trace:sqlite --mode locality --set ops=2000 --out "$work/where" --only glibc
check '"$rows" "$work/where" status world | grep -qx "ok	unstable"' "a replay at fixed addresses in a world"
if command -v valgrind >/dev/null; then
	bench $run --workload tiny-churn --mode instructions --set ops=2000 --out "$work/count" --only glibc
	check '"$rows" "$work/count" status world instructions | grep -qE "^ok	unstable	[1-9][0-9]*$"' "instructions in a world"
fi

# No ratio of two worlds; no set of two.
sed 's/"world":"unstable"/"world":"stable"/' "$work/set/samples.jsonl" >"$work/mixed" && cp "$work/mixed" "$work/set/samples.jsonl"
refuses 2 "these make no ratio" "a report of mixed worlds" report "$work/set"
refuses 2 "--resume" "a world is not changed on the way" run --resume "$work/set" --world unstable
finish
