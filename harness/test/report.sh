#!/bin/sh
# The verb `report` on a synthetic set: what it writes, what its intervals hold, and how it
# refuses what it cannot use.  Sets of another kind: report_sets.sh.
. "$top_srcdir/harness/test/set.sh"

# --- a whole report -------------------------------------------------------------------
set_dir=$work/whole
whole() {
	"$make_set" "$set_dir" planted torn || return 1
	cp "$set_dir/samples.jsonl" "$work/before.jsonl"
	"$report" "$set_dir" >"$work/said" 2>"$work/err" || { cat "$work/err"; return 1; }
	mkdir "$work/drawn" && cp "$set_dir"/report/*.svg "$set_dir"/report/*.png "$work/drawn" || return 1
	[ "$(tail -n 1 "$work/said")" = "report: $set_dir/report.html" ] && [ ! -s "$work/err" ]
}
# Where it is not the drawing that is looked at, the pictures are those of that set: gnuplot takes most of
# the time of a report.
printf '#!/bin/sh\ncp "%s/${2%%.gp}.svg" "%s/${2%%.gp}.png" .\n' "$work/drawn" "$work/drawn" >"$work/copies"
chmod +x "$work/copies"
sketched() { # ARGUMENT...
	GNUPLOT=$work/copies "$report" "$@"
}
figures_are_there() {
	for f in 01 02 03 04 05 07 07b 08 08b 09 10 10b 12 12b 13 14 14b 15 15b 16 16b; do
		for suffix in gp tsv svg png; do
			[ -s "$set_dir/report/fig$f.$suffix" ] || { echo "fig$f.$suffix"; return 1; }
		done
		head -c 8 "$set_dir/report/fig$f.png" | grep -q PNG || return 1
		tail -n 3 "$set_dir/report/fig$f.svg" | grep -q '</svg>' || return 1
	done
}
every_viewer_draws_them() { # librsvg refuses a picture with a matrix that has no inverse, which Chromium passes by
	! grep -l 'scale(-\{0,1\}0*\.\{0,1\}0*)' "$set_dir"/report/*.svg
}
scripts_stand_alone() {
	mkdir "$work/alone" && cp "$set_dir"/report/*.gp "$set_dir"/report/*.tsv "$work/alone" || return 1
	for f in "$work"/alone/fig*.gp; do
		(cd "$work/alone" && "$gnuplot" -d "$f") >"$work/gp" 2>&1 || { cat "$work/gp"; return 1; }
		[ ! -s "$work/gp" ] || { echo "$f:"; cat "$work/gp"; return 1; }
		cmp "${f%.gp}.svg" "$work/drawn/$(basename "$f" .gp).svg" && [ -s "${f%.gp}.png" ] || return 1
	done
}
a_panel_reads_its_rows() { # what gnuplot reads grows with the panels, not with panels times contenders
	cat >"$work/counting" <<-END
	#!/bin/sh
	"$gnuplot" "\$@" || exit
	sed -n "s/^rchar: //p" /proc/\$\$/io >"$work/rchar"
	END
	chmod +x "$work/counting"
	(cd "$set_dir/report" && "$work/counting" -d fig12.gp) || return 1
	[ -s "$work/rchar" ] || return 0 # this kernel does not count
	base=$(cat "$work/rchar")
	for f in fig10 fig10b fig07 fig07b; do
		(cd "$set_dir/report" && "$work/counting" -d $f.gp) || return 1
		awk -v base="$base" -v all="$(cat "$work/rchar")" -v size="$(wc -c <"$set_dir/report/$f.tsv")" \
			-v panels="$(tail -n 1 "$set_dir/report/$f.tsv" | cut -f 1)" -v f=$f 'BEGIN {
			tables = (all - base) / size
			printf "%s: %.1f times its table for %d panels\n", f, tables, panels
			exit !(panels > 0 && tables < panels + 20) }' || return 1
	done
}
page_holds_all() {
	for word in glibc jemalloc tcmalloc mimalloc2 mimalloc3 ashlar null slower20 glibc-again absent \
		tiny-churn live-sweep larson larson:threads=1 larson:threads=2 prod-cons fleet kv-server \
		frag-drain big-buffers redis cc1plus python3-json sqlite3 kv-server:load=90; do
		grep -q -- "<t[dh][^>]*>$word\|■</span> $word" "$set_dir/report.html" || { echo "no $word"; return 1; }
	done
}
page_stands_alone() {
	[ "$(grep -o '<svg ' "$set_dir/report.html" | wc -l)" -eq 22 ] || return 1
	! grep -n '<script\|<link\|<img\|<?xml\|src=\|url(http\|@import' "$set_dir/report.html" || return 1
	[ -z "$(grep -o " id=[\"'][^\"']*[\"']" "$set_dir/report.html" | sort | uniq -d)" ]
}
page_is_well_formed() { # every element closed; the parser is Python's
	python3 - "$set_dir/report.html" <<-'END'
	import sys
	from html.parser import HTMLParser
	empty = {"meta", "br"}
	class Check(HTMLParser):
	    stack = []
	    def handle_starttag(self, tag, attrs):
	        if tag not in empty:
	            self.stack.append(tag)
	    def handle_endtag(self, tag):
	        assert self.stack and self.stack.pop() == tag, (tag, self.getpos())
	check = Check()
	check.feed(open(sys.argv[1], encoding="utf-8").read())
	assert not check.stack, check.stack
	END
}
page_can_be_read() { # SET [FILES]: by eyes of all kinds, on any screen; and every file that it names is there
	python3 - "$@" <<-'END'
	import re, sys
	from html.parser import HTMLParser
	from pathlib import Path
	page = Path(sys.argv[1], "report.html").read_text(encoding="utf-8")
	def contrast(colour): # of words against white: WCAG 2.1, 1.4.3
	    def light(v):
	        v /= 255
	        return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
	    r, g, b = map(light, colour)
	    return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05)
	def parsed(text):
	    if text.startswith("rgb"):
	        return [int(v) for v in re.findall(r"\d+", text)]
	    text = {"black": "000000", "white": "ffffff"}.get(text, text.lstrip("#"))
	    return [int(c * 2, 16) for c in text] if len(text) == 3 else [int(text[i : i + 2], 16) for i in (0, 2, 4)]
	class Check(HTMLParser):
	    viewport = False
	    ids, links, fills, tables, captions, words = set(), set(), [], 0, 0, 0
	    def handle_starttag(self, tag, attributes):
	        attributes = dict(attributes)
	        self.ids.add(attributes.get("id"))
	        self.viewport |= tag == "meta" and attributes.get("name") == "viewport"
	        self.tables += tag == "table"
	        self.captions += tag == "caption"
	        if tag == "th":
	            assert attributes.get("scope") in ("col", "row"), self.getpos()
	        if tag == "a":
	            self.links.add(attributes["href"])
	        if tag == "g":
	            self.fills.append(attributes.get("fill", "inherit"))
	        if tag == "text":
	            fill = next(f for f in reversed(self.fills) if f not in ("inherit", "none"))
	            self.words += 1
	            # White on white is the room of labels that stand in another panel.
	            assert contrast(parsed(fill)) >= 4.5 or parsed(fill) == [255] * 3, (fill, self.getpos())
	    def handle_endtag(self, tag):
	        if tag == "g":
	            self.fills.pop()
	check = Check()
	check.feed(page)
	assert check.viewport
	assert check.tables >= 12 and check.captions == check.tables, (check.tables, check.captions)
	assert check.words > 500, check.words
	for colour in re.findall(r"[{;]color:(#[0-9a-f]+)", page[: page.index("</style>")]):
	    assert contrast(parsed(colour)) >= 4.5, colour
	files = [link for link in check.links if not link.startswith("#")]
	assert len(files) >= int(sys.argv[2]) if len(sys.argv) > 2 else len(files) > 60, len(files)
	for link in check.links:
	    assert link[1:] in check.ids if link[0] == "#" else Path(sys.argv[1], link).exists(), link
	END
}
whole_page_can_be_read() { page_can_be_read "$set_dir"; }
first_screen() { # what was compared, programs with the best, memory, requests, what is not known; in this order
	python3 - "$set_dir" <<-'END'
	import json, re, sys
	page = open(sys.argv[1] + "/report.html", encoding="utf-8").read()
	programs = [c for c in json.load(open(sys.argv[1] + "/summary.json"))["cells"] if c["kind"] == "program" and c["mode"] == "throughput"]
	at = page.index('<h2 id="glance">')
	assert page.index("<h2") == at
	part = page[at : page.index("<h2", at + 1)]
	order = ["once per block in random order", "Programs: CPU time", "Programs: peak resident memory",
	    "after idling", "What this set cannot say", "</ul>"]
	places = [part.index(word) for word in order]
	assert places == sorted(places), places
	assert "null" not in part
	tables = part.split("<table>")[1:]
	assert len(tables) == 3, len(tables)
	for table, metric in zip(tables, ("cpu_ns", "peak_rss_bytes")): # each program has a best, the same as in the files
	    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', table)
	    columns = list(zip(*(re.findall(r"<td.*?</td>", row) for _, row in rows)))
	    assert len(rows) >= 6 and len(columns) >= 3, (len(rows), len(columns))
	    for column in columns:
	        least = min(column, key=lambda f: float(re.search(r">([0-9.]+)[ <]", f)[1]) if "–" not in f else 9)
	        assert "<b>" in least and not all("<b>" in f for f in column), column
	    for cell, column in zip(programs, columns):
	        best = {k["contender"] for k in cell["contenders"] if k["metrics"].get(metric, {}).get("best")}
	        assert {name for (name, _), field in zip(rows, column) if "<b>" in field} == best, (cell["cell"], metric, best)
	END
}
pictures_only() { # a set that is kept: what is gone is not claimed
	"$make_set" "$work/kept" planted torn && sketched "$work/kept" --pictures-only >/dev/null || return 1
	[ -z "$(find "$work/kept/report" -name '*.gp' -o -name '*.png' -o -name 'fig*.tsv')" ] && [ -s "$work/kept/report/fig01.svg" ] &&
		grep -q 'Only the pictures were kept' "$work/kept/report.html" && page_can_be_read "$work/kept" 20 || return 1
	grep -q 'gnuplot fig01.gp' "$set_dir/report.html" && ! grep 'gnuplot fig' "$work/kept/report.html" &&
		grep -q '^ashlar-bench report . --reference glibc --pictures-only</pre>' "$work/kept/report.html"
}
# The set that the README shows: a copy is made anew, with the pictures that it keeps; those of figures it has none of
# are another's.
committed_page_can_be_read() {
	shown=$(sed -n 's/^ "set": "\(.*\)",$/\1/p' "$top_srcdir/results/claims.json") && kept=$top_srcdir/results/$shown || return 1
	mkdir "$work/shown" && cp "$kept/manifest.json" "$kept/samples.jsonl" "$kept/timelines.tar.zst" "$work/shown" || return 1
	cat >"$work/keeps" <<-END
	#!/bin/sh
	name=\${2%.gp}
	cp "$kept/report/\$name.svg" . 2>/dev/null || cp "$work/drawn/\$name.svg" . || exit 1
	cp "$work/drawn/fig01.png" "\$name.png"
	END
	chmod +x "$work/keeps" && GNUPLOT=$work/keeps "$report" --quiet --pictures-only "$work/shown" >"$work/said" 2>&1 || { cat "$work/said"; return 1; }
	page_can_be_read "$work/shown" 20 || return 1
	# of blocks that were measured twice both times have the same unit form
	sed -n '/Samples that were disturbed/,/<\/table>/p' "$work/shown/report.html" >"$work/lines"
	[ "$(grep -c '<td class="num">[0-9.]* [^<]*</td><td class="num">[0-9.]* [^<]*\(<small>disturbed again: [a-z, ]*</small>\)*</td></tr>' "$work/lines")" -eq "$(grep -c '<tr><th scope="row">' "$work/lines")" ] &&
		grep -q '<tr><th scope="row">' "$work/lines" &&
		! grep '[0-9]e+[0-9]' "$work/lines" | head -n 3 | grep .
}
reasons_are_there() {
	grep -q 'killed by signal 11' "$set_dir/report.html" &&
		grep -q 'no end after 60 s' "$set_dir/report.html" &&
		grep -q 'library &lt;absent.so&gt; &amp; its package' "$set_dir/report.html" &&
		grep -q 'the run was cut off' "$set_dir/report.html"
}
same_bytes_again() {
	cp "$set_dir/report.html" "$work/first.html"
	sketched "$set_dir" >/dev/null && cmp "$work/first.html" "$set_dir/report.html" &&
		cmp "$work/before.jsonl" "$set_dir/samples.jsonl"
}
planted_is_found() {
	t=$set_dir/report/fig01.tsv
	for mean in 'geomean, programs' 'geomean, workloads'; do
		within "$(number "$t" "$mean" slower20 low)" 1.2 "$(number "$t" "$mean" slower20 high)" || return 1
	done
	held=0
	for cell in tiny-churn live-sweep larson prod-cons fleet kv-server frag-drain big-buffers redis sqlite3; do
		within "$(number "$t" $cell slower20 low)" 1.2 "$(number "$t" $cell slower20 high)" && held=$((held + 1))
		# it is told from 1 everywhere
		! within "$(number "$t" $cell slower20 low)" 1 "$(number "$t" $cell slower20 high)" || return 1
	done
	echo "held in $held of 10"
	[ $held -ge 8 ]
}
same_is_the_same() {
	t=$set_dir/report/fig01.tsv
	for mean in 'geomean, programs' 'geomean, workloads'; do
		within "$(number "$t" "$mean" glibc-again low)" 1 "$(number "$t" "$mean" glibc-again high)" || return 1
	done
	held=0
	for cell in tiny-churn live-sweep larson prod-cons fleet kv-server frag-drain big-buffers redis sqlite3; do
		within "$(number "$t" $cell glibc-again low)" 1 "$(number "$t" $cell glibc-again high)" && held=$((held + 1))
	done
	echo "held in $held of 10"
	[ $held -ge 8 ]
}
tails_are_compared() { # of the others with the reference, within blocks; the reference with nobody
	grep -q '<th scope="row">kv-server:load=50</th><td>request</td><td>ashlar</td>.*<td class="ratio unsure">0\.[0-9]* <small>n = 1, no interval</small></td></tr>$' "$set_dir/report.html" &&
		grep -q '<th scope="row">kv-server:load=50</th><td>request</td><td>glibc</td>.*<td>–</td></tr>$' "$set_dir/report.html"
}
other_reference() {
	sketched "$set_dir" --reference ashlar >/dev/null || return 1
	within 1.3 "$(number "$set_dir/report/fig01.tsv" 'geomean, programs' glibc ratio)" 1.6 &&
		within 1.3 "$(number "$set_dir/report/fig01.tsv" 'geomean, workloads' glibc ratio)" 1.6
}

markdown_says_the_same() { # as the page: sections, paragraphs, items, tables field by field, figures
	"$make_set" "$work/both" planted torn unfinished && odd_words "$work/both" || return 1
	sketched "$work/both" --markdown >"$work/out.md" 2>"$work/err" || { cat "$work/err"; return 1; }
	grep -qx "report: $work/both/report.md" "$work/out.md" &&
		[ "$(tail -n 1 "$work/out.md")" = "report: $work/both/report.html" ] || { cat "$work/out.md"; return 1; }
	python3 "$top_srcdir/harness/test/compare_formats.py" "$work/both" || return 1
	# a number, a field and a figure that are missing are found, and one that is made certain
	for change in 's/| \*\([0-9][^*]*\)\*/| \1/' '0,/ ---: .*|$/!s/1\.2/1.3/' 's/| slower20 .*/| |/' '/fig08b\.svg/d' '/^| redis /d'; do
		sed "$change" "$work/both/report.md" >"$work/changed.md" || return 1
		cmp -s "$work/both/report.md" "$work/changed.md" && { echo "'$change' changes nothing"; return 1; }
		python3 "$top_srcdir/harness/test/compare_formats.py" "$work/both" "$work/changed.md" >/dev/null &&
			{ echo "not found: $change"; return 1; }
	done
	return 0
}
odd_words() { # SET: what a format could take for its own
	python3 - "$1/manifest.json" <<-'END'
	import json, sys
	manifest = json.load(open(sys.argv[1]))
	manifest["contenders"][1]["notes"] = "a | b * c_d _e_ <f> `g` [h](i) & &amp; \\ \\| $j$ ~k~ | end"
	manifest["contenders"][2]["env"] = {"A_B": "x*y", "C": "$p|q"}
	manifest["command"] += ["it's", "a|b `c` ```", "--x=$y"]
	manifest["environment"]["_odd_"] = "1. | # > - +"
	json.dump(manifest, open(sys.argv[1], "w"))
	END
}
page_needs_no_markdown() { # one format does not change another, and is made only on demand
	[ ! -e "$set_dir/report.md" ] && cp "$work/both/report.html" "$work/with.html" &&
		sketched "$work/both" >/dev/null && cmp "$work/with.html" "$work/both/report.html"
}

