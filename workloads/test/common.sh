# Read by the test scripts: where things are, TAP output, small parameters.
work=$top_builddir/ashlar-work
workloads="tiny-churn live-sweep larson prod-cons fleet kv-server frag-drain big-buffers"
count=0
failed=0

# Some thousand calls of each workload.
small() {
	case $1 in
	tiny-churn) echo "--set ops=20000" ;;
	live-sweep) echo "--set ops=20000 --set largest=1600" ;;
	larson) echo "--set ops=20000 --set slots=100 --set rounds=20" ;;
	prod-cons) echo "--set ops=20000 --set batch=64 --set remote_percent=70" ;;
	fleet) echo "--set ops=5000 --set heap_mib=1" ;;
	kv-server) echo "--set ops=10000 --set keys=5000 --set ttl=3000" ;;
	frag-drain) echo "--set ops=3000 --set live_mib=2 --set calls=100" ;;
	big-buffers) echo "--set ops=100 --set slots=5 --set mib_min=1 --set mib_max=2" ;;
	*) echo "no small parameters for $1" >&2; exit 99 ;;
	esac
}

# ok STATUS TEXT: one TAP line; what went wrong is in $said.
ok() {
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
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
