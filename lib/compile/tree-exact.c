/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dynamic program (the problem: Chrobak and Young, Classification via two-way comparisons). A state is an interval of cells
 * less some points that == tests above took away. In an optimal tree those are the heaviest of the interval, except
 * that one class, the one that is left over at the end, need not be tested for at all. So a state is (first, last, rival,
 * others, own): the `others` heaviest points not of the rival class and the `own` heaviest points of it are gone.
 *
 * Intervals are solved from short to long, all states of one together. Between two points that are gone, what a split leaves on
 * either side has the same (others, own) wherever it cuts: the innermost loop is the least sum of two rows.
 *
 * Costs are whole numbers below 2^53 in doubles: exact everywhere, and compilers have a branchless minimum for them.
 */
#include "compile/tree.h"

#define NEVER 0x1p60 /* dearer than any tree */
#define GONE_MAX (TREE_OTHERS_MAX + TREE_OWN_MAX)

struct solver {
	const struct tree_cell *cells;
	size_t n;
	unsigned others, own, rivals, kinds; /* kinds: combinations of rival, others, own */
	double per_test;
	uint32_t rival_class[1 + TREE_RIVALS_MAX]; /* index 0 is "none" */
	uint16_t by_rank[TREE_CELLS_MAX];          /* points by falling weight */
	unsigned points;
	double prefix[TREE_CELLS_MAX + 1];
	double *from_first; /* [first][kind][last] */
	double *from_last;  /* [last][kind][first] */
};

/* The state being solved: which points of the interval are gone, in order of place. */
struct state {
	unsigned first, last, rival, others, own;
	unsigned gone_count;
	uint16_t gone[GONE_MAX];
	bool gone_own[GONE_MAX];
	double weight;
};

struct split {
	double cost;
	unsigned at; /* the left part's last cell */
};

static unsigned kind_of(const struct solver *s, unsigned rival, unsigned others, unsigned own)
{
	if (!rival)
		return others;
	if (!(others | own))
		return 0;
	return (s->others + 1) + ((rival - 1) * (s->others + 1) + others) * (s->own + 1) + own;
}

static double *row_first(const struct solver *s, unsigned first, unsigned kind)
{
	return s->from_first + (first * s->kinds + kind) * s->n;
}

static double *row_last(const struct solver *s, unsigned last, unsigned kind)
{
	return s->from_last + (last * s->kinds + kind) * s->n;
}

static bool is_own(const struct solver *s, unsigned rival, unsigned cell)
{
	return rival && s->cells[cell].cls == s->rival_class[rival];
}

static void take(const struct solver *s, struct state *st, unsigned cell)
{
	unsigned at = st->gone_count++;
	bool own = is_own(s, st->rival, cell);

	for (; at && st->gone[at - 1] > cell; at--) {
		st->gone[at] = st->gone[at - 1];
		st->gone_own[at] = st->gone_own[at - 1];
	}
	st->gone[at] = (uint16_t)cell;
	st->gone_own[at] = own;
	st->own += own;
	st->others += !own;
	st->weight -= (double)s->cells[cell].weight;
}

/* The heaviest points of an interval that are (own) or are not of the rival class, at most `max`. */
static unsigned heaviest(const struct solver *s, unsigned first, unsigned last, unsigned rival, bool own, unsigned max, uint16_t *out)
{
	unsigned count = 0;

	for (unsigned r = 0; r < s->points && count < max; r++) {
		unsigned cell = s->by_rank[r];

		if (cell >= first && cell <= last && is_own(s, rival, cell) == own)
			out[count++] = (uint16_t)cell;
	}
	return count;
}

/* Is one class left, or none? *ret_class is a class that is left. */
static bool uniform(const struct solver *s, const struct state *st, uint32_t *ret_class)
{
	unsigned g = 0;
	bool any = false;

	for (unsigned i = st->first; i <= st->last; i++) {
		if (g < st->gone_count && st->gone[g] == i) {
			g++;
			continue;
		}
		if (any && s->cells[i].cls != *ret_class)
			return false;
		*ret_class = s->cells[i].cls;
		any = true;
	}
	return true;
}

