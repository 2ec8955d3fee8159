# A run set in shards: planned, measured, merged; what is amiss is told in one line and spoils nothing.
. "$top_srcdir/harness/test/bench.sh"

p=$work/p
told() { "$rows" "$1" id cell mode block order allocator seed status ops allocs allocator_instructions \
	locality.lines locality.pages locality.regions | sort -n; }
# The plan's folder again, for a fault: $f.
fresh() { f=$work/f && rm -rf "$f" "$work/set"* && cp -r "$p" "$f"; }
# Shard K of $f is changed by sed, and sealed again as its own node would have done.
edit() { # K FILE SED
	sed -i "$3" "$f/shards/$1/$2"
	(cd "$f/shards/$1" && for name in manifest.json samples.jsonl timelines.tar.zst; do
		[ ! -e $name ] || echo "\"$name\": {\"bytes\": $(wc -c <$name), \"sha256\": \"$(sha256sum <$name | cut -c -64)\"}"
	done | sed '1s/^/{/; $!s/$/,/; $s/$/}/' >whole.json)
}
# merge refuses $f with these words of a shard, writes nothing, and with --partial merges the others.
amiss() { # NAME WORDS SHARDS [DIR...]
	local name=$1 words=$2 left=$3
	shift 3
	bench cluster merge "$f" "$@" -o "$work/set"
	check '[ $status -eq 1 ] && [ "$(grep -c "shard .*$words" "$work/err")" -eq 1 ] && grep -q "nothing was merged" "$work/err" &&
		[ -z "$(ls -d "$work"/set* 2>/dev/null)" ]' "$name: told, and nothing is merged"
	bench cluster merge "$f" "$@" -o "$work/set" --partial
	check '[ $status -eq 0 ] && grep -q "merged: .*, $left of" "$work/out" && [ -s "$work/set/samples.jsonl" ]' "$name: --partial merges $left shards"
}

# --- plan and shards ---------------------------------------------------------------------------
cat >"$work/job.ini" <<'E'
[global]
only = glibc,ashlar
seed = 5
blocks = 2
no-repeat = yes
[tiny-churn]
mode = verify
set = ops=20000
[counted]
workload = tiny-churn
mode = instructions
set = ops=20000
blocks = 1
[trace:git]
mode = locality
E
bench cluster plan "$work/job.ini" --shards 3 -o "$p"
check '[ $status -eq 0 ] && [ -s "$p/plan.json" ] && grep -q "^10 samples in 5 blocks of cells, 3 shards" "$work/out"' \
	"a job file becomes a plan"
check '[ "$(sed -n "/\"shards\": .$/,/]/s/^   \"turns\": \([0-9]*\).*/\1/p" "$p/plan.json" | awk "{ n += \$1 } END { print NR, n }")" = "3 5" ]' \
	"whose three shards have all of its blocks"
refuses 1 "holds a plan already" "a plan is not written over" cluster plan "$work/job.ini" -o "$p"
refuses 2 "--budget" "a budget is no plan" cluster plan "$work/job.ini" --budget 5m -o "$work/q"
refuses 2 "--out DIR is needed" "a plan goes somewhere" cluster plan "$work/job.ini"
refuses 2 "has shards 0 to 2" "a shard that is none" cluster shard "$p" 3
refuses 2 "a number from 0" "a shard by another name" cluster shard "$p" two
refuses 2 "no plan.json" "a folder without a plan" cluster shard "$work" 0
refuses 2 "--precision" "precision without a pilot" cluster plan "$work/job.ini" --precision 2% -o "$work/q"
refuses 2 "a percentage" "precision that is none" cluster plan "$work/job.ini" --precision 2 --pilot "$p" -o "$work/q"
for k in 0 1 2; do
	bench cluster shard "$p" $k --node "n$((k % 2))" --quiet
	[ $status -eq 0 ] || break
done
check '[ $status -eq 0 ] && [ "$(ls "$p/shards" | tr "\n" " ")" = "0 1 2 " ] && [ -z "$(ls -A "$work/tmp")" ]' \
	"each is measured into its folder, and nothing else is left"
bench cluster shard "$p" 1 --quiet
check '[ $status -eq 0 ] && grep -q "shard 1 was finished at .* on n1: nothing is left" "$work/out"' "one that is there ends at once, with 0"

