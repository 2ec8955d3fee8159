# fork while threads allocate, by the plain names.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
exec_preloaded allocator/test/stress/forks
