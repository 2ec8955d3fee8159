# Rolling out: ashlar-run and whom it refuses, ashlar-ctl doctor on processes in every state, and
# ../../doc/deploy.md, each of whose commands is run in a mount namespace with an /etc of its own.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
[ "$is_ashlar" = yes ] || skip_all "only this project's library is rolled out so"
[ -x "$top_builddir/ashlar-run" ] || skip_all "the C library has no argp"
make_tmp
probe=$top_builddir/allocator/test/system/probe
unset LD_LIBRARY_PATH

# As installed: programs in bin, the library in lib.
opt=$tmp/opt
mkdir -p "$opt/bin" "$opt/lib"
# Libtool's script stands for what lies in .libs, where there is one: an older build may have left that.
real() { if [ "$(head -c 2 "$top_builddir/$1")" = '#!' ] && [ -x "$top_builddir/.libs/$1" ]; then echo "$top_builddir/.libs/$1"; else echo "$top_builddir/$1"; fi; }
cp "$(real ashlar-run)" "$(real ashlar-ctl)" "$opt/bin"
cp "$library" "$opt/lib/libashlar.so.0"
run=$opt/bin/ashlar-run
ctl=$opt/bin/ashlar-ctl

show() { note "status $status"; note_file "$tmp/out"; note_file "$tmp/err"; }
judge() { # NAME: of the last command
	result=$?
	[ $result -eq 0 ] || show
	verdict $result "$1"
}
try() { "$@" >"$tmp/out" 2>"$tmp/err"; status=$?; }
one_line() { [ "$(wc -l <"$tmp/err")" -eq 1 ] && [ ! -s "$tmp/out" ]; }

# --- ashlar-run --------------------------------------------------------------------------------
try "$run" "$probe" where
[ $status -eq 0 ] && [ "$(cat "$tmp/out")" = "$opt/lib/libashlar.so.0" ]
judge "ashlar-run finds the library where both were moved to"
[ "$("$run" --library)" = "$opt/lib/libashlar.so.0" ]
verdict $? "and names it"
mkdir "$tmp/beside"
cp "$run" "$tmp/beside"
cp "$library" "$tmp/beside/libashlar.so.0"
[ "$("$tmp/beside/ashlar-run" "$probe" where)" = "$tmp/beside/libashlar.so.0" ]
verdict $? "or beside itself"
[ "$("$top_builddir/ashlar-run" "$probe" where)" = "$TEST_SERVED_BY" ]
verdict $? "or in the build tree"
mkdir "$tmp/alone" "$tmp/a blank"
cp "$run" "$tmp/alone"
try "$tmp/alone/ashlar-run" true
[ $status -eq 125 ] && one_line && grep -q "there is no libashlar.so.0 in $tmp/alone" "$tmp/err"
judge "without a library: 125"
cp "$run" "$library" "$tmp/a blank"
mv "$tmp/a blank/${library##*/}" "$tmp/a blank/libashlar.so.0"
try "$tmp/a blank/ashlar-run" true
[ $status -eq 125 ] && one_line && grep -q 'the loader takes no path with a blank' "$tmp/err"
judge "in a path that the loader does not take: 125"

good=0
for wanted in 0 1 42 255; do
	try "$run" sh -c "exit $wanted"
	[ $status -eq $wanted ] || good=1
done
[ $good -eq 0 ]
judge "the status is the command's"
try "$run" sh -c 'kill -TERM $$'
[ $status -eq 143 ]
judge "or its signal"
[ "$(echo in | "$run" cat)" = in ] && [ "$("$run" sh -c 'echo $#:$1:$2' sh 'a b' --conf)" = '2:a b:--conf' ]
verdict $? "arguments and descriptors go on"

