# preloads.sh OTHER first|last: a program with threads and a child runs with another library preloaded
# that brings functions of libc of its own, before the allocator or behind it.  OTHER is a file of
# /usr/lib/MACHINE-linux-gnu, or hooks: 29 functions that all allocate.
other=$1 place=$2
system=$(dirname "$cases")/../system
if [ "$other" = hooks ]; then
	path=$system/.libs/libhooks.so
else
	path=/usr/lib/$(uname -m)-linux-gnu/$other
fi
[ -r "$path" ] || {
	echo "cannot be tried: there is no $path"
	exit 77
}
case $place in
first) both="$path $library" ;;
*) both="$library $path" ;;
esac
conf=$(mktemp) # proxychains will not start without one
printf '[ProxyList]\nsocks5 127.0.0.1 9\n' >"$conf"
answer=$(PROXYCHAINS_CONF_FILE=$conf timeout -k 1 30 env LD_PRELOAD="$both" FAKETIME='2020-01-02 03:04:05' \
	"$system/hooked" 2>/dev/null)
status=$?
rm -f "$conf"
case $status in
0) ;;
124 | 137) answer=hangs ;;
*) answer="${answer:+$answer; }leaves with $status" ;;
esac
echo "$answer"
[ "$answer" = fine ]
