# The layers of harness/README.md hold: no file includes one of a layer above its own,
# none includes the allocator, and each is named in one of the two tables.
room=$top_srcdir/harness
count=0
failed=
ok() {
	count=$((count + 1))
	if [ -z "$2" ]; then echo "ok $count - $1"; else
		echo "not ok $count - $1"
		echo "$2" | sed 's/^/# /'
	fi
}

# noun -> layer; the report side stands beside the run side, below the verbs.
table=$(awk -F'|' '
	/^\| [1-7] / { layer = substr($2, 2, 1); list = $3 }
	/^\| `/ { layer = 0; list = $2 }
	list { gsub(/[` ]+/, " ", list); n = split(list, nouns, " ")
		for (i = 1; i <= n; i++) if (nouns[i] != "") print nouns[i], layer; list = "" }
' "$room/README.md")
[ "$(echo "$table" | grep -c .)" -ge 30 ] || failed="the tables of harness/README.md were not found"
ok "the README names the files" "$failed"

unnamed=
for f in "$room"/*.[ch]; do
	noun=$(basename "$f" | sed 's/\.[ch]$//')
	echo "$table" | grep -q "^$noun " || unnamed="$unnamed $noun"
done
ok "every file is in a table" "${unnamed:+not in a table:$unnamed}"

upward=$(for f in "$room"/*.[ch]; do
	noun=$(basename "$f" | sed 's/\.[ch]$//')
	own=$(echo "$table" | awk -v n="$noun" '$1 == n { print $2 }')
	sed -n 's|^#include "harness/\([a-z0-9_]*\)\.h".*|\1|p' "$f" | while read -r other; do
		layer=$(echo "$table" | awk -v n="$other" '$1 == n { print $2 }')
		if [ "${layer:-9}" -gt "${own:-9}" ] && [ "$own" != 0 ]; then
			echo "$noun (layer $own) includes $other (layer $layer)"
		elif [ "$own" = 0 ] && [ "${layer:-9}" -gt 2 ]; then
			echo "$noun (report side) includes $other (layer $layer)"
		elif [ "${layer:-9}" = 0 ] && [ "$own" != 0 ] && [ "$own" -lt 6 ]; then
			echo "$noun (layer $own) includes $other (report side)"
		fi
	done
done)
ok "no include goes upward" "$upward"

foreign=$(grep -nE '#include "(allocator/|ashlar|api/|cache/|meta/|slab/|page/|os/|util/)' "$room"/*.[ch] "$room"/probe/*.c)
ok "nothing of the allocator is included" "$foreign"

rooms=$(grep -hoE '#include "[a-z_0-9]+/' "$room"/*.[ch] "$room"/probe/*.c | sort -u | grep -vE '"(harness|workloads)/')
ok "only this room and workloads are" "$rooms"
echo "1..$count"
