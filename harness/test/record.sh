# Programs are recorded: counts are exact, whatever they do with threads and processes.
# The recorder is no allocator, so this runs in sanitizer builds too.
no_preload=yes
. "$top_srcdir/harness/test/bench.sh"
recorded=$top_builddir/workloads/test/recorded
cd "$work" || exit 99

record() { # FILE ARGUMENTS...: of the program above
	out=$1
	shift
	bench record -o "$out" -- "$recorded" "$@"
}
# number FILE PATTERN: events whose text matches.
number() { "$bench" trace dump "$1" | grep -c " $2"; }
# note FILE KEY
note() { "$bench" trace dump "$1" | sed -n "s/^#= $2: //p"; }
equal() {
	[ "$1" = "$2" ] || { echo "# wanted $2, got $1"; return 1; }
}

record calls.trace calls
check '[ $status -eq 0 ] && grep -q "none lost" err' "a program is recorded"
bench trace dump calls.trace
cp out calls.txt
good=0
for line in "malloc #[0-9]* 7001" "realloc #[0-9]* 7003" "calloc #[0-9]* 7007" \
	"realloc #[0-9]* 70013" "malloc #[0-9]* 7019" "malloc #[0-9]* 7021" \
	"realloc #[0-9]* 9081" "memalign #[0-9]* 7027 64" "aligned_alloc #[0-9]* 7168 256" \
	"posix_memalign #[0-9]* 7039 4096" "valloc #[0-9]* 7043 [0-9]*" \
	"pvalloc #[0-9]* 7057 [0-9]*" "malloc #[0-9]* 7069" "malloc #[0-9]* 7079"; do
	equal "$(grep -c " $line\$" calls.txt)" 1 || { echo "# $line"; good=1; }
done
ok $good "every function is told once, with what it was asked for"
equal "$(grep -c realloc-free calls.txt)" 1
ok $? "realloc to nothing is an event of its own"
equal "$(note calls.trace failed)" 1
ok $? "an allocation that failed is counted"
[ "$(note calls.trace null-frees)" -ge 1 ]
ok $? "free of NULL is counted"
equal "$(note calls.trace ended)" "exit status 0"
ok $? "how it ended is noted"
equal "$(note calls.trace unknown-frees) $(note calls.trace lost-frees) $(note calls.trace inversions)" "0 0 0"
ok $? "every free has its allocation"
slot=$(sed -n 's/.* malloc \(#[0-9]*\) 7079$/\1/p' calls.txt)
! sed '1,/ 7079$/d' calls.txt | grep -q "free $slot\$"
ok $? "what was never freed is live at the end"
grep -q "^# program: recorded" calls.txt && grep -q "^# allocator: libc" calls.txt &&
	grep -q "^# allocator-build-id: [0-9a-f]*$" calls.txt && grep -q "^# tick-rate: [0-9]*$" calls.txt
ok $? "the header tells program, allocator and clock"
! grep -qE "$(id -un)|$(hostname)|/" calls.txt
ok $? "nothing personal is in it"

ln -s "$(realpath "$recorded")" my-server && bench record -o link.trace -- ./my-server calls
[ "$status" -eq 0 ] && "$bench" trace dump link.trace | grep -q "^# program: my-server$" &&
	"$bench" trace info link.trace | grep -q my-server
ok $? "a program bears the name that it was started by, not that of a link's target"

"$bench" trace undump calls.txt -o again.trace && cmp calls.trace again.trace
ok $? "dump and undump make the same file"
"$bench" trace dump calls.trace | "$bench" trace undump | cmp - calls.trace
ok $? "through a pipe too"

record status.trace calls 7
check '[ $status -eq 7 ]' "the exit status is the command's"

record large.trace large
equal "$(number large.trace 'free #[0-9]* resident 1[0-9]$')" 1
ok $? "pages in memory are told when a large block is freed"

