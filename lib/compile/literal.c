/* SPDX-License-Identifier: Apache-2.0 */
/* Literals: from conditions, under knowledge, in conjunction. See residual.h. */
#include "compile/residual.h"

int literal_push(struct residuals *rs, struct literal literal)
{
	int r = vec_reserve((void **)&rs->draft_literals, &rs->draft_literal_room, rs->draft_literal_count + 1, sizeof(literal));

	if (r < 0)
		return r;
	rs->draft_literals[rs->draft_literal_count++] = literal;
	return 0;
}

static int push_set(struct residuals *rs, uint8_t word, const uint32_t *bounds, size_t count)
{
	struct literal literal = { .word = word, .kind = LIT_SET };
	int r;

	if (!count)
		return TRUTH_FALSE;
	if (count == 2 && bounds[0] == 0 && bounds[1] == UINT32_MAX)
		return TRUTH_TRUE;
	r = seq_intern(&rs->sets, bounds, count, &literal.a);
	if (r < 0)
		return r;
	r = literal_push(rs, literal);
	return r < 0 ? r : TRUTH_OPEN;
}

static int push_range(struct residuals *rs, uint8_t word, uint32_t lo, uint32_t hi)
{
	return push_set(rs, word, (uint32_t[]){ lo, hi }, 2);
}

static int push_not(struct residuals *rs, uint8_t word, uint32_t value)
{
	uint32_t bounds[4];
	size_t n = 0;

	if (value) {
		bounds[n++] = 0;
		bounds[n++] = value - 1;
	}
	if (value != UINT32_MAX) {
		bounds[n++] = value + 1;
		bounds[n++] = UINT32_MAX;
	}
	return push_set(rs, word, bounds, n);
}

static int push_mask(struct residuals *rs, uint8_t word, uint32_t mask, uint32_t value)
{
	struct literal literal = { .word = word, .kind = LIT_MASK, .a = mask, .b = value };
	int r;

	if (value & ~mask)
		return TRUTH_FALSE;
	if (!mask)
		return TRUTH_TRUE;
	if (!(~mask & (~mask + 1))) /* only low bits are free: an interval */
		return push_range(rs, word, value, value | ~mask);
	r = literal_push(rs, literal);
	return r < 0 ? r : TRUTH_OPEN;
}

/* Conjunction of two halves of a condition. */
static int both(int a, int b)
{
	if (a < 0 || b < 0)
		return a < 0 ? a : b;
	if (a == TRUTH_FALSE || b == TRUTH_FALSE)
		return TRUTH_FALSE;
	return a == TRUTH_OPEN || b == TRUTH_OPEN ? TRUTH_OPEN : TRUTH_TRUE;
}

/* value <= bound, value >= bound, value != bound on 64 bits. */
static int push_wide(struct residuals *rs, unsigned arg, uint8_t op, uint64_t bound)
{
	uint32_t high = (uint32_t)(bound >> 32), low = (uint32_t)bound;
	struct literal literal = { .word = WORD_OF(arg, 1), .kind = LIT_WIDE, .op = op, .a = high, .b = low };
	int r;

	if (op == OP_LE && low == UINT32_MAX)
		return push_range(rs, literal.word, 0, high);
	if (op == OP_GE && low == 0)
		return push_range(rs, literal.word, high, UINT32_MAX);
	r = literal_push(rs, literal);
	return r < 0 ? r : TRUTH_OPEN;
}

/* The low word alone counts: the high one is read as 0. */
static int literals_narrow(struct residuals *rs, const struct profile_cond *cond)
{
	uint8_t word = WORD_OF(cond->arg, 0);
	uint64_t v = cond->value;
	uint32_t low = (uint32_t)v;

	switch (cond->op) {
	case OP_EQ:
		return v >> 32 ? TRUTH_FALSE : push_range(rs, word, low, low);
	case OP_NE:
		return v >> 32 ? TRUTH_TRUE : push_not(rs, word, low);
	case OP_LT:
		return v == 0 ? TRUTH_FALSE : v > UINT32_MAX ? TRUTH_TRUE : push_range(rs, word, 0, low - 1);
	case OP_LE:
		return v > UINT32_MAX ? TRUTH_TRUE : push_range(rs, word, 0, low);
	case OP_GT:
		return v >= UINT32_MAX ? TRUTH_FALSE : push_range(rs, word, low + 1, UINT32_MAX);
	case OP_GE:
		return v > UINT32_MAX ? TRUTH_FALSE : push_range(rs, word, low, UINT32_MAX);
	case OP_MASKED_EQ:
		return v >> 32 ? TRUTH_FALSE : push_mask(rs, word, (uint32_t)cond->mask, low);
	}
	return -EINVAL;
}

