/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callgate run loads a filter and then has to execve the program under it. A profile without execve gets one more rule for that: these
 * three pointers, all 64 bits of them, and no others. The caller unmaps nothing and the program knows neither address nor
 * has a reason to pass it, so nothing else is let through.
 */
#include "pass/pass.h"

static int add_launch(struct callgate_profile *profile, int execve, const uint64_t args[3])
{
	struct profile_cond conds[3];
	struct profile_clause clause = { .syscall = execve, .action = CALLGATE_ALLOW };
	struct profile_clause *items;
	int r;

	for (uint8_t i = 0; i < 3; i++)
		conds[i] = (struct profile_cond){ .arg = i, .op = OP_EQ, .value = args[i] };
	r = profile_add_clause(profile, clause, conds, 3);
	if (r)
		return r;
	/* Whatever the profile says of execve comes after it: the sort by system call is stable. */
	items = profile->clauses.items;
	clause = items[profile->clauses.count - 1];
	memmove(&items[1], &items[0], (profile->clauses.count - 1) * sizeof(*items));
	items[0] = clause;
	return profile_normalise(profile);
}

int pass_launch(const struct callgate_profile *profile, enum callgate_abi abi, const uint64_t args[3],
		struct callgate_profile **ret_profile, struct callgate_diags *diags)
{
	int execve = arch_syscall_id("execve"), r;
	struct callgate_profile *copy;

	if (execve < 0 || arch_syscall_nr(abi, execve) < 0)
		return diag_error(diags, -EINVAL, "launch-no-execve", DIAG_NOWHERE, "the ABI %s has no execve", arch_abi_get(abi)->name);
	r = profile_copy(profile, &copy);
	if (r)
		return diag_oom(diags);
	r = add_launch(copy, execve, args);
	if (r) {
		profile_free(copy);
		return diag_oom(diags);
	}
	*ret_profile = copy;
	return 0;
}
