# jemalloc's interface as its users meet it: statistics at exit, in every form, options that are
# told, the exported names, ashlar-ctl on a running process, and a Redis server.
. "$top_srcdir/allocator/test/support/lib.sh"
make_tmp
forms=$top_builddir/allocator/test/system/control
probe=$top_builddir/allocator/test/system/probe

# --- forms of the statistics (these work in sanitizer builds, too) -----------------------------------
all=J # each choice of letters
for letter in g m d a b l x e h; do
	for choice in $all; do all="$all $choice$letter"; done
done
if have jq; then
	# In the order of the choices: what a letter leaves out is gone, all else is there.
	cat >"$tmp/check.jq" <<'end'
def wrong($letters):
	.jemalloc as $j | $j."stats.arenas" as $a |
	([["g", ($j | has("version") and has("config") and has("opt") and has("arenas"))],
	  ["m", ($a | has("merged"))], ["d", ($a | has("destroyed"))], ["a", ($a | has("0"))],
	  ["x", ($j.stats | has("mutexes"))]] +
	 [$a | .merged, ."0" | select(.) | ["b", has("bins")], ["l", has("lextents")], ["x", has("mutexes")],
	  ["e", has("extents")], ["h", has("hpa_shard")]] +
	 [$j.arenas | select(.) | ["b", has("bin")], ["l", has("lextent")]])
	| map(select(.[1] == (.[0] as $letter | $letters | contains($letter))) | "\($letters): \(.[0])");
reduce inputs as $one ({n: 0, wrong: []};
	$ARGS.positional[.n] as $letters | .wrong += ($one | wrong($letters)) | .n += 1)
| "\(.n) \(.wrong | length)", .wrong[:9][]
end
	# shellcheck disable=SC2086
	set -- $all
	"$forms" print "$@" >"$tmp/json" 2>"$tmp/err" &&
		jq -rn -f "$tmp/check.jq" --args "$@" <"$tmp/json" >"$tmp/count" 2>>"$tmp/err"
	[ "$(head -n 1 "$tmp/count")" = "$# 0" ] && [ $# -eq 512 ]
	result=$?
	note_file "$tmp/err"
	[ $result -eq 0 ] || note_file "$tmp/count"
	verdict $result "JSON parses, for every choice of letters ($#), and has what they leave and no more"
	head -n 1 "$tmp/json" | jq -e '.jemalloc | (.version | type) == "string" and .config.prof == false and
		.opt.dirty_decay_ms == 2000 and (.arenas.bin | length) == .arenas.nbins and
		.arenas.bin[0].size == 16 and (.arenas.lextent | length) == .arenas.nlextents and
		.stats.allocated > 50000000 - 1000000 and .stats.allocated <= .stats.active and
		.stats.active <= .stats.resident and .stats.resident <= .stats.mapped and
		(."stats.arenas".merged.bins | length) == .arenas.nbins and
		."stats.arenas".merged.small.allocated + ."stats.arenas".merged.large.allocated == .stats.allocated and
		."stats.arenas"."0".pactive * .arenas.page == .stats.active and
		."stats.arenas"."0".name == "auto_0" and (."stats.arenas"."0".uptime_ns | type) == "number"' >"$tmp/verdict"
	verdict $? "its numbers are those of mallctl, and fit together"
	# The names of both, but for what has numbers in it and what the text has in tables.
	head -n 1 "$tmp/json" | jq -r '.jemalloc | {config, opt, arenas, stats, "stats.arenas.0": ."stats.arenas"."0",
		"stats.arenas.4096": ."stats.arenas".merged, "stats.arenas.4097": ."stats.arenas".destroyed} |
		paths(type != "object" and type != "array") | select(all(type == "string")) | join(".") |
		select(test("^stats.arenas.0.name$") | not) | sub("uptime_ns$"; "uptime")' | sort >"$tmp/names"
	"$forms" print '' | sed -n 's/^  \([a-z][a-z0-9_]*[.][a-z0-9_.]*\): .*/\1/p' | grep -vE '\.[0-9]+$' | sort >"$tmp/said"
	diff "$tmp/names" "$tmp/said" >"$tmp/difference" && [ "$(wc -l <"$tmp/names")" -gt 200 ]
	result=$?
	note_file "$tmp/difference"
	verdict $result "the text has the same names ($(wc -l <"$tmp/names"))"
