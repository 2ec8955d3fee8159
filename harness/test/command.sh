# Any command as a workload: the process that counts is proven and measured, and what cannot be
# measured is a result with its reason.  Programs of every Debian only.
. "$top_srcdir/harness/test/bench.sh"

seq 20000 -1 1 >"$work/numbers"
one="run --no-report --quiet --blocks 1 --only glibc"
# Runs one command and keeps `status<TAB>reason` of its samples in $said.
tell() {
	rm -rf "$work/set"
	bench $one --only "shim=$planted/planted_slow.so,PLANTED_BURN=1" --directory "$work" --out "$work/set" "$@"
	said=$("$rows" "$work/set" allocator status reason)
}
fails() { # the name of the check, a part of the reason, the options
	local name=$1 reason=$2
	shift 2
	tell "$@"
	check '[ $status -le 1 ] && [ "$(echo "$said" | grep -cF "failed	" )" -eq 2 ] && [ "$(echo "$said" | grep -cF -- "$reason")" -eq 2 ]' "$name"
}

tell --command "sort -n numbers" --prepare "test ! -e seen && touch seen" --cleanup "rm seen"
check '[ $status -eq 0 ] && [ "$(echo "$said" | grep -c "	ok	")" -eq 2 ] && [ ! -e "$work/seen" ]' \
	"a command under two allocators, prepared and cleaned up each time"
check '[ "$("$rows" "$work/set" allocator allocator_file | grep "^shim")" = "shim	$planted/planted_slow.so" ]' \
	"the allocator that served it is proven"
check '"$rows" "$work/set" cell wall_ns peak_rss_bytes minor_faults timeline | awk '\''
	$1 == "command:sort" && $2 > 0 && $3 > 1000000 && $4 > 0 && $5 ~ /timeline/ { n++ } END { exit n != 2 }'\' \
	"it has a time, a peak, faults and memory over time"
check 'grep -q "\"prepare\": \"test ! -e seen && touch seen\"" "$work/set/manifest.json"' \
	"the manifest holds it"

tell --command "cat numbers | sort -n | awk '{ s += \$1 } END { print s }'" --measure sort
check '[ "$(echo "$said" | grep -c "	ok	")" -eq 2 ] &&
	[ "$("$rows" "$work/set" allocator allocator_file | grep "^shim")" = "shim	$planted/planted_slow.so" ]' \
	"of a pipeline the named process is picked and proven"
tell --command 'sh -c "echo \$LD_PRELOAD; cat /proc/self/maps | grep -c planted_slow; true"' --measure nothing
check 'echo "$said" | grep -q "^shim	failed	no process called .nothing. was started"' \
	"a name that no process bears is a result"
tell --command 'grep -c planted_slow /proc/self/maps; cat numbers | sort -n >sorted' --measure sort
check 'echo "$said" | grep -q "^shim	ok"' "the others run without the allocator"
tell --command "sh -c 'sort numbers | wc -l'"
check '[ "$(echo "$said" | grep -c "	ok	")" -eq 2 ]' "a shell, which ends by _exit, tells all the same"

# A server whose protocol is a file: it serves when `up` is there and has served when `done` is.
tell --command 'sh server' --server --prepare "rm -f up go done; echo 'touch up; while [ ! -e go ]; do sleep 0.02; done; touch done; while :; do sleep 1; done' >server" \
	--ready "test -e up" --load "touch go; while [ ! -e done ]; do sleep 0.02; done; echo served"
check '[ "$(echo "$said" | grep -c "	ok	")" -eq 2 ] && "$rows" "$work/set" cpu_ns peak_rss_bytes | awk '\''$1 > 0 && $2 > 500000 { n++ } END { exit n != 2 }'\' \
	"a server is asked until it serves, and measured until its load is done"
check '! pgrep -f "$work" >/dev/null' "and is gone afterwards"
fails "a server that ends is a result" "the server ended before its load was done" \
	--command "sleep 0" --server --ready false --load true --output ignore
fails "so is a load that fails" "load: exit status 4: no answer" \
	--command "sleep 100" --server --ready true --load "echo no answer >&2; exit 4"
