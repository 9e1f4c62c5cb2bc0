/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a profile means. Everything else that knows (the diagram, the compiler, every pass) is tested against profile_eval, so
 * this file is written to be read rather than to be fast, and allocates nothing.
 */
#include <inttypes.h>

#include "model/call.h"
#include "model/profile.h"

#define ABIS_ALL (CALLGATE_ABI_BIT(CALLGATE_ABI_COUNT) - 1)

unsigned profile_target_abis(const struct callgate_profile *profile, const struct callgate_target *target)
{
	enum callgate_abi native = arch_native();
	unsigned abis = profile->literal ? 0 : target->abis;

	if (!abis)
		abis = profile->abis;
	if (!abis)
		abis = profile->abi_map[native];
	if (!abis)
		abis = CALLGATE_ABI_BIT(native);
	return abis & ABIS_ALL;
}

static bool kernel_at_least(const struct callgate_target *target, unsigned version)
{
	return !target->kernel || target->kernel >= version;
}

/*
 * As Docker decides it (moby, profiles/seccomp, setupSeccomp): a clause is left out when any member of `excludes` applies or when any
 * member of `includes` does not. One held capability is enough to exclude; all are needed to include.
 */
bool profile_guard_holds(const struct callgate_profile *profile, const struct profile_clause *clause, const struct callgate_target *target)
{
	unsigned abis = profile_target_abis(profile, target), first = abis & -abis;
	const struct profile_guard *guard;

	if (!clause->guard)
		return true;
	guard = &profile->guards.items[clause->guard - 1];
	if (guard->exclude_abis & first || guard->exclude_caps & target->caps)
		return false;
	if (guard->exclude_kernel && kernel_at_least(target, guard->exclude_kernel))
		return false;
	if (guard->include_abis && !(guard->include_abis & first))
		return false;
	return !(guard->include_caps & ~target->caps) && kernel_at_least(target, guard->include_kernel);
}

unsigned profile_width(const struct callgate_profile *profile, const struct callgate_target *target, enum callgate_abi abi, int syscall,
		       unsigned arg)
{
	if (profile->literal) /* libseccomp counts x32 among the 32-bit ABIs */
		return abi == CALLGATE_ABI_X32 ? 32 : arch_abi_get(abi)->word_bits;
	return target->strict64 ? arch_abi_get(abi)->word_bits : arch_arg_width(abi, syscall, arg);
}

int profile_abi_of(const struct callgate_profile *profile, unsigned abis, uint32_t audit_arch, uint32_t nr)
{
	int abi = arch_abi_of(audit_arch, nr);

	if (abi < 0)
		return abi;
	if (abis & CALLGATE_ABI_BIT((unsigned)abi))
		return abi;
	if (profile->literal && nr == UINT32_MAX && abis & CALLGATE_ABI_BIT(CALLGATE_ABI_X32) &&
	    arch_abi_get(CALLGATE_ABI_X32)->audit_arch == audit_arch)
		return CALLGATE_ABI_X32; /* libseccomp looks at bit 30 only */
	return -ENOENT;
}

static uint64_t low_word_of_int(uint64_t value)
{
	return value >> 31 == UINT64_MAX >> 31 ? (uint32_t)value : value;
}

struct profile_cond profile_cond_at_width(struct profile_cond cond, unsigned width)
{
	if (width == 32) {
		cond.value = low_word_of_int(cond.value);
		cond.mask = low_word_of_int(cond.mask);
	}
	return cond;
}

bool profile_cond_holds(const struct profile_cond *cond, unsigned width, uint64_t value)
{
	struct profile_cond c = profile_cond_at_width(*cond, width);

	if (width == 32)
		value = (uint32_t)value;
	switch (c.op) {
	case OP_EQ:
		return value == c.value;
	case OP_NE:
		return value != c.value;
	case OP_LT:
		return value < c.value;
	case OP_LE:
		return value <= c.value;
	case OP_GT:
		return value > c.value;
	case OP_GE:
		return value >= c.value;
	case OP_MASKED_EQ:
		return (value & c.mask) == c.value;
	}
	return false;
}

uint32_t profile_fallback(const struct callgate_profile *profile, enum callgate_abi abi, uint32_t nr)
{
	if (nr == UINT32_MAX && !profile->literal)
		return action_kills(profile->default_action) ? CALLGATE_ERRNO(ENOSYS) : profile->default_action;
	if (profile->unknown_errno >= 0 && arch_nr_unknown(abi, nr))
		return CALLGATE_ERRNO((uint32_t)profile->unknown_errno);
	return profile->default_action;
}

static bool clause_holds(const struct callgate_profile *profile, const struct callgate_target *target, enum callgate_abi abi,
			 const struct profile_clause *clause, const struct callgate_call *call)
{
	if (!profile_guard_holds(profile, clause, target))
		return false;
	for (uint32_t i = 0; i < clause->n_conds; i++) {
		const struct profile_cond *cond = &profile->conds.items[clause->cond + i];

		if (!profile_cond_holds(cond, profile_width(profile, target, abi, clause->syscall, cond->arg), call->args[cond->arg]))
			return false;
	}
	return true;
}

uint32_t profile_eval(const struct callgate_profile *profile, const struct callgate_target *target, const struct callgate_call *call,
		      int *ret_clause)
{
	int abi = profile_abi_of(profile, profile_target_abis(profile, target), call->arch, call->nr), syscall, deciding = -1;
	uint32_t action;
	size_t i, end;

	if (abi < 0) {
		action = profile->bad_arch_action;
	} else {
		action = profile_fallback(profile, (enum callgate_abi)abi, call->nr);
		syscall = arch_syscall_at((enum callgate_abi)abi, call->nr);
		if (call->nr != UINT32_MAX && syscall >= 0) {
			profile_clauses_of(profile, syscall, &i, &end);
			while (i < end && !clause_holds(profile, target, (enum callgate_abi)abi, &profile->clauses.items[i], call))
				i++;
			if (i < end) {
				deciding = (int)i;
				action = profile->clauses.items[i].action;
			}
		}
	}
	if (ret_clause)
		*ret_clause = deciding;
	return action;
}

/* ---- As text ---- */

static void format_cond(const struct profile_cond *cond, int syscall, enum callgate_abi abi, struct buf *out)
{
	static const char *const operators[] = {
		[OP_EQ] = "==", [OP_NE] = "!=", [OP_LT] = "<", [OP_LE] = "<=", [OP_GT] = ">", [OP_GE] = ">=", [OP_MASKED_EQ] = "==",
	};
	const struct arch_arg *arg = arch_arg_of(abi, syscall, cond->arg);
	struct profile_cond c = profile_cond_at_width(*cond, arch_arg_width(abi, syscall, cond->arg));

	if (arg)
		buf_puts(out, arg->name);
	else
		buf_printf(out, "arg%u", c.arg);
	if (c.op == OP_MASKED_EQ)
		buf_printf(out, " & 0x%" PRIx64, c.mask);
	buf_printf(out, " %s ", c.op < ARRAY_SIZE(operators) ? operators[c.op] : "?");
	call_format_argument(out, abi, syscall, c.arg, c.value);
}

void profile_format_conds(const struct callgate_profile *profile, const struct profile_clause *clause, enum callgate_abi abi, struct buf *out)
{
	for (uint32_t i = 0; i < clause->n_conds; i++) {
		if (i)
			buf_puts(out, " && ");
		format_cond(&profile->conds.items[clause->cond + i], clause->syscall, abi, out);
	}
}
