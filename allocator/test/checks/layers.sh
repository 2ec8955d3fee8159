# The order of the layers, checked twice: in the sources (an #include that points
# upward) and in the objects (a call that does, whatever the headers say).
#
#	util < os < meta < page < slab < cache < api
#
# Among the rooms: harness may include workloads/ and itself, workloads only itself.
. "$top_srcdir/allocator/test/support/lib.sh"
make_tmp
layers='util os meta conf page slab cache reclaim front api'
nm=${NM:-nm}

# Includes of the layers below a folder `allocator`; prints what is wrong, and last how
# many includes it looked at.
check_includes() { # FOLDER
	for layer in $layers; do
		find "$1/$layer" -name '*.[ch]' 2>/dev/null
	done | sort | tr '\n' '\0' | xargs -0 "${AWK:-awk}" -v top="$1/" -v order="$layers" '
		BEGIN { n = split(order, name, " "); for (i = 1; i <= n; i++) rank[name[i]] = i }
		FNR == 1 { own = substr(FILENAME, length(top) + 1); sub(/\/.*/, "", own) }
		/^[ \t]*#[ \t]*include[ \t]*"/ {
			seen++
			split($0, part, "\"")
			to = part[2]
			if (!sub(/\/.*/, "", to)) to = "(no folder)"
			if (!(to in rank)) print FILENAME ":" FNR ": " part[2] " names no layer"
			else if (rank[to] > rank[own]) print FILENAME ":" FNR ": " own " includes " part[2]
		}
		/^[ \t]*#[ \t]*include[ \t]*<ashlar\// {
			seen++
			if (own != "api") print FILENAME ":" FNR ": " own " includes the public header"
		}
		END { print "looked at " seen + 0 }'
}

# Lines "LAYER OBJECT" on stdin; prints calls that point upward, names of ours that
# nobody defines, and last how many references it looked at.
check_calls() {
	while read -r layer object; do
		$nm -P "$object" | sed "s|^|$layer ${object##*/} |"
	done | "${AWK:-awk}" -v order="$layers" '
		BEGIN { n = split(order, name, " "); for (i = 1; i <= n; i++) rank[name[i]] = i }
		# lower-case types are local to their object, but u, v and w are not
		$4 ~ /^[A-TX-Zuvw]$/ && !(($4 == "w" || $4 == "v") && NF < 5) { defined[$3] = $1; next }
		$4 ~ /^[Uwv]$/ { from[++refs] = $1; where[refs] = $2; symbol[refs] = $3 }
		END {
			for (i = 1; i <= refs; i++) {
				s = symbol[i]
				if (s in defined) {
					if (rank[defined[s]] > rank[from[i]])
						print where[i] ": " from[i] " calls " s " of " defined[s]
				} else if (s ~ /^ash_/)
					print where[i] ": " s " is defined nowhere"
			}
			print "looked at " refs + 0
		}'
}

# The compiled files of the library, by what libtool says of each.
library_objects() { # BUILD-FOLDER
	for layer in $layers; do
		for lo in "$1/$layer"/libashlar*.lo; do
			[ -r "$lo" ] || continue
			object=$(sed -n "s/^pic_object='\(.*\)'/\1/p" "$lo")
			[ "$object" != none ] || object=$(sed -n "s/^non_pic_object='\(.*\)'/\1/p" "$lo")
			[ -n "$object" ] && echo "$layer ${lo%/*}/$object"
		done
	done
}

judge() { # REPORT LEAST NAME: nothing wrong, and enough looked at
	count=$(sed -n 's/^looked at //p' "$1")
	grep -v '^looked at ' "$1" >"$tmp/wrong"
	note_file "$tmp/wrong"
	[ ! -s "$tmp/wrong" ] && [ "${count:-0}" -ge "$2" ]
	verdict $? "$3 ($count looked at)"
}

check_includes "$top_srcdir/allocator" >"$tmp/report"
judge "$tmp/report" 50 "no include points to a higher layer"