else
	skip "JSON" "jq is not installed"
fi

# What each letter leaves out of the text: LETTER PATTERN.
cat >"$tmp/parts" <<'end'
g ^Version: "
g ^  config\.debug: (true|false)$
g ^  opt\.dirty_decay_ms: 2000$
g ^  arenas\.page: [0-9]+$
m ^Merged arenas stats:$
m ^small: +[1-9]
m ^  stats\.arenas\.4096\.pactive: [1-9]
d ^Destroyed arenas stats:$
d ^  stats\.arenas\.4097\.small\.nmalloc: [1-9]
a ^arenas\[0\]:$
a ^  stats\.arenas\.0\.pactive: [1-9]
b ^bins:  size
b ^  stats\.arenas\.0\.bins\.[0-9]+: .*curregs [1-9]
l ^large: +size
l ^  stats\.arenas\.0\.lextents\.[0-9]+: .*curlextents [1-9]
x ^  stats\.mutexes\.ctl\.num_wait: [0-9]+$
x ^  stats\.arenas\.4096\.mutexes\.base\.num_spin_acq: [0-9]+$
x ^  stats\.arenas\.0\.mutexes\.hpa_shard\.total_wait_time: [0-9]+$
x bins\.[0-9]+: .*mutex\.num_wait [0-9]
e ^  stats\.arenas\.4096\.extents\.[0-9]+: .*_bytes [1-9]
e ^  stats\.arenas\.0\.extents\.[0-9]+: .*_bytes [1-9]
h ^  stats\.arenas\.4096\.hpa_shard\.npageslabs: [1-9]
h ^  stats\.arenas\.0\.hpa_shard\.nonfull_slabs\.[0-9]+: .*npageslabs_nonhuge [1-9]
end
parts_of_text() { # LETTERS: what is wrong with the text that they choose, a line each
	"$forms" print "$1" >"$tmp/text"
	[ "$(head -n 1 "$tmp/text")" = '___ Begin jemalloc statistics ___' ] || echo "no beginning"
	[ "$(tail -n 1 "$tmp/text")" = '--- End jemalloc statistics ---' ] || echo "no end"
	grep -qE '^Allocated: [0-9]+, active: [0-9]+, ' "$tmp/text" || echo "nothing is allocated"
	while read -r letter pattern; do
		case $pattern in
		*arenas\\.0*) of=a$letter ;;
		*arenas\\.4096*) of=m$letter ;;
		^bins:* | '^large: +'*) of=m$letter ;;
		bins*) of=abx ;;
		*) of=$letter ;;
		esac
		case $1 in
		*["$of"]*) ! grep -qE "$pattern" "$tmp/text" || echo "there all the same: $pattern" ;;
		*) grep -qE "$pattern" "$tmp/text" || echo "not there: $pattern" ;;
		esac
	done <"$tmp/parts"
}
for letters in '' g m d a b l x e h gmdablxeh; do
	parts_of_text "$letters" >"$tmp/wrong"
	[ ! -s "$tmp/wrong" ]
	result=$?
	note_file "$tmp/wrong"
	verdict $result "text without '$letters'"
done

"$forms" print P >"$tmp/metrics"
[ "$(tail -n 1 "$tmp/metrics")" = '# EOF' ] &&
	! grep -qvE '^(# (TYPE|HELP|UNIT) ashlar_[a-z_]+ .+|ashlar_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.]+|# EOF)$' "$tmp/metrics"
