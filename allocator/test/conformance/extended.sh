# jemalloc's calls beside malloc, by their plain names.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
exec_preloaded allocator/test/conformance/extended
