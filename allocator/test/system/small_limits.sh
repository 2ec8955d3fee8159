# Little address space, and all memory locked.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
make_tmp
probe=$top_builddir/allocator/test/system/probe

for limit in 65536 131072 1048576; do
	(
		ulimit -v $limit || exit 9
		[ -z "$library" ] || { LD_PRELOAD=$library; export LD_PRELOAD; }
		exec "$probe" hello
	) >"$tmp/out" 2>"$tmp/err"
	status=$?
	[ $status -eq 0 ] && [ "$(cat "$tmp/out")" = hello ] && [ ! -s "$tmp/err" ]
	result=$?
	[ $result -eq 0 ] || { note "status $status"; note_file "$tmp/err"; }
	verdict $result "hello under ulimit -v $limit"
done
where=$(preloaded "$probe" where)
[ "$where" = "$TEST_SERVED_BY" ]
verdict $? "malloc comes from the library under test"
finish