show_env='echo "$LD_PRELOAD|$ASHLAR_CONF"'
lib=$opt/lib/libashlar.so.0
joined() { # WANTED-PRELOAD WANTED-CONF [VAR=VALUE]… -- [OPTION]…
	wanted="$1|$2"
	shift 2
	got=$(env "$@" sh -c "$show_env" 2>"$tmp/err")
	[ "$got" = "$wanted" ] || note "$got, not $wanted"
	[ "$got" = "$wanted" ]
	verdict $? "LD_PRELOAD and ASHLAR_CONF: $wanted"
}
other=$(ldd /bin/sh | awk '/libc\.so/ {print $3; exit}')
joined "$lib" '' "$run"
joined "$lib:$other" '' LD_PRELOAD="$other" "$run"
joined "$other $lib" '' LD_PRELOAD="$other $lib" "$run"
joined "$other:$lib:$other" '' LD_PRELOAD="$other:$lib:$other" "$run"
joined "$lib:${lib}x" '' LD_PRELOAD="${lib}x" "$run"
joined "$lib" narenas:2 "$run" --conf narenas:2
joined "$lib" narenas:1,narenas:2 ASHLAR_CONF=narenas:1 "$run" --conf=narenas:2
joined "$lib" narenas:1 ASHLAR_CONF=narenas:1 "$run" --conf=
joined "$lib" narenas:1 ASHLAR_CONF=narenas:1 "$run"

refused() { # STATUS PATTERN COMMAND…
	wanted=$1 pattern=$2
	shift 2
	try timeout 60 "$run" "$@"
	[ $status -eq "$wanted" ] && one_line && grep -qE "$pattern" "$tmp/err"
	judge "$wanted: $(sed "s|$tmp/||g; s|^ashlar-run: ||" "$tmp/err")"
}
refused 127 'no_such_command: no such command in PATH' no_such_command
refused 127 'No such file' "$tmp/no_such_file"
refused 127 'ashlar-run: : ' ''
refused 126 'Is a directory' "$tmp"
echo text >"$tmp/text"
refused 126 'Permission denied' "$tmp/text"
printf '#!%s/nowhere\n' "$tmp" >"$tmp/script"
chmod +x "$tmp/script"
refused 126 'its interpreter .*/nowhere: No such file' "$tmp/script"
# (Who opened the FIFO would wait for a writer.)
mkfifo -m 755 "$tmp/fifo"
refused 126 'fifo: Permission denied' "$tmp/fifo"
printf '#!%s/fifo\n' "$tmp" >"$tmp/script"
refused 126 'script: Permission denied' "$tmp/script"
# The machine in an image's header is that of an IBM System/390, which does not care.
cp /bin/true "$tmp/foreign"
printf '\026\000' | dd of="$tmp/foreign" bs=1 seek=18 conv=notrunc 2>"$tmp/none"
refused 126 'it is for s390, and the library for ' "$tmp/foreign"
printf '#! %s/foreign x\n' "$tmp" >"$tmp/script"
refused 126 "it is run by .*/foreign: it is for s390" "$tmp/script"
echo 'int main(void) { return 7; }' >"$tmp/seven.c"
for mode in -static -static-pie; do
	if ${CC:-cc} $mode -o "$tmp/static" "$tmp/seven.c" 2>"$tmp/none"; then
		refused 126 'it is a static program' "$tmp/static"
	else
		skip "$mode" "there is no static libc here"
	fi
done
if ${CC:-cc} -Wl,--dynamic-linker=/lib/ld-musl-x.so.1 -o "$tmp/musl" "$tmp/seven.c" 2>"$tmp/none"; then
	refused 126 'its loader is ld-musl-x.so.1' "$tmp/musl"
fi
cp "$probe" "$tmp/secure"
if [ "$(id -u)" -eq 0 ] && chown 65534 "$tmp/secure" && chmod 4755 "$tmp/secure" && chmod 755 "$tmp" &&
	[ "$("$tmp/secure" secure | head -n 1)" = secure ]; then
	refused 126 'it raises its privileges' "$tmp/secure" hello
	chown 0 "$tmp/secure" && chmod 4755 "$tmp/secure"
	[ "$("$run" "$tmp/secure" hello)" = hello ]
	verdict $? "setuid to who one is already raises nothing"
	if have setpriv; then
		chown 65534 "$tmp/secure" && chmod 4755 "$tmp/secure"
		[ "$(setpriv --no-new-privs "$run" "$tmp/secure" secure | head -n 1)" = ordinary ]
		verdict $? "nor where nothing can be gained any more"
	fi
