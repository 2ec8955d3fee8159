# Every header compiles alone, twice over, and the public one in C and C++ by the book.
. "$top_srcdir/allocator/test/support/lib.sh"
make_tmp
cc=${CC:-cc}
flags="-include $top_builddir/config.h -I$top_srcdir -I$top_builddir -I$top_srcdir/allocator -I$top_builddir/allocator/include"

alone() { # HEADER
	printf '#include "%s"\n#include "%s"\n' "$1" "$1" >"$tmp/alone.c"
	$cc $flags $JANSSON_CFLAGS $CMOCKA_CFLAGS -std=gnu11 -fsyntax-only "$tmp/alone.c" >"$tmp/log" 2>&1
}

count=0
for header in $(cd "$top_srcdir" && find allocator workloads harness -name '*.h' | sort); do
	count=$((count + 1))
	if alone "$top_srcdir/$header"; then
		ok "$header"
	else
		# A header of somebody else's that is not installed is no fault of ours.
		missing=$(sed -n 's/.*fatal error: \([^ ]*\): No such file.*/\1/p' "$tmp/log" | head -n 1)
		case $missing in
		cmocka.h | jansson.h | perfmon/*) skip "$header" "$missing is not installed" ;;
		*) note_file "$tmp/log"; not_ok "$header" ;;
		esac
	fi
done
verdict $((count < 20)) "$count headers, and not an empty list"
printf 'static inline size_t ash_planted(struct never_seen s) { return s.x; }\n' >"$tmp/planted.h"
alone "$tmp/planted.h"
verdict $((! $?)) "a header that lacks an include is found"

public=$top_builddir/allocator/include/ashlar/ashlar.h
for standard in c99 c11 c17 c2x; do
	$cc -std=$standard -pedantic-errors -Wall -Wextra -Werror -fsyntax-only -x c "$public" >"$tmp/log" 2>&1
	result=$?
	note_file "$tmp/log"
	verdict $result "ashlar.h by the book of $standard"
done
for standard in c++11 c++17 c++20; do
	${CXX:-c++} -std=$standard -pedantic-errors -Wall -Wextra -Werror -fsyntax-only -x c++ "$public" >"$tmp/log" 2>&1
	result=$?
	note_file "$tmp/log"
	verdict $result "ashlar.h by the book of $standard"
done
finish
