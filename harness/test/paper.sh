#!/bin/sh
# `report --pdf --tex`: what goes into a paper.  Tables and their escaping, that two runs make the
# same bytes, and that a two-column document of all of it has no overfull box.  In `make check` two
# figures are drawn and stand for the others; paper_long.sh draws all of them, for both columns.
. "$top_srcdir/harness/test/set.sh"
: "${paper_long:=no}"

# Draws figures 1 and 12 of a paper; a copy of the latter stands for each other one, and for
# pictures of the page a word.
stand_in() {
	cat >"$work/some" <<-END
	#!/bin/sh
	name=\${2%.gp}
	grep -q ^COLUMN set.gp || { echo picture >"\$name.svg"; echo picture >"\$name.png"; exit; }
	case \$name in
	fig01|fig12) exec "$gnuplot" "\$@" ;;
	esac
	[ -s "$work/fig12.pdf" ] || { cp fig12.gp "$work/own.gp" && "$gnuplot" -d fig12.gp && cp fig12.pdf fig12-latex.* "$work"; } || exit 1
	cp "$work/fig12.pdf" "\$name.pdf"
	cp "$work/fig12-latex.pdf" "\$name-latex.pdf"
	sed "s/{fig12-latex}/{\$name-latex}/" "$work/fig12-latex.tex" >"\$name-latex.tex"
	END
	chmod +x "$work/some"
}
# A set with names that LaTeX, CSV, Markdown and gnuplot could take for their own.
odd='50%_&#$~^{x}\z "q" <é|ß>µ…日本 -- ﬁ'
odd_set() { # SET [OPTION...]
	"$make_set" "$@" planted && python3 - "$1" "$odd" <<-'END'
	import json, sys
	folder, odd = sys.argv[1:]
	def change(value): # the contender slower20, and a cell of a command
	    if isinstance(value, list):
	        return [change(v) for v in value]
	    if isinstance(value, dict):
	        return {k: change(v) for k, v in value.items()}
	    return odd if value == "slower20" else "cmd:" + odd if value == "sqlite3" else value
	manifest = change(json.load(open(folder + "/manifest.json")))
	json.dump(manifest, open(folder + "/manifest.json", "w"))
	def late(s): # one contender has nothing but time-outs in a cell
	    if s["cell"] == "prod-cons" and s["mode"] == "throughput" and s["status"] == "ok" and (
	        s["allocator"] == "tcmalloc" or (s["allocator"], s["block"]) == ("jemalloc", 1)): # the latter in one block
	        names = ["schema", "suite_version", "id", "cell", "workload", "kind", "mode", "allocator", "block", "order", "seed", "params", "started"]
	        return dict({k: s[k] for k in names}, status="timeout", reason="no end after 60 s")
	    return s
	lines = [json.dumps(late(change(json.loads(line)))) for line in open(folder + "/samples.jsonl")]
	open(folder + "/samples.jsonl", "w").writelines(line + "\n" for line in lines)
	END
}
prices='--servers 1000 --gib 10 --core-hour 0.02 --memory 16 --currency R$_%'
made() { # SET COLUMN
	"$report" "$1" --quiet --pdf --tex --column "$2" $prices >"$work/said" 2>"$work/err" || { cat "$work/err"; return 1; }
	[ ! -s "$work/err" ] && [ "$(tail -n 1 "$work/said")" = "paper: $1/paper/main.tex" ]
}
size_of() { # PDF: width and height in points
	LC_ALL=C sed -n 's/^.*\/MediaBox \[ *0 0 \([0-9.]*\) \([0-9.]*\) *\].*$/\1 \2/p' "$1" | head -n 1
}