verdict $? "OpenMetrics, line by line, and the end"
# (They lie in arrays: one without its end would go on into what stands behind it.)
[ "$(grep -c '^# HELP' "$tmp/metrics")" -ge 20 ] && ! grep '^# HELP' "$tmp/metrics" | LC_ALL=C grep -qvE '[a-z]\.$' &&
	! grep '^# TYPE' "$tmp/metrics" | LC_ALL=C grep -qvE ' (counter|gauge|histogram|info)$'
verdict $? "OpenMetrics: each help is one sentence, and ends where it should"
"${AWK:-awk}" '
	!/^ashlar_stall_duration_seconds/ { next }
	{ split($1, part, "\""); cause = part[2] }
	/_bucket/ { wrong += $2 < last[cause]; last[cause] = $2; buckets[cause]++ }
	/_count/ { wrong += $2 != last[cause]; counts[cause]++ }
	/_sum/ { sums[cause]++ }
	END {
		for (cause in counts) n++
		wrong += n != 3 || !("purge" in sums) || !("lock" in sums) || !("syscall" in sums)
		for (cause in counts) wrong += counts[cause] != 1 || sums[cause] != 1 || buckets[cause] < 10
		exit wrong != 0
	}' "$tmp/metrics"
verdict $? "a histogram of stalls for each cause"
name="OpenMetrics as Prometheus' own reader has it"
if have python3 && python3 -c 'import prometheus_client.openmetrics.parser' 2>"$tmp/err"; then
	python3 - "$tmp/metrics" >"$tmp/out" 2>&1 <<'end'
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
f = {m.name: m for m in text_string_to_metric_families(open(sys.argv[1]).read())}
v = lambda name: f[name].samples[0].value
assert v('ashlar_allocated_bytes') <= v('ashlar_active_bytes') <= v('ashlar_resident_bytes') <= v('ashlar_mapped_bytes')
assert f['ashlar_small_allocations'].type == 'counter' and f['ashlar_allocated_bytes'].unit == 'bytes'
assert len(f['ashlar_class_objects'].samples) == 66
end
	result=$?
	note_file "$tmp/out"
	verdict $result "$name"
else
	skip "$name" "python3 has no prometheus_client"
fi
name="OpenMetrics as promtool has it" PATH=$PATH:$top_builddir/tools
if have promtool; then
	awk '/^#/ { print; next } { print $0, 1700000000 }' "$tmp/metrics" >"$tmp/timed" # it wants to know when
	promtool tsdb create-blocks-from openmetrics "$tmp/timed" "$tmp/tsdb" >"$tmp/out" 2>&1
	result=$?
	note_file "$tmp/out"
	verdict $result "$name"
else
	skip "$name" "promtool is not installed (build-aux/promtool gets it)"
fi

# The rest preloads the library, which is not to be had where a sanitizer owns malloc.
[ "${ASH_SANITIZER:-no}" = no ] || finish
find_library
# --- statistics and options in programs that know nothing of us --------------------------------------
export LD_PRELOAD="$library"
MALLOC_CONF=stats_print:true "$probe" hello >"$tmp/out" 2>"$tmp/err"
[ "$(cat "$tmp/out")" = hello ] && [ "$(head -n 1 "$tmp/err")" = '___ Begin jemalloc statistics ___' ] &&
	[ "$(tail -n 1 "$tmp/err")" = '--- End jemalloc statistics ---' ] &&
	grep -qE '^Allocated: [0-9]+, active: [0-9]+, metadata: [0-9]+ \(n_thp 0, edata [0-9]+, rtree [0-9]+\), resident: [0-9]+, mapped: [0-9]+, retained: [0-9]+, pinned: 0$' "$tmp/err"
verdict $? "stats_print:true"
MALLOC_CONF=stats_print:true,stats_print_opts:P "$probe" hello >"$tmp/out" 2>"$tmp/err"
[ "$(tail -n 1 "$tmp/err")" = '# EOF' ]
verdict $? "stats_print_opts"
if LD_PRELOAD='' have python3; then
	MALLOC_CONF=stats_print:true python3 -c 1 >"$tmp/out" 2>"$tmp/err"
	[ $? -eq 0 ] && [ ! -s "$tmp/out" ] && grep -q '^small: *[1-9]' "$tmp/err" && grep -q 'End jemalloc' "$tmp/err"
	verdict $? "stats_print:true of python3"
