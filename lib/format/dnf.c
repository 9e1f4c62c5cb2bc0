/* SPDX-License-Identifier: Apache-2.0 */
/* Disjunctions of conjunctions; see dnf.h. */
#include "format/dnf.h"

void dnf_done(struct dnf *d)
{
	vec_done(&d->conds);
	vec_done(&d->terms);
}

static int add_term(struct dnf *d, const struct profile_cond *a, size_t n_a, const struct profile_cond *b, size_t n_b)
{
	struct dnf_term term = { (uint32_t)d->conds.count, (uint32_t)(n_a + n_b) };

	if (d->terms.count >= DNF_TERMS_MAX || d->conds.count + n_a + n_b > DNF_CONDS_MAX)
		return -E2BIG;
	for (size_t i = 0; i < n_a + n_b; i++)
		if (vec_push(&d->conds, i < n_a ? a[i] : b[i - n_a]))
			return -ENOMEM;
	return vec_push(&d->terms, term);
}

int dnf_always(struct dnf *d)
{
	return add_term(d, NULL, 0, NULL, 0);
}

/* 2^n - 1 at the top: the length of the run of ones that begins at bit 63. */
static unsigned leading_ones(uint64_t value)
{
	return ~value ? (unsigned)__builtin_clzll(~value) : 64;
}

static int add_comparison(struct dnf *d, uint8_t arg, uint8_t op, uint64_t value)
{
	struct profile_cond cond = { .arg = arg, .op = op, .value = value };

	return add_term(d, &cond, 1, NULL, 0);
}

/*
 * (arg & mask) != value: one term a bit that may differ. A run of bits that reaches up to bit 63 is one comparison, which keeps masks
 * like ~3 short; it is also what makes the answer right at 32 bits, where a value whose upper half is all ones stands for its low word.
 */
static int add_masked_ne(struct dnf *d, uint8_t arg, uint64_t mask, uint64_t value)
{
	unsigned zeros = leading_ones(mask & ~value), ones = leading_ones(mask & value), run = MAX(zeros, ones);
	uint64_t top = run ? UINT64_MAX << (64 - run) : 0;
	int r = 0;

	if (value & ~mask)
		return dnf_always(d);
	if (run == 64)
		return add_comparison(d, arg, OP_NE, value);
	if (zeros)
		r = add_comparison(d, arg, OP_GE, UINT64_C(1) << (64 - run));
	else if (ones)
		r = add_comparison(d, arg, OP_LT, top);
	for (mask &= ~top; mask && !r; mask &= mask - 1) {
		uint64_t bit = mask & -mask;
		struct profile_cond cond = { .arg = arg, .op = OP_MASKED_EQ, .mask = bit, .value = ~value & bit };

		r = add_term(d, &cond, 1, NULL, 0);
	}
	return r;
}

int dnf_cond(struct dnf *d, struct profile_cond cond)
{
	if (cond.op == DNF_MASKED_NE)
		return add_masked_ne(d, cond.arg, cond.mask, cond.value);
	return add_term(d, &cond, 1, NULL, 0);
}

/* A pointer into an array that may not exist: a term can be without conditions. */
static const struct profile_cond *conds_of(const struct dnf *d, size_t term)
{
	return d->conds.count ? d->conds.items + d->terms.items[term].first : NULL;
}

int dnf_or(struct dnf *d, const struct dnf *other)
{
	int r = 0;

	for (size_t i = 0; i < other->terms.count && !r; i++)
		r = add_term(d, conds_of(other, i), other->terms.items[i].count, NULL, 0);
	return r;
}

int dnf_and(struct dnf *d, const struct dnf *other)
{
	struct dnf product = { 0 };
	int r = 0;

	for (size_t i = 0; i < d->terms.count && !r; i++) {
		for (size_t j = 0; j < other->terms.count && !r; j++)
			r = add_term(&product, conds_of(d, i), d->terms.items[i].count,
				     conds_of(other, j), other->terms.items[j].count);
	}
	dnf_done(d);
	*d = product;
	return r;
}

int dnf_add_clauses(const struct dnf *d, struct callgate_profile *profile, const struct profile_clause *clause)
{
	int r = 0;

	for (size_t i = 0; i < d->terms.count && !r; i++)
		r = profile_add_clause(profile, *clause, conds_of(d, i), d->terms.items[i].count);
	return r;
}

uint8_t dnf_negated(uint8_t op)
{
	static const uint8_t negated[] = {
		[OP_EQ] = OP_NE, [OP_NE] = OP_EQ, [OP_LT] = OP_GE, [OP_GE] = OP_LT, [OP_LE] = OP_GT, [OP_GT] = OP_LE,
		[OP_MASKED_EQ] = DNF_MASKED_NE, [DNF_MASKED_NE] = OP_MASKED_EQ,
	};

	return negated[op];
}
