# Random calls of every entry point against a shadow of the heap, by the plain names.
#
#	fuzz.sh [SEED [OPERATIONS-PER-THREAD [THREADS]]]
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
exec_preloaded allocator/test/fuzz/fuzz "$@"