fi
MALLOC_CONF=confirm_conf:true,junk:bananas,lg_tcache_max:64,max_background_threads:0 ls "$tmp" >"$tmp/out" 2>"$tmp/err"
[ $? -eq 0 ] && grep -q '^<ashlar>: MALLOC_CONF: invalid value junk:bananas (accepted: false|true|alloc|free)$' "$tmp/err" &&
	grep -q '^<ashlar>: MALLOC_CONF: invalid value lg_tcache_max:64 (accepted: a number from 0 to 63, ' "$tmp/err" &&
	grep -q '^<ashlar>: MALLOC_CONF: invalid value max_background_threads:0 (accepted: a number from 1 to 4096' "$tmp/err"
result=$?
[ $result -eq 0 ] || note_file "$tmp/err"
verdict $result "values out of range are told with what is accepted, and ls works"

# --- what programs define and set: precedence --------------------------------------------------------
unset LD_PRELOAD
cat >"$tmp/own.c" <<'end'
#include <stdio.h>
#include <stdlib.h>
const char *malloc_conf = "narenas:1,tcache_max:100,zero_realloc:alloc,abort_on_misuse:false";
#ifdef HARDER
const char *malloc_conf_2_conf_harder = "narenas:5";
#endif
int mallctl(const char *, void *, size_t *, void *, size_t);
void malloc_stats_print(void (*)(void *, const char *), void *, const char *);
extern void (*malloc_message)(void *, const char *);
static unsigned told;
static void tell(void *o, const char *s) { (void)o; told += *s != 0; }
int main(void)
{
	unsigned n = 0;
	size_t most = 0, l = sizeof n, k = sizeof most, t = sizeof(char *);
	const char *zero = "", *given = "none";
	mallctl("opt.narenas", &n, &l, NULL, 0);
	mallctl("opt.tcache_max", &most, &k, NULL, 0);
	mallctl("opt.zero_realloc", &zero, &t, NULL, 0);
	t = sizeof given;
	if (mallctl("opt.malloc_conf.global_var", &given, &t, NULL, 0) || given != malloc_conf) return 2;
	malloc_message = tell;
	malloc_stats_print(NULL, NULL, NULL);
	printf("%u %zu %s %s\n", n, most, zero, told ? "told" : "silent");
	return 0;
}
end
name="malloc_conf, the environment, malloc_conf_2_conf_harder, and malloc_message"
if have "${CC:-cc}" && ${CC:-cc} -o "$tmp/own" "$tmp/own.c" -L"${library%/*}" -lashlar -Wl,-rpath,"${library%/*}" 2>"$tmp/err" &&
	${CC:-cc} -DHARDER -o "$tmp/harder" "$tmp/own.c" -L"${library%/*}" -lashlar -Wl,-rpath,"${library%/*}" 2>"$tmp/err"; then
	[ "$("$tmp/own" 2>&1)" = '1 100 alloc told' ] &&
		[ "$(MALLOC_CONF=narenas:2,tcache_max:200 "$tmp/own" 2>&1)" = '2 200 alloc told' ] &&
		[ "$(MALLOC_CONF=narenas:2,tcache_max:200 ASHLAR_CONF=tcache_max:300 "$tmp/own" 2>&1)" = '2 300 alloc told' ] &&
		[ "$(MALLOC_CONF=narenas:2 "$tmp/harder" 2>&1)" = '5 100 alloc told' ]
	verdict $? "$name"
	[ "$(MALLOC_CONF=narenas:200 "$tmp/own" 2>&1)" = '200 100 alloc told' ]
	verdict $? "opt.narenas is what was said, also where fewer shards serve"
