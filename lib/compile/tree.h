/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decision tree over an ordered set of cells with two tests, `x == key` on point cells and `x >= key`, of least expected cost.
 * Weights are integers, so that the same input gives the same tree on every machine.
 */
#ifndef CALLGATE_COMPILE_TREE_H
#define CALLGATE_COMPILE_TREE_H

#include "base/util.h"

/* Cells stand in order of `lo` and cover the domain: a cell ends before the next one's lo. */
struct tree_cell {
	uint32_t lo;
	uint32_t cls;    /* cells of equal class need not be told apart */
	uint64_t weight; /* the sum over all cells must stay below 2^45 */
	bool point;      /* a single value, or the only possible one: may be tested with == */
	bool keep;       /* worth a test of its own: not merged with neighbours of equal class */
};

enum tree_kind { TREE_LEAF, TREE_EQ, TREE_GE };

struct tree_node {
	enum tree_kind kind;
	uint32_t key;    /* of the test */
	uint32_t cls;    /* of the leaf */
	int32_t yes, no; /* indices */
	uint64_t weight_yes, weight_no;
};

struct tree {
	VEC(struct tree_node) nodes;
	int32_t root;
	uint64_t cost;   /* sum over tests of the weight that reaches them, plus per_test for each */
	size_t cells;    /* after merging */
	uint64_t work;   /* steps of the exact program */
	bool fallback;
};

#define TREE_OTHERS_MAX 12
#define TREE_OWN_MAX 3
#define TREE_RIVALS_MAX 4
#define TREE_CELLS_MAX 192 /* more are the fallback's at once */

/*
 * Bounds of the dynamic program: of a state's points at most `others` that are not of the class left over and `own` of that
 * class are taken away by == tests; `rivals` classes are considered for being left over. Where these would be more than `work` steps
 * they are lowered, and at last the fallback is taken: the same on every machine, whatever its speed.
 */
struct tree_limits {
	unsigned others, own, rivals;
	uint64_t work;
	uint64_t per_test; /* price of a test's existence, in units of weight */
};
#define TREE_LIMITS_FULL { TREE_OTHERS_MAX, TREE_OWN_MAX, TREE_RIVALS_MAX, TREE_WORK_MAX, 0 }
#define TREE_WORK_MAX 8000000u /* about 10 ms */

int tree_build(const struct tree_cell *cells, size_t count, const struct tree_limits *limits, struct tree *ret_tree);
void tree_done(struct tree *tree);

/* The exact program, for at most TREE_CELLS_MAX cells, and the steps it would take. */
int tree_exact(const struct tree_cell *cells, size_t count, const struct tree_limits *limits, struct tree *tree);
uint64_t tree_exact_work(size_t count, const struct tree_limits *limits);
/* The fallback, for any number of cells; merged already. It may cost so many times limits->work. */
int tree_fallback(const struct tree_cell *cells, size_t count, const struct tree_limits *limits, struct tree *tree);
#define TREE_CHUNKED_WORK 4
int tree_add(struct tree *tree, struct tree_node node); /* index or -ENOMEM */

#endif
