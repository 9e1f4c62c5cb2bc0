/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One argument's values as conditions. Ways to say it compete: ranges, everything but a few values, cubes of bits (an irredundant sum of
 * products by Minato and Morreale's method), and a cube without some others. Where the caller does not care, each way may
 * choose.
 */
#include "model/region-impl.h"

#define INTERVALS_MAX 256
#define VALUES_MAX 24 /* listed one by one in style REGION_VALUES */
#define COST_TERM 8   /* a further term is worse than a further condition */
#define COST_VALUES 4 /* so many values in a list are as bad as a further condition */

struct interval {
	uint64_t first, last;
};
struct intervals {
	VEC(struct interval) all;
};

struct cube {
	uint64_t mask, value;
};
struct cubes {
	VEC(struct cube) all;
	unsigned limit;
};

struct covering {
	struct diagram *d;
	unsigned arg, width;
	const struct region_options *options;
	struct region best;
	unsigned best_cost; /* UINT32_MAX: nothing yet */
};

static void done_intervals(struct intervals *list) { vec_done(&list->all); }
static void done_cubes(struct cubes *list) { vec_done(&list->all); }

static uint64_t all_ones(const struct covering *c)
{
	return c->width == 32 ? UINT32_MAX : UINT64_MAX;
}

static struct region_cond simple(const struct covering *c, enum profile_op op, uint64_t value)
{
	return (struct region_cond){ .cond = { .arg = (uint8_t)c->arg, .op = (uint8_t)op, .value = value } };
}

/* The candidate is taken over when it costs less than what there is. */
static void offer(struct covering *c, struct region *candidate, unsigned cost)
{
	if (candidate->terms.count > c->options->limit || cost >= c->best_cost) {
		region_done(candidate);
		return;
	}
	region_done(&c->best);
	c->best = *candidate;
	c->best_cost = cost;
}

/* ---- Intervals ---- */

/* As in diagram-part.c, for words of up to 64 bits and two answers: only where it is true. `bit` counts down to 0. */
static int walk(const struct covering *c, diagram_ref ref, unsigned bits, uint64_t first, struct intervals *list)
{
	const struct diagram_node *n = &c->d->nodes[ref];
	uint32_t var = DIAGRAM_VAR_ARG(c->arg) + 64 - bits;
	uint64_t size = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1; /* less one */
	struct interval *before = list->all.count ? &list->all.items[list->all.count - 1] : NULL;
	int r;

	if (ref == DIAGRAM_FALSE)
		return 0;
	if (ref == DIAGRAM_TRUE) {
		if (before && before->last + 1 == first) {
			before->last = first + size;
			return 0;
		}
		return list->all.count == INTERVALS_MAX ? -E2BIG : vec_push(&list->all, (struct interval){ first, first + size });
	}
	r = walk(c, n->var == var ? n->lo : ref, bits - 1, first, list);
	n = &c->d->nodes[ref];
	return r ? r : walk(c, n->var == var ? n->hi : ref, bits - 1, first + size / 2 + 1, list);
}

static uint64_t count_values(const struct intervals *list)
{
	uint64_t count = 0;

	for (size_t i = 0; i < list->all.count; i++) {
		uint64_t size = list->all.items[i].last - list->all.items[i].first;

		count = size >= VALUES_MAX ? VALUES_MAX + 1 : count + size + 1;
		if (count > VALUES_MAX)
			break;
	}
	return count;
}

static size_t interval_conds(const struct covering *c, struct interval i, struct region_cond conds[2])
{
	size_t n = 0;

	if (i.first == i.last)
		conds[n++] = simple(c, OP_EQ, i.first);
	else {
		if (i.first)
			conds[n++] = simple(c, OP_GE, i.first);
		if (i.last != all_ones(c))
			conds[n++] = simple(c, OP_LE, i.last);
	}
	return n;
}

/* One term an interval. */
static int offer_union(struct covering *c, const struct intervals *list)
{
	struct region r = { 0 };
	int error = 0;

	for (size_t i = 0; i < list->all.count && !error; i++) {
		struct region_cond conds[2];
		size_t n = interval_conds(c, list->all.items[i], conds);

		error = region_add(&r, conds, n);
	}
	if (error)
		region_done(&r);
	else /* both bounds of a range are read as one condition */
		offer(c, &r, (unsigned)list->all.count * (COST_TERM + 1));
	return error;
}

/* Each value by itself. */
static int offer_values(struct covering *c, const struct intervals *list)
{
	struct region r = { 0 };
	int error = 0;

	for (size_t i = 0; i < list->all.count; i++)
		for (uint64_t v = list->all.items[i].first, left = list->all.items[i].last - v + 1; left && !error; left--, v++) {
			struct region_cond cond = simple(c, OP_EQ, v);

			error = region_add(&r, &cond, 1);
		}
	if (error)
		region_done(&r);
	else
		offer(c, &r, 1 + (unsigned)r.terms.count / COST_VALUES);
	return error;
}

