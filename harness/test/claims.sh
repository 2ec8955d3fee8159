# Claims: what the README states in numbers is what the committed set says, and nothing else; a
# number that is not true, not there or not claimed is found.
no_preload=yes
. "$top_srcdir/harness/test/bench.sh"

set_of() { # CLAIMS: the folder of the set that they are of
	echo "$top_srcdir/results/$(sed -n 's/^ "set": "\(.*\)",$/\1/p' "$1")"
}
claims=$top_srcdir/results/claims.json
set=$(set_of "$claims")

bench claims --exact --page "$top_srcdir/README.md" "$claims" "$set"
check '[ $status -eq 0 ] && [ ! -s "$work/err" ] && [ "$(grep -c " within$" "$work/out")" -ge 20 ]' \
	"the README's numbers are those of the committed set, and all of them are claimed"
newest=$top_srcdir/results/newest
bench claims --exact --page "$newest.md" "$newest.json" "$(set_of "$newest.json")"
check '[ $status -eq 0 ] && [ ! -s "$work/err" ] && [ "$(grep -c " within$" "$work/out")" -ge 30 ]' \
	"and so are those of the page of the newest versions"

# The rest on one cell of that set, which is read at once.
some() { # FOLDER, an awk program over the samples of the cell
	mkdir "$work/$1" && cp "$set/manifest.json" "$work/$1"
	grep '"cell": *"fleet-5"' "$set/samples.jsonl" | grep '"mode": *"throughput"' |
		"${AWK:-awk}" "$2" >"$work/$1/samples.jsonl"
}
double='function twice(key,  at, n) {
	at = match($0, "\"" key "\": *[0-9]+") ? RSTART : 0
	n = RLENGTH; own = substr($0, at, n); sub(/.*: */, "", own)
	$0 = substr($0, 1, at - 1) "\"" key "\": " own * by substr($0, at + n) }'
some same '{ print }'
some slower "$double"' BEGIN { by = 4 } /"allocator": *"ashlar"/ { twice("cpu_ns") } { print }'
some few '/"block": *[0-2],/'
some without '!/"allocator": *"ashlar"/'
cat >"$work/claims.json" <<'end'
{"schema": "ashlar-claims 1", "set": "x", "machine_class": "0", "reference": "glibc",
 "claims": [
  {"id": "time", "cell": "fleet-5", "metric": "cpu_ns", "contender": "ashlar", "value": 1, "tolerance": 1},
  {"id": "bytes", "cell": "fleet-5", "metric": "peak_rss_bytes", "as": "value", "digits": 0,
   "contender": "ashlar", "value": 1, "tolerance": 1},
  {"id": "blocks", "fact": "blocks", "value": 1}],
 "passages": ["Time of fleet: {time}, in {blocks.word} blocks.", "It takes {bytes.value} bytes"],
 "no_claims": ["4.5 stars"]}
end
printf 'Time of fleet: 1.00, in one\nblocks. It takes 1 bytes on x86-64 since 2026-11-20, 4.5\nstars; `7` and [a](b/8).\n' >"$work/page.md"

bench claims --update --page "$work/page.md" "$work/claims.json" "$work/same"
check '[ $status -eq 0 ] && grep -qE "fleet: 0[.][0-9]{2} \[0[.][0-9]{2}, 0[.][0-9]{2}\], in eight" "$work/page.md" &&
	grep -q "^blocks. It takes [0-9]* bytes on x86-64 since 2026" "$work/page.md"' "--update states the set's numbers in the page"
cp "$work/page.md" "$work/kept.md" && cp "$work/claims.json" "$work/kept.json"
bench claims --exact --page "$work/page.md" "$work/claims.json" "$work/same"
check '[ $status -eq 0 ] && [ ! -s "$work/err" ]' "and they are then those of the set"

# So deep that its folder has no path which could be resolved.
cp "$work/kept.json" "$work/deep.json"
python3 - "$bench" "$work" >"$work/out" 2>"$work/err" <<'END'
import os, shutil, subprocess, sys
bench, work = sys.argv[1:]
os.chdir(work)
for _ in range(21):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
os.mkdir("same")
for name in os.listdir(work + "/same"):
    if os.path.isfile(f"{work}/same/{name}"):
        shutil.copy(f"{work}/same/{name}", "same")
