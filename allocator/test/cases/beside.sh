# beside.sh FACTOR MORE REFERENCES CASE…: the number that the line of a case begins with is at most FACTOR times the
# least that it is under the REFERENCES (glibc, peer, or peers: all that are installed), and MORE.  All in one run.
factor=$1 more=$2 references=$3
shift 3
here=$(dirname "$0")
libraries=/usr/lib/$(uname -m)-linux-gnu
: "${CASE_PEER:=$libraries/libjemalloc.so.2}"

line_of() { # LIBRARY CASE…: in $line
	preload=$1
	shift
	case $1 in
	*.sh)
		script=$here/$1
		shift
		line=$(env library="$preload" cases="$cases" sh "$script" "$@" | tail -n 1) ;;
	*) line=$(env ${preload:+"LD_PRELOAD=$preload"} "$cases" "$@" | tail -n 1) ;;
	esac
}
number() { # LINE
	printf '%s\n' "$1" | sed -n 's/^\([0-9][0-9.]*\).*/\1/p'
}

case $references in
glibc) names=/dev/null ;;
peer) names=$CASE_PEER ;;
*) names="/dev/null $CASE_PEER $libraries/libtcmalloc_minimal.so.4 $libraries/libmimalloc.so.2.0" ;;
esac
least=
for each in $names; do
	[ -e "$each" ] || continue
	[ "$each" != /dev/null ] || each=
	line_of "$each" "$@"
	other=$(number "$line")
	[ -n "$other" ] || continue
	least=$(printf '%s\n' ${least:+"$least"} "$other" | sort -n | head -n 1)
done
[ -n "$least" ] || { echo "cannot be tried: ${line:-no reference is installed}"; exit 77; }
line_of "$library" "$@"
own=$(number "$line")
case $line in 'cannot be tried'*) echo "$line"; exit 77 ;; esac
echo "$line; $references: $least"
[ -n "$own" ] && awk "BEGIN { exit !($own <= $least * $factor + $more) }"
