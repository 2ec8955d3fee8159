#!/bin/sh
# What the workloads ask for has the distributions that their sources give: shares of the
# objects up to a size or a lifetime, from what was booked in a run, against the formula or
# the published figure.  The tolerance is five standard errors at the number of objects.
. "$top_srcdir/workloads/test/common.sh"
case ${ASH_SANITIZER:-no} in
no) ;;
*) echo "1..0 # SKIP a sanitizer build makes the same calls, only slower"; exit 0 ;;
esac
cdf=cdf.$$
trap 'rm -f $cdf' EXIT

# booked WORKLOAD WORD...: runs it and leaves its distributions in $cdf.
booked() {
	w=$1
	shift
	said=$("$work" --seed 7 --cdf $cdf "$@" $w 2>&1) || { ok 1 "$w runs"; return; }
}

# share QUANTITY VALUE WANTED: of the objects up to a value (the last of a bucket: 7, 8 or a
# ninth to sixteenth of a power of two, less one).
share() {
	said=$(awk -F'\t' -v q=$1 -v v=$2 -v wanted=$3 '
		$2 == q && $3 <= v { got = $4 } END { print got, "not", wanted; exit !(got > wanted - 0.01 && got < wanted + 0.01) }' $cdf)
	ok $? "$w: $3 of the objects have a $1 of at most $2"
}

# size_quantile P SIZE: a share of P is reached within the bucket of SIZE, not before and not
# after it.
size_quantile() {
	said=$(awk -F'\t' -v p=$1 -v wanted=$2 '
		$2 == "size" && $3 < wanted { before = $4 }
		$2 == "size" && $3 >= wanted && !at { at = $4 }
		END { print before, at, "not around", p; exit !(before < p + 0.01 && at > p - 0.01) }' $cdf)
	ok $? "$w: $1 of the objects have at most $2 bytes"
}

# Of the ten binaries the source's tables give median and 90 % of the sizes allocated.
fleet() { # NUMBER MEDIAN P90
	booked fleet-$1 --set ops=200000 --set heap_mib=1
	size_quantile 0.5 $2
	size_quantile 0.9 $3
}
fleet 0 64 376
fleet 1 48 184
fleet 2 48 240
fleet 3 48 256
fleet 4 48 296
fleet 5 48 240
fleet 6 64 1040
fleet 7 64 328
fleet 8 48 1664
fleet 9 48 208

booked glibc-thread --set ops=100000 # frequency falls with the inverse square, from 4 to 32768
share size 7 0.5
share size 15 0.75
share size 63 0.9376
booked frag-drain --set ops=60000 # as many per doubling, 512 to 16 Ki
share size 1023 0.2
share size 4095 0.6
booked thread-return --set ops=60000 # 64 to 16 Ki
share size 255 0.25
share size 2047 0.625
booked cross-rate --set ops=100000 # the smaller of two uniform draws, 8 to 16000
share size 2047 0.2388
share size 8191 0.7618
booked batch-reverse --set ops=100000 # half up to 32, an eighth above 200
share size 31 0.4844
share size 63 0.5692
share size 255 0.8836
booked larson --set ops=100000 --set slots=1000 # uniform from 8 to 1000
share size 255 0.2497
share size 511 0.5076
booked prod-cons --set ops=100000 --set size_min=16 --set size_max=127 # uniform
share size 63 0.4286
# Slots by the rule of 80/20 six times over: a slot of the group that took k turns to the busy
# fifth is replaced with probability p, and what is in it lives for 1 / p replacements; at the
# start each slot gets an object.
slots=20000
booked skew-slots --set ops=1500000 --set slots=$slots
for value in 127 1023 8191; do
	wanted=$(awk -v L=$value -v slots=$slots -v ops=1500000 'BEGIN { split("1 6 15 20 15 6 1", choose, " ")
		for (k = 0; k <= 6; k++) { w = choose[k + 1] * 0.8 ^ k * 0.2 ^ (6 - k); s = choose[k + 1] * 0.2 ^ k * 0.8 ^ (6 - k) * slots
			sum += (ops * w + s) * (1 - exp((L + 1) * log(1 - w / s))) }
		printf "%.4f", sum / (ops + slots) }')
	share lifetime $value $wanted
done
finish
