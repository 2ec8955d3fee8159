# One misuse per program: which are stopped, where, and with which words.
#
#   at the call   the misuse itself must not return: SIGABRT and one line on stderr
#   by the end    it may return, but the program must not come to its end
. "$top_srcdir/allocator/test/lib.sh"
find_library
grep -q '^#define ASH_SAFETY_CHECKS 1' "$top_builddir/config.h" ||
	skip_all "configured with --disable-safety-checks"
make_tmp
programs=$top_builddir/allocator/test/misuse

option='; ASHLAR_CONF=abort_on_misuse:false continues$'
double_line="^<ashlar>: double free of 0x[0-9a-f]+( \\(size class [0-9]+ bytes\\))?$option"
invalid_line="^<ashlar>: invalid free of 0x[0-9a-f]+: .+$option"
realloc_line="^<ashlar>: invalid pointer 0x[0-9a-f]+ passed to realloc: .+$option"
usable_line="^<ashlar>: invalid pointer 0x[0-9a-f]+ passed to malloc_usable_size: .+$option"

# Those that may return; all others must be stopped at the call.
late='double_free_interleaved double_free_other_thread free_never_allocated'

run() { # PROGRAM: status in $status, output in out and err
	{ # the shell itself tells of an abort too
		(
			[ -z "$library" ] || { LD_PRELOAD=$library; export LD_PRELOAD; }
			exec "$programs/$1" >"$tmp/out" 2>"$tmp/err" </dev/null
		)
		status=$?
	} 2>/dev/null
}

stopped() { # PROGRAM WHERE LINE
	run "$1"
	problem=
	[ $status -eq 134 ] || problem="it left with $status, not by SIGABRT"
	if [ "$2" = call ] && grep -q 'wrong call returned' "$tmp/out"; then
		problem="${problem:+$problem; }the misuse returned"
	fi
	if [ $is_ashlar = yes ]; then
		[ "$(wc -l <"$tmp/err")" -eq 1 ] || problem="${problem:+$problem; }not one line on stderr"
		grep -qE "$3" "$tmp/err" || problem="${problem:+$problem; }not the words it should say"
	fi
	if [ -n "$problem" ]; then
		note "$problem"
		note_file "$tmp/out"
		note_file "$tmp/err"
	fi
	[ -z "$problem" ]
}

expect() { # PROGRAM: the words it should cause, in $line
	case $1 in
	# Of a mapping that is gone, and of a place in a slab that no caller has had yet but
	# a cache may hold, nobody knows what they were.
	double_free_mapping | free_never_allocated) line="$double_line|$invalid_line" ;;
	double_free_*) line=$double_line ;;
	free_*) line=$invalid_line ;;
	realloc_*) line=$realloc_line ;;
	usable_size_*) line=$usable_line ;;
	*) return 1 ;;
	esac
}

seen=0
for source in "$top_srcdir"/allocator/test/misuse/*.c; do
	name=${source##*/}
	name=${name%.c}
	seen=$((seen + 1))
	[ "$name" != none ] || continue
	expect "$name" || { not_ok "$name: no rule says what is expected"; continue; }
	where=call said='at the call'
	case " $late " in *" $name "*) where=end said='by the end' ;; esac
	stopped "$name" $where "$line"
	verdict $? "$name: stopped $said"
done
verdict $((seen < 25)) "$seen misuse programs, and not an empty list"

run none
[ $status -eq 0 ] && [ ! -s "$tmp/err" ] && grep -q '^end$' "$tmp/out"
verdict $? "no misuse: not a word"

if [ $is_ashlar = yes ]; then
	# Told to continue: one line, and the program comes to its end.
	for name in double_free_at_once double_free_mapping double_free_large free_inside_by_8 free_stack \
		free_unmapped realloc_wild realloc_stack usable_size_wild; do
		ASHLAR_CONF=abort_on_misuse:false
		export ASHLAR_CONF
		run "$name"
		unset ASHLAR_CONF
		[ $status -eq 0 ] && grep -q '^end$' "$tmp/out" && [ "$(wc -l <"$tmp/err")" -eq 1 ] &&
			grep -qE "$double_line|$invalid_line|$realloc_line|$usable_line" "$tmp/err"
		result=$?
		[ $result -eq 0 ] || { note "status $status"; note_file "$tmp/out"; note_file "$tmp/err"; }
		verdict $result "$name: reported, and continues under abort_on_misuse:false"
	done
	# With every check on, nothing is late.
	for name in $late; do
		ASHLAR_CONF=checks:full
		export ASHLAR_CONF
		expect "$name"
		stopped "$name" call "$line"
		result=$?
		unset ASHLAR_CONF
		verdict $result "$name: at the call under checks:full"
	done
fi
finish
