#!/bin/sh
# Every workload passes verify mode under the C library's allocator, and says no to
# what it does not accept.
. "$top_srcdir/workloads/test/common.sh"

said="$workloads"
rows=$(sed -n 's/^catalogue += [^#]*# *\([^:]*\):.*/\1/p' "$top_srcdir/workloads/catalogue/rows.inc")
[ "$(echo $workloads)" = "$(echo $rows)" ] && [ "$(echo "$workloads" | wc -w)" -ge 44 ]
ok $? "--list names all workloads of the catalogue, in its order"
for word in --list --help; do
	said=$("$work" $word 2>&1 >/dev/full)
	[ $? -eq 1 ] && [ "$said" = "ashlar-work: the output could not be written" ]
	ok $? "$word without room for it"
done

for w in $workloads; do
	meant_for $w
	said=$("$work" --mode verify --seed 5 $(small $w) $w 2>&1); ok $? "$w passes verify mode"
	said=$("$work" --mode latency $(small $w) $w 2>&1); ok $? "$w runs in latency mode"
done
meant_for the-rest
for threads in 1 2 4; do
	for w in larson prod-cons cross-rate batch-reverse mixed-ageing tree-rewrite wave-leak thread-return; do
		said=$("$work" --mode verify --set threads=$threads $(small $w) $w 2>&1)
		ok $? "$w passes verify mode with $threads threads"
	done
done
for setting in end_percent=0 end_percent=100 keep_percent=0 keep_percent=100 rounds=8; do
	said=$("$work" --mode verify $(small thread-return) --set $setting thread-return 2>&1)
	ok $? "thread-return passes verify mode with $setting"
done
# At each mark at which something lives, the pages that hold it are known.
for w in $workloads; do
	meant_for $w
	said=$("$work" $(small $w) $w 2>&1)
	echo "$said" | sed -n 's/^mark .* floor *\([0-9.]*\) MiB, .* \([0-9]*\) objects/\1 \2/p' |
		awk '$2 > 0 && !($1 > 0) { bad = 1 } END { exit bad || !NR }'
	ok $? "$w knows the page floor of what lives"
done
meant_for the-rest
# What is written in full takes at least its own size in pages, and no more than the process has.
for w in json-dom tree-rewrite heap-walk; do
	said=$("$work" --set ops=3000 $w 2>&1)
	echo "$said" | sed -n 's/^mark .* live *\([0-9.]*\) MiB, floor *\([0-9.]*\) MiB, private *\([0-9.]*\) MiB.*/\1 \2 \3/p' |
		awk '$1 > 0.2 { seen = 1; if ($2 < $1 || $2 > $3 + 0.01) bad = 1 } END { exit bad || !seen }'
	ok $? "$w: the page floor lies between what is live and what is held"
done
# timed WORKLOAD REQUESTS: at a rate every request is timed, from its intended start.
timed() {
	said=$("$work" --set rate=100000 $(small $1) $1 2>&1)
	echo "$said" | grep -q "^request .*($2 values)"; ok $? "$1 at a rate times every request"
}
timed kv-server 10000
timed req-region 200
timed llm-kv 15
for pattern in 0 1 2 3 4 5 6; do
	said=$("$work" --mode verify $(small op-matrix) --set pattern=$pattern op-matrix 2>&1)
	ok $? "op-matrix passes verify mode with pattern $pattern"
	meant_for idle
	said=$("$work" $(small op-matrix) --set pattern=$pattern --set idle=1 op-matrix 2>&1)
	ok $? "op-matrix runs without the calls with pattern $pattern"
	meant_for the-rest
done
meant_for oom-limit
said=$("$work" --set kind=1 $(small oom-limit) oom-limit 2>&1)
ok $? "oom-limit survives a limit on data with room"
said=$("$work" --set ops=20000 --set limit_mib=16 --set fill_percent=100 oom-limit 2>&1)
[ $? -eq 1 ] && echo "$said" | grep -q "would have been killed"; ok $? "oom-limit dies at a full container"
said=$("$work" --set ops=20000 --set limit_mib=16 --set fill_percent=100 --set kind=1 oom-limit 2>&1)
[ $? -eq 1 ] && echo "$said" | grep -q "returned NULL"; ok $? "oom-limit dies of NULL at a limit on data"
meant_for the-rest
for setting in sizes=1 cluster=1 cluster=12 cluster=54; do
	said=$("$work" --mode verify $(small kv-server) --set $setting kv-server 2>&1)
	ok $? "kv-server passes verify mode with $setting"
