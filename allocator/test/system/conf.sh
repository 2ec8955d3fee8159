# Options from the environment: malformed text costs one line each and never more, good
# text takes effect, and a program with raised privileges reads none.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
[ "$is_ashlar" = yes ] || skip_all "only this project's library has these options"
make_tmp
probe=$top_builddir/allocator/test/system/probe

run() { # VARIABLE VALUE COMMAND…
	{
		(
			export "$1=$2" LD_PRELOAD="$library"
			shift 2
			exec "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
		)
		status=$?
	} 2>/dev/null
}
show() { note "status $status"; note_file "$tmp/out"; cut -c1-300 "$tmp/err" >"$tmp/short"; note_file "$tmp/short"; }

# --- malformed ----------------------------------------------------------------------
refused() { # LINES VALUE [NAME]: so many lines, each from us, of bounded length; hello is said
	for variable in ASHLAR_CONF MALLOC_CONF; do
		run $variable "$2" "$probe" hello
		[ $status -eq 0 ] && [ "$(cat "$tmp/out")" = hello ] &&
			[ "$(wc -l <"$tmp/err")" -eq "$1" ] &&
			[ "$(grep -c "^<ashlar>: $variable: " "$tmp/err")" -eq "$1" ] &&
			! grep -q '.\{400\}' "$tmp/err"
		result=$?
		[ $result -eq 0 ] || show
		verdict $result "$variable=${3:-$2}: $1 lines"
	done
}
long=$("${AWK:-awk}" 'BEGIN { for (i = 0; i < 6000; i++) printf "0123456789" }')
refused 0 ''
refused 0 ',,,,'
refused 1 ',,,:::,'
refused 1 ':'
refused 1 'no_such_option:1'
refused 1 'narenas'
refused 1 'narenas:'
refused 1 ':4'
refused 1 'narenas:-1'
refused 1 'narenas:+1'
refused 1 'narenas: 1'
refused 1 'narenas:1x'
refused 1 'narenas:0x'
refused 0 'narenas:0x10'
refused 1 'narenas:99999999999999999999999'
refused 1 'narenas:18446744073709551617'
refused 0 'narenas:65' # jemalloc takes any
refused 1 'narenas:4294967296'
refused 1 'tcache:maybe'
refused 1 'tcache:TRUE'
refused 1 'tcache:truefalse'
refused 1 'tcache:1'
refused 1 ' tcache:true'
refused 1 'max_alloc:17179869184g'
refused 1 'max_alloc:m'
refused 1 'checks:some'
refused 1 'zero_realloc:'
refused 1 'thp:sometimes'
refused 1 'dirty_decay_ms:-2'
refused 1 'dirty_decay_ms:'
refused 1 'dirty_decay_ms:1s'
refused 1 'dirty_decay_ms:99999999999999'
refused 1 'muzzy_decay_ms:-3'
refused 1 'dirty_max:101%'
refused 1 'dirty_max:%'
refused 1 'dirty_max:-1'
refused 1 'dirty_max:all'
refused 1 'limit_hard:'
refused 1 'limit_hard:64q'
refused 1 'limit_soft:5%%'
refused 1 'pressure_purge:yes'
refused 1 'hugetlb:1'
refused 1 'hpa_dirty_mult:-2'
refused 1 'hpa_hugification_threshold_ratio:1.5'
refused 1 'hpa_sec_nshards:two' # also where the value means nothing
refused 0 'hpa:true,hpa_slab_max_alloc:65536,hpa_dirty_mult:0.25,hpa_hugify_sync:true,hpa_sec_max_bytes:262144'
# What images carry for jemalloc.
refused 0 'narenas:4,lg_tcache_max:13,retain:true'
refused 0 'background_thread:true,metadata_thp:auto,dirty_decay_ms:30000,muzzy_decay_ms:30000'
refused 0 'percpu_arena:percpu,oversize_threshold:8388608,lg_extent_max_active_fit:6,bin_shards:1-160:16|161-1024:4'
refused 0 'prof:true,prof_active:false,lg_prof_sample:19,lg_prof_interval:30,prof_prefix:/tmp/jeprof.out,prof_final:false'
refused 0 'narenas:default,tcache_max:4096,xmalloc:true,junk:free,zero:false,stats_print:false,stats_print_opts:ga'
refused 1 'lg_tcache_max:13,narena:4,retain:true'
refused 1 'lg_tcache_max:big,narenas:4,retain:true'
refused 0 'experimental_no_such:1'
refused 1 'experimental_tcache_gc:1'
refused 0 'dirty_max:10%,limit_hard:90%,limit_soft:none,dirty_decay_ms:-1,pressure_purge:true'
refused 2 'no_such:1,narenas:2,another:2'
refused 0 'narenas:1,narenas:2' # the later one wins
refused 1 "$long" 'a text of 60,000 bytes'
refused 1 "$long:1" 'a key of 60,000 bytes'
refused 1 "narenas:$long" 'a number of 60,000 digits'
refused 1 "$(printf '\377\376\001%%n%%s%%p:1')" 'bytes that are no text, and printf directives'
# Delays are for debug builds alone: elsewhere nobody can slow a program down by them.
if grep -q '^#define ASH_DEBUG 0' "$top_builddir/config.h"; then
	refused 1 'debug_delay:1'
