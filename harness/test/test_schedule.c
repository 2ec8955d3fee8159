#include "harness/test/unit.h"

#include <stdlib.h>
#include <string.h>
#include "harness/matrix/schedule.h"

static struct cell cells[3];

static void make_cells(void)
{
	static const char *const names[] = {"tiny-churn", "larson", "fleet-5"};

	for (int i = 0; i < 3; i++) {
		assert_true(cell_init(&cells[i], names[i], MODE_THROUGHPUT));
		cells[i].blocks = i == 1 ? 2 : 5;
	}
}

static void every_allocator_once_per_block(void **state)
{
	struct schedule s;
	int order[7];

	(void)state;
	make_cells();
	schedule_make(&s, cells, 3, 7, 42);
	assert_int_equal(s.count, 12);
	for (int turn = 0; turn < s.count; turn++) {
		int seen[7] = {0};

		schedule_order(&s, turn, 0, order);
		for (int i = 0; i < 7; i++) {
			assert_in_range(order[i], 0, 6);
			seen[order[i]]++;
		}
		for (int i = 0; i < 7; i++)
			assert_int_equal(seen[i], 1);
	}
	schedule_free(&s);
}

static void rounds_come_one_after_the_other(void **state)
{
	struct schedule s;
	int blocks[3] = {0};

	(void)state;
	make_cells();
	schedule_make(&s, cells, 3, 2, 1);
	for (int turn = 0; turn < s.count; turn++) {
		assert_int_equal(s.turns[turn].block, blocks[s.turns[turn].cell]++);
		if (turn)
			assert_true(s.turns[turn].block >= s.turns[turn - 1].block);
	}
	assert_int_equal(blocks[0], 5);
	assert_int_equal(blocks[1], 2);
	schedule_free(&s);
}

/* Each of the 6 orders of three allocators in 6000 turns: 1000 expected, standard
 * deviation 29; the seed is fixed, so this cannot fail by chance. */
static void orders_are_equally_likely(void **state)
{
	struct schedule s;
	int count[27] = {0}, order[3], kinds = 0;

	(void)state;
	make_cells();
	cells[0].blocks = 6000;
	schedule_make(&s, cells, 1, 3, 2024);
	for (int turn = 0; turn < s.count; turn++) {
		schedule_order(&s, turn, 0, order);
		count[order[0] * 9 + order[1] * 3 + order[2]]++;
	}
	for (int i = 0; i < 27; i++)
		if (count[i]) {
			kinds++;
			assert_in_range(count[i], 870, 1130);
		}
	assert_int_equal(kinds, 6);
	schedule_free(&s);
}

/* In a cell that is to have it the reference runs twice in every turn, at any place. */
static void the_reference_runs_again(void **state)
{
	struct schedule s;
	int order[4], at[4] = {0};

	(void)state;
	make_cells();
	cells[0].blocks = 400;
	cells[0].again = true;
	schedule_make(&s, cells, 2, 3, 11);
	cells[0].again = false;
	for (int turn = 0; turn < s.count; turn++) {
		bool twice = s.turns[turn].cell == 0;
		int seen[4] = {0};

		assert_int_equal(schedule_places(&s, turn), 3 + twice);
		schedule_order(&s, turn, 0, order);
		for (int i = 0; i < 3 + twice; i++) {
			seen[order[i] == SCHEDULE_AGAIN ? 3 : order[i]]++;
			at[i] += order[i] == SCHEDULE_AGAIN;
		}
		for (int k = 0; k < 3 + twice; k++)
			assert_int_equal(seen[k], 1);
	}
	for (int i = 0; i < 4; i++)
		assert_in_range(at[i], 60, 140);
	schedule_free(&s);
}

static void seeds_decide_everything(void **state)
{
	struct schedule a, b, c;
	int x[8], y[8], z[8], differ = 0;

	(void)state;
	make_cells();
	schedule_make(&a, cells, 3, 8, 7);
	schedule_make(&b, cells, 3, 8, 7);
	schedule_make(&c, cells, 3, 8, 8);
	for (int turn = 0; turn < a.count; turn++) {
		schedule_order(&a, turn, 0, x);
		schedule_order(&b, turn, 0, y);
		schedule_order(&c, turn, 0, z);
		assert_memory_equal(x, y, sizeof(x));
		differ += memcmp(x, z, sizeof(x)) != 0;
	}
	assert_true(differ > a.count / 2);
	assert_true(schedule_workload_seed(&a, &cells[0], 1) ==
		    schedule_workload_seed(&b, &cells[0], 1));
	assert_true(schedule_workload_seed(&a, &cells[0], 1) !=
		    schedule_workload_seed(&a, &cells[0], 2));
	assert_true(schedule_workload_seed(&a, &cells[0], 1) !=
		    schedule_workload_seed(&a, &cells[1], 1));
	assert_true(schedule_workload_seed(&a, &cells[0], 1) !=
		    schedule_workload_seed(&c, &cells[0], 1));
	schedule_free(&a);
	schedule_free(&b);
	schedule_free(&c);
}

