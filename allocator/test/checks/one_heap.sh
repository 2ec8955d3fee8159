# The state of page/ and reclaim/ is one struct, so that there may be a second: their objects
# hold nothing that changes but its instance, with a table it points to, and hooks, which are code
# of the rooms above; and page/ works on the heap that it is given.
. "$top_srcdir/allocator/test/support/lib.sh"
make_tmp
nm=${NM:-nm}

# Objects on stdin: lines "OBJECT NAME" of what lies in writable memory and is not a thread's.
read_state() {
	while read -r object; do
		$nm -f sysv "$object" | sed "s/^/${object##*/}|/"
	done | "${AWK:-awk}" -F'|' '
		NF < 8 { next }
		{ gsub(/ /, ""); object = $1; name = $2; class = $4; section = $8 }
		class !~ /^[bBdDsSgGC]$/ || section ~ /^[.]t(bss|data)/ { next }
		name ~ /^(__|[.]|_)/ { next }                # of compiler and sanitizers
		name ~ /^ash_[a-z_]*_hook$/ { next }
		name == "ash_heap" || name == "heap" { next } # the instance, a constant that points to it
		object ~ /-heap[.]o$/ && name == "cached_mappings" { next } # its table, which stands apart
		{ print object, name }'
}

find "$top_builddir/allocator/page" "$top_builddir/allocator/reclaim" -name '*.o' ! -path '*/.libs/*' |
	while read -r object; do # of a source that is still there
		name=${object##*-}
		ls "$top_srcdir"/allocator/*/"${name%.o}.c" >/dev/null 2>&1 && echo "$object"
	done >"$tmp/objects"
[ "$(wc -l <"$tmp/objects")" -ge 20 ]
verdict $? "objects of page/ and reclaim/ ($(wc -l <"$tmp/objects"))"
read_state <"$tmp/objects" >"$tmp/state"
note_file "$tmp/state"
verdict $(($(wc -l <"$tmp/state") != 0)) "their state is struct ash_heap"

grep -nE '(&|[^a-z_])ash_heap([.,);]|$)' "$top_srcdir"/allocator/page/*.[ch] |
	grep -v '/page/heap\.[ch]:' >"$tmp/named"
note_file "$tmp/named"
verdict $(($(wc -l <"$tmp/named") != 0)) "no file of page/ names the one heap but heap.h and heap.c"

cat >"$tmp/planted.c" <<'END'
static int counter;
static __thread int mine;
int (*ash_some_hook)(void);
int ash_count(void);
int ash_count(void) { static int calls; return counter++ + calls++ + mine++; }
END
${CC:-cc} -c -o "$tmp/planted.o" "$tmp/planted.c"
echo "$tmp/planted.o" | read_state >"$tmp/found"
note_file "$tmp/found"
[ "$(wc -l <"$tmp/found")" -eq 2 ] && grep -q ' counter$' "$tmp/found"
verdict $? "planted state is found"
finish
