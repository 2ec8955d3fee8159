# All shipped traces.
traces="redis sqlite cc1plus cpython git redis-io"
. "$top_srcdir/harness/test/locality.sh"