int literals_of(struct residuals *rs, const struct profile_cond *cond, unsigned width)
{
	uint8_t low = WORD_OF(cond->arg, 0), high = WORD_OF(cond->arg, 1);
	uint64_t v = cond->value, m = cond->mask;
	int r;

	if (width == 32)
		return literals_narrow(rs, cond);
	switch (cond->op) {
	case OP_EQ:
		r = push_range(rs, low, (uint32_t)v, (uint32_t)v);
		return both(r, push_range(rs, high, v >> 32, v >> 32));
	case OP_NE:
		return push_wide(rs, cond->arg, OP_NE, v);
	case OP_LT:
		return v == 0 ? TRUTH_FALSE : push_wide(rs, cond->arg, OP_LE, v - 1);
	case OP_LE:
		return push_wide(rs, cond->arg, OP_LE, v);
	case OP_GT:
		return v == UINT64_MAX ? TRUTH_FALSE : push_wide(rs, cond->arg, OP_GE, v + 1);
	case OP_GE:
		return push_wide(rs, cond->arg, OP_GE, v);
	case OP_MASKED_EQ:
		r = push_mask(rs, low, (uint32_t)m, (uint32_t)v);
		return both(r, push_mask(rs, high, m >> 32, v >> 32));
	}
	return -EINVAL;
}

/* The literal a wide comparison becomes, or its truth, when its high word lies in [lo, hi]. */
static int wide_after(struct residuals *rs, const struct known *k, const struct literal *l)
{
	uint8_t low = l->word - 1;

	if (k->lo == k->hi && k->lo == l->a) {
		if (l->op == OP_NE)
			return push_not(rs, low, l->b);
		return l->op == OP_LE ? push_range(rs, low, 0, l->b) : push_range(rs, low, l->b, UINT32_MAX);
	}
	if (k->hi < l->a)
		return l->op != OP_GE;
	if (k->lo > l->a)
		return l->op != OP_LE;
	return literal_push(rs, *l) < 0 ? -ENOMEM : TRUTH_OPEN;
}

static int set_after(struct residuals *rs, const struct known *k, const struct literal *l)
{
	size_t count, from = 0, to;
	const uint32_t *bounds = residual_set(rs, l->a, &count);

	/* The first interval that ends at or after k->lo. */
	for (to = count / 2; from < to;) {
		size_t mid = (from + to) / 2;

		if (bounds[2 * mid + 1] < k->lo)
			from = mid + 1;
		else
			to = mid;
	}
	if (from == count / 2 || bounds[2 * from] > k->hi)
		return TRUTH_FALSE;
	if (bounds[2 * from] <= k->lo && bounds[2 * from + 1] >= k->hi)
		return TRUTH_TRUE;
	return literal_push(rs, *l) < 0 ? -ENOMEM : TRUTH_OPEN;
}

static int mask_after(struct residuals *rs, const struct known *k, const struct literal *l)
{
	if ((l->b ^ k->value) & l->a & k->mask)
		return TRUTH_FALSE;
	if (k->not_count && !(k->not_mask & ~l->a))
		for (size_t i = 0; i < k->not_count; i++)
			if (k->not_values[i] == (l->b & k->not_mask))
				return TRUTH_FALSE;
	return push_mask(rs, l->word, l->a & ~k->mask, l->b & ~k->mask);
}

int literal_after(struct residuals *rs, const struct known *known, struct literal *literal)
{
	const struct literal l = *literal; /* pushing may move what it points to */

	rs->work++;
	if (l.word != known->word)
		return literal_push(rs, l) < 0 ? -ENOMEM : TRUTH_OPEN;
	switch (l.kind) {
	case LIT_SET:
		return set_after(rs, known, &l);
	case LIT_MASK:
		return mask_after(rs, known, &l);
	}
	return wide_after(rs, known, &l);
}

static int compare(const void *p, const void *q)
{
	const struct literal *a = p, *b = q;

	if (a->word != b->word)
		return a->word < b->word ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->op != b->op)
		return a->op < b->op ? -1 : 1;
	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	return a->b < b->b ? -1 : a->b > b->b;
}

