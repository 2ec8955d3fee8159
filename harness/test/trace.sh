# The verb `trace`: what it says of good files and bad, and what it imports.
no_preload=yes
. "$top_srcdir/harness/test/bench.sh"
cd "$work" || exit 99

cat >text <<END
# ashlar trace 1.0
# program: small
# zstd-level: 5
0 0 start
10 0 malloc #0 100
20 0 create 1
25 1 start by 0
30 1 realloc #0 200000
40 1 free #0 resident 7
41 1 end
50 0 join 1
60 0 memalign #1 64 32
#= ended: exit status 0
END
bench trace undump text -o small.trace
check '[ $status -eq 0 ] && "$bench" trace dump small.trace | cmp - text' "undump and dump give the same text"
bench trace check small.trace
check '[ $status -eq 0 ] && grep -q "small.trace: 9 events, all well" out' "check"
bench trace check $(yes small.trace | head -n 70) bad
check '[ $status -eq 1 ] && [ "$(grep -c "all well" out)" -eq 70 ] && grep -q "ashlar-bench: bad: .*No such file" err' \
	"any number of files, up to the last"
bench trace info small.trace
check '[ $status -eq 0 ] && grep -q "^events *9$" out && grep -q "^threads *2$" out &&
	grep -q "^peak live *200000 bytes, after 5 events" out && grep -q "^ended *exit status 0" out &&
	grep -q "^  aligned *1 to 32 bytes" out && grep -q "2 of 2 frees\|1 of 2 frees" out' "info"

bench trace info --json small.trace
check '[ $status -eq 0 ] && grep -q "\"events\": 9," out && grep -q "\"peak_live_bytes\": 200000," out && grep -q "\"ended\": \"exit status 0\"" out' "info --json"
if python3 -c 'import jsonschema' 2>/dev/null; then
	python3 -c 'import json, jsonschema, sys; jsonschema.validate(json.load(open(sys.argv[2])), json.load(open(sys.argv[1])))' \
		"$top_srcdir/harness/schema/trace-info.json" out 2>err
	check '[ $? -eq 0 ]' "info --json is what its schema says"
fi
refuses 2 "--json is for info" "--json elsewhere" trace dump --json small.trace

# A reader that has seen enough ends the writer without a word, and nothing is left of it.
closed() { # WHAT ARGUMENT...: the command's status, behind a pipe whose other end is closed
	what=$1
	shift
	{ { "$bench" "$@" 2>err; echo $? >ended; } | true; } </dev/null
	# 128 + SIGPIPE; the pipe may also have been open until the command ended.
	check '[ ! -s err ] && case $(cat ended) in 141 | 0) ;; *) false ;; esac' "$what | head ends quietly"
}
{ echo "# ashlar trace 1.0"; echo "0 0 start"; seq 1 30000 | sed 's/.*/& 0 malloc #& 16/; s/#\([0-9]*\)/#\1/' |
	awk '{ $4 = "#" NR - 1; print }'; } >long
"$bench" trace undump long -o long.trace
closed dump trace dump long.trace
closed info trace info long.trace
closed undump trace undump long
check '[ -z "$(ls "$TMPDIR")" ]' "and leaves no file behind"

size=$(stat -c %s small.trace)
head -c $((size - 20)) small.trace >cut.trace
bench trace dump cut.trace
check '[ $status -eq 1 ] && grep -q "cut.trace: the trace is cut short after 9 events: no trailer" err &&
	grep -q "free #0 resident 7" out' "a file that is cut short is shown as far as it goes"
