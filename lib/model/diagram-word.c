/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 32-bit words of Boolean diagrams, and what classic BPF computes with them: what a circuit of gates would do, bit by bit.
 * Nothing here knows a constant from an argument; an operation on constants folds because ite on leaves does.
 */
#include "model/diagram-impl.h"

#include <linux/filter.h>

struct diagram_word diagram_word_constant(uint32_t value)
{
	struct diagram_word w;

	for (unsigned i = 0; i < DIAGRAM_WORD_BITS; i++)
		w.bit[i] = value >> i & 1 ? DIAGRAM_TRUE : DIAGRAM_FALSE;
	return w;
}

struct diagram_word diagram_word_choose(struct diagram *d, diagram_ref condition, const struct diagram_word *then,
					const struct diagram_word *otherwise)
{
	struct diagram_word w;

	for (unsigned i = 0; i < DIAGRAM_WORD_BITS; i++)
		w.bit[i] = then->bit[i] == otherwise->bit[i] ? then->bit[i]
							     : diagram_choose(d, condition, then->bit[i], otherwise->bit[i]);
	return w;
}

/* From the lowest bit up: a higher bit that differs overrules what the lower ones said. */
diagram_ref diagram_word_greater(struct diagram *d, const struct diagram_word *a, const struct diagram_word *b, diagram_ref equal)
{
	diagram_ref r = equal;

	for (unsigned i = 0; i < DIAGRAM_WORD_BITS; i++)
		r = diagram_choose(d, a->bit[i], diagram_choose(d, b->bit[i], r, DIAGRAM_TRUE),
				   diagram_choose(d, b->bit[i], DIAGRAM_FALSE, r));
	return r;
}

diagram_ref diagram_word_equal(struct diagram *d, const struct diagram_word *a, const struct diagram_word *b)
{
	diagram_ref r = DIAGRAM_TRUE;

	for (unsigned i = 0; i < DIAGRAM_WORD_BITS && r != DIAGRAM_FALSE; i++)
		r = diagram_choose(d, a->bit[i], diagram_and(d, b->bit[i], r), diagram_choose(d, b->bit[i], DIAGRAM_FALSE, r));
	return r;
}

diagram_ref diagram_word_meets(struct diagram *d, const struct diagram_word *a, const struct diagram_word *b)
{
	diagram_ref r = DIAGRAM_FALSE;

	for (unsigned i = 0; i < DIAGRAM_WORD_BITS; i++)
		r = diagram_or(d, diagram_and(d, a->bit[i], b->bit[i]), r);
	return r;
}

static struct diagram_word bitwise(struct diagram *d, unsigned op, const struct diagram_word *a, const struct diagram_word *b)
{
	struct diagram_word w;

	for (unsigned i = 0; i < DIAGRAM_WORD_BITS; i++) {
		if (op == BPF_AND)
			w.bit[i] = diagram_and(d, a->bit[i], b->bit[i]);
		else if (op == BPF_OR)
			w.bit[i] = diagram_or(d, a->bit[i], b->bit[i]);
		else
			w.bit[i] = diagram_choose(d, a->bit[i], diagram_not(d, b->bit[i]), b->bit[i]);
	}
	return w;
}

/* ---- Arithmetic: what a circuit would do ---- */

static struct diagram_word add(struct diagram *d, const struct diagram_word *a, const struct diagram_word *b, diagram_ref carry)
{
	struct diagram_word w;

	for (unsigned i = 0; i < DIAGRAM_WORD_BITS && !d->error; i++) {
		diagram_ref x = a->bit[i], y = b->bit[i], odd = diagram_choose(d, x, diagram_not(d, y), y);

		w.bit[i] = diagram_choose(d, odd, diagram_not(d, carry), carry);
		carry = diagram_choose(d, odd, carry, y);
	}
	return d->error ? *a : w;
}

/* a - b is a + ~b + 1. */
static struct diagram_word subtract(struct diagram *d, const struct diagram_word *a, const struct diagram_word *b)
{
	struct diagram_word inverse;

	for (unsigned i = 0; i < DIAGRAM_WORD_BITS; i++)
		inverse.bit[i] = diagram_not(d, b->bit[i]);
	return add(d, a, &inverse, DIAGRAM_TRUE);
}

/* By a constant number of places; zeros come in. */
static struct diagram_word move(const struct diagram_word *a, unsigned places, bool left)
{
	struct diagram_word w = diagram_word_constant(0);

	for (unsigned i = places; i < DIAGRAM_WORD_BITS; i++)
		w.bit[left ? i : i - places] = a->bit[left ? i - places : i];
	return w;
}

/* Only the low five bits of the distance count. */
static struct diagram_word shift(struct diagram *d, const struct diagram_word *a, const struct diagram_word *distance, bool left)
{
	struct diagram_word w = *a;

	for (unsigned i = 0; i < 5; i++) {
		struct diagram_word moved = move(&w, 1u << i, left);

		w = diagram_word_choose(d, distance->bit[i], &moved, &w);
	}
	return w;
}

static struct diagram_word multiply(struct diagram *d, const struct diagram_word *a, const struct diagram_word *b)
{
	const struct diagram_word zero = diagram_word_constant(0);
	struct diagram_word sum = zero;

	for (unsigned i = 0; i < DIAGRAM_WORD_BITS && !d->error; i++) {
		struct diagram_word part = move(a, i, true);

		part = diagram_word_choose(d, b->bit[i], &part, &zero);
		if (b->bit[i] != DIAGRAM_FALSE)
			sum = add(d, &sum, &part, DIAGRAM_FALSE);
	}
	return sum;
}

/*
 * Long division. The rest is never above the bits taken in so far, so doubling it loses none. Where the divisor is 0 the answer
 * is arbitrary: the program has ended there.
 */
static struct diagram_word divide(struct diagram *d, const struct diagram_word *a, const struct diagram_word *divisor)
{
	struct diagram_word quotient = diagram_word_constant(0), rest = diagram_word_constant(0);

	for (unsigned i = DIAGRAM_WORD_BITS; i-- > 0 && !d->error;) {
		struct diagram_word less;

		rest = move(&rest, 1, true);
		rest.bit[0] = a->bit[i];
		quotient.bit[i] = diagram_word_greater(d, &rest, divisor, DIAGRAM_TRUE);
		less = subtract(d, &rest, divisor);
		rest = diagram_word_choose(d, quotient.bit[i], &less, &rest);
	}
	return quotient;
}

struct diagram_word diagram_word_compute(struct diagram *d, unsigned op, const struct diagram_word *a, const struct diagram_word *b)
{
	const struct diagram_word zero = diagram_word_constant(0);

	switch (op) {
	case BPF_ADD:
		return add(d, a, b, DIAGRAM_FALSE);
	case BPF_SUB:
		return subtract(d, a, b);
	case BPF_MUL:
		return multiply(d, a, b);
	case BPF_DIV:
		return divide(d, a, b);
	case BPF_LSH:
	case BPF_RSH:
		return shift(d, a, b, op == BPF_LSH);
	case BPF_NEG:
		return subtract(d, &zero, a);
	default:
		return bitwise(d, op, a, b);
	}
}
