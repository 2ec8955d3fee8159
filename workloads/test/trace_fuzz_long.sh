# Changed trace files, many more of them than `make check` tries, from several seeds.
fuzz=$top_builddir/workloads/test/trace_fuzz
seeds="2 3 4 5 6"
echo "1..$(echo $seeds | wc -w)"
n=0
for seed in $seeds; do
	n=$((n + 1))
	if said=$("$fuzz" 60000 "$seed" 2>&1) && ! echo "$said" | grep -q "^not ok\|^Bail"; then
		echo "ok $n - seed $seed"
	else
		echo "not ok $n - seed $seed"
	fi
	echo "$said" | tail -n 30 | sed 's/^/# /'
done