bench trace info cut.trace
check '[ $status -eq 1 ] && grep -q "^events *9$" out && grep -q "cut short" err' "and told"
cp small.trace bad.trace
printf '\377' | dd of=bad.trace bs=1 seek=$((size / 2)) conv=notrunc 2>dd.log
bench trace check bad.trace
check '[ $status -eq 1 ] && grep -q "bad.trace: " err' "a changed byte is found"
cp small.trace future.trace
printf '\7' | dd of=future.trace bs=1 seek=8 conv=notrunc 2>dd.log
refuses 1 "version 7 of the format; this ashlar-bench reads up to 1" "a future version" trace info future.trace
refuses 1 "not a trace: it does not begin with ASHTRACE" "a foreign file" trace info text
refuses 1 "No such file" "no file" trace info none.trace
refuses 1 "not a trace" "a folder" trace check .
refuses 2 "info, check, dump, undump and import are known" "an unknown verb" trace show small.trace
refuses 2 "a verb is needed" "no verb" trace
refuses 2 "a file is needed" "no file named" trace dump
bench trace info --all small.trace
check '[ $status -eq 2 ] && grep -q "ashlar-bench trace: unrecognized option .--all" err' "an unknown option"
refuses 2 "-o means nothing" "an option of another of its verbs" trace info small.trace -o x
refuses 2 "--from is for import" "another" trace undump --from=mtrace small.trace
refuses 2 "too many files" "more files than one" trace dump small.trace small.trace
bench trace --help
check '[ $status -eq 0 ] && grep -q "or:  ashlar-bench trace .*import" out && grep -q -- "-o, --out=FILE" out' "help"
cp small.trace ./-o
bench trace check -- -o small.trace
check '[ $status -eq 0 ] && [ "$(grep -c "all well" out)" -eq 2 ]' "what follows -- is a file"
refuses 2 "heaptrack and mtrace are known" "an unknown tool" trace import --from strace x -o y
refuses 2 "are needed" "no output" trace import --from mtrace x
echo "# ashlar trace 1.0
5 0 free #3" >wrong
refuses 1 "wrong: line 2: slot #3 holds no live object" "undump names the line" trace undump wrong -o w.trace
[ ! -e w.trace ]
ok $? "and makes no file"
refuses 1 "no file but a folder" "a folder where the trace should be" trace undump text -o .
mkfifo pipe
refuses 1 "pipe: it is there already, and no file but a device or pipe" "a pipe" trace undump text -o pipe
[ -p pipe ]
ok $? "which is still there"
[ -e /dev/full ] && {
	"$bench" trace dump small.trace >/dev/full 2>err
	status=$?
	check '[ $status -eq 1 ] && grep -q "could not be written" err' "no room for the text"
}

# The shipped ones are whole, and as small as they are said to be.
shipped=$top_srcdir/workloads/traces
for trace in redis sqlite cc1plus cpython git redis-io; do
	bench trace info "$shipped/$trace.trace"
	check '[ $status -eq 0 ] && awk "\$1 == \"events\" {n = \$2} /bytes an event/ {size = \$7}
		END {exit !(n > 10000 && n <= 2000000 && size > 1 && size <= 3.5)}" out' \
		"shipped: $trace holds, of at most 3.5 bytes an event: $(sed -n 's/^file .*chunks, //p' out)"
done
check '[ "$(cat "$shipped"/*.trace | wc -c)" -le $((12 << 20)) ]' "all of them are at most 12 MiB"

cat >sample.mtrace <<END
= Start
@ ./program:(main+0x1c)[0x55d0] + 0x1000 0x64
@ ./program:[0x55d4] + 0x2000 0x20
@ ./program:[0x55d8] < 0x1000
@ ./program:[0x55d8] > 0x3000 0x100
@ ./program:[0x55dc] - 0x2000
@ ./program:[0x55e0] - 0x9999
@ ./program:[0x55e4] + (nil) 0x7fffffff
= End
END
bench trace import --from mtrace sample.mtrace -o m.trace
check '[ $status -eq 0 ] && grep -q "5 events; 1 frees of unknown" err' "mtrace's text is imported"
"$bench" trace dump m.trace | sed -n 's/^[0-9]* 0 //p' >got
printf 'start\nmalloc #0 100\nmalloc #1 32\nrealloc #0 256\nfree #1\n' | cmp - got
ok $? "call for call"
"$bench" trace dump m.trace | grep -q "^#= failed: 1"
ok $? "with what failed"
# Of a real one, where the C library still writes it.
if [ -e /usr/lib/x86_64-linux-gnu/libc_malloc_debug.so.0 ] && [ "${ASH_SANITIZER:-no}" = no ]; then
	cat >t.c <<END
