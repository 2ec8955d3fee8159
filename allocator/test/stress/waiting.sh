# The tests that wait for something, or bound how long it may take: each WAITING_RUNS times (10)
# alone and as often beside two busy loops.  What a test demands does not depend on how fast the
# machine is at that moment.
. "$top_srcdir/allocator/test/support/lib.sh"
runs=${WAITING_RUNS:-10}
repeat=$top_srcdir/build-aux/repeat
cd "$top_builddir" || exit 99
make_tmp

waiting='
allocator/test/system/bounds
allocator/test/system/limit_callback
allocator/test/system/confined.sh
allocator/test/system/control_counts
allocator/test/system/control_epoch
allocator/test/system/control_extents
allocator/test/system/work
allocator/test/system/exhaustion.sh
allocator/test/system/exhaustion_prefixed
allocator/test/system/handover.sh
allocator/test/system/lifetime.sh
allocator/test/system/lifetime_prefixed
allocator/test/system/threads.sh
allocator/test/system/vanished
allocator/test/system/fork_locks
allocator/test/system/dlopen_local.sh
allocator/test/system/container.sh
allocator/test/system/programs.sh
allocator/test/stress/forks_prefixed
allocator/test/unit/test_hugify
allocator/test/unit/test_mapping
allocator/test/unit/test_pool
allocator/test/unit/test_purge
allocator/test/unit/test_relatives
allocator/test/unit/test_spare
allocator/test/unit/test_stalls
harness/test/test_child
harness/test/resume.sh
harness/test/planted.sh
harness/test/programs.sh
harness/test/record.sh
workloads/test/test_channel
workloads/test/verify.sh
'

# Not what the make that runs this one was told to test.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES TESTS
"${MAKE:-make}" -s tests >"$tmp/known"
grep -qxF allocator/test/system/bounds "$tmp/known" || { echo "Bail out! no list of tests"; exit 99; }
for test in $waiting; do
	if ! grep -qxF "$test" "$tmp/known"; then
		skip "$test" "not configured"
		continue
	fi
	for loops in 0 2; do
		"$repeat" "$test" "$runs" $loops >"$tmp/said" 2>&1
		status=$?
		[ $status -eq 0 ] || note_file "$tmp/said"
		verdict $status "$(tail -n 1 "$tmp/said"), beside $loops busy loops"
	done
done
finish
