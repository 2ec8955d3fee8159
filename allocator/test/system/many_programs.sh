# The programs of ../programs.md with the library preloaded, compared with themselves without it.  `--packages`
# prints what there is to install for them; `MANY_PROGRAMS="NAME…"` runs only these.
. "$top_srcdir/allocator/test/support/lib.sh"
list=$top_srcdir/allocator/test/programs.md
if [ "$1" = --packages ]; then
	sed -n 's/^    [^ ]* \([^:]*\): .*/\1/p' "$list" | sort -u
	exit
fi
find_library
make_tmp
: "${PROGRAM_SECONDS:=300}" # after which one counts as hung

mkdir "$tmp/input"
"${AWK:-awk}" -v out="$tmp/input" 'BEGIN {
	srand(7)
	for (i = 0; i < 60000; i++)
		printf "%d %s%d line %d\n", rand() * 1e6, i % 3 ? "alpha" : "Beta", i % 97, i > (out "/lines")
	printf "[" > (out "/data.json")
	print "<r>" > (out "/data.xml")
	for (i = 0; i < 9000; i++) {
		printf "%s{\"k\":\"key%d\",\"n\":%d,\"l\":[%d,%d,%d]}", i ? "," : "", i, i, i % 7, i % 11, i > (out "/data.json")
		printf "<i n=\"%d\">t%d</i>\n", i, i * 7919 % 10007 > (out "/data.xml")
	}
	print "]" > (out "/data.json")
	print "</r>" > (out "/data.xml")
	print "P3 400 300 255" > (out "/image.ppm")
	for (i = 0; i < 120000; i++)
		print i % 256, int(i / 400) % 256, i * 7 % 256 > (out "/image.ppm")
	print "#include <string.h>" > (out "/work.c")
	for (i = 0; i < 120; i++)
		printf "struct s%d { int a[%d]; char t[%d]; };\nint f%d(struct s%d *s, int n) { int k = %d; while (n--) k += s->a[n %% %d] * (int)strlen(s->t); return k; }\n", i, i + 1, i + 2, i, i, i, i + 1 > (out "/work.c")
	print "int main(void) { struct s9 s = {{1}, \"x\"}; return f9(&s, 3); }" > (out "/work.c")
}'

run() { # WAY TEXT
	rm -rf "$tmp/run" "${tmp:?}/$1"
	cp -r "$tmp/input" "$tmp/run"
	(
		cd "$tmp/run" || exit 99
		[ "$1" = plain ] || [ -z "$library" ] || { LD_PRELOAD=$library; export LD_PRELOAD; }
		timeout -k 5 "$PROGRAM_SECONDS" "${BASH:-bash}" -c "$2" >"$tmp/$1.out" 2>"$tmp/$1.err" </dev/null
		echo "status $?" >>"$tmp/$1.out"
	)
	mv "$tmp/run" "${tmp:?}/$1"
}

compare() { # NAME PACKAGE TEXT
	case ${MANY_PROGRAMS:+" $MANY_PROGRAMS "} in
	'' | *" $1 "*) ;;
	*) return 0 ;;
	esac
	if ! dpkg-query -W -f='${db:Status-Status}' "$2" 2>/dev/null | grep -q '^installed'; then
		skip "$1" "the package $2 is not installed"
		return 0
	fi
	run plain "$3"
	run with "$3"
	if cmp -s "$tmp/plain.out" "$tmp/with.out" && cmp -s "$tmp/plain.err" "$tmp/with.err" &&
		diff -r "$tmp/plain" "$tmp/with" >"$tmp/difference" 2>&1; then
		if ! grep -q 'status 0$' "$tmp/plain.out" || [ "$(wc -c <"$tmp/plain.out")" -lt 10 ]; then
			note_file "$tmp/plain.err"
			not_ok "$1: without the library it fails, or writes nothing"
		else
			ok "$1"
		fi
		return 0
	fi
	diff "$tmp/plain.out" "$tmp/with.out" | sed -n '1,10s/^/#   /p'
	diff "$tmp/plain.err" "$tmp/with.err" | sed -n '1,10s/^/#   /p'
	note_file "$tmp/difference"
	not_ok "$1"
}

sed -n 's/^    //p' "$list" >"$tmp/list"
while IFS= read -r line; do
	head=${line%%: *}
	compare "${head% *}" "${head#* }" "${line#*: }"
done <"$tmp/list"
finish
