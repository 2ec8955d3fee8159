# in_group.sh MIB CASE…: a case in a memory group of version 1 of its own, made below that of this
# process and removed afterwards.
limit=$1
shift
path=$(sed -n 's/^[0-9]*:\([^:]*,\)*memory\(,[^:]*\)*://p' /proc/self/cgroup)
group=/sys/fs/cgroup/memory${path%/}/ashlar-case.$$
if [ -z "$path" ] || ! mkdir "$group" 2>/dev/null; then
	echo "cannot be tried: no memory group of version 1 can be made"
	exit 77
fi
trap 'for try in 1 2 3 4 5; do rmdir "$group" 2>/dev/null && break; sleep 0.2; done' EXIT
trap 'exit 143' TERM INT HUP
if ! echo "${limit}M" 2>/dev/null >"$group/memory.limit_in_bytes"; then
	echo "cannot be tried: the limit cannot be set"
	exit 77
fi
(
	# shellcheck disable=SC2016
	exec sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec env ${library:+"LD_PRELOAD=$library"} "$@"' \
		sh "$group" "$cases" "$@"
)