sizes_are_drawn() { # a panel per own workload that was recorded; the others are named
	t=$set_dir/report/fig15.tsv
	[ "$(awk -F'\t' 'NR > 2 { print $2 }' "$t" | sort -u | grep -c .)" -eq 7 ] &&
		grep -q 'Not recorded: prod-cons\.' "$set_dir/report.html" || return 1
	awk -F'\t' '$2 == "tiny-churn" { n++; last = $4 + $5 } END { exit !(n == 3 && last == 2) }' "$t" || return 1
	"$make_set" "$work/nocdf" blocks=1 && rm -r "$work/nocdf/cdf" && sketched "$work/nocdf" >/dev/null || return 1
	grep -q 'Left out: the folder cdf/ holds no sizes of a workload' "$work/nocdf/report.html"
}

held_is_the_quotient_of_means() { # by awk, from the timeline of one sample of its cell
	t=$set_dir/report/held.tsv
	"$make_set" "$work/held" blocks=1 && sketched "$work/held" >/dev/null || return 1
	t=$work/held/report/held.tsv
	for who in glibc jemalloc ashlar; do
		sample=$(grep '"cell":"fleet"' "$work/held/samples.jsonl" | grep '"mode":"throughput"' | grep "\"allocator\":\"$who\"")
		file=$(echo "$sample" | sed 's/.*"timeline":"\([^"]*\)".*/\1/')
		wanted=$(awk -F'\t' -v tables=2000000 '
			NR > 2 && live > 0 && $4 > 0 { r += ($1 - ms) * (($2 + rss) / 2 - tables); l += ($1 - ms) * ($4 + live) / 2 }
			{ ms = $1; rss = $2; live = $4 } END { print r / l }' "$work/held/$file")
		got=$(awk -F'\t' -v who=$who '$1 == "fleet" && $2 == "throughput" && $3 == who { print $4 }' "$t")
		awk -v a="$wanted" -v b="$got" 'BEGIN { exit !(a > 0 && b > a * 0.9999 && b < a * 1.0001) }' || { echo "$who: $got, not $wanted"; return 1; }
	done
	grep -q 'redis' "$t" && return 1 # programs do not tell what lives
	grep -q '<h3>Resident memory over live bytes, averaged over time</h3>' "$set_dir/report.html" &&
		grep -q '<th scope="row">frag-drain:idle_ms=3000</th><td>drained</td><td class="num">[0-9.]* MiB</td><td class="ratio unsure">[0-9.]* | [0-9.]* <small>n = 2</small></td>' "$set_dir/report.html"
}

no_number_for_both() { # programs first, own workloads beside, in every format and figure
	! grep -q 'geomean, all' "$set_dir"/report/*.tsv &&
		[ "$(grep -o '<h3>Programs</h3>\|<h3>Own workloads</h3>' "$set_dir/report.html" | tr -d '\n')" = \
			'<h3>Programs</h3><h3>Own workloads</h3>' ] &&
		grep -q '^# programs;' "$set_dir/report/fig12.tsv" && grep -q '^# own workloads;' "$set_dir/report/fig12b.tsv" &&
		grep -q '^# programs, ' "$set_dir/report/fig14.tsv" && grep -q '^# own workloads, ' "$set_dir/report/fig14b.tsv" || return 1
	# a step of a profile is a cell: a quarter of the programs, a tenth of the own workloads; redis, in which mimalloc3
	# failed, is none of the latter
	profile() { awk -F'\t' -v who="$2" 'NR > 2 && $1 == 1 && $3 == who { n++; last = $5; first = n == 2 ? $5 : first } END { printf "%d %.4g %.4g\n", n - 1, first, last }' \
		"$set_dir/report/$1.tsv"; }
	[ "$(profile fig14 ashlar)" = '4 0.25 1' ] && [ "$(profile fig14b ashlar)" = '10 0.1 1' ] &&
		[ "$(profile fig14 mimalloc3)" = '3 0.25 0.75' ] && [ "$(profile fig14b mimalloc3)" = '10 0.1 1' ] || return 1
	grep -q '>own workloads in mode throughput;' "$set_dir/report/fig14b.svg" && grep -q '>programs in mode throughput;' "$set_dir/report/fig14.svg"
}

tells_the_machine() { # on the first screen, and only what the set says
	"$make_set" "$work/guest" || return 1

	sed -i 's/"environment": *{/&"virtual_machine": true, "pinned": false, "container": "docker", /; s/"governor": *"[^"]*"/"governor": null/' \
		"$work/guest/manifest.json"
	grep -q '"governor"' "$work/guest/manifest.json" ||
		sed -i 's/"environment": *{/&"governor": null, /' "$work/guest/manifest.json"
	undrawn "$work/guest" || return 1
	sed -n '1,/<table/p' "$work/guest/report.html" |
		grep -q "The machine: virtual machine, not pinned, frequency unknown, in a container (docker)[.]" || return 1
	sed -i 's/"virtual_machine": true/"virtual_machine": false/; s/"pinned": false/"pinned": true/; s/"container": "docker"/"container": null/' \
		"$work/guest/manifest.json"
	undrawn "$work/guest" && grep -q "The machine: frequency unknown[.]" "$work/guest/report.html"
}
tells_how_far() {
	sketched "$work/guest" >"$work/said" || return 1
	head -n 1 "$work/said" | grep -q "^1/[0-9]*  Figure 1" || return 1
	sketched --quiet "$work/guest" >"$work/said" || return 1
	! grep -q "^[0-9]*/" "$work/said" && [ "$(tail -n 1 "$work/said")" = "report: $work/guest/report.html" ] || return 1
	command -v script >/dev/null || return 0
	GNUPLOT=$work/copies script -qec "$report $work/guest" /dev/null >"$work/said" </dev/null || return 1
	tr '\r' '\n' <"$work/said" | grep -c "^[0-9]*/[0-9]*  Figure" | grep -qx '[12][0-9]'
}

the_same_twice() { # figure 20: pairs, intervals and how many of them exclude 1
	table=$set_dir/report/fig20.tsv
	[ -s "$set_dir/report/fig20.svg" ] && [ "$(cut -f2 "$table" | sed 1,2d | sort -u | tr '\n' ' ')" = "fleet larson sqlite3 tiny-churn " ] || return 1
	awk -F'\t' 'NR > 2 { if ($4 < 0.8 || $4 > 1.2) exit 1; n++
		if (!($2 in at)) { at[$2] = 1; all++; out += $7 > 1 || $8 < 1 } }
		END { printf "%d pairs of %d cells;%d of %d intervals", n, all, out, all }' "$table" >"$work/counted" || return 1
	grep -q "$(cut -d';' -f1 "$work/counted")" "$set_dir/report.html" &&
		grep -q "$(cut -d';' -f2 "$work/counted") ([0-9]* %) excludes* 1" "$set_dir/report.html" &&
		! grep -q 'glibc/again' "$set_dir/report.html" "$set_dir/summary.json" "$set_dir/report/fig01.tsv"
}

