# The stress and the forks with random delays wherever threads race: at locks and at what is
# published without one.  In debug builds, which alone have them; in sanitizer builds too.
#
#	delays.sh [SEEDS [OPERATIONS [FORKS]]]
. "$top_srcdir/allocator/test/support/lib.sh"
grep -q '^#define ASH_DEBUG 0' "$top_builddir/config.h" && skip_all "no debug build: there are no delays"
case ${ASH_SANITIZER:-no} in
no)
	find_library
	suffix=
	;;
*) library='' suffix=_prefixed is_ashlar=yes ;;
esac
[ "$is_ashlar" = yes ] || skip_all "only this project's library has these delays"
make_tmp
stress=$top_builddir/allocator/test/stress

delayed() { # OPTIONS NAME COMMAND…
	ASHLAR_CONF=$1
	export ASHLAR_CONF
	name=$2
	shift 2
	preloaded "$@" >"$tmp/out" 2>&1
	result=$?
	unset ASHLAR_CONF
	! grep '<ashlar>: .*debug_delay' "$tmp/out" >"$tmp/refused" || { result=1; note_file "$tmp/refused"; }
	[ $result -eq 0 ] || note_file "$tmp/out"
	verdict $result "$name"
}

seed=0
while [ $seed -lt "${1:-2}" ]; do
	seed=$((seed + 1))
	for options in '' ,narenas:4; do
		delayed "debug_delay:$seed$options" "stress under debug_delay:$seed$options" \
			"$stress/stress$suffix" "${2:-1000}" 32 $seed
	done
	delayed "debug_delay:$seed" "forks under debug_delay:$seed" "$stress/forks$suffix" "${3:-30}"
done
finish
