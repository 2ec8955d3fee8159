# Slurm itself, of one machine with three nodes: submitted, requeued, a node lost, merged, and compared with the same
# plan run without it.  What was said goes to $ASHLAR_TRANSCRIPT, if that is set.
. "$top_srcdir/harness/test/bench.sh"
. "$top_srcdir/harness/test/slurm.sh"

if [ -n "$(slurm_missing)" ] && [ "${ASHLAR_TEST_INSTALL:-}" = 1 ] && [ "$(id -u)" -eq 0 ]; then
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends slurmctld slurmd slurm-client \
		slurm-wlm-basic-plugins munge >"$work/out" 2>&1
fi
if [ -n "$(slurm_missing)" ]; then
	echo "1..0 # SKIP not installed: $(slurm_missing)(root and ASHLAR_TEST_INSTALL=1 installs them)"
	exit 0
fi
trap 'slurm_stop; rm -rf "$work"' EXIT
if ! slurm_start "$work/slurm" 3; then
	echo "# $(tail -qn 3 "$work"/slurm/log/* 2>/dev/null | tr '\n' ' ')"
	echo "1..0 # SKIP a Slurm cannot be started here"
	exit 0
fi

dir=$work/plan library=$work/mine.so
modes=verify,throughput
command -v valgrind >/dev/null && modes=instructions,$modes
cp "$top_builddir/.libs/libashlar.so" "$library"
# A shard that is to stand still in its middle does it by itself, in a command that is part of the plan: before it
# begins, with something recorded and something left, the first shard takes $work/hold.1, if that is there, and another
# one $work/hold.2; it leaves its number in held.1 or held.2, and waits.
cat >"$work/hold" <<END
for k in 0 1 2 3 4 5; do grep -q "\"pid\": \$PPID[,}]*\$" "$dir/state/\$k.json" 2>/dev/null && break; done || exit 0
had=\$(cat "$work"/tmp/ashlar-shard-*-\$k-*/samples.jsonl 2>/dev/null | grep -c .)
all=\$(sed -n '/"shards": .$/,/]/s/^   "turns": \([0-9]*\).*/\1/p' "$dir/plan.json" | sed -n "\$((k + 1))p")
[ \$had -ge 1 ] && [ \$had -lt \$((2 * all - 1)) ] || exit 0
for n in 1 2; do
	[ "\$(cat "$work/held.1" 2>/dev/null)" != \$k ] && mv "$work/hold.\$n" "$work/held.\$n.\$\$" 2>/dev/null || continue
	echo \$k >"$work/held.\$n.\$\$"
	mv "$work/held.\$n.\$\$" "$work/held.\$n"
	while [ -d "$work" ]; do sleep 0.1; done
done
exit 0
END
planned() { # by a verb that makes a plan
	bench "$@" --workload tiny-churn --mode $modes --only glibc --allocator "mine=$library" --set ops=300000 \
		--command true --prepare "exec sh $work/hold" --output ignore --directory "$work" --timeout 1h \
		--blocks 8 --seed 7 --no-repeat
}

