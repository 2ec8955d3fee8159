# Shards on hosts: a stand-in for ssh, hosts that die, fail and cannot be reached, and where each shard is.
. "$top_srcdir/harness/test/bench.sh"

library=$work/mine.so
cp "$top_builddir/.libs/libashlar.so" "$library"
dir=$work/plan
cat >"$work/ssh" <<'END'
#!/bin/sh
# Called as ssh is: a host, a command.  What a host is like says its name.
host=$1 command=$2 shard=${2##* }
case $host in
gone)
	echo "ssh: connect to host gone port 22: No route to host" >&2
	exit 255 ;;
dying) # in the middle of a shard; also where this script was slower than the shard
	sh -c "$command" &
	until [ -e "$dir/state/$shard.json" ] || ! kill -0 $! 2>/dev/null; do sleep 0.05; done
	[ -e "$dir/state/$shard.json" ] || { wait $!; exit; } # it failed before it began, which is no death
	kill -KILL $!
	wait $!
	rm -rf "$dir/shards/$shard"
	exit 255 ;;
full) # of a disk that takes no more: the first file that is larger than 512 bytes
	trap '' XFSZ
	ulimit -f 1 ;;
other) # whose library is another build
	printf x >>"$library" ;;
elsewhere) # a folder of that name which is not ours
	exit 0 ;;
bare)
	command="exec '/nowhere/ashlar-bench${command#*/ashlar-bench}" ;;
esac
exec sh -c "$command"
END
chmod +x "$work/ssh"
export dir library

plan() { # anew, of N shards
	rm -rf "$dir"
	cp "$top_builddir/.libs/libashlar.so" "$library"
	bench cluster plan --workload tiny-churn --mode verify --only glibc --allocator "mine=$library" --set ops=2000 \
		--blocks "$1" --shards "$1" --seed 7 -o "$dir"
}
hosts() { bench cluster run "$dir" --ssh "$work/ssh" --hosts "$@"; }
lines() { grep -c . "$work/err"; }

refuses 2 "holds no plan" "what is no plan cannot be run" cluster run "$work" --hosts a
refuses 2 "--hosts a,b,c is needed" "nor where nobody is named" cluster run "$work"
refuses 2 "a is named twice" "a host measures one shard at a time" cluster run "$work" --hosts a,b,a
refuses 2 "'' is no host" "a list with a hole" cluster run "$work" --hosts a,,b
refuses 2 "--slurm is needed" "submit says to what" cluster submit "$work"
refuses 2 "come after --" "options of sbatch are set apart" cluster submit "$work" --slurm x

plan 4
bench cluster status "$dir"
check '[ $status -eq 0 ] && [ "$(grep -c planned "$work/out")" -eq 5 ]' "nothing was begun: all are planned"
refuses 2 "was not submitted" "what was not submitted cannot be cancelled" cluster cancel "$dir"

hosts gone,dying,user@good
check '[ $status -eq 0 ] && grep -q "all 4 shards are finished" "$work/out"' "one host of three is enough"
check 'grep -q "^ashlar-bench cluster run: gone is lost with shard [0-3] (exit status 255: ssh: connect.*No route to host): it goes to another host$" "$work/err"' \
	"one that cannot be reached is told in a line, with its shard and what ssh said"
check 'grep -q "^ashlar-bench cluster run: dying is lost with shard [0-3] (exit status 255.*): it goes to another host$" "$work/err" && [ "$(lines)" -eq 2 ]' \
	"one that dies in the middle, too"
bench cluster status "$dir"
check '[ $status -eq 0 ] && [ "$(grep -c "finished  good  *20..-..-..T" "$work/out")" -eq 4 ] && grep -q "^4 shards: 4 finished$" "$work/out"' \
	"status says which node finished each, and when"
bench cluster merge "$dir" -o "$work/merged"
check '[ $status -eq 0 ] && [ "$(grep -c . "$work/merged/samples.jsonl")" -eq 8 ]' "they are merged, each once"
hosts gone
check '[ $status -eq 0 ] && [ "$(lines)" -eq 0 ]' "when all are finished no host is asked"

plan 2
hosts full,good
check '[ $status -eq 0 ] && [ "$(lines)" -eq 1 ] && grep -q "full failed with shard [01] (.*File too large.*): it goes to another host" "$work/err"' \
	"a full disk is told, and another host measures the shard"

plan 1
hosts other
check '[ $status -eq 1 ] && grep -q "other failed with shard 0 (.*mine is another library than planned.*): it goes to another" "$work/err" &&
	grep -q "0 of 1 shards are finished, and no host is left" "$work/err"' "another build of a contender is told, and nothing is measured with it"
bench cluster status "$dir"
check '[ $status -eq 1 ] && grep -q "^ *0  failed  *other .*mine is another library than planned" "$work/out"' \
	"status says what a shard failed of"
cp "$top_builddir/.libs/libashlar.so" "$library"
hosts bare,elsewhere
check '[ $status -eq 1 ] && [ "$(lines)" -eq 3 ] && grep -q "bare failed with shard 0 (exit status 12[67]: .*not found)" "$work/err" &&
	grep -q "elsewhere failed with shard 0 (it says that it is finished, but it is not in the folder here" "$work/err" &&
	grep -q "it failed on two hosts and is given up" "$work/err"' \
	"a shard that fails on two hosts is given up"
hosts good
check '[ $status -eq 0 ] && grep -q "all 1 shards are finished" "$work/out"' "the same command with a better host ends it"

# A shard that two measure: the first is held in the middle, while another finishes it.
cat >"$work/held.ini" <<E
[global]
only = glibc
blocks = 1
timeout = 1h
[tiny-churn]
mode = verify
set = ops=2000
$(held_section 1)
E
rm -rf "$dir"
bench cluster plan "$work/held.ini" --shards 1 --seed 7 -o "$dir"
"$bench" cluster shard "$dir" 0 --quiet --node first >"$work/first" 2>&1 &
pid=$!
until_held $pid
refuses 2 "another ashlar-bench is writing it" "a shard runs once on a machine" cluster shard "$dir" 0 --node first
bench cluster shard "$dir" 0 --quiet --node second
check '[ $status -eq 0 ]' "two machines may measure the same one"
touch "$work/go"
wait $pid
status=$?
check '[ $status -eq 0 ] && grep -q "^shard 0 was finished twice: this copy, of first, is dropped$" "$work/first" &&
	[ "$("$rows" "$dir/shards/0" id | sort -u | grep -c .)" -eq "$(grep -c . "$dir/shards/0/samples.jsonl")" ]' "the later copy is dropped"

# A shard whose process is gone without a word, and one that runs.
plan 2
mkdir "$dir/state"
note() { # SHARD PID
	printf '{"node":{"name":"n%d","boot":"%s"},"namespace":"%s","pid":%d,"since":"2026-01-01T00:00:00Z"}\n' "$1" \
		"$(cat /proc/sys/kernel/random/boot_id)" "$(readlink /proc/self/ns/pid)" "$2" >"$dir/state/$1.json"
}
note 0 $$
note 1 4194305 # above the kernel's limit of 2^22: no process has it
bench cluster status "$dir"
check '[ $status -eq 1 ] && grep -q "^ *0  running   n0 .*2026-01-01" "$work/out" && grep -q "^ *1  failed    n1 .*gone without a word" "$work/out"' \
	"without Slurm the folder tells which shard runs where, and which died"
finish
