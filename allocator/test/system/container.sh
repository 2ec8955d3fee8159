# In a control group of its own: memory limit and CPU quota are honoured.  The group is made below
# the one that this script is in, so nothing but the test is bounded by it, and it goes at the
# end.  (Version 2, and what cannot be made here, is tested with files: test_cgroup.)
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
[ "$is_ashlar" = yes ] || skip_all "only this project's library has these options"
make_tmp
probe=$top_builddir/allocator/test/system/probe

# The folder of this process's group of a v1 controller; nothing where there is none.
own_group() { # CONTROLLER
	path=$(sed -n "s/^[0-9]*:\([^:]*,\)*$1\(,[^:]*\)*://p" /proc/self/cgroup)
	[ -n "$path" ] || return 1
	for folder in "/sys/fs/cgroup/$1${path%/}" "/sys/fs/cgroup/$1"; do
		[ -w "$folder/cgroup.procs" ] && { echo "$folder"; return 0; }
	done
	return 1
}
memory='' cpu=''
at_exit() {
	for group in $memory $cpu; do
		for try in 1 2 3 4 5; do
			rmdir "$group" 2>/dev/null && break
			sleep 0.2
		done
	done
}
in_group() { # GROUP CONF COMMAND…
	(
		export ASHLAR_CONF="$2" LD_PRELOAD="$library"
		# shellcheck disable=SC2016
		exec env -u LD_PRELOAD sh -c 'echo $$ >"$1/cgroup.procs" && shift && export LD_PRELOAD="$1" && shift && exec "$@"' \
			sh "$1" "$library" "$probe" $3
	) >"$tmp/out" 2>"$tmp/err"
	status=$?
}
show() { note "status $status"; note_file "$tmp/out"; note_file "$tmp/err"; }
judge() { # RESULT NAME
	[ "$1" -eq 0 ] || show
	verdict "$1" "$2"
}

folder=$(own_group memory)
if [ -n "$folder" ] && mkdir "$folder/ashlar-test.$$" 2>/dev/null; then
	memory=$folder/ashlar-test.$$
	if ! echo $((200 << 20)) 2>/dev/null >"$memory/memory.limit_in_bytes"; then
		skip "memory limits" "they cannot be set in $memory"
	else
		# 50 % of 200 MiB, a little of it for metadata and the rests of pages.
		in_group "$memory" limit_hard:50% 'fill 400'
		had=$(sed -n 's/ MiB, errno ENOMEM$//p' "$tmp/out")
		[ $status -eq 0 ] && [ "${had:-0}" -ge 80 ] && [ "${had:-0}" -le 100 ]
		judge $? "limit_hard:50% of 200 MiB: ${had:-?} MiB, then ENOMEM"
		in_group "$memory" limit_hard:90% 'fill 400'
		had=$(sed -n 's/ MiB, errno ENOMEM$//p' "$tmp/out")
		[ $status -eq 0 ] && [ "${had:-0}" -ge 140 ]
		judge $? "limit_hard:90%: ${had:-?} MiB, then ENOMEM instead of the kernel's kill"
		in_group "$memory" '' 'idle 120'
		[ $status -eq 0 ] && [ "$(cat "$tmp/out")" -le 70 ]
		judge $? "of 120 MiB freed at most a quarter of the limit stays: $(cat "$tmp/out")"
		in_group "$memory" dirty_max:5% 'idle 120'
		[ $status -eq 0 ] && [ "$(cat "$tmp/out")" -le 25 ]
		judge $? "dirty_max:5%: $(cat "$tmp/out")"
		in_group "$memory" stats_print:true 'crowd 185'
		times=$(sed -n 's/.*memory found short \([0-9]*\) times.*/\1/p' "$tmp/err")
		[ $status -eq 0 ] && [ "${times:-0}" -ge 3 ]
		judge $? "185 of 200 MiB in use are pressure: seen ${times:-?} times"
		in_group "$memory" stats_print:true 'sealed crowd 185'
		times=$(sed -n 's/.*memory found short \([0-9]*\) times.*/\1/p' "$tmp/err")
		if [ $status -eq 77 ]; then
			skip "pressure in a sealed container" "no filter can be installed"
		else
			[ $status -eq 0 ] && [ "${times:-0}" -ge 3 ]
			judge $? "also where a filter was there at start and privileges were gone: seen ${times:-?} times"
		fi
		in_group "$memory" stats_print:true 'crowd 50'
		times=$(sed -n 's/.*memory found short \([0-9]*\) times.*/\1/p' "$tmp/err")
		[ $status -eq 0 ] && [ "${times:-1}" -eq 0 ]
		judge $? "50 are not: seen ${times:-?} times"
		in_group "$memory" stats_print:true,pressure_purge:false 'crowd 185'
		times=$(sed -n 's/.*memory found short \([0-9]*\) times.*/\1/p' "$tmp/err")
		[ $status -eq 0 ] && [ "${times:-1}" -eq 0 ]
		judge $? "pressure_purge:false does not look"
		in_group "$memory" pressure_purge:false "log $tmp/log"
		least=$(cat "$tmp/out")
		in_group "$memory" stats_print:true "log $tmp/log"
		faults=$(head -n 1 "$tmp/out")
		times=$(sed -n 's/.*memory found short \([0-9]*\) times.*/\1/p' "$tmp/err")
		[ $status -eq 0 ] && [ "${times:-1}" -eq 0 ] && [ "${faults:-999999}" -le $((${least:-0} * 3 / 2 + 2000)) ]
		judge $? "page cache at the limit is no pressure: ${faults:-?} faults, ${least:-?} without a look, short ${times:-?} times"
		for threads in 0 1 2; do
			in_group "$memory" '' "confined $threads"
			[ $status -eq 77 ] && skip "confined" "no filter can be installed" && continue
			[ "$(cat "$tmp/out")" = survived ]
			judge $? "a program that gave up opening files lives, $threads threads beside its first"
		done
		probe=$top_builddir/allocator/test/system/confined
		in_group "$memory" '' descriptors
		probe=$top_builddir/allocator/test/system/probe
		if grep -q '# SKIP no filter' "$tmp/out"; then
			skip "the end of the background thread" "no filter can be installed"
		else
			[ $status -eq 0 ] && ! grep -q '# SKIP' "$tmp/out"
			judge $? "a program that gave up closing files lives when the background thread ends"
		fi
	fi
else
	skip "memory limits" "no memory group of version 1 can be made here"
fi

folder=$(own_group cpu)
if [ -n "$folder" ] && mkdir "$folder/ashlar-test.$$" 2>/dev/null; then
	cpu=$folder/ashlar-test.$$
	if ! echo 90000 2>/dev/null >"$cpu/cpu.cfs_quota_us"; then
		skip "CPU quota" "it cannot be set in $cpu"
	else
		probe=$top_builddir/allocator/test/stress/stress
		in_group "$cpu" stats_print:true '300 8'
		[ $status -eq 0 ] && [ "$(grep -c 'shards 1$' "$tmp/err")" -ge 1 ] && ! grep -q 'shards [^1]' "$tmp/err"
		judge $? "a quota of 0.9 CPU is one shard, eight threads or not"
	fi
else
	skip "CPU quota" "no cpu group of version 1 can be made here"
fi
finish
