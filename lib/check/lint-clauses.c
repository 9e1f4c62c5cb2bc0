/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about conditions and about clauses that never decide. What decides is asked of the diagram here, too. */
#include "check/lint.h"
#include "model/call.h"

/* ---- What an answer depends on ---- */

/* The first clause with a condition on an argument, in the profiles of the policy; NULL for filters. */
static const struct profile_clause *clause_about(const struct check_lint *lint, int syscall, unsigned arg,
						 const struct callgate_profile **ret_profile)
{
	struct callgate_policy *leaf;
	size_t first, end;

	for (size_t i = 0; (leaf = policy_leaf(lint->policy, i)); i++) {
		if (!leaf->profile)
			continue;
		profile_clauses_of(leaf->profile, syscall, &first, &end);
		for (; first < end; first++) {
			const struct profile_clause *clause = &leaf->profile->clauses.items[first];

			for (uint32_t n = 0; n < clause->n_conds; n++)
				if (leaf->profile->conds.items[clause->cond + n].arg == arg) {
					*ret_profile = leaf->profile;
					return clause;
				}
		}
	}
	return NULL;
}

/* Is every condition on the argument a test for NULL? That one is not about memory. */
static bool only_null_tests(const struct callgate_profile *profile, int syscall, unsigned arg)
{
	size_t first, end;

	profile_clauses_of(profile, syscall, &first, &end);
	for (; first < end; first++) {
		const struct profile_clause *clause = &profile->clauses.items[first];

		for (uint32_t n = 0; n < clause->n_conds; n++) {
			const struct profile_cond *cond = &profile->conds.items[clause->cond + n];

			if (cond->arg == arg && (cond->value || (cond->op != OP_EQ && cond->op != OP_NE)))
				return false;
		}
	}
	return true;
}

static bool depends(struct check_lint *lint, diagram_ref part, unsigned first, unsigned end)
{
	int r = diagram_depends(lint->d, part, first, end);

	if (r < 0)
		lint->error = r;
	return r > 0;
}

typedef void argument_fn(struct check_lint *lint, enum callgate_abi abi, int syscall, unsigned arg, diagram_ref part);

/* Every argument of every call that the policy does not answer alike whatever its arguments. */
static void each_argument(struct check_lint *lint, argument_fn *each)
{
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		for (unsigned id = 0; id < arch_syscall_count() && check_has_abi(lint, abi); id++) {
			const struct check_answer *answer = check_ask(lint, abi, (int)id);

			if (!answer->exists || !depends(lint, answer->part, 64, DIAGRAM_VARS - 64))
				continue;
			for (unsigned arg = 0; arg < 6; arg++)
				each(lint, abi, (int)id, arg, answer->part);
		}
}

static void judge_pointer(struct check_lint *lint, enum callgate_abi abi, int syscall, unsigned arg, diagram_ref part)
{
	const struct arch_arg *what = arch_arg_of(abi, syscall, arg);
	struct check_spot spot = { .syscall = syscall, .abi = (int)abi, .severity = -1 };

	if (!what || what->kind != ARCH_KIND_POINTER || !depends(lint, part, 64 + 64 * arg, 128 + 64 * arg))
		return;
	spot.clause = clause_about(lint, syscall, arg, &spot.profile);
	if (!spot.clause || !only_null_tests(spot.profile, syscall, arg))
		check_found(lint, &spot, "the answer to %s depends on %s, which is an address", arch_syscall_name(syscall), what->name);
}

void check_lint_pointer(struct check_lint *lint)
{
	each_argument(lint, judge_pointer);
}

static void judge_width(struct check_lint *lint, enum callgate_abi abi, int syscall, unsigned arg, diagram_ref part)
{
	const struct arch_arg *what = arch_arg_of(abi, syscall, arg);
	struct check_spot spot = { .syscall = syscall, .abi = (int)abi, .severity = -1 };

	if (!what || arch_abi_get(abi)->word_bits == 32 || arch_arg_width(abi, syscall, arg) != 32 ||
	    !depends(lint, part, 64 + 64 * arg, 96 + 64 * arg))
		return;
	spot.clause = clause_about(lint, syscall, arg, &spot.profile);
	check_found(lint, &spot, "the answer to %s depends on the upper half of %s, which the kernel does not read",
		    arch_syscall_name(syscall), what->name);
}

void check_lint_width(struct check_lint *lint)
{
	each_argument(lint, judge_width);
}

/* ---- Clauses that never decide ---- */

/*
 * The profile with an answer of its own for every clause: its leaves are the clauses that decide something. A clause's answer is
 * MARK and its index; what no clause decides is UNMARKED.
 */
