/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile for another ABI. Names that both ABIs have stay; of the others, and of names that only the target has, data/translations.csv
 * knows which call does the same. Nothing is permitted that the source's profile refuses for the call in question.
 */
#include "pass/pass.h"

#include "model/call.h"

struct translation {
	const struct callgate_profile *from;
	struct callgate_profile *to;
	enum callgate_abi source, target;
	struct callgate_diags *diags;
};

static bool has(enum callgate_abi abi, int syscall)
{
	return arch_syscall_nr(abi, syscall) >= 0;
}

static bool applies(const struct translation *t, const struct arch_translation *row)
{
	return has(t->source, row->syscall) && has(t->target, row->to) && (!has(t->target, row->syscall) || !has(t->source, row->to));
}

/* ---- Values ---- */

static uint64_t carry_constant(const struct translation *t, const char *family, uint64_t value)
{
	const char *name = arch_constant_name(family, value, t->source);
	uint64_t there;

	return name && arch_constant_value(family, name, t->target, &there) == 0 ? there : value;
}

/* A number as the target's headers have it: O_DIRECTORY is another bit on AArch64. Of flags each bit is a constant by itself. */
static uint64_t carry_value(const struct translation *t, const struct arch_arg *arg, uint64_t value)
{
	uint64_t there = 0;

	if (!arg || !arg->family)
		return value;
	if (arg->kind == ARCH_KIND_ENUM || arg->kind == ARCH_KIND_ENUM64)
		return carry_constant(t, arg->family, value);
	for (unsigned bit = 0; bit < 64; bit++)
		if (value >> bit & 1)
			there |= carry_constant(t, arg->family, UINT64_C(1) << bit);
	return there;
}

static struct profile_cond carry_cond(const struct translation *t, int syscall, struct profile_cond cond)
{
	const struct arch_arg *arg = arch_arg_of(t->source, syscall, cond.arg);

	cond.value = carry_value(t, arg, cond.value);
	if (cond.op == OP_MASKED_EQ)
		cond.mask = carry_value(t, arg, cond.mask);
	return cond;
}

/* ---- Rules about other calls ---- */

/* Where argument `arg` of the source's call stands in the target's; -1: nowhere. */
static int place_of(const struct arch_translation *row, unsigned arg)
{
	for (unsigned i = 0; i < row->args; i++)
		if (row->arg[i].source == (int)arg)
			return (int)i;
	return -1;
}

/* The conditions of a rule, on the other call's arguments. False when one has no place there. */
static bool carry_conds(const struct translation *t, const struct arch_translation *row, const struct profile_clause *clause,
			struct profile_cond *conds, size_t *ret_n)
{
	bool all = true;
	size_t n = 0;

	for (uint32_t i = 0; i < clause->n_conds; i++) {
		struct profile_cond cond = carry_cond(t, row->syscall, t->from->conds.items[clause->cond + i]);
		int place = place_of(row, cond.arg);

		cond.arg = (uint8_t)place;
		if (place < 0)
			all = false;
		else
			conds[n++] = cond;
	}
	*ret_n = n;
	return all;
}

/* What the other call must be given to do the same. */
static size_t add_fixed(const struct arch_translation *row, struct profile_cond *conds, size_t n)
{
	for (unsigned i = 0; i < row->args; i++)
		if (row->arg[i].mask == UINT64_MAX)
			conds[n++] = (struct profile_cond){ .arg = (uint8_t)i, .op = OP_EQ, .value = row->arg[i].value };
		else if (row->arg[i].mask)
			conds[n++] = (struct profile_cond){ .arg = (uint8_t)i, .op = OP_MASKED_EQ, .mask = row->arg[i].mask, .value = row->arg[i].value };
	return n;
}

static int carry_clause(struct translation *t, const struct arch_translation *row, const struct profile_clause *clause)
{
	struct profile_clause carried = *clause;
	struct profile_cond *conds;
	size_t n;
	int r;

	conds = calloc(clause->n_conds + 6, sizeof(*conds));
	if (!conds)
		return -ENOMEM;
	if (!carry_conds(t, row, clause, conds, &n) && action_permits(clause->action)) {
		diag_warning(t->diags, "translate-condition",
			     (struct diag_where){ profile_clause_file(t->from, clause), clause->line, clause->column },
			     "a rule about %s is not carried over to %s: it has a condition on an argument that %s has not",
			     arch_syscall_name(row->syscall), arch_syscall_name(row->to), arch_syscall_name(row->to));
		free(conds);
		return 0;
	}
	if (action_permits(clause->action))
		n = add_fixed(row, conds, n);
	carried.syscall = row->to;
	r = profile_add_clause(t->to, carried, conds, n);
	free(conds);
	return r;
}

