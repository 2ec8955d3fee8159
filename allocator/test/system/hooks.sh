# Others that bring functions of libc of their own, which allocate: our hooks (hooks.c) preloaded in
# front of the library and behind it, one by one and all, from the start and from main on; a program
# with such functions in it; and the libraries of this kind that are installed.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
make_tmp
program=$top_builddir/allocator/test/system/hooked
hooks=$top_builddir/.libs/libhooks.so
[ -e "$hooks" ] || hooks=$top_builddir/allocator/test/system/.libs/libhooks.so
: "${HOOKS_SECONDS:=120}" # after which it counts as hung
unset TEST_SERVED_BY

runs() { # NAME PRELOAD [VAR=VALUE]… PROGRAM…: says "fine"
	name=$1 preload=$2
	shift 2
	timeout -k 5 "$HOOKS_SECONDS" env ${preload:+"LD_PRELOAD=$preload"} "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	result=$?
	[ $result -eq 0 ] && grep -qx fine "$tmp/out"
	right=$?
	if [ $right -ne 0 ]; then
		note "status $result"
		note_file "$tmp/out"
		note_file "$tmp/err"
	fi
	verdict $right "$name"
}

each=$(${NM:-nm} -D -P "$hooks" | awk '$2 == "T" && $1 !~ /^(hooks_|_)/ {print $1}')
[ "$(echo "$each" | wc -l)" -ge 25 ]
verdict $? "the hooks are found: $(echo $each)"
for hook in $each; do
	runs "$hook allocates" "$hooks $library" HOOK="$hook" "$program"
done
for when in HOOK_EARLY HOOK_LATE; do
	runs "all hooks before the library, $when" "$hooks $library" $when=1 "$program" 3
	runs "all hooks behind the library, $when" "$library $hooks" $when=1 "$program" 3
	runs "all hooks in the program itself, $when" "$library" $when=1 "${program}_own" 3
done

# Where the functions lie that other libraries bring.  (FAKETIME stands still, and is a time before this.)
FAKETIME='2020-01-02 03:04:05'
export FAKETIME
# proxychains will not start without one.
printf '[ProxyList]\nsocks5 127.0.0.1 9\n' >"$tmp/proxychains.conf"
PROXYCHAINS_CONF_FILE=$tmp/proxychains.conf
export PROXYCHAINS_CONF_FILE
folder=/usr/lib/$(uname -m)-linux-gnu
for other in libfakeroot/libfakeroot-tcp.so libfakeroot/libfakeroot-sysv.so fakechroot/libfakechroot.so \
	torsocks/libtorsocks.so faketime/libfaketime.so.1 faketime/libfaketimeMT.so.1 libsnoopy.so \
	libeatmydata.so libproxychains.so.4; do
	path=$folder/$other
	if [ ! -r "$path" ]; then
		skip "${other##*/}" "not installed"
		continue
	fi
	set -- sh -c 'timeout 60 true && exec "$1"' sh "$program"
	# (Without its daemon fakeroot ends a shell, which asks who it is.)
	[ "$other" != libfakeroot/libfakeroot-tcp.so ] || set -- "$program"
	runs "${other##*/} before the library" "$path $library" "$@"
	runs "${other##*/} behind the library" "$library $path" "$@"
done
finish