record threads.trace threads
check '[ $status -eq 0 ]' "threads are recorded"
bench trace dump threads.trace
cp out threads.txt
good=0
for t in 0 1 2 3; do
	equal "$(grep -c " malloc #[0-9]* $((8001 + 2 * t))\$" threads.txt)" 20000 || good=1
	equal "$(grep -c " malloc #[0-9]* $((9001 + 2 * t))\$" threads.txt)" 1000 || good=1
done
ok $good "each thread's allocations are all there"
equal "$(grep -c ' create ' threads.txt) $(grep -c ' join ' threads.txt) $(grep -c ' start by 0' threads.txt) $(grep -c ' end$' threads.txt)" "8 8 8 8"
ok $? "creation, start, end and join of each"
bench trace info threads.trace
check 'grep -q "^of other threads. *4[0-9][0-9][0-9] of" out' "frees of other threads' objects are counted"
equal "$(note threads.trace unknown-frees) $(note threads.trace lost-frees)" "0 0"
ok $? "every free has its allocation"

record swaps.trace swaps
check '[ $status -eq 0 ]' "threads that free each other's objects are recorded"
equal "$(number swaps.trace 'malloc #[0-9]* 950[13]$') $(note swaps.trace unknown-frees) $(note swaps.trace lost-frees) $(note swaps.trace inversions)" "80000 0 0 0"
ok $? "no time stamp contradicts another"

record killed.trace killed-thread
equal "$status $(number killed.trace 'malloc #[0-9]* 8501$') $(number killed.trace 'end$')" "0 1 0"
ok $? "a thread that exit() ends is recorded up to there"

record fork.trace fork
child=$(ls fork.*.trace)
equal "$status $(number fork.trace 'malloc #[0-9]* 6001$') $(number fork.trace 'malloc #[0-9]* 6011$') $(number fork.trace 'malloc #[0-9]* 6007$')" "0 1 70 0"
ok $? "the parent of a fork"
equal "$(number "$child" 'malloc #[0-9]* 6007$') $(number "$child" 'malloc #[0-9]* 6011$')" "50 0"
ok $? "the child in a file of its own"
[ "$(note "$child" unknown-frees)" -ge 1 ]
ok $? "what it freed of its parent's is counted"
"$bench" trace dump "$child" | grep -q "^# forked: yes"
ok $? "its header says that it was forked"

record clone.trace clone
child=$(ls clone.*.trace)
equal "$status $(number clone.trace 'malloc #[0-9]* 61[0-9]*$') $(number "$child" 'malloc #[0-9]* 61[0-9]*$') $(number "$child" 'malloc #[0-9]* 6113$')" "0 21 40 40"
ok $? "a child made without the C library's knowledge"

record exec.trace exec
first=$(ls exec.*.0.trace)
equal "$status $(number exec.trace 'malloc #[0-9]* 7001$') $(number exec.trace 'malloc #[0-9]* 5003$')" "0 1 0"
ok $? "a program that calls exec: the last image has the name asked for"
equal "$(number "$first" 'malloc #[0-9]* 5003$') $(note "$first" ended)" "30 by exec"
ok $? "and the one before it a file with its number"
rm -f exec.*.trace
bench record --own-process -o own.trace -- "$recorded" fork
equal "$(ls own*.trace)" "own.trace"
ok $? "--own-process leaves the children's traces out"

record crash.trace crash
equal "$status $(number crash.trace 'malloc #[0-9]* 4001$') $(note crash.trace ended)" "139 100 killed by SIGSEGV"
ok $? "a program that crashes leaves a whole trace that says so"

"$bench" record -o wait.trace -- "$recorded" wait "$work/ready" 2>err &
pid=$!
# Until it is there, or cannot come any more.
until [ -e ready ] || grep -qs "^State:.*Z" "/proc/$pid/status" || ! [ -e "/proc/$pid" ]; do sleep 0.1; done
kill -INT $pid
wait $pid
equal "$? $(number wait.trace 'malloc #[0-9]* 3001$')" "21 1"
ok $? "a signal goes on to the command, whose status comes back"

