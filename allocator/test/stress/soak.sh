# The stress for minutes, with several seeds and ways of working.  Not in `make check`.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
make_tmp
seed=0
for options in '' checks:full tcache:false narenas:4; do
	for threads in 2 8 64 200; do
		seed=$((seed + 1))
		operations=$((6000000 / threads))
		if [ -n "$options" ] && [ "$is_ashlar" = no ]; then continue; fi
		ASHLAR_CONF=$options
		export ASHLAR_CONF
		preloaded "$top_builddir/allocator/test/stress/stress" $operations $threads $seed >"$tmp/out" 2>&1
		result=$?
		unset ASHLAR_CONF
		[ $result -eq 0 ] || note_file "$tmp/out"
		verdict $result "$threads threads, $operations operations each, seed $seed${options:+, $options}"
	done
done
finish
