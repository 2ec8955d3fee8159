# operator new and delete in all forms.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
exec_preloaded allocator/test/system/newdelete
