# Figure 15: sizes and lifetimes of the workloads' objects, cumulative by count and by
# bytes.  DATA is what `ashlar-work --cdf` wrote for each workload, one after the other:
#     for w in ...; do ashlar-work --cdf $w.tsv $w; done; cat *.tsv | grep -v -e '^#' -e '^workload' |
#     sed '1iworkload\tquantity\tvalue\tcount\tbytes' >fig15.tsv
# A line per workload, all thin and grey but for those that HIGHLIGHT names.
FIG = "fig15"
DATA = FIG.".tsv"
W = 1180; H = 760
load "style.gp"

if (!exists("HIGHLIGHT")) { HIGHLIGHT = "tiny-churn fleet-5 kv-server json-dom frag-drain llm-kv" }
array INK[6] = ["#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00"]
ALL = system("awk -F'\t' 'NR > 1 && !seen[$1]++ { print $1 }' ".DATA)
unset for [i=1:DRAWN] label 100+i
do for [i=1:words(HIGHLIGHT)] {
	set label 200+i word(HIGHLIGHT, i) at screen 0.04 + (i - 1) * 0.15, screen 1 - 16.0 / H left \
		textcolor rgb INK[i]
}
left = 84.0 / W; gap = 0.07
wide = (0.985 - left - gap) / 2
high = (1 - 44.0 / H - 70.0 / H - 90.0 / H) / 2
set logscale x 2
set yrange [0:1]
set label 99 "lifetimes in allocation calls of the whole process"
set multiplot
do for [p=0:3] {
	quantity = p < 2 ? "size" : "lifetime"
	share = p % 2 ? "bytes" : "count"
	set lmargin at screen left + (p % 2) * (wide + gap)
	set rmargin at screen left + (p % 2) * (wide + gap) + wide
	set tmargin at screen 1 - 44.0 / H - (p / 2) * (high + 90.0 / H)
	set bmargin at screen 1 - 44.0 / H - (p / 2) * (high + 90.0 / H) - high
	set xlabel (p < 2 ? "bytes" : "allocation calls until the free") offset 0,0.3
	set ylabel "share of ".(p % 2 ? "bytes" : "objects")
	set format x "%.0f"
	at(w) = strcol("workload") eq w && strcol("quantity") eq quantity && column("value") > 0 ? column("value") : NaN
	plot for [w in ALL] DATA using (at(w)):share with steps lw 0.6 lc rgb "#bbbbbb", \
		for [i=1:words(HIGHLIGHT)] DATA using (at(word(HIGHLIGHT, i))):share with steps lw 1.8 lc rgb INK[i]
	do for [k=99:100+NALL] { unset label k }
	do for [k=201:206] { unset label k }
}
unset multiplot

load "again.gp"
