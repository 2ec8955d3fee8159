# The repository stands alone: nothing in it points outside, and every room has its
# plaque at the door.
. "$top_srcdir/allocator/test/support/lib.sh"
make_tmp

files() { # what is under version control, or in the tarball
	cd "$top_srcdir" || exit 99
	if [ -e .git ] && have git && git ls-files >/dev/null 2>&1; then
		git ls-files
	else
		find allocator workloads harness results plots -type f
		ls configure.ac Makefile.am bootstrap -- *.md
	fi
}
# Written so that this file does not find itself.
machine='(^|[^A-Za-z0-9_.}$)>])/(work|root|home)/'

# Files on stdin.  A record of a run says where it ran: results/ may name paths.
points_outside() { # FOLDER
	while read -r file; do
		case $file in
		results/*/*) ;;
		*) grep -nIE "$machine" "$1/$file" /dev/null ;;
		esac
	done
}
files | sort -u >"$tmp/files"
verdict $(($(wc -l <"$tmp/files") < 60)) "$(wc -l <"$tmp/files") files, and not an empty list"
points_outside "$top_srcdir" <"$tmp/files" >"$tmp/found"
note_file "$tmp/found"
verdict $(($(wc -l <"$tmp/found") != 0)) "no file names a path outside the repository"

mkdir -p "$tmp/planted/results/x"
printf 'see %s/someone/notes\nlib=%s/main/build\n' /home /work >"$tmp/planted/bad"
printf 'cp x.%s/home/y; $prefix%s/work/; ok\n' . '' | sed 's|[$]prefix|$(prefix)|' >"$tmp/planted/good"
echo '{"file": "'/work'/x"}' >"$tmp/planted/results/x/run"
printf 'bad\ngood\nresults/x/run\n' | points_outside "$tmp/planted" >"$tmp/found"
[ "$(wc -l <"$tmp/found")" -eq 2 ] && [ "$(grep -c '/bad:' "$tmp/found")" -eq 2 ]
result=$?
[ $result -eq 0 ] || note_file "$tmp/found"
verdict $result "planted paths are found, and only those"

# A room is a folder with sources, and what the tops hold beside.
{
	printf '%s\n' .ci allocator workloads harness results plots allocator/test workloads/traces
	sed -n 's,^\(\(allocator\|harness\|workloads\)/[a-z_]*\)/[^/]*\.[ch]$,\1,p' "$tmp/files" | grep -v '/test$'
} | sort -u >"$tmp/rooms"
missing=
while read -r door; do
	[ -s "$top_srcdir/$door/README.md" ] || missing="$missing $door"
done <"$tmp/rooms"
[ -z "$missing" ] && [ "$(wc -l <"$tmp/rooms")" -ge 40 ]
verdict $? "a README.md in each of $(wc -l <"$tmp/rooms") rooms${missing:+; missing in$missing}"

# What the top README shows is there, in the tarball too.
grep -o '](\([^):#]*\))' "$top_srcdir/README.md" | sed 's/^](//; s/)$//' | sort -u >"$tmp/links"
while read -r link; do [ -s "$top_srcdir/$link" ] || echo "$link"; done <"$tmp/links" >"$tmp/gone"
note_file "$tmp/gone"
[ "$(wc -l <"$tmp/links")" -ge 5 ] && [ ! -s "$tmp/gone" ]
verdict $? "the $(wc -l <"$tmp/links") files that README.md shows are there"

# Top-level folders are fixed; build trees and generated ones are not in the list.
strangers=$(sed -n 's|/.*||p' "$tmp/files" | sort -u | grep -vxE 'allocator|workloads|harness|results|plots|[.]ci|build-aux' | tr '\n' ' ')
[ -z "$strangers" ]
verdict $? "the top-level folders are the five, the rows of checks and the tools of the build${strangers:+; strange: $strangers}"
finish