tell --timeout 1s --command "sleep 100" --server --ready false --load true --output ignore
check '[ "$(echo "$said" | grep -c "timeout	not ready after 1 s: ready: exit status 1")" -eq 2 ]' \
	"so is one that is never ready"

fails "a status is a result" "exit status 1" --command false
fails "a signal is a result" "killed by SIGKILL" --command "sh -c 'kill -KILL \$\$'"
fails "a missing program is a result" "'nosuchprogram' is not on the PATH" --command "nosuchprogram x"
fails "what precedes it and fails is a result" "prepare: exit status 3: because" --command true \
	--prepare "echo because >&2; exit 3"
fails "memory over time that cannot be kept is a result" ".tsv: Is a directory" --command "sort numbers" \
	--prepare 'for i in 0 1 2 3 4 5; do mkdir -p set/timeline/$i.tsv; done'
fails "a program that becomes another is a result" "executed another program" --command "env sort numbers"
fails "two processes of the name are a result" "2 processes were called 'sort'" \
	--command "sort numbers; sort numbers" --measure sort
fails "output that never repeats is a result" "output = ignore" --command "date +%N%s"
tell --command "date +%N%s" --output ignore
check '[ "$(echo "$said" | grep -c "	ok	")" -eq 2 ]' "and is no matter where it is ignored"
tell --command "sh -c 'echo \$PLANTED_BURN'"
check 'echo "$said" | grep -q "^glibc	ok" && echo "$said" | grep -q "^shim	failed	what it printed differs"' \
	"output that differs under one allocator is its failure"
if [ -x /sbin/ldconfig ]; then
	fails "a static program is a result" "is linked statically" --command "/sbin/ldconfig -p"
fi
if [ -u /bin/su ] && [ "$(id -u)" -ne 0 ]; then
	fails "a setuid program is a result" "is setuid" --command "/bin/su --version"
fi

# Under callgrind what is started is counted as a whole; its clock and memory would be valgrind's.
counts() { # the dump proves the allocator; the shim's part holds the C library's, to which it passes the calls on
	"$rows" "$work/set" allocator status allocator_file instructions allocator_instructions cpu_ns peak_rss_bytes timeline | awk -F"\t" -v shim="$planted/planted_slow.so" '
		$2 != "ok" || $5 <= 0 || $4 <= $5 || $6 != 0 || $7 != 0 || $8 ~ /timeline/ { bad++ }
		{ part[$1] = $5; file[$1] = $3 } END { exit bad || NR != 2 || part["shim"] <= part["glibc"] || file["shim"] != shim || file["glibc"] !~ /libc/ }'
}
if command -v valgrind >/dev/null; then
	tell --mode instructions --command "sort -n numbers"
	check counts "its instructions are counted, and those within the allocator"
	tell --mode instructions --command 'sh server' --server --prepare "rm -f up go done" \
		--ready "test -e up" --load "touch go; while [ ! -e done ]; do sleep 0.02; done; echo served"
	check counts "and of a server, which is ended to tell them"
	tell --mode instructions --command "cat numbers | sort -n" --measure sort
	check '[ "$(echo "$said" | grep -c "	skipped	callgrind counts the process that is started itself")" -eq 2 ]' \
		"but not of a process that is picked"
	fails "a program that becomes another leaves no count" "callgrind left no count" --mode instructions --command "env sort numbers"
else
	skip "instructions of commands" "valgrind is not installed"
fi

# A set of commands is completed by its manifest alone.
bench run --no-report --quiet --blocks 2 --only glibc --directory "$work" --command "sort numbers" --name mine --out "$work/cut"
sed -i 's/"finished": "[^"]*"/"finished": null/' "$work/cut/manifest.json"
sed -i 2d "$work/cut/samples.jsonl"
bench run --resume --no-report --quiet --out "$work/cut"
check '[ $status -eq 0 ] && [ "$("$rows" "$work/cut" cell status | sort | uniq -c | awk '\''{ print $1, $2, $3 }'\'')" = "2 command:mine ok" ]' \
	"--resume completes a set of commands"