static double least_sum(const double *a, const double *b, unsigned count)
{
	double m0 = a[0] + b[0], m1 = m0, m2 = m0, m3 = m0;
	unsigned k = 1;

	for (; k + 4 <= count; k += 4) {
		double x0 = a[k] + b[k], x1 = a[k + 1] + b[k + 1], x2 = a[k + 2] + b[k + 2], x3 = a[k + 3] + b[k + 3];

		m0 = x0 < m0 ? x0 : m0;
		m1 = x1 < m1 ? x1 : m1;
		m2 = x2 < m2 ? x2 : m2;
		m3 = x3 < m3 ? x3 : m3;
	}
	for (; k < count; k++)
		m0 = a[k] + b[k] < m0 ? a[k] + b[k] : m0;
	m0 = m1 < m0 ? m1 : m0;
	m2 = m3 < m2 ? m3 : m2;
	return m2 < m0 ? m2 : m0;
}

/* The best >= test of a state that is not uniform. The place is looked for only when asked. */
static struct split best_split(const struct solver *s, const struct state *st, bool want_place)
{
	struct split best = { NEVER, 0 };
	unsigned from = st->first, to = st->last, others = 0, own = 0, g = 0;

	/* Neither part may be empty: start at the first cell that is there, end before the last one. */
	while (g < st->gone_count && st->gone[g] == from)
		from++, others += !st->gone_own[g], own += st->gone_own[g], g++;
	for (unsigned q = st->gone_count; q && st->gone[q - 1] == to; q--)
		to--;
	while (from < to) {
		unsigned end = g < st->gone_count && st->gone[g] < to ? st->gone[g] : to;
		const double *a = row_first(s, st->first, kind_of(s, st->rival, others, own)) + from;
		const double *b = row_last(s, st->last, kind_of(s, st->rival, st->others - others, st->own - own)) + from + 1;
		double cost = from < end ? least_sum(a, b, end - from) : NEVER;

		if (cost < best.cost) {
			best.cost = cost;
			for (best.at = from; want_place && *a + *b != cost; a++, b++)
				best.at++;
		}
		if (end == to)
			break;
		from = end;
		others += !st->gone_own[g];
		own += st->gone_own[g];
		g++;
		/* A cut right behind a point that is gone is the cut before it. */
	}
	return best;
}

static void set_cost(struct solver *s, const struct state *st, unsigned kind, double cost)
{
	row_first(s, st->first, kind)[st->last] = cost;
	row_last(s, st->last, kind)[st->first] = cost;
}

static double get_cost(const struct solver *s, unsigned first, unsigned last, unsigned kind)
{
	return row_first(s, first, kind)[last];
}

static struct state interval_state(const struct solver *s, unsigned first, unsigned last, unsigned rival)
{
	return (struct state){ .first = first, .last = last, .rival = rival, .weight = s->prefix[last + 1] - s->prefix[first] };
}

/* A state's cost but for its == tests: 0 when uniform. */
static double without_eq(const struct solver *s, const struct state *st)
{
	uint32_t cls = 0;

	return uniform(s, st, &cls) ? 0 : best_split(s, st, false).cost + st->weight + s->per_test;
}

/* All states of an interval with one rival; the state with nothing gone is left to solve_interval. */
static void solve_rival(struct solver *s, unsigned first, unsigned last, unsigned rival)
{
	uint16_t other_cells[TREE_OTHERS_MAX + 1], own_cells[TREE_OWN_MAX + 1];
	unsigned others = heaviest(s, first, last, rival, false, s->others, other_cells);
	unsigned own = rival ? heaviest(s, first, last, rival, true, s->own, own_cells) : 0;

	for (unsigned o = own + 1; o--;) {
		struct state states[TREE_OTHERS_MAX + 1];

		states[0] = interval_state(s, first, last, rival);
		for (unsigned i = 0; i < o; i++)
			take(s, &states[0], own_cells[i]);
		for (unsigned h = 1; h <= others; h++) {
			states[h] = states[h - 1];
			take(s, &states[h], other_cells[h - 1]);
		}
		for (unsigned h = others + 1; h--;) {
			const struct state *st = &states[h];
			double test = st->weight + s->per_test, cost, eq;

			if (!(h | o))
				break;
			cost = without_eq(s, st);
			if (cost && h < others) {
				eq = get_cost(s, first, last, kind_of(s, rival, h + 1, o)) + test;
				cost = eq < cost ? eq : cost;
			}
			if (cost && o < own) {
				eq = get_cost(s, first, last, kind_of(s, rival, h, o + 1)) + test;
				cost = eq < cost ? eq : cost;
			}
			set_cost(s, st, kind_of(s, rival, h, o), cost);
		}
	}
}

