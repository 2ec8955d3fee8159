# Read by the test scripts: where things are, TAP output, small parameters.
work=$top_builddir/ashlar-work
workloads=$("$work" --list | sed -n 's/^\([a-z0-9-]*\): .*/\1/p')
count=0
failed=0

# The words behind the colon in a workload's row of the catalogue.
row() {
	"${AWK:-awk}" -v name="$1" '/^catalogue [+]=/ {
		line = $0
		sub(/^[^#]*# */, "", line)
		colon = index(line, ":")
		if (index(" " substr(line, 1, colon - 1) " ", " " name " ")) print substr(line, colon + 1)
	}' "$top_srcdir/workloads/catalogue/rows.inc"
}

# Some thousand calls of each workload.
small() {
	words=$(row "$1")
	[ -n "$words" ] || { echo "no row for $1 in the catalogue" >&2; exit 99; }
	for word in $words; do
		case $word in *=*) echo "--set $word" ;; esac
	done
}

# meant_for NAME: from here on results are those of NAME, which in a sanitizer build may mean
# nothing: they are then skipped by name.
skip=
meant_for() {
	case ${ASH_SANITIZER:-no}:$1 in
	no:*) skip= ;;
	*:oom-limit) skip="sanitizer build: to ask for more than there is is an error there" ;;
	*:startup-exit) skip="sanitizer build: objects left to the end of a process are leaks there" ;;
	thread:idle) skip="sanitizer build: threads hand over one and the same address" ;;
	*) skip= ;;
	esac
}

# ok STATUS TEXT: one TAP line; what went wrong is in $said.
ok() {
	count=$((count + 1))
	if [ -n "$skip" ]; then
		echo "ok $count - $2 # SKIP $skip"
	elif [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		echo "# $said"
		failed=1
	fi
}

finish() {
	echo "1..$count"
	exit $failed
}

needs_preload() {
	if [ "$ASH_SANITIZER" != no ]; then
		echo "1..0 # SKIP a sanitizer owns malloc: nothing can be preloaded"
		exit 0
	fi
}
