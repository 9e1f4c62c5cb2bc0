/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatch tree against brute force: over small random instances the dynamic program must find a tree as cheap as the best of all
 * trees, and every tree must classify every value as its cells say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "compile/tree.h"

#define SMALL 8

static const struct tree_limits full = TREE_LIMITS_FULL;

static uint64_t rng_state;

static uint32_t rng(uint32_t below)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return (uint32_t)(rng_state >> 32) % below;
}

/* ---- Brute force: the best tree for every subset of cells, by trying every test ---- */

static uint64_t brute(const struct tree_cell *cells, size_t n, uint64_t per_test, unsigned set, uint64_t *memo)
{
	uint64_t weight = 0, best = UINT64_MAX / 4;
	bool uniform = true;
	int first = -1;

	if (memo[set] != UINT64_MAX)
		return memo[set];
	for (size_t i = 0; i < n; i++) {
		if (!(set >> i & 1))
			continue;
		first = first < 0 ? (int)i : first;
		uniform &= cells[i].cls == cells[first].cls;
		weight += cells[i].weight;
	}
	if (uniform)
		return memo[set] = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned below = set & ((1u << i) - 1), without = set & ~(1u << i);
		uint64_t cost;

		if (set >> i & 1 && cells[i].point) {
			cost = brute(cells, n, per_test, without, memo);
			best = MIN(best, cost);
		}
		if (!below || below == set)
			continue;
		cost = brute(cells, n, per_test, below, memo) + brute(cells, n, per_test, set & ~below, memo);
		best = MIN(best, cost);
	}
	return memo[set] = best + weight + per_test;
}

static uint64_t brute_cost(const struct tree_cell *cells, size_t n, uint64_t per_test)
{
	uint64_t memo[1u << SMALL];

	memset(memo, 0xff, sizeof(memo));
	return brute(cells, n, per_test, (1u << n) - 1, memo);
}

/* ---- What a tree says ---- */

static uint32_t classify(const struct tree *tree, uint32_t value)
{
	const struct tree_node *t = &tree->nodes.items[tree->root];

	while (t->kind != TREE_LEAF) {
		bool yes = t->kind == TREE_EQ ? value == t->key : value >= t->key;

		t = &tree->nodes.items[yes ? t->yes : t->no];
	}
	return t->cls;
}

static uint64_t actual_cost(const struct tree *tree, const struct tree_cell *cells, size_t n, uint64_t per_test)
{
	uint64_t cost = 0;

	for (size_t i = 0; i < n; i++) {
		const struct tree_node *t = &tree->nodes.items[tree->root];

		while (t->kind != TREE_LEAF) {
			bool yes = t->kind == TREE_EQ ? cells[i].lo == t->key : cells[i].lo >= t->key;

			cost += cells[i].weight;
			t = &tree->nodes.items[yes ? t->yes : t->no];
		}
	}
	for (size_t i = 0; i < tree->nodes.count; i++)
		cost += tree->nodes.items[i].kind != TREE_LEAF ? per_test : 0;
	return cost;
}

static void check_tree(const struct tree *tree, const struct tree_cell *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t last = i + 1 < n ? cells[i + 1].lo - 1 : UINT32_MAX;

		assert_int_equal(classify(tree, cells[i].lo), cells[i].cls);
		assert_int_equal(classify(tree, cells[i].point ? cells[i].lo : last), cells[i].cls);
	}
}

static size_t random_cells(struct tree_cell *cells, size_t n, unsigned classes, unsigned skew)
{
	uint32_t lo = 0;

	for (size_t i = 0; i < n; i++) {
		bool point = rng(3) > 0;
		uint32_t cls = rng(classes), weight = 1 + rng(1u << rng(skew));

		cells[i] = (struct tree_cell){ lo, cls, weight, point, true };
		lo += point ? 1 : 2 + rng(1000);
	}
	return n;
}

static void test_optimal(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 6000; round++) {
		unsigned classes = 1 + rng(5), skew = 1 + rng(14);
		struct tree_limits limits = full;
		struct tree_cell cells[SMALL];
		size_t n = random_cells(cells, 1 + rng(SMALL), classes, skew);
		struct tree tree;
		uint64_t best;

		/* With a price per test "heaviest first" is very nearly, not always, right: one in 10^5 of these is dearer. */
		limits.per_test = round % 3 ? 0 : rng(200);
		assert_int_equal(tree_build(cells, n, &limits, &tree), 0);
		assert_false(tree.fallback);
		check_tree(&tree, cells, n);
		assert_int_equal(tree.cost, actual_cost(&tree, cells, n, limits.per_test));
		best = brute_cost(cells, n, limits.per_test);
		assert_true(tree.cost >= best);
		assert_true(tree.cost <= (limits.per_test ? best + best / 50 : best));
		tree_done(&tree);
	}
}

