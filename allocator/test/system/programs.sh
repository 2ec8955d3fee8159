# Real programs with the library preloaded: what they write must be, byte for byte, what
# they write without it.  A program that is not installed is one skipped line.
. "$top_srcdir/allocator/test/support/lib.sh"
find_library
make_tmp
server=
at_exit() { [ -z "$server" ] || kill -9 "$server" 2>/dev/null; }

# An LD_PRELOAD that names no file only warns, and a library that is loaded need not be
# the one that serves.  So the dynamic loader is asked where it bound each program's and
# each library's `malloc`: to the library under test, or to the program's own jump there
# (of a program that is not position-independent and takes malloc's address).
served() { # COMMAND…
	[ -n "$library" ] || return 0
	LD_PRELOAD=$library LD_BIND_NOW=1 LD_DEBUG=bindings LD_DEBUG_OUTPUT=$tmp/loader \
		"$@" >/dev/null 2>&1 </dev/null
	cat "$tmp"/loader.* | grep "normal symbol .malloc'" >"$tmp/bindings"
	rm -f "$tmp"/loader.*
	grep -qF "file $1 [0] to $library " "$tmp/bindings" &&
		! grep -vF " to $library " "$tmp/bindings" | grep -qvF " to $1 "
}

# Runs "$@" plainly and preloaded, each in a fresh folder of the same name, and compares
# output, status, what stderr says and the files left behind.
compare() { # NAME COMMAND…
	compared=$1
	shift
	for way in plain with; do
		rm -rf "$tmp/run" "${tmp:?}/$way"
		cp -r "$tmp/input" "$tmp/run"
		(
			cd "$tmp/run" || exit 99
			[ $way = plain ] || [ -z "$library" ] || { LD_PRELOAD=$library; export LD_PRELOAD; }
			"$@" >"$tmp/$way.out" 2>"$tmp/$way.err" </dev/null
			echo "status $?" >>"$tmp/$way.out"
		)
		mv "$tmp/run" "${tmp:?}/$way"
	done
	if ! grep -q '^status 0$' "$tmp/plain.out"; then
		note "the unpreloaded run failed, so there is nothing to compare with:"
		note_file "$tmp/plain.err"
		not_ok "$compared"
	elif ! cmp -s "$tmp/plain.out" "$tmp/with.out" || ! cmp -s "$tmp/plain.err" "$tmp/with.err"; then
		diff "$tmp/plain.out" "$tmp/with.out" | sed -n '1,10s/^/#   /p'
		diff "$tmp/plain.err" "$tmp/with.err" | sed -n '1,10s/^/#   /p'
		not_ok "$compared"
	elif ! diff -r "$tmp/plain" "$tmp/with" >"$tmp/difference" 2>&1; then
		note_file "$tmp/difference"
		not_ok "$compared: the files it wrote"
	else
		ok "$compared"
	fi
}

program() { # NAME PROGRAM: usable and served, or one line that says why not
	command=$(command -v "$2") || { skip "$1" "$2 is not installed"; return 1; }
	if ! served "$command" --version; then
		note_file "$tmp/bindings"
		not_ok "$1: $2 does not get its malloc from the library"
		return 1
	fi
}

mkdir "$tmp/input"

# --- the check itself can fail ------------------------------------------------------
if [ -n "$library" ]; then
	right=$library
	library=$tmp/there-is-no-such-library.so
	served sed --version
	missed=$?
	library=$right
	served sed --version
	verdict $((missed == 0 || $? != 0)) "a preload that names no file is noticed"
fi

# --- python -------------------------------------------------------------------------
cat >"$tmp/input/work.py" <<'END'
import collections, hashlib, json, random, re, threading, zlib