static bool is_edge(const struct covering *c, struct interval hole)
{
	return !hole.first || hole.last == all_ones(c);
}

/* A hole at an end is a bound, unless it is a single value. */
static size_t bound_conds(const struct covering *c, const struct intervals *holes, struct region_cond conds[2])
{
	size_t n = 0;

	for (size_t i = 0; i < holes->all.count; i++) {
		struct interval h = holes->all.items[i];

		if (is_edge(c, h) && h.first != h.last)
			conds[n++] = h.first ? simple(c, OP_LE, h.first - 1) : simple(c, OP_GE, h.last + 1);
	}
	return n;
}

/* The other holes value by value. -1: there are too many. */
static int hole_conds(const struct covering *c, const struct intervals *holes, struct region_cond *conds)
{
	size_t most = c->options->style[c->arg] == REGION_VALUES ? VALUES_MAX : 1, n = 0;

	for (size_t i = 0; i < holes->all.count; i++) {
		struct interval h = holes->all.items[i];

		if (is_edge(c, h) && h.first != h.last)
			continue;
		if (h.last - h.first >= most || n + (h.last - h.first) >= REGION_CONDS_MAX - 2)
			return -1;
		for (uint64_t v = h.first, left = h.last - v + 1; left; left--, v++)
			conds[n++] = simple(c, OP_NE, v);
	}
	return (int)n;
}

/* One term: all between two bounds but a few. The holes are the intervals of the opposite. */
static int offer_holes(struct covering *c, const struct intervals *holes)
{
	struct region_cond conds[REGION_CONDS_MAX] = { { .negated = false } };
	size_t bounds = bound_conds(c, holes, conds);
	int values = hole_conds(c, holes, conds + bounds), error;
	bool by_value = c->options->style[c->arg] == REGION_VALUES && values <= VALUES_MAX;
	struct region r = { 0 };

	if (values < 0)
		return 0;
	error = region_add(&r, conds, bounds + (size_t)values);
	if (error)
		region_done(&r);
	else
		offer(c, &r, (by_value ? 2 + (unsigned)values / COST_VALUES : COST_TERM + (unsigned)values) + (unsigned)bounds);
	return error;
}

static int offer_intervals(struct covering *c, diagram_ref set)
{
	_cleanup_(done_intervals) struct intervals list = { 0 }, holes = { 0 };
	diagram_ref opposite = diagram_not(c->d, set);
	int r;

	if (c->d->error)
		return c->d->error;
	r = walk(c, set, c->width, 0, &list);
	if (!r && c->options->style[c->arg] == REGION_VALUES && count_values(&list) <= VALUES_MAX)
		r = offer_values(c, &list);
	else if (!r)
		r = offer_union(c, &list);
	if (!r)
		r = walk(c, opposite, c->width, 0, &holes);
	if (!r)
		r = offer_holes(c, &holes);
	return r == -E2BIG ? 0 : r;
}

/* ---- Cubes ---- */

static diagram_ref half(const struct diagram *d, diagram_ref ref, uint32_t var, bool value)
{
	const struct diagram_node *n = &d->nodes[ref];

	return n->var != var ? ref : value ? n->hi : n->lo;
}

/* Cubes that lie in `upper` and cover `lower`, below the cube `at`; *ret is what they cover. Every step that is not at once done adds a
 * cube, so the limit on cubes is one on time. */
static int isop(struct diagram *d, diagram_ref lower, diagram_ref upper, struct cube at, struct cubes *out, diagram_ref *ret)
{
	uint32_t var = MIN(d->nodes[lower].var, d->nodes[upper].var);
	diagram_ref l[2], u[2], covered[2], both, rest;
	uint64_t bit;
	int r = 0;

	if (lower == DIAGRAM_FALSE || upper == DIAGRAM_TRUE) {
		*ret = lower == DIAGRAM_FALSE ? DIAGRAM_FALSE : DIAGRAM_TRUE;
		if (lower != DIAGRAM_FALSE)
			r = out->all.count == out->limit ? -E2BIG : vec_push(&out->all, at);
		return r;
	}
	bit = (uint64_t)1 << (63 - (var - DIAGRAM_VAR_ARG(0)) % 64);
	for (unsigned i = 0; i < 2; i++) {
		l[i] = half(d, lower, var, i);
		u[i] = half(d, upper, var, i);
	}
	for (unsigned i = 0; i < 2 && !r; i++) {
		diagram_ref only = diagram_and(d, l[i], diagram_not(d, u[!i]));

		r = d->error;
		if (!r)
			r = isop(d, only, u[i], (struct cube){ at.mask | bit, at.value | (i ? bit : 0) }, out, &covered[i]);
	}
	if (r)
		return r;
	rest = diagram_or(d, diagram_and(d, l[0], diagram_not(d, covered[0])), diagram_and(d, l[1], diagram_not(d, covered[1])));
	both = diagram_and(d, u[0], u[1]);
	r = d->error ? d->error : isop(d, rest, both, at, out, &both);
	if (!r)
		*ret = diagram_make(d, var, diagram_or(d, covered[0], both), diagram_or(d, covered[1], both));
	return r ? r : d->error;
}

