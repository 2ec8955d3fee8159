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
choice="--workload tiny-churn --mode $modes --only glibc --allocator mine=$library --set ops=300000 --blocks 8 --seed 7 --no-repeat"

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
# A shard that stands still in the middle: $victim.  One that was faster than this script is let go.
stop_one() {
	victim=
	while [ -z "$victim" ]; do
		for shard in "$@"; do
			if ! is_whole "$shard" && [ "$(records "$shard")" -gt 0 ] && kill -STOP "$(state "$shard" pid)" 2>/dev/null; then
				is_whole "$shard" || victim=$shard && return
				kill -CONT "$(state "$shard" pid)"
			fi
		done
		all_whole && return 1
		sleep 0.05
	done
}
all_whole() { for k in 0 1 2 3 4 5; do is_whole $k || return 1; done; }
numbers() { "$rows" "$1" id cell mode block order allocator seed status | sort; }
counts() { "$rows" "$1" mode id allocator allocator_instructions ops allocs status | grep -v '^throughput' | sort; }
# With the bench's own, which counts digits of times that the kernel tells: some tens of millions, give or take tens.
whole() { "$rows" "$1" mode id allocator instructions | grep '^instructions' | sort; }

# The reference.
bench run $choice --quiet --no-report --out "$work/single"
check '[ $status -eq 0 ]' "the plan runs without Slurm"

bench cluster plan $choice --shards 6 --nodes 3 -o "$dir"
check '[ $status -eq 0 ]' "it is cut into six shards"
say "\$ ashlar-bench cluster plan ... --shards 6 --nodes 3 -o $dir"
told cluster submit "$dir" --slurm -- --partition=nowhere
check '[ $status -eq 1 ] && [ "$(grep -c . "$work/err")" -eq 1 ] && grep -q "nvalid partition" "$work/err"' \
	"what Slurm refuses is told in its words"
told cluster submit "$dir" --slurm -- --comment=ours
check '[ $status -eq 0 ] && [ "$(grep -c "^job [0-9]*: shards" "$work/out")" -eq 2 ] && grep -q "^job [0-9]*: shards 4-5$" "$work/out" &&
	grep -q "^job [0-9]*: merges" "$work/out"' \
	"two arrays, where one holds four tasks, and a merge"
bench cluster submit "$dir" --slurm
check '[ $status -eq 0 ] && grep -q "nothing to submit" "$work/out"' "what is in the queue is not submitted again"

# Requeued in the middle.
stop_one 0 1 2 3 4 5
first=$victim had=$(records "$victim") name=$(task "$victim")
told cluster status "$dir"
check '[ $status -eq 0 ] && grep -q "^ *$first  running   n[1-3] .*20..-..-..T" "$work/out"' "status says where a shard runs, and since when"
pid=$(state "$first" pid)
scontrols requeue "$name"
slurm_until '! kill -0 $pid 2>/dev/null'
check '! is_whole "$first" && [ "$had" -gt 0 ]' "a shard is requeued in the middle"

# A node that is lost: all that runs there at once, and its daemon.
stop_one $(for k in 0 1 2 3 4 5; do [ $k -eq "$first" ] || echo $k; done)
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
slurm_until '[ -n "$(squeue -h -r -t pending,running -o "%F_%K" | grep -x "$(task "$second")")" ]'
told cluster status "$dir"
check '! is_whole "$second" && grep -q "^ *$second  \(waiting\|running\)" "$work/out"' "that of a lost node waits for another"
slurm_until 'all_whole'
slurm_until '[ -z "$(squeue -h -t pending,running,completing -o %i)" ]'
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
check 'paste "$work/one" "$work/many" | awk '\''$2 != $6 || $4 - $8 > 500 || $8 - $4 > 500 { bad = 1 } END { exit bad }'\' \
	"with those of the bench all but the same"
check '! grep -q "\"status\": *\"failed\"" "$dir/merged/samples.jsonl"' "no contender is blamed for what ended"
say "# samples: $(grep -c . "$dir/merged/samples.jsonl"); counts that differ from the run without Slurm: $(
	diff "$work/wanted" "$work/got" | grep -c '^[<>]')"

# Cancelled, and gone on with.
rm -rf "$dir"
bench cluster plan $choice --shards 3 -o "$dir"
bench cluster submit "$dir" --slurm --out "$work/again"
stop_one 0 1 2
kill -CONT "$(state "$victim" pid)"
told cluster cancel "$dir"
check '[ $status -eq 0 ] && grep -q "^cancelled: [1-3] shards and the merge" "$work/out"' "cancel takes shards and merge back"
slurm_until '[ -z "$(squeue -h -t pending,running,completing -o %i)" ]'
told cluster status "$dir"
check '[ $status -eq 1 ] && grep -q "failed .*CANCELLED" "$work/out"' "status says so"

# A node with another build of a contender: the others' shards are not lost, and the merge names those that are missing.
slurm_until '[ -n "$(sinfo -h -N -t idle -o %N)" ]'
alive=$(sinfo -h -N -t idle -o %N | head -n 1) # not the lost one, for which a job would wait for ever
cat >"$work/bench" <<END
#!/bin/sh
[ "\$SLURMD_NODENAME" = $alive ] && [ "\$2" = shard ] && printf x >>"$library"
exec "$bench" "\$@"
END
chmod +x "$work/bench"
bench cluster submit "$dir" --slurm --out "$work/again" --bench "$work/bench" -- --nodelist="$alive"
slurm_until '[ -z "$(squeue -h -t pending,running,completing -o %i)" ]'
told cluster status "$dir"
check '[ $status -eq 1 ] && grep -q "failed  *$alive .*mine is another library than planned" "$work/out" && grep -q "^merge: not done: ..*" "$work/out" &&
	[ ! -e "$work/again" ]' "another build of a contender is told with its shard, and nothing is merged"
cp "$top_builddir/.libs/libashlar.so" "$library"
bench cluster submit "$dir" --slurm --out "$work/again"
check '[ $status -eq 0 ]' "what failed is submitted again"
slurm_until '[ -z "$(squeue -h -t pending,running,completing -o %i)" ]'
numbers "$work/single" >"$work/wanted"
numbers "$work/again" >"$work/got"
check 'cmp -s "$work/wanted" "$work/got" && [ -s "$work/got" ]' "and the set is whole"
finish