# What makes no sense is refused before anything runs.
refuses 2 "measure must say" "a pipeline without --measure" run --command "a | b"
refuses 2 "load is missing" "a server without a load" run --command a --server --ready true
refuses 2 "server is not given" "a load without a server" run --command a --load true
refuses 2 "command is not given" "a name without a command" run --name a
refuses 2 "compare and ignore" "another word for the output" run --command a --output perhaps
refuses 2 "two commands are called 'a'" "two of one name" run --command "a 1" --command "a 2"
refuses 2 "directory '/no/such' of command:true: No such file or directory" "a folder that is not there" \
	run --dry-run --command true --directory /no/such
refuses 2 "directory '$work/numbers' of command:true: Not a directory" "a file for a folder" \
	run --command true --directory "$work/numbers" --out "$work/never"
refuses 2 "does not end" "half a quotation" run --command "a 'b"

# Job files.
job() { printf '%s\n' "$@" >"$work/a.job"; }
job '[here]' 'command = true' 'directory = /no/such'
refuses 2 "directory '/no/such' of command:here: No such file" "a job file's folder that is not there" run --job "$work/a.job"
sed 's|"directory": "[^"]*"|"directory": "/no/such"|' "$work/cut/manifest.json" >"$work/manifest" && cp "$work/manifest" "$work/cut/manifest.json"
refuses 2 "cannot be resumed: directory '/no/such'" "nor is a set of such a folder resumed" run --resume --out "$work/cut"
bench run --job "$top_srcdir/harness/doc/example.job" --dry-run
check '[ $status -eq 0 ] && [ "$(grep -c "^larson.*throughput" "$work/out")" -eq 3 ] && grep -q "^command:web " "$work/out" && grep -q "^  load .*urlopen" "$work/out"' \
	"the example's plan, its range written out"
mkdir -p "$work/sub"
printf '%s\n' "# of the including file" "blocks = 4" >"$work/sub/more.inc"
job "[global]" "include = sub/more.inc" "only = glibc ; a comment" "[tiny-churn]" "mode = throughput" \
	"set = ops=5000..15000+5000" "blocks = 2" "[x]" "command = echo a#b;c" "measure = echo" "output = ignore"
bench run --job "$work/a.job" --dry-run
check '[ $status -eq 0 ] && [ "$(grep -c "^tiny-churn:ops=.* 2 blocks x 1 " "$work/out")" -eq 3 ] && grep -q "^command:x .* 4 blocks" "$work/out" && grep -q "echo a#b;c$" "$work/out"' \
	"sections, an include, comments and a range"
bad() { # name, what is said, lines of the file
	local name=$1 said=$2
	shift 2
	job "$@"
	refuses 2 "$said" "$name" run --job "$work/a.job" --dry-run
}
bad "an unknown key" "a.job:2: unknown key 'block' in [global]: known are suite, workload" "[global]" "block = 3"
bad "an unknown key of a section" "a.job:2: unknown key 'seed' in [a]: known are workload, mode, set, blocks, command" "[a]" "seed = 3"
bad "a bad number" "a.job:3: --blocks many: a number from 1 to 10000" "[global]" "" "blocks = many"
bad "a bad flag" "a.job:2: quiet = maybe: yes and no are accepted" "[global]" "quiet = maybe"
bad "a bad parameter" "a.job:3: 'threads=0': larson takes integers from 1 to" "[larson]" "mode = throughput" "set = threads=0"
bad "a bad range" "a.job:2: 'threads=4..1': a range goes upward" "[larson]" "set = threads=4..1"
bad "a section that is nothing" "a.job:1: unknown workload 'nosuch'" "[nosuch]"
bad "a command that lacks something" "a.job:2: command 'a | b': a shell runs it" "[c]" "command = a | b"
bad "a line that is none" "a.job:2: 'what': KEY = VALUE" "[c]" "what"
bad "a key before any section" "a.job:1: blocks = 1 stands before" "blocks = 1"
bad "a file that is not there" "no.inc: No such file" "[global]" "include = no.inc"
bad "a file within itself" "more than 8 deep" "[global]" "include = a.job"
finish
