# Instructions of a pair of malloc and free in each pattern of the workload op-matrix, the
# driver's own subtracted, against patterns.tsv: `limit` fails the test, `aim` is where the number
# should be (above it a line says so).  Not in `make check`: some fifty runs under callgrind.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
work=$top_builddir/ashlar-work
table=$top_srcdir/allocator/test/golden/patterns.tsv

case $("${CC:-cc}" --version 2>/dev/null | head -n 1) in
*clang*) skip_all "the limits are for gcc" ;;
esac
[ "$(uname -m)" = x86_64 ] || skip_all "the limits are for x86_64"
command -v valgrind >/dev/null || skip_all "valgrind is not installed"
[ -x "$work" ] || skip_all "configured without the bench: no workloads"
grep -q '^#define ASH_DEBUG 0' "$top_builddir/config.h" || skip_all "debug build: assertions are part of every path"
case " ${GOLDEN_CFLAGS-} " in
*" -O2 "*) ;;
*) skip_all "built with CFLAGS='${GOLDEN_CFLAGS-}': the limits are for -O2" ;;
esac
make_tmp
# What goes by the clock (ticks, the background thread) costs a busy machine more: enough pairs
# make it small, and what is above its limit is counted again.
pairs=100000
tries=3

total() { # NUMBER SIZE IDLE PAIRS: instructions of a whole run, 0 where it failed
	LD_PRELOAD=$library valgrind --tool=callgrind --callgrind-out-file=/dev/null "$work" --mode throughput \
		--set pattern="$1" --set size="$2" --set idle="$3" --set ops="$4" op-matrix >"$tmp/out" 2>"$tmp/err" ||
		{ note_file "$tmp/err" >&2; echo 0; return; }
	sed -n 's/^==.*Collected : \([0-9]*\)$/\1/p' "$tmp/err"
}

# Of a pair: start and end are the same for a run of twice the length.
per_pair() { # NUMBER SIZE IDLE
	few=$(total "$1" "$2" "$3" $pairs)
	many=$(total "$1" "$2" "$3" $((2 * pairs)))
	echo "$few $many" | "${AWK:-awk}" -v n=$pairs '{ printf "%.2f\n", $1 && $2 ? ($2 - $1) / n : -1 }'
}

# What the driver costs does not depend on the size: it touches one byte.
driven=
note "pattern       size   instructions   limit   aim"
rows=0
while read -r pattern number size limit aim; do
	[ "$number" != number ] || continue
	rows=$((rows + 1))
	shown=$size
	[ "$size" != 0 ] || { size=64 shown=16-1024; }
	[ "$driven" = "$number" ] || { driver=$(per_pair "$number" 64 1) driven=$number; }
	try=0
	while [ $try -lt $tries ]; do
		try=$((try + 1))
		both=$(per_pair "$number" "$size" 0)
		count=$("${AWK:-awk}" -v a="$both" -v b="$driver" 'BEGIN { print (a > 0 && b > 0 ? a - b : "none") }')
		"${AWK:-awk}" -v c="$count" -v l="$limit" 'BEGIN { exit !(c + 0 <= l) }' && break
	done
	note "$(printf '%-12s %7s %11s %11s %5s' "$pattern" "$shown" "$count" "$limit" "$aim")"
	"${AWK:-awk}" -v c="$count" -v l="$limit" 'BEGIN { exit !(c + 0 > 10 && c + 0 <= l) }'
	verdict $? "$pattern, $shown bytes: $count instructions, at most $limit"
	"${AWK:-awk}" -v c="$count" -v a="$aim" 'BEGIN { exit !(c + 0 > a) }' &&
		note "the aim is $aim: allocator/doc/caches.md says what is in the way"
done <"$table"
verdict $((rows < 15)) "$rows cells, and not an empty table"
finish
