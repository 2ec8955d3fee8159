# The library opened by a program that keeps libc's malloc.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
[ -n "$library" ] || skip_all "libc cannot be opened beside itself"
if [ "$is_ashlar" = yes ]; then prefix=${API_PREFIX:-ashlar_}; else prefix=; fi
exec "$top_builddir/allocator/test/system/dlopen_local" "$library" "$prefix"