/* Intersection of two sets as a literal at the draft's end. */
static int push_intersection(struct residuals *rs, uint8_t word, uint32_t a, uint32_t b)
{
	size_t an, bn, i = 0, j = 0;
	int r;

	residual_set(rs, a, &an);
	residual_set(rs, b, &bn);
	rs->scratch.count = 0;
	while (i < an && j < bn) {
		const uint32_t *x = residual_set(rs, a, &an) + i, *y = residual_set(rs, b, &bn) + j;
		uint32_t lo = MAX(x[0], y[0]), hi = MIN(x[1], y[1]);

		if (x[1] < y[1])
			i += 2;
		else
			j += 2;
		if (lo > hi)
			continue;
		r = vec_push(&rs->scratch, lo);
		if (!r)
			r = vec_push(&rs->scratch, hi);
		if (r < 0)
			return r;
		rs->work++;
	}
	return push_set(rs, word, rs->scratch.items, rs->scratch.count);
}

/* Two literals on one word that can be said in one. OPEN: the one that says both stands at the draft's end; TRUE: they stay as they are. */
static int combine(struct residuals *rs, const struct literal *a, const struct literal *b)
{
	if (a->word != b->word || a->kind != b->kind)
		return TRUTH_TRUE;
	if (a->kind == LIT_SET)
		return push_intersection(rs, a->word, a->a, b->a);
	if (a->kind == LIT_MASK) {
		if ((a->b ^ b->b) & a->a & b->a)
			return TRUTH_FALSE;
		return push_mask(rs, a->word, a->a | b->a, a->b | b->b);
	}
	return memcmp(a, b, sizeof(*a)) ? TRUTH_TRUE : literal_push(rs, *a) < 0 ? -ENOMEM : TRUTH_OPEN;
}

static void drop(struct residuals *rs, size_t i)
{
	memmove(&rs->draft_literals[i], &rs->draft_literals[i + 1],
		(rs->draft_literal_count - i - 1) * sizeof(*rs->draft_literals));
	rs->draft_literal_count--;
}

/* A set of a single value decides every other literal on its word. */
static int settle_point(struct residuals *rs, size_t first, size_t at)
{
	struct literal point = rs->draft_literals[at];
	size_t count, end = rs->draft_literal_count;
	const uint32_t *bounds = residual_set(rs, point.a, &count);
	struct known known = { .word = point.word, .lo = bounds[0], .hi = bounds[0], .mask = WORD_ALL, .value = bounds[0] };

	if (count != 2 || bounds[0] != bounds[1])
		return TRUTH_TRUE;
	for (size_t i = first; i < end; i++) {
		struct literal other = rs->draft_literals[i];
		int r;

		if (i == at || other.word != point.word)
			continue;
		r = literal_after(rs, &known, &other);
		if (r < 0 || r == TRUTH_FALSE)
			return r;
		drop(rs, i);
		return TRUTH_OPEN; /* something changed: start over */
	}
	return TRUTH_TRUE;
}

/* One simplification. OPEN: done one, TRUE: none left. */
static int simplify(struct residuals *rs, size_t first)
{
	size_t end = rs->draft_literal_count;

	for (size_t i = first; i < end; i++)
		for (size_t j = i + 1; j < end; j++) {
			struct literal a = rs->draft_literals[i], b = rs->draft_literals[j];
			int r = combine(rs, &a, &b);

			rs->work++;
			if (r < 0 || r == TRUTH_FALSE)
				return r;
			if (rs->draft_literal_count == end)
				continue;
			drop(rs, j);
			drop(rs, i);
			return TRUTH_OPEN;
		}
	for (size_t i = first; i < end; i++)
		if (rs->draft_literals[i].kind == LIT_SET) {
			int r = settle_point(rs, first, i);

			if (r != TRUTH_TRUE)
				return r;
		}
	return TRUTH_TRUE;
}

int literals_normalise(struct residuals *rs, size_t first)
{
	int r;

	do
		r = simplify(rs, first);
	while (r == TRUTH_OPEN && rs->work < RESIDUAL_WORK_MAX);
	if (r != TRUTH_TRUE)
		return r == TRUTH_OPEN ? -E2BIG : r;
	if (rs->draft_literal_count == first)
		return TRUTH_TRUE;
	qsort(rs->draft_literals + first, rs->draft_literal_count - first, sizeof(struct literal), compare);
	return TRUTH_OPEN;
}
