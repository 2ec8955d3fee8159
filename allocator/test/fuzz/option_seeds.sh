# Random option strings for two minutes, with new seeds each time.  Not in `make check`.
#
#	option_seeds.sh [SECONDS]
. "$top_srcdir/allocator/test/support/lib.sh"
make_tmp
options=$top_builddir/allocator/test/fuzz/options
end=$(($(date +%s) + ${1:-120}))
while [ "$(date +%s)" -lt $end ]; do
	seed=$(od -An -N5 -tu8 /dev/urandom | tr -d ' ')
	"$options" "$seed" 200000 >"$tmp/out" 2>&1
	result=$?
	[ $result -eq 0 ] || note_file "$tmp/out"
	verdict $result "options $seed 200000"
done
finish
