/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tree.c falls back to when there are too many cells for its dynamic program: the heaviest points are tested with ==, heaviest
 * first; what is left, neighbours of equal class merged, is cut into chunks that the dynamic program can take, and these get
 * the optimal alphabetic tree of >= tests (Garsia and Wachs). The length of the prefix is the best of those tried. Where even
 * chunks would be too much work every run of cells is one.
 */
#include "compile/tree.h"

#define PREFIX_MAX 64
#define PREFIX_PATIENCE 8 /* stop after so many longer prefixes without gain */
#define CHUNK 16          /* cells */
#define CHUNK_OTHERS 4

/* A leaf of the alphabetic tree: some cells, and the tree that tells them apart. */
struct leaf {
	uint32_t lo;
	int32_t root;
	uint64_t weight;
};

/* A working node of Garsia and Wachs: a leaf, or two nodes combined. */
struct knot {
	uint64_t weight;
	int32_t left, right; /* -1: a leaf */
};

struct fallback {
	const struct tree_cell *cells;
	size_t count;
	const struct tree_limits *limits;
	uint64_t total;
	uint32_t *order;     /* points by falling weight */
	size_t points;
	bool *gone;
	struct tree_cell *runs; /* the cells that are left, merged */
	size_t run_count;
	struct leaf *leaves;
	size_t leaf_count;
	struct knot *knots;
	int32_t *stack;
	size_t top, knot_count;
	uint16_t *depth;
};

/* Cells that are left, merged. */
static void collect_runs(struct fallback *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->count; i++) {
		const struct tree_cell *cell = &f->cells[i];

		if (f->gone[i])
			continue;
		if (n && f->runs[n - 1].cls == cell->cls) {
			f->runs[n - 1].weight += cell->weight;
			f->runs[n - 1].point = false;
		} else {
			f->runs[n++] = *cell;
		}
	}
	f->run_count = n;
}

/* For the choice of the prefix every run is a leaf; its tree is made later. */
static void runs_as_leaves(struct fallback *f)
{
	for (size_t i = 0; i < f->run_count; i++)
		f->leaves[i] = (struct leaf){ f->runs[i].lo, -1, f->runs[i].weight };
	f->leaf_count = f->run_count;
}

static int plain_leaves(struct fallback *f, struct tree *tree)
{
	runs_as_leaves(f);
	for (size_t i = 0; i < f->leaf_count; i++) {
		f->leaves[i].root = tree_add(tree, (struct tree_node){ .kind = TREE_LEAF, .cls = f->runs[i].cls });
		if (f->leaves[i].root < 0)
			return f->leaves[i].root;
	}
	return 0;
}

static int chunk_leaves(struct fallback *f, const struct tree_limits *limits, struct tree *tree, uint64_t *cost)
{
	f->leaf_count = 0;
	for (size_t i = 0; i < f->run_count; i += CHUNK) {
		size_t count = MIN((size_t)CHUNK, f->run_count - i);
		struct leaf leaf = { .lo = f->runs[i].lo };
		int r = tree_exact(f->runs + i, count, limits, tree);

		if (r < 0)
			return r;
		leaf.root = tree->root;
		for (size_t j = 0; j < count; j++)
			leaf.weight += f->runs[i + j].weight;
		f->leaves[f->leaf_count++] = leaf;
		*cost += tree->cost;
	}
	return 0;
}

static int make_leaves(struct fallback *f, struct tree *tree, uint64_t *cost)
{
	struct tree_limits limits = { .others = MIN(CHUNK_OTHERS, f->limits->others), .rivals = 1, .per_test = f->limits->per_test };
	uint64_t work = tree_exact_work(CHUNK, &limits) * (f->run_count / CHUNK + 1);

	return work > TREE_CHUNKED_WORK * f->limits->work ? plain_leaves(f, tree) : chunk_leaves(f, &limits, tree, cost);
}

/*
 * Combine stack[k-1] and stack[k]; the sum moves left behind the nearest knot that is not lighter. To that knot's right nothing
 * changed; to its left a pair may have become due, and combining that may make this place due again.
 */
static void combine(struct fallback *f, size_t k)
{
	int32_t a = f->stack[k - 1], b = f->stack[k], id = (int32_t)f->knot_count++;
	uint64_t weight = f->knots[a].weight + f->knots[b].weight;
	size_t j = k - 1;

	f->knots[id] = (struct knot){ weight, a, b };
	memmove(&f->stack[k], &f->stack[k + 1], (f->top - k - 1) * sizeof(*f->stack));
	f->top--;
	for (; j && f->knots[f->stack[j - 1]].weight < weight; j--)
		f->stack[j] = f->stack[j - 1];
	f->stack[j] = id;
	while (j >= 2 && f->knots[f->stack[j - 2]].weight <= f->knots[f->stack[j]].weight) {
		size_t behind = f->top - j;

		combine(f, j - 1);
		j = f->top - behind;
	}
}

static void garsia_wachs(struct fallback *f)
{
	f->top = 0;
	f->knot_count = f->leaf_count;
	for (size_t i = 0; i < f->leaf_count; i++) {
		f->knots[i] = (struct knot){ f->leaves[i].weight, -1, -1 };
		f->stack[f->top++] = (int32_t)i;
		while (f->top >= 3 && f->knots[f->stack[f->top - 3]].weight <= f->knots[f->stack[f->top - 1]].weight)
			combine(f, f->top - 2);
	}
	while (f->top > 1)
		combine(f, f->top - 1);
}

