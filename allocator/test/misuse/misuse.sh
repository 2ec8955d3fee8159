# One misuse per run of a program: which are stopped, where, and with which words.  The rows of the table
# in allocator/doc/misuse.md say where:
#
#   at the call                 the misuse itself must not return: SIGABRT and one line on stderr
#   at flush                    it may return, but the program must not come to its end
#   at exit                     the program comes to its end, and the process does not
#   only under checks:on        the program comes to its end without a word
#
# Under checks:on and checks:full all are stopped at the call.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
grep -q '^#define ASH_SAFETY_CHECKS 1' "$top_builddir/config.h" ||
	skip_all "configured with --disable-safety-checks"
make_tmp
program=$top_builddir/allocator/test/misuse/misuse

option='; ASHLAR_CONF=abort_on_misuse:false continues$'
double_line="^<ashlar>: double free of 0x[0-9a-f]+( \\(size class [0-9]+ bytes\\))?$option"
invalid_line="^<ashlar>: invalid free of 0x[0-9a-f]+: .+$option"
never_line="^<ashlar>: invalid free of 0x[0-9a-f]+: it was never allocated$option"
realloc_line="^<ashlar>: invalid pointer 0x[0-9a-f]+ passed to realloc: .+$option"
usable_line="^<ashlar>: invalid pointer 0x[0-9a-f]+ passed to malloc_usable_size: .+$option"

table=$top_srcdir/allocator/doc/misuse.md
place() { # PROGRAM
	case $1,$(uname -m) in
	exit_other_thread_of_many,x86_64 | exit_other_thread_of_many,i?86 | exit_other_thread_of_many,s390x) ;;
	exit_other_thread_of_many,*) echo 'only under checks:on' && return ;; # no total store order
	esac
	sed -n "s/^| $1 | \([^|]*\) |.*/\1/p" "$table"
}

run() { # PROGRAM: status in $status, output in out and err
	{ # the shell itself tells of an abort too
		(
			[ -z "$library" ] || { LD_PRELOAD=$library; export LD_PRELOAD; }
			exec "$program" "$1" >"$tmp/out" 2>"$tmp/err" </dev/null
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
	if [ "$2" = exit ] && ! grep -q '^end$' "$tmp/out"; then
		problem="${problem:+$problem; }it was stopped before its end"
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
	free_never_allocated_*) line=$never_line ;;
	# In a magazine it is found when realloc frees the old block.
	realloc_freed_in_use) line="$double_line|$realloc_line" ;;
	exit_inside) line=$invalid_line ;;
	double_free_* | exit_* | many) line=$double_line ;;
	free_*) line=$invalid_line ;;
	realloc_*) line=$realloc_line ;;
	usable_size_*) line=$usable_line ;;
	*) return 1 ;;
	esac
}

continues() { # PROGRAM: one line in all, and the program comes to its end
	ASHLAR_CONF=abort_on_misuse:false
	export ASHLAR_CONF
	run "$1"
	unset ASHLAR_CONF
	[ $status -eq 0 ] && grep -q '^end$' "$tmp/out" && [ "$(wc -l <"$tmp/err")" -eq "$2" ] &&
		{ [ "$2" -eq 0 ] || grep -qE "$line" "$tmp/err"; }
	result=$?
	[ $result -eq 0 ] || { note "status $status"; note_file "$tmp/out"; note_file "$tmp/err"; }
	return $result
}

goes_through() { # PROGRAM
	run "$1"
	[ $status -eq 0 ] && [ ! -s "$tmp/err" ] && grep -q '^end$' "$tmp/out"
}

seen=0
for name in $("$program"); do
	[ "$name" != none ] || continue
	seen=$((seen + 1))
	expect "$name" || { not_ok "$name: no rule says what is expected"; continue; }
	place=$(place "$name")
	case $place in
	'at the call') stopped "$name" call "$line" ;;
	'at flush') stopped "$name" end "$line" ;;
	'at exit') stopped "$name" exit "$line" ;;
	'only under checks:on') goes_through "$name" ;;
	*) note "allocator/doc/misuse.md has no row for it, or names no place"; false ;;
	esac
	verdict $? "$name: stopped $place"
	[ "$is_ashlar" = yes ] || continue
	lines=1
	[ "$place" != 'only under checks:on' ] || lines=0
	continues "$name" $lines
	verdict $? "$name: $lines line, and continues under abort_on_misuse:false"
	case $place/$name in
	only* | *exit*) ;;
	*_never_allocated_near*) ;; # all that lies near was allocated there
	*)
		MISUSE_TAKEN=1
		export MISUSE_TAKEN
		stopped "$name" "${place##* }" "$line"
		result=$?
		unset MISUSE_TAKEN
		verdict $result "$name: stopped $place where the window is somebody else's"
		;;
	esac
	case $name in
	free_never_allocated) line=$never_line ;; # it is known there
	esac
	for level in on full; do
		ASHLAR_CONF=checks:$level
		export ASHLAR_CONF
		stopped "$name" call "$line"
		result=$?
		unset ASHLAR_CONF
		verdict $result "$name: at the call under checks:$level"
	done
done
verdict $((seen < 25)) "$seen misuse programs, and not an empty list"
rows=$(grep -c '^| [a-z0-9_]* | \(at\|only\) ' "$table")
[ "$rows" -eq "$seen" ]
verdict $? "$rows rows in allocator/doc/misuse.md, one for each program"

run none
[ $status -eq 0 ] && [ ! -s "$tmp/err" ] && grep -q '^end$' "$tmp/out"
verdict $? "no misuse: not a word"
for level in on full; do
	[ "$is_ashlar" = yes ] || continue
	ASHLAR_CONF=checks:$level
	export ASHLAR_CONF
	run none
	unset ASHLAR_CONF
	[ $status -eq 0 ] && [ ! -s "$tmp/err" ] && grep -q '^end$' "$tmp/out"
	verdict $? "no misuse: not a word under checks:$level either"
done
finish
