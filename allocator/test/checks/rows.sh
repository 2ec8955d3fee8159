# What CI is started by: how bootstrap configures, in a tree in which nothing is built, and the row
# that needs what another step builds.
. "$top_srcdir/allocator/test/support/lib.sh"
have bash || skip_all "bash is not installed"
make_tmp
top=$(cd "$top_srcdir" && pwd)

# Packages are taken as installed; a configure says how it was called.
mkdir "$tmp/bin" "$tmp/tree" "$tmp/empty"
printf '#!/bin/sh\necho installed\n' >"$tmp/bin/dpkg-query"
printf '#!/bin/sh\n:\n' >"$tmp/bin/valgrind"
cat >"$tmp/tree/configure" <<-'MADE'
	#!/bin/sh
	echo "$*" >>configured
	printf 'all:\n\t@touch object\nclean:\n\t@rm -f object\n' >Makefile
	: >config.status
MADE
chmod +x "$tmp/bin/dpkg-query" "$tmp/bin/valgrind" "$tmp/tree/configure"
: >"$tmp/tree/configure.ac"
: >"$tmp/tree/Makefile.am"
touch -r "$tmp/tree/configure" "$tmp/tree/configure.ac" "$tmp/tree/Makefile.am"
cp "$top/bootstrap" "$tmp/tree"
export ASHLAR_BUILD="$tmp/made"
unset CONFIGURE_FLAGS MAKEFLAGS

configured() { # LINES LAST NAME [VARIABLE=VALUE]: what configure was called with until now, and at last
	wanted=$1 last=$2 name=$3
	shift 3
	env "$@" PATH="$tmp/bin:$PATH" "$tmp/tree/bootstrap" build >"$tmp/out" 2>&1 &&
		[ "$(wc -l <"$tmp/made/configured")" -eq "$wanted" ] &&
		[ "$(tail -n 1 "$tmp/made/configured")" = "-q$last" ] && [ -e "$tmp/made/object" ]
	result=$?
	[ $result -eq 0 ] || { note_file "$tmp/out"; note_file "$tmp/made/configured"; }
	verdict $result "bootstrap: $name"
}
configured 1 '' "a tree that was never configured is"
configured 1 '' "one that was is not again"
configured 2 ' --enable-werror CFLAGS=-O0' "other flags configure it again" "CONFIGURE_FLAGS=--enable-werror CFLAGS=-O0"
grep -q 'configure in .* with --enable-werror' "$tmp/out"
verdict $? "and are named"
configured 2 ' --enable-werror CFLAGS=-O0' "the same flags do not" "CONFIGURE_FLAGS=--enable-werror CFLAGS=-O0"
configured 2 ' --enable-werror CFLAGS=-O0' "nor does saying none, as the rows of CI do"
touch -d 2099-01-01 "$tmp/tree/configure"
configured 3 ' --enable-werror CFLAGS=-O0' "a newer configure gets the flags of the last time"
touch -r "$tmp/tree/configure.ac" "$tmp/tree/configure"
configured 4 '' "flags that are empty are none" CONFIGURE_FLAGS=
# Objects of other flags would be taken for this build's: each object is removed before.
printf 'all:\n\t@[ -e object ] || echo new >object\nclean:\n\t@rm -f object\n' >"$tmp/made/Makefile"
sed -i '/Makefile/d' "$tmp/tree/configure"
touch -r "$tmp/tree/configure.ac" "$tmp/tree/configure"
: >"$tmp/made/object"
configured 5 ' --disable-bench' "once more, with others" CONFIGURE_FLAGS=--disable-bench
[ -s "$tmp/made/object" ]
verdict $? "and what was built with the old ones is built again"

if [ -x "$top/configure" ]; then
	ASHLAR_BUILD=$tmp/empty PATH="$tmp/bin:$PATH" bash "$top/.ci/row" gate >"$tmp/out" 2>&1
	[ $? -eq 0 ] && grep -q "^row gate  *skipped: there is no $tmp/empty/ashlar-bench: ./bootstrap build" "$tmp/out"
	result=$?
	[ $result -eq 0 ] || note_file "$tmp/out"
	verdict $result "the gate says that there is no bench to run it"
else
	skip "the gate says that there is no bench to run it" "no configure, which the rows ask for"
fi
finish