else
	skip "a setuid program" "none can be made here"
fi
printf 'echo shell "$@"\n' >"$tmp/plain"
chmod +x "$tmp/plain"
[ "$("$run" "$tmp/plain" a 'b c')" = 'shell a b c' ]
verdict $? "text that names no interpreter is the shell's"
(cd "$tmp" && [ "$(PATH=:/nowhere "$run" plain)" = 'shell' ])
verdict $? "an empty folder of PATH is the current one"
good=0
for options in '' '--nosuch true' '--library true'; do
	# shellcheck disable=SC2086
	try "$run" $options
	[ $status -eq 125 ] && [ -s "$tmp/err" ] || good=1
done
[ $good -eq 0 ]
judge "wrong options: 125"
"$run" --version | grep -q '^ashlar-run [0-9]' && "$run" --help | grep -q -- '--conf=STRING'
verdict $? "--version and --help"
for words in "ashlar-run --help" "ashlar-run --library" "ashlar-ctl --help" "ashlar-ctl list"; do
	# shellcheck disable=SC2086
	"$opt/bin/"$words >/dev/full 2>"$tmp/err"
	status=$?
	[ $status -ne 0 ] && grep -qx "${words%% *}: the output could not be written" "$tmp/err"
	verdict $? "$words without room for it"
done

# --- ashlar-ctl doctor ---------------------------------------------------------------------------
# A process that says when it has begun, and stops.
server=
at_exit() { [ -z "$server" ] || kill -KILL "$server" 2>"$tmp/none"; }
begun() { until [ -s "$tmp/server" ] || ! kill -0 "$server" 2>"$tmp/none"; do sleep 0.02; done; }
wait='echo up; kill -STOP $$'
start() { # [VAR=VALUE]… PROGRAM…
	: >"$tmp/server"
	env "$@" >"$tmp/server" 2>"$tmp/server.err" &
	server=$!
	begun
}
stop() { kill -KILL "$server"; wait "$server" 2>"$tmp/none"; server=; }
examine() { try "$ctl" doctor "$@"; }
said() { grep -qE "^ *$1" "$tmp/out"; }
# On, and warned of just where there is a warning.
on() {
	said 'state: on$' || return
	if said 'warning: '; then [ $status -eq 2 ]; else [ $status -eq 0 ]; fi
}

start LD_PRELOAD="$lib" ASHLAR_CONF=narenas:2,dirty_max:10% MALLOC_CONF=background_thread:false sh -c "$wait"
examine $server
on && said "process: $server$" && said 'started as: ' && said "library: $lib$" && said 'replaced: false$' &&
	said "version: $("$ctl" --version | sed 's/.* //')$" && said 'MALLOC_CONF: background_thread:false$' &&
	said 'narenas: 2$' && said 'dirty_max: 10%$' && said 'background_thread: false$' &&
	[ "$(grep -c '^  ' "$tmp/out")" -eq 5 ] && said 'system calls: ' && said 'open files: [0-9]'
judge "doctor: on, which, and how configured"
[ ! -s "$tmp/err" ]
judge "and says no more"
if have jq; then
	try "$ctl" --json doctor $server
	jq -e --arg lib "$lib" --argjson pid $server '.state == "on" and .library == $lib and .replaced == false and .process == $pid and
		.configuration.ASHLAR_CONF == "narenas:2,dirty_max:10%" and ."options other than by default".narenas == 2 and
		(.warnings | type) == "array"' "$tmp/out" >"$tmp/none"
	judge "doctor --json"
	"$ctl" doctor --json $$ | jq -e '.state == "not there" and .configuration == {}' >"$tmp/none"
	verdict $? "also of who has not got it"
