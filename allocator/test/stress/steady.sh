# Ten minutes of a steady load: mappings, memory and CPU stay where they are.  Not in `make check`.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
exec_preloaded allocator/test/stress/steady "${STEADY_SECONDS:-600}"
