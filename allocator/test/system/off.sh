# off:true, by which the library passes every call on to the next malloc: that this is libc's is told
# by libc itself, and programs say what they say without the library.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
[ "$is_ashlar" = yes ] || skip_all "only this project's library has this option"
make_tmp
probe=$top_builddir/allocator/test/system/probe
off() { ASHLAR_CONF=off:true LD_PRELOAD=$library "$@"; }

off "$top_builddir/allocator/test/system/off" >"$tmp/out" 2>"$tmp/err"
result=$?
[ $result -eq 0 ] && [ ! -s "$tmp/err" ]
result=$?
[ $result -eq 0 ] || { note_file "$tmp/out"; note_file "$tmp/err"; }
verdict $result "each function ends in libc's"
LD_PRELOAD=$library "$top_builddir/allocator/test/system/off" >"$tmp/out" 2>"$tmp/err"
[ $? -ne 0 ] || grep -q SKIP "$tmp/out"
verdict $? "which is found out where it does not"

# What is right without the library is with it, by what the project holds to be right.
for part in conformance/alignment conformance/queries system/newdelete; do
	TEST_SERVED_BY=$(readlink -f "$(ldd /bin/sh | awk '/libc\.so/ {print $3; exit}')") \
		TEST_ALLOCATOR=glibc "$top_builddir/allocator/test/$part" 2>/dev/null | grep '^ok' | sed 's/ # SKIP.*//' >"$tmp/libc"
	off "$top_builddir/allocator/test/$part" 2>/dev/null | grep '^ok' >"$tmp/ours"
	sort -o "$tmp/libc" "$tmp/libc"
	sort "$tmp/ours" | comm -13 - "$tmp/libc" >"$tmp/difference"
	[ "$(wc -l <"$tmp/libc")" -ge 3 ] && [ ! -s "$tmp/difference" ]
	result=$?
	[ $result -eq 0 ] || note_file "$tmp/difference"
	verdict $result "$part: all of the $(wc -l <"$tmp/libc") that hold without the library ($(wc -l <"$tmp/ours") do)"
done
off "$top_builddir/allocator/test/stress/stress" 300 >"$tmp/out" 2>"$tmp/err"
result=$?
[ $result -eq 0 ] || note_file "$tmp/out"
verdict $result "the stress"

# Libraries that bring functions of libc which allocate: what boot gave them is freed later.
hooks=$top_builddir/.libs/libhooks.so
[ -e "$hooks" ] || hooks=$top_builddir/allocator/test/system/.libs/libhooks.so
for preload in "$hooks $library" "$library $hooks"; do
	for when in HOOK_EARLY HOOK_LATE; do
		env -u TEST_SERVED_BY LD_PRELOAD="$preload" ASHLAR_CONF=off:true $when=1 timeout -k 5 120 \
			"$top_builddir/allocator/test/system/hooked" 3 >"$tmp/out" 2>"$tmp/err" </dev/null
		grep -qx fine "$tmp/out"
		result=$?
		[ $result -eq 0 ] || { note_file "$tmp/out"; note_file "$tmp/err"; }
		verdict $result "hooks that allocate, $when, ${preload##*/} last"
	done
done

same() { # NAME COMMAND…
	name=$1
	shift
	have "$1" || { skip "$name" "not installed"; return; }
	"$@" >"$tmp/libc" 2>"$tmp/libc.err"
	wanted=$?
	off "$@" >"$tmp/ours" 2>"$tmp/ours.err"
	[ $? -eq $wanted ] && cmp "$tmp/libc" "$tmp/ours" && cmp "$tmp/libc.err" "$tmp/ours.err"
	verdict $? "$name says the same"
}
same sort sort -r "$top_srcdir/README.md"
same python3 python3 -c 'import json, threading
t = [threading.Thread(target=lambda: json.loads(json.dumps(list(range(9000))))) for _ in range(4)]
[x.start() for x in t]; [x.join() for x in t]
print(sum(json.loads(json.dumps(list(range(20000))))))'
same perl perl -e 'my %h = map { $_ => "x" x ($_ % 700) } 1 .. 20000; print scalar(keys %h), "\n"; print length(join "", values %h), "\n"'

# --- who says so ------------------------------------------------------------------------------
export LD_PRELOAD="$library"
stats() { ASHLAR_CONF=${1:+$1,}stats_print:true "$probe" hello 2>&1 >"$tmp/none" | grep -c 'Begin jemalloc'; }
[ "$(stats '')" = 1 ] && [ "$(stats off:true)" = 0 ] && [ "$(stats off:true,off:false)" = 1 ] &&
	[ "$(MALLOC_CONF=off:true stats '')" = 0 ] && [ "$(MALLOC_CONF=off:true stats off:false)" = 1 ]
verdict $? "the later source wins"
ASHLAR_CONF=off:maybe "$probe" hello >"$tmp/out" 2>"$tmp/err"
[ $? -eq 0 ] && grep -qx '<ashlar>: ASHLAR_CONF: invalid value off:maybe (accepted: true or false)' "$tmp/err"
verdict $? "a bad value costs one line"
unset LD_PRELOAD