rng = random.Random(42)
words = ["".join(rng.choice("abcdefghij") for _ in range(rng.randint(1, 40))) for _ in range(20000)]
tree = {w: {"n": i, "list": list(range(i % 50)), "text": w * (i % 7)} for i, w in enumerate(words)}
text = json.dumps(tree, sort_keys=True)
assert json.loads(text) == tree
print(len(text), hashlib.sha256(text.encode()).hexdigest())
print(hashlib.sha256(zlib.compress(text.encode(), 6)).hexdigest())
counts = collections.Counter(re.findall(r"[aeiou][b-d]+", text))
print(sorted(counts.items()))
results = [None] * 8

def churn(k):
    r = random.Random(k)
    live = [b""] * 500
    h = hashlib.sha256()
    for i in range(20000):
        at = r.randrange(500)
        h.update(live[at][:16])
        live[at] = bytes([i & 255]) * r.choice((1, 20, 100, 500, 5000, 40000))
    results[k] = h.hexdigest()

threads = [threading.Thread(target=churn, args=(k,)) for k in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
print(results)
print(sum(len(repr(10 ** k)) for k in range(2000)))
END
# A shim in PATH (pyenv and the like) starts other programs first; the system's own
# interpreter is preferred.
python=python3
[ ! -x /usr/bin/python3 ] || python=/usr/bin/python3
PYTHONDONTWRITEBYTECODE=1
PYTHONMALLOC=malloc # else most objects come from Python's own arenas
export PYTHONDONTWRITEBYTECODE PYTHONMALLOC
if program "python3: json, compression, regular expressions, 8 threads" "$python"; then
	compare "python3: json, compression, regular expressions, 8 threads" "$python" -S work.py
fi

# --- compilers ----------------------------------------------------------------------
"${AWK:-awk}" 'BEGIN {
	print "#include <stdio.h>\n#include <string.h>\n#include <stdlib.h>"
	for (i = 0; i < 160; i++) {
		printf "struct s%d { int a[%d]; double d; struct s%d *next; char text[%d]; };\n", i, i % 13 + 1, i, i % 40 + 2
		printf "static int f%d(struct s%d *s, int n)\n{\n\tint sum = %d;\n", i, i, i
		printf "\tfor (int i = 0; i < n; i++) {\n\t\tsum += s->a[i %% %d] * (i ^ %d);\n", i % 13 + 1, i
		printf "\t\tif (sum > %d)\n\t\t\ts->d += sum / (i + 1.0);\n\t\tswitch (sum & 7) {\n", i * 17
		for (k = 0; k < 5; k++) printf "\t\tcase %d: s->text[%d] ^= %d; break;\n", k, k % (i % 40 + 2), k + i
		printf "\t\t}\n\t}\n\tif (s->next)\n\t\tsum += (int)strlen(s->text);\n\treturn sum;\n}\n"
	}
	print "int main(void)\n{\n\tint sum = 0;"
	for (i = 0; i < 160; i++) printf "\tsum += f%d(calloc(1, sizeof(struct s%d)), %d);\n", i, i, i % 9
	print "\tprintf(\"%d\\n\", sum);\n\treturn 0;\n}"
}' >"$tmp/input/work.c"
cat >"$tmp/input/work.cc" <<'END'
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>
template <int N> struct fib { static constexpr long value = fib<N - 1>::value + fib<N - 2>::value; };
template <> struct fib<1> { static constexpr long value = 1; };
template <> struct fib<0> { static constexpr long value = 0; };
template <typename... T> auto sum(T... t) { return (t + ...); }
int main()
{
	std::map<std::string, std::variant<int, double, std::string>> m;
	std::unordered_map<std::string, std::vector<std::tuple<int, std::string>>> u;
	std::regex word("[a-z]+([0-9]*)");
	for (int i = 0; i < 1000; i++) {
		m["k" + std::to_string(i)] = i % 2 ? std::variant<int, double, std::string>(i) : std::to_string(i);
		u["k" + std::to_string(i % 50)].emplace_back(i, "v");
	}
	std::vector<std::function<int(int)>> fs;
	for (int i = 0; i < 10; i++)
		fs.push_back([i](int x) { return x + i; });
	std::cout << m.size() << u.size() << fib<80>::value << sum(1, 2.5, 3L) << std::regex_match("abc12", word) << fs[3](4) << '\n';
}
END
compiler() { # NAME COMPILER SOURCE FLAGS…
	title=$1 compiler=$2 source=$3
	shift 3
	program "$title" "$compiler" || return 0
	# The work is done by cc1, cc1plus, as and ld, which inherit the preload; what each of them wrote is left
	# for the comparison.
	compare "$title: the same preprocessed text, assembly, object and program" \
		sh -c '"$@" -save-temps=cwd -o out && ls out-work.i* out-work.s out-work.o && ./out' sh "$compiler" "$@" "$source"
}
compiler "gcc -O2 -g" gcc work.c -O2 -g -frandom-seed=1
compiler "g++ -O1 -std=c++17" g++ work.cc -O1 -std=c++17 -frandom-seed=1

