/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions of kafel: comparisons of one argument, perhaps under a mask, with a constant; joined by &&, || and commas, negated by !.
 * A negation is pushed down while reading, so that only comparisons are ever negated. What kafel can say beyond that (two arguments
 * compared, an argument or-ed with a number) no profile can, and it is refused.
 */
#include "format/kafel.h"

/* One side of a comparison: constant bits, or an argument under a mask. */
struct operand {
	bool is_arg, masked;
	uint8_t arg;
	uint64_t value; /* the constant, or the mask */
	struct scan_token token;
};

bool kafel_same(const struct scan_token *a, const struct scan_token *b)
{
	return a->size == b->size && !memcmp(a->text, b->text, a->size);
}

const struct kafel_constant *kafel_constant(const struct kafel_reader *r, const struct scan_token *name)
{
	for (size_t i = 0; i < r->constants.count; i++)
		if (kafel_same(&r->constants.items[i].name, name))
			return &r->constants.items[i];
	return NULL;
}

bool kafel_read_number(struct kafel_reader *r, uint64_t *ret)
{
	const struct kafel_constant *constant = NULL;
	struct scan *s = &r->scan;

	if (s->token.kind == SCAN_WORD)
		constant = kafel_constant(r, &s->token);
	if (s->token.kind != SCAN_NUMBER && !constant)
		return scan_unexpected(s, "a number or a constant of #define");
	*ret = constant ? constant->value : s->token.value;
	scan_next(s);
	return true;
}

static int find_argument(const struct kafel_reader *r, const struct scan_token *name)
{
	char text[SCAN_WORD_SIZE];

	if (r->named) {
		for (unsigned i = 0; i < r->n_args; i++)
			if (kafel_same(&r->args[i], name))
				return (int)i;
		return -ENOENT;
	}
	scan_text(name, text);
	for (unsigned i = 0; i < arch_arg_count(r->syscall); i++) {
		const struct arch_arg *arg = arch_arg_get(r->syscall, i);

		if (arg && !strcmp(arg->name, text))
			return (int)i;
	}
	return -ENOENT;
}

static bool unsupported(struct kafel_reader *r, const struct scan_token *token, const char *what)
{
	scan_error(&r->scan, "kafel-unsupported", token, "%s cannot be read: a rule compares one argument, perhaps under a mask, with a number", what);
	return false;
}

static bool too_deep(struct kafel_reader *r, unsigned depth)
{
	if (depth < KAFEL_DEPTH_MAX)
		return false;
	scan_error(&r->scan, "kafel-syntax", &r->scan.token, "the expression is nested deeper than %d", KAFEL_DEPTH_MAX);
	return true;
}

static bool read_or(struct kafel_reader *r, unsigned depth, struct operand *ret);

static bool read_operand(struct kafel_reader *r, unsigned depth, struct operand *ret)
{
	struct scan *s = &r->scan;
	char text[SCAN_WORD_SIZE];
	int arg;

	*ret = (struct operand){ .token = s->token };
	if (scan_is(s, "(")) {
		if (too_deep(r, depth))
			return false;
		scan_next(s);
		return read_or(r, depth + 1, ret) && scan_expect(s, ")");
	}
	if (s->token.kind != SCAN_WORD || kafel_constant(r, &s->token))
		return kafel_read_number(r, &ret->value);
	arg = find_argument(r, &s->token);
	if (arg < 0) {
		scan_error(s, "kafel-argument", &s->token,
			   "\"%s\" is neither an argument of %s nor a constant of #define; name the arguments: %s(first, second)",
			   scan_text(&s->token, text), arch_syscall_name(r->syscall), arch_syscall_name(r->syscall));
		return false;
	}
	ret->is_arg = true;
	ret->arg = (uint8_t)arg;
	ret->value = UINT64_MAX;
	scan_next(s);
	return true;
}

static bool read_and(struct kafel_reader *r, unsigned depth, struct operand *ret)
{
	struct operand next;

	if (!read_operand(r, depth, ret))
		return false;
	while (scan_take(&r->scan, "&")) {
		if (!read_operand(r, depth, &next))
			return false;
		if (ret->is_arg && next.is_arg)
			return unsupported(r, &next.token, "one argument under another");
		ret->arg = next.is_arg ? next.arg : ret->arg;
		ret->masked |= ret->is_arg || next.is_arg;
		ret->is_arg |= next.is_arg;
		ret->value &= next.value;
	}
	return true;
}

static bool read_or(struct kafel_reader *r, unsigned depth, struct operand *ret)
{
	struct operand next;

	if (!read_and(r, depth, ret))
		return false;
	while (scan_take(&r->scan, "|")) {
		if (!read_and(r, depth, &next))
			return false;
		if (ret->is_arg || next.is_arg)
			return unsupported(r, &next.token, "an argument or-ed with something");
		ret->value |= next.value;
	}
	return true;
}

static bool holds(uint64_t left, uint8_t op, uint64_t right)
{
	const struct profile_cond cond = { .op = op, .value = right };

	return profile_cond_holds(&cond, 64, left);
}

/* The operator with its sides swapped. */
static uint8_t swapped(uint8_t op)
{
	static const uint8_t ops[] = { [OP_EQ] = OP_EQ, [OP_NE] = OP_NE, [OP_LT] = OP_GT, [OP_LE] = OP_GE, [OP_GT] = OP_LT, [OP_GE] = OP_LE };

	return ops[op];
}

