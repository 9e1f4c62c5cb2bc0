/* SPDX-License-Identifier: Apache-2.0 */
/* From residual decisions to tests: which word to look at next, where to cut it, and the tree over the pieces. */
#ifndef CALLGATE_COMPILE_DECIDE_H
#define CALLGATE_COMPILE_DECIDE_H

#include "compile/dag.h"
#include "compile/pieces.h"
#include "compile/residual.h"
#include "compile/tree.h"

/* All calls together weigh this much. */
#define WEIGHT_ONE ((uint64_t)1 << 40)
/* What one more instruction costs, anywhere: so many executed instructions per call. It is checked and translated when the filter is
 * loaded, which takes as long as to emulate a hundred (dispatch.h). */
#define WEIGHT_PER_TEST (WEIGHT_ONE / 200)

static inline bool permits(uint32_t action)
{
	return action == CALLGATE_ALLOW || (action & 0xffff0000u) == CALLGATE_LOG;
}

struct decider {
	struct residuals residuals;
	struct dag dag;
	VEC(int32_t) nodes; /* per residual: its node, or -1 */
	struct tree_limits limits;
	uint64_t work_left; /* for all trees together */
	/* of the tree made last */
	uint64_t tree_tests; /* sum over its tests of the weight that reaches them */
	bool tree_exact;
};
#define DECIDE_WORK_MAX (10 * TREE_WORK_MAX)

/* The node that decides a residual. Samples say which values are hot. */
int decide(struct decider *d, uint32_t residual, const struct sample *samples, size_t count);
/*
 * A tree over cells of a word whose classes are nodes. A cell that has a test of its own is tested for the clause that decides
 * there, owners[cell] (NULL: none); every other test, and where there is none, for `owner`.
 */
struct cells {
	uint8_t word;
	uint32_t mask;
	const struct tree_cell *items;
	const int32_t *owners;
	size_t count;
	int32_t owner;
};
int decide_tree(struct decider *d, const struct cells *cells);
void decider_done(struct decider *d);

#endif
