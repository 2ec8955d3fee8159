# The ends of processes and threads, by the plain names.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
exec_preloaded allocator/test/system/lifetime
