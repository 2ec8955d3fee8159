/* The three verdicts of a gate on paired measurements, for all cells together.
 *
 * A cell is worse where its ratio is shown to lie above 1 + delta, fine where it is shown to
 * lie below, and undecided where neither is: "no significant difference" is not "no difference"
 * (two one-sided tests; Schuirmann 1987).  Both are tests of signed ranks
 * (stats/signed_rank.h).
 *
 * A merge is blocked by any cell that is worse, so the chance of *any* false one is what is
 * bounded: by Holm's step-down procedure (A Simple Sequentially Rejective Multiple Test
 * Procedure, 1979), which needs no independence of cells.  The gate passes only where every
 * cell is fine; that needs no correction, since one false "fine" among them is not enough
 * (Berger's intersection-union test, 1982). */
#ifndef HARNESS_GATE_VERDICT_H
#define HARNESS_GATE_VERDICT_H

#include <stddef.h>
#include "harness/stats/statistics.h"

enum gate_verdict { GATE_PASS, GATE_FAIL, GATE_INCONCLUSIVE };

struct gate_cell {
	/* What was measured: n paired log ratios of head to base, more being worse. */
	const double *log_ratios;
	size_t n;
	double delta; /* as a share: 0.03 is 3 % */
	/* What gate_judge makes of it. */
	/* At 1 - 2 alpha, of this cell alone: a cell that fails lies above 1 + delta with all
	 * of it, and one that is fine below (Schuirmann). */
	struct interval ratio;
	double p_worse, p_fine; /* chances of such values were the ratio just 1 + delta */
	enum gate_verdict verdict;
};

/* Judges all cells; the verdict of the whole: GATE_FAIL where a cell fails, else
 * GATE_INCONCLUSIVE where one is undecided (or has no values), else GATE_PASS.  With no cell at
 * all it is inconclusive.  alpha is the chance of any false GATE_FAIL, and in each cell of a
 * false GATE_PASS. */
enum gate_verdict gate_judge(struct gate_cell *cells, size_t n, double alpha);

/* max(least, the 95th percentile of |ratio - 1| of pairs of one build with itself): what such a
 * machine calls a difference anyway.  `least` where there are no pairs. */
double gate_delta(const double *log_ratios, size_t n, double least);

/* The smallest ratio less 1 that a cell of `pairs` pairs has nine chances in ten to be failed
 * for, by 1,000 draws from the pairs of one build with itself (n of them, centred), among
 * `cells` cells of which no other is worse.  INFINITY where not even a doubling has. */
double gate_smallest_effect(const double *log_ratios, size_t n, size_t pairs, double delta,
			    size_t cells, double alpha, uint64_t seed);

#endif