/* Cost of the current leaves: every combination is one test that its weight passes. */
static uint64_t alphabetic_cost(struct fallback *f)
{
	uint64_t cost = 0;

	garsia_wachs(f);
	for (size_t i = f->leaf_count; i < f->knot_count; i++)
		cost += f->knots[i].weight + f->limits->per_test;
	return cost;
}

static void note_depths(struct fallback *f)
{
	/* Knots are made children first, so walking backwards sees parents first. */
	f->depth[f->knot_count - 1] = 0;
	for (size_t i = f->knot_count; i-- > f->leaf_count;) {
		f->depth[f->knots[i].left] = (uint16_t)(f->depth[i] + 1);
		f->depth[f->knots[i].right] = (uint16_t)(f->depth[i] + 1);
	}
}

/* The alphabetic tree whose leaves have the depths found. */
static int emit_level(struct fallback *f, struct tree *tree, size_t *next, unsigned depth, uint64_t *ret_weight)
{
	struct tree_node node = { .kind = TREE_GE };

	if (f->depth[*next] == depth) {
		*ret_weight = f->leaves[*next].weight;
		return f->leaves[(*next)++].root;
	}
	node.no = emit_level(f, tree, next, depth + 1, &node.weight_no);
	if (node.no < 0)
		return node.no;
	node.key = f->leaves[*next].lo;
	node.yes = emit_level(f, tree, next, depth + 1, &node.weight_yes);
	if (node.yes < 0)
		return node.yes;
	*ret_weight = node.weight_no + node.weight_yes;
	return tree_add(tree, node);
}

/* The tree below the prefix. */
static int emit_rest(struct fallback *f, struct tree *tree, uint64_t *cost, uint64_t *ret_weight)
{
	size_t next = 0;
	int r;

	collect_runs(f);
	r = make_leaves(f, tree, cost);
	if (r < 0)
		return r;
	*cost += alphabetic_cost(f);
	note_depths(f);
	return emit_level(f, tree, &next, 0, ret_weight);
}

static int emit_prefix(struct fallback *f, struct tree *tree, size_t prefix)
{
	uint64_t weight, cost = 0;
	int at;

	memset(f->gone, 0, f->count * sizeof(*f->gone));
	for (size_t i = 0; i < prefix; i++)
		f->gone[f->order[i]] = true;
	at = emit_rest(f, tree, &cost, &weight);
	for (size_t i = prefix; i-- && at >= 0;) {
		const struct tree_cell *cell = &f->cells[f->order[i]];
		int yes = tree_add(tree, (struct tree_node){ .kind = TREE_LEAF, .cls = cell->cls });

		if (yes < 0)
			return yes;
		at = tree_add(tree, (struct tree_node){ TREE_EQ, cell->lo, 0, yes, at, cell->weight, weight });
		weight += cell->weight;
		cost += weight + f->limits->per_test;
	}
	tree->cost = cost;
	return at;
}

static size_t best_prefix(struct fallback *f)
{
	uint64_t best = UINT64_MAX, left = f->total, prefix_cost = 0;
	size_t best_at = 0;

	for (size_t m = 0;; m++) {
		uint64_t cost;

		collect_runs(f);
		if (!f->run_count)
			break;
		runs_as_leaves(f);
		cost = prefix_cost + alphabetic_cost(f);
		if (cost < best) {
			best = cost;
			best_at = m;
		}
		if (m >= f->points || m >= PREFIX_MAX || m > best_at + PREFIX_PATIENCE)
			break;
		f->gone[f->order[m]] = true;
		prefix_cost += left + f->limits->per_test;
		left -= f->cells[f->order[m]].weight;
	}
	return best_at;
}

/* Points by falling weight; the cells' own order decides between equal ones. */
static void order_points(struct fallback *f)
{
	size_t gap;

	for (size_t i = 0; i < f->count; i++)
		if (f->cells[i].point)
			f->order[f->points++] = (uint32_t)i;
	for (gap = f->points / 2; gap; gap /= 2)
		for (size_t i = gap; i < f->points; i++)
			for (size_t j = i; j >= gap; j -= gap) {
				uint32_t a = f->order[j - gap], b = f->order[j];

				if (f->cells[a].weight > f->cells[b].weight || (f->cells[a].weight == f->cells[b].weight && a < b))
					break;
				f->order[j - gap] = b;
				f->order[j] = a;
			}
}

int tree_fallback(const struct tree_cell *cells, size_t count, const struct tree_limits *limits, struct tree *tree)
{
	struct fallback f = { .cells = cells, .count = count, .limits = limits };
	_cleanup_free_ uint32_t *order = f.order = calloc(count, sizeof(*f.order));
	_cleanup_free_ bool *gone = f.gone = calloc(count, sizeof(*f.gone));
	_cleanup_free_ struct tree_cell *runs = f.runs = calloc(count, sizeof(*f.runs));
	_cleanup_free_ struct leaf *leaves = f.leaves = calloc(count, sizeof(*f.leaves));
	_cleanup_free_ struct knot *knots = f.knots = calloc(2 * count, sizeof(*f.knots));
	_cleanup_free_ int32_t *stack = f.stack = calloc(count + 1, sizeof(*f.stack));
	_cleanup_free_ uint16_t *depth = f.depth = calloc(2 * count, sizeof(*f.depth));
	int r;

	if (!order || !gone || !runs || !leaves || !knots || !stack || !depth)
		return -ENOMEM;
	if (count > UINT16_MAX)
		return -E2BIG;
	for (size_t i = 0; i < count; i++)
		f.total += cells[i].weight;
	order_points(&f);
	r = emit_prefix(&f, tree, best_prefix(&f));
	if (r < 0)
		return r;
	tree->root = r;
	return 0;
}