static bool class_in(const struct solver *s, unsigned first, unsigned last, uint32_t cls)
{
	for (unsigned i = first; i <= last; i++)
		if (s->cells[i].cls == cls)
			return true;
	return false;
}

/* Where no cell is of the rival class there is no rival. */
static void copy_rival(struct solver *s, unsigned first, unsigned last, unsigned rival)
{
	struct state st = interval_state(s, first, last, rival);

	for (unsigned h = 1; h <= s->others; h++)
		set_cost(s, &st, kind_of(s, rival, h, 0), get_cost(s, first, last, kind_of(s, 0, h, 0)));
}

/* The first == test of a full interval chooses the rival. */
static double first_eq(const struct solver *s, unsigned first, unsigned last, unsigned rival, bool own, unsigned *ret_cell)
{
	uint16_t cell;

	if ((own ? s->own : s->others) < 1 || !heaviest(s, first, last, rival, own, 1, &cell))
		return NEVER;
	*ret_cell = cell;
	return get_cost(s, first, last, kind_of(s, rival, !own, own));
}

static void solve_interval(struct solver *s, unsigned first, unsigned last)
{
	struct state full = interval_state(s, first, last, 0);
	double cost = without_eq(s, &full);

	for (unsigned rival = 0; rival < s->rivals; rival++) {
		if (!rival || class_in(s, first, last, s->rival_class[rival]))
			solve_rival(s, first, last, rival);
		else
			copy_rival(s, first, last, rival);
	}
	for (unsigned rival = 0; cost && rival < s->rivals; rival++)
		for (unsigned own = 0; own < (rival ? 2u : 1u); own++) {
			unsigned cell;
			double eq = first_eq(s, first, last, rival, own, &cell) + full.weight + s->per_test;

			cost = eq < cost ? eq : cost;
		}
	set_cost(s, &full, 0, cost);
}

/* ---- The tree itself: decisions are made once more, along the way ---- */

static int emit(const struct solver *s, const struct state *st, struct tree *tree);

static int emit_eq(const struct solver *s, const struct state *st, unsigned cell, struct tree *tree)
{
	struct tree_node node = { .kind = TREE_EQ, .key = s->cells[cell].lo, .weight_yes = s->cells[cell].weight };
	struct state next = *st;

	take(s, &next, cell);
	node.weight_no = (uint64_t)next.weight;
	node.yes = tree_add(tree, (struct tree_node){ .kind = TREE_LEAF, .cls = s->cells[cell].cls });
	if (node.yes < 0)
		return node.yes;
	node.no = emit(s, &next, tree);
	return node.no < 0 ? node.no : tree_add(tree, node);
}

static int emit_ge(const struct solver *s, const struct state *st, unsigned at, struct tree *tree)
{
	struct tree_node node = { .kind = TREE_GE, .key = s->cells[at + 1].lo };
	struct state left = interval_state(s, st->first, at, st->rival), right = interval_state(s, at + 1, st->last, st->rival);

	for (unsigned g = 0; g < st->gone_count; g++)
		take(s, st->gone[g] <= at ? &left : &right, st->gone[g]);
	node.weight_no = (uint64_t)left.weight;
	node.weight_yes = (uint64_t)right.weight;
	node.yes = emit(s, &right, tree);
	if (node.yes < 0)
		return node.yes;
	node.no = emit(s, &left, tree);
	return node.no < 0 ? node.no : tree_add(tree, node);
}

