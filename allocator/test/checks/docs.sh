# The documents: lines that fit, links that lead somewhere, and paths that are there.
. "$top_srcdir/allocator/test/support/lib.sh"
make_tmp
awk=${AWK:-awk}

pages() { # FOLDER: its .md files that are under version control, or in the tarball
	(
		cd "$1" || exit 99
		if [ -e .git ] && have git && git ls-files >/dev/null 2>&1; then
			git ls-files -- '*.md'
		else
			find . -name '*.md' -type f | sed 's|^\./||'
		fi
	) | sort
}

# Lines of more than 100 characters: of the pages all, of the lab's notes all but tables.
too_wide() { # FOLDER
	for page in "$1"/*.md "$1"/lab/*.md; do
		[ -e "$page" ] || continue
		case $page in */lab/*) tables=1 ;; *) tables=0 ;; esac
		"$awk" -v tables=$tables '
			{ line = $0; gsub(/[\200-\277]/, "", line) } # UTF-8: one byte a character is left
			length(line) > 100 && !(tables && /^\|/) { print FILENAME ":" FNR ": " length(line) }' "$page"
	done
}

links() { # FILE: its relative links, each with its line
	"$awk" '
		/^```/ { code = !code }
		code { next }
		{
			line = $0
			while (match(line, /\]\([^) ]+\)/)) {
				print FNR, substr(line, RSTART + 2, RLENGTH - 3)
				line = substr(line, RSTART + RLENGTH)
			}
		}' "$1" | grep -vE ' (https?|mailto):'
}

anchors() { # FILE: what its headings can be linked by
	"$awk" '
		/^```/ { code = !code }
		!code && /^#+ / {
			sub(/^#+ +/, "")
			$0 = tolower($0)
			gsub(/[^a-z0-9_ -]/, "")
			gsub(/ /, "-")
			print
		}' "$1"
}

# Files on stdin; prints the links that lead nowhere, and last how many it looked at.
dead_links() { # FOLDER
	seen=0
	while read -r page; do
		links "$1/$page" >"$tmp/links"
		while read -r line link; do
			seen=$((seen + 1))
			case $page in */*) folder=${page%/*}/ ;; *) folder= ;; esac
			path=${link%%#*}
			target=$1/$folder$path
			[ -n "$path" ] || target=$1/$page
			if [ ! -e "$target" ]; then
				echo "$page:$line: $link"
			else
				case $link in
				*'#'*) anchors "$target" | grep -qxF -- "${link#*#}" || echo "$page:$line: $link" ;;
				esac
			fi
		done <"$tmp/links"
	done
	echo "looked at $seen"
}

# The paths that lists and tables of CONTRIBUTING.md name, one a line.
listed_paths() { # FILE
	grep -E '^([*|-]|[0-9]+\.) ' "$1" | grep -oE '`[^` ]*/[^` ]*`' | tr -d '`' | sort -u
}
dead_paths() { # FOLDER: of those on stdin
	while read -r path; do
		[ -e "$1/$path" ] || echo "$path"
	done
}

far_ideas() { # FOLDER: of paths on stdin, those that README.md does not lead to in two steps
	while read -r path; do
		case $path in
		*/*/*[!/]) ;; # ROOM/FOLDER/FILE
		*) continue ;;
		esac
		room=${path%%/*} file=${path##*/}
		folder=${path#*/}
		folder=${folder%%/*}
		{
			grep -qF "($room/README.md)" "$1/README.md" &&
				grep -qF "$folder/" "$1/$room/README.md" &&
				cat "$1/$room/README.md" "$1/$room/$folder/README.md" 2>"$tmp/none" | grep -qF "$file"
		} || echo "$path"
	done
}

too_wide "$top_srcdir/allocator/doc" >"$tmp/found"
note_file "$tmp/found"
count=$(cd "$top_srcdir/allocator/doc" && ls -- *.md lab/*.md | wc -l)
[ ! -s "$tmp/found" ] && [ "$count" -ge 12 ]
verdict $? "no line of allocator/doc/ has more than 100 columns ($count pages)"

# Whoever has the tarball has not the sets of results that stayed in the repository.
pages "$top_srcdir" >"$tmp/pages"
dead_links "$top_srcdir" <"$tmp/pages" >"$tmp/report"
count=$(sed -n 's/^looked at //p' "$tmp/report")
grep -v '^looked at ' "$tmp/report" >"$tmp/found"
if [ ! -e "$top_srcdir/.git" ]; then
	grep -v ': results/' "$tmp/found" >"$tmp/others"
	mv "$tmp/others" "$tmp/found"
fi
note_file "$tmp/found"
[ ! -s "$tmp/found" ] && [ "$count" -ge 40 ]
verdict $? "every relative link leads somewhere ($count links of $(wc -l <"$tmp/pages") pages)"

listed_paths "$top_srcdir/CONTRIBUTING.md" >"$tmp/paths"
dead_paths "$top_srcdir" <"$tmp/paths" >"$tmp/found"
note_file "$tmp/found"
[ ! -s "$tmp/found" ] && [ "$(wc -l <"$tmp/paths")" -ge 15 ]
verdict $? "every path that a list of CONTRIBUTING.md names is there ($(wc -l <"$tmp/paths"))"

far_ideas "$top_srcdir" <"$tmp/paths" >"$tmp/found"
note_file "$tmp/found"
[ ! -s "$tmp/found" ]
verdict $? "README.md leads to each of them in two steps"

# Each page is listed for the tarball.
missing=
for page in "$top_srcdir"/allocator/doc/*.md "$top_srcdir"/allocator/doc/lab/*.md; do
	grep -qF "%D%/doc/${page#"$top_srcdir/allocator/doc/"}" "$top_srcdir/allocator/Makefile.inc" ||
		missing="$missing ${page##*/}"
done
[ -z "$missing" ]
verdict $? "every page of allocator/doc/ is in EXTRA_DIST${missing:+; missing:$missing}"

# Each of these finds what it is for.
mkdir -p "$tmp/planted/lab"
long=$(printf '%0101d' 0)
fits=$(printf '%099d' 0)µ
printf '%s\n%s\n| %s |\n' "$fits" "$long" "$long" >"$tmp/planted/page.md"
printf '%s\n| %s |\n' "$long" "$long" >"$tmp/planted/lab/note.md"
too_wide "$tmp/planted" >"$tmp/found"
[ "$(sed "s|$tmp/planted/||; s/: .*//" "$tmp/found" | tr '\n' ' ')" = 'page.md:2 page.md:3 lab/note.md:1 ' ]
result=$?
[ $result -eq 0 ] || note_file "$tmp/found"
verdict $result "planted lines that are too wide are found, and only those"

cat >"$tmp/planted/page.md" <<'end'
# A page, with `code` in its heading
[a](lab/note.md) and [b](lab/gone.md), [c](lab/note.md#a-part) and [d](lab/note.md#no-part)
[e](https://example.org/x), [f](#a-page-with-code-in-its-heading), [g](#elsewhere)
```
[h](in/code.md)
```
end
printf '# Note\n## A part\n[up](../page.md)\n' >"$tmp/planted/lab/note.md"
printf 'lab/note.md\npage.md\n' | dead_links "$tmp/planted" >"$tmp/found"
[ "$(tr '\n' ';' <"$tmp/found")" = 'page.md:2: lab/gone.md;page.md:2: lab/note.md#no-part;page.md:3: #elsewhere;looked at 7;' ]
result=$?
[ $result -eq 0 ] || note_file "$tmp/found"
verdict $result "planted links that lead nowhere are found, and only those"

printf 'See `x/y.c`.\n* one: `page.md`, `lab/note.md`\n* two: `lab/gone.md`, `make it`\n' >"$tmp/planted/CONTRIBUTING.md"
listed_paths "$tmp/planted/CONTRIBUTING.md" | dead_paths "$tmp/planted" >"$tmp/found"
[ "$(cat "$tmp/found")" = lab/gone.md ]
result=$?
[ $result -eq 0 ] || note_file "$tmp/found"
verdict $result "a planted path that is not there is found, and only that"

mkdir -p "$tmp/planted/room/one" "$tmp/planted/room/two"
echo '[room](room/README.md)' >"$tmp/planted/README.md"
echo 'one/ begins with a.h; two/ has its own list' >"$tmp/planted/room/README.md"
echo 'b.h' >"$tmp/planted/room/two/README.md"
printf 'room/%s\n' one/a.h one/b.h two/b.h three/a.h | far_ideas "$tmp/planted" >"$tmp/found"
[ "$(tr '\n' ' ' <"$tmp/found")" = 'room/one/b.h room/three/a.h ' ]
result=$?
[ $result -eq 0 ] || note_file "$tmp/found"
verdict $result "planted paths that no README leads to are found, and only those"
finish
