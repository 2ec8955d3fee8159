# How much of the library's own file and data a process holds, and whether far.ld names what there is.
. "$top_srcdir/allocator/test/support/lib.sh"
make_tmp
shared=$top_builddir/.libs/libashlar.so
script=$top_srcdir/allocator/far.ld

# Each file that is named has a source with such functions; a name of the compiler's own making ends
# in a wildcard.  The source decides, for what the compiler inlines has no section.
unknown() { # SCRIPT
	sed -n 's/^[[:space:]]*\*_la-\([a-z_]*\)\.o(\(.*\))$/\1 \2/p' "$1" |
		while read -r file names; do
			set -- "$top_srcdir"/allocator/*/"$file".c
			[ -r "$1" ] || echo "$file.c"
			for name in $names; do
				name=${name#.text.}
				name=${name%%.*}
				case $name in '' | '*') continue ;; esac
				grep -qw -- "$name" "$@" || echo "$file.c: $name"
			done
		done
}
unknown "$script" >"$tmp/unknown"
[ ! -s "$tmp/unknown" ] && [ "$(grep -c '_la-' "$script")" -ge 40 ]
result=$?
note_file "$tmp/unknown"
verdict $result "files and functions of far.ld are there"
sed 's/_la-ctl\.o/_la-no_such_file.o/; s/\.text\.ash_arena_create/.text.no_such_function/' "$script" >"$tmp/planted"
[ "$(unknown "$tmp/planted" | wc -l)" -eq 2 ]
verdict $? "a file and a function that are not are found"

grep -q '^am__append.*far\.ld\|^HAVE_FAR_TRUE = *$' "$top_builddir/Makefile" && [ -r "$shared" ] ||
	skip_all "no shared library, or a linker that adds nothing to its script"
[ "${ASH_SANITIZER:-no}" = no ] && ! grep -q '^#define ASH_DEBUG [1-9]' "$top_builddir/config.h" || {
	skip "resident" "sanitizer build, or one with assertions: its text is longer"
	finish
}
[ -r /proc/self/smaps ] || {
	skip "resident" "no /proc/self/smaps"
	finish
}
# KiB of the file's mappings and of the zeroed data behind them.  Where the loader puts them decides
# how much is mapped around what is touched: the least of some.
held() {
	LD_PRELOAD=$shared cat /proc/self/smaps | "${AWK:-awk}" '
		/^[0-9a-f]+-/ { behind = of_file && NF == 5; of_file = /libashlar/; next }
		/^Rss:/ && (of_file || behind) { rss += $2 }
		/^Anonymous:/ && (of_file || behind) { own += $2 }
		END { print rss, own }'
}
for i in 1 2 3 4 5 6 7 8; do held; done | sort -n >"$tmp/held"
read -r rss own <"$tmp/held"
note "KiB resident, and of them of the process alone: $(tr '\n' ',' <"$tmp/held")"
[ "${rss:-0}" -gt 0 ] && [ "$rss" -le 300 ]
verdict $? "a small process holds $rss KiB of the library's pages"
[ "${own:-0}" -gt 0 ] && [ "$own" -le 64 ]
verdict $? "of which $own KiB are its own"
finish
