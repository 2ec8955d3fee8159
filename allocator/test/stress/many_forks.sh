# Ten thousand forks of a process whose threads allocate.  Not in `make check`.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
exec_preloaded allocator/test/stress/forks 3000
