#include "harness/figures/nodes.h"

#include "harness/analysis/node_effect.h"
#include "harness/base/message.h"
#include "harness/figures/table.h"

static void write_row(FILE *f, const struct comparison *c, size_t node, size_t contender)
{
	struct interval mean = node_effect_mean(c, node, contender, METRIC_CPU);
	struct doubts doubts = doubts_of_ratio(&mean);

	if (mean.n == 0)
		return;
	fprintf(f, "%zu\t%s\t%s", node + 1, c->set->nodes[node],
		c->set->contenders[contender].name);
	table_number(f, mean.point);
	table_number(f, mean.low);
	table_number(f, mean.high);
	fprintf(f, "\t%zu", mean.n);
	table_doubts(f, &doubts);
}

bool nodes_write(const struct study *study, struct figure *figure)
{
	const struct comparison *c = study->c;
	FILE *f = table_open(study, figure->name,
			     "geometric means of CPU time by machine: ratios to the reference, "
			     "of the reference to all machines",
			     "x\tlabel\tallocator\tmean\tlow\thigh\tblocks\tdoubt");
	size_t cells = 0, all = 0;

	for (size_t i = 0; i < c->set->ncells; i++) {
		all += results_is_mode(&c->set->cells[i], "throughput");
		cells += c->set->nnodes > 1 && node_effect_common(c, i);
	}
	for (size_t node = 0; f && cells && node < c->set->nnodes; node++)
		for (size_t j = 0; j < c->nshown; j++)
			write_row(f, c, node, c->shown[j]);
	if (c->set->nnodes < 2)
		text_set(&figure->absent, "this set was measured on one machine");
	else if (!cells)
		text_set(&figure->absent,
			 "no cell of mode throughput has blocks on each of the %zu machines",
			 c->set->nnodes);
	else
		text_set(&figure->caption,
			 "CPU time on each of %zu machines, as geometric means over the %zu of "
			 "%zu throughput cells that have blocks on all of them. On the left "
			 "the reference, %s, against its median over all machines: how fast a "
			 "machine is, which ratios do not show. On the right the paired ratios "
			 "of the others to it on the same machine: where machines differ there "
			 "the answer depends on the machine. Intervals are 95 %% bootstrap "
			 "intervals over the blocks of one machine; a mean without one has a "
			 "cell with a single block there.",
			 c->set->nnodes, cells, all, c->set->contenders[c->reference].name);
	return f && table_close(study, figure->name, f);
}
