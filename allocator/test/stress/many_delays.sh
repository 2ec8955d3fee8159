# Random delays where threads race, for minutes.  Not in `make check`.
set -- 8 8000 200
. "$top_srcdir/allocator/test/stress/delays.sh"
