#!/bin/sh
# What only a preloaded library can show: that the calls counted are the calls made,
# that they are the same under every allocator, that verify mode finds faults, and that
# the null allocator serves whatever is asked of it.
. "$top_srcdir/workloads/test/common.sh"
needs_preload
libs=$top_builddir/workloads/test/.libs
null=$top_builddir/.libs/libashlar-null.so
broken=$libs/libbroken.so

# counted PRELOAD WORD...: sets $said (the worker's words) and $calls (libcount's).
counted() {
	preload=$1
	shift
	{ calls=$({ said=$(LD_PRELOAD="$libs/libcount.so $preload" "$work" "$@" 2>&1); echo "$said" >&4; } 3>&1 4>said.$$); } 2>&1
	said=$(cat said.$$)
	rm -f said.$$
}

for w in $workloads; do
	params=$(small $w)
	counted "" --seed 3 $params $w
	first=$calls
	made=$(echo "$said" | sed -n 's/^work .* \([0-9]*\) allocation calls.*/\1/p')
	[ -n "$made" ] && [ "${calls#allocs $made frees $made }" != "$calls" ]
	ok $? "$w: what it counts ($made) is what reaches malloc ($calls)"
	counted "" --seed 3 $params $w
	[ -n "$first" ] && [ "$calls" = "$first" ]; ok $? "$w: the same seed makes the same calls"
	counted "$null" --seed 3 $params $w
	[ "$calls" = "$first" ]; ok $? "$w: another allocator gets the same calls"
	counted "" --seed 3 --mode latency $params $w
	[ "$calls" = "$first" ]; ok $? "$w: timing calls does not change them"
	counted "" --seed 4 $params $w
	case " $(row $w) " in
	*" seedless "*)
		# Sizes and their order are fixed; what is random is which object is meant.
		[ "$calls" = "$first" ]; ok $? "$w: does not depend on the seed" ;;
	*)
		[ "$calls" != "$first" ]; ok $? "$w: another seed makes other calls" ;;
	esac
done

# remote WORKLOAD WANTED [WORD...]: blocks freed by another thread than allocated them.
remote() {
	w=$1 wanted=$2
	shift 2
	counted "" --seed 3 $(small $w) "$@" $w
	said="$calls"
	[ "${calls##* remote }" = "$wanted" ]; ok $? "$w: $wanted blocks are freed by another thread, by construction ($*)"
}
remote prod-cons 14000
remote prod-cons 0 --set remote_percent=0
remote prod-cons 20000 --set remote_percent=100
remote cross-rate 3000
remote cross-rate 0 --set cross_percent=0
remote cross-rate 6000 --set cross_percent=100 --set threads=4
remote batch-reverse 5000
remote batch-reverse 0 --set cross_every=0
remote thread-churn 660
remote wave-leak 200
remote larson 1200
remote thread-return 18
remote thread-return 0 --set end_percent=0
remote glibc-thread 0
remote own-lines 0
remote tiny-churn 0
remote op-matrix 20000 --set pattern=5
remote false-sharing-passive 2

# caught FAULT TEXT WORKLOAD, with $params
caught() {
	said=$(ASHLAR_BROKEN=$1 LD_PRELOAD=$broken "$work" --mode verify $params $3 2>&1)
	[ $? -eq 1 ] && echo "$said" | grep -q "^ashlar-work: $3: .*\($2\)"
	ok $? "$3: verify mode finds fault '$1'"
}
for w in $workloads; do
	params=$(small $w)
	said=$(ASHLAR_BROKEN=none LD_PRELOAD=$broken "$work" --mode verify $params $w 2>&1)
	ok $? "$w: verify mode finds nothing where there is nothing"
	caught overlap "damaged block\|overlapping blocks\|no live block\|usable size" $w
	caught same "overlapping blocks\|damaged block\|no live block" $w
	caught misaligned "misaligned block" $w
	caught usable "wrong usable size" $w
	caught scribble "damaged block\|no live block\|never freed" $w
	said=$(LD_PRELOAD=$null "$work" --mode verify $params $w 2>&1)
	ok $? "$w passes verify mode under null"
done
params=$(small kv-server)
caught dirty "calloc: byte" kv-server

# Lines of two threads: by turns in an order of the seed, of objects side by side many; from heaps apart none.
shared() { sed -n 's/^sharing  *\([0-9]*\) lines were touched by several.*/\1/p; s/.*\(switch their randomisation off\).*/\1/p'; }
still=$top_builddir/.libs/libashlar-still.so
said=$(ASHLAR_BROKEN=none LD_PRELOAD=$still:$broken "$work" --mode sharing $(small own-lines) own-lines 2>&1 | shared)
case $said in *randomisation*) skip="the kernel keeps addresses random here" ;; esac
[ "$said" -gt 100 ] 2>/dev/null; ok $? "mode sharing counts the lines that two threads share"
said=$(LD_PRELOAD=$still "$work" --mode sharing $(small own-lines) own-lines 2>&1 | shared)
[ "$said" = 0 ]; ok $? "and none of threads with heaps apart"
skip=
said=$("$work" $(small own-lines) own-lines | grep "lines with live objects")
[ "$(echo "$said" | grep -c "^  *0 of [1-9][0-9]* lines")" -eq 4 ]; ok $? "own-lines counts them after each round"

said=$(LD_PRELOAD=$null "$work" $(small tiny-churn) tiny-churn)
echo "$said" | grep -q "^allocator .*/libashlar-null.so"; ok $? "the worker names the file that holds malloc"
said=$("$work" $(small tiny-churn) tiny-churn)
echo "$said" | grep -q "^allocator .*/libc.so.6 [0-9.]*$"; ok $? "and the C library with its version"
said=$("$top_builddir/workloads/test/non_pie")
echo "$said" | sed -n 4p | grep -q "/non_pie$"; ok $? "a program at a fixed address has its own entry for malloc"
echo "$said" | sed -n 1,2p | grep -c "/libc.so.6$" | grep -q 2; ok $? "and yet the C library is named"
said=$(LD_PRELOAD=$null "$top_builddir/workloads/test/non_pie")
echo "$said" | sed -n 1,2p | grep -c "/libashlar-null.so$" | grep -q 2; ok $? "or what is preloaded"
said=$(ASHLAR_NULL_BYTES=4096 LD_PRELOAD=$null awk 'BEGIN { for (i = 0; i < 200000; i++) a[i % 1000] = a[i % 1000] i; print length(a) }')
[ "$said" = 1000 ]; ok $? "null serves awk, far beyond its first region"
finish
