#!/bin/sh
# Replays of synthetic traces: each kind in each mode does what the trace promises, and
# what is wrong is found and said.
. "$top_srcdir/workloads/test/common.sh"
make=$top_builddir/workloads/test/make_trace
tmp=$(mktemp -d "${TMPDIR:-/tmp}/ashlar-replay.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT

for kind in one four late aligned crowd; do
	said=$("$make" $kind "$tmp/$kind" 2>&1); ok $? "a trace of kind $kind is made"
done

# validated NAME WORD...: it ends well and says so.
validated() {
	name=$1
	shift
	said=$("$work" "$@" 2>&1)
	[ $? -eq 0 ] && echo "$said" | grep -q "^replay    validated"; ok $? "$name"
}
for kind in one four late aligned; do
	for mode in max windowed; do
		validated "$kind: validated in mode $mode" --set mode=$mode trace:"$tmp/$kind"
	done
	validated "$kind: validated in mode paced" --set mode=paced --set scale=50 trace:"$tmp/$kind"
	for touch in none first all; do
		validated "$kind: validated with touch=$touch" --set touch=$touch --replay "$tmp/$kind"
	done
	validated "$kind: passes verify mode" --mode verify trace:"$tmp/$kind"
	validated "$kind: runs in latency mode" --mode latency trace:"$tmp/$kind"
	validated "$kind: a part of it" --set ops=5000 trace:"$tmp/$kind"
	validated "$kind: in a tight window" --set window=8 trace:"$tmp/$kind"
	validated "$kind: three times over" --set rounds=3 trace:"$tmp/$kind"
	validated "$kind: three times over, verified" --set rounds=3 --mode verify trace:"$tmp/$kind"
	validated "$kind: in a window of 1 ms" --set window_ms=1 trace:"$tmp/$kind"
	[ $kind = late ] || validated "$kind: three copies, verified" --set copies=3 --mode verify trace:"$tmp/$kind"
done
# The allocations that are counted are those of the trace.
made=$("$work" --set ops=5000 trace:"$tmp/one" | sed -n 's/^work .* \([0-9]*\) allocation calls.*/\1/p')
again=$("$work" --set ops=5000 --set mode=max trace:"$tmp/one" | sed -n 's/^work .* \([0-9]*\) allocation calls.*/\1/p')
said="$made and $again"
[ "${made:-0}" -gt 2500 ] && [ "$made" = "$again" ]; ok $? "a part of a trace is the same part every time"
said=$("$work" trace:"$tmp/one")
echo "$said" | grep -q "^mark      peak" && echo "$said" | grep -q "^mark      end"
ok $? "one thread: marks at the peak and at the end"
said=$("$work" trace:"$tmp/four")
[ "$(echo "$said" | grep -c "^waiting   thread")" -eq 4 ]; ok $? "every thread's waiting is told"
# A thread that waits as the recorded one did does not measure the scheduler.
"$make" waits "$tmp/waits" 60000
for mode in max windowed; do
	said=$("$work" --set mode=$mode trace:"$tmp/waits")
	echo "$said" | grep -q "^replay    validated" && echo "$said" | grep -q "^waiting   thread 0: 0.000 of [0-9.]* s, idle [0-9.]* s$"
	ok $? "mode $mode: a join and an idle thread are no waiting"
done
# Paced: as long as it was recorded, or so many percent of that.
wall() { "$work" --set mode=paced --set scale=$1 trace:"$tmp/one" | sed -n 's/^time .* \([0-9.]*\) s wall.*/\1/p'; }
said="$(wall 1000) s at 10 times the recorded time, $(wall 100000) s at 1000 times"
echo "$said" | awk '{ exit !($1 >= 0.015 && $9 >= 1.5) }'; ok $? "paced takes the recorded time, scaled"

# A trailer that promises something else.  Its numbers: events, ten kinds, bytes, peak.
for field in 1:malloc 11:bytes 12:peak 15:alive 16:alive; do
	cp "$tmp/one" "$tmp/lie"
	said=$("$make" lie "$tmp/lie" ${field%:*} 2>&1) && said=$("$work" trace:"$tmp/lie" 2>&1)
	echo "$said" | grep "^replay    not validated" | grep -q "${field#*:}.* the trace promises"
	ok $? "a trailer that lies about ${field#*:} (number ${field%:*}) is not validated"
done

# And one of its tables: sizes, alignments, who gave up whose objects.
said=$("$make" four "$tmp/tables" 3000 2>&1)
for field in "22:or a little more" "150:aligned to" "164:given up by thread"; do
	cp "$tmp/tables" "$tmp/lie"
	said=$("$make" lie "$tmp/lie" ${field%%:*} 2>&1) && said=$("$work" trace:"$tmp/lie" 2>&1)
	echo "$said" | grep "^replay    not validated" | grep -q "${field#*:}.*the trace promises"
	ok $? "nor one that lies in a table: '${field#*:}' (number ${field%%:*})"
done

# refuse TEXT WORD...: status 2, one line on stderr that contains TEXT, none on stdout.
refuse() {
	text=$1
	shift
	said=$("$work" "$@" 2>&1 >/dev/null)
	[ $? -eq 2 ] && [ "$(echo "$said" | wc -l)" -eq 1 ] && echo "$said" | grep -qF -- "$text"
	ok $? "refuses: $* ($text)"
}
refuse "more threads are alive at one time in this trace than the 128 that can be replayed" trace:"$tmp/crowd"
refuse "No such file" trace:"$tmp/nosuch"
refuse "max, windowed, paced, single are accepted" --set mode=fast trace:"$tmp/one"
refuse "none, first, pages, all are accepted" --set touch=9 trace:"$tmp/one"
refuse "known are ops, mode, window" --set threads=2 trace:"$tmp/one"
refuse "mode locality is for traces and for workloads of one thread: larson has more" --mode locality larson
refuse "mode sharing is for traces and for workloads whose threads exchange nothing: larson" --mode sharing larson
refuse "modes locality and footprint make all calls in one thread" --mode locality --set copies=2 trace:"$tmp/one"
refuse "copies=33: with 4 threads each these are more than 128; up to 32 are accepted" --set copies=33 trace:"$tmp/four"
refuse "were given" --replay "$tmp/one" tiny-churn
printf 'no trace at all' >"$tmp/text"
refuse "$tmp/text: " trace:"$tmp/text"
head -c 20000 "$tmp/one" >"$tmp/cut"
said=$("$work" trace:"$tmp/cut" 2>&1)
[ $? -eq 0 ] && echo "$said" | grep -q "not validated: the trace is cut short"; ok $? "what is whole of a trace cut short is replayed"

# What needs an allocator preloaded, or none of a sanitizer's.
if [ "${ASH_SANITIZER:-no}" = no ]; then
	libs=$top_builddir/workloads/test/.libs
	# By several threads a block that is handed out twice shows in the way that comes first: by its
	# place, by what the other wrote over it, or by the size that the other had put before it.
	for kind in one four; do
		said=$(ASHLAR_BROKEN=none LD_PRELOAD=$libs/libbroken.so "$work" --mode verify trace:"$tmp/$kind" 2>&1)
		ok $? "$kind: verify mode finds nothing where there is nothing"
		for fault in "overlap:damaged block\|overlapping blocks\|no live block\|usable size" \
			"same:overlapping blocks\|damaged block\|no live block\|wrong usable size" "misaligned:misaligned block" \
			"usable:wrong usable size" "scribble:damaged block\|no live block\|never freed" \
			"dirty:not zero"; do
			said=$(ASHLAR_BROKEN=${fault%%:*} LD_PRELOAD=$libs/libbroken.so "$work" --mode verify trace:"$tmp/$kind" 2>&1)
			[ $? -eq 1 ] && echo "$said" | grep -q "${fault#*:}"; ok $? "$kind: verify mode finds fault '${fault%%:*}'"
		done
		said=$(LD_PRELOAD=$top_builddir/.libs/libashlar-null.so "$work" trace:"$tmp/$kind" 2>&1)
		ok $? "$kind: runs under null"
	done
	# The model repeats, whatever the environment and the day.
	still=$top_builddir/.libs/libashlar-still.so
	for preload in "$still" "$top_builddir/.libs/libashlar.so:$still"; do
		said=
		for padding in x $(printf '%03000d' 0) $(printf '%0777d' 0); do
			said="$said$(PADDING=$padding LD_PRELOAD=$preload "$work" --mode locality trace:"$tmp/one" 2>&1 |
				sed -n 's/^locality *//p; s/^          \([0-9.]* \)/\1/p' | tr '\n' ' ')