static void sample_ids_are_unique(void **state)
{
	bool done[2 * 12 * 2 + 1] = {false};
	struct schedule s;

	(void)state;
	make_cells();
	schedule_make(&s, cells, 3, 2, 3);
	assert_int_equal(s.count, 12);
	assert_int_equal(s.samples, 24);
	for (int turn = 0; turn < s.count; turn++)
		for (int place = 0; place < 4; place++) {
			int id = schedule_sample_id(&s, turn, place / 2, place % 2);

			/* Repeats come behind all that is repeated. */
			assert_in_range(id, place < 2 ? 1 : 25, place < 2 ? 24 : 48);
			assert_false(done[id]); /* no number twice */
			done[id] = true;
		}
	schedule_free(&s);
}

/* What was planned first keeps turns, orders and numbers; of what comes later each contender
 * gets as many blocks as it should have, those that all lack with all, others beside the
 * reference; and no block is without the reference. */
static void stages_come_behind(void **state)
{
	static const int first[] = {5, 2}, second[] = {6, 2, 3};
	struct schedule before, after;
	int x[8], y[8], of[3][4] = {{0}}, attempt, place, behind = 0;
	bool numbered[200] = {false};

	(void)state;
	schedule_begin(&before, 1, 9);
	schedule_extend(&before, first, 2, 2);
	schedule_begin(&after, 1, 9);
	schedule_extend(&after, first, 2, 2);
	schedule_extend(&after, second, 3, 4);
	assert_int_equal(after.stage_begin, before.count);
	for (int turn = 0; turn < before.count; turn++) {
		for (int again = 0; again < SCHEDULE_ATTEMPTS; again++) {
			schedule_order(&before, turn, again, x);
			schedule_order(&after, turn, again, y);
			assert_memory_equal(x, y, 2 * sizeof(x[0]));
			assert_int_equal(schedule_sample_id(&before, turn, again, 0),
					 schedule_sample_id(&after, turn, again, 0));
		}
		assert_int_equal(before.turns[turn].block, after.turns[turn].block);
	}
	for (int turn = 0; turn < after.count; turn++) {
		bool reference = false;

		schedule_order(&after, turn, 0, x);
		for (int i = 0; i < schedule_places(&after, turn); i++) {
			reference |= x[i] == 1;
			of[after.turns[turn].cell][x[i]]++;
		}
		/* All numbers are found again, those of repeats too, and none is given twice.
		 */
		for (int i = 0; i < SCHEDULE_ATTEMPTS * schedule_places(&after, turn); i++) {
			int again = i % SCHEDULE_ATTEMPTS, at = i / SCHEDULE_ATTEMPTS;
			int id = schedule_sample_id(&after, turn, again, at);

			assert_in_range(id, 1, after.ids);
			assert_true(turn < before.count || id > before.ids);
			assert_false(numbered[id]);
			numbered[id] = true;
			behind++;
			assert_int_equal(schedule_find(&after, id, &attempt, &place), turn);
			assert_int_equal(attempt, again);
			assert_int_equal(place, at);
		}
		assert_true(reference);
		if (turn > after.stage_begin)
			assert_true(after.turns[turn].round >= after.turns[turn - 1].round);
	}
	for (int cell = 0; cell < 3; cell++)
		for (int k = 0; k < 4; k++)
			if (k != 1)
				assert_int_equal(of[cell][k], second[cell]);
	assert_int_equal(of[0][1], 11); /* beside the two that came later, five more */
	assert_int_equal(behind, after.ids);
	assert_int_equal(2 * after.samples, after.ids);
	assert_int_equal(schedule_find(&after, 0, &attempt, &place), -1);
	assert_int_equal(schedule_find(&after, after.ids + 1, &attempt, &place), -1);
	schedule_free(&before);
	schedule_free(&after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocator_once_per_block),
		cmocka_unit_test(rounds_come_one_after_the_other),
		cmocka_unit_test(orders_are_equally_likely),
		cmocka_unit_test(the_reference_runs_again),
		cmocka_unit_test(seeds_decide_everything),
		cmocka_unit_test(sample_ids_are_unique),
		cmocka_unit_test(stages_come_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
