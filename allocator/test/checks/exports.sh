# What the shared library shows to the world: the names of allocator/ashlar.sym and no
# other, and the properties that preloading and dlopen need.
. "$top_srcdir/allocator/test/support/lib.sh"
make_tmp
shared=$top_builddir/.libs/libashlar.so
list=$top_builddir/allocator/ashlar.sym
prefix=${API_PREFIX:-ashlar_}
[ -r "$shared" ] || skip_all "configured with --disable-shared"

# Names between "global:" and "local:" of the version script.
sed -n '/global:/,/local:/p' "$list" | sed 's/global:\|local://g; s/[;{}]/ /g' | tr -s ' \t' '\n\n' |
	grep . | sort -u >"$tmp/listed"
${NM:-nm} -D --defined-only "$shared" | "${AWK:-awk}" '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort -u >"$tmp/shown"
if [ "${ASH_SANITIZER:-no}" != no ]; then # the plain names belong to the sanitizer
	grep "^$prefix" "$tmp/listed" >"$tmp/prefixed"
	mv "$tmp/prefixed" "$tmp/listed"
fi
same() { # LISTED SHOWN
	diff "$1" "$2" >"$tmp/difference" && [ "$(wc -l <"$1")" -ge 12 ]
}
same "$tmp/listed" "$tmp/shown"
result=$?
note_file "$tmp/difference"
verdict $result "the exported names are those of ashlar.sym ($(wc -l <"$tmp/shown"))"
{ cat "$tmp/listed"; echo one_more; } | sort >"$tmp/planted"
same "$tmp/planted" "$tmp/shown"
verdict $((! $?)) "a name too many in the list is found"
sed 1d "$tmp/listed" >"$tmp/planted"
same "$tmp/planted" "$tmp/shown"
verdict $((! $?)) "a name that is shown and not listed is found"

# Every function of the public header can be linked.
sed '/^typedef/d; s/\*/ /g' "$top_builddir/allocator/include/ashlar/ashlar.h" | grep -o "\\b${prefix}[a-z_]*(" | tr -d '(' | sort -u >"$tmp/declared"
[ "$(wc -l <"$tmp/declared")" -ge 12 ] && [ -z "$(comm -23 "$tmp/declared" "$tmp/shown")" ]
verdict $? "every function of ashlar.h is exported ($(wc -l <"$tmp/declared"))"

if [ "${ASH_SANITIZER:-no}" != no ] || ! command -v readelf >/dev/null; then
	skip "preload and dlopen" "sanitizer build, or no readelf"
	finish
fi
readelf -dW "$shared" >"$tmp/dynamic"
grep -q 'FLAGS_1.*NOW.*NODELETE\|FLAGS_1.*NODELETE.*NOW' "$tmp/dynamic"
verdict $? "bound at once and never unloaded"
# Whoever malloc needs must not need malloc before it.
others=$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' "$tmp/dynamic" | grep -v '^libc\.so\|^ld-linux' | tr '\n' ' ')
[ -z "$others" ]
verdict $? "depends on libc alone ${others:+and on $others}"
# glibc keeps 1,664 bytes of static TLS for libraries opened late, all of them together.  (Debug builds
# note the locks that a thread holds there.)
most=1024
grep -q '^#define ASH_DEBUG [1-9]' "$top_builddir/config.h" && most=1280
tls=$(readelf -lW "$shared" | "${AWK:-awk}" '$1 == "TLS" { print $6 }')
[ $((${tls:-0})) -le $most ] && [ $((${tls:-0})) -gt 0 ]
verdict $? "static TLS of $((${tls:-0})) bytes fits into a running program"
! readelf -rW "$shared" | grep -q '__tls_get_addr\|TLSDESC\|DTPMOD'
verdict $? "thread-local variables are reached without a call"
! grep -q 'TEXTREL' "$tmp/dynamic"
verdict $? "no relocations in the text"
finish
