/* Judging while it is measured: a gate that ends early where it is certain, and is wrong no
 * more often for that.
 *
 * A test at alpha that is made again and again as values come in is false far more often than
 * alpha.  So alpha is spent over the looks (Lan and DeMets, Discrete Sequential Boundaries for
 * Clinical Trials, Biometrika 70(3), 1983), by the function alpha * t^2 of the share t of what
 * is to be measured (Kim and DeMets, Biometrika 74(1), 1987, with rho = 2): each look tests at
 * what has become free since the one before.  These parts add up to alpha, so by Boole's
 * inequality alone the chance of a false verdict at any look is at most alpha, whatever the
 * looks have in common; boundaries from their joint distribution would gain little, since most
 * of alpha is spent late.  What is decided stays decided. */
#ifndef HARNESS_GATE_LOOKS_H
#define HARNESS_GATE_LOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include "harness/gate/verdict.h"

struct gate_looks {
	double alpha;  /* of all looks together */
	double spent;  /* so far */
	bool *decided; /* by cell: it has its verdict; the caller's, n of them, false at first
			*/
};

/* What may have been spent when a share of 0 to 1 is measured. */
double gate_spending(double alpha, double share);

/* One look at all cells, with what each has of values by now; `share` of what is to be measured
 * (1: the last look).  Fills the results of those that were not decided before, and `decided`.
 * The verdict of the whole, as gate_judge() has it: GATE_FAIL as soon as one cell fails, and
 * then nothing that is still measured can change it. */
enum gate_verdict gate_look(struct gate_looks *looks, struct gate_cell *cells, size_t n,
			    double share);

#endif
