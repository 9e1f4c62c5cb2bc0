/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merging cells, the choice between the exact program and the fallback. The dynamic program itself is in tree-exact.c.
 */
#include "compile/tree.h"

int tree_add(struct tree *tree, struct tree_node node)
{
	int r = vec_push(&tree->nodes, node);

	return r < 0 ? r : (int)tree->nodes.count - 1;
}

void tree_done(struct tree *tree)
{
	vec_done(&tree->nodes);
}

static size_t merge_cells(const struct tree_cell *cells, size_t count, struct tree_cell *out)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (n && out[n - 1].cls == cells[i].cls && !out[n - 1].keep && !cells[i].keep) {
			out[n - 1].weight += cells[i].weight;
			out[n - 1].point = false;
		} else {
			out[n++] = cells[i];
		}
	}
	return n;
}

/* Bounds that fit the budget, from the widest to the narrowest that is still worth it; false when none does. */
static bool fit_limits(size_t n, struct tree_limits *limits)
{
	static const unsigned ladder[][3] = { /* others, own, rivals: on profiles the lower ones cost 0 to 0.1 % */
		{ TREE_OTHERS_MAX, TREE_OWN_MAX, TREE_RIVALS_MAX }, { TREE_OTHERS_MAX, TREE_OWN_MAX, 2 }, { TREE_OTHERS_MAX, 1, 2 },
		{ TREE_OTHERS_MAX, 0, 2 }, { 8, 0, 2 }, { 4, 0, 2 }, { 4, 0, 1 },
		{ 4, 0, 0 },
	};

	if (n > TREE_CELLS_MAX)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ladder); i++) {
		struct tree_limits bounds = *limits;

		bounds.others = MIN(bounds.others, ladder[i][0]);
		bounds.own = MIN(bounds.own, ladder[i][1]);
		bounds.rivals = MIN(bounds.rivals, ladder[i][2]);
		if (tree_exact_work(n, &bounds) > limits->work)
			continue;
		*limits = bounds;
		return true;
	}
	return false;
}

int tree_build(const struct tree_cell *cells, size_t count, const struct tree_limits *limits, struct tree *ret_tree)
{
	_cleanup_free_ struct tree_cell *merged = NULL;
	struct tree_limits bounds = *limits;
	struct tree tree = { 0 };
	size_t n;
	int r;

	if (!count)
		return -EINVAL;
	merged = malloc(count * sizeof(*merged));
	if (!merged)
		return -ENOMEM;
	n = merge_cells(cells, count, merged);
	tree.cells = n;
	tree.fallback = !fit_limits(n, &bounds);
	tree.work = tree.fallback ? limits->work : tree_exact_work(n, &bounds);
	if (tree.fallback)
		r = tree_fallback(merged, n, limits, &tree);
	else
		r = tree_exact(merged, n, &bounds, &tree);
	if (r < 0) {
		tree_done(&tree);
		return r;
	}
	*ret_tree = tree;
	return 0;
}
