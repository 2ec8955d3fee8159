#!/bin/sh
# Every workload passes verify mode under the C library's allocator, and says no to
# what it does not accept.
. "$top_srcdir/workloads/test/common.sh"

listed=$("$work" --list | sed -n 's/^\([a-z-]*\): .*/\1/p' | tr '\n' ' ')
said="listed: $listed"
[ "$listed" = "$workloads " ]; ok $? "--list names the workloads that are tested here"

for w in $workloads; do
	said=$("$work" --mode verify --seed 5 $(small $w) $w 2>&1); ok $? "$w passes verify mode"
	said=$("$work" --mode latency $(small $w) $w 2>&1); ok $? "$w runs in latency mode"
done
for threads in 1 2 4; do
	for w in larson prod-cons; do
		said=$("$work" --mode verify --set threads=$threads $(small $w) $w 2>&1)
		ok $? "$w passes verify mode with $threads threads"
	done
done
said=$("$work" --set rate=100000 $(small kv-server) kv-server 2>&1)
echo "$said" | grep -q "^request .*(10000 values)"; ok $? "kv-server at a rate times every request"
said=$("$work" --set idle_ms=700 $(small frag-drain) frag-drain 2>&1)
# A run of some milliseconds stays below 0.7 s even on a busy machine.
echo "$said" | grep -q "^time .* 0\.[0-6][0-9]* s wall"; ok $? "idle time is in no figure"

# refuse TEXT WORD...: status 2, one line on stderr that contains TEXT, none on stdout.
refuse() {
	text=$1
	shift
	said=$("$work" "$@" 2>&1 >/dev/null)
	[ $? -eq 2 ] && [ "$(echo "$said" | wc -l)" -eq 1 ] && echo "$said" | grep -qF -- "$text"
	ok $? "refuses: $*"
}
refuse "known are tiny-churn, live-sweep" no-such-workload
refuse "a workload is needed"
refuse "one workload at a time" tiny-churn larson
refuse "a whole number from 1 to" --set ops=0 tiny-churn
refuse "a whole number from 1 to" --set ops=12x tiny-churn
refuse "a whole number from 1 to" --set ops= tiny-churn
refuse "a whole number from 1 to" --set ops=99999999999999999999999 tiny-churn
refuse "known are ops, depth" --set depht=3 tiny-churn
refuse "NAME=VALUE is needed" --set depth tiny-churn
refuse "throughput, latency and verify" --mode fast tiny-churn
refuse "a whole number from 0" --seed -1 tiny-churn
refuse "unknown option or missing value" --sed 1 tiny-churn
refuse "unknown option or missing value" tiny-churn --seed
refuse "is above size_max" --set size_min=9 --set size_max=8 larson
refuse "1 or an even number" --set threads=3 prod-cons
refuse "too large for this machine's memory" --set live_mib=65536 --set size_min=512 \
	--set size_max=512 frag-drain
refuse "is no memory file" --channel-fd 0 tiny-churn
finish