library_objects "$top_builddir/allocator" >"$tmp/objects"
# Every source of a layer is compiled, else its calls went unseen.
missing=0
for layer in $layers; do
	for source in "$top_srcdir/allocator/$layer"/*.c; do
		name=${source##*/}
		case $name in interpose.c | cxx.c | no_interpose.c) continue ;; esac # one or the other
		grep -q "^$layer .*-${name%.c}\.o$" "$tmp/objects" || { note "$layer/$name has no object"; missing=$((missing + 1)); }
	done
done
verdict $((missing != 0)) "every source of a layer has its object"
check_calls <"$tmp/objects" >"$tmp/report"
judge "$tmp/report" 100 "no call points to a higher layer"

rooms() { # SOURCE-FOLDER
	for room in workloads harness; do
		find "$1/$room" -name '*.[ch]' 2>/dev/null
	done | sort | tr '\n' '\0' | xargs -0 "${AWK:-awk}" -v top="$1/" '
		FNR == 1 { own = substr(FILENAME, length(top) + 1); sub(/\/.*/, "", own) }
		/^[ \t]*#[ \t]*include[ \t]*"/ {
			seen++
			split($0, part, "\"")
			to = part[2]
			if (!sub(/\/.*/, "", to)) to = "(no folder)"
			# what cmocka wants included before itself serves every unit test
			if (part[2] == "allocator/test/support/unit.h" && FILENAME ~ /\/test\//) next
			if (to != own && !(own == "harness" && to == "workloads"))
				print FILENAME ":" FNR ": " own " includes " part[2]
		}
		END { print "looked at " seen + 0 }'
}
if [ -n "$(find "$top_srcdir/workloads" "$top_srcdir/harness" -name '*.c' 2>/dev/null)" ]; then
	rooms "$top_srcdir" >"$tmp/report"
	judge "$tmp/report" 5 "workloads and harness keep to their rooms"
else
	skip "workloads and harness keep to their rooms" "there are no sources in either"
fi

# --- these checks can fail --------------------------------------------------------------
plant=$tmp/planted
mkdir -p "$plant/allocator/util" "$plant/allocator/api" "$plant/workloads" "$plant/harness"
cat >"$plant/allocator/util/low.c" <<'END'
#include "api/high.h"
#include "bits.h"
int ash_low(void);
int ash_low(void) { return ash_high() + 1; }
END
echo 'int ash_high(void);' >"$plant/allocator/api/high.h"
cat >"$plant/allocator/api/high.c" <<'END'
#include "api/high.h"
#include "util/low.h"
int ash_missing(void);
int ash_high(void) { return 1 + ash_missing(); }
END
check_includes "$plant/allocator" >"$tmp/report"
grep -q 'util includes api/high.h' "$tmp/report" && grep -q 'bits.h names no layer' "$tmp/report" &&
	[ "$(wc -l <"$tmp/report")" -eq 3 ]
verdict $? "a planted include upward is found"
for file in util/low api/high; do
	${CC:-cc} -I"$plant/allocator" -include "$plant/allocator/api/high.h" -c -o "$plant/$(echo $file | tr / _).o" \
		-x c - <<END
$(grep -v '#include' "$plant/allocator/$file.c")
END
done
printf 'util %s\napi %s\n' "$plant/util_low.o" "$plant/api_high.o" | check_calls >"$tmp/report"
grep -q 'util calls ash_high of api' "$tmp/report" && grep -q 'ash_missing is defined nowhere' "$tmp/report" &&
	[ "$(wc -l <"$tmp/report")" -eq 3 ]
verdict $? "a planted call upward is found"
echo '#include "harness/cli/run.h"' >"$plant/workloads/one.c"
echo '#include "allocator/util/bits.h"' >"$plant/harness/two.c"
rooms "$plant" >"$tmp/report"
[ "$(grep -c ' includes ' "$tmp/report")" -eq 2 ]
verdict $? "planted includes into the wrong room are found"
finish
