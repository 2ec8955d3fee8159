# A program that confines itself goes on allocating, whatever the library is told to do.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
make_tmp
program=$top_builddir/allocator/test/system/confined

run() { # CONF ARGUMENT…
	ASHLAR_CONF=$1 LD_PRELOAD=$library "$program" $2 >"$tmp/out" 2>&1
	status=$?
	[ $status -eq 0 ] || grep -v '^ok' "$tmp/out" | sed 's/^/# /'
	if [ $status -eq 0 ] && [ "$(grep -c '^ok .* # SKIP no filter' "$tmp/out")" -gt 0 ]; then
		skip_all "no filter of system calls can be installed here"
	fi
	verdict $status "with ${1:-no options}: $(grep -c '^ok' "$tmp/out") cases"
}
run ''
if [ "$is_ashlar" = yes ]; then
	for conf in background_thread:true,dirty_decay_ms:0,thp:never \
		background_thread:false,dirty_decay_ms:-1,checks:full \
		muzzy_decay_ms:500,limit_hard:90%,narenas:1,tcache:false \
		limit_soft:8m,dirty_max:4m,thp:always,hugetlb:2m,pressure_purge:true; do
		run $conf 2
	done
fi
finish
