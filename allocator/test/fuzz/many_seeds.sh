# Random calls for five minutes, with new seeds each time.  Not in `make check`.
#
#	many_seeds.sh [SECONDS]
. "$top_srcdir/allocator/test/support/lib.sh"
case ${ASH_SANITIZER:-no} in
no)
	find_library
	suffix=
	;;
*) library='' suffix=_prefixed ;;
esac
make_tmp
fuzz=$top_builddir/allocator/test/fuzz/fuzz$suffix
end=$(($(date +%s) + ${1:-300}))
set -- 4 1 16 2
while [ "$(date +%s)" -lt $end ]; do
	seed=$(od -An -N5 -tu8 /dev/urandom | tr -d ' ')
	operations=$((800000 / $1))
	preloaded "$fuzz" "$seed" $operations "$1" >"$tmp/out" 2>&1
	result=$?
	[ $result -eq 0 ] || note_file "$tmp/out"
	verdict $result "fuzz$suffix $seed $operations $1"
	set -- "$2" "$3" "$4" "$1"
done
finish
