#!/bin/sh
# Prints what each entry point's fast path in a libashlar costs: instructions, loads, stores and
# conditional branches of a call, counted by callgrind.  They repeat exactly, whatever the machine
# does.
#
#	fastpath.sh LIBRARY PROGRAM	(the program is fastpath.c)
#
# golden.sh holds the table against that of its compiler; the gate of the bench holds that of one
# build against another's.
set -u
[ $# -eq 2 ] || { echo "usage: fastpath.sh LIBRARY PROGRAM" >&2; exit 2; }
library=$(realpath -- "$1") || exit 2 # the loader follows links, and callgrind names what it loaded
program=$2
tmp=$(mktemp -d "${TMPDIR:-/tmp}/ashlar-fastpath.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT

# SYMBOL|ENTRY|SIZE
cat >"$tmp/entries" <<'END'
malloc|malloc|64
malloc|malloc|512
malloc|malloc|1024
malloc|malloc|32768
free|free|64
free|free|1024
free|free|32768
calloc|calloc|64
calloc|calloc|1024
free_sized|free_sized|64
free_sized|free_sized|1024
aligned_alloc|aligned_alloc|64
_Znwm|operator new|64
_Znwm|operator new|1024
_ZdlPv|operator delete|64
_ZdlPvm|operator delete sized|64
END

# The program calls an entry some times, and a mark at both ends of the times that count; at each
# mark callgrind writes what was counted since the last, which goes into a file of its own.
calls=2000
set --
while IFS='|' read -r symbol entry size; do
	set -- "$@" "$entry" "$size"
done <"$tmp/entries"
LD_PRELOAD=$library valgrind --tool=callgrind --demangle=no --cache-sim=yes --branch-sim=yes --dump-before=mark \
	--callgrind-out-file="$tmp/out" "$program" $calls "$@" >"$tmp/said" 2>"$tmp/err" || {
	grep -v '^==[0-9]*== *$' "$tmp/err" | tail -n 3 >&2
	exit 1
}

# The self cost of one function of the library, whatever was inlined into it, of a call.
# Rounded: a call in some hundred finds its magazine empty or full and leaves by the
# slow path, a few instructions early.
cost() { # SYMBOL FILE
	awk -v symbol="$1" -v library="${library##*/}" -v calls=$calls '
		function name(text,  id, at) { # "(7) name", and later "(7)"
			if (text !~ /^\(/) return text
			at = index(text, ")")
			id = substr(text, 1, at)
			if (length(text) > at) names[kind, id] = substr(text, at + 2)
			return names[kind, id]
		}
		/^events:/ { for (i = 2; i <= NF; i++) column[$i] = i }
		/^c?ob=/ { kind = "ob"; text = $0; sub(/^c?ob=/, "", text); found = name(text)
			if ($0 ~ /^ob=/) { object = found; sub(/.*\//, "", object) } next }
		/^c?fn=/ { kind = "fn"; text = $0; sub(/^c?fn=/, "", text); found = name(text)
			if ($0 ~ /^fn=/) { sub(/\047.*/, "", found); ours = found == symbol && object == library } next }
		/^calls=/ { getline; next } # what they cost in all
		ours && /^[0-9+*-]/ { ir += $column["Ir"]; dr += $column["Dr"]; dw += $column["Dw"]; bc += $column["Bc"] }
		END { printf "%.0f\t%.0f\t%.0f\t%.0f\n", ir / calls, dr / calls, dw / calls, bc / calls }' "$2"
}

printf 'entry\tsize\tinstructions\tloads\tstores\tbranches\n'
number=0
while IFS='|' read -r symbol entry size; do
	number=$((number + 2)) # the first is what came before its first mark
	file=$tmp/out.$number
	[ -s "$file" ] || { echo "callgrind left no count of $entry" >&2; exit 1; }
	printf '%s\t%s\t%s\n' "$entry" "$size" "$(cost "$symbol" "$file")"
done <"$tmp/entries"