if [ -x "$top_builddir/workloads/test/recorded_cxx" ]; then
	bench record -o cxx.trace -- "$top_builddir/workloads/test/recorded_cxx"
	bench trace dump cxx.trace
	good=$status
	for line in "malloc #[0-9]* 7001" "malloc #[0-9]* 7003" "malloc #[0-9]* 7013" \
		"aligned_alloc #[0-9]* 1280 128" "malloc #[0-9]* 7019"; do
		equal "$(grep -c " $line\$" out)" 1 || { echo "# $line"; good=1; }
	done
	ok $good "C++'s operators are told once each"
	grep -q "free_sized" out && grep -q free_aligned_sized out
	ok $? "sized delete is told as such"
fi

bench record --events 1000 -o cut.trace -- "$recorded" many
equal "$status $(note cut.trace cut)" "0 after 1000 events" && "$bench" trace check cut.trace >out
ok $? "--events ends a trace"

# Behind another allocator.
if [ "${ASH_SANITIZER:-no}" = no ]; then
	bench record --with ashlar -o with.trace -- "$recorded" threads
	equal "$status $(number with.trace 'malloc #[0-9]* 8001$') $(number with.trace 'malloc #[0-9]* 9007$') $(note with.trace unknown-frees)" "0 20000 1000 0" &&
		"$bench" trace dump with.trace | grep -q "^# allocator: libashlar"
	ok $? "--with runs it under another allocator"
fi

# What cannot be recorded.
bench record -o none.trace -- /no/such/program
check '[ $status -eq 127 ] && grep -q "No such file" err' "a command that does not exist"
bench record -o none.trace -- "$top_srcdir/configure.ac"
check '[ $status -eq 126 ] && grep -q "cannot be executed" err' "one that is no program"
bench record -o none.trace -- env -u LD_PRELOAD "$recorded" calls
[ $status -eq 0 ] # env itself was recorded
ok $? "a program that clears the environment: what there was of it"
refuses 2 "a command to record is needed" "no command" record
refuses 2 "unknown allocator 'nosuch'" "an allocator that is not known" record --with nosuch -- true
refuses 2 "from 1 to 19" "a level that zstd lacks" record --level 40 -- true
refuses 2 "--out '': the name of a file is needed" "a file without a name" record -o "" -- touch ran
mkfifo pipe
refuses 1 "pipe: it is there already, and no file but a device or pipe" "a name that a pipe has" record -o pipe -- touch ran
[ -p pipe ] && [ ! -e ran ]
ok $? "which is still there, and nothing ran"
refuses 1 "No such file" "a folder that is not there" record -o /no/such/folder/x.trace -- true

[ "$("$bench" record -o grep.trace -- grep SigIgn /proc/self/status 2>err)" = "$(grep SigIgn /proc/self/status)" ]
ok $? "the program ignores no other signals than without"

# A disk that is full for the trace, and one that is full while recording.
(ulimit -f 1; "$bench" record -o small.trace -- "$recorded" threads) >out 2>err
status=$?
check '[ $status -eq 1 ] && [ "$(grep -c "small.trace" err)" -eq 1 ] && [ -z "$(ls small* 2>/dev/null)" ]' \
	"no room: one message, and nothing is left"
if [ "$(id -u)" -eq 0 ] && mkdir full && mount -t tmpfs -o size=1m none full 2>err; then
	bench record -o full/x.trace -- "$recorded" many
	left=$(ls full)
	umount full
	check '[ $status -eq 1 ] && grep -q "lost [0-9]* events" err && [ -z "$left" ]' \
		"a disk full while recording: the trace is refused"
else
	skip "a disk full while recording: the trace is refused" "needs root and mount"
fi
finish
