# For test scripts: the library under test, and TAP.
#
# TEST_ALLOCATOR names the library to preload: a path, `glibc` for no preload at all,
# and by default the one just built.  Sourced as `. "$top_srcdir/allocator/test/support/lib.sh"`.

: "${top_srcdir:?run this through make check, or set top_srcdir and top_builddir}"
: "${top_builddir:?run this through make check, or set top_srcdir and top_builddir}"
LC_ALL=C
export LC_ALL
unset LD_PRELOAD ASHLAR_CONF MALLOC_CONF MALLOC_CHECK_ MALLOC_PERTURB_ GLIBC_TUNABLES
ulimit -c 0

tests=0
failures=0
tmp=

case $0 in
*/*) me=${0##*/} ;;
*) me=$0 ;;
esac

# A folder of our own, gone at the end whatever happens.
make_tmp() {
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/ashlar-${me%.sh}.XXXXXX") || exit 99
	trap 'status=$?; at_exit; rm -rf "$tmp"; exit $status' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}
at_exit() { :; } # scripts that start servers redefine it

skip_all() { echo "1..0 # SKIP $*"; exit 0; }
ok() { tests=$((tests + 1)); echo "ok $tests - $*"; }
not_ok() { tests=$((tests + 1)); failures=$((failures + 1)); echo "not ok $tests - $*"; }
skip() { tests=$((tests + 1)); echo "ok $tests - $1 # SKIP $2"; } # NAME REASON
verdict() { # STATUS NAME
	if [ "$1" -eq 0 ]; then ok "$2"; else not_ok "$2"; fi
}
note() { printf '%s\n' "$*" | sed 's/^/# /'; }
note_file() { # the beginning of a file, as diagnostics
	[ -s "$1" ] && sed -n '1,20s/^/#   /p' "$1"
	return 0
}
finish() {
	[ "$tests" -gt 0 ] || { echo "Bail out! $me ran no test"; exit 99; }
	echo "1..$tests"
	[ "$failures" -eq 0 ]
	exit
}
have() { command -v "$1" >/dev/null 2>&1; }

# Sets `library` (empty for glibc) and TEST_SERVED_BY, which C tests compare with the
# file their malloc comes from.
find_library() {
	[ "${ASH_SANITIZER:-no}" = no ] ||
		skip_all "sanitizer build: the sanitizer owns malloc"
	case ${TEST_ALLOCATOR:=$top_builddir/.libs/libashlar.so} in
	glibc)
		library=
		TEST_SERVED_BY=$(ldd /bin/sh | awk '/libc\.so/ {print $3; exit}')
		;;
	*)
		library=$TEST_ALLOCATOR
		TEST_SERVED_BY=$library
		[ -r "$library" ] || {
			if [ "${STATIC_ONLY:-no}" = yes ]; then
				skip_all "configured with --disable-shared: nothing to preload"
			fi
			echo "Bail out! there is no $library"
			exit 99
		}
		;;
	esac
	TEST_SERVED_BY=$(readlink -f "$TEST_SERVED_BY")
	export TEST_SERVED_BY TEST_ALLOCATOR
	case ${TEST_SERVED_BY##*/} in
	libashlar.so*) is_ashlar=yes ;;
	*) is_ashlar=no; note "allocator under test: $TEST_SERVED_BY" ;;
	esac
}

# Runs a command with the library preloaded.  LD_PRELOAD is set for it alone.
preloaded() {
	if [ -n "$library" ]; then
		LD_PRELOAD=$library "$@"
	else
		"$@"
	fi
}

# Ends the script by becoming a test program of the build tree, preloaded.
exec_preloaded() { # PROGRAM ARGUMENT…
	program=$top_builddir/$1
	shift
	[ -x "$program" ] || { echo "Bail out! $program was not built"; exit 99; }
	[ -z "$library" ] || { LD_PRELOAD=$library; export LD_PRELOAD; }
	exec "$program" "$@"
}
