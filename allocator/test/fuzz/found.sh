# What the fuzzer is worth: the same seed does the same, another does something else, and each
# planted fault is found and called by its name.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
[ "$is_ashlar" = yes ] || skip_all "the faults are planted into this project's library"
make_tmp
fuzz=$top_builddir/allocator/test/fuzz/fuzz
planted=$top_builddir/.libs/libplanted.so
[ -e "$planted" ] || planted=$top_builddir/allocator/test/fuzz/.libs/libplanted.so
unset TEST_SERVED_BY # malloc is of the library that plants

sequence_of() { # SEED
	preloaded "$fuzz" "$1" 3000 3 >"$tmp/out" || note_file "$tmp/out"
	sed -n 's/^# sequence \([0-9a-f]*\),.*/\1/p' "$tmp/out"
}

for seed in 1 2; do
	one=$(sequence_of $seed)
	[ -n "$one" ] && [ "$one" = "$(sequence_of $seed)" ]
	verdict $? "seed $seed does the same again ($one)"
done
[ "$one" != "$(sequence_of 3)" ]
verdict $? "another seed does something else"

with_fault() { # FAULT SEED
	LD_PRELOAD=$planted:$library ASHLAR_PLANTED=$1 "$fuzz" "$2" 9000 1 >"$tmp/out" 2>&1
}

finds() { # FAULT PATTERN
	with_fault "$1" 4
	result=$?
	if [ $result -ne 0 ] && grep -q "^# *.*thread [0-9]*, operation [0-9]*, .*$2" "$tmp/out"; then
		ok "$1 is found: $(sed -n "s/.*thread [0-9]*, operation [0-9]*, \(.*$2.*\)/\1/p" "$tmp/out" | sed 's/#//g; 1q')"
	else
		note_file "$tmp/out"
		not_ok "$1 is found"
	fi
}

with_fault none 4
result=$?
[ $result -eq 0 ] || note_file "$tmp/out"
verdict $result "nothing is found where nothing is planted"
finds overlap 'overlap: of'
finds same 'overlap: of'
finds content 'content of .* is wrong'
finds realloc 'content of .* is wrong .*after realloc'
finds misaligned 'is not aligned to 16'
finds aligned 'aligned_alloc: .* is not aligned to'
finds dirty 'calloc: .* are not zero'
finds short 'usable size'
finds long 'overlap: of'
finds errno 'errno is'
finds refused 'were refused'
finish
