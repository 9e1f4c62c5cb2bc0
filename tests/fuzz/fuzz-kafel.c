/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a kafel policy: refused with a reason, or read as a profile that answers any call. */
#include "format/format.h"

static void require(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static void check_answers(const struct callgate_policy *policy)
{
	const struct callgate_profile *profile = policy->profile;

	for (size_t i = 0; i < profile->clauses.count && i < 64; i++) {
		const struct profile_clause *clause = &profile->clauses.items[i];
		int64_t nr = arch_syscall_nr(CALLGATE_ABI_X86_64, clause->syscall);
		const struct callgate_target target = { .abis = CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) };
		struct callgate_call call = { .nr = (uint32_t)nr, .arch = arch_abi_get(CALLGATE_ABI_X86_64)->audit_arch };
		int deciding = -1;

		require(clause->line || clause->derived);
		for (uint32_t n = 0; n < clause->n_conds; n++)
			call.args[profile->conds.items[clause->cond + n].arg] = profile->conds.items[clause->cond + n].value;
		if (nr >= 0)
			profile_eval(profile, &target, &call, &deciding);
		require(deciding < (int)profile->clauses.count);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct callgate_policy *policy = NULL;
	const struct format_input input = { .bytes = (const char *)data, .size = size, .file = "fuzz", .flags = size % 2 ? CALLGATE_READ_UNKNOWN_NAMES : 0 };

	require(diags);
	if (format_kafel.import(&input, &policy, diags)) {
		require(!policy && diag_error_count(diags));
	} else {
		require(policy && !diag_error_count(diags));
		check_answers(policy);
	}
	policy_free(policy);
	callgate_diags_free(diags);
	return 0;
}