else
	skip "doctor --json" "jq is not installed"
fi
if [ "$(id -u)" -eq 0 ] && have setpriv; then
	chmod 755 "$tmp" "$opt" "$opt/bin" "$opt/lib"
	try setpriv --reuid 65534 --regid 65534 --clear-groups "$ctl" doctor $server
	[ $status -eq 1 ] && one_line && grep -q "it is user 0's" "$tmp/err"
	judge "who may not look: $(cat "$tmp/err")"
else
	skip "who may not look" "not root, or no setpriv"
fi
# As dpkg does it: another file moved to the name of the one that is mapped.
cp "$lib" "$tmp/new"
mv "$tmp/new" "$lib"
examine $server
[ $status -eq 2 ] && said 'state: on' && said "library: $lib$" && said 'replaced: true' && said 'warning: its file was replaced by version '
judge "a file that was replaced"
rm "$lib"
examine $server
[ $status -eq 2 ] && said 'state: on' && said 'warning: its file was deleted'
judge "a file that was deleted"
cp "$library" "$lib"
stop

start LD_PRELOAD="$lib" ASHLAR_CONF=off:true,narenas:3 sh -c "$wait"
examine $server
[ $status -eq 4 ] && said 'state: off$' && said 'why: an option says off:true' && said 'narenas: 3'
judge "off"
stop
start sh -c "$wait"
examine $server
[ $status -eq 3 ] && said 'state: not there$' && said 'why: neither LD_PRELOAD nor '
judge "not there"
stop
start LD_PRELOAD="$tmp/nowhere/libashlar.so.0" sh -c "$wait"
examine $server
[ $status -eq 3 ] && said 'why: LD_PRELOAD names it, and its loader refused it'
judge "not there, though it was named"
stop
start LD_PRELOAD="$lib" ASHLAR_CONF=narenas:many,thp:never sh -c "$wait"
examine $server
[ $status -eq 2 ] && said 'warning: 1 option was not understood' &&
	grep -q "ASHLAR_CONF of $server: invalid value narenas:many" "$tmp/err" && ! said 'warning: no huge pages'