say() { [ -z "${ASHLAR_TRANSCRIPT:-}" ] || echo "$*" >>"$ASHLAR_TRANSCRIPT"; }
told() { # the bench, noted
	bench "$@"
	say "\$ ashlar-bench $*"
	[ -z "${ASHLAR_TRANSCRIPT:-}" ] || cat "$work/out" "$work/err" >>"$ASHLAR_TRANSCRIPT"
}
scontrols() {
	say "\$ scontrol $*"
	scontrol "$@"
}
state() { # of a shard: where its process is
	sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},*$/\1/p" "$dir/state/$1.json" 2>/dev/null | head -n 1
}
records() { # that a shard has in the making
	cat "$work"/tmp/ashlar-shard-*-"$1"-*/samples.jsonl 2>/dev/null | grep -c .
}
is_whole() { [ -e "$dir/shards/$1/whole.json" ]; }
task() { # the job of a shard in the queue, as id_task
	squeue -h -r -t all -o '%F_%K %F %K' | grep -v N/A | while read -r name id number; do
		offset=$(tr -d ' \n' <"$dir/slurm.json" | sed -n "s/.*\"id\":\"$id\",\"offset\":\([0-9]*\).*/\1/p")
		[ $((number + ${offset:-1000000})) -eq "$1" ] && echo "$name"
	done 2>/dev/null | tail -n 1
}
# The shard that stands still in the middle: $victim; where no job is left that could, the rest has no sense.
held() { # N
	slurm_until "[ -e $work/held.$1 ] || slurm_idle"
	victim=$(cat "$work/held.$1" 2>/dev/null)
	check '[ -n "$victim" ]' "a shard is stopped in its middle"
	[ -n "$victim" ] || { finish; exit; }
}
numbers() { "$rows" "$1" id cell mode block order allocator seed status | sort; }
counts() { "$rows" "$1" mode id allocator allocator_instructions ops allocs status | grep -v '^throughput' | sort; }
# With the bench's own, which scatters by some millionths in any two runs.
whole() { "$rows" "$1" mode id allocator instructions | grep '^instructions' | sort; }

# The reference.
planned run --quiet --no-report --out "$work/single"
check '[ $status -eq 0 ]' "the plan runs without Slurm"

planned cluster plan --shards 6 --nodes 3 -o "$dir"
check '[ $status -eq 0 ]' "it is cut into six shards"
say "\$ ashlar-bench cluster plan ... --shards 6 --nodes 3 -o $dir"
told cluster submit "$dir" --slurm -- --partition=nowhere
check '[ $status -eq 1 ] && [ "$(grep -c . "$work/err")" -eq 1 ] && grep -q "nvalid partition" "$work/err"' \
	"what Slurm refuses is told in its words"
touch "$work/hold.1" "$work/hold.2"
told cluster submit "$dir" --slurm -- --comment=ours
check '[ $status -eq 0 ] && [ "$(grep -c "^job [0-9]*: shards" "$work/out")" -eq 2 ] && grep -q "^job [0-9]*: shards 4-5$" "$work/out" &&
	grep -q "^job [0-9]*: merges" "$work/out"' \
	"two arrays, where one holds four tasks, and a merge"
bench cluster submit "$dir" --slurm
check '[ $status -eq 0 ] && grep -q "nothing to submit" "$work/out"' "what is in the queue is not submitted again"

# Requeued in the middle.
held 1
first=$victim had=$(records "$victim") name=$(task "$victim")
told cluster status "$dir"
check '[ $status -eq 0 ] && grep -q "^ *$first  running   n[1-3] .*20..-..-..T" "$work/out"' "status says where a shard runs, and since when"
pid=$(state "$first" pid)
scontrols requeue "$name"
slurm_until '! alive "$pid"'
check '! is_whole "$first" && [ "$had" -gt 0 ]' "a shard is requeued in the middle"

# A node that is lost: all that runs there at once, and its daemon.
held 2
second=$victim node=$(squeue -h -r -t running -o '%F_%K %N' | awk -v t="$(task "$victim")" '$1 == t { print $2 }')
pid=$(state "$second" pid)
say "# the power of $node fails while shard $second runs there"
kill -KILL "$(cat "$work/slurm/$node.pid")"
for step in $(pgrep -x slurmstepd); do
	cat "/proc/$step/environ" 2>/dev/null | tr '\0' '\n' | grep -qxF "SLURM_CONF=$SLURM_CONF" || continue
	pgrep -P "$step" | grep -qx "$pid" && kill -KILL "$step"