done
begin=$(date +%s%N)
said=$("$work" --set idle_ms=700 $(small frag-drain) frag-drain 2>&1)
end=$(date +%s%N)
# However long it takes: the process was there 0.7 s longer than what it says.
echo "$said" | awk -v ns=$((end - begin)) '/^time .* s wall/ { wall = $(NF - 2) }
	END { exit !(wall > 0 && wall + 0.7 <= ns / 1e9) }'
ok $? "idle time is in no figure"

# refuse TEXT WORD...: status 2, one line on stderr that contains TEXT, none on stdout.
refuse() {
	text=$1
	shift
	said=$("$work" "$@" 2>&1 >/dev/null)
	[ $? -eq 2 ] && [ "$(echo "$said" | wc -l)" -eq 1 ] && echo "$said" | grep -qF -- "$text"
	ok $? "refuses: $*"
}
refuse "known are $(echo $workloads | cut -d' ' -f1,2 | sed 's/ /, /')" no-such-workload
refuse "a workload is needed"
refuse "one workload at a time" tiny-churn larson
refuse "a whole number from 1 to" --set ops=0 tiny-churn
refuse "a whole number from 1 to" --set ops=12x tiny-churn
refuse "a whole number from 1 to" --set ops= tiny-churn
refuse "a whole number from 1 to" --set ops=99999999999999999999999 tiny-churn
refuse "known are ops, depth" --set depht=3 tiny-churn
refuse "NAME=VALUE is needed" --set depth tiny-churn
refuse "throughput, latency, verify, locality, footprint and sharing" --mode fast tiny-churn
refuse "a whole number from 0" --seed -1 tiny-churn
refuse "unknown option or missing value" --sed 1 tiny-churn
refuse "unknown option or missing value" tiny-churn --seed
refuse "is above size_max" --set size_min=9 --set size_max=8 larson
refuse "is above size_max" --set size_min=9 --set size_max=8 cross-rate
refuse "is above length_max" --set length_min=99 --set length_max=98 realloc-growth
refuse "is above objects_max" --set objects_min=9 --set objects_max=8 req-region
refuse "a power of two" --set alignment_max=48 aligned-calloc
refuse "no figures of this one" --set cluster=5 kv-server
refuse "a whole number from 0 to 54" --set cluster=55 kv-server
refuse "only mode throughput" --set idle=1 --mode verify op-matrix
refuse "a whole number from 0 to" --start -1
refuse "1 or an even number" --set threads=3 prod-cons
refuse "too large for this machine's memory: live_mib=65536: from 1 to" --set live_mib=65536 \
	--set size_min=16 --set size_max=16 frag-drain
refuse "too large for this machine's memory: ops=100000000: from 1 to" --set ops=100000000 \
	--set aged=100 heap-walk
refuse "is no memory file" --channel-fd 0 tiny-churn
# Distributions: shares rise to 1, and what is known of a workload comes out.
for w in $workloads; do
	meant_for $w
	said=$("$work" --cdf cdf.$$ $(small $w) $w 2>&1)
	[ $? -eq 0 ] && awk -F'\t' -v w=$w 'NR > 2 { if ($2 != q) { q = $2; n++; c = 0; b = 0; top = -1 }
		if ($1 != w || $4 < c || $5 < b || $3 <= top) bad++; c = $4; b = $5; top = $3; if (c == 1 && b == 1) whole++ }
		END { exit !(n == 2 && whole >= 2 && !bad) }' cdf.$$
	ok $? "$w has distributions of sizes and lifetimes"
done
meant_for the-rest
said=$("$work" --cdf cdf.$$ --set pattern=1 --set ops=10000 --set size=64 op-matrix 2>&1; cat cdf.$$)
# 64 bytes each; batches of 100 in order: every object sees 99 others begin.
said=$(awk -F'\t' '$2 == "lifetime" && $4 == 1 { print $3 }' cdf.$$)
[ "$said" -ge 99 ] && [ "$said" -le 111 ] && grep -q "^op-matrix	size	71	1.000000" cdf.$$
ok $? "a batch of 100 lives for 99 allocations"
# Beyond two million objects some are booked, each with its true lifetime.
said=$("$work" --cdf cdf.$$ --set pattern=1 --set ops=5000000 --set size=64 op-matrix 2>&1; cat cdf.$$)
said=$(awk -F'\t' '$2 == "lifetime" && $4 == 1 { print $3 }' cdf.$$)
[ "$said" -ge 99 ] && [ "$said" -le 111 ]; ok $? "also where one in three is booked"
rm -f cdf.$$
# Each workload says no to what its first parameter, the work, does not accept.
for w in $workloads; do
	refuse "ops=-1: a whole number from 1 to" --set ops=-1 $w
	refuse "no parameter 'nosuch'" --set nosuch=1 $w
done
finish