judge "an option that was not understood"
stop
for file in /usr/lib/*/libjemalloc.so.2; do
	[ -r "$file" ] || { skip "doctor: beside" "libjemalloc2 is not installed"; continue; }
	start LD_PRELOAD="$file $lib" sh -c "$wait"
	examine $server
	[ $status -eq 4 ] && said 'state: beside$'
	judge "beside another in front of it"
	stop
done
: >"$tmp/server"
(
	ulimit -S -v 4000000 && ulimit -S -n 15 && exec env LD_PRELOAD="$lib" sh -c "$wait" >"$tmp/server" 2>&1
) &
server=$!
begun
examine $server
[ $status -eq 2 ] && said 'state: on' && said 'address space: 4096000000$' && said 'warning: malloc fails beyond 4096000000 bytes' &&
	said 'open files: 15$' && said 'warning: it may have 15 files'
judge "limits"
stop
archive=$top_builddir/.libs/libashlar.a
cat >"$tmp/wait.c" <<-'END'
	#include <signal.h>
	#include <stdlib.h>
	#include <unistd.h>
	int main(void)
	{
		free(malloc(100));
		if (write(1, "up\n", 3) != 3)
			return 1;
		return raise(SIGSTOP);
	}
END
if [ -r "$archive" ] && ${CC:-cc} -static -D_GNU_SOURCE -O1 -fno-builtin -o "$tmp/linked" \
	"$tmp/wait.c" "$archive" -pthread 2>"$tmp/none" &&
	${CC:-cc} -static -D_GNU_SOURCE -O1 -fno-builtin -o "$tmp/static" \
		"$tmp/wait.c" 2>"$tmp/none"; then
	start "$tmp/linked"
	examine $server
	on && said "library: $tmp/linked$"
	judge "linked into a static program"
	stop
	start "$tmp/static"
	examine $server
	[ $status -eq 3 ] && said 'why: it is a static program'
	judge "a static program without it"
	stop
else
	skip "static programs" "nothing can be linked statically"
fi
good=0
for words in 999999999 2147483648 0 -1 x ''; do
	# shellcheck disable=SC2086
	try "$ctl" doctor $words
	[ $status -eq 1 ] && one_line || good=1
done
[ $good -eq 0 ]
judge "no such process: $(cat "$tmp/err")"
"$ctl" doctor 2 >"$tmp/out" 2>"$tmp/err"
status=$?
if [ "$(cat /proc/2/comm 2>"$tmp/none")" = kthreadd ]; then
	[ $status -eq 1 ] && one_line && grep -q 'has no memory' "$tmp/err"
	judge "the kernel's: $(cat "$tmp/err")"
fi

# --- completion -------------------------------------------------------------------------------------
folder=$top_srcdir/allocator/tools/completion
offers() { # FUNCTION FILE WORD…
	bash -c '. "$2"; f=$1; shift 2; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); $f; printf "%s\n" "${COMPREPLY[@]}"' - "$@" 2>"$tmp/err"
}
if have bash; then
	[ "$(offers _ashlar_ctl "$folder/ashlar-ctl" "$ctl" doc)" = doctor ] &&
		[ "$(offers _ashlar_ctl "$folder/ashlar-ctl" "$ctl" doctor --)" = --json ] &&
		[ "$(offers _ashlar_ctl "$folder/ashlar-ctl" "$ctl" get stats.resi)" = stats.resident ] &&
		offers _ashlar_ctl "$folder/ashlar-ctl" "$ctl" doctor $$ | grep -qx $$ &&
		[ "$(offers _ashlar_run "$folder/ashlar-run" "$run" --con)" = --conf ] &&
		offers _ashlar_run "$folder/ashlar-run" "$run" --conf = x tru | grep -qx true
	judge "completion for bash"
fi
if have zsh; then
	zsh -n "$folder/_ashlar-ctl" && zsh -n "$folder/_ashlar-run"
	verdict $? "zsh reads its completion"
fi

# --- the document ------------------------------------------------------------------------------------
doc=$top_srcdir/allocator/doc/deploy.md
# FOLDER/N.LANGUAGE, in the order in which they stand.
mkdir "$tmp/blocks"
"${AWK:-awk}" -v folder="$tmp/blocks" '
	/^```[a-z]/ { file = sprintf("%s/%02d.%s", folder, ++n, substr($0, 4)); next }
	/^```/ { file = ""; next }
	file != "" { print >file }' "$doc"
count=$(find "$tmp/blocks" -name '*.sh' | wc -l)
[ "$count" -ge 10 ] && [ "$(find "$tmp/blocks" -name '*.dockerfile' | wc -l)" -eq 1 ] &&
	[ "$(find "$tmp/blocks" -type f | wc -l)" -eq $((count + 1)) ]
verdict $? "deploy.md has $count blocks of commands, one for images, and no others"

# A layer: what COPY and ENV do, below roots of our own.
stage=$tmp/stage image=$tmp/image
mkdir -p "$stage" "$image"
prefix=$(sed -n 's/^prefix=//p' "$top_builddir/allocator/ashlar.pc")
: >"$tmp/env"
layer() { # one line
	# shellcheck disable=SC2086
	set -- $1
	case $1 in
	FROM) ;;
	RUN)
		[ "$*" = 'RUN make -C /build install' ] || return
		MAKEFLAGS='' ${MAKE:-make} -s -C "$top_builddir" install-libLTLIBRARIES install-binPROGRAMS \
			DESTDIR="$stage" >"$tmp/install" 2>&1 </dev/null || { note_file "$tmp/install"; return 1; }
		[ "$prefix" = /usr/local ] || { mkdir -p "$stage/usr" && mv "$stage$prefix" "$stage/usr/local"; }
		;;
	COPY)
		[ "$2" = --from=ashlar ] || return
		shift 2
		for to; do :; done
		case $to in */) ;; *) return 1 ;; esac
		mkdir -p "$image$to"
		while [ $# -gt 1 ]; do cp "$stage$1" "$image$to" || return; shift; done
		;;
	ENV) echo "$2" >>"$tmp/env" ;;
	*) return 1 ;;
	esac
}
bad=
while read -r line; do
	layer "$line" || bad="$bad; $line"