# --- refusals: one line, a status that is not 0 -------------------------------------------
refuses() { # STATUS PATTERN ARGUMENT...
	status=$1 pattern=$2
	shift 2
	"$report" "$@" >"$work/said" 2>"$work/err"
	got=$?
	[ $got -eq "$status" ] || { echo "exit status $got"; return 1; }
	one_line && grep -q -- "$pattern" "$work/err" || { cat "$work/err"; return 1; }
	! grep -q '^report:' "$work/said"
}
no_folder() { refuses 2 "No such file" "$work/nowhere"; }
no_samples() {
	"$make_set" "$work/empty" && : >"$work/empty/samples.jsonl" || return 1
	refuses 2 "no sample in it" "$work/empty"
}
other_schema() {
	"$make_set" "$work/schema" schema=7 || return 1
	refuses 2 "schema 7; this report reads schema 1" "$work/schema" && [ ! -e "$work/schema/report.html" ]
}
other_schema_of_samples() {
	"$make_set" "$work/mixed" && "$make_set" "$work/mixed7" schema=7 &&
		tail -n 1 "$work/mixed7/samples.jsonl" >>"$work/mixed/samples.jsonl" || return 1
	refuses 2 "schema 7" "$work/mixed"
}
unknown_reference() { refuses 2 "no such contender" "$set_dir" --reference nobody; }
no_gnuplot() {
	"$make_set" "$work/plain" && cp "$work/plain/samples.jsonl" "$work/plain.jsonl" || return 1
	GNUPLOT=$work/no-such-gnuplot refuses 3 "no figures drawn" "$work/plain" || return 1
	cmp "$work/plain.jsonl" "$work/plain/samples.jsonl" && [ -s "$work/plain/report/fig01.tsv" ] &&
		grep -q 'Not drawn' "$work/plain/report.html"
}
no_gnuplot_on_path() {
	(unset GNUPLOT; PATH=$work/nothing; export PATH
	"$report" "$work/plain" >/dev/null 2>"$work/err"
	[ $? -eq 3 ]) && one_line
}
failing_gnuplot() {
	printf '#!/bin/sh\necho broken; exit 1\n' >"$work/broken" && chmod +x "$work/broken"
	GNUPLOT=$work/broken refuses 3 "gnuplot failed on" "$work/plain" && grep -q broken "$work/plain/report/fig01.log"
}
no_room() { # the folder cannot be made
	"$make_set" "$work/file" && : >"$work/file/report" || return 1
	"$report" "$work/file" >/dev/null 2>"$work/err"
	[ $? -eq 3 ] && one_line
}
one_machine_has_no_part() {
	! grep -q 'id="machines"\|Measured on' "$work/plain/report.html" && grep -q 'measured on one machine' "$work/plain/report.html"
}

