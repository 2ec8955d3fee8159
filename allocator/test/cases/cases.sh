# Cases in which allocators fail programs: the quick rows of `rows` under the library, each of which must be
# right.  `cases.sh --table FILE` runs all rows, or CASE_ROWS=quick those alone, under glibc, a peer and the library
# and writes them side by side.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
make_tmp
folder=$top_srcdir/allocator/test/cases
program=$top_builddir/allocator/test/cases/cases
: "${CASE_PEER:=/usr/lib/$(uname -m)-linux-gnu/libjemalloc.so.2}"
: "${CASE_SECONDS:=120}" # after which a case counts as hung
: "${CASE_ROWS:=all}"
case $CASE_ROWS in
all | quick | long) ;;
*) echo "Bail out! CASE_ROWS is all, quick or long, not $CASE_ROWS" && exit 99 ;;
esac
table=
[ "$1" != --table ] || table=${2:?"--table needs a file"}

# The file's name, and the version of the package that it came with where dpkg knows.
peer_name() {
	path=$(readlink -f "$CASE_PEER")
	version=$(dpkg-query -W -f '${Version}' "$(dpkg-query -S "$path" 2>/dev/null | sed 's/:.*//')" 2>/dev/null)
	echo "$(basename "$path")${version:+ ($version)}"
}

trimmed() { # TEXT
	echo "$1" | sed 's/^ *//;s/ *$//'
}

# One row under one allocator: its line in $figure, its status in $status.
run_row() { # LIBRARY WORDS…
	preload=$1
	shift
	settings=
	while case $1 in *=*) true ;; *) false ;; esac do
		settings="$settings $1"
		shift
	done
	case $1 in
	*.sh)
		script=$folder/$1
		shift
		set -- env $settings library="$preload" cases="$program" sh "$script" "$@" ;;
	*) set -- env $settings ${preload:+"LD_PRELOAD=$preload"} "$program" "$@" ;;
	esac
	{ # the shell itself tells of an abort too
		timeout -k 5 "$CASE_SECONDS" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
		status=$?
	} 2>/dev/null
	figure=$(tail -n 1 "$tmp/out")
	case $status in
	0 | 1 | 77) ;;
	124 | 137) figure="hangs" ;;
	*) figure="${figure:+$figure; }leaves with $status" ;;
	esac
}

each_row() { # FUNCTION: called with kind, when, command, right
	while IFS='|' read -r kind when command right; do
		case $kind in '#'* | '') continue ;; esac
		"$1" "$(trimmed "$kind")" "$(trimmed "$when")" "$(trimmed "$command")" "$(trimmed "$right")"
	done <"$folder/rows"
}

check_row() { # KIND WHEN COMMAND RIGHT
	[ "$2" = quick ] || return 0
	run_row "$library" $3
	case $status in
	0) ok "$1: $3 - $figure" ;;
	77) skip "$1: $3" "$figure" ;;
	*)
		not_ok "$1: $3 - $figure; right: $4"
		note_file "$tmp/err"
		;;
	esac
}

cell() { # LIBRARY COMMAND
	run_row "$1" $2
	case $status in 0) mark= ;; 77) mark='? ' ;; *) mark='✗ ' ;; esac
	cell="$mark$(printf %s "$figure" | tr '|' '/')"
}

table_row() { # KIND WHEN COMMAND RIGHT
	[ "$CASE_ROWS" = all ] || [ "$2" = "$CASE_ROWS" ] || return 0
	line="| $1 | \`$3\` | $4 |"
	for each in '' "$CASE_PEER" "$library"; do
		if [ -n "$each" ] && [ ! -r "$each" ]; then
			cell='not installed'
		else
			cell "$each" "$3"
		fi
		line="$line $cell |"
	done
	echo "$line" >>"$tmp/table"
	note "$line"
}

if [ -z "$table" ]; then
	each_row check_row
	finish
fi
{
	echo '# Cases in which allocators fail programs'
	echo
	echo 'Written by `make cases`; a row of `cases/rows` each, under three allocators in turn.  ✗ is wrong, ? could'
	echo 'not be tried.'
	echo
	echo "Linux $(uname -r | sed 's/-.*//'), $(getconf _NPROCESSORS_ONLN) CPUs, glibc $(ldd --version | sed -n '1s/.* //p');" \
		"peer: $(peer_name)."
	echo
	[ "$CASE_ROWS" = all ] || { echo "Of \`rows\` these are the $CASE_ROWS ones." && echo; }
	echo '| kind | case | right | glibc | peer | Ashlar |'
	echo '|---|---|---|---|---|---|'
} >"$tmp/table"
each_row table_row
cp "$tmp/table" "$table" && ok "wrote $table"
finish
