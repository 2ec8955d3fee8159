# What the scripts that run ashlar-bench share.  Sourced.
#
# TAP: `ok STATUS NAME` prints one line per check; `finish` the plan.
set -u

# A script that preloads nothing sets no_preload before it sources this.  The command
# itself gives nothing back at its end, which is no leak worth a failure.
export ASAN_OPTIONS="detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
if [ "${ASH_SANITIZER:-no}" != no ] && [ "${no_preload:-}" != yes ]; then
	echo "1..0 # SKIP a sanitizer build replaces malloc itself: nothing can be preloaded"
	exit 0
fi

bench=$top_builddir/ashlar-bench
rows=$top_builddir/harness/test/rows
planted=$top_builddir/harness/test/.libs
work=$(mktemp -d "${TMPDIR:-/tmp}/ashlar-test.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
# What a killed bench leaves behind goes with the rest.
mkdir "$work/tmp" && TMPDIR=$work/tmp && export TMPDIR
count=0

ok() {
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		# What was said explains a failure better than its number.
		[ -s "$work/out" ] && sed 's/^/# out: /' "$work/out" | tail -n 20
		[ -s "$work/err" ] && sed 's/^/# err: /' "$work/err" | tail -n 20
	fi
	return 0
}

skip() { # NAME REASON
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# Runs the bench; its output is in $work/out and $work/err, its status in $status.
# Without repeats, of which nobody knows how many there will be, unless `repeats` is set.
bench() {
	if [ "${1:-}" = run ] && [ -z "${repeats:-}" ]; then
		shift
		set -- run --no-repeat "$@"
	fi
	"$bench" "$@" >"$work/out" 2>"$work/err"
	status=$?
}

check() { # the last command's words, as a test
	if eval "$1"; then ok 0 "$2"; else ok 1 "$2"; fi
}

# What a mistake must look like: the status, one line on stderr, and a word in it.
refuses() {
	local wanted=$1 word=$2 name=$3
	shift 3
	bench "$@"
	if [ "$status" -eq "$wanted" ] && [ "$(grep -c . "$work/err")" -eq 1 ] && grep -qF -- "$word" "$work/err"
	then ok 0 "$name"; else ok 1 "$name (status $status, wanted $wanted and '$word')"; fi
}

# Whether a process has not ended, also where nobody waited for it yet.
alive() { # PID
	case $(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) in
	''|Z|X) return 1 ;;
	esac
}

# What is to be stopped in its middle stops there by itself: a job file's section with a command whose run number N
# tells by $work/held that it is about to begin, and waits for $work/go.
held_section() { # N
	rm -f "$work/held" "$work/go" "$work/runs"
	cat >"$work/hold" <<-END
		echo >>"$work/runs"
		[ "\$(wc -l <"$work/runs")" -eq $1 ] || exit 0
		touch "$work/held"
		until [ -e "$work/go" ] || [ ! -d "$work" ]; do sleep 0.05; done
	END
	printf '[held]\ncommand = true\nprepare = exec sh %s\noutput = ignore\ndirectory = %s\n' "$work/hold" "$work"
}
until_held() { # PID, or until it has ended
	until [ -e "$work/held" ] || ! alive "$1"; do sleep 0.05; done
}

finish() { echo "1..$count"; }
