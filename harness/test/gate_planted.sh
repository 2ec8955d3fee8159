# Small changes for the worse, planted around Ashlar, and a change of nothing but the file: each is
# judged right, by the right tier, wherever the gate runs.  $everywhere: each change in all
# surroundings (gate_planted_long.sh); else each in one.  Cell is the least of the traces:
# 22,799 calls of git, 31 million instructions, 4.1 MiB.
# The gate runs in other folders, too.
top_srcdir=$(cd "$top_srcdir" && pwd) top_builddir=$(cd "$top_builddir" && pwd)
. "$top_srcdir/harness/test/bench.sh"

around=$planted/planted_ashlar.so
library=$(readlink -f "$top_builddir/.libs/libashlar.so")
cell=trace:git
spinning=

# Sets the library, the variables of its process and the options of the gate; begins what the
# surrounding is of, in the shell of the caller.
surround() {
	cd "$work" || exit 99
	unset large
	lib=$around variables='' options='--seed 1'
	case $1 in
	"a large environment")
		large=$(printf '%60000s' x)
		export large
		options='--seed 12'
		variables=,SOME_VARIABLE=$(printf '%2000s' x | tr ' ' y)
		;;
	"another path")
		mkdir -p "$work/a/much/longer/way/down/to/the/folder/of/a/build/that/somebody/made"
		lib=$work/a/much/longer/way/down/to/the/folder/of/a/build/that/somebody/made/libplanted.so
		cp "$around" "$lib"
		;;
	"another folder")
		mkdir -p "$work/elsewhere" && cd "$work/elsewhere" || exit 99
		;;
	"load")
		for _ in 1 2 3; do
			while :; do :; done &
			spinning="$spinning $!"
		done
		;;
	"early binding")
		variables=,LD_BIND_NOW=1
		;;
	esac
}
calm() {
	for pid in $spinning; do
		kill "$pid" && wait "$pid" 2>/dev/null
	done
	spinning=
}
trap 'calm; rm -rf "$work"' EXIT

# judge STATUS TIERS CHANGE [OPTION...]: base against the same with the change.
judge() {
	local wanted=$1 tiers=$2 change=$3
	shift 3
	bench gate --quiet --tiers "$tiers" --workload "$cell" $options "$@" \
		--base "it=$lib$variables" --head "it=$lib$variables,$change" --json "$work/json"
	check '[ $status -eq '"$wanted"' ]' "$change with $surrounding: tier $tiers ends with $wanted"
}

# By how much head exceeded base just now, as the gate's own numbers have it: a change of another size
# would not show what is claimed here.
grown() { # METRIC LEAST MOST
	python3 -c 'import json, sys
file, metric, least, most = sys.argv[1:]
[line] = [l for l in json.load(open(file))["lines"] if l["metric"] == metric and l["cell"]]
ratio = line["head"] / line["base"]
print("%.4f" % ratio)
sys.exit(not float(least) <= ratio <= float(most))' "$work/json" "$@" >"$work/out" 2>"$work/err"
	ok $? "$1: $(cat "$work/out") of base's, from $2 to $3"
}

# Only what a gate says of lines is asked there: objects that are spread out need memory, too.
printf '[gate]\narea = 50%%\npeak = 50%%\n' >"$work/lines.job"
printf '[gate]\nlines = 50%%\npages = 50%%\n' >"$work/resident.job"

# +1 % instructions, +2 % of the peak, +3 % lines touched.  With a debug build's assertions in the
# base what is planted is a smaller share of it.
least=1.009
grep -q '^#define ASH_DEBUG [01]$' "$top_builddir/config.h" || least=1.005
instructions() {
	if [ -n "$valgrind" ]; then
		judge 1 1 PLANTED_BURN=13
		grown instructions $least 1.013
	fi
	judge 0 2 PLANTED_BURN=13
}
memory() {
	judge 1 2 PLANTED_KIB=96 --job "$work/resident.job"
	grown peak 1.018 1.024
	judge 0 2 PLANTED_KIB=96 --job "$work/lines.job"
	[ -n "$everywhere" ] && [ -n "$valgrind" ] && judge 0 1 PLANTED_KIB=96
}
# It needs memory and instructions as well, so that lines alone are asked.
lines() {
	judge 1 2 PLANTED_SPREAD=40 --job "$work/lines.job"
	grown lines 1.028 1.040
}

# The null change.  $everywhere: the sources built anew, by the same configuration, in a folder of another
# name and depth.  Else a copy that says to be another build, which shows less and costs nothing.
why_not=
rebuild() {
	if [ -n "$everywhere" ]; then
		rebuilt=$work/another/folder/of/another/depth
		mkdir -p "$rebuilt" && (
			cd "$rebuilt" && unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES &&
				eval "'$top_srcdir/configure' -q $("$top_builddir/config.status" --config) --disable-bench --disable-static" &&
				${MAKE:-make} -s -j"$(nproc)" all
		) >"$work/out" 2>"$work/err"
		ok $? "the sources are built once more, elsewhere"
		rebuilt=$rebuilt/.libs/libashlar.so
	elif ! command -v objcopy >/dev/null; then
		why_not="no objcopy (binutils), which makes another build of a library"
		return
	else
		rebuilt=$work/rebuilt/.libs/libashlar.so
		mkdir -p "${rebuilt%/*}"
		objcopy --dump-section .note.gnu.build-id="$work/note" "$library" "$work/copy.so" >"$work/out" 2>"$work/err" &&
			printf 'another-one' | dd of="$work/note" bs=1 seek=16 conv=notrunc 2>/dev/null &&
			objcopy --update-section .note.gnu.build-id="$work/note" "$library" "$rebuilt" >"$work/out" 2>"$work/err"
		ok $? "a copy says to be another build"
	fi
}
nothing() {
	if [ -n "$why_not" ]; then
		skip "no change but a rebuild, with $surrounding: passes" "$why_not"
		return
	fi
	bench gate --quiet --tiers "$all" --workload "$cell,malloc,free" $options \
		--base "ashlar=$library$variables" --head "ashlar=$rebuilt$variables" --json "$work/json"
	check '[ $status -eq 0 ]' "no change but a rebuild, with $surrounding: passes"
	check 'python3 -c "import json, sys
one, other = (json.load(open(sys.argv[1]))[side][\"build_id\"] for side in (\"base\", \"head\"))
sys.exit(not one or not other or one == other)" "$work/json"' "and it is another build"
}

everywhere=${everywhere:-}
valgrind=$(command -v valgrind)
all=0-2
[ -n "$valgrind" ] || all=2
bench run --quiet --no-report --mode footprint --workload "$cell" --only ashlar --blocks 1 --set ops=1000 --out "$work/try"
if "$rows" "$work/try" reason | grep -q "mode footprint needs fixed addresses"; then
	echo "1..0 # SKIP the kernel keeps addresses random or pages large here"
	exit 0
fi
rebuild
at() {
	surrounding=$1
	surround "$surrounding"
	shift
	for change in "$@"; do
		$change
	done
	calm
}
if [ -n "$everywhere" ]; then
	for where in "a large environment" "another path" "another folder" "load" "early binding"; do
		at "$where" instructions memory lines nothing
	done
else
	at "a large environment" instructions
	at "another path" memory
	at "early binding" lines
	at "load" nothing
fi
finish