else
	note_file "$tmp/err"
	skip "$name" "no compiler"
fi

# --- names ----------------------------------------------------------------------------------------------
peer=
for file in /usr/lib/*/libjemalloc.so.2; do [ -r "$file" ] && peer=$file; done
name="every name of Debian's libjemalloc.so.2 is exported"
if [ -n "$peer" ] && have nm; then
	exported() { nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort -u; }
	exported "$peer" | grep -v '^je_test_' >"$tmp/theirs" # of its own tests
	exported "$library" >"$tmp/ours"
	missing=$(comm -23 "$tmp/theirs" "$tmp/ours" | tr '\n' ' ')
	[ -z "$missing" ] && [ "$(wc -l <"$tmp/theirs")" -ge 25 ]
	verdict $? "$name ${missing:+(missing: $missing)}"
else
	skip "$name" "libjemalloc2 or nm is not installed"
fi

# --- ashlar-ctl --------------------------------------------------------------------------------------------
ctl=$top_builddir/ashlar-ctl
if [ -x "$ctl" ]; then
	"$ctl" list >"$tmp/list"
	[ "$(wc -l <"$tmp/list")" -ge 150 ] && [ -z "$(sed "s, .*,," "$tmp/list" | sort | uniq -d)" ] && ! grep -q ' $' "$tmp/list"
	verdict $? "ashlar-ctl list: $(wc -l <"$tmp/list") names, each once, each with a line"
	"$ctl" --man list >"$tmp/made"
	sed -n '/^\.\\" made by ashlar-ctl --man list/,/^\.\\" end/p' "$top_srcdir/allocator/man/ashlar.3" | sed '1d;$d' >"$tmp/page"
	diff "$tmp/page" "$tmp/made" >"$tmp/difference"
	result=$?
	note_file "$tmp/difference"
	verdict $result "ashlar(3) has the same"
	"$ctl" --absent list >"$tmp/absent"
	sed 's/ .*//' "$tmp/absent" >"$tmp/not_there"
	against_contract() { # LIST: what is wrong with it, a line each
		# shellcheck disable=SC2016
		"${AWK:-awk}" '
			function expand(s,   open, end, head, tail, part, n, i) {
				open = index(s, "{")
				if (!open) { if (s != "") names[s] = type; return }
				end = index(s, "}")
				head = substr(s, 1, open - 1)
				tail = substr(s, end + 1)
				n = split(substr(s, open + 1, end - open - 1), part, ",")
				local[++depth] = n
				for (i = 1; i <= n; i++) list[depth, i] = part[i]
				for (i = 1; i <= local[depth]; i++) expand(head list[depth, i] tail)
				depth--
			}
			function matches(name, pattern,   n) {
				n = length(pattern)
				return pattern == name || (substr(pattern, n) == "*" && substr(name, 1, n - 1) == substr(pattern, 1, n - 1))
			}
			BEGIN {
				n = split("bool bool unsigned unsigned u32 unsigned u64 uint64_t i64 int64_t size size_t ssize ssize_t void void", part, " ")
				for (i = 1; i < n; i += 2) c[part[i]] = part[i + 1]
				c["string"] = "const char *"
				c["pointer"] = "void *"
			}
			FILENAME == ARGV[1] { type = $1; if ($0 !~ /^#/) expand($2) }
			FILENAME == ARGV[2] {
				is = substr($0, length($1) + 1)
				sub(/^ +/, "", is)
				there[$1] = is ~ /^char \*/ ? "const " is : is
			}
			FILENAME == ARGV[3] { why[$1] = 0 }
			END {
				for (name in names) {
					found = (name in there)
					for (pattern in why)
						if (matches(name, pattern)) { found++; why[pattern]++ }
					if (found == 0) print name ": neither there nor said to be absent"
					else if (found > 1) print name ": in more than one place"
					else if ((name in there) && names[name] != "any" && (!(names[name] in c) || index(there[name], c[names[name]] " ") != 1))
						print name ": no " names[name]
					count++
				}
				for (pattern in why) if (!why[pattern]) print pattern ": said to be absent, and no name of the contract"
				if (count < 300) print "only " count " names"
			}' "$top_srcdir/allocator/test/system/contract.txt" "$1" "$tmp/not_there"
	}
	against_contract "$tmp/list" >"$tmp/wrong"
	[ ! -s "$tmp/wrong" ]
	result=$?
	note_file "$tmp/wrong"
	verdict $result "each name of jemalloc's is there, as its type, or absent with its reason ($(wc -l <"$tmp/absent") of these)"
	grep -v '^stats\.pinned ' "$tmp/list" >"$tmp/less"
	[ "$(against_contract "$tmp/less")" = 'stats.pinned: neither there nor said to be absent' ]
	verdict $? "one that is missing is found"
	sed '/^stats\.pinned /s/size_t /uint64_t /; /^arenas\.bin\.<bin>\.nregs /s/unsigned /size_t /' "$tmp/list" >"$tmp/other"
	[ "$(against_contract "$tmp/other" | sort | tr '\n' ';')" = 'arenas.bin.<bin>.nregs: no u32;stats.pinned: no size;' ]
	verdict $? "one of another type is found"
	{ cat "$tmp/list"; echo 'prof.dump const char * w'; } >"$tmp/more"
	[ "$(against_contract "$tmp/more")" = 'prof.dump: in more than one place' ]
	verdict $? "and one that is said to be absent, and is there"
	"$ctl" --man --absent list >"$tmp/made"
	sed -n '/^\.\\" made by ashlar-ctl --man --absent list/,/^\.\\" end/p' "$top_srcdir/allocator/man/ashlar.3" | sed '1d;$d' >"$tmp/page"
	diff "$tmp/page" "$tmp/made" >"$tmp/difference"
	result=$?
	note_file "$tmp/difference"
	verdict $result "ashlar(3) has the absent ones"
	ASHLAR_CONF='zero_realloc:abort,tcache_ncached_max:8-64:3|4096-40000:0' \
		"$top_builddir/allocator/test/system/control_names" options >"$tmp/out" 2>&1
	result=$?
	[ $result -eq 0 ] || note_file "$tmp/out"
	verdict $result "the program's hook hears of zero_realloc:abort; tcache_ncached_max"
	"$ctl" list no_such >"$tmp/out" 2>"$tmp/err"
	[ $? -ne 0 ] && [ ! -s "$tmp/out" ] && [ "$(wc -l <"$tmp/err")" -eq 1 ]
	verdict $? "no names: said, and exit 1"
	mkfifo "$tmp/in"
	ASHLAR_CTL=$tmp LD_PRELOAD=$library cat "$tmp/in" >"$tmp/out" &
	server=$!
	exec 9>"$tmp/in" # it has begun when this is open
	ask() { "$ctl" --folder="$tmp" --pid=$server "$@" 2>"$tmp/err"; }
	[ "$(ask get arenas.page)" = "$(getconf PAGESIZE)" ] && [ "$(ask get stats.allocated)" -gt 0 ] &&
		ask set arenas.dirty_decay_ms 1234 && [ "$(ask get arena.0.dirty_decay_ms)" = 1234 ] &&
		ask set arena.4096.purge && [ "$(ask get opt.thp version | wc -l)" -eq 2 ]
	result=$?
	note_file "$tmp/err"
	verdict $result "ashlar-ctl get and set on a running process"
	[ "$("$ctl" get --folder="$tmp" arenas.page -p $server 2>"$tmp/err")" = "$(getconf PAGESIZE)" ] &&
		"$ctl" set arena.0.dirty_decay_ms -1 -p $server -d "$tmp" 2>"$tmp/err" &&
		[ "$("$ctl" get arena.0.dirty_decay_ms -p $server -d "$tmp" 2>"$tmp/err")" = -1 ] &&
		"$ctl" list --absent >"$tmp/out" && cmp "$tmp/absent" "$tmp/out"
	result=$?
	note_file "$tmp/err"
	verdict $result "options of ashlar-ctl may stand behind the verb, where a number with a minus is none"
	for words in 'get no.such' 'set version 1' 'set arena.0.dirty_decay_ms -7' 'set epoch x' 'get arena.0.purge'; do
		# shellcheck disable=SC2086
		ask $words >"$tmp/said"
		[ $? -eq 1 ] && [ ! -s "$tmp/said" ] && [ "$(wc -l <"$tmp/err")" -eq 1 ]
		verdict $? "$words: $(cat "$tmp/err")"
	done
	exec 9>&-
	wait $server
	[ ! -e "$tmp/ashlar.$server" ]
	verdict $? "the socket goes with the process"
	# Its descriptors are not the program's to close, or to take the numbers of.
	cat >"$tmp/closer.c" <<'end'
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd, end;
	char c;
	for (fd = 3; fd < 1024; fd++) close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(a.sun_path, argv[argc - 1]);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 9)) return 2;
	while ((end = dup(fd)) >= 0 && end < 200) ; /* all numbers lead to ours */
	puts("ready");
	fflush(stdout);
	return read(0, &c, 1) < 0;
}
end
	name="a process that closes what it does not know, and takes its numbers, answers all the same"
	if [ "$(printf '5.9\n%s\n' "$(uname -r)" | sort -V | head -n 1)" = 5.9 ] && have "${CC:-cc}" &&
		${CC:-cc} -D_GNU_SOURCE -o "$tmp/closer" "$tmp/closer.c" 2>"$tmp/err"; then
		mkfifo "$tmp/in2" "$tmp/said2"
		ASHLAR_CTL=$tmp LD_PRELOAD=$library "$tmp/closer" "$tmp/mine" <"$tmp/in2" >"$tmp/said2" &
		server=$!
		exec 9>"$tmp/in2"
		read -r word <"$tmp/said2"
		[ "$word" = ready ] && [ "$(ask get arenas.page)" = "$(getconf PAGESIZE)" ] &&
			[ "$(ask get arenas.page)" = "$(getconf PAGESIZE)" ]
		result=$?
		note_file "$tmp/err"
		exec 9>&-
		wait $server && [ ! -e "$tmp/ashlar.$server" ] && [ $result -eq 0 ]
		verdict $? "$name"
	else
		note_file "$tmp/err"
		skip "$name" "no compiler, or Linux before 5.9"
	fi
	ask get arenas.page
	[ $? -eq 1 ] && grep -q 'ASHLAR_CTL=' "$tmp/err"
	verdict $? "a process that does not answer: $(cat "$tmp/err")"