else
	refused 0 'debug_delay:1'
	refused 1 'debug_delay:often'
fi

aborts() { # LINES VALUE
	for variable in ASHLAR_CONF MALLOC_CONF; do
		run $variable "abort_conf:true,$2" "$probe" hello
		if [ "$1" -eq 0 ]; then wanted=0; else wanted=134; fi
		[ $status -eq $wanted ] && [ "$(wc -l <"$tmp/err")" -eq "$1" ]
		result=$?
		[ $result -eq 0 ] || show
		verdict $result "$variable=abort_conf:true,$2: status $wanted, $1 lines"
	done
}
aborts 2 'no_such:1'
aborts 2 'narenas:many'
aborts 2 'lg_tcache_max:big' # a bad value is one where the option means nothing, too
aborts 0 'narenas:1'
aborts 0 'narenas:4,lg_tcache_max:13,retain:true'
aborts 0 'lg_tcache_max:-1,retain:true'
aborts 2 'lg_tcache_max:-2'
aborts 0 'experimental_no_such:1'
aborts 0 'narenas:3,experimental_no_such:'
for variable in ASHLAR_CONF MALLOC_CONF; do
	run $variable 'confirm_conf:true,retain:true,narenas:2,lg_prof_sample:13' "$probe" hello
	[ $status -eq 0 ] && [ "$(wc -l <"$tmp/err")" -eq 8 ] &&
		grep -q "^<ashlar>: $variable: retain " "$tmp/err" && grep -q "^<ashlar>: $variable: lg_prof_sample " "$tmp/err"
	result=$?
	[ $result -eq 0 ] || show
	verdict $result "$variable: confirm_conf tells which options mean nothing here"
done
run MALLOC_CONF 'confirm_conf:true,experimental_no_such:1,lg_tcache_nslots_mul:1,no_such:some' "$probe" hello
[ $status -eq 0 ] && [ "$(wc -l <"$tmp/err")" -eq 9 ] && [ "$(grep -c 'experimental_no_such is not known' "$tmp/err")" -eq 1 ] &&
	[ "$(grep -c 'lg_tcache_nslots_mul is ' "$tmp/err")" -eq 1 ] &&
	grep -qx '<ashlar>: MALLOC_CONF: unknown option no_such:some' "$tmp/err"
result=$?
[ $result -eq 0 ] || show
verdict $result "confirm_conf tells what is passed over otherwise, once, and an unknown option is told with its value"
run ASHLAR_CONF 'no_such:1' sh -c '"$1" hello 2>&-' sh "$probe"
[ $status -eq 0 ] && [ "$(cat "$tmp/out")" = hello ]
verdict $? "a warning with stderr closed harms nothing"

# --- precedence -----------------------------------------------------------------------
# A misuse that is reported in every build.
misuse="$top_builddir/allocator/test/misuse/misuse realloc_freed"
export MALLOC_CONF=abort_on_misuse:true
run ASHLAR_CONF abort_on_misuse:false $misuse
[ $status -eq 0 ]
verdict $? "ASHLAR_CONF is read after MALLOC_CONF"
export MALLOC_CONF=abort_on_misuse:false
run ASHLAR_CONF abort_on_misuse:true $misuse
[ $status -eq 134 ]
verdict $? "and overrides it"
unset MALLOC_CONF

