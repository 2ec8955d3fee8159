# The static library: linked into a program, malloc is ours, also where everything is
# static, and in C++.
. "$top_srcdir/allocator/test/support/lib.sh"
[ "${ASH_SANITIZER:-no}" = no ] || skip_all "sanitizer build: the sanitizer owns malloc"
archive=$top_builddir/.libs/libashlar.a
[ -r "$archive" ] || skip_all "configured with --disable-static"
make_tmp
sources=$top_srcdir/allocator/test

build() { # NAME COMPILER… : links what the arguments say, or tells why not
	if "$@" >"$tmp/log" 2>&1; then return 0; fi
	note_file "$tmp/log"
	return 1
}
run() {
	{
		("$@" >"$tmp/out" 2>"$tmp/err" </dev/null)
		status=$?
	} 2>/dev/null
}
# (What libc has is known from there.)
flags="-include $top_builddir/config.h -D_GNU_SOURCE -O2 -fno-builtin -pthread -I$top_srcdir/allocator"
cat >"$tmp/twice.cc" <<'END'
#include <new>
int main()
{
	void *volatile p = ::operator new(100);
	::operator delete(p);
	::operator delete(p);
	return 0;
}
END

# Each source is compiled once; the ways below differ in how it is linked.  What does not compile is missed there.
compile() { # OBJECT SOURCE FLAG…
	object=$tmp/$1.o source=$2
	shift 2
	case $source in
	*.cc) ${CXX:-c++} -std=gnu++17 $flags "$@" -c -o "$object" "$source" ;;
	*) ${CC:-cc} $flags "$@" -c -o "$object" "$source" ;;
	esac >"$object.log" 2>&1 || note_file "$object.log"
}
link() { # NAME COMPILER LINK-FLAG…: from the objects of that name
	name=$1 compiler=$2
	shift 2
	build $compiler -pthread "$@" -o "$tmp/$name" "$tmp/$name"*.o "$archive"
}
# A misuse that every build reports tells in whose words it is whose heap it was.  (shapes.c is a program of its own.)
for source in "$sources"/misuse/[!s]*.c; do
	part=${source##*/}
	compile "misuse-${part%.c}" "$source"
done
compile lifetime "$sources/system/lifetime.c" -DTEST_AGAIN
compile newdelete "$sources/system/newdelete.cc"
for own in 1 2 4 7; do
	compile "own$own" "$sources/cases/own_new.cc" -DOWN=$own
done
compile twice "$tmp/twice.cc"

c_programs() { # HOW LINK-FLAGS…
	how=$1
	shift
	link misuse ${CC:-cc} "$@"
	result=$?
	if [ $result -eq 0 ]; then
		run "$tmp/misuse" realloc_freed
		[ $status -eq 134 ] && grep -q '^<ashlar>: invalid pointer .*: it was freed' "$tmp/err"
		result=$?
		[ $result -eq 0 ] || { note "status $status"; note_file "$tmp/err"; }
	fi
	verdict $result "$how: malloc and free are Ashlar's"
	link lifetime ${CC:-cc} "$@"
	result=$?
	if [ $result -eq 0 ]; then
		run "$tmp/lifetime"
		result=$status
		[ $result -eq 0 ] || { grep -v '^ok' "$tmp/out" >"$tmp/failed"; note_file "$tmp/failed"; }
	fi
	verdict $result "$how: before main, after exit, threads that come and go"
}
cxx_program() { # HOW LINK-FLAGS…
	how=$1
	shift
	link newdelete ${CXX:-c++} "$@"
	result=$?
	if [ $result -eq 0 ]; then
		run "$tmp/newdelete"
		result=$status
		[ $result -eq 0 ] || { grep -v '^ok' "$tmp/out" >"$tmp/failed"; note_file "$tmp/failed"; }
	fi
	verdict $result "$how: all forms of new and delete"
	for own in 1 2 4 7; do
		link own$own ${CXX:-c++} "$@" && "$tmp/own$own" >"$tmp/out" 2>&1
		result=$?
		[ $result -eq 0 ] || note_file "$tmp/out"
		verdict $result "$how: operators of the program's own ($own) are those that others end in"
	done
	# Whoever defines the operators there, the memory is ours, also where the program names
	# no function of C's: delete tells so.
	name="$how: new and delete are served by Ashlar"
	if ! grep -q '^#define ASH_SAFETY_CHECKS 1' "$top_builddir/config.h"; then
		skip "$name" "configured with --disable-safety-checks: nothing would tell"
		return
	fi
	link twice ${CXX:-c++} "$@"
	result=$?
	if [ $result -eq 0 ]; then
		run "$tmp/twice"
		[ $status -eq 134 ] && grep -q '^<ashlar>: double free' "$tmp/err"
		result=$?
	fi
	verdict $result "$name"
}

c_programs "libashlar.a, libc shared"
cxx_program "libashlar.a, libstdc++ shared"
echo 'int main(void) { return 0; }' >"$tmp/empty.c"
for mode in -static -static-pie; do
	if ${CC:-cc} $mode -o "$tmp/empty" "$tmp/empty.c" -lpthread 2>/dev/null && "$tmp/empty"; then
		c_programs "$mode" $mode
		cxx_program "$mode" $mode
	else
		skip "$mode" "there is no static libc here"
	fi
done

# Both names of one function, and a libc that is given our blocks.
cat >"$tmp/both.c" <<END
#include <ashlar/ashlar.h>
#include <stdlib.h>
#include <string.h>
int main(void)
{
	char *p = strdup("libc's own call of malloc");
	void *q = malloc(100), *r = ${API_PREFIX:-ashlar_}malloc(100);
	if (${API_PREFIX:-ashlar_}malloc_usable_size(p) < strlen(p) + 1)
		return 1;
	${API_PREFIX:-ashlar_}free(p);
	${API_PREFIX:-ashlar_}free(q);
	free(r);
	return 0;
}
END
build ${CC:-cc} $flags -I"$top_builddir/allocator/include" -o "$tmp/both" "$tmp/both.c" "$archive" && "$tmp/both"
verdict $? "plain and prefixed names are one allocator"
finish
