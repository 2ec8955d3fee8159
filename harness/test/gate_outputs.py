"""Whether all forms of one gate's outcome say the same, each read by a reader of its own.

    gate_outputs.py SCHEMA FOLDER...

Each FOLDER holds what one call of gate_write left: text, junit, markdown, json, benchmark-json,
benchstat, openmetrics, github (the annotations) and status (the exit status).
"""
import collections
import json
import re
import sys
import unicodedata
import xml.etree.ElementTree as xml
from pathlib import Path

try:
    import jsonschema
except ImportError:
    jsonschema = None
    print("# no python3-jsonschema: the schema was not asked")
try:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_metrics
except ImportError:
    read_metrics = None
    print("# no python3-prometheus-client: the test's own reader of OpenMetrics was the only one")

STATES = ["broken", "fail", "inconclusive", "accepted", "skipped", "pass"]  # the worst first


def check(folder, schema):
    def read(name):
        """A file of ours: UTF-8, nothing in it that a terminal obeys, ended by a newline."""
        text = (folder / name).read_bytes().decode("utf-8")
        bad = {c for c in set(text) if unicodedata.category(c) == "Cc" and c not in "\n\t"}
        assert not bad, (name, bad)
        assert text.endswith("\n"), name
        return text

    # --- the object itself: what all others are held against ------------------------------------
    whole = json.loads(read("json"), parse_constant=lambda word: sys.exit(f"{word} is no JSON"))
    lines = whole["lines"]
    if jsonschema:  # which takes its time
        jsonschema.validate(dict(whole, lines=lines[:500]), schema)
    counts = collections.Counter(line["state"] for line in lines)
    assert {s: counts[s] for s in STATES} == whole["counts"], (counts, whole["counts"])
    worst = next((s for s in ("broken", "fail", "inconclusive") if counts[s]), None)
    verdict = worst or ("pass" if counts["pass"] + counts["accepted"] else "skipped")
    passes = whole["inconclusive_passes"]
    status = {"broken": 3, "fail": 1, "inconclusive": 0 if passes else 4, "pass": 0, "skipped": 77}[verdict]
    assert (whole["verdict"], whole["status"]) == (verdict, status), (verdict, status)
    assert int(read("status")) == status
    sentence = f"{verdict}: {len(lines)} line{'' if len(lines) == 1 else 's'}"
    sentence += "".join(f"{',' if i else ':'} {counts[s]} {s}" for i, s in enumerate(s for s in STATES if counts[s]))
    assert whole["says"] == sentence, (whole["says"], sentence)
    by_name = {(line["tier"], line["name"], line["metric"]): line for line in lines}
    assert len(by_name) == len(lines), "two lines of one name"

    def excess(line):
        # what JSON has no number for: without a ratio it was not measured, with one it is infinite
        if line["ratio"] is None:
            return float("-inf")
        point = line["ratio"]["point"]
        if point is None:
            return None
        return float("-inf") if line["limit"] is None else point - 1 - line["limit"]

    def check_order(states, values):
        """Worst first; values of None say nothing."""
        ranks = [STATES.index(s) for s in states]
        assert ranks == sorted(ranks), states
        for (s, a), (t, b) in zip(list(zip(states, values)), list(zip(states, values))[1:]):
            assert s != t or a is None or b is None or a >= b - 1e-9, (s, a, b)

    # --- text -----------------------------------------------------------------------------------
    text = read("text").split("\n")
    assert text[0] == sentence and text[1] == "", text[:2]
    assert not any(line.lstrip().startswith("::") for line in text)
    if lines:
        start = text.index("Line by line, the worst first") + 2
        rows = text[start + 1 : text.index("", start)]
        rows = [row for row in rows if not row.startswith("(")]
        assert len(rows) == min(len(lines), 60), len(rows)
        shown = [row.split()[0] for row in rows]
        assert shown == sorted((line["state"] for line in lines), key=STATES.index)[: len(rows)], shown
        cut = re.search(r"(\d+) more lines?,", "\n".join(text))
        assert (int(cut[1]) if cut else 0) == len(lines) - len(rows), cut
    grown = [(part, line) for line in lines for part in line["parts"] if part["head"] > part["base"]]
    assert bool(grown) == ("What grew" in text)
    if 0 < len(grown) <= 10:
        start = text.index("What grew") + 2
        assert len(text[start + 1 : text.index("", start)]) == len(grown)
    for line in lines:
        if line["state"] == "fail" and len(lines) < 20 and 0 < len(line["command"] or "") < 1000:
            assert "  " + line["command"] in text, line["command"][:100]

    # --- Markdown -------------------------------------------------------------------------------
    markdown = read("markdown")
    assert len(markdown.encode()) <= 1 << 20, len(markdown.encode())

    def plain(escaped):
        return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escaped)

    assert plain(markdown.split("\n")[2]) == sentence, markdown[:200]
    tables, in_table = [], False
    for line in markdown.split("\n"):
        if line.startswith("|"):
            fields = re.findall(r"((?:\\.|[^|\\])*)\|", line)[1:]
            if not in_table:
                tables.append([])
            tables[-1].append([plain(field.strip()) for field in fields])
            assert len(fields) == len(tables[-1][0]), line
        in_table = line.startswith("|")
    if lines:
        rows = tables[0][2:]
        assert tables[0][0][:3] == ["state", "tier", "cell"], tables[0][0]
        check_order([row[0] for row in rows], [None] * len(rows))
        cut = re.search(r"(\d+) more lines?,", markdown)
        assert (int(cut[1]) if cut else 0) == len(lines) - len(rows), (cut, len(rows))
        assert cut or collections.Counter(row[0] for row in rows) == counts
        # as many as there is room for
        assert not cut or len(markdown.encode()) > (1 << 20) * 0.75 or not rows, len(markdown.encode())
        flat = {(line["tier"], line["name"].replace("\n", " ").replace("\t", " ").strip()): line for line in lines}
        same_cell = collections.Counter(k[:2] for k in by_name)
        values = []
        for row in rows:
            line = flat.get((int(row[1]), row[2]))
            assert line or row[2].endswith("…"), row
            assert not line or same_cell[line["tier"], line["name"]] > 1 or line["state"] == row[0], row
            values.append(excess(line) if line else None)
        if len(flat) == len(lines):
            check_order([row[0] for row in rows], values)

    # --- JUnit ----------------------------------------------------------------------------------
    read("junit")
    root = xml.parse(folder / "junit").getroot()
    (suite,) = root.findall("testsuite")
    cases = suite.findall("testcase")
    found = collections.Counter()
    got = {}
    for case in cases:
        (tag, child) = next(((c.tag, c) for c in case), (None, None))
        assert len(case) <= 1
        if tag in ("failure", "error"):
            state = child.get("type")
            assert child.get("message").startswith(state + ": ") and tag == ("error" if state == "broken" else "failure")
        elif tag == "skipped":
            state = child.get("message").split(":")[0]
        else:
            state = child.text.split(":")[0] if tag else "pass"
            assert tag in (None, "system-out") and state in ("pass", "accepted"), (tag, state)
        found[state] += 1
        got[case.get("classname"), case.get("name")] = (state, child)
    assert found == counts, (found, counts)
    assert len(got) == len(cases) == len(lines)
    for (tier, name, metric), line in by_name.items():
        state, child = got[f"tier {tier}", f"{name}: {metric}"]
        assert state == line["state"], (name, state, line["state"])
        if state == "fail":
            if line["ratio"] and line["ratio"]["point"] is not None:
                number = float(re.match(r"ratio (\S+)", child.text)[1])
                assert abs(number - line["ratio"]["point"]) <= 1e-5 * number
                assert "limit " in child.text and ("[" in child.text or "exact" in child.text)
            if line["command"]:
                assert "to reproduce: " + line["command"] + "\n" in child.text, child.text
    for element in (root, suite):
        sums = [int(element.get(k)) for k in ("tests", "failures", "errors", "skipped")]
        undecided = counts["inconclusive"]
        wanted = [len(lines), counts["fail"] + (0 if passes else undecided), counts["broken"]]
        assert sums == wanted + [counts["skipped"] + (undecided if passes else 0)], sums
    properties = [(p.get("name"), p.get("value")) for p in suite.find("properties")]
    assert ("verdict", sentence) in properties and ("status", str(status)) in properties
    assert [p for p in properties if p[0].startswith("class.")] == [("class." + f["key"], f["value"]) for f in whole["class"]]
    for side in ("base", "head"):
        for key, value in whole[side].items():
            assert value is None or (f"{side}.{key}", value) in properties

    # --- annotations ----------------------------------------------------------------------------
    kinds = {"broken": "error", "fail": "error", "inconclusive": "warning", "accepted": "notice", "skipped": "notice"}
    seen, annotated, said_more = collections.Counter(), collections.Counter(), {}
    for n, line in enumerate(read("github").split("\n")[:-1]):
        found = re.fullmatch(r"::(error|warning|notice) title=([^:,]*)::(.*)", line)
        assert found, line
        kind, title, message = found[1], *(re.sub("%(..)", lambda c: chr(int(c[1], 16)), t) for t in found.groups()[1:])
        assert not re.search("%(?!25|0A|0D|3A|2C)", found[2] + found[3]), line
        seen[kind] += 1
        if n == 0:
            assert (title, message) == ("gate", sentence), line
            wanted = "error" if status not in (0, 77) else "notice" if verdict in ("pass", "skipped") else "warning"
            assert kind == wanted, line
        elif title == "gate":
            said_more[kind] = int(message.split()[0])
        else:
            state, place = title.split(": ", 1)
            assert kind == kinds[state], line
            annotated[kind] += 1
            assert any(l["state"] == state and place == f"tier {t}, {name}: {m}" for (t, name, m), l in by_name.items()) or len(title) > 1000, title
    assert all(n <= 10 for n in seen.values()), seen
    for kind in ("error", "warning", "notice"):
        total = sum(counts[s] for s in kinds if kinds[s] == kind)
        assert annotated[kind] + said_more.get(kind, 0) == total, (kind, annotated, said_more, total)

    # --- github-action-benchmark ----------------------------------------------------------------
    entries = json.loads(read("benchmark-json"), parse_constant=lambda word: sys.exit(f"{word} is no JSON"))
    names = [e["name"] for e in entries]
    assert len(set(names)) == len(names)
    for e in entries:
        assert set(e) <= {"name", "unit", "value", "range", "extra"} and isinstance(e["value"], (int, float)), e
        assert all(isinstance(e[k], str) for k in ("name", "unit", "extra")) and isinstance(e.get("range", ""), str)
    for state in ("broken", "fail", "inconclusive", "skipped"):
        (e,) = [e for e in entries if e["name"] == f"gate, {state}"]
        assert e["value"] == counts[state] and e["extra"] == sentence and e["unit"] == "lines"
    valued = {f"tier {t}, {n}: {m}": l for (t, n, m), l in by_name.items() if l["head"] is not None or (l["ratio"] and l["ratio"]["point"] is not None)}
    assert set(valued) == set(names[4:])
    for e in entries[4:]:
        line = valued[e["name"]]
        assert e["value"] == (line["head"] if line["head"] is not None else line["ratio"]["point"])
        assert e["extra"].startswith(line["state"] + ": ")
        assert ("range" in e) == bool(line["ratio"] and line["ratio"]["n"] > 1)

    # --- Go's benchmark format ------------------------------------------------------------------
    stat = read("benchstat").split("\n")
    assert stat[0] == "# " + sentence
    values, units, without = collections.defaultdict(list), {}, 0
    for line in stat[1:-1]:
        if line.startswith("# "):
            without += line.startswith("# without values: ")
        elif line.startswith("Unit "):
            fields = line.split()
            assert fields[1] not in units and fields[2] == "better=lower", line
            units[fields[1]] = fields[3:]
        else:
            found = re.fullmatch(r"Benchmark([^a-z/ ][!-.0-~]*)/tier=([0-3])/lib=(base|head) 1 (\S+) ([!-~]+)", line)
            assert found and found[5] in units, line
            values[found[1], int(found[2]), found[5], found[3]].append(float(found[4]))

    def go_name(cell):
        def code(text):
            if re.fullmatch(r"[A-Za-z0-9._:=,+@-]*", text):
                return text
            return "".join(c if re.match(r"[A-Za-z0-9._:=,+@-]", c) else "".join(f"%{b:02X}" for b in c.encode()) for c in text)

        first = cell[:1].upper() if re.match("[a-z]", cell) else "".join(f"%{b:02X}" for b in cell[:1].encode())
        return first + code(cell[1:])

    endings = {"count": "", "bytes": "-bytes", "byte_events": "-byte-events", "ns": "-ns/op"}
    sampled = {(l["metric"], l["unit"]) for l in lines if l["pairs"] or (l["ratio"] or {"n": 1})["n"] > 1}
    for (tier, name, metric), line in by_name.items():
        unit = "ns/op" if (metric, line["unit"]) == ("cpu_ns", "ns") else go_name("X" + metric)[3:] + endings[line["unit"]]
        pairs = line["pairs"] or ([[line["base"], line["head"]]] if None not in (line["base"], line["head"]) else [])
        for i, side in enumerate(("base", "head")):
            got = values.pop((go_name(name), tier, unit, side), [])
            assert got == [p[i] for p in pairs], (name, got)
        without -= not pairs
        assert units[unit] == ([] if (metric, line["unit"]) in sampled else ["assume=exact"])
    assert not values and without == 0, (values, without)

    # --- OpenMetrics ----------------------------------------------------------------------------
    metrics = read("openmetrics")
    assert metrics.endswith("\n# EOF\n")
    families, samples, family = {}, {}, None
    for line in metrics.split("\n")[:-2]:
        about = re.fullmatch(r"# (TYPE|UNIT|HELP) ([a-z_]+) (.+)", line)
        if about:
            if about[1] == "TYPE":
                family = about[2]
                assert family not in families and about[3] == "gauge", line
                families[family] = {}
            assert about[2] == family and about[1] not in families[family], line
            assert about[1] != "UNIT" or family.endswith("_" + about[3]), line
            families[family][about[1]] = about[3]
        else:
            found = re.fullmatch(r'([a-z_]+)(?:\{((?:[a-z]+="(?:\\[n"\\]|[^"\\])*",?)*)\})? (\S+)', line)
            assert found and found[1] == family and (not found[2] or not found[2].endswith(",")), line
            labels = re.findall(r'([a-z]+)="((?:\\.|[^"\\])*)"', found[2] or "")
            labels = tuple((k, re.sub(r"\\(.)", lambda c: {"n": "\n"}.get(c[1], c[1]), v)) for k, v in labels)
            assert (family, labels) not in samples, line
            samples[family, labels] = float(found[3])
    assert all("HELP" in f for f in families.values())

    def sample(name, **labels):
        return samples.pop(("ashlar_gate_" + name, tuple(labels.items())), None)

    for s in STATES:
        assert sample("lines", state=s) == counts[s]
        assert s == "accepted" or sample("verdict", verdict=s) == (s == verdict)
    assert sample("exit_status") == status
    sample("duration_seconds")
    for i, field in enumerate(whole["class"]):
        assert sample("class", number=str(i), **field) == 1

    def same(got, wanted):
        """What JSON has no number for may be infinite here."""
        assert got is None or got in (float("inf"), float("-inf")) if wanted is None else got is not None and abs(got - wanted) <= 1e-12 * abs(wanted), (got, wanted)

    suffix = {"count": "", "bytes": "_bytes", "byte_events": "_byte_events", "ns": "_seconds"}
    for (tier, name, metric), line in by_name.items():
        key = {"tier": str(tier), "cell": name, "metric": metric}
        assert sample("line_state", **key, state=line["state"]) == 1
        ratio = line["ratio"] or {"point": None, "low": None, "high": None}
        for which, value in (("ratio", "point"), ("low_ratio", "low"), ("high_ratio", "high")):
            same(sample(which, **key), ratio[value])
        for which in ("limit", "smallest_effect"):
            same(sample(which.split("_")[0] + "_ratio", **key), None if line[which] is None else 1 + line[which])
        for side in ("base", "head"):
            scale = 1e-9 if line["unit"] == "ns" else 1
            same(sample("amount" + suffix[line["unit"]], **key, side=side), None if line[side] is None else line[side] * scale)
    assert not samples, list(samples)[:3]
    if read_metrics and len(metrics) < 1 << 20:  # it takes its time
        theirs = list(read_metrics(metrics))
        assert {f.name for f in theirs} == set(families) and sum(len(f.samples) for f in theirs) > 10
        (of_lines,) = [f for f in theirs if f.name == "ashlar_gate_line_state"]
        assert collections.Counter(s.labels["state"] for s in of_lines.samples) == counts
        assert {(int(s.labels["tier"]), s.labels["cell"], s.labels["metric"]) for s in of_lines.samples} == set(by_name)
    print(f"{sentence}; {len(tables)} tables, {len(metrics)} bytes of metrics")


wanted = json.load(open(sys.argv[1], encoding="utf-8"))
for name in sys.argv[2:]:
    print(name, flush=True)
    check(Path(name), wanted)
