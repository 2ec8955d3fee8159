# A program on pages of the hugetlb pool: it gets them, goes on without, and gives them back.  Sets
# some aside for some seconds, which takes root, and restores their number also when a signal ends
# the script.  Not in `make check`.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
[ "$is_ashlar" = yes ] || skip_all "only this project's library has the option"
pool=/sys/kernel/mm/hugepages/hugepages-2048kB
wanted=24
[ -r $pool/nr_hugepages ] || skip_all "this kernel has no pool of pages of 2 MiB"
before=$(cat $pool/nr_hugepages)
at_exit() { [ "$(cat $pool/nr_hugepages)" = "$before" ] || echo "$before" >$pool/nr_hugepages; }
make_tmp
# Written to first as it is: what cannot be restored is not changed.
{ echo "$before" >$pool/nr_hugepages; } 2>/dev/null || skip_all "only root may set $pool/nr_hugepages"
free() { cat $pool/free_hugepages; }
echo $((before + wanted)) >$pool/nr_hugepages
have=$(free)
[ "$have" -ge $wanted ] || skip_all "this machine has no $wanted huge pages to set aside ($have)"
note "pool: $have pages free (set aside before: $before)"

run() { # CONF MODE: pool_user's verdict, which prints what it found
	ASHLAR_CONF=$1 preloaded "$top_builddir/allocator/test/system/pool_user" $2 >"$tmp/out" 2>"$tmp/err"
	result=$?
	note_file "$tmp/out"
	[ $result -eq 0 ] || note_file "$tmp/err"
}
run hugetlb:2m fits
verdict $result "32 MiB lie in the pool, whole pages go back to it after two seconds"
[ "$(free)" -eq "$have" ]
verdict $? "after its end all are free again"
run hugetlb:2m exceeds
verdict $result "96 MiB: what the pool has, and ordinary memory for the rest"
[ "$(free)" -eq "$have" ]
verdict $? "after its end all are free again"
run hugetlb:never none
verdict $result "without the option none is taken"
run hugetlb:2m,limit_hard:1g,dirty_decay_ms:0 fits
verdict $result "the same under a limit and without delay"
for part in sizes alignment release queries; do
	ASHLAR_CONF=hugetlb:2m preloaded "$top_builddir/allocator/test/conformance/$part" >"$tmp/out" 2>&1
	result=$?
	[ $result -eq 0 ] || note_file "$tmp/out"
	verdict $result "conformance_$part"
done
[ "$(free)" -eq "$have" ]
verdict $? "in the end all are free again"
finish
