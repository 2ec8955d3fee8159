# Changed trace files and recordings, many more of them than `make check` tries, from several
# seeds.
seeds="2 3 4 5 6"
n=0
for fuzz in "trace_fuzz 60000" "raw_fuzz 10000"; do
	for seed in $seeds; do
		n=$((n + 1))
		if said=$("$top_builddir/workloads/test/"$fuzz "$seed" 2>&1) && ! echo "$said" | grep -q "^not ok\|^Bail"; then
			echo "ok $n - ${fuzz% *}, seed $seed"
		else
			echo "not ok $n - ${fuzz% *}, seed $seed"
		fi
		echo "$said" | tail -n 30 | sed 's/^/# /'
	done
done
echo "1..$n"