[ "$paper_long" = yes ] || { stand_in; GNUPLOT=$work/some; export GNUPLOT; }
set_dir=$work/set
# Where all is drawn it is that set throughout, else a smaller one of which nothing is said in numbers.
small_dir=$work/small
[ "$paper_long" = no ] || small_dir=$set_dir
a_paper() {
	odd_set "$set_dir" && made "$set_dir" single || return 1
	for f in "$set_dir"/paper/fig*.gp; do
		f=${f%.gp}
		for suffix in .tsv .pdf -latex.pdf -latex.tex; do
			[ -s "$f$suffix" ] || { echo "$f$suffix"; return 1; }
		done
		[ -z "$(find "$set_dir/paper" -name '*.log')" ] || return 1
		grep -q "input{${f##*/}-latex}" "$set_dir/paper/main.tex" || { echo "no ${f##*/}"; return 1; }
	done
	[ "$(find "$set_dir/paper" -name 'fig*.gp' | wc -l)" -ge 15 ]
}
as_wide_as_a_column() { # 3.33 and 7 inches, and what has one panel no higher than 2.2
	set -- $(size_of "$set_dir/paper/fig01.pdf") 0 0
	[ "${1%.*}" -eq 239 ] || { echo "$*"; return 1; }
	for f in 08 09 14; do
		set -- $(size_of "$set_dir/paper/fig$f.pdf") 0 999
		[ "$paper_long" = no ] || [ "${2%.*}" -le 159 ] || { echo "fig$f: $*"; return 1; }
	done
}
same_bytes() { # at another second, by the verb and by the scripts themselves
	[ -e "$small_dir" ] || { odd_set "$small_dir" blocks=1 && made "$small_dir" single; } || return 1
	cp -r "$small_dir/paper" "$work/first"
	for f in "$work"/first/fig*.pdf; do # a date that no run of today has
		LC_ALL=C grep -q 'CreationDate (D:19700101000000' "$f" || { echo "$f"; return 1; }
	done
	made "$small_dir" single && diff -r "$work/first" "$small_dir/paper" || return 1
	mkdir "$work/alone" && cp "$small_dir"/paper/*.gp "$small_dir"/paper/*.tsv "$small_dir/paper/paper.sed" "$work/alone" || return 1
	(cd "$work/alone" && "$gnuplot" -d fig12.gp) && cmp "$work/alone/fig12.pdf" "$work/first/fig12.pdf" &&
		cmp "$work/alone/fig12-latex.tex" "$work/first/fig12-latex.tex"
}
# Draws pages with a word for a picture, and no paper.
printf '#!/bin/sh\necho x >"${2%%.gp}.svg"; echo x >"${2%%.gp}.png"\n' >"$work/quick" && chmod +x "$work/quick" || exit 99
one_name() { # of the set, however its folder is named
	"$make_set" "$work/named" blocks=1 || return 1
	for way in "$work/named" "$work/named/" . ../named/.; do
		rm -rf "$work/named/paper"
		(cd "$work/named" && GNUPLOT=$work/quick "$report" "$way" --quiet --pdf >/dev/null 2>&1)
		grep -qF '\title{Figures and tables of named}' "$work/named/paper/main.tex" || { echo "$way"; grep title "$work/named/paper/main.tex"; return 1; }
	done
	[ -z "$(find "$work/named/paper" -name 'cost*')" ] && ! grep -q 'fleet would cost' "$work/named/paper/main.tex" # nobody asked for it
}
cost_is_told() { # a table in three forms, and the words that it rests on
	python3 - "$set_dir" "$odd" <<-'END'
	import csv, sys
	from pathlib import Path
	folder, odd = Path(sys.argv[1]) / "paper", sys.argv[2]
	tex, main, md = ((folder / p).read_text() for p in ("tables/cost.tex", "main.tex", "tables/cost.md"))
	rows = {r["contender"]: r for r in csv.DictReader(open(folder / "tables/cost.csv"))}
	slow = {k: float(v) for k, v in rows[odd].items() if k.startswith(("cpu_time", "memory", "cost"))}
	# 20 % more time of 2 cores at 0.02 an hour is 70.08 a year and server
	want = 1000 * (350.4 * (slow["cpu_time"] - 1) + 160 * (slow["memory"] - 1))
	assert 65000 < want < 75000 and 0.98 < slow["cost_change_year"] / want < 1.02, slow
	assert rows[odd]["currency"] == "R$_%" and len(rows) >= 6 and "null" not in rows
	assert tex.count(r"\begin{tabular}") == tex.count(r"\end{tabular}") == 1 and "documentclass" not in tex
	for name, r in rows.items():
	    for key, digits in ("cpu_time", 3), ("memory", 3):
	        ends = "_{%.*f}^{%.*f}" % (digits, float(r[key + "_low"]), digits, float(r[key + "_high"]))
	        assert f"${float(r[key]):.{digits}f}$" in tex and ends in tex, (name, key)
	    change = float(r["cost_change_year"]) / 1000
	    assert f"${change:+.{2 if abs(change) < 100 else 0}f}$" in tex, name
	assert r"thousand R\$\_" in tex and r"\toprule" in tex and r"\bottomrule" in tex
	assert main.count(r"\input{tables/cost}") == 1 and r"\caption{What the fleet costs a year more" in main
	assert "1000 servers of 2 cores and 16 GiB" in main and "Supposed is that the fleet runs programs" in main
	assert "1000 servers" in md and "Supposed is that" in md and md.count("\n| ") >= len(rows)
	END
}
no_program() { # of own workloads alone nothing is told, and why stands there
	cp -r "$work/named" "$work/own" && rm -rf "$work/own/paper" && python3 - "$work/own" <<-'END' || return 1
	import json, sys
	from pathlib import Path
	folder = Path(sys.argv[1])
	m = json.load(open(folder / "manifest.json"))
	m["cells"] = [c for c in m["cells"] if c["kind"] != "program"]
	json.dump(m, open(folder / "manifest.json", "w"))
	lines = [line for line in open(folder / "samples.jsonl") if json.loads(line)["kind"] != "program"]
	open(folder / "samples.jsonl", "w").writelines(lines)
	END
	GNUPLOT=$work/quick "$report" "$work/own" --quiet --pdf $prices >/dev/null 2>&1
	grep -q 'No cost is told: .*no program' "$work/own/paper/main.tex" && [ -z "$(find "$work/own/paper" -name 'cost*')" ] &&
		! grep -q 'tables/cost' "$work/own/paper/main.tex"
}
tables_agree() { # .tex and .md hold the numbers of .csv, and these those of summary.csv
	python3 - "$set_dir" "$odd" <<-'END'
	import csv, re, sys
	from pathlib import Path
	folder, odd = Path(sys.argv[1]), sys.argv[2]
	tables = {p.stem for p in (folder / "paper/tables").iterdir()} - {"cost"}
	wanted = {"cpu-time", "peak-memory", "memory-over-time", "latency-p50", "latency-p99", "latency-p99-9", "instructions"}
	assert wanted <= tables, tables
	summary = {(r["cell"], r["contender"]): r for r in csv.DictReader(open(folder / "summary.csv")) if r["metric"] == "cpu_ns"}
	for name in tables:
	    rows = list(csv.DictReader(open(folder / f"paper/tables/{name}.csv")))
	    tex = (folder / f"paper/tables/{name}.tex").read_text()
	    md = (folder / f"paper/tables/{name}.md").read_text()
	    digits = 3 if name in ("instructions", "lines") else 2
	    labels = {r["row"] for r in rows}
	    assert tex.count(r"\begin{tabular}") == tex.count(r"\end{tabular}") >= 1
	    assert "documentclass" not in tex and "usepackage" not in tex
	    assert r"\toprule" in tex and r"\bottomrule" in tex
	    assert len([l for l in md.splitlines() if l.startswith("| ")]) >= len(labels), name
	    for r in rows:
	        if r["state"] == "ok" and r["contender"] != r["reference"]:
	            number = f"{float(r['value']):.{digits}f}"
	            assert number in tex and number in md, (name, r)
	            if r["low"] and float(r["low"]) < float(r["high"]):
	                ends = f"_{{{float(r['low']):.{digits}f}}}^{{{float(r['high']):.{digits}f}}}"
	                assert ends in tex, (name, ends)
	    if name == "cpu-time":
	        for r in rows:
	            if (r["row"], r["contender"]) in summary and r["state"] == "ok" and r["contender"] != r["reference"]:
	                s = summary[r["row"], r["contender"]]
	                assert (r["value"], r["low"], r["high"]) == (s["ratio"], s["ratio_low"], s["ratio_high"]), (r, s)
	        assert sum("geometric mean" in l for l in labels) == 2, labels
	    # the best is bold only where its interval lies below all others', null's apart
	    for label in labels:
	        mine = [r for r in rows if r["row"] == label]
	        best = [r for r in mine if r["best"] == "1"]
	        assert len(best) <= 1 and all(r["contender"] != "null" for r in best), (name, label)
	        for r in best:
	            others = [o for o in mine if o is not r and o["state"] == "ok" and o["contender"] != "null"]
	            assert all(float(o["value"]) > float(r["value"]) for o in others), (name, label)
	            if "geometric" in label or name.startswith("latency") or name == "memory-over-time":
	                assert all(float(o["low"] or o["value"]) > float(r["high"]) for o in others), (name, label)
	bold = [r for p in (folder / "paper/tables").glob("*.csv") for r in csv.DictReader(open(p)) if r.get("best") == "1"]
	assert bold, "nothing is best anywhere"
	every = "".join(p.read_text() for p in (folder / "paper/tables").glob("*.csv"))
	assert ",failed," in every and ",timeout," in every and "failed or timed out: " in every
	tex = "".join(p.read_text() for p in (folder / "paper/tables").glob("*.tex"))
	assert r"\dagger" in tex
	assert r"{$\times$}" in tex and "{$>$}" in tex and r"50\%\_" in tex
	END
}
# Printed grey: all contenders known out of the box, in the order of a manifest, differ from each other by their marks
# and, where lines have none, by their dashes or as light and dark do.
legible_in_grey() {
	"$make_set" "$work/grey" blocks=1 planted && python3 - "$work/grey" "$top_srcdir"/harness/contenders/*.conf <<-'END' || return 1
	import json, re, sys
	folder = sys.argv[1]
	names = [re.search(r"^name: *(.*)", open(f).read(), re.M)[1].strip() for f in sys.argv[2:]]
	manifest = json.load(open(folder + "/manifest.json"))
	of = {c["name"]: c for c in manifest["contenders"]}
	new = [n for n in names if n not in of]
	manifest["contenders"] = [dict(of.get(n, of["slower20"]), name=n) for n in sorted(names, key=lambda n: (n != "glibc", n))]
	json.dump(manifest, open(folder + "/manifest.json", "w"), indent=1)
	samples = [json.loads(line) for line in open(folder + "/samples.jsonl")]
	out = [s for s in samples if s["allocator"].split("/")[0] in names]
	out += [dict(s, allocator=n, id=s["id"] + 10 ** 7 * (i + 1)) for i, n in enumerate(new) for s in samples if s["allocator"] == "slower20"]
	open(folder + "/samples.jsonl", "w").writelines(json.dumps(s) + "\n" for s in out)
	END
	GNUPLOT=$work/quick "$report" "$work/grey" --quiet --pdf >/dev/null 2>&1
	cat >"$work/grey/paper/grey.gp" <<-'END'
	load "sheet.gp"
	FIG = "grey"; W = sheet(0); H = 200; WITH_NULL = 1
	load "style.gp"
	set print "grey.tsv"
	do for [i=1:NALL] { print sprintf("%s\t%s\t%d", NAME[i], COLOUR[i], MARK[i]) }
	unset print
	set terminal svg
	set output "grey.svg"
	plot for [i=1:NALL] i with lines lw 1.4 dt DASH[i] lc rgb COLOUR[i] notitle
	END
	(cd "$work/grey/paper" && "$gnuplot" -d grey.gp) && python3 - "$work/grey/paper" <<-'END'
	import itertools, re, sys
	folder = sys.argv[1]
	rows = [line.rstrip("\n").split("\t") for line in open(folder + "/grey.tsv")]
	lines = [re.search(r"<path [^>]*>", text)[0] for text in open(folder + "/grey.svg").read().split('id="gnuplot_plot_')[1:]]
	dashes = [(re.search(r"stroke-dasharray='([^']*)'", text) or [None, ""])[1] for text in lines]
	assert len(rows) == len(dashes) >= 10, (len(rows), len(dashes))
	def lightness(colour): # L* of sRGB (CIE 1976)
	    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5))]
	    y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
	    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y
	told = list(zip(rows, dashes))
	for (one, dash), (other, its) in itertools.combinations(told, 2):
	    assert one[2] != other[2], ("the same mark", one, other)
	    assert dash != its or abs(lightness(one[1]) - lightness(other[1])) >= 25, ("the same line in grey", one, other)
	# A line or mark too light to be seen on white is no help either.
	for row in rows:
	    assert lightness(row[1]) < 75, ("too light", row)
	END
}
document_compiles() { # FOLDER
	(cd "$1" && pdflatex -halt-on-error -interaction=nonstopmode main.tex) >"$work/latex" 2>&1 ||
		{ grep -A 5 '^!' "$work/latex"; return 1; }
	! grep -n -A 3 'Overfull\|multiply defined\|Float too large' "$1/main.log" | head -n 20 | grep . &&
		head -c 5 "$1/main.pdf" | grep -q '%PDF'
}
captions_stay_with_tables() { # no page ends between the two
	[ "$(grep -c '^.nopagebreak.input{tables/' "$1/main.tex")" -gt 3 ] &&
		[ "$(grep -c '^.nopagebreak.input{tables/' "$1/main.tex")" -eq "$(grep -c '^.end{minipage}.par}$' "$1/main.tex")" ]
}
committed_compiles() { # the set that the README shows, which has more panels than any other here
	shown=$top_srcdir/results/$(sed -n 's/^ "set": "\(.*\)",$/\1/p' "$top_srcdir/results/claims.json")
	mkdir "$work/shown" && cp "$shown/manifest.json" "$shown/samples.jsonl" "$shown/timelines.tar.zst" "$work/shown" &&
		"$report" --quiet --pdf "$work/shown" >"$work/said" 2>&1 && document_compiles "$work/shown/paper"
}
overfull_is_found() { # a table that is too wide does not pass
	cp -r "$1" "$work/wide" && sed -i '0,/\\toprule/s/\\toprule/&\n\\multicolumn{1}{@{}l}{\\rule{9in}{1pt}} \\\\/' "$work/wide/tables/cpu-time.tex" || return 1
	! document_compiles "$work/wide" && grep -q Overfull "$work/out"
}
odd_words_are_printed() { # as they are, as far as LaTeX's fonts go, and what they could break is whole
	command -v pdftotext >/dev/null || return 0
	pdftotext "$set_dir/paper/main.pdf" - >"$work/words" && grep -q '50%' "$work/words" && grep -q '\[U+65E5\]' "$work/words"
}
other_column() {
	made "$small_dir" double && set -- $(size_of "$small_dir/paper/fig01.pdf") 0 && [ "${1%.*}" -eq 504 ]
}
refuses() { # WORD ARGUMENT...
	word=$1
	shift
	"$report" "$@" >"$work/said" 2>"$work/err"
	[ $? -eq 2 ] && grep -qF -- "$word" "$work/err" && [ ! -s "$work/said" ]
}
mistakes() {
	refuses 'single (3.33 in) and double (7 in)' "$set_dir" --pdf --column wide &&
		refuses '--column goes with --pdf or --tex' "$set_dir" --column single &&
		refuses 'go with the report' "$set_dir" --pdf --csv "$work/x.csv" && [ ! -e "$work/x.csv" ]
}
no_room() { # where the folder cannot be made: said, and the report is there
	"$make_set" "$work/file" blocks=1 && : >"$work/file/paper" || return 1
	GNUPLOT=$work/nothing "$report" "$work/file" --quiet >/dev/null 2>&1
	GNUPLOT=$work/quick "$report" "$work/file" --quiet --pdf >/dev/null 2>"$work/err"
	[ $? -eq 3 ] && [ "$(wc -l <"$work/err")" -eq 1 ] && grep -q 'paper/tables: Not a directory' "$work/err" && [ -s "$work/file/report.html" ]
}

over_at_once() { # runs that were over before the second look at their memory
	"$make_set" "$work/brief" blocks=1 && sed -i '1!s/^[0-9]*\t/0\t/' "$work"/brief/timeline/*.tsv || return 1
	GNUPLOT=$work/quick "$report" "$work/brief" --quiet --pdf >/dev/null 2>&1
	for figure in fig07 fig07b fig08; do
		(cd "$work/brief/paper" && "$gnuplot" -d $figure.gp) || return 1
	done
}
half_drawn() { # what gnuplot gives up in its middle leaves its script and no picture
	printf '#!/bin/sh\necho x >"${2%%.gp}.svg"; echo x >"${2%%.gp}.png"; [ "$2" != fig01.gp ]\n' >"$work/gives_up" &&
		chmod +x "$work/gives_up" || return 1
	GNUPLOT=$work/gives_up "$report" "$work/brief" --quiet >/dev/null 2>&1
	[ $? -eq 3 ] && [ -s "$work/brief/report/fig02.svg" ] && [ -s "$work/brief/report/fig01.gp" ] &&
		[ ! -e "$work/brief/report/fig01.svg" ] && [ ! -e "$work/brief/report/fig01.png" ]
}

check "figures, tables and a document are written" a_paper
check "figures are as wide as a column" as_wide_as_a_column
check "two runs, and the scripts alone, make the same bytes" same_bytes
check "the folder has one name" one_name
check "tables hold what the set says, best is bold where it is told" tables_agree
check "what a fleet would cost is a table, with the prices and what is supposed" cost_is_told
check "without a program no cost is told" no_program
check "figures of all contenders can be read in grey" legible_in_grey
if command -v pdflatex >/dev/null && kpsewhich booktabs.sty >/dev/null; then
	check "a two-column document of all has no overfull box" document_compiles "$set_dir/paper"
	check "a box that is too wide is found" overfull_is_found "$set_dir/paper"
	check "names mean themselves in it" odd_words_are_printed
elif [ "$paper_long" = yes ]; then
	check "pdflatex and booktabs are there (texlive-latex-base, texlive-latex-recommended)" false
else
	skip "a two-column document of all has no overfull box" "no pdflatex with booktabs (texlive-latex-base, texlive-latex-recommended)"
fi
check "captions stay with their tables" captions_stay_with_tables "$set_dir/paper"
check "figures for both columns of a page" other_column
if [ "$paper_long" = yes ] && command -v pdflatex >/dev/null; then
	check "its document has no overfull box" document_compiles "$small_dir/paper"
	check "nor has that of the set that the README shows" committed_compiles
fi
check "what makes no sense is refused" mistakes
check "a folder that cannot be made" no_room
check "figures of runs that were over at once" over_at_once
check "a figure that fails leaves no picture" half_drawn
echo "1..$n"
