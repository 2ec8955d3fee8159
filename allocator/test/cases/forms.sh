# forms.sh WHAT: a program that has some of malloc's calls of its own, or a plugin that finds others
# than it does, under $library.  One line, and the status of a case.
here=$(dirname "$0")
tmp=$(mktemp -d "${TMPDIR:-/tmp}/ashlar-forms.XXXXXX") || exit 77
trap 'rm -rf "$tmp"' EXIT
cannot() { echo "cannot be tried: $*"; exit 77; }
c() { # OUTPUT FLAGS… : from the source in $source
	output=$1
	shift
	"${CC:-cc}" -D_GNU_SOURCE -O1 -fno-builtin -pthread -o "$tmp/$output" "$@" "$here/$source" -ldl 2>"$tmp/log" ||
		cannot "$source does not compile"
}
cxx() {
	output=$1
	shift
	"${CXX:-c++}" -std=gnu++17 -O1 -fno-builtin -pthread -o "$tmp/$output" "$@" "$here/$source" -ldl 2>"$tmp/log" ||
		cannot "$source does not compile"
}
under() { # COMMAND… : with the library preloaded; behind $front where that is set
	env LD_PRELOAD="${front:+$front${library:+:}}$library" "$@"
}

case $1 in
own-malloc) source=own_malloc.c && c program -DPROGRAM && under "$tmp/program" ;;
own-malloc-aligned) source=own_malloc.c && c program -DPROGRAM -DALIGNED && under "$tmp/program" ;;
wrapped)
	# The operators under a malloc in front, in the words of a test of all their forms.
	source=own_malloc.c && c front.so -shared -fPIC && front=$tmp/front.so
	source=own_new.cc && cxx program "-DOWN=${2:-0}" && under "$tmp/program" ;;
fixed-place)
	source=fixed_place.cc && cxx program -fno-pie -no-pie
	readelf --dyn-syms -W "$tmp/program" | grep -Eq ' 0*[1-9a-f][0-9a-f]* .* UND malloc(@|$)' ||
		cannot "the program has no jump of its own to malloc"
	under "$tmp/program" ;;
own-new) source=own_new.cc && cxx program "-DOWN=${2:-1}" && under "$tmp/program" ;;
deepbind)
	source=plugin.c && c plugin.so -shared -fPIC && c program -DPROGRAM -rdynamic
	under "$tmp/program" "$tmp/plugin.so" 0x8 ;;
deepbind-global)
	source=plugin.c && c plugin.so -shared -fPIC && c program -DPROGRAM -rdynamic
	under "$tmp/program" "$tmp/plugin.so" 0x108 ;;
deepbind-by-path)
	mkdir "$tmp/deep"
	source=plugin.c && c deep/plugin.so -shared -fPIC && c program -DPROGRAM -rdynamic
	c opener.so -shared -fPIC -DOPENER "-Wl,-rpath,\$ORIGIN/deep"
	under "$tmp/program" plugin.so 0x8 "$tmp/opener.so" ;;
deepbind-in-constructor)
	source=plugin.c && c plugin.so -shared -fPIC && c libopener.so -shared -fPIC -DOPENER -DAT_START
	c program -DPROGRAM -rdynamic "-L$tmp" "-Wl,-rpath,$tmp" -Wl,--no-as-needed -lopener
	under "$tmp/program" "$tmp/plugin.so" 0x8 ;;
deepbind-at-start)
	source=plugin.c && c plugin.so -shared -fPIC && c program -DPROGRAM -DAT_START -rdynamic
	under "$tmp/program" "$tmp/plugin.so" 0x8 ;;
static-runtime)
	source=static_runtime.cc && cxx plugin.so -shared -fPIC -static-libstdc++ -static-libgcc
	# The program must not bring a runtime, so it is linked as C.
	"${CXX:-c++}" -DPROGRAM -O1 -c -o "$tmp/program.o" "$here/$source" && "${CC:-cc}" -o "$tmp/program" "$tmp/program.o" -ldl ||
		cannot "it does not link"
	under "$tmp/program" "$tmp/plugin.so" ;;
memcheck)
	command -v valgrind >/dev/null || cannot "valgrind is not installed"
	under valgrind -q --error-exitcode=9 --log-file="$tmp/log" /bin/ls /usr/bin >"$tmp/out"
	status=$?
	echo "$(grep -c '^==.*Invalid' "$tmp/log") invalid accesses, status $status"
	[ $status -eq 0 ] ;;
php)
	command -v php >/dev/null || cannot "php is not installed"
	program='echo implode(" ", get_loaded_extensions()), " ", md5(serialize(array_fill(0, 9999, str_repeat("x", 50)))), "\n";'
	php -r "$program" >"$tmp/plain" 2>&1
	under php -r "$program" >"$tmp/under" 2>&1
	status=$?
	echo "status $status, $(wc -w <"$tmp/under") words said, $(wc -w <"$tmp/plain") without"
	[ $status -eq 0 ] && cmp -s "$tmp/plain" "$tmp/under" ;;
*) cannot "no such case: $1" ;;
esac
status=$?
[ $status -le 1 ] || [ $status -eq 77 ] || { echo "leaves with $status"; status=1; }
exit $status