done <"$(find "$tmp/blocks" -name '*.dockerfile')"
preload=$(sed -n 's/^LD_PRELOAD=//p' "$tmp/env")
env $(sed "s|^LD_PRELOAD=|&$image|" "$tmp/env") sh -c '"$1" doctor $$; :' sh "$image/usr/local/bin/ashlar-ctl" >"$tmp/out" 2>"$tmp/err"
[ -z "$bad" ] && [ -n "$preload" ] && said 'state: on' && said "library: $image$preload$" && said 'dirty_max: 10%' && [ ! -s "$tmp/err" ] &&
	[ "$("$image/usr/local/bin/ashlar-run" --library)" = "$image$preload" ]
judge "the layer of an image$bad"

# Commands, in a mount namespace: an /etc, and a folder of the list, made of links to what is there
# and of files of their own; what is there is mounted to be read only.
mkdir "$tmp/programs" "$tmp/bin" "$tmp/results"
for name in mysqld java17 other; do cp /bin/sh "$tmp/programs/$name"; done
printf '#!/bin/sh\nashlar-ctl doctor $$\n:\n' >"$tmp/programs/java-script"
chmod +x "$tmp/programs/java-script"
cat >"$tmp/bin/systemctl" <<-'END'
	#!/bin/sh
	echo "$*" >>"$results/systemctl"
	[ "$1" != daemon-reload ] || ! command -v systemd-analyze >/dev/null || {
		systemd-analyze verify /etc/systemd/system/redis-server.service >>"$results/verify" 2>&1
		echo $? >>"$results/verified"
	}
END
chmod +x "$tmp/bin/systemctl"
cat >"$tmp/inside" <<-'END'
	set -u
	results=$tmp/results
	export results
	farm() { # FOLDER
		mkdir -p "$tmp/there$1" "$tmp/farm$1" && mount --bind "$1" "$tmp/there$1" &&
			mount -o remount,bind,ro "$tmp/there$1" || exit 77
		for entry in "$1"/* "$1"/.[!.]*; do
			case ${entry##*/} in
			'*' | '.[!.]*' | ld.so.preload | malloc.conf | systemd | ashlar) ;;
			*) ln -s "$tmp/there$1/${entry##*/}" "$tmp/farm$1" ;;
			esac
		done
		mount --bind "$tmp/farm$1" "$1" || exit 77
	}
	list=$(ashlar-run --exclude-list)
	above=${list%/ashlar/*}
	while [ ! -d "$above" ]; do above=${above%/*}; done
	[ -n "$above" ] || exit 77
	farm /etc
	case $above in
	/etc) ;;
	/etc/*) exit 77 ;;
	*) farm "$above" ;;
	esac
	mkdir -p /etc/systemd/system
	printf '[Service]\nExecStart=/bin/true\n' >/etc/systemd/system/redis-server.service
	state() { grep -E '^(state|why):' | tr '\n' ' '; }
	for block in "$tmp"/blocks/*.sh; do
		name=${block##*/}
		sh -eu "$block" >"$results/$name" 2>"$results/$name.err"
		echo $? >"$results/$name.status"
		sh -c 'ashlar-ctl doctor $$; :' | state >"$results/$name.plain"
		ashlar-run sh -c 'ashlar-ctl doctor $$; :' | state >"$results/$name.run"
		for program in mysqld java17 other; do
			"$tmp/programs/$program" -c 'ashlar-ctl doctor $$; :' | state >"$results/$name.$program"
		done
		"$tmp/programs/java-script" | state >"$results/$name.script"
		cp -r /etc/systemd/system/redis-server.service.d "$results/$name.d" 2>/dev/null
	done
	mkdir -p /etc/systemd/system/redis-server.service.d
	printf '[Service]\nEnvironmental=LD_PRELOAD=x\n' >/etc/systemd/system/redis-server.service.d/planted.conf
	systemctl daemon-reload
	exit 0
