# Instructions, loads, stores and branches of each entry point's fast path, against the
# table of this compiler and architecture.  They repeat exactly, whatever the machine does.
#
#	golden.sh              compare
#	golden.sh --print      print the table of this build instead
. "$top_srcdir/allocator/test/support/lib.sh"

cc=${CC:-cc}
key=$("$cc" -dumpfullversion 2>/dev/null | sed 's/[.].*//')
case $("$cc" --version 2>/dev/null | head -n 1) in
*clang*) key=clang-$("$cc" -dumpversion | sed 's/[.].*//') ;;
*) key=gcc-$key ;;
esac
key=$key-$(uname -m)
grep -q '^#define ASH_SAFETY_CHECKS 1' "$top_builddir/config.h" || key=$key-unchecked
table=$top_srcdir/allocator/test/golden/$key.tsv

[ "${ASH_SANITIZER:-no}" = no ] || skip_all "sanitizer build: the sanitizer owns malloc"
command -v valgrind >/dev/null && command -v callgrind_annotate >/dev/null || skip_all "valgrind is not installed"
grep -q '^#define ASH_DEBUG 0' "$top_builddir/config.h" || skip_all "debug build: assertions are part of every path"
case " ${GOLDEN_CFLAGS-} " in
*" -O2 "*) ;;
*) skip_all "built with CFLAGS='${GOLDEN_CFLAGS-}': the table is of -O2" ;;
esac
"$cc" ${GOLDEN_CFLAGS-} -dM -E - </dev/null 2>/dev/null | grep -qE '__CET__|__ARM_FEATURE_BTI_DEFAULT' &&
	skip_all "built with CFLAGS='${GOLDEN_CFLAGS-}': functions begin with an instruction that the table lacks"
case ${1-} in
--print) ;;
*) [ -s "$table" ] || skip_all "no table for $key" ;;
esac
make_tmp

# Sum of the self cost of one function in the library, all sources inlined into it.
cost() { # SYMBOL ENTRY SIZE TIMES
	LD_PRELOAD=$top_builddir/.libs/libashlar.so valgrind --tool=callgrind --demangle=no --cache-sim=yes --branch-sim=yes \
		--callgrind-out-file="$tmp/out" "$top_builddir/allocator/test/golden/fastpath" "$2" "$3" "$4" \
		>/dev/null 2>"$tmp/err" || { sed 's/^/# /' "$tmp/err"; return 1; }
	# A function's cost is split by the source files inlined into it; the object's name stands on
	# the first of these lines only.
	callgrind_annotate --threshold=100 --show=Ir,Dr,Dw,Bc "$tmp/out" | sed 's/ \[.*//' | awk -v f="$1" '
		/allocator\/[a-z]*\/[a-z_]*[.][ch]:/ && $0 ~ ":" f "$" {
			gsub(/,/, ""); gsub(/\([^)]*\)/, "")
			ir += $1; dr += $2; dw += $3; bc += $4
		}
		END { printf "%d %d %d %d\n", ir, dr, dw, bc }'
}

# Rounded: of the smallest classes one call in some fifty finds its stack empty and leaves by the
# slow path, a few instructions early.
measure() { # SYMBOL ENTRY SIZE
	few=$(cost "$1" "$2" "$3" 1000) && many=$(cost "$1" "$2" "$3" 3000) || return 1
	echo "$few $many" | awk -v e="$2" -v s="$3" '{
		printf "%s\t%s\t%.0f\t%.0f\t%.0f\t%.0f\n", e, s, ($5 - $1) / 2000, ($6 - $2) / 2000, ($7 - $3) / 2000, ($8 - $4) / 2000 }'
}

print_table() {
	printf 'entry\tsize\tinstructions\tloads\tstores\tbranches\n'
	while IFS='|' read -r symbol entry sizes; do
		for size in $sizes; do
			measure "$symbol" "$entry" "$size" || return 1
		done
	done <<-END
		malloc|malloc|64 512 1024 32768
		free|free|64 1024 32768
		calloc|calloc|64 1024
		free_sized|free_sized|64 1024
		aligned_alloc|aligned_alloc|64
		_Znwm|operator new|64 1024
		_ZdlPv|operator delete|64
		_ZdlPvm|operator delete sized|64
	END
}

if [ "${1-}" = --print ]; then
	print_table
	exit
fi
if ! print_table >"$tmp/now"; then
	verdict 1 "every entry point can be measured"
	finish
fi
while IFS= read -r line; do
	entry=$(printf '%s' "$line" | cut -f 1,2)
	golden=$(grep -F "$entry$(printf '\t')" "$table")
	[ "$line" = "$golden" ]
	same=$?
	[ $same -eq 0 ] || echo "# now    $line" "
# golden ${golden:-none}"
	verdict $same "$(printf '%s' "$entry" | tr '\t' ' '): as in the table"
done <"$tmp/now"
[ "$(wc -l <"$tmp/now")" -gt 10 ]
verdict $? "$(wc -l <"$tmp/now") lines measured"
finish
