# Memory while one thread allocates and another frees, by the plain names.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
exec_preloaded allocator/test/system/handover