sys.exit(subprocess.run([bench, "claims", "--update", work + "/deep.json", "./same"]).returncode != 0)
END
check '[ $? -eq 0 ] && grep -qx " \"set\": \"same\"," "$work/deep.json"' "a folder without a path has the name it was called by"

# A page that says something else.
page() { # WHAT WORD: as $work/page.md is now
	word=$2
	bench claims --exact --page "$work/page.md" "$work/claims.json" "$work/same"
	check '[ $status -eq 1 ] && grep -qF -- "$word" "$work/err"' "$1"
	cp "$work/kept.md" "$work/page.md"
}
sed -i 's/fleet: 0[.]../fleet: 0.09/' "$work/page.md"
page "a number of the page that is not the claim's" "does not say, with the numbers of the claims: Time of fleet"
sed -i 's/in eight/in nine/' "$work/page.md"
page "a number in words that is not the claim's" "Time of fleet"
echo 'It is 3.5 times as fast.' >>"$work/page.md"
page "a number that nobody claims" "line 4: the number '3.5' is no claim's"
echo 'It is Two-fold, and takes half.' >>"$work/page.md"
page "nor in words" "the number 'Two-fold' is no claim's"
sed -i '/"Time of fleet/d' "$work/claims.json"
page "a claim that the page does not make" "no passage states the claim 'time'"
cp "$work/kept.json" "$work/claims.json"

# A set that says something else.
bench claims "$work/claims.json" "$work/same"
check '[ $status -eq 0 ] && grep -q "^time .* within$" "$work/out" && ! grep -q "^blocks " "$work/out"' \
	"a set within the tolerance; what only its own set has is not asked of it"
bench claims "$work/claims.json" "$work/slower"
check '[ $status -eq 1 ] && grep -q "^time .* outside$" "$work/out" && grep -q "^bytes .* within$" "$work/out"' \
	"a set in which a claim does not hold"
bench claims --exact "$work/claims.json" "$work/slower"
check '[ $status -eq 1 ] && grep -q "^time .* outside$" "$work/out"' "and is not the set of the claims"
sed 's/"value": 0[.].*/"value": 0.09,/; s/"low": 0.*/"low": 0.08,/; s/"high": 0.*/"high": 0.1/' "$work/kept.json" >"$work/wrong.json"
bench claims --exact "$work/wrong.json" "$work/same"
check '[ $status -eq 1 ] && grep -q "^time .* outside$" "$work/out"' "a claim that its set never said"
bench claims "$work/wrong.json" "$work/few"
check '[ $status -eq 4 ] && grep -q "^time .* cannot tell$" "$work/out"' "too few blocks to say so"
bench claims "$work/claims.json" "$work/without"
check '[ $status -eq 77 ] && grep -q "^time .* not measured: no " "$work/out"' "a set that measured none of it"
bench claims --exact "$work/claims.json" "$work/without"
check '[ $status -eq 1 ]' "which cannot be the set of the claims"
bench claims --update "$work/claims.json" "$work/without"
check '[ $status -eq 1 ] && cmp -s "$work/claims.json" "$work/kept.json"' "nor give them their numbers"

# A mean over other cells is another mean.
bench claims "$claims" "$work/same"
check '[ $status -eq 77 ] && grep -q "^ashlar-time-workloads .* not measured: .*other cells" "$work/out"' "a mean over other cells"

# Beside a mean: the median of its cells and what is left without one, stated in a column of their own.
mkdir "$work/cells" && cp "$set/manifest.json" "$work/cells" &&
	grep '"cell": *"\(fleet-5\|larson\|skew-slots\)"' "$set/samples.jsonl" | grep '"mode": *"throughput"' >"$work/cells/samples.jsonl"
cat >"$work/beside.json" <<'end'
{"schema": "ashlar-claims 1", "set": "x", "machine_class": "0", "reference": "glibc",
 "claims": [
  {"id": "mean", "mean": "workloads", "metric": "cpu_ns", "contender": "ashlar", "digits": 3, "value": 1, "tolerance": 1},
  {"id": "median", "mean": "workloads", "as": "median", "metric": "cpu_ns", "contender": "ashlar", "digits": 3, "value": 1, "tolerance": 1},
  {"id": "least", "mean": "workloads", "as": "least", "metric": "cpu_ns", "contender": "ashlar", "digits": 3, "value": 1, "tolerance": 1},
  {"id": "most", "mean": "workloads", "as": "most", "metric": "cpu_ns", "contender": "ashlar", "digits": 3, "value": 1, "tolerance": 1}],
 "passages": ["{mean} | {median} | {least.value}–{most.value} |"]}
