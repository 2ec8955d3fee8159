#!/bin/sh
# The verb `report` on sets that are not as they should be, or of another kind: what is not certain
# is grey and has its reason, what is missing is told, and numbers of who did not take part stay as they are.
. "$top_srcdir/harness/test/set.sh"

# What is drawn is not looked at, and gnuplot takes most of the time of a report.
cat >"$work/stands_in" <<'END'
#!/bin/sh
echo '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 590 300"></svg>' >"${2%.gp}.svg" && echo PNG >"${2%.gp}.png"
END
chmod +x "$work/stands_in"
sketched() { # ARGUMENT...
	GNUPLOT=$work/stands_in "$report" "$@"
}
set_dir=$work/usual
usual() { # what the others are held against
	"$make_set" "$set_dir" planted torn && undrawn "$set_dir" && [ -s "$set_dir/summary.md" ]
}
edited() { # SET PYTHON: a synthetic set whose records s are edited
	"$make_set" "$1" && python3 - "$1/samples.jsonl" "$2" <<-'END'
	import json, sys
	out = []
	for line in open(sys.argv[1]):
	    s = json.loads(line)
	    extra = []
	    exec(sys.argv[2])
	    out += [s] + extra
	open(sys.argv[1], "w").writelines(json.dumps(s, separators=(",", ":")) + "\n" for s in out)
	END
}

