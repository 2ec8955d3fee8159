# What a set says in a few lines, as numbers for others, and beside another set: the result on the
# terminal, summary.*, `compare` and `explain`.
no_preload=yes
. "$top_srcdir/harness/test/bench.sh"
make_set=$top_builddir/harness/test/make_sample_set

"$make_set" "$work/a" planted blocks=8 && "$make_set" "$work/b" planted blocks=8 seed=7 drift=1.3 &&
	"$make_set" "$work/slow" planted blocks=8 seed=8 drift=0.8 slower=ashlar &&
	"$make_set" "$work/few" blocks=3 && "$make_set" "$work/few2" blocks=3 seed=7 slower=ashlar || exit 99

# --- one set ------------------------------------------------------------------------------
bench report --text "$work/a"
cp "$work/out" "$work/text"
for name in glibc jemalloc tcmalloc mimalloc2 mimalloc3 ashlar null slower20; do
	check '[ "$(awk "/^CPU time per operation/ { exit } /^Programs\$/ { p = 1 } /^Own workloads\$/ { o = p } \$1 == \"$name\" { print p + o }" \
		"$work/text" | tr -d "\n")" = 12 ]' "the result has one line of $name for programs, and one for own workloads"
done
check '[ "$(grep -c "^absent" "$work/text")" -eq 1 ] && grep -q "^mimalloc3 (8 failed)  " "$work/text" && ! grep -q "^ashlar (" "$work/text"' \
	"who has failures or is not here has it beside the name"
check 'grep -q "^absent  *skipped: library <absent.so>" "$work/text"' "and the reason of who is not here"
check 'awk "/^CPU time per operation/ { n = 0; on = 1; next } /^peak resident/ { exit bad || n < 15 }
	on && NF { n++; if (n > 1 && ! / \*/) bad = 1 }" "$work/text"' "each cell has its best marked"
check 'awk "/^redis/ && !p { p = NR } /^tiny-churn/ && !o { o = NR } END { exit !(p && p < o) }" "$work/text"' "programs come first"
check '[ ! -e "$work/a/report" ] && [ ! -e "$work/a/summary.csv" ]' "nothing is written where only text was asked for"

"$bench" report --csv - "$work/a" 2>"$work/err" >"$work/csv"
check '[ $? -eq 0 ] && grep -q "^schema,cell,mode," "$work/csv" && [ "$(grep -c "^ashlar-summary 1," "$work/csv")" -gt 300 ]' \
	"report --csv -: a line per number"
"$bench" report --csv - "$work/few" 2>"$work/err" | head -n 1 >"$work/out"
check '[ -s "$work/out" ] && [ ! -s "$work/err" ]' "and a pipe that closes ends it quietly"
mkfifo "$work/pipe" && { timeout 60 cat "$work/pipe" >"$work/piped" & } && bench report --csv "$work/pipe" "$work/a" && wait $!
check '[ $status -eq 0 ] && cmp "$work/csv" "$work/piped" && [ -p "$work/pipe" ] && [ ! -e "$work/pipe.part" ]' "what is no file is written to and stays what it is"
refuses 1 "nowhere/x.csv" "report --csv: a file that cannot be" report --csv "$work/nowhere/x.csv" "$work/few"

# All files hold the same numbers, and those of the figures' tables.
GNUPLOT=$work/none bench report "$work/a"
check '[ $status -eq 3 ] && [ -s "$work/a/summary.md" ] && cmp "$work/csv" "$work/a/summary.csv"' \
	"report leaves summary.json, .csv and .md, gnuplot or not"
cat >"$work/check.py" <<'END'
import csv, json, statistics, sys
folder = sys.argv[1]
rows = list(csv.DictReader(open(folder + "/summary.csv")))
whole = json.load(open(folder + "/summary.json"))
n = whole["samples"]
assert n["all"] == n["good"] + n["failed"] + n["timeout"] + n["skipped"] and n["failed"] and n["timeout"] and n["skipped"], n
assert whole["schema"] == "ashlar-summary 1" and whole["reference"] == "glibc" and whole["set"]["suite_version"] == "1.0"
try:
    import jsonschema
    jsonschema.validate(whole, json.load(open(sys.argv[2])))
except ImportError:
    pass
def same(a, b):
    return b is None and a == "" or b is not None and abs(float(a) - b) <= 1e-6 * abs(b)
seen = 0
assert all(len(r) == 20 and None not in r and None not in r.values() for r in rows)
for cell in whole["cells"]:
    for who in cell["contenders"]:
        for metric, number in who["metrics"].items():
            (row,) = [r for r in rows if r["cell"] == cell["cell"] and r["mode"] == cell["mode"]
                      and r["contender"] == who["contender"] and r["metric"] == metric]
            value, ratio = number["value"], number["ratio"] or {"point": None, "low": None, "high": None}
            assert same(row["value"], value["point"]) and same(row["low"], value["low"]), row
            assert same(row["ratio"], ratio["point"]) and same(row["ratio_high"], ratio["high"]), row
            assert bool(int(row["best"])) == number["best"] and row["uncertain"] == (number["uncertain"] or ""), row
            assert row["value_uncertain"] == (number["value_uncertain"] or ""), row
            seen += 1
