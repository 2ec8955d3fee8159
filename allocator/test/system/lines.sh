# Cache lines of threads that exchange nothing, by the plain names.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
# On one CPU lines cost nothing, and all is one shard's: ask for more wherever this runs.
ASHLAR_CONF=narenas:2
export ASHLAR_CONF
exec_preloaded allocator/test/system/lines