end
echo '| 1.000 | 1.000 | 1.000–1.000 |' >"$work/beside.md"
bench claims --update --page "$work/beside.md" "$work/beside.json" "$work/cells" && "$bench" report --json "$work/beside.summary" "$work/cells"
cat >"$work/beside.py" <<'end'
import json, sys
claims = {c["id"]: c for c in json.load(open(sys.argv[1]))["claims"]}
mean = [c for c in json.load(open(sys.argv[2]))["contenders"] if c["name"] == "ashlar"][0]["geometric_means"]["cpu_ns"]["workloads"]
wanted = {"mean": mean["ratio"]["point"], "median": mean["median"], "least": mean["least"]["ratio"], "most": mean["most"]["ratio"]}
assert wanted["least"] < wanted["mean"] < wanted["most"]
for name, value in wanted.items():
    assert claims[name]["value"] == round(value, 3), (name, value, claims[name])
    assert ("low" in claims[name]) == (name == "mean")
    assert claims[name]["tolerance"] == claims["mean"]["tolerance"] > 0.02, claims[name]
m = claims["mean"]
row = "| %.3f [%.3f, %.3f] | %.3f | %.3f–%.3f |" % (m["value"], m["low"], m["high"], wanted["median"], wanted["least"], wanted["most"])
assert row in open(sys.argv[3], encoding="utf-8").read(), row
end
check 'python3 "$work/beside.py" "$work/beside.json" "$work/beside.summary" "$work/beside.md" >"$work/out" 2>&1' \
	"median, least and most of a mean are claimed beside it"
bench claims --exact --page "$work/beside.md" "$work/beside.json" "$work/cells"
check '[ $status -eq 0 ] && grep -q "^median  *median cell of own workloads, cpu_ns, ashlar .* within$" "$work/out"' "and held to the last digit"
sed '/"as":/,/"value":/s/"value": .*/"value": 0.09,/' "$work/beside.json" >"$work/wrong.json"
bench claims --exact "$work/wrong.json" "$work/cells"
check '[ $status -eq 1 ] && [ "$(grep -c "^\(median\|least\|most\) .* outside$" "$work/out")" -eq 3 ]' "those that the set never said are found"
bench claims "$work/beside.json" "$work/same"
check '[ $status -eq 77 ] && grep -q "^least .* not measured: .*other cells" "$work/out"' "without one cell of others is another number"

# Files that are none.
mistake() { # SED-SCRIPT WORD NAME
	sed "$1" "$work/kept.json" >"$work/bad.json"
	refuses 2 "$2" "$3" claims "$work/bad.json" "$work/same"
}
mistake 's/ashlar-claims 1/other 7/' "'other 7'" "another schema"
mistake 's/"cpu_ns"/"speed"/' "unknown metric 'speed'" "an unknown metric"
mistake 's/"id": "bytes"/"id": "time"/' "two claims have the id 'time'" "two claims of one name"
mistake 's/"fact": "blocks"/"fact": "price"/' "unknown fact 'price'" "an unknown fact"
mistake 's/"as": "value"/"as": "median"/' "as 'median'" "a median of a cell"
mistake 's/"cell": "fleet-5"/"cel": 1/' "one of cell, mean, cells and fact" "a claim of nothing"
mistake 's/"tolerance": .*/"tolerance": 0,/' "tolerance above 0" "no tolerance"
mistake 's/"low": .*/"low": 99,/' "low and high around it" "an interval beside its value"
mistake 's/"claims": \[/"claims": 3 [/' "claims" "no JSON"
refuses 2 "No such file" "no file of claims" claims "$work/none.json" "$work/same"
refuses 2 "manifest.json: No such file" "no set" claims "$work/claims.json" "$work"
refuses 2 "none.md: No such file" "no page" claims --page "$work/none.md" "$work/claims.json" "$work/same"
refuses 2 "needs a file of claims" "one argument" claims "$work/claims.json"
refuses 2 "one too many" "three arguments" claims a b c
finish
