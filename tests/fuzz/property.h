/* SPDX-License-Identifier: Apache-2.0 */
/* What fuzz targets share: a property that must hold, profiles that must mean the same, text formats that any bytes may come in. */
#ifndef CALLGATE_FUZZ_PROPERTY_H
#define CALLGATE_FUZZ_PROPERTY_H

#include "format/format.h"

static inline void require(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static inline void compare_at(const struct callgate_profile *a, const struct callgate_profile *b, enum callgate_abi abi, int syscall, uint64_t value)
{
	int64_t nr = arch_syscall_nr(abi, syscall);
	const struct callgate_target target = { .abis = CALLGATE_ABI_BIT(abi), .caps = value };
	struct callgate_call call = { .nr = (uint32_t)nr, .arch = arch_abi_get(abi)->audit_arch };

	for (int i = 0; i < 6; i++)
		call.args[i] = value;
	require(nr < 0 || profile_eval(a, &target, &call, NULL) == profile_eval(b, &target, &call, NULL));
}

/* The same answers to calls that a's own constants suggest. */
static inline void compare_near(const struct callgate_profile *a, const struct callgate_profile *b)
{
	for (size_t i = 0; i < a->clauses.count && i < 64; i++) {
		const struct profile_clause *clause = &a->clauses.items[i];

		for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
			compare_at(a, b, abi, clause->syscall, 0);
			for (uint32_t n = 0; n < clause->n_conds; n++) {
				uint64_t value = a->conds.items[clause->cond + n].value;

				compare_at(a, b, abi, clause->syscall, value);
				compare_at(a, b, abi, clause->syscall, value + 1);
				compare_at(a, b, abi, clause->syscall, value - 1);
				compare_at(a, b, abi, clause->syscall, value ^ UINT64_C(1) << 40);
			}
		}
	}
}

/* Each clause stands in a line and answers without ado. */
static inline void check_answers(const struct callgate_profile *profile)
{
	const struct callgate_target target = { .abis = CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) };

	for (size_t i = 0; i < profile->clauses.count && i < 64; i++) {
		const struct profile_clause *clause = &profile->clauses.items[i];
		int64_t nr = arch_syscall_nr(CALLGATE_ABI_X86_64, clause->syscall);
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

/* Any input: refused with a reason, or read as a profile, which is then shown to `check`. */
static inline void import_any(const struct format *format, const struct format_input *input, void (*check)(const struct callgate_profile *profile))
{
	struct callgate_diags *diags = callgate_diags_new();
	struct callgate_policy *policy = NULL;

	require(diags);
	if (format->import(input, &policy, diags)) {
		require(!policy && diag_error_count(diags));
	} else {
		require(policy && !diag_error_count(diags));
		check(policy->profile);
	}
	policy_free(policy);
	callgate_diags_free(diags);
}

#endif
