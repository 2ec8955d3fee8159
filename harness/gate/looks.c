#include "harness/gate/looks.h"

#include <stdlib.h>
#include "harness/base/message.h"

double gate_spending(double alpha, double share)
{
	return share >= 1 ? alpha : alpha * share * share;
}

enum gate_verdict gate_look(struct gate_looks *looks, struct gate_cell *cells, size_t n,
			    double share)
{
	double part = gate_spending(looks->alpha, share) - looks->spent;
	enum gate_verdict all = n > 0 ? GATE_PASS : GATE_INCONCLUSIVE;
	struct gate_cell *now = list_grown(NULL, n, sizeof(*now));

	looks->spent += part;
	for (size_t i = 0; i < n; i++)
		now[i] = cells[i];
	/* All of them every time: who is decided must not make it easier for the others. */
	gate_judge(now, n, part);
	for (size_t i = 0; i < n; i++) {
		if (!looks->decided[i])
			cells[i] = now[i];
		looks->decided[i] |= cells[i].verdict != GATE_INCONCLUSIVE;
		if (cells[i].verdict == GATE_FAIL)
			all = GATE_FAIL;
		else if (cells[i].verdict == GATE_INCONCLUSIVE && all == GATE_PASS)
			all = GATE_INCONCLUSIVE;
	}
	free(now);
	return all;
}