#define MARK     0x20000000u
#define UNMARKED 0x10000000u

struct marks {
	bool *decides; /* by clause */
	size_t count;
};

static bool mark(uint32_t leaf, void *user)
{
	struct marks *marks = user;

	if (leaf >= MARK && leaf - MARK < marks->count)
		marks->decides[leaf - MARK] = true;
	return false;
}

/* The leaves of a profile's marked copy; of `alone`, only this clause is left. */
static int find_deciding(struct check_lint *lint, const struct callgate_profile *profile, const struct profile_clause *alone,
			 struct marks *marks)
{
	_cleanup_(profile_freep) struct callgate_profile *copy = NULL;
	struct callgate_call call = { 0 };
	diagram_ref root;
	int r = profile_copy(profile, &copy);

	if (r)
		return r;
	copy->default_action = copy->bad_arch_action = UNMARKED;
	copy->unknown_errno = -1;
	for (size_t i = 0; i < copy->clauses.count; i++)
		copy->clauses.items[i].action = MARK + (uint32_t)i;
	if (alone) {
		copy->clauses.items[0] = *alone;
		copy->clauses.items[0].action = MARK;
		copy->clauses.count = 1;
	}
	r = diagram_from_profile(lint->d, copy, lint->target, &root, NULL);
	return r ? r : diagram_find(lint->d, root, mark, marks, &call);
}

static bool exists(const struct check_lint *lint, const struct callgate_profile *profile, int syscall)
{
	unsigned abis = profile_target_abis(profile, lint->target);

	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		if (abis & CALLGATE_ABI_BIT(abi) && arch_syscall_nr(abi, syscall) >= 0)
			return true;
	return false;
}

/* 1: some call fulfils this clause's conditions, whatever else the profile says. */
static int possible(struct check_lint *lint, const struct callgate_profile *profile, const struct profile_clause *clause)
{
	bool decides = false;
	struct marks marks = { &decides, 1 };
	int r = clause->n_conds ? find_deciding(lint, profile, clause, &marks) : 0;

	return r < 0 ? r : !clause->n_conds || decides;
}

static void tell_idle(struct check_lint *lint, const struct callgate_profile *profile, const struct profile_clause *clause, bool shadowed)
{
	_cleanup_(buf_done) struct buf conds = { 0 };
	struct check_spot spot = { .syscall = clause->syscall, .abi = -1, .severity = -1, .profile = profile, .clause = clause };
	const struct profile_clause *earlier = clause - 1; /* a shadowed clause is never the first of its call … */
	const char *name = arch_syscall_name(clause->syscall);
	char action[48];

	/* … but one whose guard does not hold shadows nothing */
	while (shadowed && earlier > profile->clauses.items && !profile_guard_holds(profile, earlier, lint->target))
		earlier--;
	profile_format_conds(profile, clause, (enum callgate_abi)__builtin_ctz(lint->abis), &conds);
	action_format(clause->action, action, sizeof(action));
	if (!shadowed)
		check_found(lint, &spot, "no %s can fulfil the conditions of this rule (%s): it never answers %s", name,
			    conds.text ? conds.text : "", action);
	else
		check_found(lint, &spot, "this rule for %s never answers %s: rules before it, such as that of line %u, decide first", name,
			    action, earlier->line);
}

static void find_idle(struct check_lint *lint, const struct callgate_profile *profile, bool shadowed)
{
	_cleanup_free_ bool *decides = calloc(profile->clauses.count + 1, sizeof(*decides));
	struct marks marks = { decides, profile->clauses.count };
	int r = decides ? find_deciding(lint, profile, NULL, &marks) : -ENOMEM;

	for (size_t i = 0; i < profile->clauses.count && r >= 0; i++) {
		const struct profile_clause *clause = &profile->clauses.items[i];

		if (decides[i] || clause->derived || !profile_guard_holds(profile, clause, lint->target) ||
		    !exists(lint, profile, clause->syscall))
			continue;
		r = possible(lint, profile, clause);
		if (r >= 0 && (r > 0) == shadowed)
			tell_idle(lint, profile, clause, shadowed);
	}
	if (r < 0)
		lint->error = r;
}

static void unreachable_of(struct check_lint *lint, const struct callgate_profile *profile)
{
	find_idle(lint, profile, false);
}
static void shadowed_of(struct check_lint *lint, const struct callgate_profile *profile)
{
	find_idle(lint, profile, true);
}

void check_lint_unreachable(struct check_lint *lint)
{
	check_profiles(lint, unreachable_of);
}

void check_lint_shadowed(struct check_lint *lint)
{
	check_profiles(lint, shadowed_of);
}
