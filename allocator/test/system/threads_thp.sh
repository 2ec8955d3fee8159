# A thousand idle threads while the kernel gives huge pages to everybody.  Changes the machine's
# setting for some seconds, which takes root, and restores it also when a signal ends the script.
# Not in `make check`.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
setting=/sys/kernel/mm/transparent_hugepage/enabled
[ -r $setting ] || skip_all "this kernel has no transparent huge pages"
before=$(sed -n 's/.*\[\(.*\)\].*/\1/p' $setting)
at_exit() { [ "$before" = always ] || echo "$before" >$setting; }
make_tmp
if [ "$before" != always ]; then
	# Written to first as it is: what cannot be restored is not changed.
	{ echo "$before" >$setting; } 2>/dev/null || skip_all "only root may set $setting"
	echo always >$setting
fi
note "huge pages: always (before: $before)"
# Not by exec: the trap is this shell's.
preloaded "$top_builddir/allocator/test/system/threads" idle >"$tmp/out" 2>&1
result=$?
sed -n 's/^# /#   /p' "$tmp/out"
grep -q '^1\.\.[1-9][0-9]*$' "$tmp/out" || result=1
[ $result -eq 0 ] || note_file "$tmp/out"
verdict $result "1,000 idle threads with huge pages for everybody: at most 40 KiB each"
finish
