# conf.sh at every size and with three times the stress.  Not in `make check`.
every_size=yes
. "$top_srcdir/allocator/test/system/conf.sh"
