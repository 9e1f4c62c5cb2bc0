/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two lowerings (diagram-profile.c, diagram-filter.c) and those who take a diagram apart (diagram-part.c, region*.c) share with
 * the manager in diagram.c. Nobody else includes this.
 *
 * Refs are indices of nodes. A child is always made before its parent, so its index is smaller. Once d->error is set every
 * operation answers DIAGRAM_FAILED, and a ref is DIAGRAM_FAILED only then: one look at d->error guards a whole operation.
 */
#ifndef CALLGATE_DIAGRAM_IMPL_H
#define CALLGATE_DIAGRAM_IMPL_H

#include "model/diagram.h"

/* The leaves 0 and 1 are made first, so that the Boolean constants are their own values. */
#define DIAGRAM_FALSE 0u
#define DIAGRAM_TRUE 1u

/* First variable (bit 31 or 63) of each field. */
#define DIAGRAM_VAR_ARCH 0u
#define DIAGRAM_VAR_NR 32u
#define DIAGRAM_VAR_ARG(i) (64u + 64u * (i))
#define DIAGRAM_VAR_IP DIAGRAM_VAR_ARG(6)

struct diagram_node {
	uint32_t var;    /* DIAGRAM_VARS for a leaf: below every variable */
	uint32_t lo, hi; /* children where the variable is 0, 1; of a leaf: its value and 0 */
};

/* One remembered answer. c is a ref for ite, or names the operation of apply; an empty entry matches no question. */
struct diagram_memo {
	uint32_t a, b, c, result;
};

struct diagram {
	struct diagram_node *nodes;
	size_t count, room, max;
	uint32_t *slots;           /* open addressing: hash of a node -> its index; 0 is free (leaf 0 is never looked up) */
	size_t slot_mask;
	struct diagram_memo *memo; /* direct-mapped: a newer answer replaces an older one */
	size_t memo_mask;
	uint64_t work, max_work;   /* steps of the public operation that runs now */
	int error;
};

/* The node (var, lo, hi), reduced and unique. var stands above both children. */
diagram_ref diagram_make(struct diagram *d, uint32_t var, diagram_ref lo, diagram_ref hi);
/* diagram_ite within a larger operation, whose work it counts towards. */
diagram_ref diagram_choose(struct diagram *d, diagram_ref condition, diagram_ref then, diagram_ref otherwise);
/* Where a condition holds; it has been through profile_cond_at_width. */
diagram_ref diagram_from_cond(struct diagram *d, const struct profile_cond *cond, unsigned width);
/* `value` with bit `index` of its leaves set where `condition` holds. */
diagram_ref diagram_set_bit(struct diagram *d, diagram_ref condition, diagram_ref value, unsigned index);

/* Every public operation starts with this: each has the whole budget of work. */
static inline void diagram_begin(struct diagram *d)
{
	d->work = 0;
}

/* One step of it. Answers get lost when the memo is small for the problem, so time needs its own bound beside the nodes. */
static inline bool diagram_step(struct diagram *d)
{
	if (++d->work > d->max_work && !d->error)
		d->error = -E2BIG;
	return !d->error;
}

/* Which nodes lie below a root, by index up to its own; NULL when out of memory. Caller frees. */
bool *diagram_reached(const struct diagram *d, diagram_ref root);

static inline diagram_ref diagram_and(struct diagram *d, diagram_ref a, diagram_ref b)
{
	return diagram_choose(d, a, b, DIAGRAM_FALSE);
}

static inline diagram_ref diagram_or(struct diagram *d, diagram_ref a, diagram_ref b)
{
	return diagram_choose(d, a, DIAGRAM_TRUE, b);
}

static inline diagram_ref diagram_not(struct diagram *d, diagram_ref a)
{
	return diagram_choose(d, a, DIAGRAM_FALSE, DIAGRAM_TRUE);
}

/* ---- Words: 32 Boolean diagrams (diagram-word.c) ---- */

#define DIAGRAM_WORD_BITS 32

struct diagram_word {
	diagram_ref bit[DIAGRAM_WORD_BITS]; /* 0 is the lowest */
};

struct diagram_word diagram_word_constant(uint32_t value);
struct diagram_word diagram_word_choose(struct diagram *d, diagram_ref condition, const struct diagram_word *then,
					const struct diagram_word *otherwise);
/* a > b, unsigned; `equal` is the answer where they are equal. */
diagram_ref diagram_word_greater(struct diagram *d, const struct diagram_word *a, const struct diagram_word *b, diagram_ref equal);
diagram_ref diagram_word_equal(struct diagram *d, const struct diagram_word *a, const struct diagram_word *b);
/* a & b is not 0. */
diagram_ref diagram_word_meets(struct diagram *d, const struct diagram_word *a, const struct diagram_word *b);
/* `a op b` for the ALU operations of classic BPF, BPF_ADD and so on; b does not matter to BPF_NEG. */
struct diagram_word diagram_word_compute(struct diagram *d, unsigned op, const struct diagram_word *a, const struct diagram_word *b);

#endif