# --- a merged set is that of a single run --------------------------------------------------------
bench cluster merge "$p" -o "$work/merged"
check '[ $status -eq 0 ] && grep -q "3 of 3 shards" "$work/out" && [ ! -s "$work/err" ]' "three shards are merged"
bench run --job "$work/job.ini" --no-report --quiet --out "$work/single"
told "$work/single" >"$work/wanted"
check '[ $status -eq 0 ] && [ "$(grep -c . "$work/wanted")" -eq 10 ] && told "$work/merged" | diff - "$work/wanted" >"$work/out"' \
	"cells, blocks, orders, seeds, counts, instructions of the allocator and lines are those of one run of the same seed"
# Those of the driver around the allocator scatter by some millionths, in any two runs.
counted() { "$rows" "$1" id instructions | sort -n | awk '$2 > 0'; }
counted "$work/single" >"$work/counted"
if command -v valgrind >/dev/null; then
	check '[ "$(counted "$work/merged" | paste - "$work/counted" | awk "{ n++; d = \$2 / \$4 - 1; bad += \$1 != \$3 || d > 1e-4 || d < -1e-4 } END { print n, bad + 0 }")" = "2 0" ]' \
		"and whole counts agree to 1 in 10,000"
else
	skip "and whole counts agree to 1 in 10,000" "valgrind, which counts instructions, is not installed"
fi
check '[ "$("$rows" "$work/merged" node | sort -u | tr "\n" " ")" = "n0 n1 " ]' "every sample names its node"
check '[ "$("$rows" "$work/merged" cell mode block node | sort -u | grep -c .)" -eq 5 ]' "no block spans two"
refuses 2 "cluster extend" "a merged set is added to by its plan" run --resume "$work/merged" --blocks 3 --no-report
bench pack "$work/merged"
check '[ $status -eq 0 ] && [ "$(ls "$work/merged" | tr "\n" " ")" = "manifest.json samples.jsonl timelines.tar.zst " ]' "it packs like any other"
bench report "$work/merged" --text
check '[ $status -eq 0 ] && [ ! -s "$work/err" ]' "and is read like any other"
refuses 1 "is there already" "and is not written over" cluster merge "$p" -o "$work/merged"

