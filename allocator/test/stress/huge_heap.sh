# A heap of 1 GiB comes to lie in huge pages.  Minutes, so not in `make check`.
. "$top_srcdir/allocator/test/support/lib.sh"
setting=/sys/kernel/mm/transparent_hugepage/enabled
find_library
[ -r $setting ] || skip_all "this kernel has no transparent huge pages"
! grep -q '\[never\]' $setting || skip_all "this machine says never"
note "huge pages: $(cat $setting)"
exec_preloaded allocator/test/stress/huge_heap "${HUGE_HEAP_MIB:-1024}"