static bool compare(struct kafel_reader *r, struct operand left, uint8_t op, struct operand right, struct dnf *ret, int *error)
{
	struct operand other = left;
	struct profile_cond cond = { .op = op };

	if (left.is_arg && right.is_arg)
		return unsupported(r, &right.token, "two arguments compared with each other");
	if (!left.is_arg && !right.is_arg) {
		*error = holds(left.value, op, right.value) ? dnf_always(ret) : 0;
		return !*error;
	}
	if (right.is_arg) {
		left = right;
		right = other;
		cond.op = swapped(op);
	}
	cond.arg = left.arg;
	cond.value = right.value;
	if (left.masked) {
		if (cond.op != OP_EQ && cond.op != OP_NE)
			return unsupported(r, &left.token, "a masked argument compared by order");
		cond.op = cond.op == OP_EQ ? (uint8_t)OP_MASKED_EQ : (uint8_t)DNF_MASKED_NE;
		cond.mask = left.value;
	}
	*error = dnf_cond(ret, cond);
	return !*error;
}

static bool read_comparison(struct kafel_reader *r, unsigned depth, bool negate, struct dnf *ret, int *error)
{
	static const struct word ops[] = { { "==", OP_EQ }, { "!=", OP_NE }, { "<", OP_LT }, { "<=", OP_LE }, { ">", OP_GT }, { ">=", OP_GE } };
	struct operand left, right;
	const struct word *word = NULL;
	char text[SCAN_WORD_SIZE];

	if (!read_or(r, depth, &left))
		return false;
	if (r->scan.token.kind == SCAN_MARK)
		word = word_find(ops, ARRAY_SIZE(ops), scan_text(&r->scan.token, text));
	if (!word)
		return scan_unexpected(&r->scan, "a comparison (== != < <= > >=)");
	scan_next(&r->scan);
	return read_or(r, depth, &right) && compare(r, left, negate ? dnf_negated((uint8_t)word->value) : (uint8_t)word->value, right, ret, error);
}

/*
 * "(" begins an expression or an operand, which only shows further on: at a logical sign or a comparison outside of its own
 * parentheses. The scanner is a small record, so looking ahead is reading a copy.
 */
static bool is_expression(const struct kafel_reader *r)
{
	static const char *const signs[] = { "&&", "||", "==", "!=", "<", "<=", ">", ">=", "!", "," };
	struct strict strict = { 0 };
	struct scan s = r->scan;

	s.strict = &strict;
	for (unsigned depth = 0; s.token.kind != SCAN_END && s.token.kind != SCAN_BAD; scan_next(&s)) {
		if (scan_is(&s, "("))
			depth++;
		else if (scan_is(&s, ")") && !--depth)
			return false;
		for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
			if (scan_is(&s, signs[i]))
				return true;
		if (scan_is(&s, "{") || scan_is(&s, "}"))
			return true;
	}
	return false;
}

static bool read_bool(struct kafel_reader *r, unsigned depth, bool negate, struct dnf *ret, int *error);

static bool read_primary(struct kafel_reader *r, unsigned depth, bool negate, struct dnf *ret, int *error)
{
	struct scan *s = &r->scan;

	if (!scan_is(s, "!") && !(scan_is(s, "(") && is_expression(r)))
		return read_comparison(r, depth, negate, ret, error);
	if (too_deep(r, depth))
		return false;
	if (scan_take(s, "!"))
		return read_primary(r, depth + 1, !negate, ret, error);
	scan_next(s);
	return read_bool(r, depth + 1, negate, ret, error) && scan_expect(s, ")");
}

/* Negated, "and" is "or" of what is negated, and the reverse. */
static bool join(struct dnf *d, const struct dnf *other, bool conjunction, int *error)
{
	*error = conjunction ? dnf_and(d, other) : dnf_or(d, other);
	return !*error;
}

static bool read_and_chain(struct kafel_reader *r, unsigned depth, bool negate, struct dnf *ret, int *error)
{
	if (!read_primary(r, depth, negate, ret, error))
		return false;
	while (scan_take(&r->scan, "&&")) {
		_cleanup_(dnf_done) struct dnf next = { 0 };

		if (!read_primary(r, depth, negate, &next, error) || !join(ret, &next, !negate, error))
			return false;
	}
	return true;
}

/* A comma is "or" and binds least; among each other the two are the same. */
static bool read_bool(struct kafel_reader *r, unsigned depth, bool negate, struct dnf *ret, int *error)
{
	if (!read_and_chain(r, depth, negate, ret, error))
		return false;
	while (scan_take(&r->scan, "||") || scan_take(&r->scan, ",")) {
		_cleanup_(dnf_done) struct dnf next = { 0 };

		if (!read_and_chain(r, depth, negate, &next, error) || !join(ret, &next, negate, error))
			return false;
	}
	return true;
}

bool kafel_read_expression(struct kafel_reader *r, struct dnf *ret, int *error)
{
	struct scan_token token = r->scan.token;

	if (read_bool(r, 0, false, ret, error))
		return true;
	if (*error == -E2BIG) {
		scan_error(&r->scan, "kafel-too-large", &token, "this expression needs more clauses than a profile can hold");
		*error = 0;
	}
	return false;
}