else
	skip "ashlar-ctl" "the C library has no argp"
fi

# --- Redis ---------------------------------------------------------------------------------------------------
# Debian's is linked to jemalloc, whose names the preload takes over.
# The same while the server works: ROUNDS times each.
redis_under_load() {
	name="INFO memory, MEMORY PURGE, DOCTOR and MALLOC-STATS under load"
	rounds=20
	have redis-benchmark || { skip "$name" "redis-tools has no redis-benchmark"; return; }
	commands() { cli info stats | tr -d '\r' | sed -n 's/^total_commands_processed://p'; }
	redis-benchmark -s "$tmp/redis/s" -q -l -c 10 -P 8 -n 20000 -r 30000 -d 300 -t set,get,hset,incr \
		>"$tmp/redis/load" 2>&1 &
	load=$!
	at_exit() { kill $load $server 2>"$tmp/none"; }
	before=$(commands)
	until [ "$(commands)" -gt $((before + 5000)) ] || ! kill -0 $load 2>"$tmp/none"; do sleep 0.05; done
	began=$(commands)
	failed=
	round=0
	while [ $round -lt $rounds ]; do
		round=$((round + 1))
		cli info memory | tr -d '\r' >"$tmp/redis/info"
		[ "$(field allocator_allocated)" -gt 3000000 ] && [ "$(field allocator_allocated)" -le "$(field allocator_active)" ] &&
			[ "$(field allocator_active)" -le "$(field allocator_resident)" ] &&
			[ "$(field allocator_resident)" -lt 200000000 ] || failed="$failed $round:info"
		[ "$(cli memory purge)" = OK ] || failed="$failed $round:purge"
		[ -n "$(cli memory doctor)" ] || failed="$failed $round:doctor"
		cli memory malloc-stats >"$tmp/redis/stats"
		grep -q 'Allocated: [0-9]*, active: ' "$tmp/redis/stats" &&
			grep -q 'End jemalloc statistics' "$tmp/redis/stats" || failed="$failed $round:malloc-stats"
	done
	served=$(($(commands) - began))
	kill -0 $load 2>"$tmp/none" || failed="$failed the load ended"
	kill $load 2>"$tmp/none"
	wait $load 2>"$tmp/none"
	at_exit() { kill $server 2>"$tmp/none"; }
	[ -z "$failed" ] && [ $served -gt 1000 ] && ! grep -qi error "$tmp/redis/load"
	result=$?
	[ $result -eq 0 ] || { note "failed:$failed"; note_file "$tmp/redis/info"; note_file "$tmp/redis/load"; }
	verdict $result "$name: $rounds times each, $served commands served beside"
}

