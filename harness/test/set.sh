# What the scripts that report on synthetic sets share: their tools, a folder of their own, and a
# TAP line per check.  Sourced.
set -u
make_set=$top_builddir/harness/test/make_sample_set
report=$top_builddir/harness/test/report_alone
gnuplot=${GNUPLOT:-gnuplot}
if ! command -v "$gnuplot" >/dev/null; then
	echo "1..0 # SKIP gnuplot is not installed"
	exit 0
fi
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
n=0

check() { # NAME COMMAND...: what it says is told where it fails
	name=$1
	shift
	n=$((n + 1))
	if "$@" >"$work/out" 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' "$work/out" | tail -n 40
	fi
}
skip() { # NAME REASON
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# COLUMN of the row of a table with that label and allocator.
number() { # TABLE LABEL ALLOCATOR COLUMN
	awk -F'\t' -v label="$2" -v who="$3" -v column="$4" '
		/^#/ { next }
		!at { for (i = 1; i <= NF; i++) place[$i] = i; at = place[column]; next }
		$place["label"] == label && $place["allocator"] == who { print $at }' "$1"
}
within() { # LOW VALUE HIGH
	awk -v l="$1" -v v="$2" -v h="$3" 'BEGIN { exit !(l != "" && h != "" && l <= v && v <= h) }'
}
one_line() { # of stderr in $work/err
	[ "$(wc -l <"$work/err")" -eq 1 ] || { cat "$work/err"; return 1; }
}
undrawn() { # SET: tables and pages alone, which is quick
	GNUPLOT=$work/no-such-gnuplot "$report" "$1" --markdown >/dev/null 2>&1
	[ $? -eq 3 ]
}