# --- samples that count, and that do not ---------------------------------------------------
saturated_is_named() { # without percentiles, in the table and on the figure
	edited "$work/over" '
if s["cell"] == "kv-server:load=90" and s["allocator"] == "ashlar":
    s.update(offered_rate=1000000, achieved_rate=700000, saturated=True)' && sketched "$work/over" >/dev/null && (cd "$work/over/report" && "$gnuplot" -d fig10b.gp) || return 1
	grep -q '<th scope="row">kv-server:load=90</th><td>request</td><td>ashlar</td><td>saturated in 1 of 1: at least 70 % of the rate</td>' \
		"$work/over/report.html" || return 1
	grep -q '^ashlar-summary 1,kv-server:load=90,latency,workload,kv-server,ashlar,glibc,saturated,samples,1,,,1,,,,,0,,$' \
		"$work/over/summary.csv" && grep -q '"saturated": *1' "$work/over/summary.json" || return 1
	grep -A 8 'saturated:' "$work/over/report/fig10b.svg" | grep -q '>ashlar<' &&
		! awk -F'\t' '$2 ~ /load=90/ && $3 == "ashlar" && $5 != "nan"' "$work/over/report/fig10b.tsv" | grep .
}
own_waiting_is_no_disturbance() { # of threads that wait for each other; what others did is one
	edited "$work/wait" '
if "cpu_ns" in s:
    s.update(disturbed="", attempt=0)
    if s["workload"] == "larson":
        s["runqueue_delay_ns"] = s["cpu_ns"] // 5' && undrawn "$work/wait" || return 1
	grep -q '<p>0 of [0-9]* throughput samples that count were disturbed by others' "$work/wait/report.html"
}
repeats_count() { # where they are whole; the first is shown
	edited "$work/twice" '
if "cpu_ns" in s:
    s.update(disturbed="", attempt=0)
    if s["cell"] in ("tiny-churn", "fleet") and s["mode"] == "throughput" and s["block"] == 1:
        again = dict(s, id=s["id"] + 100000, attempt=1)
        s["disturbed"] = "others"
        s["cpu_ns"] *= 7 if s["allocator"] == "ashlar" else 1
        if s["cell"] == "tiny-churn" or s["allocator"] != "jemalloc":
            extra = [again]' && "$make_set" "$work/once" || return 1
	undrawn "$work/twice" && undrawn "$work/once" || return 1
	[ "$(number "$work/twice/report/fig01.tsv" tiny-churn ashlar high)" = "$(number "$work/once/report/fig01.tsv" tiny-churn ashlar high)" ] || return 1
	[ "$(number "$work/twice/report/fig01.tsv" fleet ashlar high)" != "$(number "$work/once/report/fig01.tsv" fleet ashlar high)" ] || return 1
	grep -q 'the repeat of block 2 of fleet (throughput) is not whole' "$work/twice/report.html" &&
		grep -q '<th scope="row">fleet †</th>' "$work/twice/report.html" && grep -q '<th scope="row">tiny-churn</th>' "$work/twice/report.html" &&
		! grep -q '<th scope="row">tiny-churn †</th>' "$work/twice/report.html"
}
samples_are_counted_alike() { # by page, Markdown, terminal and JSON: what was replaced is good, too
	"$report" --text "$work/twice" >"$work/said" 2>&1 || { cat "$work/said"; return 1; }
	python3 - "$work/twice" "$work/said" <<-'END'
	import json, sys
	from pathlib import Path
	folder = Path(sys.argv[1])
	records = [json.loads(line) for line in open(folder / "samples.jsonl")]
	own = [r for r in records if not r["allocator"].endswith("/again")]
	n = {status: sum(r["status"] == status for r in own) for status in ("ok", "failed", "timeout", "skipped")}
	twice = sum(r.get("attempt") == 1 for r in own)
	assert twice > 9 and n["skipped"] and n["failed"] and n["timeout"], n
	told = (f"{n['ok']} of {len(own)} samples are good ({twice} replaced, as their block was measured twice), "
	    f"{n['skipped']} were skipped, {n['failed']} failed and {n['timeout']} ran out of time")
	for path in folder / "report.html", folder / "report.md", folder / "summary.md", Path(sys.argv[2]):
	    text = path.read_text(encoding="utf-8").replace("\\", "")
	    assert text.count(told) == 1 and text.count("samples are good") == 1, (path, told)
	assert json.load(open(folder / "summary.json"))["samples"] == {"all": len(own), "good": n["ok"],
	    "replaced": twice, "failed": n["failed"], "timeout": n["timeout"], "skipped": n["skipped"]}
	END
}
second_run_of_nobody() { # of a damaged set: said, and left out; it is nobody's who comes later
	edited "$work/orphan" '
if not out:
    out = [dict(s, id=900000, allocator="gone/again")]
if s["allocator"] == "glibc" and s["cell"] == "larson" and s["mode"] == "throughput":
    extra = [dict(s, id=s["id"] + 910000, allocator="stranger")]' && undrawn "$work/orphan" || return 1
	grep -q 'gone/again ran a second time, but the set has no such contender' "$work/orphan/report.html" &&
		grep -q 'glibc against itself (A/A)' "$work/orphan/report.html" && ! grep -q 'stranger/again\|stranger against' "$work/orphan/report.html"
}
older_sets_say_that_nothing_ran_twice() {
	"$make_set" "$work/old" old && undrawn "$work/old" && grep -q 'no contender ran twice in a block' "$work/old/report.html" || return 1
	# and with it no other number changes
	"$make_set" "$work/new" && undrawn "$work/new" && cmp "$work/old/summary.csv" "$work/new/summary.csv"
}
unfinished_says_so() {
	"$make_set" "$work/unfinished" unfinished && undrawn "$work/unfinished" || return 1
	grep -q 'This run was not finished' "$work/unfinished/report.html" &&
		grep -q '<th scope="row">sqlite3</th>.*the run was not finished' "$work/unfinished/report.html"
}
figures_without_data_are_explained() {
	"$make_set" "$work/few" || return 1
	grep '"cell":"tiny-churn".*"mode":"throughput"' "$work/few/samples.jsonl" >"$work/lines" &&
		cp "$work/lines" "$work/few/samples.jsonl" || return 1
	sketched "$work/few" >"$work/said" || return 1
	grep -q 'Left out: no workload ran with more than one number of threads' "$work/few/report.html" &&
		[ -s "$work/few/report/fig01.svg" ] && [ ! -e "$work/few/report/fig10.svg" ]
}