assert seen == len(rows), (seen, len(rows))
# What stands in these files alone, computed again from the records and timelines.
samples = [json.loads(line) for line in open(folder + "/samples.jsonl")]
def resident(s):
    at = [[float(x) for x in line.split("\t")[:2]] for line in open(f"{folder}/{s['timeline']}").read().split("\n")[1:] if line]
    area = sum((b[0] - a[0]) * ((a[1] + b[1]) / 2 - s["table_bytes"]) for a, b in zip(at, at[1:]))
    return area / (at[-1][0] - at[0][0])
details = {"sys_ns": ("ns", lambda s: s["sys_ns"] / s["ops"]), "minor_faults": ("events", lambda s: s["minor_faults"] / s["ops"]),
           "mean_rss_bytes": ("bytes", resident)}
part = [r for r in rows if r["metric"] == "allocator_instructions"]
whole_count = {(r["cell"], r["contender"]): float(r["value"]) for r in rows if r["metric"] == "instructions"}
assert len(part) == len(whole_count) > 20 and {r["mode"] for r in part} == {"instructions"}, len(part)
for r in part: # as the records have it
    assert r["unit"] == "" and abs(float(r["value"]) / whole_count[r["cell"], r["contender"]] / 0.75 - 1) < 1e-3, r
again = dict.fromkeys(details, 0)
for r in rows:
    if r["metric"] not in details:
        continue
    unit, of = details[r["metric"]]
    good = [s for s in samples if (s["cell"], s["mode"], s["allocator"], s["status"]) == (r["cell"], r["mode"], r["contender"], "ok")]
    values = sorted(of(s) for s in good)
    assert r["unit"] == unit and len({s["block"] for s in good}) == len(good) == int(r["n"]), r
    assert same(r["value"], statistics.median(values)), (r, values)
    assert values[0] * 0.999999 <= float(r["low"]) <= float(r["high"]) <= values[-1] * 1.000001, (r, values)
    again[r["metric"]] += 1
assert min(again.values()) == max(again.values()) > 60, again
lines = [l.rstrip("\n").split("\t") for l in open(folder + "/report/fig01.tsv") if not l.startswith("#")]
names, compared = lines[0], 0
for line in lines[1:]:
    f = dict(zip(names, line))
    for r in rows:
        if r["metric"] == "cpu_ns" and r["cell"] == f["label"] and r["contender"] == f["allocator"] and f["ratio"] != "NaN":
            assert abs(float(r["ratio"]) / float(f["ratio"]) - 1) < 1e-4, (r, f)
            compared += 1
assert compared > 80, compared
crash = [c for cell in whole["cells"] for c in cell["contenders"] if c["status"] == "failed"]
assert crash and all(c["reason"] for c in crash)
means = {c["name"]: c["geometric_means"] for c in whole["contenders"]}
assert means["slower20"]["cpu_ns"]["programs"]["ratio"]["point"] > 1.15 and means["null"]["cpu_ns"]["programs"] is None
END
check 'python3 "$work/check.py" "$work/a" "$top_srcdir/harness/schema/summary.json" >"$work/out" 2>&1' "JSON, CSV and the figures' tables hold the same numbers"
check '! grep -q "^System time\|^minor page\|^system time\|^resident memory on average" "$work/text" &&
	grep -q "^#.* throughput, in detail$" "$work/a/summary.md" && grep -q "^| redis | ashlar | .* ns .*MiB" "$work/a/summary.md"' \
	"system time, faults and memory over time are in the files, and not among what is seen first"
# On whose C library it ran is said first: on the terminal, on the page's first screen, for others.
cp -r "$work/few" "$work/world" && sed 's/"environment": *{/"world": {"name": "stable", "libc": "glibc 2.99", "packages": null}, &/' \
	"$work/few/manifest.json" >"$work/world/manifest.json" || exit 99
bench report --text "$work/world"
check 'grep -m 1 "^Suite " "$work/out" | grep -q ", on synthetic, world stable (glibc 2[.]99): "' "the terminal says on which C library"
bench report --text "$work/few"
check 'grep -m 1 "^Suite " "$work/out" | grep -q ", on synthetic, world stable: "' "and of older sets that it was the system's"
GNUPLOT=$work/none bench report "$work/world" && GNUPLOT=$work/none bench report "$work/few"
check 'sed -n "/<h2 id=\"glance\">/,/<table/p" "$work/world/report.html" | grep -q "; on the C library of the world stable (glibc 2[.]99)[.]" &&
	sed -n "/<h2 id=\"glance\">/,/<table/p" "$work/few/report.html" | grep -q "; on the C library of the world stable[.]"' "so does the first screen"