static struct region_cond cube_cond(const struct covering *c, struct cube cube)
{
	struct region_cond cond = simple(c, cube.mask == all_ones(c) ? OP_EQ : OP_MASKED_EQ, cube.value);

	if (cond.cond.op == OP_MASKED_EQ)
		cond.cond.mask = cube.mask;
	return cond;
}

static struct region_cond opposite_cond(const struct covering *c, struct cube cube)
{
	struct region_cond cond = cube_cond(c, cube);

	if (cond.cond.op == OP_EQ)
		cond.cond.op = OP_NE;
	else if (!(cube.mask & (cube.mask - 1)))
		cond.cond.value ^= cube.mask;
	else
		cond.negated = true;
	return cond;
}

static int offer_cubes(struct covering *c, diagram_ref lower, diagram_ref upper)
{
	_cleanup_(done_cubes) struct cubes cubes = { .limit = c->options->limit };
	struct region candidate = { 0 };
	diagram_ref covered;
	int r = isop(c->d, lower, upper, (struct cube){ 0 }, &cubes, &covered);

	for (size_t i = 0; i < cubes.all.count && !r; i++) {
		struct region_cond cond = cube_cond(c, cubes.all.items[i]);

		r = region_add(&candidate, &cond, 1);
	}
	if (r)
		region_done(&candidate);
	else /* of equals, masks win for flags and lose for others */
		offer(c, &candidate, (unsigned)cubes.all.count * (COST_TERM + 1) - (c->options->style[c->arg] == REGION_BITS));
	return r == -E2BIG ? 0 : r;
}

/* The bits that are the same in all of a set. */
static struct cube common_bits(const struct covering *c, diagram_ref set)
{
	struct cube common = { 0 };

	for (unsigned i = 0; i < c->width; i++) {
		diagram_ref bit = diagram_bit(c->d, DIAGRAM_VAR_ARG(c->arg) + 63 - i);
		bool never = diagram_and(c->d, set, bit) == DIAGRAM_FALSE;

		if (!never && diagram_and(c->d, set, diagram_not(c->d, bit)) != DIAGRAM_FALSE)
			continue;
		common.mask |= (uint64_t)1 << i;
		common.value |= (uint64_t)!never << i;
	}
	return common;
}

/* One term: in the cube of what all have in common, and in none of the opposite's cubes there. */
static int offer_opposite(struct covering *c, diagram_ref lower, diagram_ref upper)
{
	struct region_cond common = cube_cond(c, common_bits(c, lower));
	size_t first = common.cond.mask != 0;
	_cleanup_(done_cubes) struct cubes cubes = { .limit = REGION_CONDS_MAX / 8 };
	struct region_cond conds[REGION_CONDS_MAX / 8 + 1] = { common };
	struct region candidate = { 0 };
	diagram_ref from = diagram_and(c->d, diagram_from_cond(c->d, &common.cond, c->width), diagram_not(c->d, upper));
	diagram_ref to = diagram_not(c->d, lower), covered;
	int r;

	if (common.cond.op == OP_EQ) /* a single value: nothing is simpler */
		return c->d->error;
	r = c->d->error ? c->d->error : isop(c->d, from, to, (struct cube){ 0 }, &cubes, &covered);

	for (size_t i = 0; i < cubes.all.count && !r; i++) {
		conds[first + i] = opposite_cond(c, cubes.all.items[i]);
		if (conds[first + i].negated && c->options->plain)
			return 0;
	}
	if (!r)
		r = region_add(&candidate, conds, first + cubes.all.count);
	if (r)
		region_done(&candidate);
	else
		offer(c, &candidate, COST_TERM + (unsigned)(first + cubes.all.count) - (c->options->style[c->arg] == REGION_BITS));
	return r == -E2BIG ? 0 : r;
}

int region_cover(struct diagram *d, diagram_ref lower, diagram_ref upper, unsigned arg, const struct region_options *options,
		 struct region *ret_region)
{
	struct covering c = { .d = d, .arg = arg, .width = options->width[arg], .options = options, .best_cost = UINT32_MAX };
	int r = 0;

	if (upper == DIAGRAM_TRUE) {
		r = region_add(&c.best, NULL, 0);
		c.best_cost = 0;
	} else if (lower != DIAGRAM_FALSE) {
		r = offer_intervals(&c, lower);
		if (!r && upper != lower)
			r = offer_intervals(&c, upper);
		if (!r)
			r = offer_cubes(&c, lower, upper);
		if (!r)
			r = offer_opposite(&c, lower, upper);
		if (!r && c.best_cost == UINT32_MAX)
			r = -E2BIG;
	}
	if (r)
		region_done(&c.best);
	else
		*ret_region = c.best;
	return r;
}
