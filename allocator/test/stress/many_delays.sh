# Random delays where threads race, for minutes.  Not in `make check`.
set -- 4 8000 100
. "$top_srcdir/allocator/test/stress/delays.sh"