# Where there is no other malloc it cannot be off, says so, and serves.
archive=$top_builddir/.libs/libashlar.a
name="a static program"
if [ -r "$archive" ] && ${CC:-cc} -static -D_GNU_SOURCE -O1 -fno-builtin -o "$tmp/static" \
	"$top_srcdir/allocator/test/system/probe.c" "$archive" -pthread 2>"$tmp/err"; then
	ASHLAR_CONF=off:true "$tmp/static" hello >"$tmp/out" 2>"$tmp/err"
	[ $? -eq 0 ] && [ "$(cat "$tmp/out")" = hello ] && [ "$(wc -l <"$tmp/err")" -eq 1 ] &&
		grep -q '^<ashlar>: off:true is not possible here' "$tmp/err"
	result=$?
	[ $result -eq 0 ] || note_file "$tmp/err"
	verdict $result "$name: one line, and it is served"
else
	skip "$name" "nothing can be linked statically"
fi
name="a program that it is linked into"
if [ -r "$archive" ] && ${CC:-cc} -D_GNU_SOURCE -O1 -fno-builtin -Wl,--export-dynamic -o "$tmp/linked" \
	"$top_srcdir/allocator/test/system/probe.c" "$archive" -pthread 2>"$tmp/err"; then
	ASHLAR_CONF=off:true,stats_print:true "$tmp/linked" hello >"$tmp/out" 2>"$tmp/err"
	[ $? -eq 0 ] && [ "$(cat "$tmp/out")" = hello ] && [ ! -s "$tmp/err" ]
	result=$?
	[ $result -eq 0 ] || note_file "$tmp/err"
	verdict $result "$name: libc's serves"
else
	skip "$name" "no static library"
fi
cat >"$tmp/theirs.c" <<-'END'
	#include <dlfcn.h>
	#include <stdio.h>
	#include <string.h>
	int main(void)
	{
		int (*mallctl)(const char *, void *, size_t *, void *, size_t) = dlsym(RTLD_DEFAULT, "mallctl");
		void *(*mallocx)(size_t, int) = dlsym(RTLD_DEFAULT, "mallocx");
		void *(*rallocx)(void *, size_t, int) = dlsym(RTLD_DEFAULT, "rallocx");
		size_t (*xallocx)(void *, size_t, size_t, int) = dlsym(RTLD_DEFAULT, "xallocx");
		size_t (*nallocx)(size_t, int) = dlsym(RTLD_DEFAULT, "nallocx");
		void (*dallocx)(void *, int) = dlsym(RTLD_DEFAULT, "dallocx");
		const char *version = "none";
		unsigned arena = 0, found = 77;
		size_t n = sizeof version, m = sizeof arena, l = sizeof found, moved;
		char *p;
		if (!mallctl || mallctl("version", &version, &n, NULL, 0) || mallctl("arenas.create", &arena, &m, NULL, 0))
			return 1;
		p = mallocx(100000, (int)((arena + 1) << 20) | 1 << 8 | 0x40);
		if (!p || mallctl("arenas.lookup", &found, &l, &p, sizeof p))
			return 2;
		memset(p, 1, 100000);
		p = rallocx(p, 200000, 0);
		moved = xallocx(p, 150000, 0, 0);
		printf("%s %zu %zu %d %d\n", version, nallocx(100000, 0), moved, found == arena, p[99999]);
		dallocx(p, 0);
		return 0;
	}
END
for file in /usr/lib/*/libjemalloc.so.2; do
	[ -r "$file" ] || { skip "another allocator behind" "libjemalloc2 is not installed"; continue; }
	ASHLAR_CONF=off:true LD_PRELOAD="$library $file" MALLOC_CONF=stats_print:true "$probe" hello >"$tmp/out" 2>"$tmp/err"
	[ "$(cat "$tmp/out")" = hello ] && grep -q '^small: *[1-9]' "$tmp/err"
	result=$?
	[ $result -eq 0 ] || note_file "$tmp/err"
	verdict $result "another allocator behind it serves"
	name="and its own interface is found"
	if ${CC:-cc} -D_GNU_SOURCE -w -o "$tmp/theirs" "$tmp/theirs.c" 2>"$tmp/err"; then
		LD_PRELOAD=$file "$tmp/theirs" >"$tmp/libc" 2>"$tmp/err"
		ASHLAR_CONF=off:true LD_PRELOAD="$library $file" "$tmp/theirs" >"$tmp/ours" 2>>"$tmp/err"
		[ -s "$tmp/libc" ] && cmp "$tmp/libc" "$tmp/ours"
		result=$?
		[ $result -eq 0 ] || { note_file "$tmp/err"; note_file "$tmp/ours"; }
		verdict $result "$name: $(cat "$tmp/ours")"
	else
		skip "$name" "no compiler"
	fi
done
finish
