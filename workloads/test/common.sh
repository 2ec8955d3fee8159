# Read by the test scripts: where things are, TAP output, small parameters.
work=$top_builddir/ashlar-work
workloads=$("$work" --list | sed -n 's/^\([a-z0-9-]*\): .*/\1/p')
count=0
failed=0

# Some thousand calls of each workload.
small() {
	case $1 in
	tiny-churn) echo "--set ops=20000" ;;
	live-sweep) echo "--set ops=20000 --set largest=1600" ;;
	larson) echo "--set ops=20000 --set slots=100 --set rounds=20" ;;
	prod-cons) echo "--set ops=20000 --set batch=64 --set remote_percent=70" ;;
	fleet-*) echo "--set ops=5000 --set heap_mib=1" ;;
	kv-server) echo "--set ops=10000 --set keys=5000 --set ttl=3000" ;;
	frag-drain) echo "--set ops=3000 --set live_mib=2 --set calls=100" ;;
	big-buffers) echo "--set ops=100 --set slots=5 --set mib_min=1 --set mib_max=2" ;;
	size-sweep) echo "--set ops=6000 --set largest=4096 --set batch=20" ;;
	skew-slots) echo "--set ops=8000 --set slots=1000" ;;
	realloc-growth) echo "--set ops=4000 --set vectors=20 --set length_max=65536" ;;
	aligned-calloc) echo "--set ops=2000 --set slots=50" ;;
	batch-reverse) echo "--set ops=20000 --set batch=100" ;;
	set-cover) echo "--set ops=8000 --set sets=50 --set pass=1000" ;;
	heap-walk) echo "--set ops=2000 --set walks=3" ;;
	tree-rewrite) echo "--set ops=1000 --set depth=6" ;;
	json-dom) echo "--set ops=20 --set kept=4" ;;
	compiler-passes) echo "--set ops=12 --set passes=3 --set unit=5" ;;
	cross-rate) echo "--set ops=6000 --set batch=50" ;;
	glibc-thread) echo "--set ops=10000 --set slots=100" ;;
	thread-churn) echo "--set ops=8000" ;;
	wave-leak) echo "--set ops=200" ;;
	thread-return) echo "--set ops=4000 --set live_mib=1 --set threads=4 --set keep_percent=10" ;;
	mixed-ageing) echo "--set ops=8000 --set kept=200 --set generations=3" ;;
	false-sharing-*) echo "--set ops=2000 --set writes=10" ;;
	req-region) echo "--set ops=200 --set kept=30 --set escape_permille=50" ;;
	llm-kv) echo "--set ops=30 --set batch=4 --set layers=2 --set block_kib=8" ;;
	frag-attack) echo "--set ops=4000 --set live_mib=1 --set size_first=512 --set rounds=4" ;;
	size-shift) echo "--set ops=4000 --set live_mib=1" ;;
	diurnal) echo "--set ops=3000 --set live_mib=1 --set days=2" ;;
	startup-exit) echo "--set ops=40 --set objects=100" ;;
	fork-cow) echo "--set ops=3000 --set live_mib=1 --set snapshots=2" ;;
	oom-limit) echo "--set ops=1500 --set limit_mib=64 --set fill_percent=2" ;;
	op-matrix) echo "--set ops=20000 --set pattern=1" ;;
	*) echo "no small parameters for $1" >&2; exit 99 ;;
	esac
}

# meant_for NAME: from here on results are those of NAME, which in a sanitizer build may mean
# nothing: they are then skipped by name.
skip=
meant_for() {
	case ${ASH_SANITIZER:-no}:$1 in
	no:*) skip= ;;
	*:oom-limit) skip="sanitizer build: to ask for more than there is is an error there" ;;
	*:startup-exit) skip="sanitizer build: objects left to the end of a process are leaks there" ;;
	thread:idle) skip="sanitizer build: threads hand over one and the same address" ;;
	*) skip= ;;
	esac
}

# ok STATUS TEXT: one TAP line; what went wrong is in $said.
ok() {
	count=$((count + 1))
	if [ -n "$skip" ]; then
		echo "ok $count - $2 # SKIP $skip"
	elif [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		echo "# $said"
		failed=1
	fi
}

finish() {
	echo "1..$count"
	exit $failed
}

needs_preload() {
	if [ "$ASH_SANITIZER" != no ]; then
		echo "1..0 # SKIP a sanitizer owns malloc: nothing can be preloaded"
		exit 0
	fi
}