scripts_are_found() { # away from the build tree only where told, or where they are installed
	cp "$report" "$work/moved" || return 1
	GNUPLOT=$work/copies ASHLAR_PLOTS=$top_srcdir/plots "$work/moved" "$set_dir" >/dev/null || return 1
	ASHLAR_PLOTS=$work/nothing "$work/moved" "$work/plain" >/dev/null 2>"$work/err"
	[ $? -eq 3 ] && one_line && grep -q 'ASHLAR_PLOTS can name' "$work/err"
}

echo 1..37
check "a report is written, a torn last line tolerated" whole
check "every figure has script, table, SVG and PNG" figures_are_there
check "no figure scales by a matrix without inverse" every_viewer_draws_them
check "every script draws by itself, without a warning" scripts_stand_alone
check "a panel reads its own rows" a_panel_reads_its_rows
check "the page names every contender and cell" page_holds_all
check "the page needs nothing else, and its ids are unique" page_stands_alone
check "the page's elements are closed in order" page_is_well_formed
check "the page can be read by everyone, and its links hold" whole_page_can_be_read
check "the first screen says what was compared, and what is not known" first_screen
check "only pictures are kept, and nothing else is claimed" pictures_only
check "so can the page of the set that the README shows" committed_page_can_be_read
check "the page gives the reason of every hole" reasons_are_there
check "the same set gives the same page; the set is untouched" same_bytes_again
check "the Markdown says what the page says" markdown_says_the_same
check "the page is the same with Markdown and without" page_needs_no_markdown
check "a contender with 20 % more work lies within its interval" planted_is_found
check "the same contender under two names differs within its interval" same_is_the_same
check "time-averaged memory is mean over mean" held_is_the_quotient_of_means
check "p99.9 is compared with the reference's" tails_are_compared
check "no number is of programs and of own workloads" no_number_for_both
check "another reference" other_reference
check "sizes and lifetimes have a panel per workload recorded" sizes_are_drawn
check "a virtual machine, and what else is not known of it" tells_the_machine
check "progress, and none with --quiet" tells_how_far
check "a folder that does not exist" no_folder
check "a set without samples" no_samples
check "what two runs of the same thing differ by" the_same_twice
check "another schema" other_schema
check "a sample of another schema" other_schema_of_samples
check "an unknown reference" unknown_reference
check "gnuplot is not there: tables and page all the same" no_gnuplot
check "gnuplot is not on PATH" no_gnuplot_on_path
check "gnuplot fails: its words are kept" failing_gnuplot
check "a report folder that cannot be made" no_room
check "a set of one machine says nothing of it" one_machine_has_no_part
check "the scripts are found where they are named" scripts_are_found