/* The best alphabetic tree by the textbook recurrence, for the fallback without a prefix. */
static uint64_t alphabetic(const struct tree_cell *cells, size_t from, size_t to)
{
	uint64_t weight = 0, best = UINT64_MAX;

	if (from == to)
		return 0;
	for (size_t i = from; i <= to; i++)
		weight += cells[i].weight;
	for (size_t k = from; k < to; k++)
		best = MIN(best, alphabetic(cells, from, k) + alphabetic(cells, k + 1, to));
	return best + weight;
}

static void test_garsia_wachs(void **state)
{
	const struct tree_limits plain = { 0 };

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		struct tree_cell cells[SMALL];
		struct tree tree = { 0 };
		size_t n = 1 + rng(SMALL);

		random_cells(cells, n, 1, 1 + rng(14));
		for (size_t i = 0; i < n; i++) {
			cells[i].cls = (uint32_t)i;
			cells[i].point = false;
		}
		assert_int_equal(tree_fallback(cells, n, &plain, &tree), 0);
		check_tree(&tree, cells, n);
		assert_int_equal(tree.cost, actual_cost(&tree, cells, n, 0));
		assert_int_equal(tree.cost, alphabetic(cells, 0, n - 1));
		tree_done(&tree);
	}
}

/* The fallback is right, never better than the optimum, and its cost is what it says. */
static void test_fallback(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		struct tree_cell cells[SMALL];
		struct tree tree = { 0 };
		unsigned classes = 1 + rng(4), skew = 1 + rng(14);
		size_t n = random_cells(cells, 1 + rng(SMALL), classes, skew);
		struct tree_limits limits = full;

		limits.per_test = 7;
		limits.work = round % 2 ? 0 : TREE_WORK_MAX;
		assert_int_equal(tree_fallback(cells, n, &limits, &tree), 0);
		check_tree(&tree, cells, n);
		assert_int_equal(tree.cost, actual_cost(&tree, cells, n, 7));
		assert_true(tree.cost >= brute_cost(cells, n, 7));
		tree_done(&tree);
	}
}

/* Sizes at which the dynamic program runs out of its budget, or is not even tried. */
static void test_large(void **state)
{
	static const size_t sizes[] = { 60, 100, 128, 129, 500, 5000 };

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct tree_cell *cells = calloc(sizes[s], sizeof(*cells));
		struct tree_limits limits = full;
		struct tree tree;

		assert_non_null(cells);
		random_cells(cells, sizes[s], 3, 12);
		limits.per_test = 3;
		assert_int_equal(tree_build(cells, sizes[s], &limits, &tree), 0);
		check_tree(&tree, cells, sizes[s]);
		assert_int_equal(tree.cost, actual_cost(&tree, cells, sizes[s], 3));
		assert_int_equal(tree.fallback, sizes[s] > TREE_CELLS_MAX);
		tree_done(&tree);
		limits.work = 10;
		assert_int_equal(tree_build(cells, sizes[s], &limits, &tree), 0);
		assert_true(tree.fallback);
		check_tree(&tree, cells, sizes[s]);
		tree_done(&tree);
		free(cells);
	}
}

/* Neighbours of equal class are one cell unless told to stay. */
static void test_merge(void **state)
{
	struct tree_cell cells[] = { { 0, 1, 5, true, false }, { 1, 1, 5, true, false }, { 2, 2, 5, true, false },
				     { 3, 1, 5, false, false } };
	struct tree tree;

	(void)state;
	assert_int_equal(tree_build(cells, 4, &full, &tree), 0);
	assert_int_equal(tree.cells, 3);
	assert_int_equal(tree.cost, 20);
	assert_int_equal(tree.nodes.count, 3);
	tree_done(&tree);
	assert_int_equal(tree_build(cells, 0, &full, &tree), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_optimal),	 cmocka_unit_test(test_garsia_wachs), cmocka_unit_test(test_fallback),
		cmocka_unit_test(test_large), cmocka_unit_test(test_merge),
	};

	rng_state = 0x9e3779b97f4a7c15u;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