# --- git ----------------------------------------------------------------------------
cat >"$tmp/input/git.sh" <<'END'
set -e
GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat TZ=UTC
GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
export GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM GIT_PAGER TZ
export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
git -c init.defaultBranch=main init -q repo
cd repo
git config gc.auto 0
i=0
while [ $i -lt 25 ]; do
	awk -v seed=$i 'BEGIN { srand(seed); for (f = 0; f < 12; f++) for (n = 0; n < 60; n++)
		print seed, n, int(rand() * 1e9) > ("file" (f + seed) % 40) }'
	git add -A
	GIT_AUTHOR_DATE="@$((1600000000 + i * 1000)) +0000" GIT_COMMITTER_DATE="@$((1600000000 + i * 1000)) +0000" \
		git commit -q -m "commit $i"
	i=$((i + 1))
done
git log --stat --format='%H %ai %s'
git diff HEAD~10 HEAD | cksum
git gc -q --no-cruft 2>/dev/null || git gc -q
git fsck --full --strict 2>&1
git rev-list --objects --all | sort | cksum
git blame file5 | cksum
git log -S77 --format=%h | cksum
cd .. && rm -rf repo
END
if program "git: commits, log --stat, diff, gc, fsck, blame" git; then
	compare "git: commits, log --stat, diff, gc, fsck, blame" sh git.sh
fi

# --- perl ---------------------------------------------------------------------------
cat >"$tmp/input/work.pl" <<'END'
use strict; use warnings;
srand(42);
my (%h, @a);
for my $i (1 .. 60000) {
	my $k = join '', map { chr 97 + int rand 26 } 1 .. 1 + $i % 30;
	$h{$k} .= "$i,";
	push @a, [$i, $k, { n => $i }];
	splice @a, int(rand @a), 1 if $i % 3 == 0;
}
my $text = join "\n", map { "$_=$h{$_}" } sort keys %h;
$text =~ s/([aeiou])(\d*)/<$2$1>/g;
my $sum = 0; $sum = ($sum * 31 + ord) & 0xffffffff for split //, substr $text, 0, 400000;
my %by; push @{$by{length $_->[1]}}, $_->[2]{n} for @a;
print length $text, " $sum ", join(' ', map { "$_:" . @{$by{$_}} } sort { $a <=> $b } keys %by), "\n";
my $pid = fork; if (!$pid) { my @x = map { "x" x $_ } 1 .. 3000; exit @x == 3000 ? 0 : 1 } waitpid $pid, 0; print "child $?\n";
END
PERL_HASH_SEED=0
export PERL_HASH_SEED
if program "perl: hashes, regular expressions, fork" perl; then
	compare "perl: hashes, regular expressions, fork" perl work.pl
fi