redis() {
	# The executable of Debian's redis-check-rdb is the server when it is called by that name.
	server=$(command -v redis-server || command -v redis-check-rdb)
	[ -n "$server" ] && have redis-cli || { skip "redis-server" "redis-tools is not installed"; return; }
	ldd "$server" | grep -q jemalloc || { skip "redis-server" "it is not linked to jemalloc"; return; }
	mkdir "$tmp/redis"
	ln -s "$server" "$tmp/redis/redis-server"
	LD_PRELOAD=$library "$tmp/redis/redis-server" --port 0 --unixsocket "$tmp/redis/s" --dir "$tmp/redis" --save '' \
		--logfile "$tmp/redis/log" --daemonize no >"$tmp/redis/out" 2>&1 &
	server=$!
	at_exit() { kill $server 2>"$tmp/none"; }
	cli() { redis-cli -s "$tmp/redis/s" "$@"; }
	until [ "$(cli ping 2>"$tmp/none")" = PONG ] || ! kill -0 $server 2>"$tmp/none"; do sleep 0.05; done
	cli eval 'for i = 1, 20000 do redis.call("set", "k" .. i, string.rep("x", i % 700)) end' 0 >"$tmp/redis/out"
	cli eval 'for i = 1, 20000, 2 do redis.call("del", "k" .. i) end' 0 >"$tmp/redis/out"
	cli info memory | tr -d '\r' >"$tmp/redis/info"
	field() { sed -n "s/^$1://p" "$tmp/redis/info"; }
	[ "$(field allocator_allocated)" -gt 3000000 ] && [ "$(field allocator_allocated)" -le "$(field allocator_active)" ] &&
		[ "$(field allocator_active)" -le "$(field allocator_resident)" ] && [ "$(field allocator_resident)" -lt 100000000 ]
	result=$?
	[ $result -eq 0 ] || note_file "$tmp/redis/info"
	verdict $result "INFO memory: allocated $(field allocator_allocated), active $(field allocator_active), resident $(field allocator_resident)"
	[ "$(cli memory purge)" = OK ]
	verdict $? "MEMORY PURGE"
	cli memory doctor >"$tmp/redis/doctor" && [ -s "$tmp/redis/doctor" ]
	verdict $? "MEMORY DOCTOR"
	cli memory malloc-stats | grep -q 'Allocated: [0-9]*, active: '
	verdict $? "MEMORY MALLOC-STATS"
	redis_under_load
	cli shutdown nosave
	wait $server
	verdict $? "and it ends well"
}
redis
finish