/* The next == test that has the state's cost, if there is one. With nothing gone yet it also chooses the rival. */
static bool find_eq(const struct solver *s, struct state *st, double rest, unsigned *ret_cell)
{
	bool open = !st->gone_count;

	for (unsigned rival = open ? 0 : st->rival; rival < (open ? s->rivals : st->rival + 1); rival++)
		for (unsigned own = 0; own < (rival ? 2u : 1u); own++) {
			unsigned gone = own ? st->own : st->others, max = own ? s->own : s->others, count;
			uint16_t cells[GONE_MAX];

			count = heaviest(s, st->first, st->last, rival, own, max, cells);
			if (gone >= count || get_cost(s, st->first, st->last, kind_of(s, rival, st->others + !own, st->own + own)) != rest)
				continue;
			st->rival = rival;
			*ret_cell = cells[gone];
			return true;
		}
	return false;
}

static int emit(const struct solver *s, const struct state *st, struct tree *tree)
{
	double rest = get_cost(s, st->first, st->last, kind_of(s, st->rival, st->others, st->own)) - st->weight - s->per_test;
	struct state chosen = *st;
	uint32_t cls = 0;
	unsigned cell;

	if (uniform(s, st, &cls))
		return tree_add(tree, (struct tree_node){ .kind = TREE_LEAF, .cls = cls });
	if (find_eq(s, &chosen, rest, &cell))
		return emit_eq(s, &chosen, cell, tree);
	return emit_ge(s, st, best_split(s, st, true).at, tree);
}

/* ---- Setting up ---- */

/* Points by falling weight, equal ones by place. */
static void rank_points(struct solver *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		unsigned at = s->points;

		s->prefix[i + 1] = s->prefix[i] + (double)s->cells[i].weight;
		if (!s->cells[i].point)
			continue;
		for (; at && s->cells[s->by_rank[at - 1]].weight < s->cells[i].weight; at--)
			s->by_rank[at] = s->by_rank[at - 1];
		s->by_rank[at] = (uint16_t)i;
		s->points++;
	}
}

/* Leaving a class over saves tests when it has two cells, one of them a point. Those with most cells are considered. */
static void choose_rivals(struct solver *s, unsigned max)
{
	for (s->rivals = 1; s->rivals <= max; s->rivals++) {
		unsigned best = 1;

		for (unsigned i = 0; i < s->n; i++) {
			unsigned cells = 0;
			bool taken = !s->cells[i].point;

			for (unsigned r = 1; r < s->rivals; r++)
				taken |= s->rival_class[r] == s->cells[i].cls;
			for (unsigned j = 0; j < s->n && !taken; j++)
				cells += s->cells[j].cls == s->cells[i].cls;
			if (cells > best) {
				best = cells;
				s->rival_class[s->rivals] = s->cells[i].cls;
			}
		}
		if (best < 2)
			return;
	}
}

static unsigned count_kinds(unsigned others, unsigned own, unsigned rivals)
{
	return (others + 1) * (1 + rivals * (own + 1));
}

uint64_t tree_exact_work(size_t n, const struct tree_limits *limits)
{
	uint64_t states = (uint64_t)n * n / 2 * count_kinds(limits->others, limits->own, limits->rivals);

	return states * (n / 3 + 32); /* the mean interval, and what a state costs by itself */
}

int tree_exact(const struct tree_cell *cells, size_t count, const struct tree_limits *limits, struct tree *tree)
{
	_cleanup_free_ struct solver *s = calloc(1, sizeof(*s));
	_cleanup_free_ double *rows = NULL;
	struct state all;
	int r;

	if (!s)
		return -ENOMEM;
	s->cells = cells;
	s->n = count;
	s->others = limits->others;
	s->own = limits->own;
	s->per_test = (double)limits->per_test;
	rank_points(s);
	choose_rivals(s, limits->rivals);
	s->kinds = count_kinds(s->others, s->own, s->rivals - 1);
	rows = calloc(2 * count * count * s->kinds, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	s->from_first = rows;
	s->from_last = rows + count * count * s->kinds;
	for (unsigned size = 1; size <= count; size++)
		for (unsigned first = 0; first + size <= count; first++)
			solve_interval(s, first, first + size - 1);
	all = interval_state(s, 0, (unsigned)count - 1, 0);
	tree->cost = (uint64_t)get_cost(s, all.first, all.last, 0);
	r = emit(s, &all, tree);
	if (r < 0)
		return r;
	tree->root = r;
	return 0;
}
