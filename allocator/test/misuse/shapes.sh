# How many of the 116 programs of mimalloc-bench's security suite are stopped by default: what
# each does, in a process of its own (shapes.c, shapes_cxx.cc).  Stopped is what never gets behind
# its wrong call, or finds memory as a hardened heap has it.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
grep -q '^#define ASH_SAFETY_CHECKS 1' "$top_builddir/config.h" ||
	skip_all "configured with --disable-safety-checks"
make_tmp
programs=$top_builddir/allocator/test/misuse

stopped() { # PROGRAM ARGUMENT...
	{ # the shell itself tells of an abort too
		(
			[ -z "$library" ] || { LD_PRELOAD=$library; export LD_PRELOAD; }
			exec "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
		)
		status=$?
	} 2>/dev/null
	case $status in
	0 | 134 | 139) ;;
	*) note "$*: status $status" ;;
	esac
	! grep -q 'went through' "$tmp/out"
}

total=0
shapes=0
doubles=0
invalids=0
behind=0
for name in $("$programs/shapes"); do
	sizes=
	for size in 8 4096 262144; do
		shapes=$((shapes + 1))
		stopped "$programs/shapes" "$name" $size || continue
		sizes="$sizes $size"
		total=$((total + 1))
		case $name in
		double_free*) doubles=$((doubles + 1)) ;;
		invalid_free*) invalids=$((invalids + 1)) ;;
		one_mbyte*overflow) behind=$((behind + 1)) ;;
		esac
	done
	note "$name:${sizes:- none}"
done
for name in $("$programs/shapes_cxx"); do
	shapes=$((shapes + 1))
	if stopped "$programs/shapes_cxx" "$name"; then
		total=$((total + 1))
		note "$name: stopped"
	else
		note "$name: none"
	fi
done
verdict $((shapes != 116)) "$shapes programs"
[ "$is_ashlar" = yes ] || { note "$total stopped"; finish; }
verdict $((doubles < 15)) "$doubles of 15 double frees stopped at the call"
verdict $((invalids < 20)) "$invalids of 21 invalid frees stopped at the call, at least 20"
verdict $((behind < 6)) "$behind of 6 writes a MiB behind the only block of a process stopped"
verdict $((total < 69)) "$total stopped in all, at least 69"
finish