# --- sqlite3 ------------------------------------------------------------------------
cat >"$tmp/input/work.sql" <<'END'
PRAGMA cache_size=-4000;
CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c REAL, d BLOB);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
INSERT INTO t SELECT i, printf('%d-%s', i * 7919 % 10007, hex(i * 31)), i / 7.0, zeroblob(i % 300) FROM n;
CREATE INDEX tb ON t(b);
SELECT count(*), sum(a), round(sum(c), 3), sum(length(d)) FROM t WHERE b LIKE '1%';
SELECT substr(b, 1, 2) AS k, count(*), group_concat(a % 10, '') FROM t WHERE a < 5000 GROUP BY k ORDER BY k;
DELETE FROM t WHERE a % 3 = 0;
UPDATE t SET b = b || b WHERE a % 5 = 0;
SELECT count(*) FROM t x JOIN t y ON x.b = y.b;
VACUUM;
PRAGMA integrity_check;
.dump t
END
if program "sqlite3: insert, index, join, delete, vacuum, dump" sqlite3; then
	compare "sqlite3: insert, index, join, delete, vacuum, dump" \
		sh -c 'sqlite3 data.db <work.sql >out.txt && cksum <out.txt && head -40 out.txt && rm out.txt data.db'
fi

# --- coreutils and friends ----------------------------------------------------------
"${AWK:-awk}" 'BEGIN { srand(7); for (i = 0; i < 120000; i++) printf "%d %s%d line %d\n", rand() * 1e6, i % 3 ? "alpha" : "Beta", i % 97, i }' >"$tmp/input/lines"
mkdir -p "$tmp/input/a/b/c" "$tmp/input/a/d"
for i in 1 2 3 4 5 6 7 8 9; do echo "$i" >"$tmp/input/a/b/f$i"; ln -s "../b/f$i" "$tmp/input/a/d/l$i"; done
small() { # NAME PROGRAM SHELL-TEXT
	if program "$1" "$2"; then compare "$1" sh -c "$3"; fi
}
small "grep" grep 'grep -nE "(alpha|Beta)([0-9])\2 line .*7$" lines; grep -c -i beta9 lines; grep -P "\d{5} a(?=lpha1 )" lines || [ $? -eq 2 ]'
small "sort" sort 'sort -k2,2 -k1,1n lines | cksum; sort --parallel=4 -S 1M -R --random-source=lines lines | cksum; sort -u -f -k2,2 lines'
small "find" find 'find a -type f -name "f*" -newermt 2000-01-01 -printf "%p %s\n" | sort; find a -exec basename {} + | sort 2>/dev/null || find . -name "*.sql"'
small "sed" sed 'sed -nE "s/([0-9]+) (alpha)([0-9]*)/\3 \1/p" lines | cksum; sed "1~1000!d" lines'
small "awk" awk 'awk "{ n[\$2] += \$1; s = s substr(\$0, 1, 1) } END { print length(s); for (k in n) print k, n[k] }" lines | sort'
small "tar and gzip" tar 'tar -cf - --sort=name --mtime=@0 --owner=0 --group=0 a lines | gzip -n9 | gunzip | tar -tvf - | cksum'
small "sh" sh 'x=; i=0; while [ $i -lt 3000 ]; do x="$x$i,"; i=$((i + 1)); done; echo "$x" | cksum; for f in a/b/*; do echo "${f##*/}"; done'