# --- options that take effect ---------------------------------------------------------
answers() { # CONF COMMAND WANTED
	run ASHLAR_CONF "$1" "$probe" $2
	[ "$(cat "$tmp/out")" = "$3" ] && [ ! -s "$tmp/err" ]
	result=$?
	[ $result -eq 0 ] || show
	verdict $result "$1: $2 gives $3"
}
answers '' realloc-zero 'NULL, errno EINVAL'
answers zero_realloc:free realloc-zero 'NULL, errno EINVAL'
answers zero_realloc:alloc realloc-zero 'block, errno 0'
run ASHLAR_CONF zero_realloc:abort "$probe" realloc-zero
[ $status -eq 134 ]
verdict $? "zero_realloc:abort aborts"
answers max_alloc:0 'malloc 1000000' 'block, errno 0'
answers max_alloc:1m 'malloc 1048576' 'block, errno 0'
answers max_alloc:1m 'malloc 1048577' 'NULL, errno ENOMEM'
answers max_alloc:1000000 'malloc 2000000' 'NULL, errno ENOMEM'
answers limit_hard:8m 'malloc 10000000' 'NULL, errno ENOMEM'
answers limit_hard:8m,limit_hard:none 'malloc 10000000' 'block, errno 0'
answers limit_hard:64m 'malloc 10000000' 'block, errno 0'
answers limit_hard:0 'malloc 10000000' 'block, errno 0'
answers limit_soft:1m 'malloc 10000000' 'block, errno 0'
# By the plain names and those of C++; what system/filled.c looks at is all the rest.
answers junk:true filled 'a5 a5 a5, 5a 5a 5a'
answers junk:free,zero:true filled '0 0 0, 5a 5a 5a'
ends() { # CONF COMMAND SAID: it aborts, and says one line that begins so
	run ASHLAR_CONF "$1" "$probe" $2
	[ $status -eq 134 ] && [ "$(wc -l <"$tmp/err")" -eq 1 ] && [ "$(head -c ${#3} "$tmp/err")" = "$3" ]
	result=$?
	[ $result -eq 0 ] || show
	verdict $result "$1: $2 ends with '$3…'"
}
ends xmalloc:true 'malloc 9223372036854775808' '<ashlar>: out of memory: '
ends xmalloc:true 'new 9223372036854775808' '<ashlar>: out of memory: '
# These words are compared by who knows jemalloc.
ends experimental_infallible_new:true 'new 9223372036854775808' '<jemalloc>: Allocation of size 9223372036854775808 failed. '
ends experimental_infallible_new:true 'new 9223372036854775807' '<jemalloc>: Allocation of size 9223372036854775807 failed. '
answers experimental_infallible_new:true 'new 100' block
answers experimental_infallible_new:true 'malloc 9223372036854775808' 'NULL, errno ENOMEM'
run ASHLAR_CONF stats_interval:1048576,stats_interval_opts:mabl "$probe" fill 32
count=$(grep -c 'Begin jemalloc statistics' "$tmp/err")
[ $status -eq 0 ] && [ "$count" -ge 20 ] && [ "$count" -le 40 ]
verdict $? "stats_interval:1048576 prints $count times while 32 MiB are allocated"
run ASHLAR_CONF stats_print:true "$probe" hello
[ $status -eq 0 ] && [ -s "$tmp/err" ] && [ "$(cat "$tmp/out")" = hello ]
verdict $? "stats_print:true prints something on stderr at exit"

# The whole family under every way of working, at some sizes (many_conf.sh: at all, in check-long).
operations=1500
if [ "${every_size:-no}" = no ]; then
	operations=500
	export TEST_SPARSE=yes
fi
for options in tcache:false checks:full narenas:1 narenas:4 checks:full,narenas:3 thp:always junk:true zero:true \
	hugetlb:2m,dirty_decay_ms:0 hpa_hugification_threshold:16384,hpa_hugify_delay_ms:0,hpa_dirty_mult:0.25,hpa_min_purge_interval_ms:500 \
	dirty_decay_ms:0 dirty_decay_ms:10,muzzy_decay_ms:20 limit_soft:1m,limit_hard:8g,dirty_decay_ms:-1,pressure_purge:true; do
	for part in sizes alignment release queries; do
		run ASHLAR_CONF "$options" "$top_builddir/allocator/test/conformance/$part"
		[ $status -eq 0 ]
		result=$?
		[ $result -eq 0 ] || { grep -v '^ok' "$tmp/out" >"$tmp/failed"; note_file "$tmp/failed"; }
		verdict $result "$options: conformance_$part"
	done
	run ASHLAR_CONF "$options" "$top_builddir/allocator/test/stress/stress" $operations
	[ $status -eq 0 ]
	result=$?
	[ $result -eq 0 ] || show
	verdict $result "$options: stress"
done
unset TEST_SPARSE

# --- raised privileges ------------------------------------------------------------------
# The dynamic loader itself ignores the preload there, so the library is linked in.
secure() {
	name="a program with raised privileges reads no options"
	archive=$top_builddir/.libs/libashlar.a
	[ -r "$archive" ] || { skip "$name" "no static library was built"; return; }
	# shellcheck disable=SC2086
	if ! ${CC:-cc} -D_GNU_SOURCE -O1 -fno-builtin -o "$tmp/secure" \
		"$top_srcdir/allocator/test/system/probe.c" "$archive" -pthread 2>"$tmp/err"; then
		note_file "$tmp/err"
		not_ok "$name: it does not link"
		return
	fi
	library=
	run ASHLAR_CONF 'no_such:1,abort_conf:true' "$tmp/secure" secure
	[ $status -eq 134 ]
	verdict $? "the same program reads them while it has none"
	chmod 755 "$tmp"
	if [ "$(id -u)" -eq 0 ]; then
		chown 65534 "$tmp/secure" && chmod 4755 "$tmp/secure"
	else # any group of ours that is not the current one
		for group in $(id -G); do
			[ "$group" = "$(id -g)" ] || { chgrp "$group" "$tmp/secure" && chmod 2755 "$tmp/secure"; break; }
		done
	fi
	if [ "$("$tmp/secure" secure | head -n 1)" != secure ]; then
		skip "$name" "no set-id program can be made here (user without a second group, or nosuid)"
		return
	fi
	for variable in ASHLAR_CONF MALLOC_CONF; do
		run $variable 'no_such:1,abort_conf:true,confirm_conf:true' "$tmp/secure" secure
		[ $status -eq 0 ] && [ ! -s "$tmp/err" ]
		result=$?
		[ $result -eq 0 ] || show
		verdict $result "$name: $variable"
	done
}
secure
finish