check 'python3 -c "
import json, sys
worlds = [json.load(open(path + \"/summary.json\"))[\"set\"][\"world\"] for path in sys.argv[1:]]
assert worlds == [{\"name\": \"stable\", \"libc\": \"glibc 2.99\"}, {\"name\": \"stable\", \"libc\": None}], worlds
" "$work/world" "$work/few" 2>"$work/err"' "and summary.json"

# Beside each mean stand the median of its cells and what one cell does to it, also on the terminal, in 100 columns.
cat >"$work/means.py" <<'END'
import json, re, sys
text, summary, width = open(sys.argv[1], encoding="utf-8").read(), sys.argv[2], int(sys.argv[3])
whole = json.load(open(summary))
means = {c["name"]: c["geometric_means"] for c in whole["contenders"]}
told = 0
for scope, heading in ("programs", "Programs"), ("workloads", "Own workloads"):
    lines = text.split(f"\n{heading}\n\n")[1].split("\n\n")[0].split("\n")
    assert lines[0].split() == "contender CPU time median without one peak RSS median without one".split(), lines[0]
    for line in lines[1:]:
        assert not width or len(line) <= width, (len(line), line)
        if line.startswith("("): # a note
            continue
        fields = re.split("  +", line.strip())
        name = fields[0].split(" (")[0]
        for metric, (mean, median, left) in ("cpu_ns", fields[1:4]), ("peak_rss_bytes", fields[4:7]):
            m = means[name][metric][scope]
            if m and name != whole["reference"]:
                assert mean.startswith("%.3f [" % m["ratio"]["point"]) and median == "%.3f" % m["median"], (line, m)
                assert left == "%.3f–%.3f" % (m["least"]["ratio"], m["most"]["ratio"]), (line, m)
                told += 1
            else:
                assert (mean, median, left) in (("1", "1", "1"), ("–", "–", "–")), line
print(told)
assert told >= 20
END
check 'python3 "$work/means.py" "$work/text" "$work/a/summary.json" 0 >"$work/out" 2>&1' "the terminal has median and range beside each mean"
shown=$top_srcdir/results/$(sed -n 's/^ "set": "\(.*\)",$/\1/p' "$top_srcdir/results/claims.json")
"$bench" report --text "$shown" >"$work/shown" 2>"$work/err" && "$bench" report --json - "$shown" >"$work/shown.json" 2>>"$work/err"
check 'python3 "$work/means.py" "$work/shown" "$work/shown.json" 100 >"$work/out" 2>&1' "and of the set that the README shows in 100 columns"
check 'grep -q "^| fleet | alloc\|^| fleet | ashlar | [0-9.]* ns" "$work/a/summary.md" && grep -q "latency of request" "$work/a/summary.md"' \
	"the Markdown has absolute times and latencies"

# --- two sides ----------------------------------------------------------------------------
called() { grep -Ec '\] +(faster|slower|leaner|fatter)' "$work/out"; }

bench compare "$work/a" "$work/b"
check '[ $status -eq 0 ] && [ "$(called)" -eq 0 ] && [ "$(grep -Ec "\] +(same|cannot tell)" "$work/out")" -gt 150 ]' \
	"two runs of the same, one on a slower day: nothing is faster or slower"
check 'awk "/^In what the two sets differ/ { d = NR } /^Cell by cell/ { exit !(d && d < NR) }" "$work/out"' \
	"what differs beside the numbers is said first"
bench compare "$work/a" "$work/slow"
check '[ "$(grep -E "\] +slower" "$work/out" | grep -c " ashlar ")" -eq 14 ] && [ "$(called)" -eq 14 ]' \
	"a contender that was made 10 % slower is, in every cell, and no other"
bench compare "$work/slow" "$work/a"
check '[ "$(grep -E "\] +faster" "$work/out" | grep -c " ashlar ")" -eq 14 ] && [ "$(called)" -eq 14 ]' "and the other way round faster"
bench compare "$work/a:ashlar" "$work/b:ashlar"
check '[ $status -eq 0 ] && [ "$(called)" -eq 0 ]' "one contender of two sets"
bench compare "$work/a:glibc" "$work/a:slower20"
check '[ "$(grep -Ec "\] +slower" "$work/out")" -ge 12 ] && ! grep -Eq "\] +(faster|leaner|fatter)" "$work/out"' \
	"two contenders of one set, 20 % apart"
bench compare --in "$work/a" glibc glibc-again
check '[ $status -eq 0 ] && [ "$(called)" -eq 0 ]' "the same contender under two names"
bench compare "$work/few" "$work/few2"
check '[ "$(called)" -eq 0 ] && grep -q "cannot tell: fewer than 4 blocks each" "$work/out"' "three blocks cannot tell, and that is said"
# Latencies of eight blocks: what lies under three costs of the clock (72 ns), or within its tick, is called nothing.
"$make_set" "$work/timed" blocks=8 latencies=8 && "$make_set" "$work/timed2" blocks=8 latencies=8 seed=7 slower=ashlar || exit 99
rows_of() { awk -v from="$1" '$0 ~ "^" from { on = 1; next } on && !NF { n++ } n == 2 { exit } on' "$work/out"; } # the table under a heading
bench compare "$work/timed" "$work/timed2"
check '[ "$(rows_of "request p99" | grep -E "\] +slower" | grep -c " ashlar ")" -eq 3 ]' "requests that take 25 % longer are slower"
check '[ "$(rows_of "alloc p99" | grep -c "ashlar .*cannot tell: under 3 clock costs")" -ge 2 ] &&
	! rows_of "alloc p99" | grep -E "^tiny-churn .*(faster|slower|same)" | grep .' \
	"calls that take less than three readings of the clock are not"
bench compare "$work/timed:glibc" "$work/timed:ashlar"
check 'rows_of "alloc p99" | grep -q "^tiny-churn .*cannot tell: under 3 clock costs; within a clock tick$" && rows_of "request p99" | grep -q "\] *faster$"' "nor of two contenders of one set"
for set in timed timed2; do
	sed 's/"environment": *{/&"clock_step_ns": 50000,/' "$work/$set/manifest.json" >"$work/lines" && cp "$work/lines" "$work/$set/manifest.json" || exit 99
done
bench compare "$work/timed" "$work/timed2"
check '[ "$(rows_of "request p99" | grep -c "ashlar .*cannot tell: within a clock tick")" -eq 3 ] && ! rows_of "request p99" | grep -E "faster|slower|same" | grep .' \
	"and a clock that steps by 50 µs tells no request from another"
bench compare --markdown "$work/a" "$work/slow"
check 'grep -q "^| redis | ashlar | .* | slower | glibc |$" "$work/out"' "as Markdown"

"$make_set" "$work/suite" suite=1.1 && "$make_set" "$work/class" class=fedcba9876543210 || exit 99
refuses 2 "suite_version (1.0, 1.1)" "another version of the suite" compare "$work/a" "$work/suite"
refuses 2 "environment.machine_class (0123456789abcdef, fedcba9876543210)" "another class of machine" compare "$work/a" "$work/class"
bench compare --force "$work/a" "$work/class"
check '[ $status -eq 0 ] && grep -q "^! environment.machine_class" "$work/out"' "--force compares them and marks the field"
cp -r "$work/b" "$work/world" && python3 - "$work/world" <<'END' || exit 99
import json, sys
path = sys.argv[1] + "/manifest.json"
manifest = json.load(open(path))
manifest["world"] = {"name": "elsewhere", "libc": "9.9", "packages": None}
json.dump(manifest, open(path, "w"))
lines = [json.loads(line) for line in open(sys.argv[1] + "/samples.jsonl")]
with open(sys.argv[1] + "/samples.jsonl", "w") as out:
    for line in lines:
        print(json.dumps(line | {"world": "elsewhere"}), file=out)
END
refuses 2 "of the world 'stable', $work/world of 'elsewhere'" "a set of another C library, whatever is forced" \
	compare --force "$work/a" "$work/world"
refuses 2 "two sides" "compare: one side" compare "$work/a"
refuses 2 "one too many" "compare: three sides" compare "$work/a" "$work/b" "$work/slow"
refuses 2 "both sides are the same" "compare: a set with itself" compare "$work/a" "$work/a/../a"
refuses 2 "no contender 'nobody'" "compare: an unknown contender" compare "$work/a:nobody" "$work/a:glibc"
refuses 2 "DIR:CONTENDER" "compare: a contender and a set" compare "$work/a:glibc" "$work/b"
refuses 2 "no manifest.json" "compare: no set" compare "$work/nowhere" "$work/a"

# --- cost ---------------------------------------------------------------------------------
prices="--servers 1000 --gib 10 --core-hour 0.02 --memory 16"
bench cost "$work/a" $prices --currency EUR
check '[ $status -eq 0 ] && grep -q "slower20 costs between .* EUR a year" "$work/out" &&
	grep -q "^glibc-again *[01]" "$work/out" && ! grep -q "^null\|tiny-churn" "$work/out"' \
	"cost: a slower contender costs, and no own workload is asked"
# 20 % more time of 2 cores at 0.02 an hour is 70.08 a year and server.
bench cost "$work/a" $prices --csv
check '[ $status -eq 0 ] && [ "$(wc -l <"$work/out")" -ge 7 ] &&
	awk -F, '\''NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } $at["contender"] == "slower20" {
		t = $at["cpu_time"]; m = $at["memory"]; want = 1000 * (350.4 * (t - 1) + 160 * (m - 1))
		found = $at["cost_change_year"] / want > 0.98 && $at["cost_change_year"] / want < 1.02 && want > 65000 && want < 75000
		found = found && $at["cost_change_year_low"] < want && want < $at["cost_change_year_high"] && $at["cost_change_year_n"] == 8
	} END { exit !found }'\'' "$work/out"' "cost --csv: it is time and memory at these prices"
for how in "" "--memory-bound 0.4" "--by mean"; do
	bench cost "$work/a" $prices $how --json
	check '[ $status -eq 0 ] && python3 -c "
import json, sys
try:
    import jsonschema
    jsonschema.validate(json.load(open(sys.argv[2])), json.load(open(sys.argv[1])))
except ImportError:
    pass
cost = json.load(open(sys.argv[2]))
slow = [c for c in cost[\"contenders\"] if c[\"contender\"] == \"slower20\"][0]
assert cost[\"schema\"] == \"ashlar-cost 1\" and slow[\"cost_change_year\"][\"low\"] > 0
assert all(not c.startswith(\"larson\") for c in cost[\"cells_of_time\"])
" "$top_srcdir/harness/schema/cost.json" "$work/out" 2>"$work/err"' "cost --json $how"
done
bench cost "$work/a" $prices --gib 2/month --markdown
check '[ $status -eq 0 ] && grep -q "^| ashlar | [0-9]" "$work/out" && grep -q "24 a year for a GiB" "$work/out"' "cost --markdown, and a price by the month"
bench cost "$work/few" $prices
check '[ $status -eq 0 ] && grep -q "cannot be told, n = 3" "$work/out"' "cost: three blocks tell nothing"
sed '/"program"/d' "$work/a/samples.jsonl" >"$work/own.jsonl" && cp -r "$work/a" "$work/own" && cp "$work/own.jsonl" "$work/own/samples.jsonl" &&
	python3 -c 'import json, sys
m = json.load(open(sys.argv[1])); m["cells"] = [c for c in m["cells"] if c["kind"] != "program"]
json.dump(m, open(sys.argv[1], "w"))' "$work/own/manifest.json"
refuses 2 "no program and no command" "cost: own workloads alone" cost "$work/own" $prices
refuses 2 "--memory GIB" "cost: a machine whose memory nobody wrote down" cost "$work/a" --servers 5 --gib 1 --core-hour 1
refuses 2 "--core-hour PRICE is missing" "cost: a price is missing" cost "$work/a" --servers 5 --gib 1
refuses 2 "--gib -1" "cost: a price below 0" cost "$work/a" --servers 5 --gib -1 --core-hour 1
refuses 2 "a price from 0 to 1e12" "cost: a price beyond all sums" cost "$work/a" --servers 5 --gib 1e308 --core-hour 1
refuses 2 "--gib nan" "cost: no price" cost "$work/a" --servers 5 --gib nan --core-hour 1
refuses 2 "--gib 3/day" "cost: another time" cost "$work/a" --servers 5 --gib 3/day --core-hour 1
refuses 2 "--servers 0.2" "cost: no fleet" cost "$work/a" --servers 0.2 --gib 1 --core-hour 1
refuses 2 "from 0 to 1" "cost: a share above 1" cost "$work/a" $prices --memory-bound 40
refuses 2 "costs nothing" "cost: all for nothing" cost "$work/a" $prices --gib 0 --core-hour 0
refuses 2 "--by median" "cost: another kind of memory" cost "$work/a" $prices --by median
refuses 2 "--reference nobody" "cost: an unknown reference" cost "$work/a" $prices --reference nobody
GNUPLOT=$work/none bench report "$work/a" $prices
check '[ $status -eq 3 ] && grep -q "<h2[^>]*>What a fleet would cost" "$work/a/report.html"' "report with prices has a section of it"
GNUPLOT=$work/none bench report "$work/a"
check '! grep -q "What a fleet would cost" "$work/a/report.html"' "and without has none"
refuses 2 "--servers N is missing" "report: half of the prices" report "$work/a" --gib 3

# --- history ------------------------------------------------------------------------------
# Twelve days, on each another weather; on the seventh ashlar gets slower.  Read in another order.
days=
for day in 1 2 3 4 5 6 7 8 9 10 11 12; do
	slower=nobody; [ $day -lt 7 ] || slower=ashlar
	"$make_set" "$work/day$day" blocks=4 seed=$((100 + day)) day=$day drift=1.$((day * 7 % 9)) slower=$slower || exit 99
	days="$work/day$day $days"
done
bench history $days
cp "$work/out" "$work/history"
changed() { grep -Ec "ashlar .*CPU time.* 0000006 +0000007 .*\[" "$1"; }
check '[ $status -eq 0 ] && [ "$(changed "$work/out")" -ge 12 ] && ! grep -Eq "(jemalloc|tcmalloc|mimalloc.) .* CPU time.*\[" "$work/out"' \
	"history: a contender that got slower did so on its day, in nearly every cell, and no other"
check 'grep -q "fewer than 11 sets a change need not show" "$work/out" && grep -q "series of their own" "$work/out"' "and what it cannot see is said"
bench history $days
check 'cmp "$work/history" "$work/out"' "the same sets give the same bytes"
bench history --csv - $days
check '[ $status -eq 0 ] && awk -F, '\''NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
	$at["cell"] == "redis" && $at["contender"] == "ashlar" && $at["metric"] == "cpu_ns" {
		n++; if ($at["revision"] + 0 != n || ($at["segment"] == 1) != (n >= 7) || ($at["p"] != "") != (n == 7)) bad = 1
		if ($at["reference"] != "glibc" || $at["unit"] != "ratio") bad = 1
	} END { exit bad || n != 12 }'\'' "$work/out"' "history --csv: a line per value, in order, with its segment"
bench history --absolute --csv - $days
check 'awk -F, '\''$5 == "redis" && $9 == "ashlar" && $7 == "cpu_ns" && ($8 != "ns" || $10 != "") { bad = 1 } END { exit bad }'\'' "$work/out"' \
	"history --absolute: times as they are"
bench history --least 15 $days
check '! grep -Eq "CPU time.*\[" "$work/out"' "--least leaves out what is smaller"
bench history $(echo $days | cut -d" " -f1-9)
check '[ $status -eq 0 ] && grep -Eq "^CPU time per operation +([0-9]+) +\1 +– " "$work/out"' "nine sets are too few, and that is said"
# At 0.05 nine are not too few; what is known of the steps that are seen is known of 0.01.
bench history --level 0.05 $(echo $days | cut -d" " -f1-9)
check '[ $status -eq 0 ] && grep -Eq "^CPU time per operation +[0-9]+ +0 +– +– *$" "$work/out" && grep -q "at level 0.01, and of fewer" "$work/out"' \
	"history --level: no step is said to be seen where nobody knows"
bench history --level 0.005 $days
check '[ $status -eq 0 ] && grep -Eq "^CPU time per operation +[0-9]+ +[0-9]+ +– +– *$" "$work/out" && grep -q "at a stricter one is not known" "$work/out"' \
	"nor at a stricter level"
"$make_set" "$work/day13" blocks=4 seed=99 day=13 suite=1.1 && "$make_set" "$work/day14" blocks=4 seed=98 day=14 class=fedcba9876543210 || exit 99
bench history $days "$work/day13" "$work/day14"
check '[ "$(changed "$work/out")" -ge 12 ] && [ "$(grep -c "changes* of level in" "$work/out")" -eq 3 ] &&
	grep -q "suite version 1.1" "$work/out" && grep -q "machine class fedcba9876543210" "$work/out"' \
	"another suite version and another machine are series of their own"
GNUPLOT=$work/none bench history -o "$work/series" $days
check '[ $status -eq 3 ] && [ -s "$work/series/history.csv" ] && [ -s "$work/series/history.tsv" ] && grep -q "^| redis | ashlar | CPU" "$work/series/history.md"' \
	"history --out: tables without gnuplot, and that it is missing"
if command -v gnuplot >/dev/null; then
	# More levels than are ever expected: a line of each.
	mkdir "$work/steps" && awk 'BEGIN { print "# x\npanel\tlabel\tallocator\tx\tvalue\tlevel\tsegment"
		for (i = 0; i < 75; i++) { v = 1 + int(i / 3) % 2 / 2; printf "1\tredis, ashlar\tashlar\t%d\t%g\t%g\t%d\n", i + 1, v, v, int(i / 3) } }' \
		>"$work/steps/history.tsv" && cp "$work"/series/*.gp "$work/steps" && (cd "$work/steps" && gnuplot -d history.gp) >"$work/out" 2>&1
	check '[ ! -s "$work/out" ] && [ "$(grep -c "id=.gnuplot_plot_" "$work/steps/history.svg")" -eq \
		$((25 + 1 + $(sed -n "s/^NALL = \([0-9]*\).*/\1/p" "$work/steps/set.gp"))) ]' "each level of a series has its line"
	bench history -o "$work/series" $days
	check '[ $status -eq 0 ] && grep -q "</svg>" "$work/series/history.svg" && [ -s "$work/series/history.png" ] &&
		[ ! -e "$work/series/history.log" ] && grep -q "history.svg" "$work/series/history.md"' "and the figure with it"
fi
refuses 2 "two sets" "history: one set" history "$work/day1"
refuses 2 "given twice" "history: a set twice" history "$work/day1" "$work/day2" "$work/day1/../day1"
refuses 2 "nowhere" "history: no set" history "$work/day1" "$work/nowhere"
refuses 2 "--level 2" "history: no level" history --level 2 $days
refuses 2 "--least -3" "history: a change of less than nothing" history --least -3 $days
refuses 2 "no set has such a contender" "history: an unknown reference" history --reference nobody $days

# --- methods --------------------------------------------------------------------------------
# What is special to LaTeX or Markdown comes from data, too.
cp -r "$work/a" "$work/odd" && python3 -c 'import json, sys
m = json.load(open(sys.argv[1]))
m["environment"]["cpu"] = "A&B_c 100% #1 {x} $y ~^\\ <z> \u4e2d \u00e9"
m["contenders"][1]["env"] = {"X_CONF": "a_b:1,c:%d"}
json.dump(m, open(sys.argv[1], "w"))' "$work/odd/manifest.json"
bench report --methods "$work/methods" "$work/odd"
cat >"$work/methods.py" <<'END'
import pathlib, re, sys
at, top = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
tex = (at / "methods.tex").read_text() + (at / "checklist.tex").read_text()
bib, md = (at / "references.bib").read_text(), (at / "methods.md").read_text()
works = {}
for kind, key, body in re.findall(r"@(\w+)\{(\w+),\n(.*?)\n\}", bib, re.S):
    works[key] = dict(re.findall(r"(\w+) *= \{(.*)\},", body))
    works[key]["kind"] = kind
need = {"article": "author title journal volume number pages year", "book": "author title publisher year",
        "inproceedings": "author title booktitle pages year doi", "misc": "author title year url"}
for key, work in works.items():
    missing = [f for f in need[work["kind"]].split() if not work.get(f)]
    assert not missing, (key, missing)
assert len(works) >= 15
cited = set(sum((c.split(",") for c in re.findall(r"\\cite\{(.*?)\}", tex)), []))
assert cited and cited <= set(works) and "sigplan2018" in cited, cited - set(works)
assert all("(#%s)" % c in md for c in cited) and set(re.findall(r"<a id=\"(.*?)\"", md)) == cited
# The code or its pages speak of each of them.
said = " ".join(p.read_text() for d in ("harness", "plots") for e in ("*.h", "*.c", "*.md") for p in (top / d).rglob(e)
                if p.name != "references.c")
for key, work in works.items():
    assert work["author"].split(",")[0] in said, key
# Nothing of the data is markup: braces are even, no bare special character is left.
bare = re.sub(r"\\(?:[{}%_&#$]|[a-z]+\{?)|[{}]|^%.*$|~\\cite", "", tex, flags=re.M)
assert not re.search(r"(?<!\\)[_&#$%^]", bare), re.search(r".*(?<!\\)[_&#$%^].*", bare).group()
assert len(re.findall(r"^\\item", tex, re.M)) == 22, "items of the checklist"
# Of axes the checklist says what the scripts draw.
decades = {p.stem for p in (top / "plots").glob("*.gp") if "set logscale y 10" in p.read_text()}
axes = re.search(r"truncated axes\}: in part\. (.*)", tex).group(1)
assert decades == {"latency", "fig16", "fig16b", "lines"} and all(w in axes for w in ("latencies", "faults", "counted events", "lines of several threads")), decades
assert "logscale" not in (top / "plots/fig20.gp").read_text() and "figure 20" in axes
assert "glibc" in tex and "seed 1" in tex and "jemalloc" in tex and "absent" in tex
END
check '[ $status -eq 0 ] && [ "$(ls "$work/methods" | wc -l)" -eq 4 ] && python3 "$work/methods.py" "$work/methods" "$top_srcdir" 2>"$work/err"' \
	"report --methods: each citation has its complete entry, and each item of the checklist its answer"
"$bench" cost "$work/a" $prices --currency 'EUR & %' --tex >"$work/methods/cost.tex" 2>"$work/err"
check '[ $? -eq 0 ] && grep -q "^glibc-{}again & .[01]\.[0-9][0-9][0-9]. & ._{[01]\." "$work/methods/cost.tex" && grep -qF "EUR \& \%" "$work/methods/cost.tex"' \
	"cost --tex: a table in which nothing of the data is markup"
if command -v pdflatex >/dev/null && command -v bibtex >/dev/null; then
	cat >"$work/methods/main.tex" <<'END'
\documentclass[twocolumn]{article}
\usepackage{booktabs}
\begin{document}\sloppy
\section{Methods}\input{methods}
\begin{table*}\input{cost}\end{table*}
\appendix\input{checklist}
\bibliographystyle{plain}\bibliography{references}
\end{document}
END
	(cd "$work/methods" && pdflatex -halt-on-error main && bibtex main && pdflatex -halt-on-error main && pdflatex -halt-on-error main) \
		>"$work/out" 2>&1
	check '[ $? -eq 0 ] && [ -s "$work/methods/main.pdf" ] && ! grep -q "Overfull\|undefined\|Missing character" "$work/methods/main.log" &&
		! grep -q "^Warning\|error message" "$work/methods/main.blg"' "LaTeX makes two columns of it, with its references"
else
	skip "LaTeX makes two columns of it, with its references" "no pdflatex and bibtex (texlive-latex-base)"
fi
bench report --methods "$work/again" "$work/odd"
check 'diff -r -x "main.*" -x cost.tex "$work/methods" "$work/again" >"$work/out"' "the same set gives the same bytes"
bench report --methods "$work/one" "$work/own"
check 'grep -q "full applications}: not done" "$work/one/checklist.tex"' "a set without programs says that it has none"
: >"$work/file"
for other in --pdf "--csv -" --markdown --pictures-only; do
	bench report --methods "$work/mixed" $other "$work/own"
	check '[ $status -eq 2 ] && grep -q -- "--methods writes methods and nothing else" "$work/err" && [ ! -s "$work/out" ] && [ ! -e "$work/mixed" ]' \
		"report --methods with $other"
done
refuses 1 "nowhere" "report --methods: a folder that cannot be" report --methods "$work/file/nowhere" "$work/a"

# --- explain --------------------------------------------------------------------------------
refuses 2 "two contenders" "explain: no contenders" explain tiny-churn
refuses 2 "keeps no dump of tiny-churn" "explain: nothing was kept" explain tiny-churn "$work/a:glibc" "$work/a:ashlar"
refuses 2 "no cell 'nosuch'" "explain: an unknown cell" explain nosuch "$work/a:glibc" "$work/a:ashlar"
refuses 2 "--lines" "explain: no number" explain --lines few tiny-churn a b
if [ "${ASH_SANITIZER:-no}" != no ] || ! command -v valgrind >/dev/null; then
	skip "sets of counters, and what explain says of dumps" "no valgrind, or a sanitizer build, which preloads nothing"
	finish
	exit 0
fi
# Sets of counters: cells of mode instructions beside those that were named, with what is simulated; of two threads three
# counts, however few blocks were asked for.
bench run --workload tiny-churn,prod-cons --mode throughput --set ops=2000 --blocks 1 --only glibc \
	--counters core,callgrind --no-report --out "$work/counted"
check '[ $status -eq 0 ] && grep -q "^counters: core: " "$work/out" && grep -q "^counters: callgrind: callgrind" "$work/out"' \
	"run --counters says what serves each set"
"$rows" "$work/counted" cell mode status instructions >"$work/counted.rows"
check '[ "$(grep -c "^tiny-churn:.*instructions.ok" "$work/counted.rows")" -eq 1 ] &&
	[ "$(grep -c "^prod-cons:.*instructions.ok" "$work/counted.rows")" -eq 3 ]' "the set callgrind adds its cells"
check '[ "$(grep -c "\"D1-misses\"" "$work/counted/samples.jsonl")" -eq 4 ]' "with simulated misses"
bench report --quiet --markdown "$work/counted"
check 'grep -q "^| prod-cons:ops=2000 | glibc | 3 | " "$work/counted/report.md" &&
	! grep -q "^| tiny-churn:ops=2000 | glibc | 1 | " "$work/counted/report.md"' "the page tells the spread of several threads"
bench run --workload trace:git --mode instructions --set ops=2000 --blocks 1 --keep-dumps --quiet --no-report \
	--out "$work/dumps" --only glibc --allocator "slow=$planted/planted_slow.so,PLANTED_BURN=60"
check '[ $status -eq 0 ] && [ "$(ls "$work/dumps/callgrind" | wc -l)" -eq 2 ]' "run --keep-dumps keeps what callgrind wrote"
bench explain --in "$work/dumps" trace:git glibc slow
cp "$work/out" "$work/explained"
check '[ $status -eq 0 ] && awk "/ object\$/ { head = NR } head && NR == head + 2 { exit !(\$1 > 10 && /planted_slow.so/) }" "$work/out"' \
	"explain: what a contender burns is the first line"
check 'awk "NR == FNR { if (match(\$0, /\"instructions\": *[0-9]+/)) i[++n] = substr(\$0, RSTART + 15, RLENGTH - 15); next }
	/ all *\$/ { found = 1 } END { exit !(found && n == 2 && i[1] != i[2]) }" "$work/dumps/samples.jsonl" "$work/out"' \
	"and its first row is the whole"
"$bench" pack "$work/dumps" >/dev/null && bench explain --in "$work/dumps" trace:git glibc slow
check '[ ! -d "$work/dumps/callgrind" ] && cmp "$work/explained" "$work/out"' "a packed set explains the same"
finish