static int carry_row(struct translation *t, const struct arch_translation *row)
{
	size_t first, end;
	int r = 0;

	profile_clauses_of(t->from, row->syscall, &first, &end);
	for (size_t i = first; i < end && !r; i++)
		if (!t->from->clauses.items[i].derived)
			r = carry_clause(t, row, &t->from->clauses.items[i]);
	return r;
}

static bool is_translated(const struct translation *t, int syscall)
{
	const struct arch_translation *row;

	for (unsigned i = 0; (row = arch_translation_at(i)); i++)
		if (row->syscall == syscall && applies(t, row))
			return true;
	return false;
}

/* Rules about calls that the target has not, and has nothing for. */
static void name_lost(const struct translation *t)
{
	struct buf names = { 0 };
	int last = -1;

	for (size_t i = 0; i < t->from->clauses.count; i++) {
		const struct profile_clause *clause = &t->from->clauses.items[i];

		if (clause->derived || clause->syscall == last || has(t->target, clause->syscall) || !has(t->source, clause->syscall) ||
		    is_translated(t, clause->syscall))
			continue;
		last = clause->syscall;
		buf_printf(&names, "%s%s", names.size ? ", " : "", arch_syscall_name(last));
	}
	if (names.size)
		diag_warning(t->diags, "translate-none", DIAG_NOWHERE, "%s has nothing that does the same as %s", arch_abi_get(t->target)->name,
			     names.text);
	buf_done(&names);
}

/* ---- Rules about the same call ---- */

/* Where the target has the argument that the source has at `arg`: clone(2) takes its flags second on s390x. -1: nowhere. */
static int same_place(const struct translation *t, int syscall, unsigned arg)
{
	const struct arch_arg *here = arch_arg_of(t->source, syscall, arg), *there = arch_arg_of(t->target, syscall, arg);

	if (!here || (there && !strcmp(here->name, there->name)))
		return (int)arg;
	for (unsigned i = 0; i < 6; i++) {
		there = arch_arg_of(t->target, syscall, i);
		if (there && !strcmp(here->name, there->name))
			return (int)i;
	}
	return -1;
}

/* The clause, whose conditions belong to t->to, for the target. False when it cannot be said there. */
static bool keep_clause(struct translation *t, struct profile_clause *clause)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < clause->n_conds; i++) {
		struct profile_cond *cond = &t->to->conds.items[clause->cond + i];
		int place = same_place(t, clause->syscall, cond->arg);

		if (place < 0 && action_permits(clause->action)) {
			diag_warning(t->diags, "translate-condition",
				     (struct diag_where){ profile_clause_file(t->from, clause), clause->line, clause->column },
				     "a rule about %s is left out: %s has no such argument", arch_syscall_name(clause->syscall),
				     arch_abi_get(t->target)->name);
			return false;
		}
		if (place < 0)
			continue;
		*cond = carry_cond(t, clause->syscall, *cond);
		cond->arg = (uint8_t)place;
		t->to->conds.items[clause->cond + n++] = *cond;
	}
	clause->n_conds = n;
	return true;
}

/* Rules about names that the target has come first. */
static int translate(struct translation *t)
{
	const struct arch_translation *row;
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; i < t->to->clauses.count; i++) {
		struct profile_clause clause = t->to->clauses.items[i];

		if (has(t->target, clause.syscall) && !clause.derived && keep_clause(t, &clause))
			t->to->clauses.items[kept++] = clause;
	}
	t->to->clauses.count = kept;
	t->to->calls.count = 0; /* evidence of another machine */
	t->to->abis = CALLGATE_ABI_BIT(t->target);
	for (unsigned i = 0; (row = arch_translation_at(i)) && !r; i++)
		if (applies(t, row))
			r = carry_row(t, row);
	return r ? r : profile_normalise(t->to);
}

int pass_translate(const struct callgate_profile *profile, enum callgate_abi from, enum callgate_abi to, struct callgate_profile **ret_profile,
		   struct callgate_diags *diags)
{
	const struct callgate_target at = { .abis = CALLGATE_ABI_BIT(from) };
	struct translation t = { .source = from, .target = to, .diags = diags };
	struct callgate_profile *source;
	int r;

	if (profile->literal || (profile->abis && !(profile->abis & CALLGATE_ABI_BIT(from))))
		return diag_error(diags, -EINVAL, "translate-source", DIAG_NOWHERE, "the profile says nothing about %s, from which it is to be translated",
				  arch_abi_get(from)->name);
	r = pass_specialise(profile, &at, &source, diags);
	if (r)
		return r;
	t.from = source;
	r = profile_copy(source, &t.to);
	if (!r)
		r = translate(&t);
	if (!r)
		name_lost(&t);
	profile_free(source);
	if (r) {
		profile_free(t.to);
		return diag_oom(diags);
	}
	*ret_profile = t.to;
	return 0;
}