done
kill -KILL "$pid"
scontrols update "nodename=$node" state=down reason=lost
slurm_until '[ -n "$(squeue -h -r -t pending,running -o "%F_%K" | grep -x "$(task "$second")")" ] || slurm_idle'
told cluster status "$dir"
check '! is_whole "$second" && grep -q "^ *$second  \(waiting\|running\)" "$work/out"' "that of a lost node waits for another"
slurm_until 'slurm_idle'
told cluster status "$dir"
check '[ $status -eq 0 ] && grep -q "^6 shards: 6 finished$" "$work/out" && grep -q "^merge: done" "$work/out"' "all are finished, and merged by a job"
check '[ "$(grep -c "^ *[0-5]  finished  $node " "$work/out")" -eq 0 ] || ! grep -q "^ *$second  finished  $node " "$work/out"' \
	"the lost node's by another"
told cluster submit "$dir" --slurm
check '[ $status -eq 0 ] && grep -q "nothing to submit: 6 of 6 shards are finished" "$work/out"' "nothing is left to submit"
numbers "$work/single" >"$work/wanted"
numbers "$dir/merged" >"$work/got"
check 'cmp -s "$work/wanted" "$work/got" && [ -s "$work/got" ]' "the same cells, blocks, orders, seeds and outcomes as without Slurm"
counts "$work/single" >"$work/wanted"
counts "$dir/merged" >"$work/got"
diff "$work/wanted" "$work/got" >"$work/out"
check 'cmp -s "$work/wanted" "$work/got" && [ -s "$work/got" ]' "the same counts, instructions of the contender among them"
whole "$work/single" >"$work/one"
whole "$dir/merged" >"$work/many"
check 'paste "$work/one" "$work/many" | awk '\''{ d = $4 / $8 - 1 } $2 != $6 || d > 1e-4 || d < -1e-4 { bad = 1 } END { exit bad }'\' \
	"with those of the bench all but the same"
check '! grep -q "\"status\": *\"failed\"" "$dir/merged/samples.jsonl"' "no contender is blamed for what ended"
say "# samples: $(grep -c . "$dir/merged/samples.jsonl"); counts that differ from the run without Slurm: $(
	diff "$work/wanted" "$work/got" | grep -c '^[<>]')"

# Cancelled, and gone on with.
rm -rf "$dir"
planned cluster plan --shards 3 -o "$dir"
rm -f "$work"/held.*
touch "$work/hold.1"
bench cluster submit "$dir" --slurm --out "$work/again"
held 1
told cluster cancel "$dir"
check '[ $status -eq 0 ] && grep -q "^cancelled: [1-3] shards and the merge" "$work/out"' "cancel takes shards and merge back"
slurm_until 'slurm_idle'
told cluster status "$dir"
check '[ $status -eq 1 ] && grep -q "failed .*CANCELLED" "$work/out"' "status says so"

# A node with another build of a contender: the others' shards are not lost, and the merge names those that are missing.
slurm_until '[ -n "$(sinfo -h -N -t idle -o %N)" ] || { busy=$(sinfo -h -N -t alloc,mix,comp -o %N) && [ -z "$busy" ]; }'
alive=$(sinfo -h -N -t idle -o %N | head -n 1) # not the lost one, for which a job would wait for ever
cat >"$work/bench" <<END
#!/bin/sh
[ "\$SLURMD_NODENAME" = $alive ] && [ "\$2" = shard ] && printf x >>"$library"
exec "$bench" "\$@"
END
chmod +x "$work/bench"
bench cluster submit "$dir" --slurm --out "$work/again" --bench "$work/bench" -- --nodelist="$alive"
slurm_until 'slurm_idle'
told cluster status "$dir"
check '[ $status -eq 1 ] && grep -q "failed  *$alive .*mine is another library than planned" "$work/out" && grep -q "^merge: not done: ..*" "$work/out" &&
	[ ! -e "$work/again" ]' "another build of a contender is told with its shard, and nothing is merged"
cp "$top_builddir/.libs/libashlar.so" "$library"
bench cluster submit "$dir" --slurm --out "$work/again"
check '[ $status -eq 0 ]' "what failed is submitted again"
slurm_until 'slurm_idle'
numbers "$work/single" >"$work/wanted"
numbers "$work/again" >"$work/got"
check 'cmp -s "$work/wanted" "$work/got" && [ -s "$work/got" ]' "and the set is whole"
finish