# --- interrupted, left by another node -----------------------------------------------------------
cat >"$work/held.ini" <<E
[global]
only = glibc
seed = 5
blocks = 3
no-repeat = yes
timeout = 1h
[tiny-churn]
mode = verify
set = ops=20000
$(held_section 2)
E
bench cluster plan "$work/held.ini" --shards 1 -o "$work/q"
mkdir "$work/scratch"
left() { cat "$1"/*/samples.jsonl 2>/dev/null; }
# Before the second of three runs: some is recorded, and something is left.
"$bench" cluster shard "$work/q" 0 --quiet --scratch "$work/scratch" >"$work/out" 2>"$work/err" &
pid=$!
until_held $pid
kill -INT $pid 2>/dev/null
touch "$work/go"
wait $pid
status=$?
had=$(left "$work/scratch" | grep -c .)
check '[ $status -eq 130 ] && grep -q "to go on: ashlar-bench cluster shard $work/q 0" "$work/err" && [ $had -ge 1 ] && [ $had -lt 6 ] &&
	[ ! -e "$work/q/shards/0" ]' "ctrl-C: status 130, how to go on, and nothing is handed over"
cp -r "$work/scratch" "$work/left"
bench cluster shard "$work/q" 0 --quiet --scratch "$work/scratch"
check '[ $status -eq 0 ] && [ "$(grep -c . "$work/q/shards/0/samples.jsonl")" -eq 6 ] && [ -z "$(ls "$work/scratch")" ]' "the same command goes on"
check 'left "$work/left" | cmp -s - "$work/q/shards/0/samples.jsonl" -n "$(left "$work/left" | wc -c)"' "with what it had"
rm -r "$work/q/shards/0"
sed -i 's/"boot": "[^"]*"/"boot": "another"/' "$work"/left/*/manifest.json
bench cluster shard "$work/q" 0 --quiet --scratch "$work/left"
check '[ $status -eq 0 ] && grep -q "is dropped" "$work/out" && [ "$(grep -c . "$work/q/shards/0/samples.jsonl")" -eq 6 ]' \
	"what another machine or boot left is not gone on with"

# --- faults --------------------------------------------------------------------------------------
fresh
rm -r "$f/shards/1"
amiss "a shard that is missing" "1 is missing: .ashlar-bench cluster shard" 2
fresh
mv "$f/shards/1" "$f/shards/.1-n1-77"
amiss "a node lost while it copied" "1 is missing: half copied: .*/.1-n1-77" 2
fresh
truncate -s -100 "$f/shards/1/samples.jsonl"
amiss "a half copied folder" "1: half copied: .*samples.jsonl has .* of .* bytes" 2
bench cluster shard "$f" 1 --quiet --node n1
check '[ $status -eq 0 ] && grep -q "was a half copy" "$work/out"' "it is measured again and replaced"
rm -rf "$work/set"
bench cluster merge "$f" -o "$work/set"
check '[ $status -eq 0 ] && told "$work/set" | cmp -s - "$work/wanted"' "and then all is whole"
fresh
rm "$f/shards/1/whole.json"
amiss "a folder without its last file" "1: half copied: .*whole.json, which is written last, is not there" 2
fresh
cp -r "$f" "$work/g"
edit 1 samples.jsonl 's/"duration_ns":[0-9]*/"duration_ns":1/'
amiss "a shard that was run twice" "1: it was run twice: .* counts, .* does not" 3 "$work/g"
fresh
bench cluster merge "$f" "$work/g" -o "$work/set"
check '[ $status -eq 0 ] && [ ! -s "$work/err" ] && [ "$(grep -c . "$work/set/samples.jsonl")" -eq 10 ]' "two copies of the same are one"
fresh
edit 1 samples.jsonl 1d
amiss "a shard that lacks a sample" "1: .* it lacks 1 sample" 2
fresh
edit 1 samples.jsonl 1p
amiss "a sample that is there twice" "1: .* sample [0-9]* is there twice" 2
fresh
edit 1 manifest.json '/"hashes"/,/}/s/"ashlar": "[^"]*"/"ashlar": "0000"/'
amiss "another library under a contender's name" "1: .* contender ashlar: SHA-256 0000" 2
fresh
edit 1 manifest.json 's/"suite_version": "[^"]*"/"suite_version": "1.9"/'
amiss "another suite" "1: .* suite_version: .1.9., not" 2
fresh
edit 1 manifest.json 's/"worker_build_id": "[^"]*"/"worker_build_id": "00"/'
amiss "other workloads on a machine of one class" "1: .* worker_build_id" 2
fresh
edit 1 manifest.json 's/"plan": "[^"]*"/"plan": "0"/'
amiss "a shard of another plan" "1: .* plan: .0., not" 2
sed -i 's/^ "id": "[^"]*"/ "id": "0123456789abcdef"/' "$work/g/plan.json"
refuses 2 "is of another plan" "a folder of another plan" cluster merge "$p" "$work/g" -o "$work/none"
fresh
sed -i 's/"turns": [0-9]*/"turns": 99/' "$f/plan.json"
refuses 2 "plan.json: shard 0" "a plan that does not fit itself" cluster merge "$f" -o "$work/none"

# What is odd is told and spoils nothing.
fresh
edit 1 manifest.json 's/"clock_ahead_s": [-0-9]*/"clock_ahead_s": 3600/'
edit 2 manifest.json 's/^ "started": "20../ "started": "1999/; s/"boot": "[^"]*"/"boot": "abcdefgh-ij"/'
bench cluster merge "$f" -o "$work/set"
check '[ $status -eq 0 ] && grep -q "shard 1: the clock of n1 is 60 minutes ahead" "$work/err"' "a clock that is an hour ahead"
check 'grep -q "shard 2: the clock of n0 is behind" "$work/err"' "a clock that is behind"
check 'grep -q "shard 2: another machine than that of shard 0 has the name n0.*n0~abcdefgh" "$work/err" && [ "$(grep -c . "$work/err")" -eq 3 ]' \
	"two nodes of one name"
check 'told "$work/set" | cmp -s - "$work/wanted" && [ "$("$rows" "$work/set" node | sort -u | tr "\n" " ")" = "n0 n0~abcdefgh n1 " ]' \
	"and all of it is merged"

# Unlike machines.
fresh
edit 1 manifest.json 's/"machine_class": "[^"]*"/"machine_class": "00001111aaaa"/'
bench cluster merge "$f" -o "$work/set"
check '[ $status -eq 0 ] && grep -q "2 classes" "$work/err" && [ "$(ls -d "$work"/set* | grep -c .)" -eq 2 ] &&
	[ "$("$rows" "$work/set.00001111" node | sort -u)" = n1 ]' "machines of unlike classes are kept apart"
bench cluster merge "$f" -o "$work/set" --pool
check '[ $status -eq 0 ] && told "$work/set" | cmp -s - "$work/wanted" && grep -q "\"machine_class\": \"pool-" "$work/set/manifest.json"' \
	"--pool puts them together"

# A contender that is another one here, before anything runs; a full disk.
fresh
rm -r "$f/shards/1"
sed -i '/"hashes"/,/}/s/"ashlar": "[^"]*"/"ashlar": "0000"/' "$f/plan.json"
refuses 2 "shard 1 cannot run here: ashlar is another library" "another library here" cluster shard "$f" 1
full=$work/full
# Room for the plan and its shards twice over, whatever they hold here, in pages of up to 64 KiB; all of it is filled.
room=$(cat "$p/plan.json" "$p"/shards/*/* | wc -c)
if [ "$(id -u)" -eq 0 ] && mkdir "$full" && mount -t tmpfs -o size=$((2 * room + (1 << 20))) none "$full" 2>/dev/null; then
	trap 'umount "$full" 2>/dev/null; rm -rf "$work"' EXIT
	cp "$p/plan.json" "$full" && mkdir "$full/shards"
	cat /dev/zero >"$full/filler" 2>/dev/null
	bench cluster shard "$full" 1 --quiet --node n1
	check '[ $status -eq 1 ] && [ "$(grep -c "shard 1 could not be handed over: .*No space left" "$work/err")" -eq 1 ]' "a full disk is told"
	check '[ -z "$(ls -A "$full/shards")" ]' "and nothing half is left there"
	rm "$full/filler"
	bench cluster shard "$full" 1 --quiet --node n1
	check '[ $status -eq 0 ] && [ -s "$full/shards/1/whole.json" ] && [ -z "$(ls -A "$work/tmp")" ]' \
		"with room the same command hands over what it had"
	umount "$full"
else
	echo "# a full disk is left out: no tmpfs can be mounted"
fi

# --- more ----------------------------------------------------------------------------------------
bench cluster extend "$p" --blocks 3 --mode verify --shards 1
check '[ $status -eq 0 ] && grep -q "^2 samples in 1 blocks of cells, 1 shards" "$work/out"' "a plan is added to"
bench cluster extend "$p" --blocks 3 --mode verify
check '[ $status -eq 0 ] && grep -q "holds all of it already" "$work/out"' "what it has it is not given again"
bench cluster shard "$p" 3 --quiet --node n1
check '[ $status -eq 0 ]' "the new shard is measured"
bench cluster merge "$p" -o "$work/more"
told "$work/more" >"$work/told"
check '[ $status -eq 0 ] && grep -q "4 of 4 shards" "$work/out" && [ "$(grep -c . "$work/told")" -eq 12 ]' "and merged with those that were there"
check 'head -n 10 "$work/told" | cmp -s - "$work/wanted" && [ "$(tail -n 2 "$work/told" | cut -f 4 | sort -u)" = 2 ]' \
	"which are as they were; the new block has its own number"

# --- more faults ---------------------------------------------------------------------------------
# Half in one copy of the folder, whole in another, in either order.
fresh
cp -r "$f" "$work/h"
truncate -s -100 "$f/shards/1/samples.jsonl"
for dirs in "$f $work/h" "$work/h $f"; do
	rm -rf "$work/set"
	bench cluster merge $dirs -o "$work/set"
	check '[ $status -eq 0 ] && [ "$(grep -c . "$work/err")" -eq 1 ] && grep -q "shard 1: half copied: .*another copy is whole" "$work/err" &&
		[ "$(grep -c . "$work/set/samples.jsonl")" -eq 12 ]' "a half copy beside a whole one is told, and spoils nothing"
done
fresh
edit 1 manifest.json 's/^ "finished": "[^"]*"/ "finished": null/'
amiss "a shard that is sealed and not finished" "1: .*manifest.json is not that of a finished shard" 3
bench cluster shard "$f" 1 --quiet --node n1
check '[ $status -eq 0 ] && grep -q "is replaced" "$work/out" && ! grep -q "\"finished\": null" "$f/shards/1/manifest.json" &&
	[ "$(ls -A "$f/shards" | tr "\n" " ")" = "0 1 2 3 " ]' "it is measured again and replaced, and nothing else is left"

# A pool of two machines of each of two classes.
fresh
for k in 0 1 2 3; do edit $k manifest.json "s/\"name\": \"n[01]\"/\"name\": \"n$k\"/; s/\"machine_class\": \"[^\"]*\"/\"machine_class\": \"$((k / 2))0001111\"/"; done
bench cluster merge "$f" -o "$work/set" --pool
first=$(sed -n 's/.*"machine_class": "\(pool-[0-9a-f]*\)".*/\1/p' "$work/set/manifest.json")
for k in 2 3; do edit $k manifest.json 's/"machine_class": "[^"]*"/"machine_class": "77777777"/'; done
rm -r "$work/set"
bench cluster merge "$f" -o "$work/set" --pool
second=$(sed -n 's/.*"machine_class": "\(pool-[0-9a-f]*\)".*/\1/p' "$work/set/manifest.json")
check '[ -n "$first" ] && [ -n "$second" ] && [ "$first" != "$second" ]' "pools of other classes have other classes, with two nodes of each"
refuses 2 "is a pool" "a pool tells no precision" cluster plan --workload tiny-churn --only glibc,ashlar \
	--precision 2% --pilot "$work/set" -o "$work/none"

# What is kept of a shard where it is worked on, and cannot be gone on with.
bench cluster plan --workload tiny-churn --mode verify --set ops=2000 --blocks 2 --only glibc --seed 5 --no-repeat --shards 2 -o "$work/s"
id=$(sed -n 's/^ "id": "\(.*\)",$/\1/p' "$work/s/plan.json")
rm -rf "$work/scratch" && mkdir "$work/scratch"
rmdir "$work/s/shards" && : >"$work/s/shards"
bench cluster shard "$work/s" 0 --quiet --node n0 --scratch "$work/scratch"
check '[ $status -eq 1 ] && [ -n "$(left "$work/scratch")" ]' "where a shard cannot be handed over it is kept"
rm "$work/s/shards" && mkdir "$work/s/shards"
sed -i 's/"worker_build_id": "[^"]*"/"worker_build_id": "00"/' "$work"/scratch/*/manifest.json
bench cluster shard "$work/s" 0 --quiet --node n0 --scratch "$work/scratch"
check '[ $status -eq 0 ] && grep -q "^shard 0: what .* workloads that were built anew since left in .* is dropped$" "$work/out" && [ -s "$work/s/shards/0/whole.json" ]' \
	"with workloads that were built anew it is begun anew"
if command -v flock >/dev/null; then
	other=$work/scratch/ashlar-shard-$id-0-n0+00000000
	mkdir "$other"
	rm -r "$work/s/shards/0"
	flock "$other.lock" "$bench" cluster shard "$work/s" 0 --quiet --node n0 --scratch "$work/scratch" >"$work/out" 2>"$work/err"
	check '[ -s "$work/s/shards/0/whole.json" ] && [ -d "$other" ]' "what another start of a machine left stays while somebody works in it"
	rm -r "$work/s/shards/0"
	bench cluster shard "$work/s" 0 --quiet --node n0 --scratch "$work/scratch"
	check '[ $status -eq 0 ] && grep -q "is dropped" "$work/out" && [ -z "$(ls -A "$work/scratch")" ]' "and goes when nobody does"
else
	skip "what another start of a machine left" "no flock"
fi
rm -rf "$work/s/shards/0"

# The folder that it is worked on in has no room, each time for a little more: also not for the last word, that it is finished.
little=$work/little
if [ "$(id -u)" -eq 0 ] && mkdir "$little" && mount -t tmpfs -o size=4k none "$little" 2>/dev/null; then
	trap 'umount "$full" 2>/dev/null; umount "$little" 2>/dev/null; rm -rf "$work"' EXIT
	pages=1 early=0 status=1
	while [ $status -ne 0 ] && [ $pages -le 40 ]; do
		pages=$((pages + 1))
		mount -o "remount,size=$((4 * pages))k" "$little"
		bench cluster shard "$work/s" 0 --quiet --node n0 --scratch "$little"
		[ $status -eq 0 ] || [ ! -e "$work/s/shards/0" ] || early=$((early + 1))
	done
	check '[ $status -eq 0 ] && [ $pages -gt 3 ] && [ $early -eq 0 ]' "a shard that finds no room where it is worked on is never handed over in part"
	check '[ -s "$work/s/shards/0/whole.json" ] && [ -z "$(ls -A "$little")" ]' "and with room the same command ends it"
	umount "$little"
else
	echo "# no room where it is worked on is left out: no tmpfs can be mounted"
fi
rm -rf "$work/s/shards/0"

# --- who runs them -------------------------------------------------------------------------------
cat >"$work/ssh" <<'END'
#!/bin/sh
echo $$ >"$at.$1"
exec sleep 1000
END
chmod +x "$work/ssh"
export at="$work/at"
"$bench" cluster run "$work/s" --ssh "$work/ssh" --hosts a,b >"$work/out" 2>"$work/err" &
pid=$!
while alive $pid && ! { [ -s "$at.a" ] && [ -s "$at.b" ]; }; do sleep 0.02; done
kill -INT $pid
wait $pid
status=$?
check '[ $status -eq 130 ] && [ "$(grep -c . "$work/err")" -eq 1 ] && grep -q "interrupted: 0 of 2 shards are finished" "$work/err"' \
	"ctrl-C ends hosts without calling them lost"
check '! alive "$(cat "$at.a")" && ! alive "$(cat "$at.b")"' "and what they were called with"

# A Slurm that says what is in a file.
queue=$work/queue asked=$work/asked
mkdir "$work/bin" && export queue asked
: >"$queue"
for tool in sbatch squeue scancel scontrol; do printf '#!/bin/sh\necho "%s $*" >>"$asked"\n' $tool >"$work/bin/$tool"; done
echo 'grep -c "^sbatch" "$asked"' >>"$work/bin/sbatch"
echo 'cat "$queue"' >>"$work/bin/squeue"
chmod +x "$work"/bin/*
PATH=$work/bin:$PATH
mask=$(umask)
umask 077
bench cluster submit "$work/s" --slurm
umask "$mask"
check '[ $status -eq 0 ] && [ "$(stat -c %a "$work/s/shard.sh")" = 600 ]' "who may read what is submitted is for the umask to say"
printf '%s\n' "1|0|RUNNING|n0|2026-01-01T00:00:00|None" "1|1|PENDING||N/A|Resources" >"$queue"
bench cluster submit "$work/s" --slurm
check '[ $status -eq 0 ] && grep -q "^job 3: merges" "$work/out" && tail -n 1 "$asked" | grep -q -- "--dependency=afterany:1 "' "a merge that was lost is submitted anew"
echo "3|N/A|PENDING||N/A|Dependency" >>"$queue"
bench cluster submit "$work/s" --slurm
check '[ $status -eq 0 ] && grep -q "nothing to submit" "$work/out"' "and once"
check '! grep "^squeue" "$asked" | grep -qv -- "--sort=i"' "jobs are asked for in the order in which they were submitted"

# What was merged of several classes.
fresh
edit 1 manifest.json 's/"machine_class": "[^"]*"/"machine_class": "00001111aaaa"/'
: >"$queue"
bench cluster submit "$f" --slurm
bench cluster merge "$f" -o "$f/merged"
check '[ $status -eq 0 ] && [ "$(ls -d "$f"/merged.[0-9a-f]* | grep -c .)" -eq 2 ]' "two classes become two sets"
bench cluster status "$f"
check 'grep -q "^merge: done, in .*/merged[.][0-9a-f]*, .*/merged[.][0-9a-f]*$" "$work/out"' "status names both"
bench cluster submit "$f" --slurm
check '[ $status -eq 0 ] && grep -q "nothing to submit" "$work/out"' "and nothing is left to submit"
for set in "$f"/merged.[0-9a-f]*; do [ "${set##*.}" = 00001111 ] || rm -r "$set"; done
bench cluster merge "$f" -o "$f/merged"
check '[ $status -eq 1 ] && grep -q "merged.00001111 is there already" "$work/err" && [ "$(ls -d "$f"/merged.[0-9a-f]* | grep -c .)" -eq 1 ]' \
	"where one of them is there the other is not written either"
bench cluster status "$f"
check 'grep -q "^merge: not done" "$work/out"' "and it is not done where one is missing"
finish