"
		done
		case $said in *"switch their randomisation off"*) skip="the kernel keeps addresses random here" ;; esac
		echo "$said" | sed 's/2 MiB//; s/4 KiB//; s/1000 operations//; s/[^0-9. ]//g' | awk 'NF {
			for (i = 1; i <= NF; i++) { if (NR == 1) first[i] = $i
				else if ($i > first[i] * 1.01 || $i < first[i] / 1.01) bad++ }
			n++; fields += NF } END { exit !(n == 3 && fields >= 24 && !bad) }'
		ok $? "locality repeats within 1 % under $preload"
		skip=
	done
	said=$(LD_PRELOAD='' "$work" --mode locality trace:"$tmp/four" 2>&1)
	echo "$said" | grep -q "regions of 2 MiB in all"; ok $? "four: locality of all threads as one"
	# Threads that take turns do so in one order; another seed has another.  A thread of the
	# allocator's own takes no turns.
	sharing() { # PRELOAD WORD...: what is counted of lines and threads
		preload=$1
		shift
		ASHLAR_CONF=background_thread:false LD_PRELOAD=$preload timeout 100 "$work" --mode sharing "$@" 2>&1 | sed -n 's/^replay  *\([a-z]*\).*/\1/p; s/^locality *//p; s/^sharing *//p'
	}
	for of in "--set copies=5 trace:$tmp/one" "--set copies=3 trace:$tmp/four" "trace:$tmp/late" \
		"--set ops=20000 --set threads=4 own-lines"; do
		for preload in "$still" "$top_builddir/.libs/libashlar.so:$still"; do
			first=$(sharing "$preload" $of)
			said=$(sharing "$preload" $of)
			case $said in *"switch their randomisation off"*) skip="the kernel keeps addresses random here" ;; esac
			[ "$first" = "$said" ] && echo "$said" | grep -q "transfers of a line" &&
				{ [ "${of%trace:*}" = "$of" ] || echo "$said" | grep -qx validated; }
			ok $? "${of##*/}: threads by turns repeat under ${preload##*build*/}"
			skip=
		done
	done
	first=$(sharing "$still" --set ops=20000 own-lines)
	said=$(sharing "$still" --set ops=20000 --seed 2 own-lines)
	[ -n "$said" ] && [ "$first" != "$said" ]; ok $? "another seed has another order"
fi
finish
