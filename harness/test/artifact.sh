# The artifact: what is in it, that the same input gives the same bytes, that its script says what it
# would do and finds what is damaged. On a set of three cells, and sources that are none.
no_preload=yes
. "$top_srcdir/harness/test/bench.sh"

room=$top_srcdir/results/artifact
committed=$top_srcdir/results/$(sed -n 's/^ "set": "\(.*\)",$/\1/p' "$top_srcdir/results/claims.json")
name=2026-01-02-there-0123456789
set=$work/$name
SOURCE_DATE_EPOCH=1700000000
export SOURCE_DATE_EPOCH
# Of one contender it is known where it is from, of the others not.
hash=$(printf '%064d' 7)
mkdir "$set" && python3 - "$committed" "$set" "$hash" <<'END' || exit 99
import json, sys
committed, to, hash = sys.argv[1:]
manifest = json.load(open(committed + "/manifest.json"))
for c in manifest["contenders"]:
    for key in "sha256", "archive_suite", "archive_date":
        c.pop(key, None)
    if c["name"] == "jemalloc":
        c.update(sha256=hash, archive_suite="bookworm", archive_date="2025-12-24T18:00:00Z")
    elif c["name"] == "tcmalloc":
        c.update(sha256=None, archive_suite=None, archive_date=None)
json.dump(manifest, open(to + "/manifest.json", "w"), indent=1, ensure_ascii=False)
END
grep '"mode": *"throughput"' "$committed/samples.jsonl" |
	grep -E '"cell": *"(tiny-churn|frag-drain|sqlite)"' >"$set/samples.jsonl"
day=$(sed -n 's/^ "started": "\(..........\).*/\1/p' "$set/manifest.json")
seed=$(sed -n 's/^ "seed": \([0-9]*\),$/\1/p' "$set/manifest.json")
samples=$(wc -l <"$set/samples.jsonl")
blocks=$(sed -n 's/^ "blocks": \([0-9]*\),$/\1/p' "$set/manifest.json")
cp "$room/cells.json" "$work/claims.json"
"$bench" claims --update "$work/claims.json" "$set"

make_sources() { # FOLDER: as an unpacked tarball
	mkdir -p "$1/ashlar-9.8.7/workloads/traces"
	echo 'exit 1' >"$1/ashlar-9.8.7/configure"
	cp "$top_srcdir/LICENSE" "$top_srcdir/CITATION.cff" "$1/ashlar-9.8.7"
	echo one >"$1/ashlar-9.8.7/workloads/traces/one.trace"
}
make_sources "$work/a"
# Made at another time, by another mask, in another order.
(umask 077 && mkdir "$work/b" && cp -r "$work/a/ashlar-9.8.7" "$work/b" && touch -d 2001-02-03 "$work/b/ashlar-9.8.7/configure")
chmod -R g+w "$work/a"
pack() { # SOURCES CLAIMS FILE
	sh "$room/pack" "$work/$1/ashlar-9.8.7" "$bench" "$set" "$2" "$work/$3" >"$work/out" 2>"$work/err"
}
pack a "$work/claims.json" ashlar-artifact-9.8.7.tar.gz
status=$?
check '[ $status -eq 0 ] && grep -q "SHA-256" "$work/out"' "an artifact is packed"
mkdir "$work/again"
pack b "$work/claims.json" again/ashlar-artifact-9.8.7.tar.gz
check 'cmp "$work/ashlar-artifact-9.8.7.tar.gz" "$work/again/ashlar-artifact-9.8.7.tar.gz"' "the same input gives the same bytes"
tar -C "$work/again" -xf "$work/ashlar-artifact-9.8.7.tar.gz" 2>"$work/err"
it=$work/again/ashlar-artifact-9.8.7
cd "$it" || exit 99

# --- what is in it -------------------------------------------------------------------------
sed -n '/^## What is in it/,/^## What .check/s/^| \(`[^|]*\) | .*/\1/p' README.md | tr -d '`' | tr ',' '\n' |
	sed "s/^ *//; s/ *\$//; s|/\$||; s/ashlar-VERSION/ashlar-9.8.7/; s/DATE-HOST-REVISION/$name/" | sort >"$work/told"
ls | sort >"$work/there"
diff "$work/told" "$work/there" >"$work/out"
check '[ ! -s "$work/out" ] && [ "$(wc -l <"$work/told")" -ge 17 ]' "it holds what its README lists, and nothing else"
find . -type f ! -name SHA256SUMS | sed 's|^\./||' | sort >"$work/told"
sed 's/^[0-9a-f]*  //' SHA256SUMS | sort | diff "$work/told" - >"$work/out"
check '[ ! -s "$work/out" ] && sha256sum --quiet -c SHA256SUMS' "each file has its hash"
check '[ "$(ls figures/*.tsv | wc -l)" -ge 8 ] && [ -s figures/fig01.gp ] && [ -s figures/style.gp ] &&
	! ls figures | grep -vE "[.](gp|tsv)\$"' "figures are scripts and tables"
