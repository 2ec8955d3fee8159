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
command -v valgrind >/dev/null || skip_all "valgrind is not installed"
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

print_table() {
	sh "$top_srcdir/allocator/test/golden/fastpath.sh" "$top_builddir/.libs/libashlar.so" \
		"$top_builddir/allocator/test/golden/fastpath"
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