# --- what is not certain -------------------------------------------------------------------
doubt() { # TABLE LABEL ALLOCATOR: its reason
	number "$1" "$2" "$3" doubt
}
one_cell_turns_the_mean() { # 1.04 in all but one: the mean is below 1, its median and what is left above
	"$make_set" "$work/turned" turned && undrawn "$work/turned" || return 1
	r=$work/turned/report
	for mean in 'programs sqlite3' 'workloads big-buffers'; do
		cell=${mean#* }
		for t in fig01 fig02; do
			within 0.4 "$(number "$r/$t.tsv" "geomean, ${mean% *}" slower20 ratio)" 0.85 || return 1
			doubt "$r/$t.tsv" "geomean, ${mean% *}" slower20 | grep -qx "$cell turns it round: 1\.0[345][0-9] without" || return 1
		done
		grep -q "^> - slower20, CPU time over .*${mean% *}: one cell turns the mean round\. It is 0\.[4-8][0-9]*, and without $cell 1\.0[345][0-9]\.$" "$work/turned/report.md" || return 1
		# grey and emphasised, with the sentence; then the median, then the range
		grep -q "<th scope=\"row\">slower20</th><td class=\"ratio unsure\">0\.[^<]*<small>[^<]*</small> <small>$cell turns it round: 1\.0[345][0-9] without</small></td><td class=\"ratio\">1\.0[345][0-9]</td><td class=\"ratio\">0\.[0-9]*–1\.0[345][0-9] <small>without [a-z0-9-]*, $cell</small></td>" "$work/turned/report.html" || return 1
		grep -q "^| slower20 | \*0\.[0-9]* [^*]*\* $cell turns it round: " "$work/turned/report.md" || return 1
	done
	[ "$(doubt "$r/fig02.tsv" 'geomean, programs' mimalloc2)" = - ] || return 1
	grep -q '^slower20.*time: big-buffers turns it round: .*; memory: big-buffers turns it round: ' "$r/fig12b.tsv" || return 1
	(cd "$r" && "$gnuplot" -d fig12b.gp) && grep -q 'slower20, time: big-buffers turns it round' "$r/fig12b.svg" &&
		grep -qi 'a6a6a6\|166, *166, *166' "$r/fig12b.svg"
}
little_memory_is_named() {
	grep -q 'Not in the means of memory, as less than 8 MiB lives there: tiny-churn\.' "$work/turned/report.html" || return 1
	# tiny-churn far off changes the mean of time, and none of memory
	t=$work/turned/report/fig02.tsv
	before=$(number "$t" 'geomean, workloads' jemalloc ratio)
	sed '/"cell":"tiny-churn".*"allocator":"jemalloc"/s/"peak_rss_bytes":/&9/' "$work/turned/samples.jsonl" >"$work/lines" &&
		! cmp -s "$work/lines" "$work/turned/samples.jsonl" && cp "$work/lines" "$work/turned/samples.jsonl" && undrawn "$work/turned" || return 1
	within 5 "$(number "$t" tiny-churn jemalloc ratio)" 99 && [ "$(number "$t" 'geomean, workloads' jemalloc ratio)" = "$before" ]
}
few_blocks_are_grey() { # every interval from fewer than five, in tables, Markdown and figures
	"$make_set" "$work/four" blocks=4 && undrawn "$work/four" || return 1
	[ "$(doubt "$work/four/report/fig01.tsv" tiny-churn ashlar)" = 'n = 4' ] &&
		[ "$(doubt "$work/four/report/fig05.tsv" larson ashlar)" = '' ] || return 1
	grep -q '<th scope="row">ashlar</th>.*<td class="num">0 / [1-9][0-9]* / 0</td></tr>' "$work/four/report.html" || return 1
	awk -F'\t' 'NR > 2 && $7 != "NaN" && $9 !~ /^n = [1-4]$/ { bad = 1 } END { exit bad || NR < 9 }' "$work/four/report/fig05.tsv" || return 1
	! grep -o '<td class="ratio">[0-9.]* <small>\[[^<]*</small>' "$work/four/report.html" | head -n 3 | grep . || return 1
	! grep -n '| [0-9.]* \\\[' "$work/four/report.md" | head -n 3 | grep . || return 1
	# nor in the numbers as they are, nor on the first screen, which also says of how many blocks latencies are
	grep -q '^| tiny-churn | ashlar | \*[0-9.]* ns \\\[[^|]*\\\]\* n = 4 |' "$work/four/summary.md" &&
		! grep -nE '\| (\*\*)?[0-9][^|]*\\\[' "$work/four/summary.md" | head -n 3 | grep . || return 1
	python3 - "$work/four" <<-'END'
	import csv, json, re, sys
	page = open(sys.argv[1] + "/report.html", encoding="utf-8").read()
	at = page.index('<h2 id="glance">')
	part = page[at : page.index("<h2", at + 1)]
	fields = re.findall(r'<td class="([^"]*)">(.*?)</td>', part)
	numbers = [(kind, text) for kind, text in fields if re.search("[0-9]", text)]
	assert len(numbers) > 60 and all("unsure" in kind and "n = " in text for kind, text in numbers), numbers
	for what, n in ("latencies", "1 block"), ("memory while idle", "2 blocks"):
	    assert f"<li>How {what} would come out in another run: what is shown is of {n} (grey)" in part, part[-2000:]
	rows = list(csv.DictReader(open(sys.argv[1] + "/summary.csv")))
	few = {r["value_uncertain"] for r in rows if r["unit"]}
	assert few and all("n = " in reason for reason in few), few
	assert {r["value_uncertain"] for r in rows if not r["unit"]} == {""}  # counts repeat
	whole = json.load(open(sys.argv[1] + "/summary.json"))
	told = {m["value_uncertain"] for c in whole["cells"] for k in c["contenders"] for m in k["metrics"].values()}
	assert told == few | {None}, told
	END
	[ $? -eq 0 ] || return 1
	# five are enough
	grep -q '^| tiny-churn | ashlar | [0-9.]* ns \\\[' "$set_dir/summary.md"
}
clock_is_in_the_way() { # percentiles under three costs of the clock, 72 ns, and ratios of them
	grep -q '<th scope="row">tiny-churn</th><td>alloc</td><td>glibc</td><td class="num">[0-9]*</td><td class="num">1</td><td class="num unsure">[0-9.]* ns <small>under 3 clock costs</small></td>' "$work/four/report.html" &&
		grep -q '^| tiny-churn | alloc | ashlar | [0-9]* | 1 | \*[0-9.]* ns\* under 3 clock costs |' "$work/four/report.md" &&
		! grep '<th scope="row">kv-server:load=50</th><td>request</td>' "$work/four/report.html" | grep 'clock' || return 1
	# the numbers as they are, the reference's own, too, in summary.md and for others
	grep -q '^| tiny-churn | glibc | \*[0-9.]* ns\* n = 1; under 3 clock costs | 1 |' "$work/four/summary.md" &&
		grep -q '^ashlar-summary 1,tiny-churn,latency,workload,tiny-churn,glibc,glibc,alloc_p50_ns,.*,,n = 1; under 3 clock costs$' "$work/four/summary.csv" &&
		grep -q '"value_uncertain": "n = 1; under 3 clock costs"' "$work/four/summary.json" || return 1
	awk -F'\t' 'NR > 2 && ($5 < 72) != ($7 == "under 3 clock costs") { print; bad = 1 } $7 ~ /under/ { n++ } END { exit bad || !n }' "$work/four/report/fig10.tsv" || return 1
	# a clock whose reading costs 20 µs has most of these requests' time, on the first screen as well
	sed 's/"clock_cost_ns":24/"clock_cost_ns":20000/g' "$work/four/samples.jsonl" >"$work/lines" && cp -r "$work/four" "$work/dear" &&
		cp "$work/lines" "$work/dear/samples.jsonl" && undrawn "$work/dear" &&
		sed -n '/<h2 id="glance">/,/<h2 id="summary">/p' "$work/dear/report.html" |
			grep -q '<td class="num unsure">[0-9.]* µs | [0-9.]* µs <small>n = 1; under 3 clock costs</small></td>' || return 1
	# a clock that steps by 50 µs tells no request from another
	sed 's/"environment": *{/&"clock_step_ns": 50000,/' "$work/four/manifest.json" >"$work/lines" && cp "$work/lines" "$work/four/manifest.json" && undrawn "$work/four" || return 1
	grep '<th scope="row">kv-server:load=50</th><td>request</td><td>ashlar</td>' "$work/four/report.html" | grep -q '<td class="ratio unsure">[^>]*<small>n = 1, no interval; within a clock tick</small></td></tr>$'
}
one_block_has_no_interval() {
	"$make_set" "$work/one" blocks=1 && undrawn "$work/one" || return 1
	[ "$(number "$work/one/report/fig01.tsv" tiny-churn ashlar low)" = NaN ] &&
		grep -q 'n = 1, no interval' "$work/one/report.html"
}

# --- counters ------------------------------------------------------------------------------
events_of_a_pmu() {
	"$make_set" "$work/pmu" pmu="$top_srcdir/harness/test/perf_counts.txt" && sketched "$work/pmu" >/dev/null &&
		(cd "$work/pmu/report" && rm fig16b.svg && "$gnuplot" -d fig16b.gp) || return 1
	# A set a block: each event of each has its panel, and no other.
	[ "$(grep -v '^#' "$work/pmu/report/fig16b.tsv" | awk -F'\t' 'NR > 1 && $1 > 0 { print $2 }' | sort -u | wc -l)" -eq 11 ] &&
		grep -q 'dTLB-load-misses' "$work/pmu/report/fig16b.tsv" && [ -s "$work/pmu/report/fig16b.svg" ]
}
sets_have_their_table() {
	# What served each set, and the event that had its counters 80 % of the time.
	grep -q '<th scope="row">tlb</th><td[^>]*>synthetic</td>' "$work/pmu/report.html" &&
		grep -q '<th scope="row">dTLB-load-misses</th>' "$work/pmu/report.html" &&
		! grep -q 'id="counters"' "$set_dir/report.html" # an older one, without sets
}
counts_say_of_what() { # in the figure's caption and in the methods
	part='Of own workloads the timed part alone is counted'
	[ "$(grep -o "${part}[^.]*\." "$set_dir/report.html" | sort -u)" = "$part." ] && # an older one, which does not tell of its clock
		! grep -q 'of the whole process\|whole process is counted' "$set_dir/report.html" || return 1
	"$make_set" "$work/held_clock" && python3 - "$work/held_clock/manifest.json" <<-'END' || return 1
	import json, sys
	manifest = json.load(open(sys.argv[1]))
	for cell in manifest["cells"]:
	    cell["step_ns"] = None
	    if cell["mode"] == "instructions":
	        cell["step_ns"] = 50000 if cell["cell"] == "fleet" else 0
	        if cell["cell"] == "live-sweep":
	            cell.update(kind="program", step_ns=None)
	json.dump(manifest, open(sys.argv[1], "w"))
	END
	undrawn "$work/held_clock" || return 1
	whole="$part, with the clock held still, so that nothing is done by it; each call of malloc, realloc or free moves the clock in fleet by 50000 ns[.] Of programs the whole process is counted, from its start to its end[.]"
	grep -q "<b>Figure 16b.*</b>.*$whole Instructions are not time" "$work/held_clock/report.html" &&
		sed -n '/<h2 id="methods">/,/<h2 id="reproduce">/p' "$work/held_clock/report.html" | grep -q "counted by callgrind, at a fraction of the operations[.] $whole"
}
what_is_not_simulated_has_no_value() {
	cp -r "$work/pmu" "$work/partly" && python3 - "$work/partly/samples.jsonl" <<-'END' || return 1
	import json, sys
	lines = [json.loads(line) for line in open(sys.argv[1])]
	for s in lines:
	    if s["mode"] == "instructions":
	        s["counters"] = {"tier": "callgrind", "set": "callgrind", "events": {"D1-misses": {"value": 5 * s.get("ops", 0)}}}
	open(sys.argv[1], "w").writelines(json.dumps(s, separators=(",", ":")) + "\n" for s in lines)
	END
	undrawn "$work/partly" && grep -q '>Simulated misses per 1000 operations<' "$work/partly/report.html" &&
		grep -q '>5000</td><td class="num">–</td><td class="num">–</td></tr>' "$work/partly/report.html" && ! grep -q ">-1[.]" "$work/partly/report.html"
}

# --- machines of a cluster: the last of three is slow, and tcmalloc slower on it -----------
machines_are_told() {
	"$make_set" "$work/nodes" blocks=15 nodes=3 day=2 && undrawn "$work/nodes" || return 1
	t=$work/nodes/report/fig21.tsv
	within 1.15 "$(number "$t" node2 glibc low)" 1.3 && within 0.85 "$(number "$t" node0 glibc high)" 1.02 &&
		within 0.87 "$(number "$t" node2 tcmalloc mean)" 0.92 && within 0.75 "$(number "$t" node1 tcmalloc mean)" 0.8 &&
		within 0.68 "$(number "$t" node2 ashlar mean)" 0.71 || return 1
	head -n 12 "$work/nodes/report.md" | grep -q '^Measured on 3 machines: node0, node1, node2 (class 01234567: synthetic, 2 CPUs, Linux synthetic)' || return 1
	# shares of the variance: of glibc's time and tcmalloc's ratio most, of others' ratios what chance may have
	awk -F'|' '/^## / { here = /Machines/ } !here || !/^\| (tiny-churn|larson|prod-cons|fleet|frag-drain) \| / { next }
		{ rows++; bad += !($3 + 0 >= 40 && $5 + 0 >= 80 && ($8 + 0 <= 20 || $8 ~ /p = /)) } END { exit rows != 5 || bad }' "$work/nodes/report.md"
}
slow_machine_is_drawn() {
	command -v "$gnuplot" >/dev/null || return 0
	(cd "$work/nodes/report" && "$gnuplot" fig21.gp) && [ -s "$work/nodes/report/fig21.png" ] && grep -q node2 "$work/nodes/report/fig21.svg"
}
width() { # SET: of tcmalloc's interval in tiny-churn
	awk -v low="$(number "$1/report/fig01.tsv" tiny-churn tcmalloc low)" -v high="$(number "$1/report/fig01.tsv" tiny-churn tcmalloc high)" \
		'BEGIN { print high - low }'
}
pool_is_wider() { # other machines like these
	"$make_set" "$work/pool" blocks=15 nodes=3 day=2 pool && undrawn "$work/pool" || return 1
	head -n 12 "$work/pool/report.md" | grep -q 'node0, node1 (class 01234567.*; node2 (class fedcba98.*unlike classes in one set' &&
		[ "$(awk -v a="$(width "$work/pool")" -v b="$(width "$work/nodes")" 'BEGIN { print (a > 2 * b && b > 0) }')" = 1 ]
}

# --- a set of one contender, or without anybody to rank ---------------------------------
blocks=5
few() { # FOLDER CONTENDER...: a set of only these
	"$make_set" "$1" blocks=$blocks || return 1
	python3 - "$@" <<-'END'
	import json, sys
	folder, names = sys.argv[1], sys.argv[2:]
	manifest = json.load(open(folder + "/manifest.json"))
	manifest["contenders"] = [c for c in manifest["contenders"] if c["name"] in names]
	json.dump(manifest, open(folder + "/manifest.json", "w"))
	lines = [line for line in open(folder + "/samples.jsonl") if json.loads(line)["allocator"] in names]
	open(folder + "/samples.jsonl", "w").writelines(lines)
	END
	[ $? -eq 0 ] && sketched "$1" >"$work/said" 2>"$work/err" || { cat "$work/err"; return 1; }
	! grep -q 'interval: \.\|memory: \.' "$1/report.html"
}
tables_have_captions() { # SET
	[ "$(grep -o '<table>' "$1/report.html" | wc -l)" -eq "$(grep -o '<caption>' "$1/report.html" | wc -l)" ]
}
one_is_absolute() { # no word of ratios, and a median with its interval in each cell
	few "$work/single" ashlar || return 1
	page=$work/single/report.html
	tables_have_captions "$work/single" && grep -q 'There is nobody to compare ashlar with' "$page" && ! grep -q 'Ratio to\|ratio to\|to reference' "$page" || return 1
	[ "$(grep -c '<tr><th scope="row">.*</th>.*<td class="num">[0-9.]* .s <small>\[.*</td><td class="num">[0-9]*</td></tr>$' "$page")" -ge 10 ] || return 1
	# and of few blocks no interval is certain
	blocks=4
	few "$work/single4" ashlar || return 1
	blocks=5
	page=$work/single4/report.html
	! grep -o '<td class="\(num\|ratio\)">[^<]*<small>\[[^<]*' "$page" | head -n 3 | grep . &&
		[ "$(grep -c '^<tr><th scope="row">.*<td class="num unsure">[0-9.]* [^ <]*s <small>\[[^<]*</small> <small>n = 4</small></td>' "$page")" -ge 10 ]
}
few_say_why() { # no mean is quoted where there is none
	few "$work/bound" glibc null && grep -q 'There is no geometric mean: none beside glibc' "$work/bound/report.html" &&
		few "$work/null" null && grep -q 'There is nobody to compare null with' "$work/null/report.html"
}

echo 1..23
check "a set as it should be" usual
check "who does not keep up is named, without percentiles" saturated_is_named
check "threads that wait for each other are not disturbed" own_waiting_is_no_disturbance
check "a repeat counts in place of a disturbed block, where it is whole" repeats_count
check "all that tell the number of samples tell the same" samples_are_counted_alike
check "a mean that one cell turns round is grey, with that sentence" one_cell_turns_the_mean
check "cells with little alive are in no mean of memory, and named" little_memory_is_named
check "intervals from fewer than five blocks are grey, with the reason" few_blocks_are_grey
check "latencies below the clock are grey, with the reason" clock_is_in_the_way
check "events of a PMU are drawn" events_of_a_pmu
check "sets of counters have their table" sets_have_their_table
check "counts say of what they are, and that the clock is held" counts_say_of_what
check "an event that was not simulated has no value" what_is_not_simulated_has_no_value
check "a set of one contender is told in absolute numbers" one_is_absolute
check "a set without anybody to rank says so" few_say_why
check "one block has no interval" one_block_has_no_interval
check "a run that was not finished says so" unfinished_says_so
check "figures without data are left out with the reason" figures_without_data_are_explained
check "the second run of somebody who is not in the set" second_run_of_nobody
check "an older set, in which nothing ran twice" older_sets_say_that_nothing_ran_twice
check "machines of a cluster are told, with their part of the variance" machines_are_told
check "a slow one is drawn" slow_machine_is_drawn
check "of a pool intervals are those of other machines" pool_is_wider