sed 1d contenders.tsv | cut -f 1,4 | sort >"$work/told"
sed -n '/^ "contenders"/,/^ \]/s/^   "\(name\|build_id\)": "\(.*\)",$/\2/p' "$set/manifest.json" | paste - - | sort >"$work/there"
check 'cmp "$work/told" "$work/there" && [ "$(wc -l <"$work/told")" -ge 7 ] && [ ${#day} -eq 10 ] && grep -q "^null.*$day$" contenders.tsv' \
	"contenders with build-ids and the day of the archive"
check 'awk -F"\t" -v hash="$hash" -v day="$day" '\''
	NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
	{ is = $at["sha256"] " " $at["archive_suite"] " " $at["archive_date"]; lines++ }
	NF != 9 || is != ($at["name"] == "jemalloc" ? hash " bookworm 2025-12-24T18:00:00Z" : "- - " day) { print; wrong = 1 }
	END { exit wrong || lines < 7 }'\'' contenders.tsv >"$work/out"' "with the hash of the library, the suite and its day as far as the set has them"
cut -f 4 seeds.tsv | sed 1d | sort -u >"$work/told"
grep -o '"seed": *[0-9]*' "$set/samples.jsonl" | sed 's/.*: *//' | sort -u >"$work/there"
check 'cmp "$work/told" "$work/there" && [ "$(sed 1d seeds.tsv | wc -l)" -eq $((3 * blocks)) ]' "the seed of each block of each cell"
check 'grep -q "  one.trace$" traces.sha256 && (cd "$work/a/ashlar-9.8.7/workloads/traces" && sha256sum --quiet -c "$it/traces.sha256")' \
	"traces with their hashes"
bench run --dry-run --job reproduce.job --out "$work/never"
check '[ $status -eq 0 ] && grep -q "^suite = verdict" reproduce.job && [ -n "$seed" ] && grep -q "^seed = $seed$" reproduce.job &&
	grep -q "sqlite .* $blocks blocks" "$work/out"' "the run as a job file"
awk '$4 ~ /^blocks?$/ { print $1, $2 }' "$work/out" | sort >"$work/told"
python3 -c 'import json, sys
for cell in json.load(open(sys.argv[1]))["cells"]: print(cell["cell"], cell["mode"])' "$set/manifest.json" | sort >"$work/there"
check 'cmp "$work/told" "$work/there" && [ "$(wc -l <"$work/told")" -ge 50 ]' "which are the cells of the set, no more and no fewer"
check '! grep -q "@" appendix.tex && grep -q "3 cells, $blocks blocks, $samples samples" appendix.tex && [ "$samples" -ge $((3 * 7 * blocks)) ] && grep -q "supports 6 claims" appendix.tex' \
	"the appendix is filled from the set"
# (The set says where it was measured, which may be a folder of this name.)
grep -rlF --exclude=samples.jsonl --exclude=manifest.json -e "$work" -e "$top_builddir" . >"$work/out"
check '[ ! -s "$work/out" ]' "no file names the folder in which it was made"

# --- its script ----------------------------------------------------------------------------
script() {
	sh ./artifact "$@" >"$work/out" 2>"$work/err"
	status=$?
}
script --help
check '[ $status -eq 0 ] && grep -q "reproduce" "$work/out" && grep -q "Exit status" "$work/out"' "--help"
for verb in check reproduce; do
	script $verb --dry-run
	cut -c 1-12 "$work/out" | sed 's/ *$//' | paste -s -d , - >"$work/steps"
	case $verb in
	check) wanted='files,unpack,build,traces,claims,numbers,figures,gate,three cells' ;;
	*) wanted='files,unpack,build,contenders,the run,claims' ;;
	esac
	check '[ $status -eq 0 ] && [ "$(cat "$work/steps")" = "$wanted" ] && [ ! -e work ]' "$verb --dry-run says each step and makes nothing"
done
wrong() { # WORD NAME ARGUMENT...
	word=$1 title=$2
	shift 2
	script "$@"
	check '[ $status -eq 2 ] && [ "$(wc -l <"$work/err")" -eq 1 ] && grep -qF -- "$word" "$work/err"' "$title"
}
wrong "is needed" "no verb"
wrong "'fly'" "an unknown verb" fly
wrong "one too many" "two verbs" check reproduce
wrong "--work needs" "no folder" check --work
wrong "only reproduce" "options of a run for check" check -- --blocks 3
# The sources of this one build nothing: that is told, with what it said, and ends it.
script check --no-packages --work "$work/made"
check '[ $status -eq 1 ] && grep -q "^ok  *files" "$work/out" && grep -q "^failed  *build" "$work/out" && ! grep -q claims "$work/out"' \
	"what cannot be built is said"
cp "$name/samples.jsonl" "$work/kept"
sed 's/"cpu_ns":[0-9]*/"cpu_ns":1/' "$work/kept" >"$name/samples.jsonl"
script check --work "$work/other"
check '[ $status -eq 1 ] && grep -q "^failed  *files" "$work/out" && grep -q "samples.jsonl: FAILED" "$work/err" && ! ls "$work/other" | grep -v log' \
	"a changed sample is found before anything else is done"
