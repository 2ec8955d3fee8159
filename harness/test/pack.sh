# The verb `pack`, and `report` on what it made: the same page as before, and one line for each
# thing that may be wrong.
no_preload=yes
. "$top_srcdir/harness/test/bench.sh"
make_set=$top_builddir/harness/test/make_sample_set
if ! command -v "${GNUPLOT:-gnuplot}" >/dev/null; then
	echo "1..0 # SKIP gnuplot is not installed"
	exit 0
fi

"$make_set" "$work/set" blocks=2 torn && cp -r "$work/set" "$work/loose" && cp -r "$work/set" "$work/again" || exit 99
files=$(find "$work/set/timeline" "$work/set/latency" "$work/set/cdf" -type f | wc -l)
bench report "$work/loose"
check '[ $status -eq 0 ]' "the report of the set before it is packed"

bench pack "$work/set"
check '[ $status -eq 0 ] && grep -q "^packed: $work/set/timelines.tar.zst, $files files" "$work/out"' "a set is packed"
check '[ ! -e "$work/set/timeline" ] && [ ! -e "$work/set/latency" ] && [ ! -e "$work/set/cdf" ] && [ "$(ls "$work/set" | wc -l)" -eq 3 ]' \
	"its folder holds manifest, samples and archive"
check 'cmp "$work/set/samples.jsonl" "$work/loose/samples.jsonl" && cmp "$work/set/manifest.json" "$work/loose/manifest.json"' \
	"manifest and samples stay"
bench report "$work/set"
check '[ $status -eq 0 ] && cmp "$work/set/report.html" "$work/loose/report.html"' "the packed set gives the same page"
check 'diff -r "$work/set/report" "$work/loose/report" && grep -q "^fleet" "$work/set/report/held.tsv"' \
	"and the same tables and figures"
check '[ "$(find "$work/set" -name "*.tsv" -path "*/timeline/*" | wc -l)" -eq 0 ]' "report unpacks nothing"

# Other times, another order of the same files.
find "$work/again" -type f -exec touch -d 2001-01-01 {} +
mv "$work/again/timeline" "$work/again/old" && mkdir "$work/again/timeline" &&
	for f in $(ls "$work/again/old" | sort -r); do mv "$work/again/old/$f" "$work/again/timeline/"; done
rmdir "$work/again/old" && bench pack "$work/again"
check '[ $status -eq 0 ] && cmp "$work/set/timelines.tar.zst" "$work/again/timelines.tar.zst"' "the same files give the same archive"

bench pack "$work/set"
check '[ $status -eq 0 ] && grep -q "^packed already: " "$work/out" && cmp "$work/set/timelines.tar.zst" "$work/again/timelines.tar.zst"' \
	"a packed set is left as it is"
if command -v tar >/dev/null && command -v zstd >/dev/null; then
	mkdir "$work/out.d" && tar --zstd -xf "$work/set/timelines.tar.zst" -C "$work/out.d"
	for d in timeline latency cdf; do diff -r "$work/out.d/$d" "$work/loose/$d" || break; done
	check '[ -d "$work/out.d/cdf" ] && diff -r "$work/out.d/cdf" "$work/loose/cdf"' "tar unpacks it"
fi

# A file that lies beside the archive counts, and joins it.
first=$(ls "$work/loose/timeline" | head -n 1)
mkdir "$work/again/timeline" && printf 'ms\trss_bytes\n' >"$work/again/timeline/$first" &&
	echo more >"$work/again/timeline/new.tsv" && bench pack "$work/again"
check '[ $status -eq 0 ] && grep -q ", $((files + 1)) files" "$work/out" && ! cmp -s "$work/set/timelines.tar.zst" "$work/again/timelines.tar.zst" &&
	[ ! -e "$work/again/timeline" ]' "a loose file replaces the packed one, another is added"

# --- refusals: one line, and the set stays as it was -----------------------------------
bench pack
check '[ $status -eq 2 ] && grep -q "which folder" "$work/err"' "no folder is named"
bench pack "$work/set" "$work/loose"
check '[ $status -eq 2 ] && grep -q "one too many" "$work/err"' "two folders are named"
refuses 2 "no manifest.json" "a folder that does not exist" pack "$work/nowhere"
mkdir "$work/bare"
refuses 2 "no manifest.json" "a folder that is no run set" pack "$work/bare"
"$make_set" "$work/running" blocks=1 unfinished
refuses 2 "--resume" "a run that was not finished" pack "$work/running"
"$make_set" "$work/stripped" blocks=1 && rm -r "$work/stripped/timeline" "$work/stripped/latency" "$work/stripped/cdf"
refuses 2 "nothing to pack" "a set without side files" pack "$work/stripped"
ln -s /etc/hostname "$work/loose/cdf/link.tsv"
refuses 1 "only regular files" "a link among the files" pack "$work/loose"
rm "$work/loose/cdf/link.tsv"
if command -v flock >/dev/null; then
	flock "$work/loose/samples.jsonl" "$bench" pack "$work/loose" >"$work/out" 2>"$work/err"
	status=$?
	check '[ $status -eq 1 ] && grep -q "another ashlar-bench is writing it" "$work/err"' "a set that is being written"
fi
check '[ ! -e "$work/loose/timelines.tar.zst" ] && [ "$(find "$work/loose/timeline" "$work/loose/latency" "$work/loose/cdf" -type f | wc -l)" -eq "$files" ]' \
	"what was refused is as it was"

damage() { # NAME COMMAND...: an archive made bad, before report and pack
	name=$1 word=$2
	shift 2
	rm -rf "$work/bad" && mkdir "$work/bad" && cp "$work/set/manifest.json" "$work/set/samples.jsonl" "$work/bad"
	"$@" <"$work/set/timelines.tar.zst" >"$work/bad/timelines.tar.zst"
	refuses 2 "$word" "report: $name" report "$work/bad"
	check '[ ! -e "$work/bad/report" ] && [ ! -e "$work/bad/report.html" ]' "report: $name: nothing is written"
	mkdir "$work/bad/timeline" && echo x >"$work/bad/timeline/1.tsv"
	cp "$work/bad/timelines.tar.zst" "$work/before"
	refuses 1 "$word" "pack: $name" pack "$work/bad"
	check '[ -s "$work/bad/timeline/1.tsv" ] && cmp "$work/before" "$work/bad/timelines.tar.zst"' "pack: $name: nothing is changed"
}
a_byte_changed() { head -c 1000; head -c 1 >/dev/null; printf '\252'; cat; }
damage "an archive that is cut short" "cut short" head -c 2000
damage "an archive with a byte changed" "damaged" a_byte_changed
damage "an empty archive" "cut short" head -c 0
damage "a text in its place" "not zstd" echo hello
damage "an archive with something behind it" "follow its end" sed '$a\
more'

# Without its archive a packed set is one whose files are missing: the page says so.
rm -rf "$work/bad" && mkdir "$work/bad" && cp "$work/set/manifest.json" "$work/set/samples.jsonl" "$work/bad"
bench report "$work/bad"
check '[ $status -eq 0 ] && grep -q "timeline/.*No such file" "$work/bad/report.html"' "the page tells of files that are gone"
finish