#include <mcheck.h>
#include <stdlib.h>
int main(void) { mtrace(); for (int i = 1; i < 50; i++) { void *volatile p = malloc(1000 + i); p = realloc(p, 3000 + i); free(p); } return 0; }
END
	$CC -o t t.c 2>err && MALLOC_TRACE=$work/real LD_PRELOAD=libc_malloc_debug.so.0 ./t 2>err
	bench trace import --from mtrace real -o real.trace
	check '[ $status -eq 0 ] && [ "$("$bench" trace dump real.trace | grep -c " realloc #0 30[0-9]*$")" -eq 49 ]' \
		"a program that calls mtrace()"
fi

cat >sample.heap <<END
v 10500 3
X 9 ./program
I 1000 f00
s 4 main
t 1 0
+ 64 1 1000
+ 20 1 2000
c a
- 1000
+ 100 1 1000
- 7777
R 5
END
bench trace import --from heaptrack sample.heap -o h.trace
check '[ $status -eq 0 ] && grep -q "5 events; 1 frees of unknown" err' "heaptrack's text is imported"
"$bench" trace dump h.trace | grep -v '^#' >got
printf '0 0 start\n0 0 malloc #0 100\n0 0 malloc #1 32\n1000000 0 free #0\n1000000 0 malloc #0 256\n' | cmp - got
ok $? "call for call, and its times"
cat >kinds.heap <<END
v 10500 2
a 64 1
a 20 2
+ 0
+ 1
+ 0
- 0
- 1
- 1
END
bench trace import --from heaptrack kinds.heap -o k.trace
"$bench" trace dump k.trace | sed -n 's/^[0-9]* 0 //p' >got
printf 'start\nmalloc #0 100\nmalloc #1 32\nmalloc #2 100\nfree #2\nfree #1\n' | cmp - got
ok $? "as heaptrack_interpret writes it too"
# What a real one says of the same run, where it is installed.
if command -v heaptrack >which 2>&1 && [ "${ASH_SANITIZER:-no}" = no ]; then
	heaptrack -o real.heap "$top_builddir/workloads/test/recorded" threads >said 2>&1
	{ [ -e real.heap.zst ] && zstd -dc real.heap.zst || gzip -dc real.heap.gz; } >real.text 2>>said
	bench trace import --from heaptrack real.text -o r.trace
	"$bench" trace dump r.trace >r.text
	wanted=$(awk '$1 == "allocations:" {n = $2} $1 $2 == "leakedallocations:" {l = $3} END {print n, l, 0, 0}' said)
	mallocs=$(grep -c " malloc #" r.text)
	got="$mallocs $((mallocs - $(grep -c " free #" r.text))) $(sed -n 's/^#= \(unknown\|lost\)-frees: //p' r.text | tr '\n' ' ')"
	check '[ $status -eq 0 ] && [ "$mallocs" -ge 80000 ] && [ "$got" = "$wanted " ]' \
		"a program that heaptrack watched: as many allocations, and leaks, as it counted"
else
	skip "a program that heaptrack watched: as many allocations, and leaks, as it counted" "no heaptrack, or a sanitizer build"
fi
printf '(\265/\375zzzz' >packed.zst
refuses 1 "unpack it (zstd -dc, gzip -dc) first" "a packed file is named" trace import --from heaptrack packed.zst -o x.trace
printf 'hello\n' >hello
refuses 1 "hello: line 1: not from mtrace" "a foreign text is named" trace import --from mtrace hello -o x.trace
printf '= Start\n@ a:[0x1] < 0x10\n@ a:[0x1] + 0x20 0x1\n' >broken
refuses 1 "broken: line 3: '<' and '>' belong together" "a broken one by its line" trace import --from mtrace broken -o x.trace
[ ! -e x.trace ]
ok $? "and no file is made"
finish
