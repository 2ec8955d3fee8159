/* How often the gate's looks at time are right: gate runs drawn from pairs of one build with
 * itself.
 *
 *   resample_gate [FILE.tsv]
 *
 * FILE (default: same_twice.tsv) has the columns cell, block and ratio (A/A;
 * build-aux/record-same-twice makes it).  Before them come SYNTHETIC pairs, with heavy tails
 * and a drift.  Each run draws what a gate measures, in stretches of neighbours so that what
 * lasts longer than a block stays together (the moving blocks of Kuensch 1989), a dozen pairs
 * of each cell for delta and then those of base and head, and takes its looks.  With a factor
 * of 1 none may fail; with 1 + 2 delta in one cell, the next one in each run, the gate has to.
 */
#include "harness/gate/looks.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"
#include "harness/gate/tier_time.h"
#include "workloads/shared/rng.h"

#define RUNS 2000
#define MOST_CELLS 16
#define MOST_PAIRS 1000
#define NOISE TIER_NOISE_WANTED
#define PAIRS 48 /* what the default budget has room for, about */
#define LOOKS TIER_LOOKS
#define STRETCH 5

struct recorded {
	char name[64];
	double log_ratio[MOST_PAIRS];
	size_t n;
};

static struct recorded cells[MOST_CELLS];
static size_t ncells;
static struct rng source;

static double uniform(void)
{
	return rng_unit(&source);
}

static double normal(void)
{
	return sqrt(-2 * log(1 - uniform())) * cos(2 * M_PI * uniform());
}

static struct recorded *cell_of(const char *name)
{
	for (size_t i = 0; i < ncells; i++)
		if (!strcmp(cells[i].name, name))
			return &cells[i];
	if (ncells == MOST_CELLS)
		return NULL;
	snprintf(cells[ncells].name, sizeof(cells[0].name), "%s", name);
	return &cells[ncells++];
}

static void add(const char *name, double log_ratio)
{
	struct recorded *cell = cell_of(name);

	if (cell && cell->n < MOST_PAIRS && isfinite(log_ratio))
		cell->log_ratio[cell->n++] = log_ratio;
}

/* Pairs of a noisy machine: spreads of 0.5 to 4 %, one pair in ten five times as far, and a
 * slow swing that a pair does not wholly cancel. */
static void synthesise(void)
{
	static const double spread[] = {0.005, 0.01, 0.02, 0.04};

	for (size_t c = 0; c < 4; c++)
		for (int i = 0; i < 250; i++) {
			char name[32];

			snprintf(name, sizeof(name), "synthetic-%g", spread[c]);
			add(name, spread[c] * (normal() * (uniform() < 0.1 ? 5 : 1) +
					       0.3 * sin(i / 20.0)));
		}
}

static bool read_pairs(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[512], name[64];
	double ratio;
	int block;

	if (!f) {
		perror(path);
		return false;
	}
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%63[^\t]\t%d\t%lf", name, &block, &ratio) == 3 && ratio > 0)
			add(name, log(ratio));
	fclose(f);
	return true;
}

static void draw(const struct recorded *cell, double *out, size_t n)
{
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		if (i % STRETCH == 0)
			from = (size_t)(uniform() * (double)cell->n);
		out[i] = cell->log_ratio[(from + i % STRETCH) % cell->n];
	}
}

/* One gate; `planted` is the cell with the factor (ncells: none).  `pairs` becomes the number
 * of pairs that the last cell to be decided needed. */
static enum gate_verdict gate(size_t planted, size_t *pairs)
{
	static double drawn[MOST_CELLS][PAIRS];
	struct gate_cell judged[MOST_CELLS];
	bool decided[MOST_CELLS] = {false};
	struct gate_looks looks = {.alpha = GATE_TIME_ALPHA, .decided = decided};
	enum gate_verdict verdict = GATE_INCONCLUSIVE;

	for (size_t c = 0; c < ncells; c++) {
		double noise[NOISE], delta;

		draw(&cells[c], noise, NOISE);
		delta = gate_delta(noise, NOISE, GATE_TIME_LEAST);
		draw(&cells[c], drawn[c], PAIRS);
		for (size_t i = 0; i < PAIRS && c == planted; i++)
			drawn[c][i] += log1p(2 * delta);
		judged[c] = (struct gate_cell){
			.log_ratios = drawn[c], .delta = delta, .verdict = GATE_INCONCLUSIVE};
	}
	for (size_t look = 1; look <= LOOKS && verdict == GATE_INCONCLUSIVE; look++) {
		*pairs = PAIRS * look / LOOKS;
		for (size_t c = 0; c < ncells; c++)
			if (!decided[c])
				judged[c].n = *pairs;
		verdict = gate_look(&looks, judged, ncells, (double)look / LOOKS);
	}
	return verdict;
}

static void count(bool plant, unsigned of[3], double *mean_pairs)
{
	of[GATE_PASS] = of[GATE_FAIL] = of[GATE_INCONCLUSIVE] = 0;
	*mean_pairs = 0;
	for (unsigned run = 0; run < RUNS; run++) {
		size_t pairs = 0;

		of[gate(plant ? run % ncells : ncells, &pairs)]++;
		*mean_pairs += (double)pairs / RUNS;
	}
}

/* Three lines of TAP, from number `first`. */
static void judge(const char *from, int first)
{
	unsigned same[3], planted[3];
	double mean_same, mean_planted;
	size_t all = 0;

	for (size_t i = 0; i < ncells; i++)
		all += cells[i].n;
	printf("%sok %d - %s: %zu pairs of %zu cells\n",
	       all >= 200 && ncells >= 4 ? "" : "not ", first, from, all, ncells);
	if (!all)
		exit(1);
	count(false, same, &mean_same);
	count(true, planted, &mean_planted);
	printf("%sok %d - %s: of %d gates of the same build %u fail, %u pass, after %.0f "
	       "pairs\n",
	       same[GATE_FAIL] * 100 <= RUNS ? "" : "not ", first + 1, from, RUNS,
	       same[GATE_FAIL], same[GATE_PASS], mean_same);
	printf("%sok %d - %s: of %d gates with 1 + 2 delta in one cell %u fail, %u pass, after "
	       "%.0f pairs\n",
	       planted[GATE_FAIL] * 10 >= RUNS * 9 ? "" : "not ", first + 2, from, RUNS,
	       planted[GATE_FAIL], planted[GATE_PASS], mean_planted);
}

int main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir");
	char *kept = text_format("%s/harness/test/same_twice.tsv", top ? top : ".");
	const char *file = argc > 1 ? argv[1] : kept;

	printf("1..6\n");
	rng_spread(&source, 2026);
	synthesise();
	judge("synthetic pairs", 1);
	ncells = 0;
	memset(cells, 0, sizeof(cells));
	if (!read_pairs(file))
		return 2;
	judge(file, 4);
	free(kept);
	return 0;
}
