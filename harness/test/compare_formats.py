"""Whether report.md says what report.html says: the same sections, paragraphs, lists, tables
(field by field) and figures, in the same order.

    compare_formats.py DIR [MARKDOWN]

Both are read into one form, a list of (kind, text) and ("table", rows).  What a page has as
colour, size or place is not compared; the reasons behind the holes of a table are, and what is
grey as it is not certain.
"""
import re
import sys
from html.parser import HTMLParser
from pathlib import Path


class Page(HTMLParser):
    """The body of the page in that form."""

    texts = {"h1", "h2", "h3", "p", "li", "pre", "figcaption", "caption"}

    def __init__(self):
        super().__init__()
        self.blocks, self.text, self.row = [], None, None
        self.svg, self.figure = False, None

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "svg":
            self.svg = True
            self.blocks.append(("figure", f"report/{self.figure}.svg"))
        elif tag == "figure":
            self.figure = attributes["id"]
        elif tag == "table":
            self.blocks.append(("table", []))
        elif tag == "tr":
            self.row = []
        elif tag in ("td", "th") or tag in self.texts:
            self.text = ""
            self.note = attributes.get("title")
            self.unsure = "unsure" in (attributes.get("class") or "").split()
        elif tag == "br":
            self.text += "\n"

    def handle_endtag(self, tag):
        if tag == "svg":
            self.svg = False
        elif tag == "tr":
            self.blocks[-1][1].append(self.row)
        elif tag in ("td", "th"):
            text = self.text.removeprefix("■ ")
            self.row.append((text.strip(), self.note, self.unsure))
            self.text = None
        elif tag == "caption":  # in Markdown it stands before the table
            self.blocks.insert(-1, ("p", self.text))
            self.text = None
        elif tag in self.texts:
            self.blocks.append((tag, self.text))
            self.text = None

    def handle_data(self, data):
        if self.text is not None and not self.svg:
            self.text += data


def plain(text):
    """Inline Markdown as the text that a reader sees."""
    out, at = "", 0
    while at < len(text):
        if text[at] == "\\" and re.match(r"[!-/:-@[-`{-~]", text[at + 1 :]):
            out += text[at + 1]
            at += 2
        elif text[at] == "`":
            end = text.index("`", at + 1)
            out += text[at + 1 : end]
            at = end + 1
        elif text.startswith("**", at):
            at += 2
        elif text.startswith("<br>", at):
            out += "\n"
            at += 4
        elif text[at] == "[":
            found = re.match(r"\[`([^`]*)`\]\(([^)#]*)\)", text[at:])
            if found:
                assert found[1] == found[2], found[0]
                files.add(found[2])
                out += found[1]
                at += found.end()
                continue
            found = re.match(r'\[((?:\\.|[^\]\\])*)\]\(#([a-z0-9_-]+)(?: "((?:\\.|[^"\\])*)")?\)', text[at:])
            assert found, text[at : at + 80]
            out += plain(found[1])
            links.add(found[2])
            at += found.end()
        else:
            assert text[at] not in "*_|<>$~&" or (text[at] == "_" and text[at - 1].isalnum()), text
            out += text[at]
            at += 1
    return out


def cells(line):
    """The fields of a row; a pipe with an odd number of backslashes before it is text."""
    parts = re.findall(r"((?:\\.|[^|\\])*)\|", line)
    assert parts[0] == "" and line.endswith("|"), line
    row = []
    for part in parts[1:]:
        note = re.fullmatch(r'\[.*\]\(#.* "((?:\\.|[^"\\])*)"\)', part.strip())
        # what is grey on the page is emphasised here, before its note
        # what is best is bold, within that or alone
        unsure = re.match(r"\*(?:(?=\*\*)|(?!\*))((?:\\.|\*\*|[^*\\])*)\*(?!\*)", part.strip())
        text = unsure[1] + part.strip()[unsure.end() :] if unsure else part.strip()
        row.append((plain(text).strip(), plain(note[1]) if note else None, bool(unsure)))
    return row


def markdown(lines):
    """A file of Markdown in that form."""
    blocks, anchors = [], set()
    lines = iter(lines)
    for line in lines:
        line = line.removeprefix("> ")
        fence = re.match(r"`{3,}", line)
        heading = re.match(r"(#+) (.*)", line)
        if fence:
            text = []
            for line in lines:
                if line == fence[0]:
                    break
                text.append(line)
            blocks.append(("pre", "\n".join(text)))
        elif heading:
            blocks.append((f"h{len(heading[1])}", plain(heading[2])))
            anchors.add(re.sub(r"[^a-z0-9_-]", "", plain(heading[2]).lower().replace(" ", "-")))
        elif line.startswith("- "):
            blocks.append(("li", plain(line[2:])))
        elif line.startswith("!["):
            blocks.append(("figure", re.fullmatch(r"!\[.*\]\((.*)\)", line)[1]))
        elif line.startswith("|"):
            rows = [cells(line)]
            rule = next(lines)
            assert re.fullmatch(r"(\| (---|---:) )+\|", rule), rule
            assert rule.count("|") == len(rows[0]) + 1, rule
            for line in lines:
                if not line:
                    break
                rows.append(cells(line))
                assert len(rows[-1]) == len(rows[0]), line
            blocks.append(("table", rows))
        elif line.startswith("**Figure"):
            blocks.append(("figcaption", plain(line)))
        elif line:
            blocks.append(("p", plain(line)))
    assert links <= anchors, links - anchors
    return blocks


links, files = set(), set()
folder = Path(sys.argv[1])
source = Path(sys.argv[2]) if len(sys.argv) > 2 else folder / "report.md"
page = Page()
page.feed((folder / "report.html").read_text(encoding="utf-8"))
wanted = page.blocks
got = markdown(source.read_text(encoding="utf-8").split("\n"))
assert got[1][1].startswith("ashlar-bench: ") and " · " in got[2][1], got[1:3]
del got[1:3]  # the page has these two as its title and its navigation

for ours, theirs in zip(got, wanted):
    if ours != theirs:
        sys.exit(f"Markdown: {ours}\npage:     {theirs}")
if len(got) != len(wanted):
    sys.exit(f"{len(got)} blocks, the page has {len(wanted)}")
kinds = [kind for kind, _ in got]
for kind, least in (("table", 9), ("figcaption", 15), ("h2", 10), ("p", 15)):
    if kinds.count(kind) < least:
        sys.exit(f"only {kinds.count(kind)} of {kind}: the comparison saw next to nothing")
for kind, text in got:
    if kind == "figure" and not (folder / text).is_file():
        sys.exit(f"{text} is not there")
for name in files:
    if not (folder / name).exists():
        sys.exit(f"{name} is not there")
if len(files) < 40:
    sys.exit(f"only {len(files)} links to files")
print(f"{len(got)} blocks, {kinds.count('table')} tables, {kinds.count('figure')} figures")