END
name="the commands of deploy.md"
have unshare || { skip "$name" "no unshare"; finish; }
ways='unshare -m'
[ "$(id -u)" -eq 0 ] || ways='unshare -rm'
env PATH="$tmp/bin:$opt/bin:$PATH" tmp="$tmp" $ways sh "$tmp/inside" >"$tmp/out" 2>"$tmp/err"
status=$?
if [ $status -ne 0 ] && [ ! -e "$tmp/results/01.sh.status" ]; then
	skip "$name" "no mount namespace of one's own can be made here: $(tail -n 1 "$tmp/err")"
	finish
fi
[ $status -eq 0 ]
judge "the namespace"
for block in "$tmp"/blocks/*.sh; do
	block=${block##*/}
	[ "$(cat "$tmp/results/$block.status")" = 0 ] && [ ! -s "$tmp/results/$block.err" ]
	result=$?
	[ $result -eq 0 ] || { note_file "$tmp/results/$block"; note_file "$tmp/results/$block.err"; }
	verdict $result "deploy.md: $(grep -v '^#' "$tmp/blocks/$block" | head -n 1)"
done

holding() { # TEXT: the block that has it
	grep -lF -- "$1" "$tmp"/blocks/*.sh | sed 's|.*/||' | head -n 1
}
is() { # BLOCK KIND STATE: what a program was after it
	case $(cat "$tmp/results/$1.$2") in
	"state: $3 "*) return 0 ;;
	esac
	note "after $1, $2: $(cat "$tmp/results/$1.$2"), not $3"
	return 1
}
whole=$(holding '/opt/vendor/bin')
is 01.sh plain 'not there' && is 01.sh run on && is "$whole" plain on && is "$whole" other on && is "$whole" mysqld off &&
	is "$whole" java17 off && is "$whole" script off
verdict $? "a whole machine, but for some programs"
grep -q 'line [0-9]* of .*/exclude excludes it' "$tmp/results/$whole.mysqld"
verdict $? "and doctor says by which line: $(cat "$tmp/results/$whole.mysqld")"
back=$(holding 'rm /etc/ld.so.preload')
is "$back" plain 'not there' && is "$back" run on && is "$back" mysqld 'not there'
verdict $? "and back"
kill=$(holding 'off:true')
grep -qx 'state: off' "$tmp/results/$kill" && grep -qx 'exit status 4' "$tmp/results/$kill"
verdict $? "the kill switch of one"
all=$(holding "echo '*' >>")
is "$all" run off && is "$(holding off:false)" run on && grep -qx 'state: on' "$tmp/results/$(holding off:false)"
verdict $? "of all, but for one that is tried"
which=$(holding 'doctor --json')
grep -qx '  narenas: 2' "$tmp/results/$which" && grep -qE '^exit status (0|2)$' "$tmp/results/$which"
verdict $? "is it on there?"
unit=$(holding 'redis-server.service.d/ashlar.conf <<END')
grep -qx "Environment=LD_PRELOAD=$lib" "$tmp/results/$unit.d/ashlar.conf" && [ "$(cat "$tmp/results/systemctl" | wc -l)" -eq 5 ]
verdict $? "the drop-in of systemd"
if [ -e "$tmp/results/verified" ]; then
	[ "$(tr '\n' ' ' <"$tmp/results/verified")" != '' ] && grep -q "Unknown key.*'Environmental'" "$tmp/results/verify" &&
		! grep -q 'ashlar\.conf' "$tmp/results/verify"
	result=$?
	[ $result -eq 0 ] || note_file "$tmp/results/verify"
	verdict $result "which systemd-analyze has no word against, and against a planted fault it has"
else
	skip "the drop-in by systemd-analyze" "not installed"
fi
finish