cp "$work/kept" "$name/samples.jsonl"

# --- how its script takes what `claims` ends with ------------------------------------------
# A bench that measures nothing and says what is expected, but of claims about what was measured here.
cp -r "$it" "$work/planted" && make_sources "$work/stub" && cat >"$work/stub/ashlar-9.8.7/configure" <<'end' || exit 99
#!/bin/sh
echo 'all:;@:' >Makefile && : >config.status
cat >ashlar-bench <<'stub'
#!/bin/sh
case "$1 $2" in
"claims --exact") cat expected/claims.txt ;;
"report --csv") cat expected/summary.csv ;;
"report -q") mkdir -p drawn/report && cp "$PLANTED"/figures/* drawn/report ;;
run\ *) for last; do :; done; mkdir -p "$last" && : >"$last/manifest.json" ;;
"claims "*) exit "$ENDS" ;;
"gate "*) echo "$*" >"$PLANTED/asked"; echo "skipped   2    whole tier   area   another kernel" ;;
esac
stub
chmod +x ashlar-bench
end
chmod +x "$work/stub/ashlar-9.8.7/configure"
mkdir -p "$work/stub/ashlar-9.8.7/results/baselines" && : >"$work/stub/ashlar-9.8.7/results/baselines/x.json"
PLANTED=$work/planted
export PLANTED ENDS
tar -C "$work/stub" -czf "$PLANTED/ashlar-9.8.7.tar.gz" ashlar-9.8.7
cd "$PLANTED" || exit 99
sed -i "/ ashlar-9/d" SHA256SUMS && sha256sum ashlar-9.8.7.tar.gz >>SHA256SUMS
ends() { # VERB WANTED WORD ENDS...
	verb=$1 wanted=$2 word=$3
	shift 3
	for ENDS; do
		script "$verb" --no-packages
		check '[ $status -eq $wanted ] && grep -q -- "$word" "$work/out"' "$verb: claims that end with $ENDS"
	done
}
ends reproduce 0 "^artifact: all was" 0
ends reproduce 0 "^Not all claims can be told" 4
ends reproduce 0 "^Nothing that is claimed was measured" 77
ends reproduce 1 "^artifact: 1 not as" 1
ends reproduce 1 "^failed *claims, .*status" 2 134 139
ends check 0 "^artifact: all was" 0 1 4
ends check 0 "^Nothing that is claimed was measured" 77
ends check 1 "^failed *three cells, .*status" 2 134 139
ENDS=0
script check --no-packages
check 'grep -q "^gate --tiers 0-2 --baseline .*/x.json" asked && grep -q "^ok  *gate, [0-9]* s: tier 2 was skipped" "$work/out"' \
	"check gates what repeats, tiers 0 to 2, and names what has no baseline here"
cd "$it" || exit 99

# --- what is not packed --------------------------------------------------------------------
sed 's/"value": [0-9.]*/"value": 9/; s/"high": [0-9.]*/"high": 9/' "$work/claims.json" >"$work/wrong.json"
pack a "$work/wrong.json" wrong.tar.gz
status=$?
check '[ $status -eq 1 ] && grep -q "claims are not those" "$work/err" && [ ! -e "$work/wrong.tar.gz" ]' "claims that the set does not bear out"
pack none "$work/claims.json" none.tar.gz
check '[ ! -e "$work/none.tar.gz" ]' "no sources"

# --- what is cited, and the container --------------------------------------------------------
version=$(sed -n 's/^AC_INIT(\[ashlar\], \[\(.*\)\])$/\1/p' "$top_srcdir/configure.ac")
check '[ -n "$version" ] && grep -qx "version: $version" "$top_srcdir/CITATION.cff" &&
	[ "$(grep -cE "^(cff-version|message|title|type|authors|license):" "$top_srcdir/CITATION.cff")" -eq 6 ]' "CITATION.cff has what is needed, of this version"
# Instructions, a line each: its packages are those of bootstrap because it has none of its own.
sed '/^ *#/d' "$top_srcdir/Containerfile" | awk '{ if (sub(/\\$/, "")) printf "%s", $0; else print }' >"$work/instructions"
build=$(sed -n 's/.*ASHLAR_BUILD=\([^ ]*\) .*/\1/p' "$work/instructions")
check '! grep -vE "^(FROM|COPY|RUN|ENTRYPOINT|CMD) |^\$" "$work/instructions" && grep -qx "FROM debian:12" "$work/instructions" &&
	grep -q "^RUN .*[.]/bootstrap build" "$work/instructions" && ! grep -qE "apt-get|dpkg" "$work/instructions" &&
	[ -n "$build" ] && grep -qF "ENTRYPOINT [\"$build/ashlar-bench\"]" "$work/instructions"' "the container is made by bootstrap, with its packages"
finish