# --- redis --------------------------------------------------------------------------
# Debian's redis-server is the binary redis-check-rdb of the package redis-tools under
# another name.  It is linked to libjemalloc: the preload must win over that.
redis() {
	name="redis-server under load"
	if have redis-server; then
		ln -s "$(command -v redis-server)" "$tmp/redis-server"
	elif have redis-check-rdb; then
		ln -s "$(readlink -f "$(command -v redis-check-rdb)")" "$tmp/redis-server"
	else
		skip "$name" "redis-server is not installed"
		return
	fi
	have redis-cli && have redis-benchmark || { skip "$name" "redis-tools is not installed"; return; }
	"$tmp/redis-server" --version 2>/dev/null | grep -q '^Redis server' ||
		{ skip "$name" "redis-check-rdb is not the server here"; return; }
	mkdir "$tmp/redis"
	socket=$tmp/redis/s # the length of a socket's path is limited
	if ! served "$tmp/redis-server" --version; then
		note_file "$tmp/bindings"
		not_ok "$name: it does not get its malloc from the library"
		return
	fi
	(
		[ -z "$library" ] || { LD_PRELOAD=$library; export LD_PRELOAD; }
		exec "$tmp/redis-server" --port 0 --unixsocket "$socket" --dir "$tmp/redis" \
			--save '' --appendonly no --io-threads 2 \
			--maxmemory 60mb --maxmemory-policy allkeys-lru >"$tmp/redis/log" 2>&1
	) &
	server=$!
	tries=0
	until [ "$(redis-cli -s "$socket" ping 2>/dev/null)" = PONG ]; do
		tries=$((tries + 1))
		if [ $tries -gt 300 ] || ! kill -0 "$server" 2>/dev/null; then
			note_file "$tmp/redis/log"
			not_ok "$name: it does not start"
			server=
			return
		fi
		sleep 0.1
	done
	if [ -n "$library" ]; then
		grep -qF "$TEST_SERVED_BY" "/proc/$server/maps"
		verdict $? "redis-server maps the library"
	fi
	{
		redis-benchmark -s "$socket" -q -n 20000 -c 20 -P 8 -r 20000 -d 300 -t set,get,incr,lpush,lpop,sadd,hset,spop,zadd,mset &&
			redis-benchmark -s "$socket" -q -n 2000 -c 20 -r 5000 -d 20000 -t set,get
	} >"$tmp/redis/load" 2>&1
	verdict $? "redis-benchmark: ten kinds of requests, values of 300 and 20,000 bytes"
	# Values that were stored are read back, byte for byte.
	redis-cli -s "$socket" flushall >/dev/null
	"${AWK:-awk}" 'BEGIN { for (i = 0; i < 4000; i++) { v = ""; for (k = 0; k < i % 60; k++) v = v "v" i "-" k; print "SET key" i, "x" v } }' >"$tmp/redis/sets"
	"${AWK:-awk}" 'BEGIN { for (i = 0; i < 4000; i++) print "APPEND key" i, "tail" i }' >>"$tmp/redis/sets"
	redis-cli -s "$socket" <"$tmp/redis/sets" >/dev/null
	"${AWK:-awk}" 'BEGIN { for (i = 0; i < 4000; i++) print "GET key" i }' | redis-cli -s "$socket" >"$tmp/redis/got"
	"${AWK:-awk}" 'BEGIN { for (i = 0; i < 4000; i++) { v = ""; for (k = 0; k < i % 60; k++) v = v "v" i "-" k; print "x" v "tail" i } }' >"$tmp/redis/want"
	cmp -s "$tmp/redis/got" "$tmp/redis/want"
	verdict $? "redis-server gives back what was stored"
	redis-cli -s "$socket" info >"$tmp/redis/info"
	grep -q '^used_memory:[1-9]' "$tmp/redis/info" && grep -q '^total_commands_processed:[1-9]' "$tmp/redis/info" &&
		[ "$(redis-cli -s "$socket" dbsize)" = 4000 ]
	verdict $? "redis-server: INFO and DBSIZE"
	redis-cli -s "$socket" bgsave >/dev/null # forks
	tries=0
	while redis-cli -s "$socket" info persistence | grep -q '^rdb_bgsave_in_progress:1'; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || break
		sleep 0.1
	done
	redis-cli -s "$socket" info persistence | grep -q '^rdb_last_bgsave_status:ok'
	verdict $? "redis-server: a forked child saves the data"
	redis-cli -s "$socket" shutdown nosave >/dev/null 2>&1
	wait "$server"
	status=$?
	server=
	if [ $status -ne 0 ]; then note_file "$tmp/redis/log"; fi
	verdict $status "redis-server ends cleanly"
}
redis

finish
