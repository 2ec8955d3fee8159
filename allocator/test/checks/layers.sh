# The rooms of allocator/, harness/ and workloads/ keep their order, proved twice: in the
# sources (what a file includes) and in the objects (what it calls, whatever the headers say).
#
# The order is read from the tables "folder | ... | may include" in the README of each top:
# a file may use its own room and the rooms named there, `.. X` meaning every room of the table
# from the first to X.  Beyond the order, no files of the tree may know each other in a circle;
# the exceptions are the tables "files | reason" in the same READMEs.
. "$top_srcdir/allocator/test/support/lib.sh"
make_tmp
tops='allocator harness workloads'
nm=${NM:-nm}
# Loaded by LD_PRELOAD, or the library with the plain names: what they define (malloc, fork) is
# not what a call elsewhere in the tree means.
apart='libashlar_la libashlar_null_la libashlar_probe_la libashlar_record_la libashlar_still_la'

# Lines "room R: may use S" and "circle A B ...", from the README of one top.
read_table() { # SOURCE-FOLDER TOP
	"${AWK:-awk}" -F'|' -v top="$2" '
		function plain(s) { gsub(/[`*\/,]|\[|\]\([^)]*\)/, " ", s); gsub(/ +/, " ", s); sub(/^ /, "", s); sub(/ $/, "", s); return s }
		/^\|/ && /may include/ { for (i = 1; i <= NF; i++) if ($i ~ /may include/) column = i; next }
		/^\| *files *\| *reason/ { circles = 1; next }
		!/^\|/ { column = 0; circles = 0; next }
		/^\|[-| :]*$/ { next }
		circles { gsub(/[`,]/, " ", $2); line = ""; n = split($2, f, " "); for (i = 1; i <= n; i++) line = line " " top "/" f[i]; print "circle" line; next }
		column {
			room = plain($2); order[++rooms] = room
			cell = $column; gsub(/[`,]/, " ", cell)
			print "may " top "/" room " " top "/" room
			n = split(cell, w, " ")
			for (i = 1; i <= n; i++) {
				if (w[i] == "..") {
					to = w[++i]
					for (j = 1; j <= rooms; j++) { print "may " top "/" room " " top "/" order[j]; if (order[j] == to) break }
				} else if (w[i] == "all") {
					for (j = 1; j < rooms; j++) print "may " top "/" room " " top "/" order[j]
				} else if (w[i] ~ /\//) print "may " top "/" room " " w[i]
				else if (w[i] != "libc") print "may " top "/" room " " top "/" w[i]
			}
		}' "$1/$2/README.md"
}

# Lines "FROM-FILE TO-FILE includes", paths relative to the source folder.
read_includes() { # SOURCE-FOLDER
	for top in $tops; do
		find "$1/$top" -name test -prune -o -name '*.[ch]' -print 2>/dev/null
	done | sort >"$tmp/sources"
	tr '\n' '\0' <"$tmp/sources" | xargs -0 "${AWK:-awk}" -v root="$1/" -v list="$tmp/sources" '
		BEGIN { while ((getline line < list) > 0) known[substr(line, length(root) + 1)] = 1 }
		/^[ \t]*#[ \t]*include[ \t]*["<]/ {
			own = substr(FILENAME, length(root) + 1)
			split($0, part, /["<>]/)
			to = part[2]
			if (to in known) ;
			else if (("allocator/" to) in known) to = "allocator/" to
			else if (to ~ /^ashlar\//) to = "allocator/include/" to
			else if ($0 ~ /"/) { print own, to, "lost"; next }
			else next
			print own, to, "includes"
		}'
}

# The objects of the tree as lines "UNIT SOURCE OBJECT"; those of sources that are gone are
# left over from an older build.
read_objects() { # SOURCE-FOLDER BUILD-FOLDER
	for top in $tops; do
		find "$2/$top" -name test -prune -o -path '*/.libs/*' -prune -o -name '*.o' -print 2>/dev/null
	done | sort | while read -r object; do
		name=${object##*/}
		folder=${object%/*}
		unit=${name%-*}
		source=${folder#"$2"/}/${name##*-}
		source=${source%.o}.c
		if [ ! -e "$1/$source" ]; then source=${source%.c}.cc; fi
		[ -e "$1/$source" ] || continue
		[ ! -e "$folder/.libs/$name" ] || object=$folder/.libs/$name
		echo "$unit $source $object"
	done
}

# From such lines "FROM-FILE TO-FILE calls NAME", and "FROM-FILE NAME lost" for a name of ours
# that nobody defines.
read_calls() {
	while read -r unit source object; do
		$nm -P "$object" | sed "s|^|$unit $source |"
	done | "${AWK:-awk}" -v apart=" $apart " '
		# lower-case types are local to their object, but u, v and w are not
		$4 ~ /^[A-TX-Zuvw]$/ && !(($4 == "w" || $4 == "v") && NF < 5) {
			inside[$1, $3] = $2
			if (!index(apart, " " $1 " ")) defined[$3] = $2
			next
		}
		$4 ~ /^[Uwv]$/ { n++; unit[n] = $1; from[n] = $2; name[n] = $3 }
		END {
			for (i = 1; i <= n; i++) {
				if ((unit[i], name[i]) in inside) to = inside[unit[i], name[i]]
				else if (name[i] in defined) to = defined[name[i]]
				else { if (name[i] ~ /^ash_/) print from[i], name[i], "lost"; continue }
				if (to != from[i]) print from[i], to, "calls", name[i]
			}
		}'
}

# Edges on stdin against a table: what points where it may not.
judge_order() { # TABLE
	"${AWK:-awk}" '
		function room(file,  part) { split(file, part, "/"); return part[1] "/" part[2] }
		FILENAME != "-" { if ($1 == "may") { may[$2, $3] = 1; known[$2] = 1 } next }
		{ seen++ }
		$3 == "lost" { print $1 ": " $2 " is nowhere"; next }
		{
			own = room($1); to = room($2)
			if (!(own in known)) { if (!told[own]++) print own ": in no table"; next }
			if ((own, to) in may) next
			line = $1 " " $3 " " ($3 == "calls" ? $4 " of " : "") $2
			if (!told[line]++) print line
		}
		END { print "looked at " seen + 0 }' "$1" -
}

# Edges on stdin: circles of files that the table does not list.  A file is a .c and its .h.
judge_circles() { # TABLE
	"${AWK:-awk}" '
		function stem(file) { sub(/\.[a-z]*$/, "", file); return file }
		# who can be reached from `start` among those that are left
		function reach(start,  queue, head, tail, f, i, m, part) {
			delete reached
			queue[tail = 1] = start
			for (head = 1; head <= tail; head++) {
				m = split(out[queue[head]], part, " ")
				for (i = 1; i <= m; i++)
					if (left[f = part[i]] && !reached[f]) { reached[f] = 1; queue[++tail] = f }
			}
		}
		FILENAME != "-" { if ($1 == "circle") { lists++; for (i = 2; i <= NF; i++) listed[lists, $i] = 1 } next }
		$3 == "lost" { next }
		{
			a = stem($1); b = stem($2); seen++
			if (a == b || edge[a, b]++) next
			for (l = 1; l <= lists; l++) if (listed[l, a] && listed[l, b]) next
			out[a] = out[a] " " b; into[b] = into[b] " " a
			left[a] = left[b] = 1; outs[a]++; ins[b]++
		}
		END {
			do { # who calls nobody that is left, or is called by nobody, is in no circle
				gone = 0
				for (f in left) if (left[f] && (!outs[f] || !ins[f])) {
					left[f] = 0; gone++
					m = split(out[f], part, " "); for (i = 1; i <= m; i++) ins[part[i]]--
					m = split(into[f], part, " "); for (i = 1; i <= m; i++) outs[part[i]]--
				}
			} while (gone)
			for (f in left) if (left[f]) { reach(f); for (g in reached) to[f, g] = 1 }
			for (f in left) if (left[f] && to[f, f] && !done[f]) {
				line = f
				done[f] = 1
				for (g in left) if (g != f && to[f, g] && to[g, f]) { line = line " " g; done[g] = 1 }
				print "circle: " line
			}
			print "looked at " seen + 0
		}' "$1" -
}

judge() { # REPORT LEAST NAME: nothing wrong, and enough looked at
	count=$(sed -n 's/^looked at //p' "$1")
	grep -v '^looked at ' "$1" >"$tmp/wrong"
	note_file "$tmp/wrong"
	[ ! -s "$tmp/wrong" ] && [ "${count:-0}" -ge "$2" ]
	verdict $? "$3 ($count looked at)"
}

for top in $tops; do read_table "$top_srcdir" "$top"; done >"$tmp/table"
[ "$(grep -c '^may' "$tmp/table")" -ge 100 ]
verdict $? "the tables of the three READMEs are found"
for top in $tops; do
	for room in "$top_srcdir/$top"/*/; do
		room=${room%/}
		name=$top/${room##*/}
		[ "${room##*/}" != test ] && [ -n "$(find "$room" -maxdepth 1 -name '*.[ch]')" ] || continue
		grep -q "^may $name " "$tmp/table" || echo "$name"
	done
done >"$tmp/unnamed"
note_file "$tmp/unnamed"
verdict $(($(wc -l <"$tmp/unnamed") != 0)) "every folder with sources is a row of a table"

read_includes "$top_srcdir" >"$tmp/includes"
judge_order "$tmp/table" <"$tmp/includes" >"$tmp/report"
judge "$tmp/report" 500 "no include points to a room that it may not use"

read_objects "$top_srcdir" "$top_builddir" >"$tmp/objects"
# Every source that is compiled at all has its object, else its calls went unseen.  In a sanitizer's
# build nothing has malloc's names.
plain='interpose|cxx|no_interpose'
[ "${ASH_SANITIZER:-no}" = no ] || plain="$plain|deepbind|behind|forms"
for top in $tops; do
	[ "$top" = allocator ] || [ -e "$top_builddir/ashlar-bench" ] || continue
	find "$top_srcdir/$top" -name test -prune -o -name '*.c' -print
done | sed "s|^$top_srcdir/||" | sort >"$tmp/compiled"
awk '{ print $2 }' "$tmp/objects" | sort -u | comm -23 "$tmp/compiled" - |
	grep -vE "/($plain)\.c$" >"$tmp/unseen" # one or the other
note_file "$tmp/unseen"
verdict $(($(wc -l <"$tmp/unseen") != 0)) "every source has its object"
read_calls <"$tmp/objects" >"$tmp/calls"
judge_order "$tmp/table" <"$tmp/calls" >"$tmp/report"
judge "$tmp/report" 500 "no call points to a room that it may not use"
cat "$tmp/includes" "$tmp/calls" | judge_circles "$tmp/table" >"$tmp/report"
judge "$tmp/report" 1000 "no files know each other in a circle but those listed"

# --- these checks can fail --------------------------------------------------------------
plant=$tmp/planted
mkdir -p "$plant/allocator/low" "$plant/allocator/high" "$plant/build/allocator/low" "$plant/build/allocator/high"
cat >"$plant/allocator/README.md" <<'END'
| folder | may include |
|---|---|
| `low/` | libc |
| `high/` | .. low |

| files | reason |
|---|---|
| `high/two` `high/other` | halves of one |
END
cat >"$plant/allocator/low/one.c" <<'END'
#include "high/two.h"
#include "lost.h"
int ash_one(void);
int ash_one(void) { return ash_two() + 1; }
END
printf '#include "low/one.h"\nint ash_two(void);\n' >"$plant/allocator/high/two.h"
echo 'int ash_one(void);' >"$plant/allocator/low/one.h"
cat >"$plant/allocator/high/two.c" <<'END'
#include "high/two.h"
int ash_missing(void);
int ash_two(void) { return 1 + ash_missing(); }
END
printf '#include "high/two.h"\nint ash_other(void);int ash_other(void) { return ash_two(); }\n' >"$plant/allocator/high/other.c"
printf '#include "high/other.h"\n' >>"$plant/allocator/high/two.c"
echo 'int ash_other(void);' >"$plant/allocator/high/other.h"
read_table "$plant" allocator >"$tmp/planted_table"
tops=allocator
read_includes "$plant" >"$tmp/planted_includes"
judge_order "$tmp/planted_table" <"$tmp/planted_includes" >"$tmp/report"
grep -qx 'allocator/low/one.c includes allocator/high/two.h' "$tmp/report" &&
	grep -qx 'allocator/low/one.c: lost.h is nowhere' "$tmp/report" && [ "$(wc -l <"$tmp/report")" -eq 3 ]
result=$?
note_file "$tmp/report"
verdict $result "a planted include upward is found"
for file in low/one high/two high/other; do
	sed '/#include/d' "$plant/allocator/$file.c" | ${CC:-cc} -include "$plant/allocator/high/two.h" \
		-I"$plant/allocator" -c -o "$plant/build/allocator/${file%/*}/libx_la-${file#*/}.o" -x c -
done
read_objects "$plant" "$plant/build" | read_calls >"$tmp/planted_calls"
judge_order "$tmp/planted_table" <"$tmp/planted_calls" >"$tmp/report"
grep -qx 'allocator/low/one.c calls ash_two of allocator/high/two.c' "$tmp/report" &&
	grep -qx 'allocator/high/two.c: ash_missing is nowhere' "$tmp/report" && [ "$(wc -l <"$tmp/report")" -eq 3 ]
result=$?
note_file "$tmp/report"
verdict $result "a planted call upward is found"
cat "$tmp/planted_includes" "$tmp/planted_calls" | judge_circles "$tmp/planted_table" >"$tmp/report"
grep -qE '^circle: allocator/(low/one allocator/high/two|high/two allocator/low/one)$' "$tmp/report" &&
	[ "$(wc -l <"$tmp/report")" -eq 2 ]
result=$?
note_file "$tmp/report"
verdict $result "a planted circle is found, and a listed one is not"
sed 's/^circle/none/' "$tmp/planted_table" >"$tmp/planted_strict"
cat "$tmp/planted_includes" "$tmp/planted_calls" | judge_circles "$tmp/planted_strict" >"$tmp/report"
grep -q 'allocator/high/other' "$tmp/report"
verdict $? "without its row in the list that circle is found, too"
finish
